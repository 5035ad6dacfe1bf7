//! What becomes of an order that Amazon reported: pure, so that the same readings end the same, in whatever order and
//! however often they arrive.

mod buyer;
mod merge;
mod status;

use jiff::Timestamp;
use merge::Merged;
use stallkeeper::domain::connection::MarketplaceSettings;
use stallkeeper::domain::courier::{
    Address, AddressKind, AddressPart, AmazonShips, Constraint, Couriers, Mappings, Requirements,
    Territory,
};
use stallkeeper::domain::ids::ConnectionKey;
use stallkeeper::domain::order::{
    AmazonStatus, BuyerData, Decision, FulfilledBy, HistoryEntry, HistoryKind, Order, OrderPart,
    OrderStatus, StoredOrder, Version,
};
use stallkeeper::domain::shipping_term::{Facts, derive};
use stallkeeper::sp_api::Dataset;
use stallkeeper::store::Settings;
use std::collections::BTreeSet;

pub use buyer::{buyer_expires, is_closed};
use status::decide;

/// One reading of an order.
pub struct Reading {
    pub order: Order,
    pub buyer: BuyerData,
    pub version: Version,
    /// What Amazon was asked for. What it was not asked for is unknown, which is not the same as absent.
    pub datasets: Vec<Dataset>,
    /// What Amazon gave.
    pub given: BTreeSet<OrderPart>,
    /// Places of what decides and cannot be read.
    pub unreadable: BTreeSet<String>,
    pub content_hash: u64,
}

impl Reading {
    fn holds(&self, dataset: Dataset) -> bool {
        self.datasets.contains(&dataset)
    }

    /// The parts that it says something of: Amazon was asked for them, and gave them.
    fn parts(&self) -> BTreeSet<OrderPart> {
        let asked = |part: &OrderPart| match part {
            OrderPart::Head | OrderPart::Programs | OrderPart::Lines => true,
            OrderPart::Fulfilment | OrderPart::LineFulfilment => self.holds(Dataset::Fulfillment),
            OrderPart::Cancellation => self.holds(Dataset::Cancellation),
            OrderPart::Address => self.holds(Dataset::Recipient),
            OrderPart::Proceeds => self.holds(Dataset::Proceeds),
        };
        self.given.iter().copied().filter(asked).collect()
    }

    /// Whether it holds all the buyer data there can be, so that it may replace what is there.
    pub fn holds_buyer(&self) -> bool {
        let parts = self.parts();
        let gives = |part| parts.contains(part);
        let names_buyer = self
            .buyer
            .expose()
            .get("buyer")
            .is_some_and(|it| !it.is_null());
        self.holds(Dataset::Buyer)
            && names_buyer
            && gives(&OrderPart::Address)
            && self.address().lacks().is_empty()
            && gives(&OrderPart::Lines)
            && !self.hides_lines()
    }

    /// Whether it has lines that cannot be read.
    fn hides_lines(&self) -> bool {
        Requirements {
            unreadable: self.unreadable.clone(),
            ..Requirements::default()
        }
        .hides_lines()
    }

    /// Whether Amazon is to be asked again: it left out, or garbled, what every order has.
    pub fn lacks_parts(&self) -> bool {
        let parts = self.parts();
        let lacks_status =
            self.holds(Dataset::Fulfillment) && !parts.contains(&OrderPart::Fulfilment);
        // Withheld for want of a role, name and first line are both missing, and asking again brings neither.
        let lacks_address =
            parts.contains(&OrderPart::Address) && self.address().lacks().len() == 1;
        let lacks = lacks_status || lacks_address || !self.unreadable.is_empty();
        !parts.contains(&OrderPart::Lines) || lacks
    }

    fn address(&self) -> Address<'_> {
        self.buyer.address(&self.order)
    }
}

/// The rules in force for one connection.
pub struct Rules {
    settings: Settings,
    mappings: Mappings,
    couriers: Couriers,
    /// The take-over moment.
    orders_from: Option<Timestamp>,
}

impl Rules {
    pub fn new(settings: Settings, orders_from: Option<Timestamp>) -> Self {
        let mappings = settings.mappings.iter().cloned().collect();
        let couriers = Couriers::new(settings.couriers.iter().cloned());
        Self {
            settings,
            mappings,
            couriers,
            orders_from,
        }
    }

    /// How the order's marketplace is run, if it is switched on.
    fn active(&self, order: &Order) -> Option<&MarketplaceSettings> {
        self.settings.active(order.marketplace()?)
    }

    /// Whether an order belongs to whoever handled orders before. What was ours once stays ours.
    fn leaves_elsewhere(&self, order: &Order, stored: Option<&StoredOrder>) -> bool {
        let is_ours = stored.is_some_and(|stored| {
            stored.taken_over_at.is_some()
                || stored.acknowledged_at.is_some()
                || matches!(
                    stored.status,
                    OrderStatus::AwaitingPayment
                        | OrderStatus::PendingReview
                        | OrderStatus::Ready
                        | OrderStatus::PartlyDispatched
                )
        });
        !is_ours && self.orders_from.is_none_or(|from| order.created_at < from)
    }
}

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
    let entry = HistoryEntry {
        at: now,
        ..entry(reading, stored, status)
    };
    let buyer_until = stored.and_then(|stored| stored.buyer_until);
    let order = StoredOrder {
        tenant: connection.tenant.clone(),
        connection: connection.id.clone(),
        buyer_until: is_closed(status).then(|| buyer_expires(order, status, buyer_until, now)),
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
        taken_over_at: stored.and_then(|stored| stored.taken_over_at),
        held: stored.and_then(|stored| stored.held.clone()),
        warehouse: stored.and_then(|stored| stored.warehouse.clone()),
        first_history: stored.map_or_else(|| entry.clone(), |stored| stored.first_history.clone()),
    };
    Intake::Write {
        order: Box::new(order),
        entry,
    }
}

/// The order after a reading; `None` if it is no news.
fn merge(reading: &Reading, stored: Option<&StoredOrder>, rules: &Rules) -> Option<Merged> {
    let Some(stored) = stored else {
        return Some(Merged::first(reading));
    };
    if reading.content_hash != stored.content_hash || fills(reading, stored) {
        return Merged::later(reading, stored);
    }
    // Parked and now to flow on, the same reading is news: the rules have changed, not the order.
    let is_parked = stored.status == OrderStatus::Parked;
    (is_parked && rules.active(&stored.order).is_some()).then(|| Merged {
        order: stored.order.clone(),
        taken: reading.parts(),
        readings: merge::read_again(reading, stored),
        version: stored.version.max(reading.version),
        content_hash: stored.content_hash,
    })
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
            let unchanged =
                before.status == OrderStatus::Parked && before.content_hash == reading.content_hash;
            let (kind, cause) = if unchanged {
                (HistoryKind::Rerun, "its marketplace was switched on")
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

struct Term {
    term: Option<stallkeeper::domain::shipping_term::ShippingTerm>,
    derivation: Vec<String>,
    /// It never changes any more.
    is_settled: bool,
}

impl Term {
    fn none(why: &str) -> Self {
        Self {
            term: None,
            derivation: vec![why.to_owned()],
            is_settled: false,
        }
    }
}

/// The term of a stored order, once settled, never changes: from when it is payable, with its level and postcode known.
fn term(reading: &Reading, merged: &Merged, stored: Option<&StoredOrder>) -> Term {
    let order = &merged.order;
    let takes_address = merged.taken.contains(&OrderPart::Address);
    if let Some(before) = stored.map(|stored| &stored.decision)
        && before.term.is_some()
        && (before.term_settled || !takes_address)
    {
        return Term {
            term: before.term.clone(),
            derivation: before.derivation.clone(),
            is_settled: before.term_settled,
        };
    }
    let status_unknown = !reading.parts().contains(&OrderPart::Fulfilment);
    if order.service_level.is_none() && status_unknown {
        return Term::none("Amazon does not report the service level yet");
    }
    let Some(marketplace) = order.marketplace() else {
        return Term::none("the marketplace is not one that we know");
    };
    let postcode = reading.buyer.postcode();
    let derived = derive(&Facts {
        marketplace,
        service_level: order.service_level.as_deref(),
        country: order.country.as_deref(),
        postcode,
        programs: &order.programs,
        zones: &[],
    });
    let is_payable = !matches!(
        order.amazon_status,
        None | Some(AmazonStatus::PendingAvailability | AmazonStatus::Pending)
    );
    Term {
        is_settled: is_payable
            && order.service_level.is_some()
            && postcode.is_some()
            && takes_address,
        term: derived.term.ok(),
        derivation: derived.explanation,
    }
}

fn requirements(reading: &Reading, merged: &Merged, stored: Option<&StoredOrder>) -> Requirements {
    let order = &merged.order;
    let before = stored.map(|stored| &stored.requirements);
    let destination = destination(reading, merged, stored);
    let takes = |part| before.is_none() || merged.taken.contains(&part);
    let unreadable = match before {
        Some(before) if !takes(OrderPart::Head) => before.unreadable.clone(),
        _ => reading.unreadable.clone(),
    };
    Requirements {
        prime: Requirements::is_prime(&order.programs),
        amazon_ships: AmazonShips::among(&order.programs),
        buyer_cancel: order.items.iter().any(|item| item.cancel_requested),
        constraints: order
            .items
            .iter()
            .flat_map(|item| &item.constraints)
            .map(|name| Constraint::from(name.clone()))
            .collect(),
        address: destination.kind,
        address_lacks: destination.lacks,
        territory: destination.territory,
        lines_missing: order.items.is_empty(),
        unreadable,
    }
}

/// What of the address decides, without the address.
struct Destination {
    kind: AddressKind,
    lacks: BTreeSet<AddressPart>,
    territory: Option<Territory>,
}

fn destination(reading: &Reading, merged: &Merged, stored: Option<&StoredOrder>) -> Destination {
    let address = reading.buyer.address(&merged.order);
    let lacks = address.lacks();
    if let Some(stored) = stored {
        let before = &stored.requirements;
        let knows_it = before.address != AddressKind::Missing && before.address_lacks.is_empty();
        // Without name and first line it is the address of before, from which Amazon withholds them now.
        let is_withheld = lacks.len() > 1 && stored.order.country == merged.order.country;
        if !merged.taken.contains(&OrderPart::Address) || (knows_it && is_withheld) {
            return Destination {
                kind: before.address,
                lacks: before.address_lacks.clone(),
                territory: before.territory,
            };
        }
    }
    let kind = address.kind();
    Destination {
        kind,
        lacks: if kind == AddressKind::Missing {
            BTreeSet::new()
        } else {
            lacks
        },
        territory: Territory::of(&address),
    }
}

fn parked() -> Decision {
    Decision {
        explanation: vec!["its marketplace is not switched on for this connection".into()],
        ..Decision::default()
    }
}

#[cfg(test)]
pub(crate) mod tests;
