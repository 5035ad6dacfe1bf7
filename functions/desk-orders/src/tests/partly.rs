//! Orders of which somebody has shipped a part.

use super::*;
use stallkeeper::domain::order::{AmazonStatus, OrderItem};

/// Three units, of which one was shipped by another hand.
fn begun() -> StoredOrder {
    let mut order = ready("a", 1);
    order.status = OrderStatus::PartlyDispatched;
    order.order.amazon_status = Some(AmazonStatus::PartiallyShipped);
    order.order.items = vec![OrderItem {
        id: "1".into(),
        sku: Some("MUG".into()),
        asin: None,
        title: None,
        quantity: 3,
        quantity_fulfilled: 1,
        quantity_unfulfilled: Some(2),
        unit_price: None,
        proceeds: None,
        constraints: Vec::new(),
        cancel_requested: false,
        cancel_reason: None,
        cancelled_by: None,
        programs: Vec::new(),
    }];
    order
}

async fn outcome(stand: &Stand, revision: Value) -> Value {
    let row = json!({"connection": "C1", "id": "a", "revision": revision});
    let answer = stand.post("/orders/acknowledge", json!({"orders": [row]}));
    answer.await.is(200)["orders"][0].clone()
}

#[tokio::test]
async fn what_is_open_is_shown_and_listed_beside_what_else_is_open() {
    let stand = Stand::new().await;
    stand.put(&begun()).await;
    let shown = stand.get("/orders/C1/a").await.is(200);
    let line = &shown["amazon"]["items"][0];
    assert_eq!(shown["status"], "partly_dispatched");
    assert_eq!(
        (&line["quantity"], &line["open_quantity"]),
        (&json!(3), &json!(2))
    );
    for list in ["/orders", "/orders?status=partly_dispatched"] {
        let listed = stand.get(list).await.is(200);
        assert_eq!(listed["orders"][0]["open_units"], 2, "{list} {listed}");
    }
    let offered = stand.get("/orders?status=ready").await.is(200);
    assert_eq!(offered["orders"], json!([]));
}

#[tokio::test]
async fn the_rest_is_taken_over_only_by_who_has_read_that_a_part_is_gone() {
    let stand = Stand::new().await;
    let order = begun();
    stand.put(&order).await;
    assert_eq!(outcome(&stand, Value::Null).await["outcome"], "not_ready");
    assert_eq!(outcome(&stand, json!(9)).await["outcome"], "changed");
    let taken = outcome(&stand, json!(1)).await;
    assert_eq!(
        (&taken["outcome"], &taken["status"]),
        (&json!("acknowledged"), &json!("partly_dispatched"))
    );
    assert_eq!(outcome(&stand, json!(1)).await["outcome"], "already");
    assert_eq!(outcome(&stand, Value::Null).await["outcome"], "already");
}

#[tokio::test]
async fn it_is_held_released_and_picked_for_as_a_ready_one() {
    let stand = Stand::new().await;
    stand.put_couriers().await;
    let mut order = begun();
    order.decision.by_person = true;
    stand.put(&order).await;
    let hold = json!({"reason": "the other hand is asked"});
    let held = stand.post("/orders/C1/a/hold", hold).await.is(200);
    assert_eq!(held["status"], "pending_review");
    let released = stand.post("/orders/C1/a/release", json!({})).await.is(200);
    assert_eq!(released["status"], "partly_dispatched");
    let pick = json!({"service": "DPD/two-day", "revision": 3});
    let picked = stand.post("/orders/C1/a/courier", pick).await.is(200);
    assert_eq!(
        (&picked["status"], &picked["decision"]["service"]),
        (&json!("partly_dispatched"), &json!("DPD/two-day"))
    );
}
