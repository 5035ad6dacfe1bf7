//! A price rule is changed, previewed and published: rules that change no price, a hundredth and all of the prices; then the
//! rules alone, as fast as a core computes them.

mod speed;

use crate::PricesArguments;
use crate::queues::ApiRequest;
use crate::report::{Phase, phases_table, writes_table};
use crate::seller::SELLER;
use crate::shop::{Shop, sku};
use anyhow::{Result, ensure};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use speed::{Speed, speeds};
use stallkeeper::domain::marketplace::Marketplace;
use stallkeeper::domain::stock_settings::StockPlan;
use stallkeeper::store::Written;
use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::Write as _;

const MARKETPLACES: [Marketplace; 4] = [
    Marketplace::Uk,
    Marketplace::De,
    Marketplace::Fr,
    Marketplace::It,
];
/// So that no first price waits for a person: what Amazon shows before has nothing to do with ours.
const NO_BRAKE: u8 = 255;
/// One product in a hundred is of this brand.
const RARE: &str = "Rare";
/// Of no product.
const NOBODYS: &str = "Nobody's";

#[derive(Debug, Serialize)]
struct Report {
    products: u32,
    marketplaces: usize,
    phases: Vec<Phase>,
    /// By the number of rules.
    speeds: Vec<Speed>,
}

pub(crate) async fn run(arguments: &PricesArguments) -> Result<()> {
    let speeds = speeds()?;
    let (mut shop, _child) = Shop::open(arguments.products, &MARKETPLACES).await?;
    let phases = shop.price_phases().await?;
    shop.bar.finish_and_clear();
    let report = Report {
        products: arguments.products,
        marketplaces: MARKETPLACES.len(),
        phases,
        speeds,
    };
    if let Some(file) = &arguments.json {
        std::fs::write(file, serde_json::to_string_pretty(&report)?)?;
    }
    report.print()
}

/// Margins in percent: of everything, of the rare brand, and of one that no product has.
fn margins(all: u32, rare: u32, nobodys: u32) -> Value {
    let margin = |percent: u32| json!({"type": "margin", "percent": percent.to_string()});
    let of = |brand| json!({"type": "brand", "brand": brand});
    json!({
        "mode": "rules",
        "rules": [
            {"name": RARE, "condition": of(RARE), "action": margin(rare)},
            {"name": NOBODYS, "condition": of(NOBODYS), "action": margin(nobodys)},
            {"name": "All", "condition": {"type": "all"}, "action": margin(all)},
        ],
    })
}

/// The cost of all marketplaces' currencies; low beside what Amazon's sandbox shows.
fn product(n: u32) -> Value {
    let brand = if n.is_multiple_of(100) {
        RARE
    } else {
        "Common"
    };
    let cost = format!("{}.{:02}", 1 + n % 4, n / 4 % 100);
    json!({
        "sku": sku(n), "title": format!("Article {n}"), "brand": brand, "category": "Home > Kitchen > Kettles",
        "tax_class": "standard", "cost": {"GBP": cost, "EUR": cost},
    })
}

impl Shop {
    async fn price_phases(&mut self) -> Result<Vec<Phase>> {
        self.begin("products go in and are matched").await?;
        self.connect().await?;
        self.release_brake().await?;
        self.put_products(product).await?;
        self.matching().await?;
        let offers = self.listings * u32::try_from(self.marketplaces.len())?;
        let of_rare = offers / self.listings * self.listings.div_ceil(100);
        let rules = [
            ("the first rules", margins(30, 30, 30), offers),
            ("a rule changed, no price", margins(30, 30, 35), 0),
            ("1 % of the prices changed", margins(30, 35, 35), of_rare),
            ("the same rules once more", margins(30, 35, 35), 0),
            ("100 % of the prices changed", margins(45, 40, 35), offers),
        ];
        let mut phases = Vec::new();
        for (name, rules, changed) in rules {
            self.begin(name).await?;
            phases.push(self.publish_rules(name, &rules, changed).await?);
        }
        Ok(phases)
    }

    /// From the changed draft to the settled prices; `changed`: how many must be others on Amazon then.
    async fn publish_rules(&mut self, name: &str, rules: &Value, changed: u32) -> Result<Phase> {
        let before = self.amazons_prices().await?;
        for marketplace in self.marketplaces {
            let path = format!("prices/{}", marketplace.country());
            self.configure("PUT", &path, rules).await?;
        }
        self.configure("POST", "publish", &json!({"preview": true}))
            .await?;
        self.configure("POST", "publish", &json!({})).await?;
        self.round().await?;
        let after = self.amazons_prices().await?;
        let others = before.iter().zip(&after).filter(|(old, new)| old != new);
        let others = u32::try_from(others.count())?;
        ensure!(
            others == changed,
            "{name}: {others} prices changed on Amazon, not {changed}"
        );
        self.bench.phase(name, changed).await
    }

    /// Through the API's own entry; what it queues is done then.
    async fn configure(&mut self, method: &str, path: &str, body: &Value) -> Result<()> {
        let routes = configure_selling::router(self.bench.functions.configure_selling.clone());
        let request = ApiRequest {
            method,
            path: &format!("/connections/{}/{path}", self.connection.id),
            scope: "connections",
            body: body.to_string(),
        };
        let function = "configure-selling (API)";
        self.bench.api(function, routes, request).await?;
        self.drain().await
    }

    async fn release_brake(&self) -> Result<()> {
        let (key, store) = (&self.connection, &self.bench.functions.store);
        let mut plan: StockPlan = store.stock_plan(key).await?;
        plan.draft.brakes.price_percent = NO_BRAKE;
        plan.revision += 1;
        let saved = store.save_stock_plan(key, &plan).await?;
        ensure!(saved == Written::Done, "the brake was not released");
        Ok(())
    }

    /// A digest of each price, by SKU and marketplace.
    async fn amazons_prices(&self) -> Result<Vec<u64>> {
        #[derive(Deserialize)]
        struct Shown {
            prices: BTreeMap<String, Value>,
        }
        let url = format!(
            "{}/_sandbox/sellers/{SELLER}/listings",
            self.bench.at.amazon
        );
        let listings: Vec<Shown> = self.bench.http.get(url).send().await?.json().await?;
        let prices = listings.iter().flat_map(|it| it.prices.values());
        Ok(prices
            .map(|price| {
                let mut hasher = DefaultHasher::new();
                price["amount"].as_str().hash(&mut hasher);
                hasher.finish()
            })
            .collect())
    }
}

impl Report {
    fn print(&self) -> Result<()> {
        let mut out = std::io::stdout().lock();
        writeln!(
            out,
            "{} products on {} marketplaces\n{}\n{}",
            self.products,
            self.marketplaces,
            phases_table(&self.phases),
            writes_table(&self.phases)
        )?;
        for Speed {
            rules,
            prices_per_second_and_core,
        } in &self.speeds
        {
            writeln!(
                out,
                "{rules} rules: {prices_per_second_and_core:.0} prices a second and core, tables apart"
            )?;
        }
        Ok(())
    }
}
