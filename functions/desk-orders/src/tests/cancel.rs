//! Cancelling lines, and answering buyers who ask for it.

use super::*;

fn of_two_lines(id: &str) -> StoredOrder {
    let mut order = ready(id, 1);
    order.order.items = vec![line("1", "MUG", 2, 0), line("2", "TEA", 1, 0)];
    order
}

fn taken(id: &str) -> StoredOrder {
    let mut order = of_two_lines(id);
    order.status = OrderStatus::Acknowledged;
    order.acknowledged_at = Some(at(0));
    order
}

fn told(stand: &Stand) -> Vec<Value> {
    let sent = stand.outside.aws().take("cancellations");
    sent.into_iter().map(|(body, _)| body).collect()
}

#[tokio::test]
async fn lines_are_cancelled_once_however_often_they_are_asked_for_and_each_time_the_function_is_told()
 {
    let stand = Stand::new().await;
    stand.put(&taken("026-1")).await;
    let wish = json!({"lines": [{"sku": "MUG", "quantity": 2}], "reason": "no_inventory"});
    let path = "/orders/C1/026-1/cancel";
    let first = stand.post(path, wish.clone()).await.is(202);
    let again = stand.post(path, wish).await.is(202);
    assert_eq!(first, again);
    assert_eq!(first["cancellation"]["state"], "to_send");
    assert_eq!(first["rate"]["counts"], true);
    let messages = told(&stand);
    assert_eq!(messages.len(), 2);
    assert_eq!(messages[0]["kind"], "requested");
    assert_eq!(messages[0]["cancellation"], first["cancellation"]["id"]);
    let shown = stand.get("/orders/C1/026-1").await.is(200);
    assert_eq!(shown["cancellations"][0], first["cancellation"]);
    assert_eq!(
        shown["amazon"]["items"][0]["cancelling"],
        first["cancellation"]["id"]
    );
    assert_eq!(shown["amazon"]["items"][1]["cancelling"], Value::Null);
    assert_eq!(shown["status"], "acknowledged");
}

#[tokio::test]
async fn what_cannot_be_cancelled_says_where_and_what_to_do() {
    let stand = Stand::new().await;
    stand.put(&taken("026-1")).await;
    let mut over = taken("026-2");
    over.status = OrderStatus::Dispatched;
    stand.put(&over).await;
    let cancel = async |order: &str, lines: Value| {
        let body = json!({"lines": lines, "reason": "other"});
        stand
            .post(&format!("/orders/C1/{order}/cancel"), body)
            .await
    };
    let part = cancel("026-1", json!([{"order_item_id": "1", "quantity": 1}])).await;
    let part = part.problem(422, "part-of-line");
    assert_eq!(part["errors"][0]["pointer"], "/lines/0/quantity");
    let offer = part["detail"].as_str().unwrap();
    assert!(offer.contains("POST_PAYMENT_ADJUSTMENT_DATA"), "{offer}");
    let unknown = json!([{"order_item_id": "1"}, {"order_item_id": "9"}]);
    let unknown = cancel("026-1", unknown)
        .await
        .problem(422, "invalid-request");
    assert_eq!(unknown["errors"][0]["pointer"], "/lines/1");
    for lines in [
        json!([]),
        json!([{}]),
        json!([{"sku": "MUG", "order_item_id": "1"}]),
    ] {
        cancel("026-1", lines).await.problem(422, "invalid-request");
    }
    let over = cancel("026-2", json!([{"order_item_id": "1"}])).await;
    let over = over.problem(409, "not-open");
    assert_eq!(over["current"]["status"], "dispatched");
    cancel("026-3", json!([{"order_item_id": "1"}]))
        .await
        .problem(404, "not-found");
    assert!(told(&stand).is_empty());
}

#[tokio::test]
async fn an_order_that_is_wholly_cancelled_can_be_neither_taken_over_nor_released() {
    let stand = Stand::new().await;
    stand.put(&of_two_lines("026-1")).await;
    let wish = json!({"all_open": true, "reason": "undeliverable_address"});
    stand.post("/orders/C1/026-1/cancel", wish).await.is(202);
    let taken = json!({"orders": [{"connection": "C1", "id": "026-1"}]});
    let rows = stand.post("/orders/acknowledge", taken).await.is(200);
    assert_eq!(rows["orders"][0]["outcome"], "not_ready");
    let release = stand.send("POST", "/orders/C1/026-1/release", None).await;
    let release = release.problem(409, "being-cancelled");
    assert_eq!(release["current"]["status"], "pending_review");
    stand.put_couriers().await;
    let picked = json!({"service": "DPD/next-day"});
    let picked = stand.post("/orders/C1/026-1/courier", picked).await;
    picked.problem(409, "being-cancelled");
}

#[tokio::test]
async fn a_buyers_wish_is_accepted_without_harm_to_the_rate_or_answered_too_late_until_it_is_made_again()
 {
    let stand = Stand::new().await;
    let mut asked = taken("026-1");
    asked.order.items[0].cancel_requested = true;
    stand.put(&asked).await;
    let path = "/orders/C1/026-1/cancel-request";
    let answer = async |answer: &str| {
        stand
            .send("PUT", path, Some(json!({"answer": answer})))
            .await
    };
    let open = stand.get("/orders/C1/026-1").await.is(200);
    assert_eq!(open["cancel_requested"], true);
    let late = answer("too_late").await.is(200);
    assert_eq!(late["cancel_requested"], false);
    assert_eq!(
        answer("too_late").await.is(200)["revision"],
        late["revision"]
    );
    let conflict = answer("accept").await.problem(409, "no-cancel-request");
    assert_eq!(conflict["current"]["revision"], late["revision"]);

    let mut other = taken("026-2");
    other.order.items[1].cancel_requested = true;
    stand.put(&other).await;
    let path = "/orders/C1/026-2/cancel-request";
    let accept = json!({"answer": "accept"});
    let accepted = stand.send("PUT", path, Some(accept.clone())).await.is(200);
    assert_eq!(accepted["cancel_requested"], false);
    let cancellation = &accepted["cancellations"][0];
    assert_eq!(cancellation["reason"], "buyer_asked");
    assert_eq!(cancellation["lines"][0]["counts_against_rate"], false);
    assert_eq!(cancellation["lines"].as_array().unwrap().len(), 1);
    let again = stand.send("PUT", path, Some(accept)).await.is(200);
    assert_eq!(again["revision"], accepted["revision"]);
    assert_eq!(told(&stand).len(), 2);
}

#[tokio::test]
async fn a_buyers_reason_without_a_request_at_amazon_counts_and_too_late_needs_an_order_that_was_taken_over()
 {
    let stand = Stand::new().await;
    stand.put(&taken("026-1")).await;
    let wish = json!({"all_open": true, "reason": "buyer_asked"});
    let answer = stand.post("/orders/C1/026-1/cancel", wish).await.is(202);
    assert_eq!(answer["rate"]["counts"], true);
    let mut early = of_two_lines("026-2");
    early.order.items[0].cancel_requested = true;
    stand.put(&early).await;
    let path = "/orders/C1/026-2/cancel-request";
    let late = json!({"answer": "too_late"});
    let late = stand.send("PUT", path, Some(late)).await;
    late.problem(409, "not-taken-over");
}
