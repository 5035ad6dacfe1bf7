//! Wishes to cancel against an order, and what Amazon's verdicts make of them.

mod lock;

use super::decide::decide as decide_at;
use super::*;
use crate::domain::order::{ClaimedBy, LineClaim, OrderStatus};
use serde_json::{Value, json};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + second).unwrap()
}

fn item(id: &str, quantity: u32) -> Value {
    json!({
        "id": id, "sku": format!("SKU-{id}"), "asin": null, "title": null, "quantity": quantity, "quantity_fulfilled": 0,
        "quantity_unfulfilled": quantity, "unit_price": null, "proceeds": null, "constraints": [],
        "cancel_requested": false, "programs": [],
    })
}

/// An order of three lines that the platform has taken over.
fn order() -> StoredOrder {
    let items = [item("1", 1), item("2", 3), item("3", 2)];
    serde_json::from_value(json!({
        "tenant": "t", "connection": "c", "status": "acknowledged",
        "order": {
            "id": "026-1", "marketplace_id": null, "created_at": at(0), "updated_at": at(0),
            "amazon_status": "UNSHIPPED", "fulfilled_by": "MERCHANT", "service_level": null, "ship_by": at(86_400),
            "deliver_by": null, "label_from": null, "programs": [], "associated": [], "country": null,
            "address_type": null, "total": null, "items": items,
        },
        "decision": {"term": null, "service": "DPD/next-day", "reason": null, "candidates": [], "by_person": false, "explanation": []},
        "requirements": {}, "version": {"fetched_at": at(0), "updated_at": at(0), "datasets": 6}, "content_hash": 1,
        "revision": 2, "imported_at": at(0), "acknowledged_at": at(10),
        "first_history": {"at": at(0), "kind": "imported", "note": ""},
    }))
    .unwrap()
}

fn ready() -> StoredOrder {
    StoredOrder {
        status: OrderStatus::Ready,
        acknowledged_at: None,
        ..order()
    }
}

fn lines(ids: &[&str]) -> CancelUnits {
    let wish = |id: &&str| LineWish {
        line: (*id).to_owned(),
        units: None,
    };
    CancelUnits::Lines(ids.iter().map(wish).collect())
}

fn decide(stored: &StoredOrder, units: &CancelUnits, id: &str) -> CancelDecision {
    let id = id.parse().unwrap();
    decide_at(stored, units, CancelReason::NoInventory, &id, at(50))
}

fn written(decision: CancelDecision) -> (Cancellation, StoredOrder) {
    match decision {
        CancelDecision::Write {
            cancellation,
            order,
            ..
        } => (*cancellation, *order),
        other => panic!("{other:?}"),
    }
}

fn refused(decision: CancelDecision) -> CancelRefusal {
    match decision {
        CancelDecision::Refused(refusal) => refusal,
        other => panic!("{other:?}"),
    }
}

fn words() -> CancelWords {
    CancelWords {
        at: at(99),
        code: "18028".into(),
        message: "It is shipped.".into(),
    }
}

fn sent(cancellation: &Cancellation) -> Cancellation {
    cancellation.sent(&"F1".parse().unwrap())
}

#[test]
fn whole_lines_are_claimed_once_and_asked_for_again_are_known() {
    let (cancellation, claimed) = written(decide(&order(), &lines(&["2"]), "C1"));
    assert_eq!(cancellation.state, CancellationState::ToSend);
    assert_eq!((cancellation.lines[0].units, claimed.revision), (3, 3));
    assert_eq!(claimed.unclaimed(&claimed.order.items[1]), 0);
    assert_eq!(claimed.status, OrderStatus::Acknowledged);
    let again = decide(&claimed, &lines(&["2"]), "C2");
    assert_eq!(again, CancelDecision::Already("C1".parse().unwrap()));
    let (rest, all) = written(decide(&claimed, &CancelUnits::AllOpen, "C3"));
    assert_eq!(rest.lines.len(), 2);
    let repeated = decide(
        &written(decide(&order(), &CancelUnits::AllOpen, "C4")).1,
        &CancelUnits::AllOpen,
        "C5",
    );
    assert_eq!(repeated, CancelDecision::Already("C4".parse().unwrap()));
    let known = decide(&all, &lines(&["3", "1"]), "C4");
    assert_eq!(known, CancelDecision::Already("C3".parse().unwrap()));
    let mixed = refused(decide(&claimed, &lines(&["1", "2"]), "C5"));
    assert!(matches!(mixed, CancelRefusal::Cancelling { index: 1, .. }));
}

#[test]
fn a_part_of_a_line_is_refused_whoever_has_the_rest() {
    let part = CancelUnits::Lines(vec![LineWish {
        line: "2".into(),
        units: Some(1),
    }]);
    let expected = |open, index| CancelRefusal::PartOfLine {
        index,
        line: "2".into(),
        ordered: 3,
        open,
    };
    assert_eq!(refused(decide(&order(), &part, "C")), expected(3, Some(0)));
    let mut shipped = order();
    shipped.order.items[1].quantity_fulfilled = 1;
    shipped.order.items[1].quantity_unfulfilled = Some(2);
    let refusal = refused(decide(&shipped, &lines(&["2"]), "C"));
    assert_eq!(refusal, expected(2, Some(0)));
    let refusal = refused(decide(&shipped, &CancelUnits::AllOpen, "C"));
    assert_eq!(refusal, expected(2, None));
}

#[test]
fn what_a_parcel_has_is_not_cancelled() {
    let claim = |units| LineClaim {
        by: ClaimedBy::Dispatch("P1".parse().unwrap()),
        ..LineClaim::by_cancellation(&order().order.items[1], units, "x".parse().unwrap())
    };
    let mut dispatched = order();
    dispatched.claims = vec![claim(3)];
    let refusal = refused(decide(&dispatched, &lines(&["2"]), "C"));
    assert!(matches!(
        refusal,
        CancelRefusal::Dispatched { index: 0, .. }
    ));
    let (rest, _) = written(decide(&dispatched, &CancelUnits::AllOpen, "C"));
    let ids: Vec<&str> = rest.lines.iter().map(|line| line.line.as_str()).collect();
    assert_eq!(ids, ["1", "3"]);
    dispatched.claims = vec![claim(1)];
    let refusal = refused(decide(&dispatched, &CancelUnits::AllOpen, "C"));
    assert!(matches!(refusal, CancelRefusal::PartOfLine { open: 2, .. }));
}

#[test]
fn what_is_not_ours_over_or_unknown_is_refused() {
    let with = |status| StoredOrder { status, ..order() };
    for status in [
        OrderStatus::Parked,
        OrderStatus::Elsewhere,
        OrderStatus::AwaitingPayment,
    ] {
        let refusal = refused(decide(&with(status), &CancelUnits::AllOpen, "C"));
        assert_eq!(refusal, CancelRefusal::NotOurs(status));
    }
    for status in [OrderStatus::Dispatched, OrderStatus::Cancelled] {
        let refusal = refused(decide(&with(status), &lines(&["1"]), "C"));
        assert_eq!(refusal, CancelRefusal::Over(status));
    }
    let unknown = refused(decide(&order(), &lines(&["1", "9"]), "C"));
    assert_eq!(unknown, CancelRefusal::UnknownLine { index: 1 });
    let repeated = refused(decide(&order(), &lines(&["1", "1"]), "C"));
    assert_eq!(repeated, CancelRefusal::Repeated { index: 1 });
    let mut by_amazon = order();
    by_amazon.order.fulfilled_by = Some("AMAZON".to_owned().into());
    let refusal = refused(decide(&by_amazon, &CancelUnits::AllOpen, "C"));
    assert_eq!(refusal, CancelRefusal::FulfilledByAmazon);
}

#[test]
fn an_order_that_is_cancelled_as_a_whole_is_offered_to_nobody_and_a_refusal_waits_for_a_person() {
    let (part, still) = written(decide(&ready(), &lines(&["1"]), "C"));
    assert_eq!((still.status, still.held), (OrderStatus::Ready, None));
    assert!(part.lines[0].counts_against_rate);
    let (whole, held) = written(decide(&ready(), &CancelUnits::AllOpen, "C"));
    assert_eq!(held.status, OrderStatus::PendingReview);
    assert!(held.held.is_some());
    let all: Vec<(String, CancelWords)> = whole
        .lines
        .iter()
        .map(|it| (it.line.clone(), words()))
        .collect();
    let settled = sent(&whole)
        .settle(&held, &CancelVerdict::Refused(all), at(100))
        .unwrap();
    let (order, entry) = settled.order.unwrap();
    assert_eq!(settled.cancellation.state, CancellationState::Refused);
    assert_eq!(
        (order.claims.len(), order.status),
        (0, OrderStatus::PendingReview)
    );
    let reason = order.held.unwrap().reason;
    assert!(reason.contains("It is shipped."), "{reason}");
    assert!(entry.note.contains("18028"));
}

#[test]
fn each_line_has_its_own_verdict_and_only_refused_ones_are_open_again() {
    let (cancellation, claimed) = written(decide(&order(), &lines(&["1", "2"]), "C"));
    let verdict = CancelVerdict::Refused(vec![("2".into(), words())]);
    let settled = sent(&cancellation)
        .settle(&claimed, &verdict, at(100))
        .unwrap();
    assert_eq!(settled.cancellation.state, CancellationState::Accepted);
    let (open_again, _) = settled.order.unwrap();
    let unclaimed: Vec<u32> = open_again
        .order
        .items
        .iter()
        .map(|it| open_again.unclaimed(it))
        .collect();
    assert_eq!(unclaimed, [0, 3, 2]);
    assert_eq!(
        settled.cancellation.settle(&open_again, &verdict, at(101)),
        None,
        "once"
    );
    let accepted = sent(&cancellation)
        .settle(&claimed, &CancelVerdict::Accepted, at(100))
        .unwrap();
    assert_eq!(
        accepted.order, None,
        "the claim stays until Amazon's order shows it"
    );
}

#[test]
fn amazons_order_is_the_last_word_even_over_a_refusal() {
    let (cancellation, claimed) = written(decide(&order(), &lines(&["2"]), "C"));
    let verdict = CancelVerdict::Refused(vec![("2".into(), words())]);
    let sent = sent(&cancellation);
    let refused = sent
        .settle(&claimed, &verdict, at(100))
        .unwrap()
        .cancellation;
    assert_eq!(refused.state_in(&claimed), CancellationState::Refused);
    let mut shown = claimed.clone();
    shown.order.items[1].quantity_unfulfilled = Some(0);
    for cancellation in [&sent, &refused] {
        assert_eq!(cancellation.state_in(&shown), CancellationState::Cancelled);
    }
    let mut shipped = claimed;
    shipped.order.items[1].quantity_unfulfilled = Some(0);
    shipped.order.items[1].quantity_fulfilled = 3;
    assert_eq!(sent.state_in(&shipped), CancellationState::Sent);
}

#[test]
fn a_feed_that_comes_to_nothing_is_followed_by_another_ever_later_and_not_for_ever() {
    let (mut cancellation, _) = written(decide(&order(), &lines(&["2"]), "C"));
    let mut waits = Vec::new();
    while let Some(again) = sent(&cancellation).again(at(0)) {
        waits.push(again.due_at.duration_since(at(0)).as_mins());
        assert!(!again.is_due(at(0)) && again.is_due(again.due_at));
        cancellation = again;
    }
    assert_eq!(waits, [5, 10, 20, 40, 80, 120, 120]);
}
