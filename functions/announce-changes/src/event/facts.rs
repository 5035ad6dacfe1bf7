//! The facts that events carry, as consumers read them.

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde::Serialize;
use stallkeeper::domain::cancellation::{
    CancelReason, CancellationId, CancellationLine, CancellationState,
};
use stallkeeper::domain::courier::LabelSource;
use stallkeeper::domain::dispatch::{DispatchLine, DispatchState, ParcelId, TrackingNumber};
use stallkeeper::domain::ids::{AmazonSku, Asin, ConnectionId, FeedId, OrderId, Sku};
use stallkeeper::domain::listing::HoldMode;
use stallkeeper::domain::marketplace::Marketplace;
use stallkeeper::domain::new_offer::{Candidate, Restriction};
use stallkeeper::domain::order::{BuyerReason, CancelledBy, Risk};
use stallkeeper::store::OrderRow;
use utoipa::ToSchema;

/// An offer that is to be made and waits for a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = WaitingOffer)]
pub struct OfferFacts {
    pub connection: ConnectionId,
    /// Ours.
    pub sku: Sku,
    pub marketplace: Marketplace,
    /// In words.
    pub why: String,
    /// The item that would be offered, if it is known.
    pub asin: Option<Asin>,
    /// Its first price, if that waits for a person to look at it: an amount in the marketplace's currency.
    pub held_price: Option<Decimal>,
    /// The items that it may be.
    pub candidates: Vec<Candidate>,
    /// In Amazon's words, with its links.
    pub restrictions: Vec<Restriction>,
    pub remedy: &'static str,
    pub revision: u64,
}

/// A hold of a listing that began or ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ListingHeld {
    pub connection: ConnectionId,
    /// As spelt on Amazon.
    pub sku: AmazonSku,
    pub product: Option<Sku>,
    /// `leave`: it is sent nothing. `zero`: it is sent zero and stays at it.
    pub mode: HoldMode,
    pub reason: String,
    pub until: Option<Timestamp>,
    pub held_at: Timestamp,
    /// Who held it, as the token named them.
    pub held_by: Option<String>,
    /// When it ended, if it did.
    pub released_at: Option<Timestamp>,
    /// Who released it; nobody if the time of the hold was over.
    pub released_by: Option<String>,
}

/// A parcel of an order, right after the change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct DispatchFacts {
    pub connection: ConnectionId,
    /// Amazon's.
    pub order_id: OrderId,
    /// The platform's.
    pub parcel: ParcelId,
    pub revision: u64,
    pub state: DispatchState,
    /// Amazon's number of it.
    pub package_number: String,
    pub tracking_number: TrackingNumber,
    pub lines: Vec<DispatchLine>,
    pub label_source: LabelSource,
    pub handed_over_at: Timestamp,
    pub confirmed_at: Option<Timestamp>,
    /// Amazon's code, or ours if it was refused before Amazon.
    pub code: Option<String>,
    /// Amazon's words, or ours.
    pub message: Option<String>,
    /// Why Amazon does not count its tracking number, if it is known not to.
    pub not_counted_by_amazon: Option<String>,
}

/// A cancellation of lines of an order, right after the change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct CancellationFacts {
    pub connection: ConnectionId,
    /// Amazon's.
    pub order_id: OrderId,
    pub cancellation: CancellationId,
    pub revision: u64,
    pub reason: CancelReason,
    pub state: CancellationState,
    /// Each with Amazon's words if it is refused.
    pub lines: Vec<CancellationLine>,
    pub settled_at: Option<Timestamp>,
}

/// An order, and its lines: all, or those that the event is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct OrderLines {
    #[serde(flatten)]
    pub order: OrderRow,
    pub lines: Vec<OrderLine>,
}

/// An order that may come too late, and of what it is at risk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct OrderAtRisk {
    #[serde(flatten)]
    pub order: OrderLines,
    pub risk: Risk,
    /// When Amazon cancels it by itself, without charging the buyer, unless a dispatch is confirmed before.
    pub auto_cancel_at: Option<Timestamp>,
}

/// A line of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct OrderLine {
    pub order_item_id: String,
    /// Exactly as on Amazon.
    pub sku: Option<String>,
    pub quantity: u32,
    /// Units that are neither shipped nor cancelled, by Amazon's word.
    pub open_quantity: u32,
    /// Why the buyer asks to cancel it, if it is one of Amazon's reasons.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cancel_reason: Option<BuyerReason>,
    /// Who cancelled it, if Amazon says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cancelled_by: Option<CancelledBy>,
}

/// The value that was refused; a quantity belongs to no marketplace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(untagged)]
pub enum RefusedValue {
    Quantity {
        quantity: u32,
    },
    Price {
        marketplace: Marketplace,
        price: Decimal,
    },
}

/// What Amazon refused, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Refusal {
    pub connection: ConnectionId,
    /// As spelt on Amazon.
    pub sku: AmazonSku,
    pub product: Option<Sku>,
    #[serde(flatten)]
    pub value: RefusedValue,
    pub code: String,
    /// Amazon's words.
    pub message: String,
    /// Ours: what it means, and what to do.
    pub meaning: &'static str,
    pub remedy: &'static str,
    /// It is sent again by itself.
    pub retry: bool,
    /// What it was sent with; absent if it was patched.
    pub feed: Option<FeedId>,
    pub refused_at: Timestamp,
}
