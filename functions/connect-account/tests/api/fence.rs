//! No route lets a stranger in.

use crate::world::World;
use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};
use stallkeeper::api::{Caller, Scope};
use utoipa::openapi::OpenApi;

/// What serves everyone.
const OPEN: [&str; 6] = [
    "/oauth/start",
    "/oauth/consent",
    "/oauth/login",
    "/oauth/callback",
    "/openapi.json",
    "/health",
];

/// What the three functions say of themselves that this world serves.
pub(crate) fn document() -> OpenApi {
    let mut document = connect_account::openapi();
    document.merge(configure_selling::openapi());
    document.merge(configure_shipping::openapi());
    document
}

/// Every operation: method and path.
pub(crate) fn operations() -> Vec<(String, String)> {
    let document = serde_json::to_value(document()).unwrap();
    let mut all = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in ["get", "put", "post", "patch", "delete"] {
            if item.get(method).is_some() {
                all.push((method.to_uppercase(), path.clone()));
            }
        }
    }
    all
}

fn body(method: &str, path: &str) -> Value {
    match (method, path.rsplit('/').next().unwrap()) {
        ("POST", "confirm") => json!({"seller_id": "A1", "code": "x"}),
        ("POST", "release") if path.starts_with("/sellers") => json!({"reason": "x"}),
        ("POST", "refetch") => json!({"since": jiff::Timestamp::now().to_string()}),
        ("PUT", "{marketplace}") => json!({"active": true}),
        ("PUT", "{courier}") if path.starts_with("/couriers") => {
            json!({"name": "x", "services": []})
        }
        ("PUT", "{courier}") => json!({"on": true}),
        ("PUT", "stock-settings") => json!({"on": true}),
        ("PUT", "mappings") => json!({"service": "DPD/next-day"}),
        ("POST" | "PATCH", _) => json!({}),
        _ => Value::Null,
    }
}

#[tokio::test]
async fn every_route_wants_a_token_with_the_scope() {
    let world = World::new().await;
    let mut closed = 0;
    for (method, path) in operations() {
        if OPEN.contains(&path.as_str()) {
            continue;
        }
        closed += 1;
        let request = || Request::builder().method(method.as_str()).uri(&path);
        let told = world.send(request().body(Body::empty()).unwrap()).await;
        assert_eq!(told.problem_kind(401), "no-tenant", "{method} {path}");
        let desk = Caller::new("north".parse().unwrap(), &[Scope::Desk, Scope::Buyer]);
        let told = world
            .send(request().extension(desk).body(Body::empty()).unwrap())
            .await;
        assert_eq!(told.problem_kind(403), "missing-scope", "{method} {path}");
    }
    assert_eq!(closed, 32);
}

#[tokio::test]
async fn another_tenants_ids_are_nobodys() {
    let world = World::new().await;
    let id = world.connected("north", "A1").await;
    world
        .ask(
            "north",
            "PUT",
            "/couriers/DPD",
            json!({"name": "DPD", "services": [{"code": "next-day"}]}),
        )
        .await
        .is(200);
    world
        .ask(
            "north",
            "PUT",
            &format!("/mappings?term=UK%20NEXT&connection={id}"),
            json!({"service": "DPD/next-day"}),
        )
        .await
        .is(200);
    world
        .ask(
            "south",
            "PUT",
            "/couriers/DPD",
            json!({"name": "DPD", "services": [{"code": "next-day"}]}),
        )
        .await
        .is(200);
    world.sent("orders");
    let before = world.table().await;
    for (method, path) in operations() {
        if !path.contains("{connection}") {
            continue;
        }
        let real = path
            .replace("{connection}", &id)
            .replace("{marketplace}", "UK")
            .replace("{courier}", "DPD");
        let told = world
            .ask("south", &method, &real, body(&method, &path))
            .await;
        assert_eq!(told.problem_kind(404), "not-found", "{method} {path}");
        assert!(!told.text.contains("A1"), "{}", told.text);
    }
    for method in ["GET", "PUT", "DELETE"] {
        let told = world
            .ask(
                "south",
                method,
                &format!("/mappings?term=UK%20NEXT&connection={id}"),
                body(method, "/mappings"),
            )
            .await;
        assert_eq!(told.problem_kind(404), "not-found", "{method} /mappings");
    }
    for (path, list) in [("/connections", "connections"), ("/mappings", "mappings")] {
        assert_eq!(
            world.ask("south", "GET", path, Value::Null).await.json()[list],
            json!([])
        );
    }
    assert_eq!(
        world
            .ask("east", "GET", "/couriers", Value::Null)
            .await
            .json()["couriers"],
        json!([])
    );
    assert_eq!(world.table().await, before, "nothing was written");
    assert!(world.sent("orders").is_empty() && world.sent("ticks").is_empty());
}

#[tokio::test]
async fn what_does_not_exist_is_told_as_a_problem() {
    let world = World::new().await;
    assert_eq!(
        world
            .ask("north", "GET", "/nothing", Value::Null)
            .await
            .problem_kind(404),
        "no-such-route"
    );
    assert_eq!(
        world
            .ask("north", "DELETE", "/health", Value::Null)
            .await
            .problem_kind(405),
        "no-such-method"
    );
    assert_eq!(
        world
            .ask("north", "PATCH", "/orders", Value::Null)
            .await
            .problem_kind(405),
        "no-such-method",
        "another function serves the route"
    );
    assert_eq!(
        world
            .ask("north", "GET", "/connections/none", Value::Null)
            .await
            .problem_kind(404),
        "not-found"
    );
    let told = world
        .ask(
            "north",
            "POST",
            "/connections",
            json!({"name": "x", "colour": "red"}),
        )
        .await;
    assert_eq!(told.problem_kind(422), "invalid-request");
}
