//! What the API says of itself is what it serves; and the sample event reaches it.

use crate::world::World;
use axum::body::Body;
use connect_account::router;
use lambda_http::request::LambdaRequest;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use tower::ServiceExt as _;
use utoipa::openapi::OpenApi;

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

/// The API's description: of all functions behind it, in one.
fn whole() -> String {
    let mut document = connect_account::openapi();
    for part in [
        configure_selling::openapi(),
        configure_shipping::openapi(),
        desk_orders::openapi(),
        manage_catalogue::openapi(),
    ] {
        let (here, there) = (schemas(&document), schemas(&part));
        for (name, schema) in &there {
            let known = here.get(name).unwrap_or(schema);
            assert_eq!(known, schema, "one name, one schema: {name}");
        }
        document.merge(part);
    }
    format!("{}\n", document.to_pretty_json().unwrap())
}

fn schemas(document: &OpenApi) -> BTreeMap<String, Value> {
    let all = document.components.as_ref().map(|all| &all.schemas);
    all.into_iter()
        .flatten()
        .map(|(name, schema)| (name.clone(), serde_json::to_value(schema).unwrap()))
        .collect()
}

/// Written by `WRITE_OPENAPI=1 cargo test -p connect-account --test api`.
#[test]
fn the_document_is_what_the_functions_say() {
    let (file, whole) = ("../../infra/openapi.json", whole());
    if std::env::var_os("WRITE_OPENAPI").is_some() {
        std::fs::write(file, &whole).unwrap();
    }
    let written = std::fs::read_to_string(file).unwrap();
    assert!(
        written == whole,
        "infra/openapi.json is stale: WRITE_OPENAPI=1 cargo test -p connect-account --test api"
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
