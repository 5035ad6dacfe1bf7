//! What an order asks of the warehouse now, line by line, and what a reservation becomes by it. Pure, so that an order's
//! revisions end the same in whatever order and however often they arrive.

use jiff::Timestamp;
use stallkeeper::domain::ids::{AmazonSku, ConnectionId, OrderId, TenantId};
use stallkeeper::domain::order::{AmazonStatus, FulfilledBy, OrderItem, OrderStatus, StoredOrder};
use stallkeeper::domain::stock::{Dispatch, Reservation, Sale};
use stallkeeper::store::stream::Images;
use std::collections::{BTreeMap, BTreeSet};

/// What a batch tells of one order: where it stood before, and the newest of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// The first thing told of it is that it is new.
    is_new: bool,
    old: Option<Box<StoredOrder>>,
    new: Box<StoredOrder>,
    /// The most that each line ever asked for, as far as the batch tells.
    most: BTreeMap<String, u32>,
}

/// What a line asks for now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    pub sku: AmazonSku,
    pub line: String,
    /// Units of the listing; only what left already where it is cancelled.
    units: u32,
    most: u32,
    fulfilled: u32,
    /// Nothing is held any more, and nothing was before this was told.
    pub is_old_news: bool,
}

/// An order as its lines see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asking {
    pub tenant: TenantId,
    pub connection: ConnectionId,
    pub order: OrderId,
    /// There was no order before, so that nothing can stand of it.
    pub is_new: bool,
    /// Amazon did not say who ships it.
    pub shipper_unknown: bool,
    pub lines: Vec<Ask>,
    revision: u64,
    created_at: Timestamp,
    updated_at: Timestamp,
    /// When we saw it so: nothing that left the warehouse did so later.
    seen_at: Timestamp,
    acknowledged_at: Option<Timestamp>,
}

impl Told {
    pub fn new(images: Images<StoredOrder>, is_new: bool) -> Self {
        let mut told = Self {
            is_new,
            most: BTreeMap::new(),
            old: images.old.clone(),
            new: images.new.clone(),
        };
        told.remember(&images);
        told
    }

    /// Takes what is told next of the same order.
    pub fn then(&mut self, images: Images<StoredOrder>) {
        self.remember(&images);
        if images.new.revision > self.new.revision {
            self.new = images.new;
        }
    }

    fn remember(&mut self, images: &Images<StoredOrder>) {
        for order in images.old.iter().chain([&images.new]) {
            for item in order.order.items.iter().filter(|_| reserves(order)) {
                let most = self.most.entry(item.id.clone()).or_default();
                *most = item.quantity.max(*most);
            }
        }
    }

    /// What the order asks for now. A line that vanished asks for nothing.
    pub fn asking(&self) -> Asking {
        let (new, old) = (&*self.new, self.old.as_deref());
        let ids: BTreeSet<&str> = new
            .order
            .items
            .iter()
            .map(|item| item.id.as_str())
            .collect();
        let gone = old.iter().flat_map(|old| &old.order.items);
        let gone = gone.filter(|item| !ids.contains(item.id.as_str()));
        let items = new.order.items.iter().chain(gone);
        let shipped = is_shipped(new).then_some(new.version.fetched_at);
        Asking {
            tenant: new.tenant.clone(),
            connection: new.connection.clone(),
            order: new.order.id.clone(),
            is_new: self.is_new,
            shipper_unknown: new.order.fulfilled_by.is_none(),
            lines: items.filter_map(|item| self.ask(item)).collect(),
            revision: new.revision,
            created_at: new.order.created_at,
            updated_at: new.order.updated_at,
            seen_at: new.version.fetched_at,
            acknowledged_at: new.acknowledged_at.or(shipped),
        }
    }

    /// `None` where the line holds nothing and never did.
    fn ask(&self, item: &OrderItem) -> Option<Ask> {
        let sku = item.sku.as_deref()?.parse().ok()?;
        let before = self.old.as_deref().and_then(|old| core(old, &item.id));
        let now = core(&self.new, &item.id);
        let (units, fulfilled, _) = now.or(before.map(|_| (0, 0, false)))?;
        Some(Ask {
            sku,
            line: item.id.clone(),
            units,
            most: self.most.get(&item.id).copied().unwrap_or(units),
            fulfilled,
            is_old_news: now == before && units <= fulfilled,
        })
    }
}

/// Units that a line of an order asks for, units of it that left, and whether the platform took it over. `None` where
/// the order has no such line, or reserves nothing.
fn core(stored: &StoredOrder, line: &str) -> Option<(u32, u32, bool)> {
    let item = stored.order.items.iter().find(|item| item.id == line)?;
    if !reserves(stored) {
        return None;
    }
    if is_unreleased(stored) {
        return Some((0, 0, false));
    }
    let shipped = is_shipped(stored);
    let left = if shipped {
        item.quantity
    } else {
        item.quantity_fulfilled.min(item.quantity)
    };
    let units = if is_cancelled(stored) {
        left
    } else {
        item.quantity
    };
    Some((units, left, shipped || stored.acknowledged_at.is_some()))
}

/// Whether an order's lines are ours to deliver: not those that Amazon ships. Where Amazon does not say who ships, they
/// are.
fn reserves(stored: &StoredOrder) -> bool {
    stored.order.fulfilled_by != Some(FulfilledBy::Amazon)
}

/// A pre-order holds nothing before its release. Amazon may take its units off the listing's number all the same: as with
/// a cancellation, the most that it asks for is told, so that the number is sent once more.
fn is_unreleased(stored: &StoredOrder) -> bool {
    stored.order.amazon_status == Some(AmazonStatus::PendingAvailability)
}

fn is_shipped(stored: &StoredOrder) -> bool {
    stored.status == OrderStatus::Dispatched
        || stored.order.amazon_status == Some(AmazonStatus::Shipped)
}

/// Parked orders have a status of their own, whatever Amazon says.
fn is_cancelled(stored: &StoredOrder) -> bool {
    let off = Some(AmazonStatus::Cancelled) == stored.order.amazon_status
        || Some(AmazonStatus::Unfulfillable) == stored.order.amazon_status;
    off || stored.status == OrderStatus::Cancelled
}

impl Asking {
    /// What a line holds of a SKU, one unit of the listing being `per_unit` of it. `listed`: the SKU is the listing's own
    /// product, in whose partition the sale is told. `stands`: what is reserved so far.
    pub fn reservation(
        &self,
        ask: &Ask,
        per_unit: u32,
        listed: bool,
        stands: Option<&Reservation>,
    ) -> Reservation {
        let before = stands.and_then(|stands| stands.acknowledged_at);
        Reservation {
            connection: self.connection.clone(),
            order: self.order.clone(),
            line: ask.line.clone(),
            amazon_sku: ask.sku.clone(),
            units: ask.units.saturating_mul(per_unit),
            sale: listed.then(|| self.sale(ask, stands.and_then(|stands| stands.sale))),
            acknowledged_at: before.into_iter().chain(self.acknowledged_at).min(),
            dispatched: self.dispatched(ask.fulfilled.saturating_mul(per_unit), stands),
            revision: self.revision,
        }
    }

    fn sale(&self, ask: &Ask, stands: Option<Sale>) -> Sale {
        let most = stands.map_or(0, |sale| sale.most);
        let most = most.max(ask.most).max(ask.units);
        let reduced_at = match stands {
            Some(sale) if sale.units <= ask.units => sale.reduced_at,
            _ => (ask.units < most).then_some(self.updated_at),
        };
        Sale {
            ordered_at: self.created_at,
            units: ask.units,
            most,
            reduced_at,
        }
    }

    /// What left so far, each part with the moment when it was first seen gone.
    fn dispatched(&self, left: u32, stands: Option<&Reservation>) -> Vec<Dispatch> {
        let mut dispatched = Vec::new();
        let mut rest = left;
        for before in stands.into_iter().flat_map(|stands| &stands.dispatched) {
            let units = before.units.min(rest);
            rest -= units;
            if units > 0 {
                dispatched.push(Dispatch { units, ..*before });
            }
        }
        if rest > 0 {
            dispatched.push(Dispatch {
                at: self.seen_at,
                units: rest,
            });
        }
        dispatched
    }
}

/// Whether two reservations mean the same, whatever revision told of it.
pub fn means_the_same(one: &Reservation, other: &Reservation) -> bool {
    let same = Reservation {
        revision: other.revision,
        ..one.clone()
    };
    same == *other
}
