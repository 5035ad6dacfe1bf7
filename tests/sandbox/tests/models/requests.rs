//! What the sandbox refuses, and what it writes down about it.

use serde_json::{Value, json};

use crate::amazon::{Amazon, ORDERS, SELLER};

const AFTER: (&str, &str) = ("lastUpdatedAfter", "2026-01-01T00:00:00Z");

#[tokio::test]
async fn what_amazons_model_forbids_is_refused_and_written_down() {
    let amazon = Amazon::start().await;
    let wrong: [&[(&str, &str)]; 8] = [
        &[AFTER, ("LastUpdatedBefore", "2026-01-02T00:00:00Z")],
        &[AFTER, ("includedData", "BUYER,ADDRESS")],
        &[AFTER, ("fulfilledBy", "MFN")],
        &[("lastUpdatedAfter", "2026-01-01")],
        &[AFTER, ("maxResultsPerPage", "many")],
        &[AFTER, ("maxResultsPerPage", "500")],
        &[
            AFTER,
            ("includedData", "BUYER"),
            ("includedData", "RECIPIENT"),
        ],
        &[],
    ];
    for (index, query) in wrong.into_iter().enumerate() {
        let answer = amazon.get(ORDERS, query).await;
        assert_eq!(answer.status(), 400, "{query:?}");
        assert!(answer.headers().contains_key("x-amzn-ratelimit-limit"));
        let violations = amazon.violations().await;
        assert_eq!(violations.len(), index + 1, "{query:?}");
        assert_eq!(violations[index]["seller"], SELLER);
    }
}

#[tokio::test]
async fn what_amazon_allows_leaves_no_trace() {
    let amazon = Amazon::start().await;
    let marketplaces = ["A1F83G8C2ARO7P"; 50].join(",");
    let fine: [&[(&str, &str)]; 4] = [
        &[
            AFTER,
            ("fulfilledBy", "MERCHANT"),
            ("includedData", "BUYER,RECIPIENT,FULFILLMENT"),
        ],
        &[
            ("createdAfter", "2026-01-01T00:00:00+01:00"),
            ("createdBefore", "2026-01-02T00:00:00.123Z"),
        ],
        &[
            AFTER,
            ("fulfillmentStatuses", "PENDING,UNSHIPPED"),
            ("maxResultsPerPage", "1"),
        ],
        &[AFTER, ("marketplaceIds", &marketplaces)],
    ];
    for query in fine {
        assert_eq!(amazon.get(ORDERS, query).await.status(), 200, "{query:?}");
    }
    assert_eq!(amazon.violations().await, Vec::<Value>::new());
}

#[tokio::test]
async fn wrong_paths_nameless_clients_and_gets_with_a_body_are_violations() {
    let amazon = Amazon::start().await;
    assert_eq!(amazon.get("/orders/v0/orders", &[]).await.status(), 403);
    let nameless = amazon
        .request(ORDERS, &[AFTER])
        .header("user-agent", "")
        .send()
        .await
        .unwrap();
    assert_eq!(nameless.status(), 400);
    let with_body = amazon
        .request(ORDERS, &[AFTER])
        .json(&json!({}))
        .send()
        .await
        .unwrap();
    assert_eq!(with_body.status(), 400);
    assert_eq!(
        amazon
            .get(&format!("{ORDERS}/nonsense"), &[])
            .await
            .status(),
        400
    );
    assert_eq!(amazon.violations().await.len(), 4);
}

#[tokio::test]
async fn the_bucket_gives_its_burst_then_429_and_a_factor_speeds_up_refill_alone() {
    let amazon = Amazon::start().await;
    for _ in 0..20 {
        let answer = amazon.get(ORDERS, &[AFTER]).await;
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers()["x-amzn-ratelimit-limit"], "0.0056");
    }
    let refused = amazon.get(ORDERS, &[AFTER]).await;
    assert_eq!(refused.status(), 429);
    assert!(!refused.headers().contains_key("x-amzn-ratelimit-limit"));
    let body: Value = refused.json().await.unwrap();
    assert_eq!(body["errors"][0]["code"], "QuotaExceeded");
    assert_eq!(
        amazon
            .get(&format!("{ORDERS}/202-0000000-0000000"), &[])
            .await
            .status(),
        404,
        "each has its own"
    );
    amazon.settings(json!({"refill_factor": 1e9})).await;
    assert_eq!(amazon.get(ORDERS, &[AFTER]).await.status(), 200);
    let calls = amazon.admin("GET", "/calls", Value::Null).await;
    assert_eq!(
        calls["searchOrders"],
        json!({"count": 22, "by_status": {"200": 21, "429": 1}})
    );
}

#[tokio::test]
async fn every_answer_tells_amazons_time_and_a_request_id() {
    let amazon = Amazon::start().await;
    amazon
        .settings(json!({"clock_offset_ms": -86_400_000_i64 * 3_650}))
        .await;
    let answer = amazon.get(ORDERS, &[]).await;
    assert!(
        answer.headers()["date"].to_str().unwrap().contains(" 201"),
        "ten years back"
    );
    assert_eq!(answer.headers()["x-amzn-requestid"].len(), 36);
}
