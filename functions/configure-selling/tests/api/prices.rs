//! Price rules: drafted, previewed and published with the stock settings, and the exchange rates that they may need.

use crate::stock::{ID, Stock};
use jiff::Timestamp;
use kit::{Answer, sample};
use serde_json::{Value, json};
use stallkeeper::api::Scope;
use stallkeeper::domain::connection::{MarketplaceSettings, PriceMode};
use stallkeeper::domain::ids::AmazonSku;
use stallkeeper::domain::listing::{Listing, ListingState, Observed};
use stallkeeper::domain::marketplace::Marketplace;
use stallkeeper::domain::price::PriceRules;
use stallkeeper::domain::product::Product;
use stallkeeper::domain::selling_rules::SellingRules;
use stallkeeper::store::{SkuInputs, Written};

/// Rules of a margin on every product.
fn margin(percent: &str) -> Value {
    json!({
        "mode": "rules",
        "rules": [{"name": "All", "condition": {"type": "all"}, "action": {"type": "margin", "percent": percent}}],
    })
}

impl Stock {
    async fn rules_in_force(&self) -> SellingRules {
        let plan = self.plan().await;
        let store = &self.database.store;
        store.rules_in_force(&self.key(), &plan).await.unwrap()
    }

    /// Previews the draft and publishes it.
    async fn publish(&self) {
        let asked = self.told("POST", "publish", json!({"preview": true}));
        asked.await.is(202);
        self.preview_ends(None).await;
        self.ask("POST", "publish", json!({})).await;
        self.jobs();
    }

    /// A matched listing in the UK of a product that costs this; `shown`: the price that Amazon shows.
    async fn priced(&self, sku: &str, cost: Value, shown: Option<i64>) {
        let (store, key) = (&self.database.store, &self.key());
        let name: AmazonSku = sku.parse().unwrap();
        let product = json!({"sku": sku, "tax_class": "standard", "cost": cost});
        let product: Product = serde_json::from_value(product).unwrap();
        let (none, now) = (SkuInputs::default(), Timestamp::now());
        let put = store.put_product(&key.tenant, &product, "h", now, &none, 0);
        put.await.unwrap();
        let of = sample::connection("north", ID);
        let mut listing = Listing::new(&of, name.clone(), ListingState::Matched);
        listing.product = Some(product.sku);
        listing.marketplaces = vec![Marketplace::Uk];
        let placed = store.place_listing(&listing, None, false).await;
        assert_eq!(placed.unwrap(), Written::Done);
        if let Some(shown) = shown {
            let offer = key.listing(&name).offer(Marketplace::Uk);
            let value = shown.into();
            let observed = Observed { value, at: now };
            store.observe_offer(&offer, &observed, false).await.unwrap();
        }
    }

    async fn rates(&self, method: &str, body: Value) -> Answer {
        let caller = ("north", Scope::Connections);
        self.send(caller, method, "/exchange-rates", body).await
    }
}

#[tokio::test]
async fn rules_are_in_force_once_the_draft_that_holds_them_is_published() {
    let stock = Stock::new().await;
    stock.published().await;
    let none = stock.ask("GET", "prices/uk", Value::Null).await;
    assert_eq!(
        (&none["draft"], &none["published"]),
        (&Value::Null, &Value::Null)
    );
    let drafted = stock.ask("PUT", "prices/UK", margin("30")).await;
    assert_eq!(
        (&drafted["currency"], &drafted["draft_revision"]),
        (&json!("GBP"), &json!(2))
    );
    assert_eq!(drafted["draft_is_published"], false);
    let again = stock.ask("PUT", "prices/UK", margin("30")).await;
    assert_eq!(again["draft_revision"], 2, "the same is not written");
    assert_eq!(stock.rules_in_force().await, SellingRules::default());
    let settings = stock.ask("GET", "stock-settings", Value::Null).await;
    assert_eq!(settings["draft_is_published"], false);
    let kind = stock.refused("POST", "publish", json!({}), 409).await;
    assert_eq!(kind, "not-previewed");

    stock.publish().await;
    let shown = stock.ask("GET", "prices/UK", Value::Null).await;
    assert_eq!(shown["draft_is_published"], true);
    assert_eq!(shown["published"], shown["draft"]);
    let published = stock.plan().await.published.unwrap();
    assert_eq!(published.rules, Some(2));
    assert_eq!(published.generation, 2);
    let quantities = published.quantities().generation;
    assert_eq!(quantities, 1, "no quantity can be another one");
    // Published again, it is in force already; the work that follows is queued again.
    stock.ask("POST", "publish", json!({})).await;
    assert_eq!(stock.plan().await.published.unwrap(), published);
    assert_eq!(stock.jobs()[0], "recompute_all");

    // Rules of another marketplace are another draft; what is in force stays.
    stock.ask("PUT", "prices/DE", margin("50")).await;
    let in_force = stock.rules_in_force().await;
    assert_eq!(
        in_force.prices.keys().collect::<Vec<_>>(),
        [&Marketplace::Uk]
    );
    stock.publish().await;
    assert_eq!(stock.rules_in_force().await.prices.len(), 2);

    // Taken away, the price mode of the marketplace's settings decides again, once that is published.
    for _ in 0..2 {
        let gone = stock.ask("DELETE", "prices/DE", Value::Null).await;
        assert_eq!(
            (&gone["draft"], &gone["published"]["mode"]),
            (&Value::Null, &json!("rules"))
        );
        assert_eq!(gone["draft_revision"], 4);
    }
    stock.publish().await;
    let in_force = stock.rules_in_force().await;
    assert_eq!(
        in_force.prices.keys().collect::<Vec<_>>(),
        [&Marketplace::Uk]
    );
}

#[tokio::test]
async fn a_stop_before_the_plan_is_written_leaves_the_rules_in_force_and_may_be_repeated() {
    let stock = Stock::new().await;
    stock.published().await;
    stock.ask("PUT", "prices/UK", margin("30")).await;
    stock.publish().await;
    stock.ask("PUT", "prices/UK", margin("40")).await;
    let store = &stock.database.store;
    let draft = store.rules_draft(&stock.key()).await.unwrap();
    for _ in 0..2 {
        store.keep_rules(&stock.key(), &draft).await.unwrap();
    }
    let thirty: PriceRules = serde_json::from_value(margin("30")).unwrap();
    assert_eq!(
        stock.rules_in_force().await.prices[&Marketplace::Uk],
        thirty
    );
    stock.publish().await;
    assert_eq!(stock.rules_in_force().await, draft.rules);
}

#[tokio::test]
async fn a_draft_is_written_with_the_plan_that_was_read_or_not_at_all() {
    let stock = Stock::new().await;
    let (store, key) = (&stock.database.store, &stock.key());
    stock.ask("PUT", "prices/UK", margin("30")).await;
    let plan = stock.plan().await;
    let mut draft = store.rules_draft(key).await.unwrap();
    let before = draft.clone();
    // Somebody else wrote the plan meanwhile: it has this revision already.
    let rules = PriceRules::of(PriceMode::Leave);
    draft.rules.prices.insert(Marketplace::Uk, rules);
    draft.revision += 1;
    let saved = store.save_rules_draft(key, &plan, &draft).await;
    assert_eq!(saved.unwrap(), Written::Conflict);
    assert_eq!(store.rules_draft(key).await.unwrap(), before);
    assert_eq!(stock.plan().await, plan);
}

#[tokio::test]
async fn what_cannot_be_a_rule_is_refused_with_its_place() {
    let stock = Stock::new().await;
    let told = stock.told("PUT", "prices/UK", margin("-1")).await;
    assert!(
        told.text.contains("/rules/0/action/percent"),
        "{}",
        told.text
    );
    assert_eq!(told.problem_kind(422), "invalid-request");
    for (path, body, status) in [
        ("prices/UK", json!({"mode": "rules", "rule": []}), 422),
        ("prices/UK", json!({"mode": "cheap"}), 422),
        ("prices/US", margin("30"), 404),
        ("prices/XX", margin("30"), 404),
    ] {
        let told = stock.told("PUT", path, body).await;
        assert_eq!(told.status.as_u16(), status, "{path}: {}", told.text);
    }
    assert_eq!(stock.plan().await.draft_revision, 0);
}

#[tokio::test]
async fn exchange_rates_hold_at_once_and_have_only_converted_prices_computed_again() {
    let stock = Stock::new().await;
    let rates =
        |date: &str, pounds: &str| json!({"date": date, "base": "EUR", "rates": {"GBP": pounds}});
    stock
        .rates("GET", Value::Null)
        .await
        .problem(404, "not-found");
    stock.published().await;
    stock
        .rates("PUT", rates("2026-11-26", "0.86"))
        .await
        .is(200);
    assert!(stock.jobs().is_empty(), "no price depends on a rate");
    stock.ask("PUT", "prices/UK", margin("30")).await;
    stock.publish().await;
    for _ in 0..2 {
        let told = stock.rates("PUT", rates("2026-11-27", "0.87")).await;
        assert_eq!(told.is(200)["revision"], 2);
        assert_eq!(stock.jobs(), ["recompute_all"]);
    }
    let older = stock.rates("PUT", rates("2026-11-26", "0.86")).await;
    older.problem(409, "rates-older");
    let wrong = stock.rates("PUT", rates("2026-11-28", "0")).await;
    wrong.problem(422, "invalid-request");
    let shown = stock.rates("GET", Value::Null).await;
    assert_eq!(shown.is(200)["rates"], rates("2026-11-27", "0.87"));
    let other = ("south", Scope::Connections);
    let none = stock.send(other, "GET", "/exchange-rates", Value::Null);
    none.await.problem(404, "not-found");
}

#[tokio::test]
async fn a_draft_is_simulated_price_by_price_before_anything_is_sent() {
    let stock = Stock::new().await;
    let uk = MarketplaceSettings {
        active: true,
        ..MarketplaceSettings::new(Marketplace::Uk)
    };
    let store = &stock.database.store;
    store.put_marketplace(&stock.key(), &uk).await.unwrap();
    // 10.00 × 1.30 × 1.20 = 15.60
    for (sku, cost, shown) in [
        ("FAR", json!({"GBP": "10"}), Some(40)),
        ("FIRST", json!({"GBP": "10"}), None),
        ("MOVES", json!({"GBP": "10"}), Some(16)),
        ("NONE", json!({}), Some(16)),
        ("SAME", json!({"GBP": "20"}), None),
    ] {
        stock.priced(sku, cost, shown).await;
    }
    let same = stock.key().listing(&"SAME".parse().unwrap());
    let observed = Observed {
        value: "31.20".parse().unwrap(),
        at: Timestamp::now(),
    };
    let same = same.offer(Marketplace::Uk);
    store.observe_offer(&same, &observed, false).await.unwrap();
    stock.priced("TAKEN", json!({"GBP": "10"}), Some(16)).await;
    let auto = &stock.key().listing(&"TAKEN".parse().unwrap());
    let look = json!({"at": Timestamp::now(), "found": "merchant", "automated_prices": ["UK"]});
    let look = serde_json::from_value(look).unwrap();
    store.note_look(auto, &look).await.unwrap();
    stock
        .ask("PUT", "stock-settings", json!({"on": true}))
        .await;
    stock.ask("PUT", "prices/UK", margin("30")).await;
    let page = stock.ask("GET", "preview/prices", Value::Null).await;
    let rows = page["prices"].as_array().unwrap();
    let short: Vec<_> = rows
        .iter()
        .map(|row| {
            let text = |field: &str| row[field].as_str().unwrap_or("-").to_owned();
            ["sku", "outcome", "now", "would_be", "change_percent"].map(text)
        })
        .collect();
    assert_eq!(
        short,
        [
            ["FAR", "held", "40", "15.60", "-61"],
            ["FIRST", "held", "-", "15.60", "-"],
            ["MOVES", "changed", "16", "15.60", "-2.5"],
            ["NONE", "no_price", "16", "-", "-"],
            ["SAME", "limits", "31.20", "31.20", "0"],
            ["TAKEN", "automated", "16", "15.60", "-2.5"],
        ]
        .map(|row| row.map(str::to_owned))
    );
    assert_eq!(
        (&rows[0]["rule"], &rows[0]["kept"]["margin_percent"]),
        (&json!("All"), &json!("30"))
    );
    assert!(rows[3]["why"].as_str().unwrap().contains("no cost"));
    let held = stock.ask("GET", "preview/prices?outcome=held&limit=1", Value::Null);
    let held = held.await;
    assert_eq!(held["prices"].as_array().unwrap().len(), 1);
    let next = held["next"].as_str().unwrap();
    let path = format!("preview/prices?limit=1&format=csv&after={next}");
    let csv = stock.told("GET", &path, Value::Null).await;
    assert_eq!(csv.status.as_u16(), 200, "{}", csv.text);
    let mut lines = csv.text.lines();
    assert!(
        lines
            .next()
            .unwrap()
            .starts_with("sku,product,marketplace,currency,outcome,rule,now")
    );
    assert!(
        lines
            .next()
            .unwrap()
            .starts_with("FIRST,FIRST,UK,GBP,held,All,,15.60")
    );
    let foreign = stock
        .told("GET", "preview/prices?after=x", Value::Null)
        .await;
    assert_eq!(foreign.status.as_u16(), 422);
}
