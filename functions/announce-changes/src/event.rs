//! An event on the bus: what happened, to what, and the id by which a consumer recognises it.
//!
//! Owns the shape that consumers rely on. It holds ids, codes and moments; never buyer data, never a secret. A new event is
//! a variant of [`Happened`] with the facts that it carries, and the change in `changes` that returns it. Consumers read these
//! comments in `events/schemas/`.

mod facts;

pub use facts::{
    CancellationFacts, DispatchFacts, ListingHeld, OfferFacts, OrderAtRisk, OrderLine, OrderLines,
    Refusal, RefusedValue,
};

use jiff::Timestamp;
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use stallkeeper::domain::connection::ConnectionStatus;
use stallkeeper::domain::feed::FeedKind;
use stallkeeper::domain::ids::{AmazonSku, ConnectionId, FeedId, OrderId, Sku, TenantId};
use stallkeeper::domain::marketplace::Marketplace;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// `source` of every event.
pub const SOURCE: &str = "stallkeeper";
/// Version of the details this code writes.
const VERSION: u8 = 1;

/// Something that happened, as it goes onto the bus.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// When the table changed; the same each time the event is sent. The bus shows it as the event's `time`.
    pub at: Option<Timestamp>,
    pub detail: Detail,
}

/// The envelope of all events. Facts that have no value are `null`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Detail {
    /// Version of the detail.
    pub v: u8,
    /// The same whenever this event is sent again: drop by it what came before.
    pub id: String,
    pub tenant: TenantId,
    #[serde(flatten)]
    #[schema(ignore)]
    pub happened: Happened,
}

/// What happened, by the event's `detail-type`, and the facts it carries.
///
/// Those of an order show it right after the change; of two events of one order the one with the greater `revision` is the
/// later.
#[derive(
    Debug, Clone, PartialEq, Eq, Serialize, strum::IntoStaticStr, strum::VariantNames, ToSchema,
)]
#[serde(untagged)]
pub enum Happened {
    /// An order was stored for the first time.
    #[strum(serialize = "order.imported")]
    OrderImported(Box<OrderLines>),
    /// Amazon reports something new about an order, or a parked one is released because its marketplace was switched on.
    #[strum(serialize = "order.changed")]
    OrderChanged(Box<OrderLines>),
    /// An order waits for a person, or waits for another reason than before.
    #[strum(serialize = "order.pending_review")]
    OrderPendingReview(Box<OrderLines>),
    /// An order got a courier service, or another one than before.
    #[strum(serialize = "order.courier_assigned")]
    OrderCourierAssigned(Box<OrderLines>),
    /// A part of an order is shipped, by Amazon's report or by a parcel that was handed over, or a further part; its lines say what is open.
    #[strum(serialize = "order.partly_dispatched")]
    OrderPartlyDispatched(Box<OrderLines>),
    /// The buyer asks to cancel lines of an order that the platform has taken over.
    #[strum(serialize = "order.cancel_requested")]
    OrderCancelRequested(Box<OrderLines>),
    /// The buyer takes back the wish to cancel lines of an order that the platform has taken over.
    #[strum(serialize = "order.cancel_withdrawn")]
    OrderCancelWithdrawn(Box<OrderLines>),
    /// Amazon shows lines of an order as cancelled, and others not.
    #[strum(serialize = "order.lines_cancelled")]
    OrderLinesCancelled(Box<OrderLines>),
    /// Amazon accepts a cancellation, or some of its lines; its order does not show it yet.
    #[strum(serialize = "cancellation.accepted")]
    CancellationAccepted(Box<CancellationFacts>),
    /// Amazon refuses a cancellation: its lines are open again.
    #[strum(serialize = "cancellation.refused")]
    CancellationRefused(Box<CancellationFacts>),
    /// An order will not be fulfilled; `cancelled_by` says who cancelled it, if Amazon does.
    #[strum(serialize = "order.cancelled")]
    OrderCancelled(Box<OrderLines>),
    /// An order may come too late: it is not dispatched, and its ship-by moment is near or over; or no dispatch of it is
    /// confirmed, and Amazon is about to cancel it by itself. Once for each of its ship-by moments and `risk`.
    #[strum(serialize = "order.at_risk")]
    OrderAtRisk(Box<OrderAtRisk>),
    /// Amazon confirmed a parcel, or its packages show it.
    #[strum(serialize = "dispatch.confirmed")]
    DispatchConfirmed(Box<DispatchFacts>),
    /// A parcel was refused, by Amazon or before: its units are open again, and a person is to look at it.
    #[strum(serialize = "dispatch.refused")]
    DispatchRefused(Box<DispatchFacts>),
    /// Amazon confirmed another tracking number, carrier or date of a parcel that it knew.
    #[strum(serialize = "dispatch.edited")]
    DispatchEdited(Box<DispatchFacts>),
    /// Nobody knows what became of a parcel: Amazon's answer was lost, and it goes again; or, with a label of Amazon's, its
    /// packages do not show it a day after the hand-over.
    #[strum(serialize = "dispatch.unknown")]
    DispatchUnknown(Box<DispatchFacts>),
    /// Amazon refuses a connection's token; the seller must authorise again.
    #[strum(serialize = "connection.needs_reauthorisation")]
    ConnectionNeedsReauthorisation {
        connection: ConnectionId,
        revision: u64,
        marketplace: Marketplace,
        status: ConnectionStatus,
        authorised_at: Option<Timestamp>,
    },
    /// Amazon refused a value: a quantity, or a price on one marketplace.
    #[strum(serialize = "listing.refused")]
    ListingRefused(Box<Refusal>),
    /// A listing is spelt differently on Amazon than here, and is sent nothing.
    #[strum(serialize = "listing.case_mismatch")]
    ListingCaseMismatch {
        connection: ConnectionId,
        /// As spelt on Amazon.
        sku: AmazonSku,
        /// As spelt here.
        product: Option<Sku>,
        marketplaces: Vec<Marketplace>,
        remedy: &'static str,
    },
    /// Somebody else closed a listing at Amazon or set it to zero: it is sent nothing until a person reopens it.
    #[strum(serialize = "listing.closed_elsewhere")]
    ListingClosedElsewhere {
        connection: ConnectionId,
        sku: AmazonSku,
        product: Option<Sku>,
        marketplaces: Vec<Marketplace>,
        /// What Amazon's report showed.
        quantity: Option<u32>,
        /// By its status; else by a zero that neither we nor a sale explain.
        inactive: bool,
        remedy: &'static str,
    },
    /// Amazon keeps one quantity for all marketplaces, and its reports show different ones for a listing.
    #[strum(serialize = "listing.quantities_differ")]
    ListingQuantitiesDiffer {
        connection: ConnectionId,
        sku: AmazonSku,
        product: Option<Sku>,
        quantities: BTreeMap<Marketplace, u32>,
        since: Timestamp,
    },
    /// A person holds a listing, in another way than before.
    #[strum(serialize = "listing.held")]
    ListingHeld(Box<ListingHeld>),
    /// A listing is held no longer: a person released it, or the time of the hold was over.
    #[strum(serialize = "listing.released")]
    ListingReleased(Box<ListingHeld>),
    /// An offer that is to be made asks a person: which item of Amazon's it is, or whether its first price may be sent.
    #[strum(serialize = "offer.asks")]
    OfferAsks(Box<OfferFacts>),
    /// Amazon does not let the seller offer a product; its restrictions say what it wants.
    #[strum(serialize = "offer.restricted")]
    OfferRestricted(Box<OfferFacts>),
    /// A category appeared after the selection was drafted, and nothing there decides about it: nothing new is sent of its
    /// products until a person does. Once for each category of a connection.
    #[strum(serialize = "selection.category_asks")]
    SelectionCategoryAsks {
        connection: ConnectionId,
        /// A path, such as `Home > Kitchen > Kettles`.
        category: String,
        asked_at: Timestamp,
        remedy: &'static str,
    },
    /// Amazon has had a feed for longer than it should need.
    #[strum(serialize = "feed.stuck")]
    FeedStuck {
        connection: ConnectionId,
        feed: FeedId,
        /// Amazon's id of it, which its support asks for.
        amazon_id: Option<String>,
        /// `quantity` or `price`.
        carries: FeedKind,
        marketplace: Marketplace,
        lines: u32,
        submitted_at: Option<Timestamp>,
        /// What Amazon said last.
        note: Option<String>,
    },
    /// A round would set too many listings to zero, or end offers of them, and waits for a person.
    #[strum(serialize = "round.held")]
    RoundHeld {
        connection: ConnectionId,
        /// Listings that would go to zero, or have an offer ended, with those of the last hour.
        zeros: u64,
        matched: u64,
        held_at: Timestamp,
    },
    /// Amazon's listings report of a marketplace failed, or may not be whole: what is known there stays.
    #[strum(serialize = "report.failed")]
    ReportFailed {
        connection: ConnectionId,
        marketplace: Marketplace,
        reason: String,
        /// How often in a row.
        failures: u32,
        /// It is not asked for before.
        next_at: Option<Timestamp>,
    },
    /// Amazon's listings report of a marketplace lost many listings, and waits for a person to say that they are gone.
    #[strum(serialize = "report.held")]
    ReportHeld {
        connection: ConnectionId,
        marketplace: Marketplace,
        /// Listings that were known there.
        known: u64,
        lost: u64,
        held_at: Timestamp,
    },
    /// No stock level came for long.
    #[strum(serialize = "stock.stale")]
    StockStale {
        connection: ConnectionId,
        since: Timestamp,
    },
    /// Units of an order are no longer reserved, although the warehouse that gave them never counted since.
    #[strum(serialize = "reservation.given_up")]
    ReservationGivenUp {
        connection: ConnectionId,
        sku: Sku,
        order_id: OrderId,
        units: u32,
        given_up_at: Timestamp,
    },
    /// A row that came by the queue was refused.
    #[strum(serialize = "stock.rejected")]
    StockRejected {
        sku: Sku,
        reason: String,
        rejected_at: Timestamp,
    },
}

impl Event {
    /// `which`: to what it happened, as the owner, the thing in it, and the revision or moment. The event's id is made of
    /// these and of what happened, and of nothing else: sending it again, by whichever retry or replay, gives the same id.
    /// Opaque to consumers.
    pub fn new(
        tenant: &TenantId,
        which: [&str; 3],
        happened: Happened,
        at: Option<Timestamp>,
    ) -> Self {
        let mut hash = Sha256::new();
        for part in [(&happened).into()].into_iter().chain(which) {
            // With its length before it, no part can pass for the end of the one before.
            hash.update(part.len().to_be_bytes());
            hash.update(part);
        }
        let id = hash.finalize()[..16]
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let detail = Detail {
            v: VERSION,
            id,
            tenant: tenant.clone(),
            happened,
        };
        Self { at, detail }
    }

    /// The event's `detail-type`.
    pub fn kind(&self) -> &'static str {
        (&self.detail.happened).into()
    }

    /// By which a consumer recognises the event.
    pub fn id(&self) -> &str {
        &self.detail.id
    }
}
