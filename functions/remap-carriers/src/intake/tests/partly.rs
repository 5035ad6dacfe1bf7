//! Orders of which Amazon reports a part as shipped.

use super::*;
use stallkeeper::domain::courier::LabelSource;
use stallkeeper::domain::dispatch::{
    ConfirmAt, DispatchDecision, HandOver, HandOverRequest, LineRef, ParcelCarrier, ParcelUnits,
    UnitsOf, decide as dispatch,
};

/// Three units ordered, of which Amazon reports some as shipped and some as still to be shipped.
fn partly(shipped: u32, left: Option<u32>) -> Value {
    let line = json!({"orderItemId": "1", "quantityOrdered": 3, "product": {"sellerSku": "MUG#1"},
        "fulfillment": {"quantityFulfilled": shipped, "quantityUnfulfilled": left}});
    json!({"orderItems": [line]})
}

fn after(json: Value, fetched: i64, stored: &StoredOrder) -> StoredOrder {
    let reading = read(json, fetched);
    match take_in(&ids(), &reading, Some(stored), &rules(), at(fetched)) {
        Intake::Write { order, .. } => *order,
        other => panic!("{other:?}"),
    }
}

fn open(order: &StoredOrder) -> u32 {
    order.open_quantity(&order.order.items[0])
}

#[test]
fn open_is_what_is_neither_shipped_nor_cancelled() {
    let rows = [
        (1, Some(2), 2),
        (1, None, 2),
        // One of the three was cancelled.
        (1, Some(1), 1),
        (3, Some(0), 0),
        (0, Some(3), 3),
        // Amazon's numbers that contradict each other: the lower one.
        (2, Some(3), 1),
        (5, None, 0),
    ];
    for (shipped, left, expected) in rows {
        let order = take(
            raw("PARTIALLY_SHIPPED", 1, partly(shipped, left)),
            None,
            &rules(),
        );
        let order = order.unwrap();
        assert_eq!(order.status, OrderStatus::PartlyDispatched);
        assert_eq!(open(&order), expected, "{shipped} {left:?}");
    }
    let shipped = take(raw("SHIPPED", 1, partly(0, None)), None, &rules()).unwrap();
    assert_eq!(open(&shipped), 0);
}

#[test]
fn whoever_took_an_order_over_ships_the_rest_of_it() {
    let ready = take(raw("UNSHIPPED", 1, partly(0, Some(3))), None, &rules()).unwrap();
    let acknowledged = StoredOrder {
        status: OrderStatus::Acknowledged,
        acknowledged_at: Some(at(50)),
        ..ready
    };
    let begun = after(
        raw("PARTIALLY_SHIPPED", 2, partly(1, Some(2))),
        101,
        &acknowledged,
    );
    assert_eq!(
        (begun.status, open(&begun)),
        (OrderStatus::PartlyDispatched, 2)
    );
    assert_eq!(begun.decision.service, acknowledged.decision.service);
    assert!(!begun.is_ready());
    let unclear = after(raw("TELEPORTED", 3, partly(1, Some(2))), 102, &begun);
    assert_eq!(unclear.status, OrderStatus::PartlyDispatched);
    let shipped = after(raw("SHIPPED", 4, partly(3, Some(0))), 103, &begun);
    assert_eq!(shipped.status, OrderStatus::Dispatched);
    let cancelled = after(raw("CANCELLED", 4, partly(1, Some(0))), 103, &begun);
    assert_eq!(cancelled.status, OrderStatus::Cancelled);
}

#[test]
fn an_order_begun_by_another_hand_is_not_ready_and_still_follows_the_rules() {
    let ready = take(raw("UNSHIPPED", 1, partly(0, Some(3))), None, &rules()).unwrap();
    let begun = after(raw("PARTIALLY_SHIPPED", 2, partly(1, Some(2))), 101, &ready);
    assert_eq!(begun.status, OrderStatus::PartlyDispatched);
    assert!(begun.is_ready(), "nobody here took it over");
    let mut settings = rules().settings;
    settings.marketplaces[0]
        .couriers
        .switch("DPD".parse().unwrap(), false);
    let (waiting, _) = look_again(&begun, &with(settings), at(102)).unwrap();
    assert_eq!(
        (waiting.status, waiting.decision.reason),
        (OrderStatus::PendingReview, Some(Reason::CourierOff))
    );
    let (freed, _) = look_again(&waiting, &rules(), at(103)).unwrap();
    assert_eq!(freed.status, OrderStatus::PartlyDispatched);
}

#[test]
fn what_the_desk_dispatched_stays_dispatched_though_amazon_does_not_say_so_yet() {
    let ready = take(raw("UNSHIPPED", 1, partly(0, Some(3))), None, &rules()).unwrap();
    let hand_over = |units: u32| HandOver {
        carrier: ParcelCarrier::Carrier("DPD".into()),
        tracking_number: "1".parse().unwrap(),
        other_tracking_numbers: Vec::new(),
        handed_over_at: at(50),
        units: ParcelUnits::Lines(vec![UnitsOf {
            of: LineRef::Id("1".into()),
            units,
            transparency_codes: Vec::new(),
        }]),
        warehouse: None,
        label_source: LabelSource::Courier,
        despite_cancel: false,
    };
    let dispatched = |stored: &StoredOrder, units| {
        let request = HandOverRequest {
            parcel: "P1".parse().unwrap(),
            content: hand_over(units),
            asked_at: None,
        };
        match dispatch(stored, &[], &request, ConfirmAt::Handover, at(60)) {
            DispatchDecision::Write { order, .. } => *order,
            other => panic!("{other:?}"),
        }
    };
    let all = dispatched(&ready, 3);
    let read_again = after(
        raw("UNSHIPPED", 2, json!({"programs": ["PREMIUM"]})),
        101,
        &all,
    );
    assert_eq!(read_again.status, OrderStatus::Dispatched);
    assert_eq!(read_again.buyer_until, all.buyer_until);
    let part = dispatched(&ready, 1);
    let shown = after(raw("PARTIALLY_SHIPPED", 2, partly(1, Some(2))), 101, &part);
    assert_eq!(
        (shown.status, open(&shown)),
        (OrderStatus::PartlyDispatched, 2),
        "the unit that Amazon shows is ours"
    );
    let cancelled = after(raw("CANCELLED", 3, partly(0, Some(0))), 102, &all);
    assert_eq!(cancelled.status, OrderStatus::Cancelled);
}

#[test]
fn packages_are_kept_until_a_reading_says_otherwise() {
    let shown = json!({"packages": [{"packageReferenceId": "7", "trackingNumber": "X1"}]});
    let first = take(raw("SHIPPED", 1, shown), None, &rules()).unwrap();
    assert_eq!(
        first.order.packages[0].tracking_number.as_deref(),
        Some("X1")
    );
    let without = after(
        raw("SHIPPED", 2, json!({"programs": ["PREMIUM"]})),
        101,
        &first,
    );
    assert_eq!(without.order.packages, first.order.packages);
}
