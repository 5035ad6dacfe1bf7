//! Owns how lines of an order are cancelled: what the buyer asks for, what the buyer, the seller or
//! Amazon does, and the units that go back to the listing. Who may is the caller's to say.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::state::{self, CancelledBy};
use crate::{clock, listings, world::Seller};

/// Seller Central, UK: an order that is not confirmed seven days after its expected ship date is
/// cancelled, and the buyer is not charged.
const PATIENCE: SignedDuration = SignedDuration::from_hours(7 * 24);
/// Orders are looked through once in so long a time.
const LOOKS_EVERY: SignedDuration = SignedDuration::from_secs(1);

/// The buyer asks for lines to be cancelled: those named, else all that are open.
pub(crate) fn request(order: &mut Value, lines: Option<&[String]>, reason: &str, now: Timestamp) {
    for id in wanted(order, lines) {
        if let Some(item) = state::item_mut(order, &id) {
            item["cancellation"]["cancellationRequest"] =
                json!({ "requester": "BUYER", "cancelReason": reason });
        }
    }
    order["lastUpdatedTime"] = json!(clock::iso(now));
}

/// The buyer takes every request back that was not granted yet.
pub(crate) fn withdraw(order: &mut Value, now: Timestamp) {
    for item in order["orderItems"].as_array_mut().into_iter().flatten() {
        let executed = item
            .pointer("/cancellation/cancellationExecution")
            .is_some();
        if let Some(item) = item.as_object_mut().filter(|_| !executed) {
            item.remove("cancellation");
        }
    }
    order["lastUpdatedTime"] = json!(clock::iso(now));
}

/// Lines that are cancelled, by whom and why.
pub(crate) struct Cancellation<'a> {
    /// None: all that are open.
    pub(crate) lines: Option<&'a [String]>,
    pub(crate) by: CancelledBy,
    pub(crate) reason: &'a str,
    /// Their units go back to the listing.
    pub(crate) restores: bool,
}

impl Cancellation<'_> {
    /// Does nothing to an order that the seller does not have.
    pub(crate) fn apply(&self, seller: &mut Seller, id: &str, now: Timestamp) {
        let Some(order) = seller.orders.get_mut(id) else {
            return;
        };
        for line in wanted(order, self.lines) {
            let units = state::cancel(order, &line, self.by, self.reason);
            let item = state::item(order, &line);
            let sku = item.and_then(|item| item["product"]["sellerSku"].as_str());
            if let Some(sku) = sku.filter(|_| self.restores) {
                listings::returned(&mut seller.listings, id, sku, units, now);
            }
        }
        state::settle(order, now);
        seller.touched(id);
    }
}

/// Cancels what nobody shipped in time. It looks no more than once a second.
pub(crate) fn overdue(seller: &mut Seller, restores: bool, now: Timestamp) {
    let looked = seller.overdue_looked_at;
    if looked.is_some_and(|at| at <= now && now.duration_since(at) < LOOKS_EVERY) {
        return;
    }
    seller.overdue_looked_at = Some(now);
    let late = |order: &Value| {
        let ship_by = super::time(&order["fulfillment"]["shipByWindow"], "latestDateTime");
        let until = ship_by.and_then(|at| at.checked_add(PATIENCE).ok());
        state::awaits_shipment(order) && until.is_some_and(|until| until < now)
    };
    let orders = seller.orders.iter().filter(|(_, order)| late(order));
    let ids: Vec<String> = orders.map(|(id, _)| id.clone()).collect();
    for id in ids {
        let cancellation = Cancellation {
            lines: None,
            by: CancelledBy::Amazon,
            reason: "NOT_SHIPPED_IN_TIME",
            restores,
        };
        cancellation.apply(seller, &id, now);
    }
}

fn wanted(order: &Value, lines: Option<&[String]>) -> Vec<String> {
    state::items(order)
        .filter(|item| state::open_units(item) > 0)
        .filter_map(|item| item["orderItemId"].as_str())
        .filter(|id| lines.is_none_or(|lines| lines.iter().any(|line| line == id)))
        .map(str::to_owned)
        .collect()
}
