//! Failures on demand, as a client meets them.

use serde_json::{Value, json};

use crate::amazon::{Amazon, ORDERS};

const AFTER: (&str, &str) = ("lastUpdatedAfter", "2026-01-01T00:00:00Z");

async fn order(amazon: &Amazon, fault: Value) {
    amazon.admin("POST", "/faults", fault).await;
}

#[tokio::test]
async fn a_reset_connection_has_no_answer_and_the_next_call_works() {
    let amazon = Amazon::start().await;
    order(
        &amazon,
        json!({"operation": "searchOrders", "kind": "reset"}),
    )
    .await;
    let error = amazon.request(ORDERS, &[AFTER]).send().await.unwrap_err();
    assert!(error.is_request(), "{error:?}");
    assert_eq!(amazon.get(ORDERS, &[AFTER]).await.status(), 200);
    let calls = amazon.admin("GET", "/calls", Value::Null).await;
    assert_eq!(
        calls["searchOrders"]["by_status"],
        json!({"200": 1, "reset": 1})
    );
}

#[tokio::test]
async fn a_cut_off_answer_starts_well_and_never_ends() {
    let amazon = Amazon::start().await;
    amazon.generate(40).await;
    order(
        &amazon,
        json!({"operation": "searchOrders", "kind": "cut_off"}),
    )
    .await;
    let answer = amazon.get(ORDERS, &[AFTER]).await;
    assert_eq!(answer.status(), 200);
    assert!(answer.content_length().unwrap() > 10_000);
    assert!(answer.text().await.is_err());
    assert!(amazon.get(ORDERS, &[AFTER]).await.text().await.is_ok());
}

#[tokio::test]
async fn the_second_page_alone_can_fail() {
    let amazon = Amazon::start().await;
    amazon.generate(40).await;
    order(
        &amazon,
        json!({"operation": "searchOrders", "kind": "status", "status": 503, "page": 2}),
    )
    .await;
    let query = [AFTER, ("maxResultsPerPage", "15")];
    let page: Value = amazon.get(ORDERS, &query).await.json().await.unwrap();
    let token = page["pagination"]["nextToken"].as_str().unwrap();
    let next = [query[0], query[1], ("paginationToken", token)];
    assert_eq!(amazon.get(ORDERS, &next).await.status(), 503);
    assert_eq!(amazon.get(ORDERS, &next).await.status(), 200);
}

#[tokio::test]
async fn a_late_answer_is_the_real_one() {
    let amazon = Amazon::start().await;
    order(
        &amazon,
        json!({"operation": "*", "kind": "delay", "delay_ms": 50, "after": 1}),
    )
    .await;
    let started = std::time::Instant::now();
    assert_eq!(amazon.get(ORDERS, &[AFTER]).await.status(), 200);
    assert_eq!(amazon.get(ORDERS, &[AFTER]).await.status(), 200);
    assert!(started.elapsed().as_millis() >= 50);
}

#[tokio::test]
async fn the_token_endpoint_can_fail_too() {
    let amazon = Amazon::start().await;
    order(
        &amazon,
        json!({"operation": "token", "kind": "status", "status": 500}),
    )
    .await;
    let scope = [
        ("grant_type", "client_credentials"),
        ("scope", "sellingpartnerapi::notifications"),
    ];
    assert_eq!(amazon.token(&scope).await.status(), 500);
    assert_eq!(amazon.token(&scope).await.status(), 200);
}
