//! Listings over HTTP: one item read and patched, and what orders do to its quantity.

use serde_json::{Value, json};

use crate::{
    amazon::{DE, UK},
    shop::{AWKWARD, Shop, checked, item, message, order, quantity},
};

#[tokio::test]
async fn one_item_shows_the_live_number_beside_what_was_submitted() {
    let shop = Shop::open().await;
    shop.admin("POST", "orders", order(1, AWKWARD, 3)).await;
    let query = [
        ("marketplaceIds", UK),
        (
            "includedData",
            "summaries,attributes,offers,fulfillmentAvailability,issues,productTypes",
        ),
    ];
    let answer = shop.0.get(&item(AWKWARD), &query).await;
    let shown = checked("getListingsItem", 200, answer).await;
    assert_eq!(shown["sku"], AWKWARD);
    assert_eq!(
        shown["fulfillmentAvailability"],
        json!([{"fulfillmentChannelCode": "DEFAULT", "quantity": 7}])
    );
    assert_eq!(
        shown["attributes"]["fulfillment_availability"][0]["quantity"],
        10
    );
    assert_eq!(
        shown["offers"][0]["price"],
        json!({"currencyCode": "GBP", "amount": "12.99"})
    );
    let fba = shop
        .0
        .get(
            &item("F"),
            &[query[0], ("includedData", "fulfillmentAvailability")],
        )
        .await;
    let fba = checked("getListingsItem", 200, fba).await;
    assert_eq!(
        fba["fulfillmentAvailability"],
        json!([{"fulfillmentChannelCode": "AMAZON_EU"}])
    );
    for (sku, status) in [("a", 404), ("ONLY-DE", 404), ("A", 200)] {
        assert_eq!(
            shop.0.get(&item(sku), &query[..1]).await.status(),
            status,
            "{sku}"
        );
    }
    assert_eq!(shop.0.violations().await, Vec::<Value>::new());
}

#[tokio::test]
async fn one_item_shows_all_marketplaces_that_are_asked_for_and_what_is_special_there() {
    let shop = Shop::open().await;
    let special = json!({
        "locations": { "0cfcbed2-fab2": 3 }, "amazon_in": [DE], "automated_in": [UK],
    });
    let price = json!({ "amount": "9.99", "currency": "GBP" });
    let listing = json!({
        "sku": "S", "marketplaces": [UK, DE], "quantity": 5, "price": price, "special": special,
    });
    shop.admin("PUT", "listings", json!({ "listings": [listing] }))
        .await;
    let shown = async |marketplaces: &str| {
        let parts = ("includedData", "attributes,fulfillmentAvailability");
        let query = [("marketplaceIds", marketplaces), parts];
        checked("getListingsItem", 200, shop.0.get(&item("S"), &query).await).await
    };
    let channels = |shown: &Value| -> Vec<Value> {
        let channels = shown["fulfillmentAvailability"].as_array().unwrap().iter();
        channels
            .map(|it| it["fulfillmentChannelCode"].clone())
            .collect()
    };
    let here = shown(UK).await;
    assert_eq!(channels(&here), ["DEFAULT", "0cfcbed2-fab2"]);
    let offer = &here["attributes"]["purchasable_offer"][0];
    let plan = "automated_pricing_merchandising_rule_plan";
    assert!(offer[plan].is_array());
    let both = shown(&format!("{UK},{DE}")).await;
    assert_eq!(channels(&both), ["DEFAULT", "0cfcbed2-fab2", "AMAZON_EU"]);

    let least = price_of(8.5);
    let change = json!({
        "op": "merge", "path": "/attributes/purchasable_offer",
        "value": [{
            "marketplace_id": UK, "currency": "GBP", "audience": "ALL",
            "minimum_seller_allowed_price": least, plan: null,
        }],
    });
    assert_eq!(shop.patch("S", change).await["status"], "ACCEPTED");
    let here = shown(UK).await;
    let offer = &here["attributes"]["purchasable_offer"][0];
    assert_eq!(offer["minimum_seller_allowed_price"], least);
    assert_eq!(
        (&offer[plan], &offer["our_price"]),
        (&Value::Null, &price_of(9.99))
    );
    assert_eq!(shop.0.violations().await, Vec::<Value>::new());
}

fn price_of(amount: f64) -> Value {
    json!([{ "schedule": [{ "value_with_tax": amount }] }])
}

#[tokio::test]
async fn a_patch_is_live_at_once_and_a_refused_one_says_why() {
    let shop = Shop::open().await;
    assert_eq!(shop.patch("A", quantity(4)).await["status"], "ACCEPTED");
    assert_eq!(shop.live("A").await, 4);
    shop.admin(
        "PUT",
        "refusals",
        json!({"B": {"code": "8541", "message": "The SKU data conflicts."}}),
    )
    .await;
    for (sku, code) in [("B", "8541"), ("ONLY-DE", "13013"), ("a", "13013")] {
        let refused = shop.patch(sku, quantity(4)).await;
        assert_eq!(
            (
                refused["status"].as_str(),
                refused["issues"][0]["code"].as_str()
            ),
            (Some("INVALID"), Some(code))
        );
    }
    assert_eq!(shop.0.violations().await, Vec::<Value>::new());
    assert_eq!(shop.patch("F", quantity(4)).await["status"], "INVALID");
    assert_eq!(
        shop.0.violations().await.len(),
        1,
        "DEFAULT is never sent for what Amazon ships"
    );
}

#[tokio::test]
async fn orders_lower_the_quantity_once_and_count_what_was_oversold() {
    let shop = Shop::open().await;
    for _ in 0..2 {
        shop.admin("POST", "orders", order(1, "A", 8)).await;
    }
    assert_eq!(shop.live("A").await, 2, "the same order sells once");
    shop.admin("POST", "orders", order(2, "A", 5)).await;
    let listing = shop.listing("A").await;
    assert_eq!(
        (&listing["quantity"], &listing["oversold"]),
        (&json!(0), &json!(3))
    );
    let cancel = json!({"fulfillment": {"fulfillmentStatus": "CANCELLED"}});
    shop.admin("PATCH", "orders/202-0000000-0000001", cancel.clone())
        .await;
    assert_eq!(shop.live("A").await, 0);
    shop.0.settings(json!({"cancel_restores": true})).await;
    shop.admin("PATCH", "orders/202-0000000-0000002", cancel)
        .await;
    assert_eq!(shop.live("A").await, 5);
    let generate = json!({"generate": {"count": 60, "skus": ["B", "C"]}});
    shop.admin("POST", "orders", generate).await;
    assert_eq!((shop.live("B").await, shop.live("C").await), (0, 0));
}

#[tokio::test]
async fn a_patch_can_take_its_time_and_sales_meanwhile_are_overwritten() {
    let shop = Shop::open().await;
    shop.0.settings(json!({"patch_seconds": 60})).await;
    assert_eq!(shop.patch("A", quantity(4)).await["status"], "ACCEPTED");
    shop.admin("POST", "orders", order(1, "A", 3)).await;
    assert_eq!(shop.live("A").await, 7);
    shop.0.settings(json!({"clock_offset_ms": 61_000})).await;
    assert_eq!(shop.live("A").await, 4);
}

#[tokio::test]
async fn a_preview_and_a_warning_say_what_is_wrong_and_only_the_warning_changes_anything() {
    let shop = Shop::open().await;
    let body = json!({"productType": "PRODUCT", "patches": [quantity(4)]});
    let query = [
        ("marketplaceIds", UK),
        ("mode", "VALIDATION_PREVIEW"),
        ("includedData", "identifiers,issues"),
    ];
    let answer = shop.call("PATCH", &item("A"), &query, body).await;
    assert_eq!(
        checked("patchListingsItem", 200, answer).await["status"],
        "VALID"
    );
    assert_eq!(shop.live("A").await, 10);
    let warning = json!({"A": {"code": "18027", "message": "The main image has text.", "severity": "WARNING"}});
    shop.admin("PUT", "refusals", warning).await;
    let patched = shop.patch("A", quantity(4)).await;
    assert_eq!(
        (&patched["status"], &patched["issues"][0]["severity"]),
        (&json!("ACCEPTED"), &json!("WARNING"))
    );
    let id = shop.submit(&[message(1, "A", 5)]).await;
    let summary = &shop.report_of(&id).await["summary"];
    assert_eq!(
        *summary,
        json!({"errors": 0, "warnings": 1, "messagesProcessed": 1, "messagesAccepted": 1, "messagesInvalid": 0})
    );
    assert_eq!(shop.live("A").await, 5);
}

#[tokio::test]
async fn an_offer_that_ended_is_inactive_in_its_report_and_shows_its_end_while_others_go_on() {
    let shop = Shop::open().await;
    let price = json!({ UK: { "amount": "9.99", "currency": "GBP" }, DE: { "amount": "9.99", "currency": "EUR" } });
    let listing = json!({ "sku": "S", "marketplaces": [UK, DE], "quantity": 5, "price": price });
    shop.admin("PUT", "listings", json!({ "listings": [listing] }))
        .await;
    let end = |end_at: Value| {
        let value =
            json!({ "audience": "ALL", "currency": "GBP", "marketplace_id": UK, "end_at": end_at });
        json!({ "op": "merge", "path": "/attributes/purchasable_offer", "value": [value] })
    };
    let status = async |marketplace: &str| {
        let text = shop.report(marketplace).await.bytes().await.unwrap();
        let text = crate::shop::unpacked(&text);
        let line = text.lines().find(|line| line.contains("\tS\t"));
        line.unwrap().rsplit('\t').next().unwrap().to_owned()
    };
    let patched = shop.patch("S", end(json!({ "value": "2025-01-01" }))).await;
    assert_eq!(patched["status"], "ACCEPTED");
    let query = [
        ("marketplaceIds", UK),
        ("includedData", "summaries,attributes"),
    ];
    let shown = checked("getListingsItem", 200, shop.0.get(&item("S"), &query).await).await;
    assert_eq!(shown["summaries"][0]["status"], json!(["DISCOVERABLE"]));
    let offer = &shown["attributes"]["purchasable_offer"][0];
    assert_eq!(offer["end_at"]["value"], "2025-01-01");
    assert_eq!(
        (status(UK).await, status(DE).await),
        ("Inactive".into(), "Active".into())
    );
    let message = json!({
        "messageId": 1, "sku": "S", "operationType": "PATCH", "productType": "PRODUCT",
        "patches": [end(Value::Null)],
    });
    shop.submit(&[message]).await;
    assert_eq!(status(UK).await, "Active");
    assert_eq!(shop.live("S").await, 5);
    assert_eq!(shop.0.violations().await, Vec::<Value>::new());
}
