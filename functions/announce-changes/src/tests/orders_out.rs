//! A day of orders that go out or are cancelled, as the real store writes it.

use super::cancellations::cancellation;
use super::dispatches::handed_over;
use super::lines::{line, taken_over};
use super::*;
use kit::{Database, stream_record as record};
use serde_json::Value;
use stallkeeper::domain::cancellation::CancellationState;
use stallkeeper::domain::dispatch::{Dispatch, DispatchState, DispatchWords};
use stallkeeper::domain::order::{BuyerReason, CancelledBy, Risk, RiskMark, StoredOrder};
use stallkeeper::store::Written;

pub(super) const A_DAYS_EVENTS: [&str; 15] = [
    "order.changed",
    "order.partly_dispatched",
    "order.cancel_requested",
    "order.lines_cancelled",
    "order.changed",
    "order.cancel_withdrawn",
    "order.imported",
    "order.cancelled",
    "dispatch.unknown",
    "dispatch.confirmed",
    "dispatch.edited",
    "dispatch.refused",
    "cancellation.accepted",
    "cancellation.refused",
    "order.at_risk",
];

/// What orders out have to announce of a day.
pub(super) async fn a_day() -> Vec<Value> {
    let mut records = order_that_changes().await;
    records.push(order_that_came_cancelled().await);
    records.extend(parcel().await);
    records.extend(cancelled_lines().await);
    records.push(order_at_risk().await);
    records
}

fn called(mut order: StoredOrder, id: &str) -> StoredOrder {
    order.order.id = id.parse().unwrap();
    order
}

/// One line is shipped in part and one cancelled, the buyer asks to cancel the third, and takes that back.
async fn order_that_changes() -> Vec<Value> {
    let database = Database::new().await;
    let mut first = called(taken_over(), "026-1520163-6049112");
    first.order.items.push(line("3", 2));
    let inserted = database.store.insert_order(&first).await;
    assert_eq!(inserted.unwrap(), Written::Done);
    let mut second = later(&first);
    second.status = OrderStatus::PartlyDispatched;
    let [cancelled, shipped, asked] = &mut second.order.items[..] else {
        panic!("an order of three lines");
    };
    cancelled.cancelled_by = Some(CancelledBy::Buyer);
    shipped.quantity_fulfilled = 1;
    asked.cancel_requested = true;
    asked.cancel_reason = Some(BuyerReason::FoundCheaper);
    let mut third = later(&second);
    third.order.items[2].cancel_requested = false;
    let mut images = vec![database.image("OrdersTable", "ORDER").await];
    for order in [second, third] {
        let entry = &order.first_history;
        let replaced = database.store.replace_order(&order, entry).await;
        assert_eq!(replaced.unwrap(), Written::Done);
        images.push(database.image("OrdersTable", "ORDER").await);
    }
    vec![
        record(23, Some(&images[0]), Some(&images[1])),
        record(24, Some(&images[1]), Some(&images[2])),
    ]
}

/// An order as Amazon reports it next.
fn later(order: &StoredOrder) -> StoredOrder {
    let mut order = order.clone();
    order.revision += 1;
    order.version.updated_at = at(order.revision.cast_signed());
    order
}

async fn order_that_came_cancelled() -> Value {
    let database = Database::new().await;
    let mut order = called(demo_order(), "026-1520163-6049120");
    order.status = OrderStatus::Cancelled;
    order.decision.reason = None;
    order.order.items = vec![line("1", 2)];
    order.order.items[0].cancelled_by = Some(CancelledBy::Amazon);
    let inserted = database.store.insert_order(&order).await;
    assert_eq!(inserted.unwrap(), Written::Done);
    let image = database.image("OrdersTable", "ORDER").await;
    record(25, None, Some(&image))
}

/// Amazon's answer about a parcel is lost, then it is confirmed, edited, and edited in a way that Amazon refuses.
async fn parcel() -> Vec<Value> {
    let database = Database::new().await;
    let (handed, order) = handed_over(|_| {});
    let words = |code: &str| DispatchWords {
        at: at(700),
        code: code.into(),
        message: "The request could not be processed.".into(),
    };
    let edited = |dispatch: &Dispatch| Dispatch {
        state: DispatchState::ToConfirm,
        revision: dispatch.revision + 1,
        ..dispatch.clone()
    };
    let calling = handed.calling(at(600));
    let lost = calling.lost(words("Timeout"), at(700));
    let calling_again = lost.calling(at(800));
    let confirmed = calling_again.confirmed(None, at(801));
    let edit = edited(&confirmed);
    let confirmed_again = edit.confirmed(None, at(900));
    let wrong_edit = edited(&confirmed_again);
    let refused = wrong_edit.refused(&order, words("InvalidInput"), at(1000));
    let states = [
        (calling, lost),
        (calling_again, confirmed),
        (edit, confirmed_again),
        (wrong_edit, refused.dispatch),
    ];
    let mut records = Vec::new();
    for (sequence, (old, new)) in (26..).zip(states) {
        let mut images = Vec::new();
        for dispatch in [old, new] {
            let replaced = database.store.replace_dispatch(&dispatch, &order).await;
            assert_eq!(replaced.unwrap(), Written::Done);
            images.push(database.image("OrdersTable", "DISPATCH#").await);
        }
        records.push(record(sequence, Some(&images[0]), Some(&images[1])));
    }
    records
}

/// Amazon accepts one cancellation and refuses another.
async fn cancelled_lines() -> Vec<Value> {
    let mut records = Vec::new();
    for (sequence, verdict) in [(30, "accepted"), (31, "refused")] {
        let database = Database::new().await;
        let sent = cancellation("sent");
        let mut settled = cancellation(verdict);
        assert_ne!(settled.state, CancellationState::Sent);
        settled.revision = sent.revision + 1;
        let mut images = Vec::new();
        for cancellation in [sent, settled] {
            let replaced = database.store.replace_cancellation(&cancellation).await;
            assert_eq!(replaced.unwrap(), Written::Done);
            images.push(database.image("OrdersTable", "CANCELLATION#").await);
        }
        records.push(record(sequence, Some(&images[0]), Some(&images[1])));
    }
    records
}

/// An order comes at risk as time passes.
async fn order_at_risk() -> Value {
    let database = Database::new().await;
    let order = called(taken_over(), "026-1520163-6049138");
    let inserted = database.store.insert_order(&order).await;
    assert_eq!(inserted.unwrap(), Written::Done);
    let before = database.image("OrdersTable", "ORDER").await;
    let (id, connection) = (&order.order.id, Some(&order.connection));
    let listed = database.store.orders_by_id(&order.tenant, id, connection);
    let row = listed.await.unwrap().remove(0).row;
    let mark = RiskMark {
        risk: Risk::ShipBy,
        ship_by: order.order.ship_by.unwrap(),
    };
    let marked = database.store.mark_at_risk(&row, &mark).await;
    assert_eq!(marked.unwrap(), Written::Done);
    let after = database.image("OrdersTable", "ORDER").await;
    record(32, Some(&before), Some(&after))
}
