//! Amazon's own static cases of Orders 2026-01-01: their requests are allowed, their orders come out as
//! they went in.

use serde_json::{Value, json};

use crate::amazon::{Amazon, ORDERS, SELLER, document, with_all_roles};

/// Parameters and answer of every static case of an operation with status 200.
fn cases(path: &str) -> Vec<(Vec<(String, String)>, Value)> {
    let model = document("orders-api-model/orders_2026-01-01.json");
    let cases = &model["paths"][path]["get"]["responses"]["200"]["x-amzn-api-sandbox"]["static"];
    let text = |value: &Value| match value {
        Value::Array(items) => items
            .iter()
            .filter_map(Value::as_str)
            .collect::<Vec<_>>()
            .join(","),
        other => other.as_str().unwrap_or_default().to_owned(),
    };
    let read = |case: &Value| {
        let parameters = case["request"]["parameters"].as_object().unwrap().iter();
        (
            parameters
                .map(|(name, given)| (name.clone(), text(&given["value"])))
                .collect(),
            case["response"].clone(),
        )
    };
    cases.as_array().unwrap().iter().map(read).collect()
}

#[tokio::test]
async fn the_requests_of_amazons_examples_are_allowed() {
    let amazon = Amazon::start().await;
    for (parameters, _) in cases(ORDERS) {
        // The token of the example is nobody's.
        let query: Vec<_> = parameters
            .iter()
            .filter(|(name, _)| name != "paginationToken")
            .collect();
        let answer = amazon
            .http
            .get(amazon.url(ORDERS))
            .query(&query)
            .header("x-amz-access-token", &amazon.access_token);
        assert_eq!(answer.send().await.unwrap().status(), 200, "{query:?}");
    }
    assert_eq!(amazon.violations().await, Vec::<Value>::new());
}

#[tokio::test]
async fn the_orders_of_amazons_examples_come_out_as_they_went_in() {
    let amazon = Amazon::start().await;
    with_all_roles(&amazon).await;
    let mut compared = 0;
    for (parameters, example) in cases("/orders/2026-01-01/orders/{orderId}") {
        let order = &example["order"];
        amazon
            .admin(
                "POST",
                &format!("/sellers/{SELLER}/orders"),
                json!({"orders": [order]}),
            )
            .await;
        let included = parameters
            .iter()
            .find(|(name, _)| name == "includedData")
            .unwrap();
        let path = format!("{ORDERS}/{}", order["orderId"].as_str().unwrap());
        let query = [("includedData", included.1.as_str())];
        let answer: Value = amazon.get(&path, &query).await.json().await.unwrap();
        assert_eq!(answer, example);
        compared += 1;
    }
    assert!(compared >= 3);
}
