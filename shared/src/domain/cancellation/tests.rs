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
    for failure in [FeedFailure::NoEffect, FeedFailure::Unknown] {
        let (mut cancellation, claimed) = written(decide(&order(), &lines(&["2"]), "C"));
        let mut waits = Vec::new();
        let last = loop {
            match sent(&cancellation).returned(failure, "no answer", at(0)) {
                Returned::Again(again) => {
                    waits.push(again.due_at.duration_since(at(0)).as_mins());
                    assert!(!again.is_due(at(0)) && again.is_due(again.due_at));
                    assert_eq!(again.note.as_deref(), Some("no answer"));
                    cancellation = again;
                }
                Returned::GivenUp(last) => break last,
            }
        };
        assert_eq!(waits, [5, 10, 20, 40, 80, 120, 120]);
        let verdict = CancelVerdict::Refused(vec![("2".into(), words())]);
        let settled = last.settle(&claimed, &verdict, at(1)).unwrap();
        let expected = match failure {
            FeedFailure::Unknown => CancellationState::Unknown,
            _ => CancellationState::Refused,
        };
        assert_eq!(settled.cancellation.state, expected, "{failure:?}");
    }
    let (cancellation, _) = written(decide(&order(), &lines(&["2"]), "C"));
    let unsent = sent(&cancellation).returned(FeedFailure::NotSent, "no answer", at(100));
    let Returned::Again(unsent) = unsent else {
        panic!("{unsent:?}");
    };
    assert_eq!((unsent.tries, unsent.due_at), (0, cancellation.due_at));
}

/// Lines 1 and 2 in a second feed, after one of unknown outcome, of which Amazon refuses line 2.
fn doubted() -> (Cancellation, StoredOrder) {
    let (cancellation, claimed) = written(decide(&order(), &lines(&["1", "2"]), "C"));
    let lost = sent(&cancellation).returned(FeedFailure::Unknown, "no answer", at(60));
    let Returned::Again(again) = lost else {
        panic!("{lost:?}");
    };
    let verdict = CancelVerdict::Refused(vec![("2".into(), words())]);
    let settled = sent(&again).settle(&claimed, &verdict, at(400)).unwrap();
    assert_eq!(settled.order, None, "its claims stay");
    (settled.cancellation, claimed)
}

#[test]
fn after_a_feed_of_unknown_outcome_only_amazons_order_opens_a_line_that_is_refused() {
    let (doubted, claimed) = doubted();
    assert_eq!(doubted.state, CancellationState::Unknown);
    assert!(doubted.is_pending() && doubted.settled_at.is_none());
    assert_eq!(doubted.due_at, at(400 + 15 * 60));
    assert!(doubted.note.as_ref().unwrap().contains("18028"));
    let verdict = CancelVerdict::Accepted;
    assert_eq!(doubted.settle(&claimed, &verdict, at(500)), None, "once");

    let open = &claimed.order;
    let settled = doubted.settle_by_order(&claimed, open, at(2_000)).unwrap();
    let (order, _) = settled.order.unwrap();
    assert_eq!(order.unclaimed(&order.order.items[1]), 3);
    assert_eq!(order.unclaimed(&order.order.items[0]), 0, "it is accepted");
    assert_eq!(settled.cancellation.state, CancellationState::Accepted);
    assert_eq!(settled.cancellation.note, None);

    let mut cancelled = claimed.order.clone();
    cancelled.items[1].quantity_unfulfilled = Some(0);
    let shown = doubted.settle_by_order(&claimed, &cancelled, at(2_000));
    let shown = shown.unwrap();
    assert_eq!(shown.order, None, "its claim stays");
    assert_eq!(shown.cancellation.state, CancellationState::Accepted);
    assert!(
        shown
            .cancellation
            .lines
            .iter()
            .all(|it| it.refused.is_none())
    );
    let by_sweep = doubted.shown(at(2_000));
    assert!(by_sweep.lines.iter().all(|it| it.refused.is_none()));
    let again = shown.cancellation;
    assert_eq!(again.settle_by_order(&claimed, open, at(3_000)), None);
}

#[test]
fn an_order_of_amazons_without_the_line_says_nothing_of_it() {
    let (doubted, claimed) = doubted();
    let mut without = claimed.order.clone();
    without.items.remove(1);
    assert_eq!(doubted.settle_by_order(&claimed, &without, at(2_000)), None);
    let later = doubted.not_shown("it is read again".to_owned(), at(2_000));
    assert_eq!(later.state, CancellationState::Unknown);
    assert!(later.due_at > at(2_000) && later.revision == doubted.revision + 1);
}

#[test]
fn a_feed_that_surely_had_no_effect_leaves_no_doubt() {
    let (cancellation, claimed) = written(decide(&order(), &lines(&["2"]), "C"));
    let returned = sent(&cancellation).returned(FeedFailure::NoEffect, "403", at(60));
    let Returned::Again(again) = returned else {
        panic!("{returned:?}");
    };
    let verdict = CancelVerdict::Refused(vec![("2".into(), words())]);
    let settled = sent(&again).settle(&claimed, &verdict, at(400)).unwrap();
    assert_eq!(settled.cancellation.state, CancellationState::Refused);
    assert!(settled.order.unwrap().0.claims.is_empty());
}

#[test]
fn a_cancellation_of_the_release_before_is_doubted_if_a_feed_with_it_came_to_nothing() {
    let (cancellation, _) = written(decide(&order(), &lines(&["2"]), "C"));
    let mut json = serde_json::to_value(&cancellation).unwrap();
    json.as_object_mut().unwrap().remove("without_effect");
    let read: Cancellation = serde_json::from_value(json.clone()).unwrap();
    assert!(!read.may_be_cancelled());
    json["tries"] = json!(1);
    let read: Cancellation = serde_json::from_value(json).unwrap();
    assert!(read.may_be_cancelled());
}
