//! Orders that come at risk, by what happens to them or as time passes.

use super::*;
use crate::risk_changes::risk_change;
use jiff::SignedDuration;
use serde_json::json;
use stallkeeper::domain::order::{Risk, RiskMark, StoredOrder};
use stallkeeper::store::stream::Images;

const HOUR: i64 = 3_600;

/// An order that is ready and to be shipped `hours` hours after the moment of the change.
fn ready(hours: i64) -> StoredOrder {
    let mut order = demo_order();
    order.status = OrderStatus::Ready;
    order.order.ship_by = Some(at(hours * HOUR));
    order
}

/// What a change at `at(0)` announces.
fn announced(
    old: Option<(&StoredOrder, Option<RiskMark>)>,
    new: &StoredOrder,
    mark: Option<RiskMark>,
) -> Option<Event> {
    let image_of = |at_risk: &Option<RiskMark>| OrderImage {
        at_risk: at_risk.clone(),
        ..image()
    };
    let row = old.as_ref().map(|(_, mark)| image_of(mark));
    let whole = Images {
        old: old.map(|(order, _)| Box::new(order.clone())),
        new: Box::new(new.clone()),
    };
    let before = SignedDuration::from_hours(12);
    risk_change(row.as_ref(), &image_of(&mark), &whole, Some(at(0)), before)
}

fn risk_of(event: Option<&Event>) -> Option<serde_json::Value> {
    let event = event?;
    assert_eq!(event.kind(), "order.at_risk");
    Some(serde_json::to_value(&event.detail).unwrap()["risk"].clone())
}

#[test]
fn an_order_that_comes_in_late_is_at_risk_at_once() {
    for (hours, expected) in [
        (13, None),
        (12, Some(json!("ship_by"))),
        (-3, Some(json!("ship_by"))),
        (-5 * 24, Some(json!("auto_cancel"))),
    ] {
        let event = announced(None, &ready(hours), None);
        assert_eq!(risk_of(event.as_ref()), expected, "{hours}");
    }
    let mut unpaid = ready(1);
    unpaid.status = OrderStatus::AwaitingPayment;
    assert_eq!(announced(None, &unpaid, None), None);
    let paid = announced(Some((&unpaid, None)), &ready(1), None);
    assert_eq!(risk_of(paid.as_ref()), Some(json!("ship_by")));
    let mut fba = ready(1);
    fba.order.fulfilled_by = Some(stallkeeper::domain::order::FulfilledBy::Amazon);
    assert_eq!(announced(None, &fba, None), None, "Amazon ships it");
}

#[test]
fn a_change_of_something_else_is_no_news_and_another_ship_by_moment_is() {
    let mut acknowledged = ready(1);
    acknowledged.status = OrderStatus::Acknowledged;
    assert_eq!(
        announced(Some((&ready(1), None)), &acknowledged, None),
        None
    );
    let sooner = announced(Some((&ready(48), None)), &ready(2), None);
    assert_eq!(risk_of(sooner.as_ref()), Some(json!("ship_by")));
    let mut gone = ready(1);
    gone.status = OrderStatus::Dispatched;
    assert_eq!(announced(Some((&ready(1), None)), &gone, None), None);
}

#[test]
fn a_mark_is_announced_once_under_the_same_id_as_the_change_would_be() {
    let order = ready(1);
    let mark = |risk| RiskMark {
        risk,
        ship_by: at(HOUR),
    };
    let soon = Some(mark(Risk::ShipBy));
    let marked = announced(Some((&order, None)), &order, soon.clone()).unwrap();
    let came_in = announced(None, &order, None).unwrap();
    assert_eq!(marked.id(), came_in.id());
    assert_eq!(
        announced(Some((&order, soon.clone())), &order, soon.clone()),
        None
    );
    assert_eq!(
        announced(Some((&order, soon.clone())), &order, None),
        None,
        "a write takes it away"
    );
    let next = announced(Some((&order, soon)), &order, Some(mark(Risk::AutoCancel))).unwrap();
    assert_ne!(next.id(), marked.id());
    let detail = serde_json::to_value(&next.detail).unwrap();
    assert_eq!(detail["risk"], "auto_cancel");
    assert_eq!(detail["auto_cancel_at"], json!(at((1 + 7 * 24) * HOUR)));
    assert!(detail["lines"].is_array());
}
