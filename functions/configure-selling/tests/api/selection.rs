//! The selection: drafted, shown as a list of products, and published with the stock settings.

use crate::stock::Stock;
use kit::sample;
use serde_json::{Value, json};
use stallkeeper::domain::ids::{AmazonSku, Sku};
use stallkeeper::domain::listing::{Listing, ListingState, Observed};
use stallkeeper::domain::marketplace::Marketplace;
use stallkeeper::domain::product::{Product, digest};
use stallkeeper::store::{ProductWritten, SkuInputs, Written};

impl Stock {
    /// A product, and a matched listing of it in the UK and in Germany that shows 5.
    async fn stocked(&self, product: Value) {
        let product: Product = serde_json::from_value(product).unwrap();
        let (store, key) = (&self.database.store, self.key());
        let inputs = store.sku_inputs(&key.tenant, &product.sku).await.unwrap();
        let hash = digest(&product).unwrap();
        let now = jiff::Timestamp::now();
        let written = store
            .put_product(&key.tenant, &product, &hash, now, &inputs, 0)
            .await;
        assert_eq!(written.unwrap(), ProductWritten::Done);
        let connection = sample::connection("north", crate::stock::ID);
        let sku: AmazonSku = product.sku.as_str().parse().unwrap();
        let mut listing = Listing::new(&connection, sku, ListingState::Matched);
        listing.product = Some(product.sku.clone());
        listing.marketplaces = vec![Marketplace::Uk, Marketplace::De];
        listing.observed = Some(Observed { value: 5, at: now });
        store.tie(&product.sku, &listing.key(), 1).await.unwrap();
        let placed = store.place_listing(&listing, None, false).await;
        assert_eq!(placed.unwrap(), Written::Done);
    }
}

fn selection() -> Value {
    json!({
        "exclude": [{ "type": "brand", "brand": "Acme" }],
        "pins": { "A2": "in" },
        "marketplaces": { "DE": { "exclude": [{ "type": "skus", "skus": ["N"] }] } },
        "stock_policies": [{ "products": { "type": "all" }, "buffer": 1 }],
    })
}

#[tokio::test]
async fn a_selection_is_drafted_listed_and_published_with_the_stock_settings() {
    let stock = Stock::new().await;
    for (sku, brand) in [("A1", "ACME"), ("A2", "Acme"), ("N", "North")] {
        stock
            .stocked(json!({ "sku": sku, "brand": brand, "title": "Mug" }))
            .await;
    }
    stock
        .ask("PUT", "stock-settings", json!({ "on": true }))
        .await;
    let put = stock.ask("PUT", "selection", selection()).await;
    assert_eq!(put["draft"]["when_out"], "zero");
    assert_eq!(put["draft"]["stock_policies"][0]["percentage"], 100);
    assert_eq!(
        (&put["draft_is_published"], &put["published"]["exclude"]),
        (&json!(false), &json!([]))
    );
    let again = stock.ask("PUT", "selection", selection()).await;
    assert_eq!(again, put, "the same again changes nothing");

    let list = stock.ask("GET", "selection/products", Value::Null).await;
    assert_eq!(list["draft_revision"], put["draft_revision"]);
    let products = list["products"].as_array().unwrap().iter();
    let shown: Vec<(&str, &str, &str, &str)> = products
        .map(|it| {
            let text = |name: &str| it[name].as_str().unwrap();
            (text("sku"), text("verdict"), text("why"), text("on_amazon"))
        })
        .collect();
    let expected = [
        ("A1", "out", "excluded: brand Acme", "zero"),
        ("A2", "in", "a person pinned it in", "nothing"),
        ("N", "in", "everything is included", "nothing"),
    ];
    assert_eq!(shown, expected);
    let offers = json!([{
        "marketplace": "DE", "offered": false, "why": "excluded: SKU N", "on_amazon": "offer_ended",
    }]);
    assert_eq!(list["products"][2]["offers"], offers);
    let out = stock
        .ask("GET", "selection/products?verdict=out", Value::Null)
        .await;
    assert_eq!(out["products"].as_array().unwrap().len(), 1);
    let table = stock
        .told("GET", "selection/products?format=csv", Value::Null)
        .await;
    let table = table.with_status(200).text;
    assert!(
        table.contains("A1,Mug,out,excluded: brand Acme,zero,\n"),
        "{table}"
    );
    assert!(
        table.contains("DE: offer_ended (excluded: SKU N)"),
        "{table}"
    );
    let previewed = stock
        .ask("GET", "preview/listings?effect=to_zero", Value::Null)
        .await;
    assert_eq!(previewed["listings"][0]["sku"], "A1");

    let preview = stock
        .told("POST", "publish", json!({ "preview": true }))
        .await;
    preview.is(202);
    stock.preview_ends(None).await;
    stock.ask("POST", "publish", json!({})).await;
    let shown = stock.ask("GET", "selection", Value::Null).await;
    assert_eq!(shown["draft_is_published"], true);
    assert_eq!(shown["published"], put["draft"]);
}

#[tokio::test]
async fn a_product_that_amazon_does_not_have_shows_that_an_offer_is_made_if_the_settings_say_so() {
    let stock = Stock::new().await;
    let (store, key) = (&stock.database.store, stock.key());
    let connection = sample::connection("north", crate::stock::ID);
    for (sku, brand) in [("IN", "North"), ("OUT", "Acme")] {
        let product = json!({ "sku": sku, "brand": brand, "ean": "4006381333931" });
        let product: Product = serde_json::from_value(product).unwrap();
        let (inputs, hash) = (SkuInputs::default(), digest(&product).unwrap());
        let now = jiff::Timestamp::now();
        let put = store.put_product(&key.tenant, &product, &hash, now, &inputs, 0);
        assert_eq!(put.await.unwrap(), ProductWritten::Done);
        let absent = ListingState::NotOnAmazon;
        let listing = Listing::new(&connection, product.sku.as_amazon_sku(), absent);
        let placed = store.place_listing(&listing, None, false).await;
        assert_eq!(placed.unwrap(), Written::Done);
    }
    stock.ask("PUT", "selection", selection()).await;
    let shown = async || {
        let list = stock.ask("GET", "selection/products", Value::Null).await;
        let products = list["products"].as_array().unwrap().iter();
        products
            .map(|it| it["on_amazon"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(shown().await, ["nothing", "nothing"], "they are off");
    let on = json!({ "on": true, "wants_selected": true });
    stock.ask("PUT", "offers/settings", on).await;
    assert_eq!(shown().await, ["offer_made", "nothing"]);
}

#[tokio::test]
async fn what_cannot_be_selected_is_refused_with_its_place() {
    let stock = Stock::new().await;
    let wrong = json!({
        "exclude": [{ "type": "skus", "skus": [] }],
        "marketplaces": { "US": {} },
        "stock_policies": [{ "products": { "type": "all" }, "percentage": 0 }],
    });
    let refused = stock.told("PUT", "selection", wrong).await;
    let problem = refused.problem(422, "invalid-request");
    let errors = problem["errors"].as_array().unwrap().iter();
    let places: Vec<&str> = errors.map(|it| it["pointer"].as_str().unwrap()).collect();
    let expected = [
        "/exclude/0/skus",
        "/marketplaces/US",
        "/stock_policies/0/percentage",
    ];
    assert_eq!(places, expected);
    let skus: Vec<Sku> = (0..4_001)
        .map(|n| format!("S{n}").parse().unwrap())
        .collect();
    let pins: serde_json::Map<String, Value> = skus
        .into_iter()
        .map(|sku| (sku.into(), json!("in")))
        .collect();
    let refused = stock
        .told("PUT", "selection", json!({ "pins": pins }))
        .await;
    refused.problem(422, "invalid-request");
}
