//! No route lets a stranger in.

use crate::world::World;
use axum::body::Body;
use axum::http::Request;
use kit::routes;
use serde_json::{Value, json};
use stallkeeper::api::{Caller, Scope};

/// What serves everyone.
const OPEN: [&str; 6] = [
    "/oauth/start",
    "/oauth/consent",
    "/oauth/login",
    "/oauth/callback",
    "/openapi.json",
    "/health",
];

fn operations() -> Vec<(String, String)> {
    routes::operations(&serde_json::to_value(connect_account::openapi()).unwrap())
}

fn body(method: &str, path: &str) -> Value {
    match (method, path.rsplit('/').next().unwrap()) {
        ("POST", "confirm") => json!({"seller_id": "A1", "code": "x"}),
        ("POST", "refetch") => json!({"since": jiff::Timestamp::now().to_string()}),
        ("PUT", "{marketplace}") => json!({"active": true}),
        ("PUT", "{courier}") => json!({"on": true}),
        ("POST" | "PATCH", _) => json!({}),
        _ => Value::Null,
    }
}

#[tokio::test]
async fn every_route_wants_a_token_with_the_scope() {
    let world = World::new().await;
    let mut closed = operations();
    closed.retain(|(_, path)| !OPEN.contains(&path.as_str()));
    assert_eq!(closed.len(), 20);
    routes::want_a_token_with_the_scope(&world.router(), &closed).await;
}

#[tokio::test]
async fn another_tenants_ids_are_nobodys() {
    let world = World::new().await;
    let id = world.connected("north", "A1").await;
    world.sent("orders");
    let before = world.table().await;
    for (method, path) in operations() {
        // An operator's routes are closed to every tenant.
        if !path.contains("{connection}") || path.starts_with("/operator/") {
            continue;
        }
        let real = path
            .replace("{connection}", &id)
            .replace("{marketplace}", "UK")
            .replace("{courier}", "DPD");
        let scopes = [Scope::Connections, Scope::Buyer];
        let south = Caller::new("south".parse().unwrap(), &scopes);
        let request = Request::builder().method(method.as_str()).uri(&real);
        let body = Body::from(body(&method, &path).to_string());
        let told = world.send(request.extension(south).body(body).unwrap());
        let told = told.await;
        assert_eq!(told.problem_kind(404), "not-found", "{method} {path}");
        assert!(!told.text.contains("A1"), "{}", told.text);
    }
    let told = world.ask("south", "GET", "/connections", Value::Null).await;
    assert_eq!(told.json()["connections"], json!([]));
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
