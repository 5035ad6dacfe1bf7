//! Offers that are made of items of Amazon's catalogue: what is asked before, and the feed.

use serde_json::{Value, json};

use crate::{
    amazon::{SELLER, UK},
    shop::{Shop, checked},
};

const MUG: &str = "B000000001";
const LAMP: &str = "B000000002";

/// A shop with a catalogue: one number is one item, another two.
async fn open() -> Shop {
    let shop = Shop::open().await;
    let item = |asin: &str, number: &str| json!({"asin": asin, "identifiers": [number], "marketplaces": [UK], "title": asin});
    let items = json!({"items": [
        item(MUG, "4006381333931"), item(LAMP, "4006381333948"), item("B000000003", "4006381333948"),
    ]});
    shop.0.admin("PUT", "/catalogue", items).await;
    let link = "https://sellercentral.amazon.co.uk/hz/approvalrequest";
    let restricted = json!({LAMP: {"reason_code": "APPROVAL_REQUIRED", "message": "You need approval.", "link": link}});
    shop.admin("PUT", "restrictions", restricted).await;
    let terms = json!({"templates": {"legacy-template-id": "Migrated Template"}});
    shop.admin("PUT", "offer-terms", terms).await;
    shop
}

fn offer(id: u64, sku: &str, asin: &str) -> Value {
    let on = |value: &str| json!([{"value": value, "marketplace_id": UK}]);
    json!({
        "messageId": id, "sku": sku, "operationType": "UPDATE", "productType": "PRODUCT",
        "requirements": "LISTING_OFFER_ONLY",
        "attributes": {
            "condition_type": on("new_new"), "merchant_suggested_asin": on(asin),
            "fulfillment_availability": [{"fulfillment_channel_code": "DEFAULT", "quantity": 4, "lead_time_to_ship_max_days": 2}],
            "purchasable_offer": [{"audience": "ALL", "currency": "GBP", "marketplace_id": UK,
                "our_price": [{"schedule": [{"value_with_tax": 9.9}]}]}],
        },
    })
}

#[tokio::test]
async fn items_are_found_by_their_numbers_page_by_page() {
    let shop = open().await;
    let query = |size: &'static str, token: &'static str| {
        let mut query = vec![
            ("identifiers", "4006381333931,04006381333948"),
            ("identifiersType", "EAN"),
            ("marketplaceIds", UK),
            ("includedData", "identifiers,productTypes,summaries"),
            ("pageSize", size),
        ];
        query.extend((!token.is_empty()).then_some(("pageToken", token)));
        query
    };
    let search = async |query: &[(&str, &str)]| {
        let answer = shop.0.get("/catalog/2022-04-01/items", query).await;
        checked("searchCatalogItems", 200, answer).await
    };
    let all = search(&query("20", "")).await;
    assert_eq!(
        (&all["numberOfResults"], &all["pagination"]),
        (&json!(3), &Value::Null)
    );
    assert_eq!(
        all["items"][0]["identifiers"][0]["identifiers"][0]["identifier"],
        "4006381333931"
    );
    let first = search(&query("2", "")).await;
    assert_eq!(first["pagination"]["nextToken"], "2");
    let rest = search(&query("2", "2")).await;
    assert_eq!(rest["items"].as_array().unwrap().len(), 1);
    assert_eq!(shop.0.violations().await, Vec::<Value>::new());
}

#[tokio::test]
async fn what_may_be_offered_and_what_an_offer_must_have_is_told() {
    let shop = open().await;
    let restrictions = async |asin: &str| {
        let query = [
            ("asin", asin),
            ("conditionType", "new_new"),
            ("sellerId", SELLER),
            ("marketplaceIds", UK),
        ];
        let answer = shop
            .0
            .get("/listings/2021-08-01/restrictions", &query)
            .await;
        checked("getListingsRestrictions", 200, answer).await["restrictions"].take()
    };
    assert_eq!(restrictions(MUG).await, json!([]));
    assert_eq!(
        restrictions(LAMP).await[0]["reasons"][0]["reasonCode"],
        "APPROVAL_REQUIRED"
    );
    assert_eq!(
        restrictions("B000000009").await[0]["reasons"][0]["reasonCode"],
        "ASIN_NOT_FOUND"
    );
    let query = [
        ("marketplaceIds", UK),
        ("requirements", "LISTING_OFFER_ONLY"),
        ("sellerId", SELLER),
    ];
    let answer = shop
        .0
        .get("/definitions/2020-09-01/productTypes/PRODUCT", &query)
        .await;
    let definition = checked("getDefinitionsProductType", 200, answer).await;
    let schema = definition["schema"]["link"]["resource"].as_str().unwrap();
    let schema: Value = shop
        .0
        .http
        .get(schema)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let templates =
        &schema["properties"]["merchant_shipping_group"]["items"]["properties"]["value"];
    assert_eq!(templates["enumNames"], json!(["Migrated Template"]));
    assert_eq!(shop.0.violations().await, Vec::<Value>::new());
}

#[tokio::test]
async fn an_offer_is_a_listing_and_what_cannot_be_offered_is_refused() {
    let shop = open().await;
    let messages = [
        offer(1, "MUG", MUG),
        offer(2, "LAMP", LAMP),
        offer(3, "NONE", "B000000009"),
    ];
    let id = shop.submit(&messages).await;
    let report = shop.report_of(&id).await;
    let codes: Vec<(&Value, &Value)> = report["issues"]
        .as_array()
        .unwrap()
        .iter()
        .map(|issue| (&issue["messageId"], &issue["code"]))
        .collect();
    assert_eq!(
        codes,
        [(&json!(2), &json!("5886")), (&json!(3), &json!("8560"))]
    );
    let made = shop.listing("MUG").await;
    assert_eq!((&made["quantity"], &made["asin"]), (&json!(4), &json!(MUG)));
    assert_eq!(
        made["prices"][UK],
        json!({"amount": "9.9", "currency": "GBP"})
    );
    assert_eq!(made["beside_quantity"]["lead_time_to_ship_max_days"], 2);
    let text = shop.report(UK).await.bytes().await.unwrap();
    let text = crate::shop::unpacked(&text);
    assert!(text.contains("\tMUG\t9.9\t4\t"), "{text}");
    assert_eq!(shop.0.violations().await, Vec::<Value>::new());

    let again = shop.submit(&[offer(1, "MUG", MUG)]).await;
    assert_eq!(
        shop.report_of(&again).await["summary"]["messagesInvalid"],
        1
    );
    assert_eq!(
        shop.0.violations().await.len(),
        1,
        "an UPDATE replaces what exists"
    );
}
