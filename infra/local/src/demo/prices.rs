//! What is sold and at what price, in the second seller's shop: twenty products of three brands, selected, priced by rules in
//! the UK and left alone in Germany; one price that the brake holds, and five products that are offered for the first time.

mod compare;
mod look;
mod table;

use std::collections::BTreeMap;
use std::time::Instant;

use anyhow::{Context as _, Result, bail, ensure};
use jiff::{Timestamp, tz::TimeZone};
use serde_json::{Value, json};

pub(crate) use compare::{PriceCounts, PriceLine};

use super::Journey;
use super::goods;
use super::scene::{BY_CONSENT, BY_TOKEN, DE, UK};
use super::stock::{LONGEST, ROUND, of_sku};
use super::watch::LOOK_AGAIN;
use crate::console::Step;
use compare::{Offers, Stage, differences, wanted};
use table::{
    ALL, ASKS, AUTOMATED, BRAKED, BY_SKU, CLEARANCE, ENDED_IN_DE, EXCLUDED_BRAND, HELD_PRICE,
    IN_STOCK, LISTED, LISTED_UNITS, NEW, NORTHGATE, OTHER_ITEM, RESTRICTED, WARES,
};

/// Whose shop it is: it lists nothing else in the UK.
const SELLER: &str = BY_TOKEN;
/// States of an offer that Amazon has taken.
const TAKEN: [&str; 3] = ["accepted", "seen_in_report", "matched"];

/// What the journey remembers of prices and offers.
#[derive(Default)]
pub(super) struct Shop {
    /// What Amazon showed of both sellers' offers before anything was sent.
    before: BTreeMap<&'static str, Offers>,
    /// Prices that the brake held, until they were released.
    held: usize,
}

/// What the merchant keeps of the twenty products.
pub(super) fn products() -> Vec<Value> {
    let product = |ware: &table::Ware| {
        let mut product = json!({
            "sku": ware.sku, "title": format!("{} {}", ware.brand, ware.sku), "brand": ware.brand,
            "category": ware.category, "rrp": {"GBP": ware.rrp}, "tax_class": ware.tax_class,
        });
        if let Some(cost) = ware.cost {
            product["cost"] = json!({"GBP": cost});
        }
        if let Some((_, ean, _)) = NEW.iter().find(|(sku, ..)| *sku == ware.sku) {
            product["ean"] = json!(ean);
        }
        product
    };
    WARES.iter().map(product).collect()
}

/// Their stock levels, counted at `measured_at`.
pub(super) fn levels(measured_at: &str) -> Vec<Value> {
    let level = |ware: &table::Ware| goods::level(ware.sku, IN_STOCK, measured_at);
    WARES.iter().map(level).collect()
}

/// Those that the seller lists, as Amazon has them.
pub(super) fn listings() -> Vec<Value> {
    let listing = |(sku, uk, de): &(&str, &str, &str)| {
        let automated = if *sku == AUTOMATED { vec![UK] } else { vec![] };
        json!({
            "sku": sku, "marketplaces": [UK, DE], "quantity": LISTED_UNITS,
            "price": {UK: {"amount": uk, "currency": "GBP"}, DE: {"amount": de, "currency": "EUR"}},
            "special": {"automated_in": automated},
        })
    };
    LISTED.iter().map(listing).collect()
}

impl Journey<'_> {
    fn shop(&self) -> Result<&str> {
        let mut connected = self.connected.iter();
        let shop = connected.find(|one| one.seller == SELLER);
        Ok(&shop.context("the second seller is not connected")?.id)
    }

    /// What Amazon's catalogue knows and restricts; remembers what Amazon shows before anything is sent.
    pub(super) async fn open_shop(&mut self) -> Result<()> {
        let item = |(sku, ean, asin): &(&str, &str, &str)| json!({"asin": asin, "identifiers": [ean], "marketplaces": [UK, DE], "title": sku});
        let mut items: Vec<Value> = NEW.iter().map(item).collect();
        let asks = NEW.iter().find(|(sku, ..)| *sku == ASKS);
        items.extend(asks.map(|(sku, ean, _)| item(&(sku, ean, OTHER_ITEM))));
        self.scene.catalogue(items).await?;
        let restricted = NEW.iter().filter(|(sku, ..)| *sku == RESTRICTED);
        let reason = json!({
            "reason_code": "APPROVAL_REQUIRED", "message": "You need approval to list this product.",
            "link": "https://sellercentral.amazon.co.uk/hz/approvalrequest",
        });
        let restricted: serde_json::Map<String, Value> = restricted
            .map(|(.., asin)| ((*asin).to_owned(), reason.clone()))
            .collect();
        self.scene
            .restrict(SELLER, Value::Object(restricted))
            .await?;
        for seller in [BY_CONSENT, BY_TOKEN] {
            let offers = self.scene.offers(seller, None).await?;
            self.shop.before.insert(seller, offers);
        }
        // Categories and offers are judged by what is stored when they are asked about.
        for ware in &WARES {
            self.until_stored(ware.sku).await?;
        }
        Ok(())
    }

    /// Drafts of the selection and of how prices are made.
    pub(super) async fn draft_prices(&self) -> Result<()> {
        let path = format!("/connections/{}", self.shop()?);
        let selection = json!({
            "exclude": [{"type": "brand", "brand": EXCLUDED_BRAND}],
            "marketplaces": {"DE": {"exclude": [{"type": "skus", "skus": [ENDED_IN_DE]}]}},
        });
        self.platform
            .put(&format!("{path}/selection"), selection)
            .await?;
        let rules = json!({
            "mode": "rules", "shipping": "2.50", "referral_fee": {"percent": "15", "at_least": "0.25"},
            "ending": ".99", "ceiling": {"type": "rrp"},
            "rules": [
                {"name": BY_SKU, "condition": {"type": "skus", "skus": CLEARANCE}, "action": {"type": "fixed", "amount": "24.50"}},
                {"name": NORTHGATE, "condition": {"type": "brand", "brand": "Northgate"}, "action": {"type": "profit", "percent": "25"}},
                {"name": ALL, "condition": {"type": "all"}, "action": {"type": "margin", "percent": "40"}},
            ],
        });
        self.platform
            .put(&format!("{path}/prices/UK"), rules)
            .await?;
        self.platform
            .put(&format!("{path}/prices/DE"), json!({"mode": "leave"}))
            .await?;
        Ok(())
    }

    /// A person holds one listing before its price is published.
    pub(super) async fn hold_price(&self) -> Result<()> {
        let path = format!("/connections/{}/holds?{}", self.shop()?, of_sku(HELD_PRICE));
        let hold = json!({"mode": "leave", "reason": "sold in an auction this week"});
        self.platform.put(&path, hold).await?;
        Ok(())
    }

    /// Five products that the seller does not list are to be offered.
    pub(super) async fn want_offers(&self) -> Result<()> {
        let path = format!("/connections/{}/offers", self.shop()?);
        self.platform
            .put(
                &format!("{path}/settings"),
                json!({"on": true, "sends_first_prices": true}),
            )
            .await?;
        let row = |(sku, ..): &(&str, &str, &str)| json!({"sku": sku, "marketplace": "UK"});
        let rows: Vec<Value> = NEW.iter().map(row).collect();
        let answer = self.platform.post(&path, json!(rows)).await?;
        ensure!(
            answer["accepted"] == NEW.len(),
            "wanting offers was answered {answer}"
        );
        Ok(())
    }

    /// Waits until Amazon shows the prices that are not held, and releases the one that is, once it is seen that it waits.
    pub(super) async fn release_price(&mut self, step: &Step) -> Result<()> {
        self.until_priced(step, Stage::Braked).await?;
        let shop = self.shop()?.to_owned();
        let path = format!("/connections/{shop}/listings?{}", of_sku(BRAKED));
        let listing = self.platform.get(&path).await?;
        let mut prices = listing["prices"].as_array().into_iter().flatten();
        let held = prices.any(|price| price["marketplace"] == "UK" && price["held"] == true);
        ensure!(held, "the price of {BRAKED} is not held: {listing}");
        self.shop.held += 1;
        let path = format!(
            "/connections/{shop}/prices/release?{}&marketplace=UK",
            of_sku(BRAKED)
        );
        self.platform.post(&path, json!({})).await?;
        Ok(())
    }

    /// A person says which item it is that has two candidates.
    pub(super) async fn answer_offer(&self) -> Result<()> {
        let asked = self
            .until_offers("ask", |sku, offer| sku != ASKS || offer["state"] == "ask")
            .await?;
        let candidates = asked.get(ASKS).map(|offer| offer["candidates"].clone());
        let candidates = candidates.as_ref().and_then(Value::as_array).map(Vec::len);
        ensure!(
            candidates == Some(2),
            "{ASKS} has not two candidates: {asked:?}"
        );
        let path = format!("/connections/{}/offers/answer", self.shop()?);
        let item = NEW.iter().find(|(sku, ..)| *sku == ASKS);
        let asin = item.map(|(.., asin)| *asin);
        self.platform
            .post(&path, json!({"sku": ASKS, "asin": asin}))
            .await?;
        Ok(())
    }

    /// Once Amazon has all offers that may be made, its report of listings is asked for, which shows them.
    pub(super) async fn see_offers(&self) -> Result<()> {
        self.until_offers("taken", |sku, offer| {
            sku == RESTRICTED || TAKEN.iter().any(|state| offer["state"] == *state)
        })
        .await?;
        let path = format!("/connections/{}/listings/match", self.shop()?);
        self.platform.post(&path, json!({})).await?;
        Ok(())
    }

    /// Waits until the offers are listings as any other, with all prices as they are to be at the end.
    pub(super) async fn until_sold(&mut self, step: &Step) -> Result<()> {
        self.until_offers("matched", |sku, offer| {
            sku == RESTRICTED || offer["state"] == "matched"
        })
        .await?;
        self.until_priced(step, Stage::End).await
    }

    /// The offers that were wanted, by SKU.
    async fn new_offers(&self) -> Result<BTreeMap<String, Value>> {
        let path = format!("/connections/{}/offers", self.shop()?);
        let answer = self.platform.get(&path).await?;
        let offers = answer["offers"].as_array().cloned().unwrap_or_default();
        let by_sku = |offer: Value| Some((offer["sku"].as_str()?.to_owned(), offer));
        Ok(offers.into_iter().filter_map(by_sku).collect())
    }

    async fn until_offers(
        &self,
        what: &str,
        is: impl Fn(&str, &Value) -> bool,
    ) -> Result<BTreeMap<String, Value>> {
        let started = Instant::now();
        loop {
            let offers = self.new_offers().await?;
            if offers.len() == NEW.len() && offers.iter().all(|(sku, offer)| is(sku, offer)) {
                return Ok(offers);
            }
            if started.elapsed() > LONGEST {
                bail!("not all offers are {what}: {offers:?}");
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    /// Waits until Amazon shows the prices of the listed products, with a round wherever nothing moves.
    async fn until_priced(&mut self, step: &Step, stage: Stage) -> Result<()> {
        let (started, mut moved, mut open) = (Instant::now(), Instant::now(), usize::MAX);
        loop {
            let wrong = self.wrong_prices(stage).await?;
            step.detail(&format!(
                "{} prices and offers are still to come",
                wrong.len()
            ));
            if wrong.is_empty() {
                return Ok(());
            }
            if started.elapsed() > LONGEST {
                bail!("{}", wrong.join("\n"));
            }
            if wrong.len() < open {
                (open, moved) = (wrong.len(), Instant::now());
            }
            if moved.elapsed() >= ROUND {
                self.stock_round().await?;
                moved = Instant::now();
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    /// In words what Amazon shows of the twenty products otherwise than it is to.
    async fn wrong_prices(&self, stage: Stage) -> Result<Vec<String>> {
        let mut shown = Offers::new();
        for ware in &WARES {
            shown.extend(self.scene.offers(SELLER, Some(ware.sku)).await?);
        }
        let mut wanted = wanted(self.before(SELLER)?, stage)?;
        wanted.retain(|(sku, _), _| WARES.iter().any(|ware| ware.sku == sku));
        if stage == Stage::Braked {
            // What is being offered has a time of its own.
            shown.retain(|id, _| wanted.contains_key(id));
        }
        Ok(differences(&wanted, &shown, &today()))
    }

    /// What Amazon showed of a seller's offers before anything was sent.
    fn before(&self, seller: &str) -> Result<&Offers> {
        let before = self.shop.before.get(seller);
        before.context("nobody looked at the offers before")
    }
}

/// As Amazon writes days, of UTC.
fn today() -> String {
    Timestamp::now().to_zoned(TimeZone::UTC).date().to_string()
}
