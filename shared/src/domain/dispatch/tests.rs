//! Hand-overs against an order, and what answers make of them.

mod answers;
mod histories;

use super::decide::decide as decide_at;
use super::*;
use crate::domain::courier::AmazonShips;
use crate::domain::order::{
    AmazonStatus, ClaimedBy, FulfilledBy, LineClaim, Order, OrderHold, OrderItem, OrderStatus,
    Package, PackageLine, StoredOrder,
};
use serde_json::json;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + second).unwrap()
}

fn item(id: &str, sku: &str, quantity: u32) -> OrderItem {
    serde_json::from_value(json!({
        "id": id, "sku": sku, "asin": null, "title": null, "quantity": quantity, "quantity_fulfilled": 0,
        "quantity_unfulfilled": quantity, "unit_price": null, "proceeds": null, "constraints": [],
        "cancel_requested": false, "programs": [],
    }))
    .unwrap()
}

/// An order bought at `at(0)` that the platform has taken over.
fn order(items: Vec<OrderItem>) -> StoredOrder {
    let order = Order {
        id: "026-1".parse().unwrap(),
        marketplace_id: None,
        created_at: at(0),
        updated_at: at(0),
        amazon_status: Some(AmazonStatus::Unshipped),
        fulfilled_by: Some(FulfilledBy::Merchant),
        service_level: None,
        ship_by: Some(at(86_400)),
        deliver_by: None,
        label_from: None,
        programs: Vec::new(),
        associated: Vec::new(),
        country: None,
        address_type: None,
        total: None,
        items,
        packages: Vec::new(),
    };
    serde_json::from_value(json!({
        "tenant": "t", "connection": "c", "order": order, "status": "acknowledged",
        "decision": {"term": null, "service": "DPD/next-day", "reason": null, "candidates": [], "by_person": false, "explanation": []},
        "requirements": {}, "version": {"fetched_at": at(0), "updated_at": at(0), "datasets": 6}, "content_hash": 1,
        "revision": 2, "imported_at": at(0), "acknowledged_at": at(10),
        "first_history": {"at": at(0), "kind": "imported", "note": ""},
    }))
    .unwrap()
}

fn hand_over(units: ParcelUnits) -> HandOver {
    HandOver {
        carrier: ParcelCarrier::CourierService("DPD/next-day".parse().unwrap()),
        tracking_number: "15501234567890".parse().unwrap(),
        other_tracking_numbers: Vec::new(),
        handed_over_at: at(100),
        units,
        warehouse: Some("LON".parse().unwrap()),
        label_source: LabelSource::Courier,
        despite_cancel: false,
    }
}

fn units(of: LineRef, units: u32) -> ParcelUnits {
    ParcelUnits::Lines(vec![UnitsOf {
        of,
        units,
        transparency_codes: Vec::new(),
    }])
}

fn sku(text: &str) -> LineRef {
    LineRef::Sku(text.parse().unwrap())
}

fn decide(
    stored: &StoredOrder,
    others: &[Dispatch],
    parcel: &str,
    hand_over: HandOver,
) -> DispatchDecision {
    asked(stored, others, parcel, hand_over, None)
}

/// As [`decide`], of a hand-over that was asked for at `asked_at`.
fn asked(
    stored: &StoredOrder,
    others: &[Dispatch],
    parcel: &str,
    hand_over: HandOver,
    asked_at: Option<Timestamp>,
) -> DispatchDecision {
    let request = HandOverRequest {
        parcel: parcel.parse().unwrap(),
        content: hand_over,
        asked_at,
    };
    decide_at(stored, others, &request, ConfirmAt::Handover, at(50))
}

fn written(decision: DispatchDecision) -> (Dispatch, StoredOrder) {
    match decision {
        DispatchDecision::Write {
            dispatch, order, ..
        } => (*dispatch, *order),
        other => panic!("{other:?}"),
    }
}

fn refusal(decision: DispatchDecision) -> DispatchRefusal {
    match decision {
        DispatchDecision::Refused(refusal) => refusal,
        other => panic!("{other:?}"),
    }
}

fn words() -> DispatchWords {
    DispatchWords {
        at: at(60),
        code: "InvalidInput".into(),
        message: "no".into(),
    }
}

#[test]
fn all_that_is_open_is_dispatched_and_stamps_the_order() {
    let stored = order(vec![item("1", "A", 2), item("2", "B", 1)]);
    let (dispatch, order) = written(decide(&stored, &[], "P1", hand_over(ParcelUnits::AllOpen)));
    assert_eq!((dispatch.units_of("1"), dispatch.units_of("2")), (2, 1));
    assert_eq!(dispatch.state, DispatchState::ToConfirm);
    assert_eq!(dispatch.due_at, at(100));
    assert_eq!(order.status, OrderStatus::Dispatched);
    assert_eq!(order.warehouse, Some("LON".parse().unwrap()));
    assert_eq!(order.revision, stored.revision + 1);
    assert!(order.buyer_until.is_some());
}

#[test]
fn a_part_leaves_the_rest_open_and_the_same_sku_on_two_lines_fills_in_order() {
    let stored = order(vec![item("1", "A", 2), item("2", "A", 2)]);
    let (dispatch, order) = written(decide(&stored, &[], "P1", hand_over(units(sku("A"), 3))));
    assert_eq!((dispatch.units_of("1"), dispatch.units_of("2")), (2, 1));
    assert_eq!(order.status, OrderStatus::PartlyDispatched);
    assert_eq!(order.unclaimed(&order.order.items[1]), 1);
    let again = decide(&order, &[dispatch], "P2", hand_over(units(sku("A"), 2)));
    let too_many = DispatchRefusal::TooMany {
        line: "A".into(),
        open: 1,
        asked: 2,
    };
    assert_eq!(refusal(again), too_many);
}

#[test]
fn the_same_again_is_the_same_and_a_change_keeps_the_number() {
    let stored = order(vec![item("1", "A", 2)]);
    let (first, order) = written(decide(&stored, &[], "P1", hand_over(ParcelUnits::AllOpen)));
    let same = decide(
        &order,
        std::slice::from_ref(&first),
        "P1",
        hand_over(ParcelUnits::AllOpen),
    );
    assert_eq!(same, DispatchDecision::Same(Box::new(first.clone())));
    let confirmed = first.calling(at(101)).confirmed(None, at(102));
    let edit = HandOver {
        tracking_number: "15509999999999".parse().unwrap(),
        ..hand_over(ParcelUnits::AllOpen)
    };
    let (edited, after) = written(decide(&order, &[confirmed], "P1", edit));
    assert_eq!(
        (edited.number, edited.lines.clone()),
        (first.number, first.lines)
    );
    assert_eq!(
        (edited.state, edited.confirmed_at),
        (DispatchState::ToConfirm, Some(at(102)))
    );
    assert_eq!(after.claims.len(), 1);
}

#[test]
fn what_was_asked_before_what_a_dispatch_holds_changes_nothing() {
    let stored = order(vec![item("1", "A", 1)]);
    let with = |tracking: &str| HandOver {
        tracking_number: tracking.parse().unwrap(),
        ..hand_over(ParcelUnits::AllOpen)
    };
    let new = asked(&stored, &[], "P1", with("1"), Some(at(40)));
    let (newest, order) = written(new);
    let again = |before: &Dispatch, tracking, asked_at| {
        let before = std::slice::from_ref(before);
        asked(&order, before, "P1", with(tracking), asked_at)
    };
    let same = DispatchDecision::Same(Box::new(newest.clone()));
    assert_eq!(again(&newest, "2", Some(at(39))), same, "late");
    assert_eq!(again(&newest, "1", Some(at(40))), same, "twice");
    let (edited, _) = written(again(&newest, "2", Some(at(41))));
    assert_eq!(edited.asked_at, Some(at(41)));
    // The release before says when a dispatch was changed, and not when a row was asked for.
    let former = Dispatch {
        asked_at: None,
        ..newest
    };
    let same = DispatchDecision::Same(Box::new(former.clone()));
    assert_eq!(former.changed_at, at(50));
    assert_eq!(again(&former, "2", Some(at(49))), same);
    written(again(&former, "2", Some(at(51))));
    written(again(&former, "2", None));
}

#[test]
fn a_refused_parcel_goes_again_as_it_was_only_if_that_was_asked_after_the_refusal() {
    let stored = order(vec![item("1", "A", 1)]);
    let content = || hand_over(ParcelUnits::AllOpen);
    let (handed, claimed) = written(asked(&stored, &[], "P1", content(), Some(at(40))));
    let refused = handed
        .calling(at(41))
        .refused(&claimed, words(), at(60))
        .dispatch;
    let again = |asked_at| {
        let before = std::slice::from_ref(&refused);
        asked(&stored, before, "P1", content(), asked_at)
    };
    let same = DispatchDecision::Same(Box::new(refused.clone()));
    assert_eq!(again(Some(at(40))), same, "a message that comes twice");
    assert_eq!(again(Some(at(60))), same, "asked before the refusal");
    assert_eq!(again(None), same, "a message of the release before");
    let (going, order) = written(again(Some(at(61))));
    assert_eq!(going.state, DispatchState::ToConfirm);
    assert_eq!((going.number, going.words), (refused.number, None));
    assert_eq!(order.unclaimed(&order.order.items[0]), 0);
}

#[test]
fn once_amazon_was_told_lines_are_fixed_and_an_edit_counts_no_unit_twice() {
    let stored = order(vec![item("1", "A", 2)]);
    let (first, mut order) = written(decide(&stored, &[], "P1", hand_over(units(sku("A"), 1))));
    let told = first.calling(at(101)).confirmed(None, at(102));
    let more = decide(
        &order,
        std::slice::from_ref(&told),
        "P1",
        hand_over(units(sku("A"), 2)),
    );
    assert_eq!(refusal(more), DispatchRefusal::LinesAreFixed);
    // Amazon shows the first unit as shipped, without packages.
    order.order.items[0].quantity_fulfilled = 1;
    order.order.items[0].quantity_unfulfilled = Some(1);
    let edit = HandOver {
        handed_over_at: at(90),
        ..hand_over(units(sku("A"), 1))
    };
    let (_, order) = written(decide(&order, &[told], "P1", edit));
    assert_eq!(order.unclaimed(&order.order.items[0]), 1);
    assert_eq!(order.shipped_quantity(&order.order.items[0]), 1);
}

#[test]
fn what_amazon_would_refuse_is_refused_before() {
    let stored = order(vec![item("1", "A", 1)]);
    let transparent = OrderItem {
        programs: vec!["TRANSPARENCY".into()],
        ..item("1", "A", 1)
    };
    let asked = OrderItem {
        cancel_requested: true,
        ..item("1", "A", 1)
    };
    let status = |status| StoredOrder {
        status,
        ..stored.clone()
    };
    let by_amazon = || {
        let mut order = stored.clone();
        order.order.fulfilled_by = Some(FulfilledBy::Amazon);
        order
    };
    let picked_up = || {
        let mut order = stored.clone();
        order.requirements.amazon_ships = Some(AmazonShips::StorePickUp);
        order
    };
    let held = StoredOrder {
        held: Some(OrderHold {
            reason: "x".into(),
            since: at(1),
        }),
        ..stored.clone()
    };
    let rows = [
        (status(OrderStatus::Cancelled), "cancelled"),
        (status(OrderStatus::Elsewhere), "not_ours"),
        (status(OrderStatus::Parked), "not_ours"),
        (status(OrderStatus::AwaitingPayment), "not_ours"),
        (by_amazon(), "fulfilled_by_amazon"),
        (picked_up(), "carried_by_amazon"),
        (held, "held"),
        (order(vec![transparent]), "no_transparency_codes"),
        (order(vec![asked.clone()]), "buyer_cancel"),
        (order(Vec::new()), "nothing_open"),
    ];
    for (stored, code) in rows {
        let found = decide(&stored, &[], "P1", hand_over(ParcelUnits::AllOpen));
        assert_eq!(refusal(found).code().as_str(), code);
    }
    let despite = HandOver {
        despite_cancel: true,
        ..hand_over(ParcelUnits::AllOpen)
    };
    written(decide(&order(vec![asked]), &[], "P1", despite));
    let unknown = decide(
        &stored,
        &[],
        "P1",
        hand_over(units(LineRef::Id("9".into()), 1)),
    );
    assert_eq!(refusal(unknown).code().as_str(), "unknown_line");
}

#[test]
fn a_ship_date_is_neither_in_amazons_future_nor_before_the_purchase() {
    let stored = order(vec![item("1", "A", 1)]);
    let (dispatch, _) = written(decide(&stored, &[], "P1", hand_over(ParcelUnits::AllOpen)));
    assert_eq!(dispatch.ship_date(at(0), at(1_000)), at(100));
    assert_eq!(dispatch.ship_date(at(0), at(80)), at(20));
    assert_eq!(dispatch.ship_date(at(70), at(80)), at(70));
}

#[test]
fn a_cancellation_and_a_dispatch_never_have_the_same_units() {
    let mut stored = order(vec![item("1", "A", 2)]);
    let line = stored.order.items[0].clone();
    let claim = LineClaim::by_cancellation(&line, 2, "C1".parse().unwrap());
    assert!(matches!(claim.by, ClaimedBy::Cancellation(_)));
    stored.claims.push(claim);
    let found = decide(&stored, &[], "P1", hand_over(ParcelUnits::AllOpen));
    assert_eq!(refusal(found), DispatchRefusal::NothingOpen);
}
