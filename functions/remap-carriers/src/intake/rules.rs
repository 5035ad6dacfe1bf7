//! The rules in force for one connection.

use jiff::Timestamp;
use stallkeeper::domain::connection::MarketplaceSettings;
use stallkeeper::domain::courier::{Couriers, Mappings};
use stallkeeper::domain::ids::AmazonSku;
use stallkeeper::domain::marketplace::Marketplace;
use stallkeeper::domain::order::{AmazonStatus, FulfilledBy, Order, OrderStatus, StoredOrder};
use stallkeeper::store::Settings;
use std::collections::BTreeSet;

/// The rules in force for one connection.
pub struct Rules {
    pub(super) settings: Settings,
    pub(super) mappings: Mappings,
    pub(super) couriers: Couriers,
    /// The take-over moment.
    pub(super) orders_from: Option<Timestamp>,
    /// Marketplaces of which all listings are known: only there a SKU can be unknown.
    matched: BTreeSet<Marketplace>,
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
            matched: BTreeSet::new(),
        }
    }

    /// With the marketplaces of which all listings are known.
    #[must_use]
    pub fn with_matched(mut self, matched: BTreeSet<Marketplace>) -> Self {
        self.matched = matched;
        self
    }

    /// SKUs of an order's lines that are to be known here: those of one that is ours to ship, where all listings are known.
    pub fn skus_to_know(&self, order: &Order) -> BTreeSet<AmazonSku> {
        let is_open = matches!(
            order.amazon_status,
            Some(AmazonStatus::Unshipped | AmazonStatus::PartiallyShipped)
        );
        let by_amazon = order.fulfilled_by == Some(FulfilledBy::Amazon);
        let is_ours = self.active(order).is_some() && !self.leaves_elsewhere(order, None);
        let is_matched = |it: Marketplace| self.matched.contains(&it);
        let is_matched = order.marketplace().is_some_and(is_matched);
        if !is_open || by_amazon || !is_ours || !is_matched {
            return BTreeSet::new();
        }
        let skus = order.items.iter().filter_map(|line| line.sku.as_deref());
        skus.filter_map(|sku| sku.parse().ok()).collect()
    }

    /// How the order's marketplace is run, if it is switched on.
    pub(super) fn active(&self, order: &Order) -> Option<&MarketplaceSettings> {
        self.settings.active(order.marketplace()?)
    }

    /// Whether an order belongs to whoever handled orders before. What was ours once stays ours.
    pub(super) fn leaves_elsewhere(&self, order: &Order, stored: Option<&StoredOrder>) -> bool {
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
