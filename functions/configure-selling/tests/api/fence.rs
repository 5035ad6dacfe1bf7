//! No route lets a stranger in.

use crate::stock::{ID, Stock};
use configure_selling::{openapi, router};
use kit::routes;
use serde_json::{Value, json};
use stallkeeper::api::Scope;

fn operations() -> Vec<(String, String)> {
    routes::operations(&serde_json::to_value(openapi()).unwrap())
}

#[tokio::test]
async fn every_route_wants_a_token_with_the_scope() {
    let stock = Stock::new().await;
    assert_eq!(operations().len(), 27);
    routes::want_a_token_with_the_scope(&router(stock.app.clone()), &operations()).await;
}

#[tokio::test]
async fn another_tenants_connection_is_nobodys() {
    let stock = Stock::new().await;
    stock.published().await;
    let before = stock.database.text("ConnectionsTable").await;
    for (method, path) in operations() {
        if !path.contains("{connection}") {
            continue;
        }
        let body = match method.as_str() {
            "PUT" => json!({"on": true}),
            "POST" => json!({}),
            _ => Value::Null,
        };
        let real = path.replace("{connection}", ID);
        let told = stock
            .send(("south", Scope::Connections), &method, &real, body)
            .await;
        assert_eq!(told.problem_kind(404), "not-found", "{method} {path}");
    }
    let after = stock.database.text("ConnectionsTable").await;
    assert_eq!(after, before, "nothing was written");
    assert!(stock.jobs().is_empty() && stock.kinds("stock-ticks").is_empty());
}
