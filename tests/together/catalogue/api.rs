use super::*;
use stallkeeper::api::with_caller;

#[tokio::test]
async fn rows_that_are_wrong_are_told_one_by_one_and_keep_no_other_from_being_taken() {
    let stand = Stand::new().await;
    let rows = json!([
        level("A", "LON", 1, 1),
        {"sku": "B", "warehouse": "LON", "quantity": "few", "measured_at": at(1)},
        {"sku": "", "warehouse": "LON", "quantity": 1, "measured_at": at(1)},
        {"sku": "C", "warehouse": "LON", "quantity": 1},
        {"sku": "D", "warehouse": "LON", "quantity": 1, "measured_at": "yesterday"},
        {"sku": "E", "warehouse": "LON", "quantity": true, "measured_at": at(1)},
        7,
        {"sku": "F", "warehouse": "LON", "quantity": 4294967296u64, "measured_at": at(1)},
    ]);
    let told = stand.put("/stock-levels", rows).await.is(202);
    assert_eq!(told["accepted"], 1);
    let rows: Vec<(u64, Option<&str>, Option<&str>)> = told["rejected"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            (
                row["row"].as_u64().unwrap(),
                row["sku"].as_str(),
                row["field"].as_str(),
            )
        })
        .collect();
    let expected = [
        (2, Some("B"), Some("quantity")),
        (3, Some(""), Some("sku")),
        (4, Some("C"), Some("measured_at")),
        (5, Some("D"), Some("measured_at")),
        (6, Some("E"), Some("quantity")),
        (7, None, None),
        (8, Some("F"), Some("quantity")),
    ];
    assert_eq!(rows, expected);
}

#[tokio::test]
async fn a_body_that_is_no_rows_at_all_is_refused_and_nothing_is_taken() {
    let stand = Stand::new().await;
    let many: Vec<Value> = (0..1_001)
        .map(|n| json!({"sku": format!("S{n}")}))
        .collect();
    let json_type = Some("application/json");
    let cases = [
        (json_type, "[{\"sku\": \"A\"".to_owned(), 400, "not-json"),
        (json_type, String::new(), 400, "not-json"),
        (
            json_type,
            "{\"sku\": \"A\"}".to_owned(),
            422,
            "invalid-request",
        ),
        (json_type, json!(many).to_string(), 413, "too-large"),
        (
            json_type,
            "[\"".to_owned() + &"x".repeat(7 << 20),
            413,
            "too-large",
        ),
        (
            Some("text/csv"),
            "title\nA\n".to_owned(),
            422,
            "invalid-request",
        ),
        (
            Some("application/x-www-form-urlencoded"),
            "a=b".to_owned(),
            400,
            "not-json",
        ),
        (
            Some("text/plain"),
            "[]".to_owned(),
            415,
            "unknown-media-type",
        ),
    ];
    for (kind, body, status, problem) in cases {
        let told = stand.send("PUT", "/products", kind, body).await;
        told.problem(status, problem);
    }
    assert!(stand.queued("changes").is_empty());
}

#[tokio::test]
async fn what_cannot_be_decoded_in_one_row_keeps_no_other_out() {
    let stand = Stand::new().await;
    let good = level("A", "LON", 1, 1).to_string();
    let deep = "[".repeat(500) + &"]".repeat(500);
    let large = format!(r#"{{"sku": "L", "comment": "{}"}}"#, "x".repeat(70_000));
    let rows = [
        good.as_str(),
        r#"{"sku": "B", "warehouse": "\ud800", "quantity": 1}"#,
        r#"{"sku": "B", "warehouse": "LON", "quantity": 1e999}"#,
        deep.as_str(),
        large.as_str(),
    ];
    let body = format!("[{}]", rows.join(","));
    let kind = Some("application/json");
    let answer = stand.send("PUT", "/stock-levels", kind, body).await.is(202);
    assert_eq!(answer["accepted"], 1);
    let rejected = answer["rejected"].as_array().unwrap();
    let codes: Vec<&Value> = rejected.iter().map(|row| &row["code"]).collect();
    assert_eq!(codes, ["unreadable"; 4]);
}

#[tokio::test]
async fn rows_are_counted_while_they_are_read() {
    let stand = Stand::new().await;
    let lines = "sku\n".to_owned() + &"A\n".repeat(300_000);
    let columns = "sku,".to_owned() + &",a".repeat(300);
    let numbers = format!("[{}0]", "0,".repeat(1_000_000));
    let cases = [
        ("text/csv", lines, 413, "too-large"),
        ("text/csv", columns, 422, "invalid-request"),
        ("application/json", numbers, 413, "too-large"),
    ];
    for (kind, body, status, problem) in cases {
        let answer = stand.send("PUT", "/products", Some(kind), body).await;
        answer.problem(status, problem);
    }
}

#[tokio::test]
async fn a_thousand_rows_are_taken_in_messages_that_fit() {
    let stand = Stand::new().await;
    let rows: Vec<Value> = (0..1_000)
        .map(|n| level(&format!("S{}", n / 2), ["LON", "MAN"][n % 2], 1, 1))
        .collect();
    let told = stand.put("/stock-levels", json!(rows)).await.is(202);
    assert_eq!(told["accepted"], 1_000);
    let messages = stand.queued("changes");
    assert_eq!(messages.len(), 5);
    assert!(
        messages.iter().all(|message| message["checked"] == true
            && message["levels"].as_array().unwrap().len() == 200)
    );
    let calls = stand.calls.take();
    assert_eq!(
        calls
            .iter()
            .filter(|call| call.name == "SendMessageBatch")
            .count(),
        1
    );
    let parts: Vec<Value> = (0..90)
        .map(|n| json!({"sku": format!("{:x<150}", n), "units": 1}))
        .collect();
    let bundles: Vec<Value> = (0..60)
        .map(|n| json!({"sku": format!("B{n}"), "parts": parts}))
        .collect();
    let told = stand.put("/products", json!(bundles)).await.is(202);
    assert_eq!(told["accepted"], 60);
    let messages = stand.queued("changes");
    assert!(
        messages
            .iter()
            .all(|message| message.to_string().len() < 256 * 1024)
    );
}

#[tokio::test]
async fn every_route_asks_for_the_scope() {
    let stand = Stand::new().await;
    for (method, path) in [
        ("PUT", "/products"),
        ("GET", "/products"),
        ("DELETE", "/products?sku=A"),
        ("PUT", "/stock-levels"),
        ("GET", "/stock-levels?sku=A"),
    ] {
        let desk = Caller::new(tenant(), &[Scope::Desk, Scope::Connections, Scope::Buyer]);
        let told = stand
            .send_as(Some(desk), method, path, None, "[]".into())
            .await;
        told.problem(403, "missing-scope");
        let nobody = stand.send_as(None, method, path, None, "[]".into()).await;
        nobody.problem(401, "no-tenant");
    }
}

#[tokio::test]
async fn the_sample_request_is_answered() {
    let stand = Stand::new().await;
    let event = include_str!("../../../events/manage-catalogue.json");
    let router = with_caller(router(stand.app.clone()), "tenant".into());
    Answer::to_event(router, event).await.is(200);
}

#[tokio::test]
async fn the_document_says_what_is_served() {
    let document = serde_json::to_value(manage_catalogue::openapi()).unwrap();
    for (path, methods) in [
        ("/products", &["put", "get", "delete"][..]),
        ("/stock-levels", &["put", "get"][..]),
    ] {
        for method in methods {
            let operation = &document["paths"][path][method];
            assert!(operation["summary"].is_string(), "{method} {path}");
            assert_eq!(
                operation["security"],
                json!([{"platform_token": ["catalogue"]}])
            );
        }
    }
    let schemas = document["components"]["schemas"].as_object().unwrap();
    for name in [
        "BulkResult",
        "Product",
        "StockLevelRow",
        "WholeProduct",
        "Problem",
    ] {
        assert!(schemas.contains_key(name), "{name}");
    }
}
