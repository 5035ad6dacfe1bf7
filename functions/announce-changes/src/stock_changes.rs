//! What a change of a listing, an offer, a feed or a round means to the outside: pure, so that the same record always
//! announces the same.

use crate::event::{Event, Happened, ListingHeld, Refusal, RefusedValue};
use jiff::Timestamp;
use stallkeeper::domain::feed::{Feed, SentBy};
use stallkeeper::domain::ids::{AmazonSku, ConnectionId, ConnectionKey, TenantId};
use stallkeeper::domain::listing::{
    HoldChange, HoldEntry, Listing, ListingState, Offer, Refused, advice,
};
use stallkeeper::store::stream::{GivenUpUnits, Images, RejectedRow};
use stallkeeper::store::{MarketplaceReports, Matching, Round};

/// What to do about a listing that is spelt differently.
const RENAME_OURS: &str = "Rename our product to Amazon's spelling, or tie the Amazon SKU to our product as an alias; \
                           Amazon's spelling cannot be changed.";

/// What to do about a listing that somebody closed.
const REOPEN: &str = "Reopen it here (POST /connections/{connection}/listings/reopen?sku=) or at Amazon, if it is to be \
                      sold again; else leave it.";

/// What happened to a listing: Amazon refused its quantity, it turned out to be spelt differently, somebody
/// else closed it, or its marketplaces show different quantities.
pub fn listing_changes(images: &Images<Listing>, at: Option<Timestamp>) -> Vec<Event> {
    let (old, new) = (images.old.as_deref(), &*images.new);
    let mut events = Vec::new();
    let before = old.and_then(|old| old.refused.as_ref());
    if let Some(refused) = new.refused.as_ref().filter(|it| before != Some(*it)) {
        let value = RefusedValue::Quantity {
            quantity: refused.value,
        };
        let refusal = Refusal {
            product: new.product.clone(),
            ..refusal(&new.connection, &new.amazon_sku, value, refused)
        };
        events.push(refusal_event(&new.tenant, refusal, at));
    }
    let mismatched = ListingState::CaseMismatch;
    let same =
        old.is_some_and(|old| old.state == mismatched && old.other_spelling == new.other_spelling);
    if new.state == mismatched && !same {
        let happened = Happened::ListingCaseMismatch {
            connection: new.connection.clone(),
            sku: new.amazon_sku.clone(),
            product: new.other_spelling.clone(),
            marketplaces: new.marketplaces.clone(),
            remedy: RENAME_OURS,
        };
        let (sku, revision) = (new.amazon_sku.as_str(), new.revision.to_string());
        let which = [new.connection.as_str(), sku, &revision];
        events.push(Event::new(&new.tenant, which, happened, at));
    }
    let happened = [closed_elsewhere(old, new), quantities_differ(old, new)];
    for happened in happened.into_iter().flatten() {
        let (sku, revision) = (new.amazon_sku.as_str(), new.revision.to_string());
        let which = [new.connection.as_str(), sku, &revision];
        events.push(Event::new(&new.tenant, which, happened, at));
    }
    events
}

fn closed_elsewhere(old: Option<&Listing>, new: &Listing) -> Option<Happened> {
    let closed = ListingState::ClosedElsewhere;
    let was = old.is_some_and(|old| old.state == closed);
    (new.state == closed && !was).then(|| Happened::ListingClosedElsewhere {
        connection: new.connection.clone(),
        sku: new.amazon_sku.clone(),
        product: new.product.clone(),
        marketplaces: new.marketplaces.clone(),
        quantity: new.closed.as_ref().and_then(|closed| closed.quantity),
        inactive: new.closed.as_ref().is_some_and(|closed| closed.inactive),
        remedy: REOPEN,
    })
}

fn quantities_differ(old: Option<&Listing>, new: &Listing) -> Option<Happened> {
    let differing = new.differing.as_ref()?;
    let before = old.and_then(|old| old.differing.as_ref());
    before.is_none().then(|| Happened::ListingQuantitiesDiffer {
        connection: new.connection.clone(),
        sku: new.amazon_sku.clone(),
        product: new.product.clone(),
        quantities: differing.quantities.clone(),
        since: differing.since,
    })
}

/// What happened to an offer: Amazon refused its price.
pub fn offer_changes(images: &Images<Offer>, at: Option<Timestamp>) -> Option<Event> {
    let before = images.old.as_deref().and_then(|old| old.refused.as_ref());
    let new = &*images.new;
    let refused = new.refused.as_ref().filter(|it| before != Some(*it))?;
    let value = RefusedValue::Price {
        marketplace: new.marketplace,
        price: refused.value,
    };
    let refusal = refusal(&new.connection, &new.amazon_sku, value, refused);
    Some(refusal_event(&new.tenant, refusal, at))
}

fn refusal<T>(
    connection: &ConnectionId,
    sku: &AmazonSku,
    value: RefusedValue,
    refused: &Refused<T>,
) -> Refusal {
    let advice = advice(&refused.code);
    Refusal {
        connection: connection.clone(),
        sku: sku.clone(),
        product: None,
        value,
        code: refused.code.clone(),
        message: refused.message.clone(),
        meaning: advice.meaning,
        remedy: advice.remedy,
        retry: advice.retry,
        feed: match &refused.by {
            SentBy::Feed(feed) => Some(feed.clone()),
            SentBy::Patch => None,
        },
        refused_at: refused.at,
    }
}

fn refusal_event(tenant: &TenantId, refusal: Refusal, at: Option<Timestamp>) -> Event {
    let country = match refusal.value {
        RefusedValue::Quantity { .. } => "",
        RefusedValue::Price { marketplace, .. } => marketplace.country(),
    };
    // A SKU may hold anything but a control character.
    let what = format!("{}\n{country}", refusal.sku);
    let (connection, refused_at) = (refusal.connection.clone(), refusal.refused_at.to_string());
    let happened = Happened::ListingRefused(Box::new(refusal));
    Event::new(
        tenant,
        [connection.as_str(), &what, &refused_at],
        happened,
        at,
    )
}

/// What happened to a feed: it is stuck.
pub fn feed_changes(images: &Images<Feed>, at: Option<Timestamp>) -> Option<Event> {
    let was = images.old.as_deref().is_some_and(|old| old.stuck);
    let feed = &*images.new;
    if was || !feed.stuck {
        return None;
    }
    let happened = Happened::FeedStuck {
        connection: feed.connection.id.clone(),
        feed: feed.id.clone(),
        amazon_id: feed.amazon_id.clone(),
        carries: feed.kind,
        marketplace: feed.marketplace,
        lines: feed.lines,
        submitted_at: feed.submitted_at,
        note: feed.note.clone(),
    };
    let which = [feed.connection.id.as_str(), feed.id.as_str(), ""];
    Some(Event::new(&feed.connection.tenant, which, happened, at))
}

/// What happened to a connection's rounds: one is held, or no stock level came for long.
pub fn round_changes(
    connection: &ConnectionKey,
    images: &Images<Round>,
    at: Option<Timestamp>,
) -> Vec<Event> {
    let (old, new) = (images.old.as_deref(), &*images.new);
    let held_at = |round: &Round| round.held.as_ref().map(|held| held.at);
    let held = new.held.as_ref();
    let held = held.filter(|held| old.and_then(held_at) != Some(held.at));
    let held = held.map(|held| {
        let happened = Happened::RoundHeld {
            connection: connection.id.clone(),
            zeros: held.zeros,
            matched: held.matched,
            held_at: held.at,
        };
        (held.at, happened)
    });
    let stale = new.stale_since;
    let stale = stale.filter(|since| old.and_then(|old| old.stale_since) != Some(*since));
    let stale = stale.map(|since| {
        let happened = Happened::StockStale {
            connection: connection.id.clone(),
            since,
        };
        (since, happened)
    });
    held.into_iter()
        .chain(stale)
        .map(|(moment, happened)| {
            let which = [connection.id.as_str(), "", &moment.to_string()];
            Event::new(&connection.tenant, which, happened, at)
        })
        .collect()
}

/// What happened to a connection's matching: the report of a marketplace failed once more, or is held.
pub fn matching_changes(
    connection: &ConnectionKey,
    images: &Images<Matching>,
    at: Option<Timestamp>,
) -> Vec<Event> {
    let mut events = Vec::new();
    let started = images
        .new
        .started_at
        .map_or_else(String::new, |at| at.to_string());
    for reports in &images.new.marketplaces {
        let marketplace = reports.marketplace;
        let old = images.old.as_deref();
        let old = old.and_then(|old| old.reports_of(marketplace));
        let country = marketplace.country();
        let mut add = |moment: String, happened| {
            let which = [connection.id.as_str(), country, &moment];
            events.push(Event::new(&connection.tenant, which, happened, at));
        };
        let held_at = |it: &MarketplaceReports| it.held.as_ref().map(|held| held.at);
        let held = reports.held.as_ref();
        if let Some(held) = held.filter(|held| old.and_then(held_at) != Some(held.at)) {
            let happened = Happened::ReportHeld {
                connection: connection.id.clone(),
                marketplace,
                known: held.known,
                lost: held.lost,
                held_at: held.at,
            };
            add(held.at.to_string(), happened);
        }
        let failures = old.map_or(0, |old| old.failures);
        let reason = reports.failed.as_ref().filter(|_| held.is_none());
        if let Some(reason) = reason.filter(|_| reports.failures > failures) {
            let happened = Happened::ReportFailed {
                connection: connection.id.clone(),
                marketplace,
                reason: reason.clone(),
                failures: reports.failures,
                next_at: reports.next_at,
            };
            add(started.clone(), happened);
        }
    }
    events
}

/// Units of an order are no longer reserved, although the warehouse that gave them never counted since.
pub fn given_up(units: GivenUpUnits, at: Option<Timestamp>) -> Event {
    let (tenant, moment) = (units.tenant, units.at.to_string());
    let which = [units.order.as_str(), units.sku.as_str(), &moment];
    let happened = Happened::ReservationGivenUp {
        connection: units.connection,
        sku: units.sku.clone(),
        order_id: units.order.clone(),
        units: units.units,
        given_up_at: units.at,
    };
    Event::new(&tenant, which, happened, at)
}

/// A hold of a listing began or ended.
pub fn hold_changed(entry: HoldEntry, at: Option<Timestamp>) -> Event {
    let (tenant, hold) = (entry.tenant, entry.hold);
    let ended = entry.change == HoldChange::Released;
    let facts = Box::new(ListingHeld {
        connection: entry.connection.clone(),
        sku: entry.amazon_sku.clone(),
        product: entry.product,
        mode: hold.mode,
        reason: hold.reason,
        until: hold.until,
        held_at: hold.since,
        held_by: hold.author,
        released_at: ended.then_some(entry.at),
        released_by: entry.author.filter(|_| ended),
    });
    let happened = match entry.change {
        HoldChange::Held => Happened::ListingHeld(facts),
        HoldChange::Released => Happened::ListingReleased(facts),
    };
    let (connection, sku) = (entry.connection.as_str(), entry.amazon_sku.as_str());
    let which = [connection, sku, &entry.at.to_string()];
    Event::new(&tenant, which, happened, at)
}

/// A row that came by the queue was refused.
pub fn rejected(row: RejectedRow, at: Option<Timestamp>) -> Event {
    let (tenant, moment) = (row.tenant, row.at.to_string());
    let which = [tenant.as_str(), row.sku.as_str(), &moment];
    let happened = Happened::StockRejected {
        sku: row.sku.clone(),
        reason: row.reason,
        rejected_at: row.at,
    };
    Event::new(&tenant, which, happened, at)
}
