//! One or many: picks, holds, releases and orders given back, each row for itself.

use super::*;

fn rows(answer: &Value) -> Vec<(&str, &str)> {
    let rows = answer["orders"].as_array().unwrap();
    rows.iter()
        .map(|row| {
            (
                row["id"].as_str().unwrap(),
                row["outcome"].as_str().unwrap(),
            )
        })
        .collect()
}

fn named(ids: &[&str]) -> Vec<Value> {
    let row = |id: &&str| json!({"connection": "C1", "id": id});
    ids.iter().map(row).collect()
}

async fn stand_with(orders: &[StoredOrder]) -> Stand {
    let stand = Stand::new().await;
    stand.put_couriers().await;
    for order in orders {
        stand.put(order).await;
    }
    stand
}

#[tokio::test]
async fn many_orders_are_held_and_released_each_for_itself() {
    let mut taken = ready("taken", 3);
    taken.status = OrderStatus::Acknowledged;
    let mut picked = ready("picked", 2);
    picked.decision.by_person = true;
    let stand = stand_with(&[waiting("waits", 1), picked, taken]).await;
    let ids = ["waits", "picked", "taken", "nowhere"];
    let body = json!({"orders": named(&ids), "reason": "the shelf is being counted"});
    let answer = stand.post("/orders/hold", body).await.is(200);
    let expected = [
        ("waits", "held"),
        ("picked", "held"),
        ("taken", "not_open"),
        ("nowhere", "not_found"),
    ];
    assert_eq!(rows(&answer), expected);
    let row = &answer["orders"][1];
    assert_eq!(
        (&row["status"], &row["reason"]),
        (&json!("pending_review"), &json!("held"))
    );
    let refused = answer["orders"][2]["detail"].as_str().unwrap();
    assert!(refused.contains("`acknowledged`"), "{refused}");

    let body = json!({"orders": named(&ids)});
    let answer = stand.post("/orders/release", body.clone()).await.is(200);
    let expected = [
        ("waits", "released"),
        ("picked", "released"),
        ("taken", "already"),
        ("nowhere", "not_found"),
    ];
    assert_eq!(rows(&answer), expected);
    assert_eq!(
        answer["orders"][0]["status"], "pending_review",
        "no mapping fits"
    );
    assert_eq!(answer["orders"][1]["status"], "ready", "a person picked it");
    let again = stand.post("/orders/release", body).await.is(200);
    assert!(
        rows(&again)
            .iter()
            .all(|(_, word)| matches!(*word, "already" | "not_found"))
    );

    for body in [
        json!({"orders": [], "reason": "x"}),
        json!({"orders": named(&ids), "reason": " "}),
    ] {
        stand
            .post("/orders/hold", body)
            .await
            .problem(422, "invalid-request");
    }
}

#[tokio::test]
async fn many_orders_get_the_service_that_a_person_picks_for_each() {
    let stand = stand_with(&[
        waiting("a", 1),
        ready("b", 2),
        ready("c", 3),
        waiting("d", 4),
    ])
    .await;
    let pick = |id: &str, service: &str, revision: Option<u64>| json!({"connection": "C1", "id": id, "service": service, "revision": revision});
    let orders = json!({"orders": [
        pick("a", "DPD/two-day", None),
        pick("b", "DPD/two-day", Some(1)),
        pick("c", "DPD/two-day", None),
        pick("d", "Evri/standard", None),
    ]});
    let answer = stand.post("/orders/courier", orders.clone()).await.is(200);
    let expected = [
        ("a", "picked"),
        ("b", "picked"),
        ("c", "not_pending"),
        ("d", "unfit"),
    ];
    assert_eq!(rows(&answer), expected);
    assert_eq!(
        answer["orders"][1]["service"], "DPD/two-day",
        "a ready one, with its revision"
    );
    assert_eq!(
        answer["orders"][2]["service"], "DPD/next-day",
        "what is current"
    );
    let words = answer["orders"][3]["detail"].as_str().unwrap();
    assert!(words.contains("DPD/next-day"), "{words}");
    let again = stand.post("/orders/courier", orders).await.is(200);
    assert_eq!(rows(&again)[..2], [("a", "already"), ("b", "already")]);

    let bad = json!({"orders": [pick("a", "DPD/two-day", None), pick("b", "nonsense", None)]});
    let problem = stand
        .post("/orders/courier", bad)
        .await
        .problem(422, "invalid-request");
    assert_eq!(problem["errors"][0]["pointer"], "/orders/1/service");
}

#[tokio::test]
async fn what_the_platform_gives_back_can_be_taken_over_again() {
    let mut person = ready("person", 1);
    person.decision.by_person = true;
    let mut shipped = ready("shipped", 4);
    shipped.status = OrderStatus::Dispatched;
    let stand = stand_with(&[person, ready("rules", 2), ready("free", 3), shipped]).await;
    let take = json!({"orders": named(&["person", "rules"])});
    stand
        .post("/orders/acknowledge", take.clone())
        .await
        .is(200);

    let stale = json!({"orders": [{"connection": "C1", "id": "person", "revision": 1}]});
    let answer = stand.post("/orders/give-back", stale).await.is(200);
    assert_eq!(rows(&answer), [("person", "changed")]);
    assert_eq!(answer["orders"][0]["revision"], 2, "what is current");

    let body = json!({"orders": named(&["person", "rules", "free", "shipped"])});
    let answer = stand.post("/orders/give-back", body.clone()).await.is(200);
    let expected = [
        ("person", "given_back"),
        ("rules", "given_back"),
        ("free", "already"),
        ("shipped", "not_acknowledged"),
    ];
    assert_eq!(rows(&answer), expected);
    assert_eq!(answer["orders"][0]["status"], "ready");
    assert_eq!(answer["orders"][0]["acknowledged_at"], Value::Null);
    assert_eq!(
        answer["orders"][1]["status"], "pending_review",
        "no mapping fits today"
    );
    let again = stand.post("/orders/give-back", body).await.is(200);
    assert_eq!(
        rows(&again)[..2],
        [("person", "already"), ("rules", "already")]
    );
    let order = stand.get("/orders/C1/person").await.is(200);
    assert_eq!(order["history"][2]["kind"], "given_back");

    let answer = stand.post("/orders/acknowledge", take).await.is(200);
    assert_eq!(rows(&answer)[0], ("person", "acknowledged"));
}

#[tokio::test]
async fn of_taking_over_and_giving_back_at_once_each_is_decided_on_what_the_other_left() {
    let stand = stand_with(&[ready("a", 1)]).await;
    let body = json!({"orders": named(&["a"])});
    let (take, back) = tokio::join!(
        stand.post("/orders/acknowledge", body.clone()),
        stand.post("/orders/give-back", body)
    );
    let (take, back) = (take.is(200), back.is(200));
    assert_eq!(rows(&take), [("a", "acknowledged")]);
    let order = stand.get("/orders/C1/a").await.is(200);
    let given_back = rows(&back) == [("a", "given_back")];
    let is_free = order["acknowledged_at"] == Value::Null;
    assert_eq!(given_back, is_free, "{back} {order}");
}

#[tokio::test]
async fn an_order_that_is_being_cancelled_is_neither_taken_over_nor_given_back() {
    let cancelling = |mut order: StoredOrder| {
        let item = line("1", "TEA", 1, 0);
        let id = "cancellation-1".parse().unwrap();
        order.claims = vec![LineClaim::by_cancellation(&item, 1, id)];
        order.order.items = vec![item];
        order
    };
    let mut taken = ready("taken", 1);
    taken.status = OrderStatus::Acknowledged;
    taken.acknowledged_at = Some(taken.imported_at);
    let stand = stand_with(&[cancelling(taken), cancelling(ready("ready", 2))]).await;
    for (path, id, status) in [
        ("/orders/give-back", "taken", "acknowledged"),
        ("/orders/acknowledge", "ready", "ready"),
    ] {
        let body = json!({"orders": named(&[id])});
        let answer = stand.post(path, body).await.is(200);
        assert_eq!(rows(&answer), [(id, "not_open")], "{path}");
        assert_eq!(answer["orders"][0]["status"], status);
    }
}
