//! The brakes: frozen connections and deployments, held rounds.

use crate::stock::Stock;
use jiff::Timestamp;
use serde_json::{Value, json};
use stallkeeper::api::Scope;
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
    let round = Round {
        held: Some(HeldRound {
            at: Timestamp::now(),
            zeros: 40,
            matched: 50,
            ends_alone: false,
        }),
        ..Round::default()
    };
    let mut round = Leased {
        owner: Some("run".into()),
        ..Leased::from(round)
    };
    let store = &stock.database.store;
    let saved = store.save_leased(&stock.key(), &mut round).await;
    assert_eq!(saved.unwrap(), Written::Done);
    let shown = stock.ask("GET", "stock-settings", Value::Null).await;
    assert_eq!(shown["held_round"]["zeros"], 40);
    stock.outside.aws().queues_down = true;
    assert_eq!(
        stock
            .refused("POST", "rounds/release", Value::Null, 503)
            .await,
        "unavailable"
    );
    stock.outside.aws().queues_down = false;
    for _ in 0..2 {
        let told = stock.ask("POST", "rounds/release", Value::Null).await;
        assert_eq!(
            (&told["held_round"], &told["sending"]["now"]),
            (&Value::Null, &json!(true))
        );
        assert!(told["released_until"].is_string());
        assert_eq!(stock.kinds("stock-ticks"), ["tick"]);
    }
    let round = store.round(&stock.key()).await.unwrap();
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
        let tenant = ("north", Scope::Connections);
        let told = stock.send(tenant, "POST", path, Value::Null).await;
        assert_eq!(told.problem_kind(403), "missing-scope");
    }
    let platform = ("platform", Scope::Operator);
    let operator = |path, body| stock.send(platform, "POST", path, body);
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
