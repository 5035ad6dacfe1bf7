//! The brakes: frozen connections and deployments, held rounds.

use crate::stock::Stock;
use crate::world::ids;
use axum::body::Body;
use axum::http::Request;
use jiff::Timestamp;
use serde_json::{Value, json};
use stallkeeper::api::{Caller, Scope};
use stallkeeper::store::{HeldRound, Leased, Round, Written};

#[tokio::test]
async fn a_connection_is_frozen_at_once_and_goes_on_with_a_round() {
    let stock = Stock::new().await;
    stock.published().await;
    let first = stock
        .ask("POST", "freeze", json!({"reason": "a wrong file"}))
        .await;
    assert_eq!(
        (&first["frozen"]["reason"], &first["sending"]["now"]),
        (&json!("a wrong file"), &json!(false))
    );
    let again = stock.ask("POST", "freeze", Value::Null).await;
    assert_eq!(
        again["frozen"], first["frozen"],
        "frozen since then, and still why"
    );
    let long = json!({"reason": "x".repeat(501)});
    assert_eq!(
        stock.refused("POST", "freeze", long, 422).await,
        "invalid-request"
    );
    assert!(stock.kinds("stock-ticks").is_empty());
    for _ in 0..2 {
        let told = stock.ask("POST", "unfreeze", Value::Null).await;
        assert_eq!(
            (&told["frozen"], &told["sending"]["now"]),
            (&Value::Null, &json!(true))
        );
        assert_eq!(stock.kinds("stock-ticks"), ["tick"]);
    }
}

#[tokio::test]
async fn a_held_round_is_released_for_an_hour_and_begins_again() {
    let stock = Stock::new().await;
    stock.published().await;
    assert_eq!(
        stock
            .refused("POST", "rounds/release", Value::Null, 409)
            .await,
        "nothing-held"
    );
    let connection = ids("north", &stock.id);
    let round = Round {
        held: Some(HeldRound {
            at: Timestamp::now(),
            zeros: 40,
            matched: 50,
        }),
        ..Round::default()
    };
    let mut round = Leased {
        owner: Some("run".into()),
        ..Leased::from(round)
    };
    let store = &stock.world.app.store;
    let saved = store.save_leased(&connection, &mut round).await;
    assert_eq!(saved.unwrap(), Written::Done);
    let shown = stock.ask("GET", "stock-settings", Value::Null).await;
    assert_eq!(shown["held_round"]["zeros"], 40);
    stock.world.outside.aws().queues_down = true;
    assert_eq!(
        stock
            .refused("POST", "rounds/release", Value::Null, 503)
            .await,
        "unavailable"
    );
    stock.world.outside.aws().queues_down = false;
    for _ in 0..2 {
        let told = stock.ask("POST", "rounds/release", Value::Null).await;
        assert_eq!(
            (&told["held_round"], &told["sending"]["now"]),
            (&Value::Null, &json!(true))
        );
        assert!(told["released_until"].is_string());
        assert_eq!(stock.kinds("stock-ticks"), ["tick"]);
    }
    let round = store.round(&connection).await.unwrap();
    assert_eq!(
        (round.owner.as_deref(), round.revision),
        (Some("run"), 2),
        "the lease stays with its run"
    );
}

#[tokio::test]
async fn only_the_operator_freezes_the_deployment() {
    let stock = Stock::new().await;
    stock.published().await;
    for path in ["/freeze", "/unfreeze"] {
        let told = stock.world.ask("north", "POST", path, Value::Null).await;
        assert_eq!(told.problem_kind(403), "missing-scope");
    }
    let operator = |path: &str, body: Value| {
        let caller = Caller::new("platform".parse().unwrap(), &[Scope::Operator]);
        let request = Request::builder()
            .method("POST")
            .uri(path)
            .extension(caller);
        stock
            .world
            .send(request.body(Body::from(body.to_string())).unwrap())
    };
    let frozen = operator("/freeze", json!({"reason": "an outage"}))
        .await
        .is(200);
    assert_eq!(frozen["frozen"]["reason"], "an outage");
    assert_eq!(operator("/freeze", json!({})).await.is(200), frozen);
    let shown = stock.ask("GET", "stock-settings", Value::Null).await;
    assert_eq!(
        (&shown["deployment_frozen"], &shown["sending"]["now"]),
        (&frozen["frozen"], &json!(false))
    );
    for _ in 0..2 {
        let free = operator("/unfreeze", json!({})).await.is(200);
        assert_eq!(free["frozen"], Value::Null);
    }
    let shown = stock.ask("GET", "stock-settings", Value::Null).await;
    assert_eq!(shown["sending"]["now"], true);
}
