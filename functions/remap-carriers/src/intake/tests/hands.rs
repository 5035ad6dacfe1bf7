//! What people and buyers decide, and what no rule undoes.

use super::*;
use stallkeeper::domain::cancellation::{CancelDecision, CancelReason, CancelUnits, decide};

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

#[test]
fn too_late_answers_one_wish_and_not_the_next() {
    let wish = |asks: bool| {
        let cancellation = if asks {
            json!({"cancellationRequest": {"requester": "BUYER"}})
        } else {
            json!({})
        };
        json!({"orderItems": [{"orderItemId": "1", "quantityOrdered": 1, "product": {"sellerSku": "MUG#1"},
            "cancellation": cancellation}]})
    };
    let mut told = take(raw("UNSHIPPED", 1, wish(true)), None, &rules()).unwrap();
    told.acknowledged_at = Some(at(1));
    told.cancel_too_late.insert("1".to_owned());
    assert_eq!(told.open_cancel_requests().count(), 0);
    let later = take(
        raw("UNSHIPPED", 2, with_note(wish(true))),
        Some(&told),
        &rules(),
    )
    .unwrap();
    assert_eq!(
        later.open_cancel_requests().count(),
        0,
        "it is the same wish"
    );
    let withdrawn = take(raw("UNSHIPPED", 3, wish(false)), Some(&later), &rules()).unwrap();
    assert!(withdrawn.cancel_too_late.is_empty());
    let again = raw("UNSHIPPED", 4, with_note(wish(true)));
    let again = take(again, Some(&withdrawn), &rules()).unwrap();
    assert_eq!(again.open_cancel_requests().count(), 1);
}

/// The same in the words of another reading.
fn with_note(mut json: Value) -> Value {
    json["orderItems"][0]["product"]["title"] = json!("A mug");
    json
}

#[test]
fn what_is_being_cancelled_is_not_made_ready_by_a_later_reading() {
    let ready = take(raw("UNSHIPPED", 1, json!({})), None, &rules()).unwrap();
    let decided = decide(
        &ready,
        &CancelUnits::AllOpen,
        CancelReason::Other,
        &"C".parse().unwrap(),
        at(2),
    );
    let CancelDecision::Write { order, .. } = decided else {
        panic!("{decided:?}");
    };
    let other = json!({"fulfillment": {"shipByWindow": {"latestDateTime": at(9_000)}}});
    let later = take(raw("UNSHIPPED", 3, other), Some(&order), &rules()).unwrap();
    assert_eq!(later.status, OrderStatus::PendingReview);
    assert_eq!(later.decision.reason, Some(Reason::Held));
    assert_eq!(later.claims, order.claims);
    let over = take(raw("CANCELLED", 4, json!({})), Some(&later), &rules()).unwrap();
    assert_eq!(over.status, OrderStatus::Cancelled);
}
