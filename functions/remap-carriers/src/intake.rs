//! What becomes of an order that Amazon reported: pure, so that the same readings end the same, in whatever order and
//! however often they arrive.

mod merge;
mod reading;
mod requirements;
mod rules;
mod status;
mod term;

use jiff::Timestamp;
use merge::Merged;
use requirements::requirements;
use stallkeeper::domain::ids::ConnectionKey;
use stallkeeper::domain::order::{
    Decision, FulfilledBy, HistoryEntry, HistoryKind, Order, OrderStatus, StoredOrder,
    buyer_expires, is_closed,
};
use status::decide;
use std::collections::BTreeSet;
use term::{Term, term};

pub use reading::Reading;
pub use rules::Rules;

/// What is to be done with a reading.
#[derive(Debug, PartialEq)]
pub enum Intake {
    /// We know it already, or something newer.
    Known,
    /// An order that Amazon fulfils, of a marketplace whose settings exclude those.
    NotWanted,
    /// Store this; `entry` says why. If nothing is stored yet, it is the order's first.
    Write {
        order: Box<StoredOrder>,
        entry: HistoryEntry,
    },
}

/// Decides what a reading changes.
pub fn take_in(
    connection: &ConnectionKey,
    reading: &Reading,
    stored: Option<&StoredOrder>,
    rules: &Rules,
    now: Timestamp,
) -> Intake {
    let Some(merged) = merge(reading, stored, rules) else {
        return Intake::Known;
    };
    let order = &merged.order;
    let active = rules.active(order);
    let by_amazon = order.fulfilled_by == Some(FulfilledBy::Amazon);
    if by_amazon && stored.is_none() && !active.is_some_and(|store| store.fba_orders) {
        return Intake::NotWanted;
    }
    let requirements = requirements(reading, &merged, stored);
    // Without a readable marketplace nobody can say that it is switched off.
    let hides_marketplace = requirements
        .unreadable
        .iter()
        .any(|place| place == "order" || place.starts_with("salesChannel"));
    let was_parked = stored.is_none_or(|stored| stored.status == OrderStatus::Parked);
    let (status, decision) = if active.is_none() && was_parked && !hides_marketplace {
        (OrderStatus::Parked, parked())
    } else {
        let term = term(reading, &merged, stored);
        decide(order, &requirements, term, stored, active, rules)
    };
    let claims = stored.map(|stored| stored.claims.clone());
    let cancel_too_late = stored.map_or_else(BTreeSet::new, |it| still_asked(it, &merged.order));
    let mut order = StoredOrder {
        tenant: connection.tenant.clone(),
        connection: connection.id.clone(),
        buyer_until: stored.and_then(|stored| stored.buyer_until),
        order: merged.order,
        status,
        decision,
        requirements,
        version: merged.version,
        content_hash: merged.content_hash,
        readings: merged.readings,
        revision: stored.map_or(1, |stored| stored.revision + 1),
        imported_at: stored.map_or(now, |stored| stored.imported_at),
        acknowledged_at: stored.and_then(|stored| stored.acknowledged_at),
        acknowledged_revision: stored.and_then(|stored| stored.acknowledged_revision),
        given_back_at: stored.and_then(|stored| stored.given_back_at),
        taken_over_at: stored.and_then(|stored| stored.taken_over_at),
        cancel_too_late,
        held: stored.and_then(|stored| stored.held.clone()),
        warehouse: stored.and_then(|stored| stored.warehouse.clone()),
        claims: claims.unwrap_or_default(),
        first_history: nothing_yet(now),
    };
    // What the desk dispatched stays dispatched, though Amazon does not say so yet.
    order.status = order.claimed_status(status);
    let entry = HistoryEntry {
        at: now,
        ..entry(reading, stored, order.status)
    };
    order.first_history = stored.map_or_else(|| entry.clone(), |it| it.first_history.clone());
    let until = order.buyer_until;
    let expires = || buyer_expires(&order.order, order.status, until, now);
    order.buyer_until = is_closed(order.status).then(expires);
    Intake::Write {
        order: Box::new(order),
        entry,
    }
}

/// Stands for the first entry until the status is known.
fn nothing_yet(now: Timestamp) -> HistoryEntry {
    HistoryEntry {
        at: now,
        kind: HistoryKind::Imported,
        note: String::new(),
    }
}

/// The answers to wishes to cancel that still exist: one that is made again is a new one.
fn still_asked(stored: &StoredOrder, order: &Order) -> BTreeSet<String> {
    let asked = |id: &&String| {
        let mut lines = order.items.iter();
        lines.any(|line| line.id == **id && line.cancel_requested)
    };
    stored
        .cancel_too_late
        .iter()
        .filter(asked)
        .cloned()
        .collect()
}

/// The order after a reading; `None` if it is no news.
fn merge(reading: &Reading, stored: Option<&StoredOrder>, rules: &Rules) -> Option<Merged> {
    let Some(stored) = stored else {
        return Some(Merged::first(reading));
    };
    if reading.content_hash != stored.content_hash || fills(reading, stored) {
        return Merged::later(reading, stored);
    }
    // The same reading is news if the rules, or what is known of its SKUs, have changed, and not the order.
    let flows_on = stored.status == OrderStatus::Parked && rules.active(&stored.order).is_some();
    (flows_on || knows_other_skus(reading, stored)).then(|| Merged {
        order: stored.order.clone(),
        taken: reading.parts(),
        readings: merge::read_again(reading, stored),
        version: stored.version.max(reading.version),
        content_hash: stored.content_hash,
    })
}

/// Whether SKUs of an order that nobody has taken over became known or unknown.
fn knows_other_skus(reading: &Reading, stored: &StoredOrder) -> bool {
    let waits = stored.status == OrderStatus::PendingReview || stored.is_ready();
    waits && reading.unknown_skus != stored.requirements.unknown_skus
}

/// Whether it has parts that the newest reading had not, although the content reads the same.
fn fills(reading: &Reading, stored: &StoredOrder) -> bool {
    let known = &stored.readings.parts;
    let lacks = |part| known.get(part).is_none_or(|read| *read < stored.version);
    !known.is_empty() && reading.parts().iter().any(lacks)
}

/// What a reading adds to the history; its moment is the caller's.
fn entry(reading: &Reading, stored: Option<&StoredOrder>, status: OrderStatus) -> HistoryEntry {
    let (kind, note) = match stored {
        None => (
            HistoryKind::Imported,
            format!("fetched from Amazon: {}", status.as_str()),
        ),
        Some(before) => {
            let unchanged = before.content_hash == reading.content_hash;
            let (kind, cause) = if unchanged && before.status == OrderStatus::Parked {
                (HistoryKind::Rerun, "its marketplace was switched on")
            } else if unchanged && knows_other_skus(reading, before) {
                (HistoryKind::Rerun, "its SKUs were looked for again")
            } else if reading.order.updated_at < before.order.updated_at
                && reading.version > before.version
            {
                let cause = "changed at Amazon, which dates this change earlier than the last";
                (HistoryKind::Changed, cause)
            } else {
                (HistoryKind::Changed, "changed at Amazon")
            };
            let (from, to) = (before.status.as_str(), status.as_str());
            (kind, format!("{cause}: {from} → {to}"))
        }
    };
    HistoryEntry {
        at: reading.version.fetched_at,
        kind,
        note,
    }
}

/// Looks again at an order that no person decided on, after a rule changed; `None` if nothing would change.
pub fn look_again(
    stored: &StoredOrder,
    rules: &Rules,
    now: Timestamp,
) -> Option<(StoredOrder, HistoryEntry)> {
    let waits = matches!(
        stored.status,
        OrderStatus::PendingReview | OrderStatus::Elsewhere
    );
    let moves = waits || stored.is_ready();
    if !moves || stored.decision.by_person || stored.held.is_some() {
        return None;
    }
    let term = Term {
        term: stored.decision.term.clone(),
        derivation: stored.decision.derivation.clone(),
        is_settled: stored.decision.term_settled,
    };
    let active = rules.active(&stored.order);
    let (status, decision) = decide(
        &stored.order,
        &stored.requirements,
        term,
        Some(stored),
        active,
        rules,
    );
    let status = stored.claimed_status(status);
    if status == stored.status
        && decision.reason == stored.decision.reason
        && decision.candidates == stored.decision.candidates
        && decision.service == stored.decision.service
    {
        return None;
    }
    let note = format!(
        "looked at again: {} → {}",
        stored.status.as_str(),
        status.as_str()
    );
    let entry = HistoryEntry {
        at: now,
        kind: HistoryKind::Rerun,
        note,
    };
    let order = StoredOrder {
        status,
        decision,
        revision: stored.revision + 1,
        ..stored.clone()
    };
    Some((order, entry))
}

fn parked() -> Decision {
    Decision {
        explanation: vec!["its marketplace is not switched on for this connection".into()],
        ..Decision::default()
    }
}

#[cfg(test)]
pub(crate) mod tests;
