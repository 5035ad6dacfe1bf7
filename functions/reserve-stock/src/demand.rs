//! What an order demands of the warehouse now, line by line, and the reservation that follows. Pure, so that an order's
//! revisions end the same in whatever order and however often they arrive.

use jiff::Timestamp;
use stallkeeper::domain::ids::{AmazonSku, ConnectionKey, OrderId, WarehouseCode};
use stallkeeper::domain::order::{AmazonStatus, FulfilledBy, OrderItem, OrderStatus, StoredOrder};
use stallkeeper::domain::stock::{Dispatch, Reservation, Sale};
use stallkeeper::store::stream::Images;
use std::collections::{BTreeMap, BTreeSet};

/// What a batch holds of one order: its state before the batch, and the newest one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderChanges {
    /// The batch begins with the order's first revision.
    is_new: bool,
    old: Option<Box<StoredOrder>>,
    new: Box<StoredOrder>,
    /// The most that each line ever demanded within the batch.
    most: BTreeMap<String, u32>,
}

/// What a line demands now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineDemand {
    pub sku: AmazonSku,
    pub line: String,
    /// Units of the listing; of a cancelled line only what was shipped already.
    units: u32,
    most: u32,
    fulfilled: u32,
    /// When the latest of its units that left had left: a dispatch says so before Amazon does.
    left_at: Option<Timestamp>,
    /// Nothing is reserved any more, and nothing was before the batch.
    pub is_old_news: bool,
}

/// What an order demands now, and what all its lines share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderDemand {
    pub connection: ConnectionKey,
    pub order: OrderId,
    /// There was no order before, so that no reservation of it can exist.
    pub is_new: bool,
    /// Amazon did not say who ships it.
    pub shipper_unknown: bool,
    pub lines: Vec<LineDemand>,
    revision: u64,
    created_at: Timestamp,
    updated_at: Timestamp,
    /// When we read this state: nothing in it left the warehouse later.
    seen_at: Timestamp,
    acknowledged_at: Option<Timestamp>,
    /// What was stamped before this moment is reserved again as if nobody had taken it over.
    given_back_at: Option<Timestamp>,
    /// It belongs to whoever handled it before the take-over moment.
    is_elsewhere: bool,
    warehouse: Option<WarehouseCode>,
}

impl OrderChanges {
    pub fn new(images: Images<StoredOrder>, is_new: bool) -> Self {
        let mut changes = Self {
            is_new,
            most: BTreeMap::new(),
            old: images.old.clone(),
            new: images.new.clone(),
        };
        changes.remember(&images);
        changes
    }

    /// Adds the next change of the same order.
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

    /// What the order demands now. A line that vanished demands nothing.
    pub fn demand(&self) -> OrderDemand {
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
        OrderDemand {
            connection: new.connection_key(),
            order: new.order.id.clone(),
            is_new: self.is_new,
            shipper_unknown: new.order.fulfilled_by.is_none(),
            lines: items.filter_map(|item| self.line(item)).collect(),
            revision: new.revision,
            created_at: new.order.created_at,
            updated_at: new.order.updated_at,
            seen_at: new.version.fetched_at,
            acknowledged_at: new.acknowledged_at.or(shipped),
            given_back_at: new.given_back_at,
            is_elsewhere: new.status == OrderStatus::Elsewhere,
            warehouse: new.warehouse.clone(),
        }
    }

    /// `None` if the line reserves nothing and never did.
    fn line(&self, item: &OrderItem) -> Option<LineDemand> {
        let sku = item.sku.as_deref()?.parse().ok()?;
        let before = self.old.as_deref().and_then(|old| core(old, &item.id));
        let now = core(&self.new, &item.id);
        let (units, fulfilled, _) = now.or(before.map(|_| (0, 0, false)))?;
        Some(LineDemand {
            sku,
            line: item.id.clone(),
            units,
            most: self.most.get(&item.id).copied().unwrap_or(units),
            fulfilled,
            left_at: self.new.leaves_at(&item.id),
            is_old_news: now == before && units <= fulfilled,
        })
    }
}

/// Units that a line of an order demands, units of it that were shipped, and whether the platform took it over. `None` if
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
    let is_off = is_cancelled_line(item, shipped);
    let left = if shipped && !is_off && stored.cancelling(item).is_none() {
        item.quantity
    } else {
        stored.shipped_quantity(item)
    };
    let units = if is_cancelled(stored) {
        left
    } else if is_off {
        // One line of several: what Amazon still asks for of it, as a rule nothing.
        left.saturating_add(item.open_quantity()).min(item.quantity)
    } else {
        item.quantity
    };
    Some((units, left, shipped || stored.acknowledged_at.is_some()))
}

/// Whether an order's lines are ours to deliver: not those that Amazon ships. If Amazon does not say who ships, they
/// are.
fn reserves(stored: &StoredOrder) -> bool {
    stored.order.fulfilled_by != Some(FulfilledBy::Amazon)
}

/// A pre-order holds nothing before its release. Amazon may take its units off the listing's quantity all the same: as
/// with a cancellation, the most that it demanded is kept, so that the quantity is sent once more.
fn is_unreleased(stored: &StoredOrder) -> bool {
    stored.order.amazon_status == Some(AmazonStatus::PendingAvailability)
}

fn is_shipped(stored: &StoredOrder) -> bool {
    stored.status == OrderStatus::Dispatched
        || stored.order.amazon_status == Some(AmazonStatus::Shipped)
}

/// Whether a line is cancelled, be it beside others that are shipped. Without Amazon's word who did it, its numbers say so
/// once the order is shipped: units that are neither shipped nor to be shipped.
fn is_cancelled_line(item: &OrderItem, shipped: bool) -> bool {
    let nothing_left = item.quantity_unfulfilled == Some(0);
    let is_short = shipped && nothing_left && item.quantity_fulfilled < item.quantity;
    item.cancelled_by.is_some() || is_short
}

/// Parked orders have a status of their own, whatever Amazon says.
fn is_cancelled(stored: &StoredOrder) -> bool {
    let off = Some(AmazonStatus::Cancelled) == stored.order.amazon_status
        || Some(AmazonStatus::Unfulfillable) == stored.order.amazon_status;
    off || stored.status == OrderStatus::Cancelled
}

impl OrderDemand {
    /// What a line reserves of a SKU, one unit of the listing being `per_unit` of it. `listed`: the SKU is the listing's
    /// own product, whose partition keeps the sale. `previous`: what is reserved so far.
    pub fn reservation(
        &self,
        line: &LineDemand,
        per_unit: u32,
        listed: bool,
        previous: Option<&Reservation>,
    ) -> Reservation {
        let before = previous.and_then(|previous| previous.acknowledged_at);
        let before = before.filter(|at| self.given_back_at.is_none_or(|back| *at > back));
        Reservation {
            connection: self.connection.id.clone(),
            order: self.order.clone(),
            line: line.line.clone(),
            amazon_sku: line.sku.clone(),
            units: line.units.saturating_mul(per_unit),
            sale: listed.then(|| self.sale(line, previous.and_then(|previous| previous.sale))),
            acknowledged_at: before.into_iter().chain(self.acknowledged_at).min(),
            dispatched: self.dispatched(line, per_unit, previous),
            is_elsewhere: self.is_elsewhere,
            warehouse: self.warehouse.clone(),
            revision: self.revision,
        }
    }

    fn sale(&self, line: &LineDemand, previous: Option<Sale>) -> Sale {
        let most = previous.map_or(0, |sale| sale.most);
        let most = most.max(line.most).max(line.units);
        let reduced_at = match previous {
            Some(sale) if sale.units <= line.units => sale.reduced_at,
            _ => (line.units < most).then_some(self.updated_at),
        };
        Sale {
            ordered_at: self.created_at,
            units: line.units,
            most,
            reduced_at,
        }
    }

    /// What was shipped so far, each part with the moment when it was first read as shipped.
    fn dispatched(
        &self,
        line: &LineDemand,
        per_unit: u32,
        previous: Option<&Reservation>,
    ) -> Vec<Dispatch> {
        let left = line.fulfilled.saturating_mul(per_unit);
        let mut dispatched = Vec::new();
        let mut rest = left;
        for before in previous
            .into_iter()
            .flat_map(|previous| &previous.dispatched)
        {
            let units = before.units.min(rest);
            rest -= units;
            if units > 0 {
                dispatched.push(Dispatch { units, ..*before });
            }
        }
        if rest > 0 {
            dispatched.push(Dispatch {
                at: line.left_at.map_or(self.seen_at, |at| at.max(self.seen_at)),
                units: rest,
            });
        }
        dispatched
    }
}

/// Whether two reservations mean the same, whatever revision wrote them.
pub fn means_the_same(one: &Reservation, other: &Reservation) -> bool {
    let same = Reservation {
        revision: other.revision,
        ..one.clone()
    };
    same == *other
}
