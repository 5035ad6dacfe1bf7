//! Stock settings: drafted.

use crate::stock::{ORDERS, Stock};
use serde_json::{Value, json};
use stallkeeper::domain::connection::ConnectionStatus;

#[tokio::test]
async fn a_draft_is_changed_and_nothing_comes_of_it() {
    let stock = Stock::new().await;
    let before = stock.ask("GET", "stock-settings", Value::Null).await;
    assert_eq!(before["published"], Value::Null);
    assert_eq!(
        (&before["draft"]["on"], &before["draft_revision"]),
        (&json!(false), &json!(0))
    );
    assert_eq!(
        before["sending"]["why"],
        "no stock settings are published yet"
    );
    let body = json!({"on": true, "every_minutes": 30, "policy": {"buffer": 2}, "home_marketplace": "DE", "warehouses": ["LON"]});
    for _ in 0..2 {
        let draft = stock.ask("PUT", "stock-settings", body.clone()).await;
        assert_eq!(draft["draft_revision"], 1, "the same draft is no change");
        assert_eq!(draft["draft"]["policy"]["buffer"], 2);
        assert_eq!(draft["draft"]["home_marketplace"], "DE");
        assert_eq!(
            (&draft["published"], &draft["draft_is_published"]),
            (&Value::Null, &json!(false))
        );
    }
    let other = stock
        .ask("PUT", "stock-settings", json!({"on": true}))
        .await;
    assert_eq!(other["draft_revision"], 2);
    assert_eq!(
        other["draft"]["policy"]["buffer"], 0,
        "what is left out is as by default"
    );
    assert_eq!(
        stock.refused("PUT", "stock-settings", json!({}), 422).await,
        "invalid-request"
    );
    let of_marketplace = json!({"on": true, "marketplaces": {"DE": {"on": false}}});
    let told = stock.told("PUT", "stock-settings", of_marketplace).await;
    assert!(
        told.text.contains("quantity belongs to the connection"),
        "{}",
        told.text
    );
    assert!(stock.jobs().is_empty() && stock.kinds("stock-ticks").is_empty());
    let schedules = stock.outside.aws().schedules.clone();
    let names: Vec<&String> = schedules.keys().collect();
    assert_eq!(names, [ORDERS], "orders only");
}

#[tokio::test]
async fn what_belongs_together_is_an_object_and_a_word_is_a_text() {
    let stock = Stock::new().await;
    for (field, value) in [
        ("feed_ages", json!([null, null])),
        ("brakes", json!([30, 20, 50])),
        ("policy", json!([0, 100, null, 0])),
        ("levels", json!({"on_hand": null})),
        ("levels", json!(0)),
    ] {
        let body = json!({"on": true, field: value});
        let told = stock.told("PUT", "stock-settings", body).await;
        let errors = told.problem(422, "invalid-request")["errors"].clone();
        assert_eq!(errors[0]["pointer"], format!("/{field}"), "{value}");
    }
    let whole = json!({"on": true, "policy": {"buffer": 2.0}, "feed_ages": {}});
    let draft = stock.ask("PUT", "stock-settings", whole).await;
    assert_eq!(draft["draft"]["policy"]["buffer"], 2);
}

#[tokio::test]
async fn who_never_authorised_or_left_has_no_stock_to_send() {
    let stock = Stock::new().await;
    stock.status(ConnectionStatus::AwaitingAuthorisation).await;
    let draft = json!({"on": true, "home_marketplace": "FR"});
    stock.ask("PUT", "stock-settings", draft).await;
    let preview = json!({"preview": true});
    assert_eq!(
        stock.refused("POST", "publish", preview.clone(), 409).await,
        "not-authorised"
    );
    stock.status(ConnectionStatus::Disconnected).await;
    assert_eq!(
        stock.refused("POST", "publish", preview, 409).await,
        "disconnected"
    );
    assert_eq!(
        stock
            .refused("PUT", "stock-settings", json!({"on": true}), 409)
            .await,
        "disconnected"
    );
    assert!(stock.jobs().is_empty());
}
