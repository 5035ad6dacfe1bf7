//! What a change of a dispatch means to the outside: pure, so that the same record always announces the same.

use crate::event::{DispatchFacts, Event, Happened};
use jiff::Timestamp;
use stallkeeper::domain::dispatch::{Dispatch, DispatchState};
use stallkeeper::domain::order::{LineClaim, Package, StoredOrder};
use stallkeeper::store::stream::Images;

/// What happened to a dispatch: each state is announced once, by the change that made it.
pub fn dispatch_changes(images: &Images<Dispatch>, at: Option<Timestamp>) -> Option<Event> {
    let (old, new) = (images.old.as_deref(), &*images.new);
    if old.is_some_and(|old| old.state == new.state) {
        return None;
    }
    let facts = Box::new(facts(new));
    let was_known = old.is_some_and(|old| old.confirmed_at.is_some());
    let happened = match new.state {
        DispatchState::ToConfirm => return None,
        DispatchState::Confirmed if was_known => Happened::DispatchEdited(facts),
        DispatchState::Confirmed => Happened::DispatchConfirmed(facts),
        DispatchState::Refused => Happened::DispatchRefused(facts),
        DispatchState::Unknown => Happened::DispatchUnknown(facts),
    };
    let parcel = format!("{}#{}", new.order_id, new.parcel);
    let revision = new.revision.to_string();
    let which = [new.connection.as_str(), &parcel, &revision];
    Some(Event::new(&new.tenant, which, happened, at))
}

fn facts(dispatch: &Dispatch) -> DispatchFacts {
    let words = dispatch.words.as_ref();
    DispatchFacts {
        connection: dispatch.connection.clone(),
        order_id: dispatch.order_id.clone(),
        parcel: dispatch.parcel.clone(),
        revision: dispatch.revision,
        state: dispatch.state,
        package_number: dispatch.number.to_string(),
        tracking_number: dispatch.hand_over.tracking_number.clone(),
        lines: dispatch.lines.clone(),
        label_source: dispatch.label_source,
        handed_over_at: dispatch.hand_over.handed_over_at,
        confirmed_at: dispatch.confirmed_at,
        code: words.map(|words| words.code.clone()),
        message: words.map(|words| words.message.clone()),
        not_counted_by_amazon: dispatch.not_counted.clone(),
    }
}

/// Whether Amazon shows other packages of an order than before, some of whose parcels only they can confirm.
pub fn shows_other_packages(order: &Images<StoredOrder>) -> bool {
    let by_amazon = |claim: &LineClaim| claim.label_by_amazon;
    if !order.new.claims.iter().any(by_amazon) {
        return false;
    }
    let shown = |packages: &[Package]| -> Vec<Option<String>> {
        let numbers = packages.iter().map(|it| it.tracking_number.clone());
        numbers.collect()
    };
    let before = order.old.as_deref().map(|old| shown(&old.order.packages));
    before.unwrap_or_default() != shown(&order.new.order.packages)
}
