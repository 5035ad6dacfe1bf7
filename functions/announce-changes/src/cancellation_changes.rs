//! What a change of a cancellation means to the outside: pure, so that the same record always announces the same.

use crate::event::{CancellationFacts, Event, Happened};
use jiff::Timestamp;
use stallkeeper::domain::cancellation::{Cancellation, CancellationState};
use stallkeeper::store::stream::Images;

/// What Amazon said to a cancellation: each verdict is announced once, by the change that noted it. That its order shows it
/// as cancelled is announced of the order.
pub fn cancellation_changes(images: &Images<Cancellation>, at: Option<Timestamp>) -> Option<Event> {
    let (old, new) = (images.old.as_deref(), &*images.new);
    if old.is_some_and(|old| old.state == new.state) {
        return None;
    }
    let facts = Box::new(CancellationFacts {
        connection: new.connection.clone(),
        order_id: new.order_id.clone(),
        cancellation: new.id.clone(),
        revision: new.revision,
        reason: new.reason,
        state: new.state,
        lines: new.lines.clone(),
        settled_at: new.settled_at,
    });
    let happened = match new.state {
        CancellationState::Accepted => Happened::CancellationAccepted(facts),
        CancellationState::Refused => Happened::CancellationRefused(facts),
        CancellationState::ToSend
        | CancellationState::Sent
        | CancellationState::Cancelled
        | CancellationState::Unknown => return None,
    };
    let which = format!("{}#{}", new.order_id, new.id);
    let revision = new.revision.to_string();
    let which = [new.connection.as_str(), &which, &revision];
    Some(Event::new(&new.tenant, which, happened, at))
}
