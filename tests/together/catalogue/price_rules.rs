//! Prices by rules: computed, stored only if they are other prices, explained, and sent within what the rules allow.

use super::explain::{contains, explained};
use super::*;
use rust_decimal::Decimal;
use stallkeeper::domain::connection::{MarketplaceSettings, PriceMode};
use stallkeeper::domain::listing::Offer;
use stallkeeper::domain::price::{ExchangeRates, PriceRules};
use stallkeeper::domain::selling_rules::RulesDraft;
use stallkeeper::store::RevisedRates;

const UK: Marketplace = Marketplace::Uk;

impl Stand {
    /// Puts price rules for the UK in force, as a publication does that may change quantities, too.
    async fn price_by(&self, revision: u64, rules: Value) {
        self.keep_rules(revision, rules).await;
        self.publish(|plan| plan.published.as_mut().unwrap().rules = Some(revision))
            .await;
    }

    /// As a publication of price rules alone does.
    async fn price_alone_by(&self, revision: u64, rules: Value) {
        self.keep_rules(revision, rules).await;
        let before = self.store.stock_plan(&key()).await.unwrap().published;
        self.publish(|plan| {
            let published = plan.published.as_mut().unwrap();
            published.quantities = before.map(|it| it.quantities());
            published.rules = Some(revision);
        })
        .await;
    }

    async fn keep_rules(&self, revision: u64, rules: Value) {
        let rules: PriceRules = serde_json::from_value(rules).unwrap();
        let mut draft = RulesDraft {
            revision,
            ..RulesDraft::default()
        };
        draft.rules.prices.insert(UK, rules);
        self.store.keep_rules(&key(), &draft).await.unwrap();
    }

    async fn switch_on_uk(&self) {
        let uk = MarketplaceSettings {
            active: true,
            price_mode: PriceMode::Leave,
            ..MarketplaceSettings::new(UK)
        };
        self.store.put_marketplace(&key(), &uk).await.unwrap();
    }

    async fn offer(&self, sku: &str) -> Offer {
        let key = key().listing(&sku.parse().unwrap()).offer(UK);
        self.store.offer(&key).await.unwrap().unwrap()
    }

    async fn amount(&self, sku: &str) -> Option<Decimal> {
        self.offer(sku).await.wanted.unwrap().amount
    }
}

fn margin(percent: &str) -> Value {
    json!({
        "mode": "rules", "ending": ".99", "ceiling": {"type": "rrp"},
        "rules": [
            {"name": "Kettles", "condition": {"type": "category", "category": "home > kettles"},
             "action": {"type": "margin", "percent": percent}},
            {"condition": {"type": "brand", "brand": "South"}, "action": {"type": "profit", "percent": "50"}},
        ],
    })
}

fn kettle(cost: Value) -> Value {
    json!({
        "sku": "K", "category": "Home > Kettles > Steel", "tax_class": "standard", "cost": cost, "rrp": {"GBP": "99.00"},
    })
}

#[tokio::test]
async fn a_price_follows_from_the_published_rules_and_says_how() {
    let stand = Stand::new().await;
    stand.switch_on_uk().await;
    let other =
        json!({"sku": "N", "category": "Toys", "tax_class": "standard", "cost": {"GBP": "1"}});
    let products = json!([kettle(json!({"GBP": "10.00"})), other]);
    stand.put("/products", products).await.is(202);
    stand.work().await;
    stand.list("K", "K", 2, 5).await;
    stand.list("N", "N", 1, 5).await;
    stand.price_by(1, margin("30")).await;
    stand.deliver(&[recompute_message(&["K", "N"], true)]).await;
    let price = explained(&stand, "K").await["prices"][0].clone();
    assert_eq!(
        (&price["mode"], &price["rule"], &price["held"]),
        (&json!("rules"), &json!("Kettles"), &json!(true))
    );
    // 20.00 × 1.30 × 1.20 = 31.20
    assert_eq!(price["wanted"]["value"], "31.99");
    assert_eq!(
        (&price["least"], &price["most"]),
        (&json!("24.00"), &json!("198.00"))
    );
    contains(&price["wanted"]["why"], "cost 2 × 10.00 = 20.00 GBP");
    contains(&price["wanted"]["why"], "rounded up to .99 = 31.99");
    let price = explained(&stand, "N").await["prices"][0].clone();
    assert_eq!(price["wanted"]["value"], Value::Null);
    contains(&price["wanted"]["why"], "no_price: no rule matches");
    let name = "N".parse().unwrap();
    let entry = stand
        .store
        .to_send_of(&key(), &name, ListingPart::Price(UK))
        .await;
    assert_eq!(entry.unwrap(), None);
}

#[tokio::test]
async fn a_rule_that_changes_no_price_writes_none_beside_other_settings() {
    let stand = Stand::new().await;
    stand.switch_on_uk().await;
    stand
        .put("/products", json!([kettle(json!({"GBP": "10.00"}))]))
        .await
        .is(202);
    stand.work().await;
    stand.list("K", "K", 1, 5).await;
    stand.price_by(1, margin("30")).await;
    stand.deliver(&[recompute_message(&["K"], false)]).await;
    let before = stand.offer("K").await;
    assert_eq!(
        before.wanted.as_ref().unwrap().amount,
        Some(Decimal::new(15_99, 2))
    );
    let mut same = margin("30");
    same["rules"][1]["action"]["percent"] = json!("60");
    stand.price_by(2, same).await;
    stand.deliver(&[recompute_message(&["K"], false)]).await;
    assert_eq!(stand.offer("K").await, before);
    stand.price_by(3, margin("40")).await;
    stand.deliver(&[recompute_message(&["K"], false)]).await;
    assert_eq!(stand.amount("K").await, Some(Decimal::new(16_99, 2)));
    assert!(stand.offer("K").await.wanted.unwrap().generation > before.wanted.unwrap().generation);
}

#[tokio::test]
async fn rules_that_are_published_alone_write_nothing_but_the_prices_they_change() {
    let stand = Stand::new().await;
    stand.switch_on_uk().await;
    let products = json!([kettle(json!({"GBP": "10.00"}))]);
    stand.put("/products", products).await.is(202);
    stand.work().await;
    stand.list("K", "K", 1, 5).await;
    stand.price_by(1, margin("30")).await;
    stand.deliver(&[recompute_message(&["K"], false)]).await;
    let before = (stand.listing("K").await, stand.offer("K").await);
    let mut other = margin("30");
    other["rules"][1]["action"]["percent"] = json!("60");
    stand.price_alone_by(2, other).await;
    stand.calls.take();
    stand.deliver(&[recompute_message(&["K"], false)]).await;
    let writes = stand.calls.take().into_iter();
    let writes = writes.filter(|call| call.writes_to(stand.database.tables.name("CatalogueTable")));
    assert_eq!(writes.count(), 0);
    stand.price_alone_by(3, margin("40")).await;
    stand.deliver(&[recompute_message(&["K"], false)]).await;
    let offer = stand.offer("K").await.wanted.unwrap();
    assert_eq!(offer.amount, Some(Decimal::new(16_99, 2)));
    assert!(offer.generation > before.1.wanted.unwrap().generation);
    assert_eq!(stand.listing("K").await, before.0);
    // Levels and products go on as before.
    stand
        .put("/products", json!([kettle(json!({"GBP": "20.00"}))]))
        .await
        .is(202);
    stand.work().await;
    assert_eq!(stand.amount("K").await, Some(Decimal::new(33_99, 2)));
}

#[tokio::test]
async fn a_price_that_was_computed_by_rules_of_a_moment_ago_is_computed_again() {
    let stand = Stand::new().await;
    stand.switch_on_uk().await;
    let products = json!([kettle(json!({"GBP": "10.00"}))]);
    stand.put("/products", products).await.is(202);
    stand.work().await;
    stand.list("K", "K", 1, 5).await;
    stand.price_by(1, margin("30")).await;
    // Whatever a run had read of the rules, the price that is left is that of the rules in force at the end.
    for (revision, percent, price) in [(2, "40", "16.99"), (3, "50", "18.99"), (4, "60", "19.99")] {
        let message = [recompute_message(&["K"], false)];
        let old = stand.deliver(&message);
        let new = async {
            stand.price_alone_by(revision, margin(percent)).await;
            stand.deliver(&message).await
        };
        let (old, new) = tokio::join!(old, new);
        for again in [old, new] {
            let failed = stand.deliver(&again).await;
            assert_eq!(stand.deliver(&failed).await, Vec::<Value>::new());
        }
        assert_eq!(stand.amount("K").await, Some(price.parse().unwrap()));
    }
}

#[tokio::test]
async fn a_cost_without_a_rate_has_no_price_until_the_rate_comes() {
    let stand = Stand::new().await;
    stand.switch_on_uk().await;
    stand
        .put("/products", json!([kettle(json!({"EUR": "10.00"}))]))
        .await
        .is(202);
    stand.work().await;
    stand.list("K", "K", 1, 5).await;
    stand.price_by(1, margin("30")).await;
    stand.deliver(&[recompute_message(&["K"], false)]).await;
    assert_eq!(stand.amount("K").await, None);
    for (revision, pounds, expected) in [(1, "0.80", "12.99"), (2, "0.90", "14.99")] {
        let today = Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date();
        let rates = json!({"date": today, "base": "EUR", "rates": {"GBP": pounds}});
        let rates: ExchangeRates = serde_json::from_value(rates).unwrap();
        let revised = RevisedRates { rates, revision };
        let saved = stand.store.save_exchange_rates(&tenant(), &revised).await;
        assert_eq!(saved.unwrap(), Written::Done);
        stand.deliver(&[recompute_message(&["K"], false)]).await;
        assert_eq!(stand.amount("K").await, Some(expected.parse().unwrap()));
    }
    let rates = json!({"date": "2026-11-01", "base": "EUR", "rates": {"GBP": "0.95"}});
    let rates: ExchangeRates = serde_json::from_value(rates).unwrap();
    let revised = RevisedRates { rates, revision: 3 };
    let saved = stand.store.save_exchange_rates(&tenant(), &revised).await;
    assert_eq!(saved.unwrap(), Written::Done);
    stand.deliver(&[recompute_message(&["K"], false)]).await;
    assert_eq!(stand.amount("K").await, None, "they are too old");
}

#[tokio::test]
async fn what_an_older_release_left_unpublished_follows_the_marketplaces_own_mode() {
    let stand = Stand::new().await;
    stand.switch_on_uk().await;
    stand
        .put("/products", json!([kettle(json!({"GBP": "10.00"}))]))
        .await
        .is(202);
    stand.work().await;
    stand.list("K", "K", 1, 5).await;
    stand.deliver(&[recompute_message(&["K"], true)]).await;
    let key = key().listing(&"K".parse().unwrap()).offer(UK);
    assert_eq!(stand.store.offer(&key).await.unwrap(), None);
}

#[tokio::test]
async fn held_prices_are_released_by_name_or_all_of_a_rule() {
    let stand = Stand::new().await;
    stand.switch_on_uk().await;
    let mut products = Vec::new();
    for (sku, brand) in [("A", "North"), ("B", "North"), ("C", "South")] {
        products.push(json!({
            "sku": sku, "category": "Home > Kettles", "brand": brand, "tax_class": "standard", "cost": {"GBP": "10"},
        }));
    }
    stand.put("/products", json!(products)).await.is(202);
    stand.work().await;
    for sku in ["A", "B", "C"] {
        stand.list(sku, sku, 1, 5).await;
    }
    stand.price_by(1, margin("30")).await;
    stand
        .deliver(&[recompute_message(&["A", "B", "C"], false)])
        .await;
    let release = async |body: Value| {
        let path = "/connections/C1/prices/release-several";
        stand
            .send("POST", path, Some("application/json"), body.to_string())
            .await
    };
    for body in [
        json!({}),
        json!({"prices": [{"sku": "A", "marketplace": "UK"}], "rule": {"name": "x", "marketplace": "UK"}}),
    ] {
        release(body).await.problem(422, "invalid-request");
    }
    let named = json!({"prices": [{"sku": "C", "marketplace": "UK"}, {"sku": "none", "marketplace": "UK"}]});
    let told = release(named).await.is(200);
    // 10.00 ÷ (1 − 0.50) × 1.20
    assert_eq!(
        (&told["released"][0]["sku"], &told["released"][0]["amount"]),
        (&json!("C"), &json!("24.99"))
    );
    assert_eq!(
        (&told["refused"][0]["sku"], &told["refused"][0]["kind"]),
        (&json!("none"), &json!("urn:stallkeeper:not-found"))
    );
    stand.queued("ticks");
    for _ in 0..2 {
        let told = release(json!({"rule": {"name": "Kettles", "marketplace": "UK"}}))
            .await
            .is(200);
        let skus = told["released"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| it["sku"].clone());
        assert_eq!(skus.collect::<Vec<_>>(), [json!("A"), json!("B")]);
        assert_eq!(
            (&told["refused"], &told["next"]),
            (&json!([]), &Value::Null)
        );
        assert_eq!(stand.queued("ticks").len(), 1);
    }
    let b = &key().listing(&"B".parse().unwrap());
    let read = stand.store.listing(b).await.unwrap().unwrap();
    let hold =
        serde_json::from_value(json!({"mode": "leave", "reason": "a recall", "since": at(0)}));
    let held = stand.store.hold_listing(&read, &hold.unwrap()).await;
    assert_eq!(held.unwrap(), Written::Done);
    let of_rule = json!({"rule": {"name": "Kettles", "marketplace": "UK"}});
    let told = release(of_rule).await.is(200);
    assert_eq!(told["released"].as_array().unwrap().len(), 1);
    assert_eq!(
        (&told["refused"][0]["sku"], &told["refused"][0]["kind"]),
        (&json!("B"), &json!("urn:stallkeeper:listing-held"))
    );
    let price = explained(&stand, "A").await["prices"][0].clone();
    contains(&price["next"], "is to be sent");
}
