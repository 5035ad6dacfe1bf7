//! One reading of an order, and what of it is known, which is not the same as what of it is there.

use stallkeeper::domain::courier::{Address, Requirements};
use stallkeeper::domain::order::{BuyerData, Order, OrderPart, Version};
use stallkeeper::sp_api::Dataset;
use std::collections::BTreeSet;

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
    /// SKUs of its lines that nobody here knows.
    pub unknown_skus: BTreeSet<String>,
    pub content_hash: u64,
}

impl Reading {
    fn holds(&self, dataset: Dataset) -> bool {
        self.datasets.contains(&dataset)
    }

    /// The parts that it says something of: Amazon was asked for them, and gave them.
    pub(super) fn parts(&self) -> BTreeSet<OrderPart> {
        let asked = |part: &OrderPart| match part {
            OrderPart::Head | OrderPart::Programs | OrderPart::Lines => true,
            OrderPart::Fulfilment | OrderPart::LineFulfilment => self.holds(Dataset::Fulfillment),
            OrderPart::Cancellation => self.holds(Dataset::Cancellation),
            OrderPart::Address => self.holds(Dataset::Recipient),
            OrderPart::Proceeds => self.holds(Dataset::Proceeds),
            OrderPart::Packages => self.holds(Dataset::Packages),
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
    pub(super) fn hides_lines(&self) -> bool {
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
        let hides = !self.unreadable.is_empty() || !self.unknown_skus.is_empty();
        let lacks = lacks_status || lacks_address || hides;
        !parts.contains(&OrderPart::Lines) || lacks
    }

    fn address(&self) -> Address<'_> {
        self.buyer.address(&self.order)
    }
}
