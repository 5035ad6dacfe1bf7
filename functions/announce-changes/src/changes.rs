//! What a change of an item means to the outside: pure, so that the same record always announces the same.

use crate::event::{Event, Happened, OrderLine, OrderLines};
use jiff::Timestamp;
use stallkeeper::domain::connection::{Connection, ConnectionStatus};
use stallkeeper::domain::order::{OrderItem, OrderStatus, StoredOrder};
use stallkeeper::store::stream::{Images, OrderImage};

type OfOrder = fn(Box<OrderLines>) -> Happened;

/// What happened to an order between two images of it; `old` is `None` if it is new.
///
/// Each transition is announced once, by the change that made it. One change may be several: an order that comes in without
/// a mapping is `order.imported` and `order.pending_review`.
pub fn changes(
    old: Option<&OrderImage>,
    new: &OrderImage,
    whole: &StoredOrder,
    at: Option<Timestamp>,
) -> Vec<Event> {
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
            event(
                new,
                happened(lines_of(new, whole, whole.order.items.iter())),
                at,
            )
        })
        .collect()
}

fn event(new: &OrderImage, happened: Happened, at: Option<Timestamp>) -> Event {
    let row = &new.row;
    let (order, revision) = (row.order_id.as_str(), row.revision.to_string());
    let which = [row.connection.as_str(), order, &revision];
    Event::new(&new.tenant, which, happened, at)
}

/// What happened to single lines of an order.
pub fn line_changes(
    old: Option<&OrderImage>,
    new: &OrderImage,
    whole: &Images<StoredOrder>,
    at: Option<Timestamp>,
) -> Vec<Event> {
    let (before, now) = (whole.old.as_deref(), &*whole.new);
    let partly = OrderStatus::PartlyDispatched;
    let was_partly = old.is_some_and(|old| old.row.status == partly);
    let shipped_more = now.status == partly && (!was_partly || is_less_open(before, now));
    let asked = newly_asked(before, now);
    let withdrawn = newly_withdrawn(before, now);
    let cancelled = newly_cancelled(before, now);
    let mut events = Vec::new();
    if shipped_more {
        let lines = now.order.items.iter();
        let happened = Happened::OrderPartlyDispatched(lines_of(new, now, lines));
        events.push(event(new, happened, at));
    }
    if !asked.is_empty() {
        let happened = Happened::OrderCancelRequested(lines_of(new, now, asked.into_iter()));
        events.push(event(new, happened, at));
    }
    if !withdrawn.is_empty() {
        let happened = Happened::OrderCancelWithdrawn(lines_of(new, now, withdrawn.into_iter()));
        events.push(event(new, happened, at));
    }
    if !cancelled.is_empty() {
        let happened = Happened::OrderLinesCancelled(lines_of(new, now, cancelled.into_iter()));
        events.push(event(new, happened, at));
    }
    events
}

/// Whether less of any line is to be shipped than before.
fn is_less_open(before: Option<&StoredOrder>, now: &StoredOrder) -> bool {
    let Some(before) = before else { return false };
    now.order.items.iter().any(|line| {
        let earlier = line_of(before, &line.id);
        earlier.is_some_and(|earlier| now.open_quantity(line) < before.open_quantity(earlier))
    })
}

/// The lines that the buyer asks to cancel since this change, of an order that the platform has taken over: before, it
/// waits for a person; cancelled, it is announced as that.
fn newly_asked<'a>(before: Option<&StoredOrder>, now: &'a StoredOrder) -> Vec<&'a OrderItem> {
    if now.acknowledged_at.is_none() || now.status == OrderStatus::Cancelled {
        return Vec::new();
    }
    let asked_before = |line: &OrderItem| {
        let earlier = before.and_then(|before| line_of(before, &line.id));
        earlier.is_some_and(|earlier| earlier.cancel_requested)
    };
    let lines = now.order.items.iter();
    lines
        .filter(|line| line.cancel_requested && !asked_before(line))
        .collect()
}

/// The open lines whose buyer asked to cancel them before this change and no longer does.
fn newly_withdrawn<'a>(before: Option<&StoredOrder>, now: &'a StoredOrder) -> Vec<&'a OrderItem> {
    let Some(before) = before else {
        return Vec::new();
    };
    if now.acknowledged_at.is_none() || now.status == OrderStatus::Cancelled {
        return Vec::new();
    }
    let asked_before = |line: &OrderItem| {
        line_of(before, &line.id).is_some_and(|earlier| earlier.cancel_requested)
    };
    let lines = now.order.items.iter();
    lines
        .filter(|line| !line.cancel_requested && line.cancelled_by.is_none() && asked_before(line))
        .collect()
}

/// The lines that Amazon shows as cancelled since this change, of an order that is not cancelled as a whole.
fn newly_cancelled<'a>(before: Option<&StoredOrder>, now: &'a StoredOrder) -> Vec<&'a OrderItem> {
    if now.status == OrderStatus::Cancelled {
        return Vec::new();
    }
    let before = |line: &OrderItem| before.and_then(|before| line_of(before, &line.id));
    let is_new = |line: &&OrderItem| {
        line.cancelled_by.is_some() && before(line).is_some_and(|it| it.cancelled_by.is_none())
    };
    now.order.items.iter().filter(is_new).collect()
}

fn line_of<'a>(order: &'a StoredOrder, id: &str) -> Option<&'a OrderItem> {
    order.order.items.iter().find(|line| line.id == id)
}

pub(crate) fn lines_of<'a>(
    new: &OrderImage,
    now: &StoredOrder,
    lines: impl Iterator<Item = &'a OrderItem>,
) -> Box<OrderLines> {
    let line = |line: &OrderItem| OrderLine {
        order_item_id: line.id.clone(),
        sku: line.sku.clone(),
        quantity: line.quantity,
        open_quantity: now.open_quantity(line),
        cancel_reason: line.cancel_reason.filter(|_| line.cancel_requested),
        cancelled_by: line.cancelled_by,
    };
    Box::new(OrderLines {
        order: new.row.clone(),
        lines: lines.map(line).collect(),
    })
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
