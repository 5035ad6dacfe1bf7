//! What the API says of itself is what it serves; and the sample event reaches it.

use crate::world::World;
use connect_account::router;
use kit::Answer;
use serde_json::Value;
use std::collections::BTreeSet;

#[tokio::test]
async fn the_sample_event_is_answered() {
    let world = World::new().await;
    let event = include_str!("../../../../events/connect-account.json");
    let answer = Answer::to_event(router(world.app.clone()), event).await;
    answer.is(200);
}

#[tokio::test]
async fn the_document_needs_no_token() {
    let world = World::new().await;
    let told = world.browse("/openapi.json", None).await.with_status(200);
    assert_eq!(told.headers["content-type"], "application/json");
    assert!(told.json().is_object());
    assert_eq!(world.browse("/health", None).await.is(200)["status"], "ok");
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
