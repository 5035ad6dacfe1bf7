//! What a change of an item means to the outside: pure, so that the same record always announces the same.

use crate::event::{Event, Happened};
use jiff::Timestamp;
use stallkeeper::domain::connection::{Connection, ConnectionStatus};
use stallkeeper::domain::order::OrderStatus;
use stallkeeper::store::OrderRow;
use stallkeeper::store::stream::OrderImage;

type OfOrder = fn(Box<OrderRow>) -> Happened;

/// What happened to an order between two images of it; `old` is `None` if it is new.
///
/// Each transition is announced once, by the change that made it. One change may be several: an order that comes in without
/// a mapping is `order.imported` and `order.pending_review`.
pub fn changes(old: Option<&OrderImage>, new: &OrderImage, at: Option<Timestamp>) -> Vec<Event> {
    let had = |status: OrderStatus| old.is_some_and(|old| old.row.status == status);
    let is = |status: OrderStatus| new.row.status == status;
    let same = |of: fn(&OrderImage) -> &Option<String>| old.is_some_and(|old| of(old) == of(new));

    let amazon_changed_it = old.is_some_and(|old| old.version != new.version);
    let waits = is(OrderStatus::PendingReview)
        && !(had(OrderStatus::PendingReview) && same(|image| &image.row.reason));
    // What is elsewhere has a service on paper only; taken over, it gets it.
    let got_courier = new.row.service.is_some()
        && !is(OrderStatus::Elsewhere)
        && (!same(|image| &image.row.service) || had(OrderStatus::Elsewhere));
    let cancelled = is(OrderStatus::Cancelled) && !had(OrderStatus::Cancelled);

    let happened: [(bool, OfOrder); 5] = [
        (old.is_none(), Happened::OrderImported),
        (amazon_changed_it, Happened::OrderChanged),
        (waits, Happened::OrderPendingReview),
        (got_courier, Happened::OrderCourierAssigned),
        (cancelled, Happened::OrderCancelled),
    ];
    happened
        .into_iter()
        .filter(|(happened, _)| *happened)
        .map(|(_, happened)| {
            let row = &new.row;
            let (order, revision) = (row.order_id.as_str(), row.revision.to_string());
            let which = [row.connection.as_str(), order, &revision];
            Event::new(&new.tenant, which, happened(Box::new(row.clone())), at)
        })
        .collect()
}

/// What happened to a connection between two images of it.
pub fn connection_changes(
    old: Option<&Connection>,
    new: &Connection,
    at: Option<Timestamp>,
) -> Vec<Event> {
    let lost = ConnectionStatus::NeedsReauthorisation;
    if new.status != lost || old.is_some_and(|old| old.status == lost) {
        return Vec::new();
    }
    let happened = Happened::ConnectionNeedsReauthorisation {
        connection: new.id.clone(),
        revision: new.revision,
        marketplace: new.marketplace,
        status: new.status,
        authorised_at: new.authorised_at,
    };
    let which = [new.id.as_str(), "", &new.revision.to_string()];
    vec![Event::new(&new.tenant, which, happened, at)]
}
