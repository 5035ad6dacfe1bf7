//! What a change of a listing, a feed or a round means to the outside: pure, so that the same record always announces the
//! same.

use crate::event::Event;
use jiff::Timestamp;
use stallkeeper::domain::feed::Feed;
use stallkeeper::domain::ids::{ConnectionId, TenantId};
use stallkeeper::domain::listing::{Listing, ListingState, Offer};
use stallkeeper::store::Round;
use stallkeeper::store::stream::Images;

/// What happened to a listing: Amazon refused its quantity, or it turned out to be spelt otherwise.
pub fn listing_changes(images: &Images<Listing>, at: Option<Timestamp>) -> Vec<Event> {
    let (old, new) = (images.old.as_deref(), &*images.new);
    let mut events = Vec::new();
    let before = old.and_then(|old| old.refused.as_ref());
    if let Some(refused) = new.refused.as_ref().filter(|it| before != Some(*it)) {
        events.push(Event::quantity_refused(new, refused, at));
    }
    let mismatched = ListingState::CaseMismatch;
    let same =
        old.is_some_and(|old| old.state == mismatched && old.other_spelling == new.other_spelling);
    if new.state == mismatched && !same {
        events.push(Event::case_mismatch(new, at));
    }
    events
}

/// What happened to an offer: Amazon refused its price.
pub fn offer_changes(images: &Images<Offer>, at: Option<Timestamp>) -> Vec<Event> {
    let before = images.old.as_deref().and_then(|old| old.refused.as_ref());
    let refused = images.new.refused.as_ref();
    let refused = refused.filter(|it| before != Some(*it));
    refused
        .map(|refused| Event::price_refused(&images.new, refused, at))
        .into_iter()
        .collect()
}

/// What happened to a feed: it is stuck.
pub fn feed_changes(images: &Images<Feed>, at: Option<Timestamp>) -> Vec<Event> {
    let was = images.old.as_deref().is_some_and(|old| old.stuck);
    let is = images.new.stuck && !was;
    is.then(|| Event::feed_stuck(&images.new, at))
        .into_iter()
        .collect()
}

/// What happened to a connection's rounds: one is held, or no stock level came for long.
pub fn round_changes(
    tenant: &TenantId,
    connection: &ConnectionId,
    images: &Images<Round>,
    at: Option<Timestamp>,
) -> Vec<Event> {
    let (old, new) = (images.old.as_deref(), &*images.new);
    let held_at = |round: &Round| round.held.as_ref().map(|held| held.at);
    let stale_since = |round: &Round| round.stale_since;
    let held = new.held.as_ref();
    let held = held.filter(|held| old.and_then(held_at) != Some(held.at));
    let stale = new.stale_since;
    let stale = stale.filter(|since| old.and_then(stale_since) != Some(*since));
    let held = held.map(|held| Event::round_held(tenant, connection, held, at));
    let stale = stale.map(|since| Event::stock_stale(tenant, connection, since, at));
    held.into_iter().chain(stale).collect()
}
