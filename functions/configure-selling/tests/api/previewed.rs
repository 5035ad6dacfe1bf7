//! What publishing the draft would do, listing by listing.

use crate::stock::{ID, Stock};
use jiff::Timestamp;
use kit::sample;
use serde_json::{Value, json};
use stallkeeper::domain::ids::AmazonSku;
use stallkeeper::domain::listing::{HoldMode, Listing, ListingHold, ListingState, Observed};
use stallkeeper::domain::product::Product;
use stallkeeper::domain::stock::StockLevel;
use stallkeeper::store::{SkuInputs, Written};

impl Stock {
    /// A matched listing that shows 5, of a product with this level.
    async fn listed(&self, sku: &str, level: Option<u32>, state: ListingState) {
        let store = &self.database.store;
        let tenant = &self.key().tenant;
        let name: AmazonSku = sku.parse().unwrap();
        let product: Product = serde_json::from_value(json!({"sku": sku})).unwrap();
        let none = SkuInputs::default();
        let now = Timestamp::now();
        let put = store.put_product(tenant, &product, "h", now, &none, 0);
        put.await.unwrap();
        if let Some(quantity) = level {
            let level = StockLevel {
                quantity,
                measured_at: now,
                received_at: now,
            };
            let warehouse = "LON".parse().unwrap();
            let written = store.write_level(tenant, &product.sku, &warehouse, &level);
            let _ = written.await.unwrap();
        }
        let mut listing = Listing::new(&sample::connection("north", ID), name, state);
        listing.product = Some(product.sku);
        listing.observed = Some(Observed { value: 5, at: now });
        let placed = store.place_listing(&listing, None, false).await;
        assert_eq!(placed.unwrap(), Written::Done);
    }

    async fn pages(&self, query: &str) -> Vec<Value> {
        let mut seen = Vec::new();
        let mut after = String::new();
        loop {
            let path = format!("preview/listings?{query}{after}");
            let page = self.ask("GET", &path, Value::Null).await;
            seen.extend(page["listings"].as_array().unwrap().clone());
            match page["next"].as_str() {
                Some(next) => after = format!("&after={next}"),
                None => return seen,
            }
        }
    }
}

#[tokio::test]
async fn each_matched_listing_says_what_it_shows_what_it_would_show_and_why() {
    let stock = Stock::new().await;
    let matched = ListingState::Matched;
    for (sku, level) in [
        ("LESS", Some(2)),
        ("NONE", None),
        ("SAME", Some(5)),
        ("ZERO", Some(0)),
    ] {
        stock.listed(sku, level, matched).await;
    }
    stock.listed("HELD", Some(0), matched).await;
    let store = &stock.database.store;
    let key = stock.key().listing(&"HELD".parse().unwrap());
    let read = store.listing(&key).await.unwrap().unwrap();
    let hold = ListingHold {
        mode: HoldMode::Leave,
        reason: "x".into(),
        until: None,
        author: None,
        since: Timestamp::now(),
    };
    let held = store.hold_listing(&read, &hold).await.unwrap();
    assert_eq!(held, Written::Done);
    stock
        .listed("CLOSED", Some(9), ListingState::ClosedElsewhere)
        .await;
    stock
        .ask("PUT", "stock-settings", json!({"on": true}))
        .await;
    for query in ["limit=2", "limit=100"] {
        let rows: Vec<_> = stock.pages(query).await;
        let rows: Vec<_> = rows
            .iter()
            .map(|row| {
                assert_eq!(
                    (&row["now_lowest"], &row["now_highest"]),
                    (&json!(5), &json!(5))
                );
                (
                    row["sku"].as_str().unwrap(),
                    row["effect"].as_str().unwrap(),
                    &row["would_be"],
                )
            })
            .collect();
        let expected = [
            ("HELD", "unchanged", &Value::Null),
            ("LESS", "changed", &json!(2)),
            ("NONE", "without_level", &Value::Null),
            ("SAME", "unchanged", &json!(5)),
            ("ZERO", "to_zero", &json!(0)),
        ];
        assert_eq!(rows, expected, "{query}");
    }
    let zeroed = stock.pages("limit=2&effect=to_zero").await;
    assert_eq!(zeroed.len(), 1);
    assert_eq!(zeroed[0]["why"], "(0 in stock − 0 reserved) of ZERO = 0");
    let held = stock.pages("effect=unchanged").await.remove(0);
    assert_eq!(
        (&held["hold"], &held["why"]),
        (&json!("leave"), &json!("a person holds it"))
    );
    let kind = stock
        .refused("GET", "preview/listings?effect=lost", Value::Null, 422)
        .await;
    assert_eq!(kind, "invalid-request");
}

#[tokio::test]
async fn a_draft_that_is_off_changes_nothing() {
    let stock = Stock::new().await;
    stock.listed("ZERO", Some(0), ListingState::Matched).await;
    let rows = stock.pages("limit=9").await;
    assert_eq!(
        (&rows[0]["effect"], &rows[0]["would_be"]),
        (&json!("unchanged"), &Value::Null)
    );
}
