//! What Amazon does not send, or refuses, is unknown and takes nothing back.

use super::*;

/// A reading without the datasets that Amazon refuses a seller.
fn without(mut reading: Reading, refused: &[Dataset]) -> Reading {
    reading
        .datasets
        .retain(|dataset| !refused.contains(dataset));
    if refused.contains(&Dataset::Fulfillment) {
        reading.order.amazon_status = None;
        reading.order.fulfilled_by = None;
        reading.order.service_level = None;
    }
    if refused.contains(&Dataset::Recipient) {
        reading.order.country = None;
        reading.buyer = BuyerData::new(json!({}));
    }
    reading
}

fn after(reading: &Reading, stored: &StoredOrder) -> StoredOrder {
    let connection = ids();
    match take_in(&connection, reading, Some(stored), &rules(), at(100)) {
        Intake::Write { order, .. } => *order,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_amazon_was_not_asked_for_is_unknown_and_not_gone() {
    let ready = take(raw("UNSHIPPED", 1, json!({})), None, &rules()).unwrap();
    let later = || {
        read(
            raw("UNSHIPPED", 2, json!({"programs": ["AMAZON_BUSINESS"]})),
            101,
        )
    };
    for refused in [
        [Dataset::Fulfillment, Dataset::Packages],
        [Dataset::Buyer, Dataset::Recipient],
    ] {
        let still = after(&without(later(), &refused), &ready);
        assert_eq!(still.status, OrderStatus::Ready, "{refused:?}");
        assert_eq!(
            still.decision.service, ready.decision.service,
            "{refused:?}"
        );
        assert_eq!(still.order.country.as_deref(), Some("GB"), "{refused:?}");
    }
}

#[test]
fn what_the_platform_took_over_is_not_opened_again_by_what_is_unclear() {
    let ready = take(raw("UNSHIPPED", 1, json!({})), None, &rules()).unwrap();
    let acknowledged = StoredOrder {
        status: OrderStatus::Acknowledged,
        acknowledged_at: Some(at(1)),
        ..ready
    };
    let unclear = after(&read(raw("TELEPORTED", 2, json!({})), 101), &acknowledged);
    assert_eq!(unclear.status, OrderStatus::Acknowledged);
    assert_eq!(unclear.decision.service, acknowledged.decision.service);
}

#[test]
fn no_term_is_settled_before_amazon_tells_the_service_level() {
    let first = without(
        read(raw("UNSHIPPED", 1, json!({})), 1),
        &[Dataset::Fulfillment],
    );
    let connection = ids();
    let Intake::Write { order, .. } = take_in(&connection, &first, None, &rules(), at(1)) else {
        panic!("a new order is written");
    };
    assert_eq!(
        (order.status, &order.decision.term),
        (OrderStatus::PendingReview, &None)
    );
    let later = after(&read(raw("UNSHIPPED", 2, json!({})), 101), &order);
    assert_eq!(
        (later.status, later.decision.term.unwrap().to_string()),
        (OrderStatus::Ready, "STD UK DOM".to_owned())
    );
}

#[test]
fn an_explanation_outlives_what_changes_nothing() {
    let ready = take(raw("UNSHIPPED", 1, json!({})), None, &rules()).unwrap();
    let changed = after(&read(raw("PARTIALLY_SHIPPED", 2, json!({})), 101), &ready);
    assert_eq!(changed.decision.derivation, ready.decision.derivation);
    assert!(
        ready
            .decision
            .explanation
            .iter()
            .all(|line| changed.decision.explanation.contains(line))
    );
}

#[test]
fn a_cancellation_is_seen_once_its_dataset_comes_again() {
    let ready = take(raw("UNSHIPPED", 1, json!({})), None, &rules()).unwrap();
    let refused = [Dataset::Fulfillment, Dataset::Packages];
    // The buyer cancels while Amazon refuses FULFILLMENT: the order is dated later, and its status not shown.
    let blind = after(
        &without(read(raw("CANCELLED", 2, json!({})), 101), &refused),
        &ready,
    );
    assert_eq!(blind.status, OrderStatus::Ready);
    let seen = after(&read(raw("CANCELLED", 2, json!({})), 102), &blind);
    assert_eq!(seen.status, OrderStatus::Cancelled);
}

#[test]
fn a_wish_to_cancel_and_amounts_stay_while_amazon_is_not_asked_for_them() {
    let line = |more: Value| {
        let mut line =
            json!({"orderItemId": "1", "quantityOrdered": 1, "product": {"sellerSku": "MUG#1"}});
        merge(&mut line, more);
        json!({"orderItems": [line]})
    };
    let money = json!({"amount": "9.90", "currencyCode": "GBP"});
    let wish = json!({"cancellation": {"cancellationRequest": {"requester": "BUYER"}}, "proceeds": {"proceedsTotal": money}});
    let mut order = raw("UNSHIPPED", 1, line(wish));
    order["proceeds"] = json!({"grandTotal": money});
    let stopped = take(order, None, &rules()).unwrap();
    assert_eq!(stopped.decision.reason, Some(Reason::BuyerCancel));
    let refused = [Dataset::Cancellation, Dataset::Proceeds];
    let blind = after(
        &without(read(raw("UNSHIPPED", 2, line(json!({}))), 101), &refused),
        &stopped,
    );
    assert_eq!(blind.decision.reason, Some(Reason::BuyerCancel));
    assert!(blind.order.items[0].cancel_requested);
    assert_eq!(
        blind.order.items[0].proceeds,
        stopped.order.items[0].proceeds
    );
    assert_eq!(blind.order.total, stopped.order.total);
    assert!(blind.order.total.is_some());
}
