//! What people and buyers decide, and what no rule undoes.

use super::*;

#[test]
fn a_buyers_wish_to_cancel_stops_an_order_that_is_not_taken_over() {
    let wish = json!({"orderItems": [{"orderItemId": "1", "quantityOrdered": 1, "product": {"sellerSku": "MUG#1"}, "cancellation": {"cancellationRequest": {"requester": "BUYER"}}}]});
    let ready = take(raw("UNSHIPPED", 1, json!({})), None, &rules()).unwrap();
    let stopped = take(raw("UNSHIPPED", 2, wish.clone()), Some(&ready), &rules()).unwrap();
    assert_eq!(
        (stopped.status, stopped.decision.reason),
        (OrderStatus::PendingReview, Some(Reason::BuyerCancel))
    );

    let acknowledged = StoredOrder {
        status: OrderStatus::Acknowledged,
        acknowledged_at: Some(at(1)),
        ..ready
    };
    let changed = take(raw("UNSHIPPED", 2, wish), Some(&acknowledged), &rules()).unwrap();
    assert_eq!(
        changed.status,
        OrderStatus::Acknowledged,
        "the platform sees the wish and decides"
    );
    assert!(changed.order.items[0].cancel_requested);
}

#[test]
fn a_persons_pick_outlives_later_changes() {
    let mut picked = take(
        raw(
            "UNSHIPPED",
            1,
            json!({"fulfillment": {"fulfillmentServiceLevel": "EXPEDITED"}}),
        ),
        None,
        &rules(),
    )
    .unwrap();
    picked.status = OrderStatus::Ready;
    picked.decision = Decision {
        service: Some("DPD/next-day".parse().unwrap()),
        by_person: true,
        reason: None,
        ..picked.decision
    };
    let changed = take(
        raw(
            "PARTIALLY_SHIPPED",
            2,
            json!({"fulfillment": {"fulfillmentServiceLevel": "EXPEDITED"}}),
        ),
        Some(&picked),
        &with(rules().settings),
    )
    .unwrap();
    assert_eq!(
        (changed.status, changed.decision.by_person),
        (OrderStatus::PartlyDispatched, true)
    );
}

#[test]
fn ready_orders_that_no_person_decided_on_follow_a_courier_that_is_switched_off() {
    let ready = take(raw("UNSHIPPED", 1, json!({})), None, &rules()).unwrap();
    assert_eq!(look_again(&ready, &rules(), at(101)), None);
    let mut settings = rules().settings;
    settings.marketplaces[0]
        .couriers
        .switch("DPD".parse().unwrap(), false);
    let (waiting, _) = look_again(&ready, &with(settings.clone()), at(101)).unwrap();
    assert_eq!(
        (
            waiting.status,
            waiting.decision.reason,
            waiting.decision.service
        ),
        (OrderStatus::PendingReview, Some(Reason::CourierOff), None)
    );
    let mut picked = ready;
    picked.decision.by_person = true;
    assert_eq!(look_again(&picked, &with(settings), at(101)), None);
}

#[test]
fn what_a_person_holds_no_rule_and_no_change_frees() {
    use stallkeeper::domain::order::OrderHold;
    let mut held = take(raw("UNSHIPPED", 1, json!({})), None, &rules()).unwrap();
    held.status = OrderStatus::PendingReview;
    held.decision.reason = Some(Reason::Held);
    held.held = Some(OrderHold {
        reason: "the mug is broken".into(),
        since: at(50),
    });
    assert_eq!(look_again(&held, &rules(), at(101)), None);
    let after = |status| {
        let reading = read(raw(status, 2, json!({})), 101);
        match take_in(&ids(), &reading, Some(&held), &rules(), at(101)) {
            Intake::Write { order, .. } => *order,
            other => panic!("{other:?}"),
        }
    };
    let changed = after("PARTIALLY_SHIPPED");
    assert_eq!(
        (
            changed.status,
            changed.decision.reason,
            changed.decision.service
        ),
        (
            OrderStatus::PendingReview,
            Some(Reason::Held),
            held.decision.service.clone()
        )
    );
    assert_eq!(after("CANCELLED").status, OrderStatus::Cancelled);
}
