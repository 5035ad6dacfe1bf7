use super::*;

const PATH: &str = "/orders/C1/a";

async fn stand_with(order: &StoredOrder) -> Stand {
    let stand = Stand::new().await;
    stand.put_couriers().await;
    stand.put(order).await;
    stand
}

#[tokio::test]
async fn a_held_order_is_offered_to_nobody_until_it_is_released() {
    let mut order = ready("a", 1);
    order.decision.by_person = true;
    let stand = stand_with(&order).await;
    let hold = json!({"reason": "the mug is broken"});
    let held = stand
        .post(&format!("{PATH}/hold"), hold.clone())
        .await
        .is(200);
    assert_eq!(
        (
            &held["status"],
            &held["decision"]["reason"],
            &held["held"]["reason"]
        ),
        (
            &json!("pending_review"),
            &json!("held"),
            &json!("the mug is broken")
        )
    );
    let orders = json!({"orders": [{"connection": "C1", "id": "a"}]});
    let answer = stand.post("/orders/acknowledge", orders).await.is(200);
    assert_eq!(answer["orders"][0]["outcome"], "not_ready");
    let listed = stand.get("/orders?reason=held").await.is(200);
    assert_eq!(listed["orders"].as_array().unwrap().len(), 1);

    let released = stand
        .post(&format!("{PATH}/release"), json!({}))
        .await
        .is(200);
    assert_eq!(
        (
            &released["status"],
            &released["held"],
            &released["decision"]["service"]
        ),
        (&json!("ready"), &Value::Null, &json!("DPD/next-day"))
    );
    let again = stand
        .post(&format!("{PATH}/release"), json!({}))
        .await
        .is(200);
    assert_eq!(
        again["revision"], released["revision"],
        "it is not held any more"
    );
    let kinds: Vec<&Value> = released["history"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| &it["kind"])
        .collect();
    assert_eq!(kinds, ["imported", "held", "released"]);
}

#[tokio::test]
async fn released_without_a_persons_pick_it_goes_where_the_rules_put_it() {
    let stand = stand_with(&ready("a", 1)).await;
    stand
        .post(&format!("{PATH}/hold"), json!({"reason": "x"}))
        .await
        .is(200);
    let released = stand
        .post(&format!("{PATH}/release"), json!({}))
        .await
        .is(200);
    assert_eq!(
        (&released["status"], &released["decision"]["reason"]),
        (&json!("pending_review"), &json!("no_mapping"))
    );
}

#[tokio::test]
async fn only_what_nobody_has_taken_can_be_held_and_only_with_a_reason() {
    let mut order = ready("a", 1);
    order.status = OrderStatus::Acknowledged;
    let stand = stand_with(&order).await;
    let path = format!("{PATH}/hold");
    stand
        .post(&path, json!({"reason": "x"}))
        .await
        .problem(409, "not-open");
    for reason in ["", "  ", "a\nb", &"x".repeat(201)] {
        let body = json!({"reason": reason});
        stand
            .post(&path, body)
            .await
            .problem(422, "invalid-request");
    }
    let path = "/orders/C1/nowhere/hold";
    stand
        .post(path, json!({"reason": "x"}))
        .await
        .problem(404, "not-found");
}
