//! What the API says of itself is what it serves; and the sample event reaches it.

use crate::world::World;
use axum::body::Body;
use connect_account::router;
use lambda_http::request::LambdaRequest;
use serde_json::Value;
use std::collections::BTreeSet;
use tower::ServiceExt as _;

#[tokio::test]
async fn the_sample_event_is_answered() {
    let world = World::new().await;
    let event: LambdaRequest =
        serde_json::from_str(include_str!("../../../../events/connect-account.json")).unwrap();
    let (parts, body) = lambda_http::Request::from(event).into_parts();
    let request = axum::http::Request::from_parts(parts, Body::from(body.to_vec()));
    let response = router(world.app.clone()).oneshot(request).await.unwrap();
    assert_eq!(response.status(), 200);
}

#[tokio::test]
async fn the_document_needs_no_token() {
    let world = World::new().await;
    let told = world.browse("/openapi.json", None).await.is(200);
    assert_eq!(told.headers["content-type"], "application/json");
    assert!(told.json().is_object());
    assert_eq!(
        world.browse("/health", None).await.is(200).json()["status"],
        "ok"
    );
}

#[test]
fn every_operation_says_what_it_answers() {
    let document = serde_json::to_value(crate::fence::document()).unwrap();
    let mut ids = BTreeSet::new();
    for (method, path) in crate::fence::operations() {
        let operation = &document["paths"][&path][method.to_lowercase()];
        assert!(
            ids.insert(operation["operationId"].to_string()),
            "{method} {path}"
        );
        assert!(operation["summary"].is_string(), "{method} {path}");
        assert!(
            operation["responses"]
                .as_object()
                .is_some_and(|responses| !responses.is_empty())
        );
        let open = operation["security"] == serde_json::json!([{}]);
        let public = path.starts_with("/oauth") || path == "/health" || path == "/openapi.json";
        assert_eq!(open, public, "{method} {path}: {}", operation["security"]);
    }
    let schemas = document["components"]["schemas"].as_object().unwrap();
    assert!(schemas.contains_key("Problem") && schemas.values().all(Value::is_object));
}
