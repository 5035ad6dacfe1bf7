//! An order as we keep it: what Amazon reported of it that is not buyer data, and what we made of it.
//!
//! Buyer data (names, address lines, postcode, phone, e-mail, gift messages, customisations, and every field that we
//! do not know) is a [`BuyerData`], which lives in a table of its own and never prints.

mod amazon;
mod buyer;
mod buyer_clock;
mod cancelled;
pub mod claim;
mod history;
mod package;
mod postcode;
mod reading;
mod risk;

pub use amazon::{AmazonStatus, FulfilledBy};
pub use buyer::BuyerData;
pub use buyer_clock::{buyer_expires, is_closed};
pub use cancelled::{BuyerReason, CancelledBy};
pub use claim::{CancellationId, ClaimedBy, LineClaim};
pub use history::{HistoryEntry, HistoryKind};
pub use package::{Package, PackageLine};
pub use postcode::{InvalidPostcode, Postcode, PostcodeDigest};
pub use reading::{OrderPart, Readings, Version};
pub use risk::{Risk, RiskMark, auto_cancel_at};

use super::courier::{CourierServiceId, Reason, Requirements};
use super::ids::{ConnectionId, ConnectionKey, OrderId, TenantId, WarehouseCode};
use super::marketplace::Marketplace;
use super::shipping_term::ShippingTerm;
use jiff::Timestamp;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Our status of an order. Amazon's own status is kept beside it, whatever it says.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::VariantArray,
    utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum OrderStatus {
    /// Of a marketplace that is not switched on: kept without buyer data until it is.
    Parked,
    /// Bought before the connection's take-over moment, or while it has none: whoever handled it then ships it. Offered to
    /// nobody here until it is taken over.
    Elsewhere,
    /// Not paid yet: nothing to ship, but the unit is already off the offer.
    AwaitingPayment,
    /// No rule could give it a courier service; waits for a person.
    PendingReview,
    /// Has a courier service; the desk may take it.
    Ready,
    /// The platform has taken it over.
    Acknowledged,
    /// Amazon reports some of its units as shipped; the rest is still to be shipped by whoever ships it. Offered to nobody who
    /// looks for `ready`.
    PartlyDispatched,
    /// Shipped, by Amazon's word or the desk's.
    Dispatched,
    /// Will not be fulfilled.
    Cancelled,
}

impl OrderStatus {
    /// All statuses there are, in the order of an order's life.
    pub const ALL: &[Self] = <Self as strum::VariantArray>::VARIANTS;

    /// The statuses that still need somebody, in the order in which a desk looks at them: what waits for a person first.
    pub const AT_A_DESK: [Self; 6] = [
        Self::PendingReview,
        Self::Ready,
        Self::Acknowledged,
        Self::PartlyDispatched,
        Self::AwaitingPayment,
        Self::Parked,
    ];

    /// The statuses of orders whose parcel may come too late.
    pub const TO_SHIP: [Self; 4] = [
        Self::PendingReview,
        Self::Ready,
        Self::Acknowledged,
        Self::PartlyDispatched,
    ];

    /// The spelling used in tables, queries and answers.
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// An amount with its currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = Amount)]
pub struct Money {
    /// A decimal number as text, so that no cent is lost.
    #[schema(value_type = String, example = "19.90")]
    pub amount: Decimal,
    /// ISO 4217.
    #[schema(example = "GBP")]
    pub currency: String,
}

/// A line of an order, without buyer data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct OrderItem {
    pub id: String,
    /// Exactly as on Amazon.
    pub sku: Option<String>,
    pub asin: Option<String>,
    pub title: Option<String>,
    pub quantity: u32,
    pub quantity_fulfilled: u32,
    /// Units that Amazon reports as still to be shipped; absent if it does not say.
    #[serde(default)]
    pub quantity_unfulfilled: Option<u32>,
    pub unit_price: Option<Money>,
    pub proceeds: Option<Money>,
    /// Names of the constraints that are mandatory, as Amazon writes them: `signatureConfirmation`, `cashOnDelivery`, …
    pub constraints: Vec<String>,
    /// The buyer asked for this line to be cancelled.
    pub cancel_requested: bool,
    /// Why, if it is one of the reasons that Amazon offers; a buyer's own words are buyer data.
    #[serde(default)]
    pub cancel_reason: Option<BuyerReason>,
    /// Who cancelled it, if Amazon says that it is cancelled and by whom.
    #[serde(default)]
    pub cancelled_by: Option<CancelledBy>,
    pub programs: Vec<String>,
}

impl OrderItem {
    /// Units that are neither shipped nor cancelled.
    pub fn open_quantity(&self) -> u32 {
        let unshipped = self.quantity.saturating_sub(self.quantity_fulfilled);
        match self.quantity_unfulfilled {
            Some(left) => left.min(unshipped),
            None if self.cancelled_by.is_some() => 0,
            None => unshipped,
        }
    }
}

/// An order that this one replaces.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct AssociatedOrder {
    pub order_id: Option<String>,
    pub kind: Option<String>,
}

/// What Amazon reports of an order and is not buyer data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    pub id: OrderId,
    /// Amazon's marketplace id; `None` for orders placed elsewhere than on Amazon's own marketplaces.
    pub marketplace_id: Option<String>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    /// `None` if Amazon left the FULFILLMENT dataset out.
    pub amazon_status: Option<AmazonStatus>,
    pub fulfilled_by: Option<FulfilledBy>,
    pub service_level: Option<String>,
    pub ship_by: Option<Timestamp>,
    pub deliver_by: Option<Timestamp>,
    /// No label before this moment.
    pub label_from: Option<Timestamp>,
    pub programs: Vec<String>,
    pub associated: Vec<AssociatedOrder>,
    /// Country of delivery as Amazon writes it (ISO 3166-1 alpha-2).
    pub country: Option<String>,
    /// `RESIDENTIAL`, `COMMERCIAL`, `PICKUP_POINT`, or what Amazon adds.
    pub address_type: Option<String>,
    pub total: Option<Money>,
    pub items: Vec<OrderItem>,
    /// What carriers were given, as Amazon shows it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub packages: Vec<Package>,
}

impl Order {
    /// The marketplace it was placed in, if it is one that we know.
    pub fn marketplace(&self) -> Option<Marketplace> {
        self.marketplace_id.as_deref().and_then(Marketplace::by_id)
    }

    /// What it is once it has all that it needs to be shipped.
    pub fn ready_status(&self) -> OrderStatus {
        match self.amazon_status {
            Some(AmazonStatus::PartiallyShipped) => OrderStatus::PartlyDispatched,
            _ => OrderStatus::Ready,
        }
    }

    pub fn is_prime(&self) -> bool {
        self.programs.iter().any(|program| program == "PRIME")
    }
}

/// A person's word that an order must not be shipped for now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct OrderHold {
    /// Why, in that person's words.
    pub reason: String,
    pub since: Timestamp,
}

/// How an order came to its courier service, or why it has none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// What the buyer chose. Once settled it never changes.
    pub term: Option<ShippingTerm>,
    /// The order was payable and its service level and postcode were known as the term was derived. Older releases settled
    /// every term at once.
    #[serde(default = "settled_at_once")]
    pub term_settled: bool,
    pub service: Option<CourierServiceId>,
    /// Set while the status is `pending_review`, and while it would be if the order were not `elsewhere`.
    pub reason: Option<Reason>,
    /// Services a person may pick from.
    pub candidates: Vec<CourierServiceId>,
    /// Picked by a person: rules do not touch it any more.
    pub by_person: bool,
    /// How the term was derived; kept as long as the term.
    #[serde(default)]
    pub derivation: Vec<String>,
    /// Which rule matched, who lost and why, and what happened since.
    pub explanation: Vec<String>,
}

fn settled_at_once() -> bool {
    true
}

/// An order in our table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredOrder {
    pub tenant: TenantId,
    pub connection: ConnectionId,
    pub order: Order,
    pub status: OrderStatus,
    pub decision: Decision,
    /// What it demands of its carrier.
    pub requirements: Requirements,
    pub version: Version,
    /// Of Amazon's JSON, so that equal content is not written again.
    pub content_hash: u64,
    /// Rises by one with every write by any function; the optimistic lock.
    pub revision: u64,
    pub imported_at: Timestamp,
    pub acknowledged_at: Option<Timestamp>,
    /// The revision that whoever acknowledged it had read.
    #[serde(default)]
    pub acknowledged_revision: Option<u64>,
    /// When the platform gave it back after it had taken it over, last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub given_back_at: Option<Timestamp>,
    /// When a person took it over although it was bought before the take-over moment.
    #[serde(default)]
    pub taken_over_at: Option<Timestamp>,
    /// A person's word that it must not be shipped for now; stronger than every rule.
    #[serde(default)]
    pub held: Option<OrderHold>,
    /// When its buyer data goes; set once nobody is to ship it any more, and never later after that.
    #[serde(default)]
    pub buyer_until: Option<Timestamp>,
    #[serde(default)]
    pub readings: Readings,
    /// The warehouse that it is sent from, if the platform named it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warehouse: Option<WarehouseCode>,
    /// Units that dispatches and cancellations speak for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub claims: Vec<LineClaim>,
    /// Lines whose buyer asks to cancel, and was answered that it is too late.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub cancel_too_late: BTreeSet<String>,
    /// The first entry; later ones are items of their own.
    pub first_history: HistoryEntry,
}

impl StoredOrder {
    /// Whether it can be shipped as soon as the platform takes it over.
    pub fn is_ready(&self) -> bool {
        match self.status {
            OrderStatus::Ready => true,
            OrderStatus::PartlyDispatched => self.acknowledged_at.is_none(),
            _ => false,
        }
    }

    /// Who cancelled the order: whoever cancelled its lines, if that is one and the same.
    pub fn cancelled_by(&self) -> Option<CancelledBy> {
        if self.status != OrderStatus::Cancelled {
            return None;
        }
        let mut by = self.order.items.iter().filter_map(|line| line.cancelled_by);
        let first = by.next()?;
        by.all(|other| other == first).then_some(first)
    }

    /// Whether a desk must see it: it is ours, the merchant ships it, and something is still to be done.
    pub fn needs_a_desk(&self) -> bool {
        OrderStatus::AT_A_DESK.contains(&self.status)
            && self.order.fulfilled_by != Some(FulfilledBy::Amazon)
    }

    /// When it is to be shipped; `None` if Amazon ships it.
    pub fn ship_by(&self) -> Option<Timestamp> {
        let is_ours = self.order.fulfilled_by != Some(FulfilledBy::Amazon);
        self.order.ship_by.filter(|_| is_ours)
    }

    /// Units of a line that somebody is still to ship: neither shipped nor cancelled, by Amazon's word or ours.
    pub fn open_quantity(&self, line: &OrderItem) -> u32 {
        match self.status {
            OrderStatus::Dispatched | OrderStatus::Cancelled => 0,
            _ => self.unclaimed(line),
        }
    }

    pub fn connection_key(&self) -> ConnectionKey {
        ConnectionKey::new(&self.tenant, &self.connection)
    }
}
