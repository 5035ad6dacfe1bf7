//! What becomes of an order that Amazon reported: pure, so that the same readings end the same, in whatever order and
//! however often they arrive.

mod status;

use jiff::{SignedDuration, Timestamp};
use stallkeeper::domain::connection::MarketplaceSettings;
use stallkeeper::domain::courier::{
    AddressKind, AmazonShips, Constraint, Couriers, Mappings, Requirements,
};
use stallkeeper::domain::ids::ConnectionKey;
use stallkeeper::domain::order::{
    BuyerData, Decision, FulfilledBy, HistoryEntry, HistoryKind, Order, OrderStatus, StoredOrder,
    Version,
};
use stallkeeper::domain::shipping_term::{Facts, derive};
use stallkeeper::sp_api::Dataset;
use stallkeeper::store::Settings;

use status::decide;

/// One reading of an order.
pub struct Reading {
    pub order: Order,
    pub buyer: BuyerData,
    pub version: Version,
    /// What Amazon was asked for. What it was not asked for is unknown, which is not the same as absent.
    pub datasets: Vec<Dataset>,
    pub content_hash: u64,
}

impl Reading {
    fn holds(&self, dataset: Dataset) -> bool {
        self.datasets.contains(&dataset)
    }

    /// Whether buyer and address were asked for.
    pub fn holds_buyer(&self) -> bool {
        self.holds(Dataset::Buyer) && self.holds(Dataset::Recipient)
    }
}

/// The rules in force for one connection.
pub struct Rules {
    settings: Settings,
    mappings: Mappings,
    couriers: Couriers,
}

impl Rules {
    pub fn new(settings: Settings) -> Self {
        let mappings = settings.mappings.iter().cloned().collect();
        let couriers = Couriers::new(settings.couriers.iter().cloned());
        Self {
            settings,
            mappings,
            couriers,
        }
    }

    /// How the order's marketplace is run, if it is switched on.
    fn active(&self, order: &Order) -> Option<&MarketplaceSettings> {
        self.settings.active(order.marketplace()?)
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
    let order = &completed(reading, stored);
    let active = rules.active(order);
    let was_parked = stored.is_some_and(|stored| stored.status == OrderStatus::Parked);
    let flows_on = was_parked && active.is_some();
    if let Some(stored) = stored {
        let same = stored.content_hash == reading.content_hash;
        let newer = reading.version > stored.version;
        // Parked and now to flow on, the same reading is news: the rules have changed, not the order.
        let news = if flows_on {
            same || newer
        } else {
            !same && newer
        };
        if !news {
            return Intake::Known;
        }
    }
    let by_amazon = order.fulfilled_by == Some(FulfilledBy::Amazon);
    if by_amazon && stored.is_none() && !active.is_some_and(|store| store.fba_orders) {
        return Intake::NotWanted;
    }
    let mut requirements = requirements(order, &reading.buyer);
    if let (false, Some(stored)) = (reading.holds(Dataset::Recipient), stored) {
        requirements.address = stored.requirements.address;
    }
    let parks =
        active.is_none() && stored.is_none_or(|stored| stored.status == OrderStatus::Parked);
    let (status, decision) = if parks {
        (OrderStatus::Parked, parked())
    } else {
        let term = term(reading, order, stored);
        decide(order, &requirements, term, stored, active, rules)
    };
    let (kind, note) = match stored {
        None => (
            HistoryKind::Imported,
            format!("fetched from Amazon: {}", status.as_str()),
        ),
        Some(before) => {
            let unchanged = before.content_hash == reading.content_hash;
            let (kind, cause) = if unchanged {
                (HistoryKind::Rerun, "its marketplace was switched on")
            } else {
                (HistoryKind::Changed, "changed at Amazon")
            };
            let (from, to) = (before.status.as_str(), status.as_str());
            (kind, format!("{cause}: {from} → {to}"))
        }
    };
    let entry = HistoryEntry {
        at: now,
        kind,
        note,
    };
    let order = StoredOrder {
        tenant: connection.tenant.clone(),
        connection: connection.id.clone(),
        order: order.clone(),
        status,
        decision,
        requirements,
        version: reading
            .version
            .max(stored.map_or(reading.version, |stored| stored.version)),
        content_hash: reading.content_hash,
        revision: stored.map_or(1, |stored| stored.revision + 1),
        imported_at: stored.map_or(now, |stored| stored.imported_at),
        acknowledged_at: stored.and_then(|stored| stored.acknowledged_at),
        first_history: stored.map_or_else(|| entry.clone(), |stored| stored.first_history.clone()),
    };
    Intake::Write {
        order: Box::new(order),
        entry,
    }
}

/// Looks again at an order that waits for a person; `None` if nothing would change.
pub fn look_again(
    stored: &StoredOrder,
    rules: &Rules,
    now: Timestamp,
) -> Option<(StoredOrder, HistoryEntry)> {
    if stored.status != OrderStatus::PendingReview || stored.decision.by_person {
        return None;
    }
    let term = Term {
        term: stored.decision.term.clone(),
        derivation: stored.decision.derivation.clone(),
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

/// A reading's order, with what Amazon was not asked for taken from the stored order.
fn completed(reading: &Reading, stored: Option<&StoredOrder>) -> Order {
    let mut order = reading.order.clone();
    let Some(before) = stored.map(|stored| &stored.order) else {
        return order;
    };
    if !reading.holds(Dataset::Recipient) {
        order.country = before.country.clone();
        order.address_type = before.address_type.clone();
    }
    if !reading.holds(Dataset::Fulfillment) {
        order.amazon_status = before.amazon_status.clone();
        order.fulfilled_by = before.fulfilled_by.clone();
        order.service_level = before.service_level.clone();
        order.ship_by = before.ship_by;
        order.deliver_by = before.deliver_by;
        order.label_from = before.label_from;
        for item in &mut order.items {
            if let Some(old) = before.items.iter().find(|old| old.id == item.id) {
                item.quantity_fulfilled = old.quantity_fulfilled;
                item.constraints = old.constraints.clone();
            }
        }
    }
    order
}

/// When an order's buyer data is to be gone: 14 days after the latest delivery, a day after a cancellation, 21 days
/// after the ship-by moment if no delivery is promised.
pub fn buyer_expires(order: &Order, status: OrderStatus) -> Timestamp {
    let days = |moment: Timestamp, days: i64| {
        moment
            .saturating_add(SignedDuration::from_hours(24 * days))
            .unwrap_or(moment)
    };
    match (status, order.deliver_by, order.ship_by) {
        (OrderStatus::Cancelled, _, _) => days(order.updated_at, 1),
        (_, Some(delivered), _) => days(delivered, 14),
        (_, None, Some(shipped)) => days(shipped, 21),
        (_, None, None) => days(order.updated_at, 21),
    }
}

struct Term {
    term: Option<stallkeeper::domain::shipping_term::ShippingTerm>,
    derivation: Vec<String>,
}

/// The term of a stored order never changes; one that could not be derived yet is tried again.
fn term(reading: &Reading, order: &Order, stored: Option<&StoredOrder>) -> Term {
    if let Some(StoredOrder {
        decision:
            Decision {
                term: Some(term),
                derivation,
                ..
            },
        ..
    }) = stored
    {
        return Term {
            term: Some(term.clone()),
            derivation: derivation.clone(),
        };
    }
    if order.service_level.is_none() && !reading.holds(Dataset::Fulfillment) {
        return Term {
            term: None,
            derivation: vec!["Amazon does not report the service level yet".into()],
        };
    }
    let Some(marketplace) = order.marketplace() else {
        return Term {
            term: None,
            derivation: vec!["the marketplace is not one that we know".into()],
        };
    };
    let derived = derive(&Facts {
        marketplace,
        service_level: order.service_level.as_deref(),
        country: order.country.as_deref(),
        postcode: reading.buyer.postcode(),
        programs: &order.programs,
        zones: &[],
    });
    Term {
        term: derived.term.ok(),
        derivation: derived.explanation,
    }
}

fn requirements(order: &Order, buyer: &BuyerData) -> Requirements {
    let lines = (1..=3).filter_map(|n| {
        buyer
            .expose()
            .pointer(&format!("/recipient/deliveryAddress/addressLine{n}"))?
            .as_str()
    });
    let address = match &order.country {
        None => AddressKind::Missing,
        Some(_) => AddressKind::of(order.address_type.as_deref(), lines),
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
        address,
    }
}

fn parked() -> Decision {
    Decision {
        explanation: vec!["its marketplace is not switched on for this connection".into()],
        ..Decision::default()
    }
}

#[cfg(test)]
mod tests;
