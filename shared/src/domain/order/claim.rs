//! Who speaks for units of an order's lines: a dispatch ships them, a cancellation cancels them.
//!
//! A claim is written with the order, whose revision is the lock: of a dispatch and a cancellation of the same units one
//! reads the claim of the other. Amazon's own numbers follow later, so a claim counts until they show what it says, and
//! never twice.

pub use crate::domain::ids::CancellationId;

use super::{AmazonStatus, OrderItem, OrderStatus, StoredOrder};
use crate::domain::dispatch::PackageNumber;
use crate::domain::ids::ParcelId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Units of a line that a dispatch or a cancellation speaks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineClaim {
    /// Amazon's id of the line.
    pub line: String,
    pub units: u32,
    pub by: ClaimedBy,
    /// Units of the line that Amazon reported as shipped when the claim was made: they are somebody else's.
    #[serde(default)]
    pub fulfilled_before: u32,
    /// The number under which Amazon's packages show a dispatch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub package: Option<PackageNumber>,
    /// The label of a dispatch is Amazon's: only Amazon's packages can confirm it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub label_by_amazon: bool,
    /// When the units of a dispatch leave the warehouse.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub leaves_at: Option<Timestamp>,
}

/// What speaks for units.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClaimedBy {
    Dispatch(ParcelId),
    Cancellation(CancellationId),
}

impl LineClaim {
    /// A cancellation's claim on units of a line.
    pub fn by_cancellation(line: &OrderItem, units: u32, id: CancellationId) -> Self {
        Self {
            line: line.id.clone(),
            units,
            by: ClaimedBy::Cancellation(id),
            fulfilled_before: line.quantity_fulfilled,
            package: None,
            label_by_amazon: false,
            leaves_at: None,
        }
    }

    /// Whether a dispatch speaks.
    pub fn ships(&self) -> bool {
        matches!(self.by, ClaimedBy::Dispatch(_))
    }

    /// Whether it is this parcel's.
    pub fn is_of_parcel(&self, parcel: &ParcelId) -> bool {
        matches!(&self.by, ClaimedBy::Dispatch(by) if by == parcel)
    }
}

fn sum(units: impl Iterator<Item = u32>) -> u32 {
    units.fold(0, u32::saturating_add)
}

impl StoredOrder {
    /// Units of a line that nobody has shipped, cancelled or claimed: what another dispatch or cancellation may have.
    pub fn unclaimed(&self, line: &OrderItem) -> u32 {
        let claimed = sum(self.claims_on(line).map(|claim| claim.units));
        let unseen = claimed.saturating_sub(self.shown_dispatched(line));
        line.open_quantity().saturating_sub(unseen)
    }

    /// Units of a line that were shipped by anyone, be it that Amazon reports it or that a dispatch of ours says so.
    pub fn shipped_quantity(&self, line: &OrderItem) -> u32 {
        let ours = self.dispatched_by_us(line);
        let unseen = ours.saturating_sub(self.shown_dispatched(line));
        let shipped = line.quantity_fulfilled.saturating_add(unseen);
        shipped.min(line.quantity)
    }

    /// When the latest of a line's dispatched units leave the warehouse.
    pub fn leaves_at(&self, line: &str) -> Option<Timestamp> {
        let claims = self.claims.iter().filter(|claim| claim.line == line);
        claims.filter_map(|claim| claim.leaves_at).max()
    }

    /// The status that its claims make of one that Amazon's word and the rules give: what is dispatched is not offered
    /// again before Amazon says so too.
    pub fn claimed_status(&self, status: OrderStatus) -> OrderStatus {
        let is_open = matches!(
            status,
            OrderStatus::PendingReview
                | OrderStatus::Ready
                | OrderStatus::Acknowledged
                | OrderStatus::PartlyDispatched
        );
        if !is_open || !self.claims.iter().any(LineClaim::ships) {
            return status;
        }
        let mut lines = self.order.items.iter();
        match status {
            _ if lines.all(|line| self.unclaimed(line) == 0) => OrderStatus::Dispatched,
            // The rest waits for a person, whatever was sent before.
            OrderStatus::PendingReview => status,
            _ => OrderStatus::PartlyDispatched,
        }
    }

    /// The status of an order that the platform has taken over, by Amazon's word and its claims.
    pub fn status_taken_over(&self) -> OrderStatus {
        let status = match self.order.amazon_status {
            Some(AmazonStatus::Cancelled | AmazonStatus::Unfulfillable) => OrderStatus::Cancelled,
            Some(AmazonStatus::Shipped) => OrderStatus::Dispatched,
            Some(AmazonStatus::PartiallyShipped) => OrderStatus::PartlyDispatched,
            _ => OrderStatus::Acknowledged,
        };
        self.claimed_status(status)
    }

    fn claims_on(&self, line: &OrderItem) -> impl Iterator<Item = &LineClaim> {
        let id = line.id.as_str();
        self.claims.iter().filter(move |claim| claim.line == id)
    }

    fn dispatched_by_us(&self, line: &OrderItem) -> u32 {
        let claims = self.claims_on(line).filter(|claim| claim.ships());
        sum(claims.map(|claim| claim.units))
    }

    /// Units of our dispatches that Amazon's count of shipped units holds already. Amazon's packages say which are ours;
    /// without them, what came on top since our first claim is taken for ours.
    fn shown_dispatched(&self, line: &OrderItem) -> u32 {
        let ours = || self.claims_on(line).filter(|claim| claim.ships());
        let shown = if self.order.packages.is_empty() {
            let before = ours().map(|claim| claim.fulfilled_before).min();
            before.map_or(0, |before| line.quantity_fulfilled.saturating_sub(before))
        } else {
            sum(ours().map(|claim| self.shown_of(claim)))
        };
        shown
            .min(self.dispatched_by_us(line))
            .min(line.quantity_fulfilled)
    }

    fn shown_of(&self, claim: &LineClaim) -> u32 {
        let Some(number) = claim.package else {
            return 0;
        };
        let number = number.to_string();
        let packages = self.order.packages.iter();
        let ours =
            packages.filter(|package| package.reference == number && !package.is_cancelled());
        let units = ours.map(|package| package.units_of(&claim.line).unwrap_or(claim.units));
        sum(units).min(claim.units)
    }
}
