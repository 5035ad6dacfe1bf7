//! One order from its readings, part by part: each part is from the latest reading that has it. What a reading leaves out,
//! because Amazon was not asked for it or left it null, is unknown and takes nothing back.

use super::Reading;
use stallkeeper::domain::order::{Order, OrderItem, OrderPart, Readings, StoredOrder, Version};
use std::collections::{BTreeMap, BTreeSet};

/// How many contents are remembered that were replaced.
const MOST_REPLACED: usize = 16;

/// An order after a reading.
pub(super) struct Merged {
    pub(super) order: Order,
    /// The parts that are from this reading.
    pub(super) taken: BTreeSet<OrderPart>,
    pub(super) readings: Readings,
    pub(super) version: Version,
    pub(super) content_hash: u64,
}

impl Merged {
    /// Of an order that is new.
    pub(super) fn first(reading: &Reading) -> Self {
        let taken = reading.parts();
        Self {
            order: reading.order.clone(),
            readings: Readings {
                parts: taken.iter().map(|part| (*part, reading.version)).collect(),
                replaced: Vec::new(),
            },
            taken,
            version: reading.version,
            content_hash: reading.content_hash,
        }
    }

    /// Of a stored order; `None` if the reading holds nothing newer.
    pub(super) fn later(reading: &Reading, stored: &StoredOrder) -> Option<Self> {
        if stored.readings.replaced.contains(&reading.content_hash) {
            return None;
        }
        let mut parts = parts_of(stored);
        let mut taken = reading.parts();
        taken.retain(|part| parts.get(part).is_none_or(|read| reading.version > *read));
        if taken.is_empty() {
            return None;
        }
        parts.extend(taken.iter().map(|part| (*part, reading.version)));
        let is_newest = taken.contains(&OrderPart::Head);
        let (version, content_hash, past) = if is_newest {
            (reading.version, reading.content_hash, stored.content_hash)
        } else {
            (stored.version, stored.content_hash, reading.content_hash)
        };
        let mut replaced = stored.readings.replaced.clone();
        if past != content_hash {
            replaced.push(past);
        }
        let forgotten = replaced.len().saturating_sub(MOST_REPLACED);
        replaced.drain(..forgotten);
        Some(Self {
            order: order(reading, &stored.order, &taken),
            taken,
            readings: Readings { parts, replaced },
            version,
            content_hash,
        })
    }
}

/// What a stored order's parts come from once the same content was read again.
pub(super) fn read_again(reading: &Reading, stored: &StoredOrder) -> Readings {
    let mut parts = parts_of(stored);
    for part in reading.parts() {
        let read = parts.entry(part).or_insert(reading.version);
        *read = reading.version.max(*read);
    }
    Readings {
        parts,
        replaced: stored.readings.replaced.clone(),
    }
}

/// An older release kept one moment for all parts.
fn parts_of(stored: &StoredOrder) -> BTreeMap<OrderPart, Version> {
    if !stored.readings.parts.is_empty() {
        return stored.readings.parts.clone();
    }
    let parts = OrderPart::ALL.iter();
    parts.map(|part| (*part, stored.version)).collect()
}

fn order(reading: &Reading, before: &Order, taken: &BTreeSet<OrderPart>) -> Order {
    let now = &reading.order;
    let takes = |part| taken.contains(&part);
    let mut order = if takes(OrderPart::Head) {
        now.clone()
    } else {
        before.clone()
    };
    if takes(OrderPart::Head) {
        // An order is made once; of two moments the later one replaces one that could not be read.
        order.created_at = now.created_at.min(before.created_at);
        order.marketplace_id = or(&now.marketplace_id, &before.marketplace_id);
    }
    order.programs = if takes(OrderPart::Programs) {
        now.programs.clone()
    } else {
        before.programs.clone()
    };
    // What is not taken is as before; what is, but is null, too.
    let address = if takes(OrderPart::Address) {
        now
    } else {
        before
    };
    order.country = or(&address.country, &before.country);
    order.address_type = or(&address.address_type, &before.address_type);
    let status = if takes(OrderPart::Fulfilment) {
        now
    } else {
        before
    };
    order.amazon_status = or(&status.amazon_status, &before.amazon_status);
    order.fulfilled_by = or(&status.fulfilled_by, &before.fulfilled_by);
    order.service_level = or(&status.service_level, &before.service_level);
    order.ship_by = status.ship_by.or(before.ship_by);
    order.deliver_by = status.deliver_by.or(before.deliver_by);
    order.label_from = status.label_from.or(before.label_from);
    let proceeds = if takes(OrderPart::Proceeds) {
        now
    } else {
        before
    };
    order.total = or(&proceeds.total, &before.total);
    order.packages = if takes(OrderPart::Packages) {
        now.packages.clone()
    } else {
        before.packages.clone()
    };
    order.items = items(reading, before, taken);
    order
}

fn or<T: Clone>(now: &Option<T>, before: &Option<T>) -> Option<T> {
    now.as_ref().or(before.as_ref()).cloned()
}

/// The lines. One that was known stays if the reading's cannot all be read.
fn items(reading: &Reading, before: &Order, taken: &BTreeSet<OrderPart>) -> Vec<OrderItem> {
    let now = &reading.order;
    let lines = if taken.contains(&OrderPart::Lines) {
        let hidden = before
            .items
            .iter()
            .filter(|old| reading.hides_lines() && find(now, &old.id).is_none());
        now.items.iter().chain(hidden).collect::<Vec<_>>()
    } else {
        before.items.iter().collect()
    };
    lines
        .into_iter()
        .map(|line| item(line, find(now, &line.id), find(before, &line.id), taken))
        .collect()
}

fn find<'a>(order: &'a Order, id: &str) -> Option<&'a OrderItem> {
    order.items.iter().find(|item| item.id == id)
}

/// A line, each part of it from whichever reading it is to be from.
fn item(
    line: &OrderItem,
    now: Option<&OrderItem>,
    before: Option<&OrderItem>,
    taken: &BTreeSet<OrderPart>,
) -> OrderItem {
    let of = |part| {
        let (first, second) = if taken.contains(&part) {
            (now, before)
        } else {
            (before, now)
        };
        first.or(second).unwrap_or(line)
    };
    let before = before.unwrap_or(line);
    let fulfilment = of(OrderPart::LineFulfilment);
    let cancellation = of(OrderPart::Cancellation);
    OrderItem {
        sku: or(&line.sku, &before.sku),
        asin: or(&line.asin, &before.asin),
        title: or(&line.title, &before.title),
        quantity_fulfilled: fulfilment.quantity_fulfilled,
        quantity_unfulfilled: fulfilment.quantity_unfulfilled,
        constraints: fulfilment.constraints.clone(),
        cancel_requested: cancellation.cancel_requested,
        cancel_reason: cancellation.cancel_reason,
        cancelled_by: cancellation.cancelled_by,
        proceeds: or(&of(OrderPart::Proceeds).proceeds, &before.proceeds),
        ..line.clone()
    }
}
