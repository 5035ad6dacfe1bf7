//! What a change of an item means to the outside: pure, so that the same record always announces the same.

use crate::event::{Event, EventType};
use jiff::Timestamp;
use stallkeeper::domain::connection::{Connection, ConnectionStatus};
use stallkeeper::domain::order::OrderStatus;
use stallkeeper::store::stream::OrderImage;

/// What happened to an order between two images of it; `old` is `None` where it is new.
///
/// Each transition is told once, by the change that made it. One change may be several: an order that comes in without
/// a mapping is `order.imported` and `order.pending_review`.
pub fn changes(old: Option<&OrderImage>, new: &OrderImage, at: Option<Timestamp>) -> Vec<Event> {
    let had = |status: OrderStatus| old.is_some_and(|old| old.row.status == status);
    let is = |status: OrderStatus| new.row.status == status;
    let same = |of: fn(&OrderImage) -> &Option<String>| old.is_some_and(|old| of(old) == of(new));

    let amazon_told_more = old.is_some_and(|old| old.version != new.version);
    let waits = is(OrderStatus::PendingReview)
        && !(had(OrderStatus::PendingReview) && same(|image| &image.row.reason));
    let got_courier = new.row.service.is_some() && !same(|image| &image.row.service);
    let cancelled = is(OrderStatus::Cancelled) && !had(OrderStatus::Cancelled);

    let happened = [
        (old.is_none(), EventType::OrderImported),
        (amazon_told_more, EventType::OrderChanged),
        (waits, EventType::OrderPendingReview),
        (got_courier, EventType::OrderCourierAssigned),
        (cancelled, EventType::OrderCancelled),
    ];
    happened
        .into_iter()
        .filter(|(happened, _)| *happened)
        .map(|(_, kind)| Event::order(kind, new, at))
        .collect()
}

/// What happened to a connection between two images of it.
pub fn connection_changes(
    old: Option<&Connection>,
    new: &Connection,
    at: Option<Timestamp>,
) -> Vec<Event> {
    let lost = ConnectionStatus::NeedsReauthorisation;
    if new.status == lost && old.is_none_or(|old| old.status != lost) {
        vec![Event::connection(
            EventType::ConnectionNeedsReauthorisation,
            new,
            at,
        )]
    } else {
        Vec::new()
    }
}
