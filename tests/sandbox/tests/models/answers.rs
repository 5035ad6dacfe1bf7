//! What the sandbox answers could have come from Amazon.

use serde_json::{Value, json};

use crate::amazon::{Amazon, EVERYTHING, ORDERS, SELLER, UK, models, with_all_roles};

const NEW_STATUS: &str = "AWAITING_INSPECTION";

async fn all_pages(amazon: &Amazon) -> Vec<Value> {
    let (mut pages, mut token) = (Vec::new(), None::<String>);
    loop {
        let mut query = vec![("includedData", EVERYTHING)];
        query.extend(token.as_deref().map(|token| ("paginationToken", token)));
        let page = amazon.search(&query).await;
        token = page["pagination"]["nextToken"].as_str().map(str::to_owned);
        pages.push(page);
        if token.is_none() {
            return pages;
        }
    }
}

#[tokio::test]
async fn every_generated_order_is_one_that_amazons_model_knows() {
    let amazon = Amazon::start().await;
    with_all_roles(&amazon).await;
    amazon.generate(450).await;
    let models = models();
    let (mut orders, mut unknown) = (0, 0);
    for mut page in all_pages(&amazon).await {
        for order in page["orders"].as_array_mut().unwrap() {
            orders += 1;
            // One order has a status that Amazon has not published, for readers to be tolerant about.
            if order["fulfillment"]["fulfillmentStatus"] == NEW_STATUS {
                unknown += 1;
                order["fulfillment"]["fulfillmentStatus"] = json!("UNSHIPPED");
            }
        }
        assert_eq!(
            models.check_answer("searchOrders", 200, &page),
            Vec::<String>::new()
        );
    }
    assert_eq!((orders, unknown), (450, 1));
}

#[tokio::test]
async fn one_order_and_the_marketplaces_are_what_amazons_models_say() {
    let amazon = Amazon::start().await;
    amazon.generate(40).await;
    let models = models();
    let page = amazon
        .search(&[("includedData", "RECIPIENT"), ("maxResultsPerPage", "1")])
        .await;
    let id = page["orders"][0]["orderId"].as_str().unwrap();
    let answer = amazon
        .get(&format!("{ORDERS}/{id}"), &[("includedData", EVERYTHING)])
        .await;
    assert_eq!(
        models.check_answer("getOrder", 200, &answer.json().await.unwrap()),
        Vec::<String>::new()
    );
    let answer: Value = amazon
        .get("/sellers/v1/marketplaceParticipations", &[])
        .await
        .json()
        .await
        .unwrap();
    assert_eq!(
        models.check_answer("getMarketplaceParticipations", 200, &answer),
        Vec::<String>::new()
    );
    let marketplaces = answer["payload"].as_array().unwrap();
    let uk = marketplaces
        .iter()
        .find(|marketplace| marketplace["marketplace"]["id"] == UK)
        .unwrap();
    assert_eq!(
        (
            uk["marketplace"]["countryCode"].as_str(),
            marketplaces.len()
        ),
        (Some("GB"), 4)
    );
}

#[tokio::test]
async fn every_error_has_amazons_shape() {
    let amazon = Amazon::start().await;
    let models = models();
    let unknown = format!("{ORDERS}/202-0000000-0000000");
    for (status, operation, path) in [
        (404, "getOrder", unknown.as_str()),
        (400, "searchOrders", ORDERS),
    ] {
        let answer = amazon.get(path, &[]).await;
        assert_eq!(answer.status(), status);
        assert_eq!(
            models.check_answer(operation, status, &answer.json().await.unwrap()),
            Vec::<String>::new()
        );
    }
    for status in [403, 429, 500, 503] {
        amazon
            .admin(
                "POST",
                "/faults",
                json!({"operation": "getOrder", "kind": "status", "status": status}),
            )
            .await;
        let answer = amazon.get(&unknown, &[]).await;
        assert_eq!(answer.status(), status);
        assert_eq!(
            models.check_answer("getOrder", status, &answer.json().await.unwrap()),
            Vec::<String>::new()
        );
    }
}

#[tokio::test]
async fn the_buyer_values_stand_in_the_answers_and_only_where_asked_for() {
    let amazon = Amazon::start().await;
    with_all_roles(&amazon).await;
    amazon.generate(40).await;
    let values = amazon.admin("GET", "/buyer-values", Value::Null).await;
    let values: Vec<&str> = values
        .as_array()
        .unwrap()
        .iter()
        .filter_map(Value::as_str)
        .collect();
    assert!(values.len() > 100);
    let with = json!(all_pages(&amazon).await).to_string();
    let seen = values
        .iter()
        .filter(|value| with.contains(&json!(value).to_string()))
        .count();
    assert!(seen > 100, "{seen}");
    let without = amazon
        .search(&[("includedData", "FULFILLMENT,PROCEEDS")])
        .await
        .to_string();
    let left: Vec<_> = values
        .iter()
        .filter(|value| without.contains(*value))
        .collect();
    // With the items come a gift message and a customisation, with the order a field nobody knows; two
    // of the three name their buyer.
    assert!(left.len() <= 5, "{left:?}");
}

#[tokio::test]
async fn a_missing_role_hides_people_or_refuses_the_call_as_the_seller_is_set_up() {
    let amazon = Amazon::start().await;
    amazon.generate(40).await;
    let query = [
        ("includedData", "RECIPIENT"),
        ("lastUpdatedAfter", "2020-01-01T00:00:00Z"),
    ];
    amazon
        .seller(json!({"roles": ["inventory_and_order_tracking"]}))
        .await;
    let page: Value = amazon.get(ORDERS, &query).await.json().await.unwrap();
    let addresses = page["orders"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|order| order.pointer("/recipient/deliveryAddress"));
    assert!(
        addresses
            .clone()
            .all(|address| address.get("name").is_none() && address.get("countryCode").is_some())
    );
    assert!(addresses.count() > 30);
    amazon
        .seller(json!({"roles": ["inventory_and_order_tracking"], "missing_role": "forbidden"}))
        .await;
    assert_eq!(amazon.get(ORDERS, &query).await.status(), 403);
    assert_eq!(amazon.get(ORDERS, &query[1..]).await.status(), 200);
    amazon.seller(json!({"roles": []})).await;
    assert_eq!(amazon.get(ORDERS, &query[1..]).await.status(), 403);
    assert_eq!(
        amazon
            .get("/sellers/v1/marketplaceParticipations", &[])
            .await
            .status(),
        403
    );
    assert_eq!(amazon.violations().await, Vec::<Value>::new());
}

#[tokio::test]
async fn some_sellers_refuse_fulfillment_or_everything() {
    let amazon = Amazon::start().await;
    let query = [
        ("lastUpdatedAfter", "2020-01-01T00:00:00Z"),
        ("includedData", "BUYER,FULFILLMENT"),
    ];
    amazon.seller(json!({"refuses_fulfillment": true})).await;
    assert_eq!(amazon.get(ORDERS, &query).await.status(), 400);
    assert_eq!(amazon.get(ORDERS, &query[..1]).await.status(), 200);
    amazon.seller(json!({"refuses_orders": true})).await;
    assert_eq!(amazon.get(ORDERS, &query[..1]).await.status(), 403);
    assert_eq!(amazon.violations().await, Vec::<Value>::new());
}

#[tokio::test]
async fn a_changed_order_is_dated_now_and_seen_two_minutes_later() {
    let amazon = Amazon::start().await;
    amazon.generate(3).await;
    let page = amazon.search(&[]).await;
    let (id, until) = (
        page["orders"][0]["orderId"].as_str().unwrap(),
        page["lastUpdatedBefore"].as_str().unwrap(),
    );
    let patch = json!({"fulfillment": {"fulfillmentStatus": "SHIPPED"}});
    let changed = amazon
        .admin("PATCH", &format!("/sellers/{SELLER}/orders/{id}"), patch)
        .await;
    assert_eq!(changed["fulfillment"]["fulfillmentStatus"], "SHIPPED");
    let query = [("lastUpdatedAfter", until)];
    let page: Value = amazon.get(ORDERS, &query).await.json().await.unwrap();
    assert_eq!(page["orders"], json!([]));
    amazon.settings(json!({"clock_offset_ms": 121_000})).await;
    let page: Value = amazon.get(ORDERS, &query).await.json().await.unwrap();
    assert_eq!(page["orders"][0]["orderId"], id);
}
