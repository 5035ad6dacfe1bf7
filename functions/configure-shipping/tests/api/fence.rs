//! No route lets a stranger in.

use crate::world::World;
use configure_shipping::{openapi, router};
use kit::routes;
use serde_json::{Value, json};

#[tokio::test]
async fn every_route_wants_a_token_with_the_scope() {
    let world = World::new().await;
    let operations = routes::operations(&serde_json::to_value(openapi()).unwrap());
    assert_eq!(operations.len(), 19);
    routes::want_a_token_with_the_scope(&router(world.app.clone()), &operations).await;
}

#[tokio::test]
async fn another_tenants_mappings_and_couriers_are_nobodys() {
    let world = World::new().await;
    world.connect("north", "C1").await;
    let next_day = json!([{"code": "next-day"}]);
    world.dpd(next_day.clone()).await.is(200);
    let mapping = "/mappings?term=UK%20NEXT&connection=C1";
    let service = json!({"service": "DPD/next-day"});
    let put = world.ask("north", "PUT", mapping, service.clone()).await;
    put.is(200);
    let own = json!({"name": "DPD", "services": next_day});
    world
        .ask("south", "PUT", "/couriers/DPD", own)
        .await
        .is(200);
    world.queued();
    let before = world.database.text("ConnectionsTable").await;
    for (method, body) in [
        ("GET", Value::Null),
        ("PUT", service),
        ("DELETE", Value::Null),
    ] {
        let told = world.ask("south", method, mapping, body).await;
        assert_eq!(told.problem_kind(404), "not-found", "{method} /mappings");
    }
    for (tenant, path, list) in [
        ("south", "/mappings", "mappings"),
        ("east", "/couriers", "couriers"),
    ] {
        let told = world.ask(tenant, "GET", path, Value::Null).await;
        assert_eq!(told.json()[list], json!([]));
    }
    let after = world.database.text("ConnectionsTable").await;
    assert_eq!(after, before, "nothing was written");
    assert!(world.queued().is_empty());
}
