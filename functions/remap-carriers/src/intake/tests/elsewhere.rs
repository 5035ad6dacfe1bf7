//! The take-over moment: what was bought before it is watched, and offered to nobody.

use super::*;

fn taking_over(from: Option<i64>) -> Rules {
    Rules::new(rules().settings, from.map(at))
}

/// After a reading that was fetched at `fetched`.
fn after(json: Value, fetched: i64, stored: &StoredOrder, rules: &Rules) -> StoredOrder {
    match take_in(
        &ids(),
        &read(json, fetched),
        Some(stored),
        rules,
        at(fetched),
    ) {
        Intake::Write { order, .. } => *order,
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_order_bought_before_the_moment_or_without_one_is_decided_and_elsewhere() {
    use OrderStatus::{AwaitingPayment, Cancelled, Dispatched, Elsewhere, Ready};
    let rows = [
        ("UNSHIPPED", None, Elsewhere),
        ("UNSHIPPED", Some(1), Elsewhere),
        ("UNSHIPPED", Some(0), Ready),
        ("UNSHIPPED", Some(-1), Ready),
        ("PARTIALLY_SHIPPED", Some(1), Elsewhere),
        ("PENDING", Some(1), Elsewhere),
        ("PENDING", Some(0), AwaitingPayment),
        ("SHIPPED", None, Dispatched),
        ("CANCELLED", None, Cancelled),
    ];
    for (amazon, from, status) in rows {
        let order = take(raw(amazon, 1, json!({})), None, &taking_over(from)).unwrap();
        assert_eq!(order.status, status, "{amazon} {from:?}");
        let is_decided = amazon.ends_with("SHIPPED") && amazon != "SHIPPED";
        assert_eq!(
            order.decision.service.is_some(),
            is_decided,
            "{amazon} {from:?}"
        );
    }
    let without_courier = json!({"fulfillment": {"fulfillmentServiceLevel": "EXPEDITED"}});
    let order = take(
        raw("UNSHIPPED", 1, without_courier),
        None,
        &taking_over(None),
    )
    .unwrap();
    assert_eq!(
        (order.status, order.decision.reason),
        (OrderStatus::Elsewhere, Some(Reason::NoMapping))
    );
}

#[test]
fn a_parked_order_that_flows_on_stays_elsewhere_if_it_was_bought_before() {
    let off = Rules::new(Settings::default(), Some(at(1)));
    let parked = take(raw("UNSHIPPED", 1, json!({})), None, &off).unwrap();
    assert_eq!(parked.status, OrderStatus::Parked);
    let flowing = take(
        raw("UNSHIPPED", 1, json!({})),
        Some(&parked),
        &taking_over(Some(1)),
    );
    assert_eq!(flowing.unwrap().status, OrderStatus::Elsewhere);
}

#[test]
fn setting_the_moment_looks_again_at_what_is_elsewhere() {
    let watched = take(raw("UNSHIPPED", 1, json!({})), None, &taking_over(None)).unwrap();
    assert_eq!(look_again(&watched, &taking_over(None), at(101)), None);
    assert_eq!(
        look_again(&watched, &taking_over(Some(1)), at(101)),
        None,
        "bought before"
    );
    let (ours, entry) = look_again(&watched, &taking_over(Some(0)), at(101)).unwrap();
    assert_eq!(
        (ours.status, entry.kind),
        (OrderStatus::Ready, HistoryKind::Rerun)
    );
    assert!(
        !ours
            .decision
            .explanation
            .iter()
            .any(|line| line.contains("watched"))
    );
}

#[test]
fn what_was_ours_once_stays_ours() {
    let ready = take(raw("UNSHIPPED", 1, json!({})), None, &taking_over(Some(0))).unwrap();
    let shadow = taking_over(None);
    assert_eq!(look_again(&ready, &shadow, at(101)), None);
    let changed = after(raw("PARTIALLY_SHIPPED", 2, json!({})), 101, &ready, &shadow);
    assert_eq!(changed.status, OrderStatus::PartlyDispatched);
    let changed = after(raw("UNSHIPPED", 3, json!({})), 102, &changed, &shadow);
    assert_eq!(changed.status, OrderStatus::Ready);

    let watched = take(raw("UNSHIPPED", 1, json!({})), None, &shadow).unwrap();
    let taken_over = StoredOrder {
        status: OrderStatus::Ready,
        taken_over_at: Some(at(50)),
        ..watched.clone()
    };
    let changed = after(
        raw("PARTIALLY_SHIPPED", 2, json!({})),
        101,
        &taken_over,
        &shadow,
    );
    assert_eq!(changed.status, OrderStatus::PartlyDispatched);
    let changed = after(
        raw("PARTIALLY_SHIPPED", 2, json!({})),
        101,
        &watched,
        &shadow,
    );
    assert_eq!(changed.status, OrderStatus::Elsewhere);
    let shipped = after(raw("SHIPPED", 2, json!({})), 101, &watched, &shadow);
    assert_eq!(shipped.status, OrderStatus::Dispatched);
}
