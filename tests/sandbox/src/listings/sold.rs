//! Owns what orders do to listings: every new merchant-fulfilled order lowers the one quantity of
//! its SKUs at once, never below zero. It never restores anything unless a test asks for it.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value;

use super::{Fulfilment, Listings};
use crate::orders;

/// Lowers what an order sells, when it is first seen. Amazon's own and cancelled orders sell nothing,
/// nor do, unless `backdated` ones sell, those from before the current quantity took effect.
pub(crate) fn placed(listings: &mut Listings, order: &Value, backdated: bool, at: Timestamp) {
    let fulfillment = &order["fulfillment"];
    if fulfillment["fulfilledBy"] == "AMAZON" || fulfillment["fulfillmentStatus"] == "CANCELLED" {
        return;
    }
    for (sku, units) in lines(order) {
        let Some(listing) = merchant(listings, sku) else {
            continue;
        };
        let created = orders::time(order, "createdTime");
        if !backdated && created.is_some_and(|created| created < listing.quantity_since) {
            continue;
        }
        listing.oversold += units.saturating_sub(listing.quantity);
        let left = listing.quantity.saturating_sub(units);
        listing.change(left, at, by(id(order)));
    }
}

/// Gives back what a cancelled order had taken.
pub(crate) fn cancelled(listings: &mut Listings, order: &Value, at: Timestamp) {
    if order["fulfillment"]["fulfilledBy"] == "AMAZON" {
        return;
    }
    for (sku, units) in lines(order) {
        returned(listings, id(order), sku, units, at);
    }
}

/// Gives units of an order back to their listing, if the seller has it and ships it.
pub(crate) fn returned(listings: &mut Listings, order: &str, sku: &str, units: u64, at: Timestamp) {
    if let Some(listing) = merchant(listings, sku) {
        let quantity = listing.quantity.saturating_add(units);
        listing.change(quantity, at, by(order));
    }
}

fn merchant<'a>(listings: &'a mut Listings, sku: &str) -> Option<&'a mut super::Listing> {
    listings
        .get_mut(sku)
        .filter(|listing| listing.fulfilment == Fulfilment::Merchant)
}

fn id(order: &Value) -> &str {
    order["orderId"].as_str().unwrap_or_default()
}

fn by(order: &str) -> Arc<str> {
    format!("order {order}").into()
}

fn lines(order: &Value) -> impl Iterator<Item = (&str, u64)> {
    let items = order["orderItems"].as_array().into_iter().flatten();
    items.filter_map(|item| {
        Some((
            item["product"]["sellerSku"].as_str()?,
            item["quantityOrdered"].as_u64()?,
        ))
    })
}
