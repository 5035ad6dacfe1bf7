//! An event on the bus: what it is called, what it tells, and the id by which a consumer knows it again.
//!
//! Owns the shape that consumers rely on. It holds ids, codes and moments; never buyer data, never a secret.

mod stock;

use jiff::Timestamp;
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use stallkeeper::domain::connection::{Connection, ConnectionStatus};
use stallkeeper::domain::ids::{ConnectionId, OrderId, TenantId};
use stallkeeper::domain::marketplace::Marketplace;
use stallkeeper::domain::order::OrderStatus;
use stallkeeper::store::stream::OrderImage;

pub use stock::{
    FeedStuck, ListingCaseMismatch, ListingRefused, RoundHeld, StockRejected, StockStale,
};

/// `source` of every event.
pub const SOURCE: &str = "stallkeeper";
/// Version of the details this code writes.
const VERSION: u8 = 1;

/// What happened; on the bus it is the event's `detail-type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum EventType {
    /// An order was stored for the first time.
    OrderImported,
    /// Amazon told something new of an order, or a parked one flows on because its marketplace was switched on.
    OrderChanged,
    /// An order waits for a person, or waits for another reason than before.
    OrderPendingReview,
    /// An order got a courier service, or another one than before.
    OrderCourierAssigned,
    /// An order will not be fulfilled.
    OrderCancelled,
    /// Amazon refuses a connection's token; the seller must authorise again.
    ConnectionNeedsReauthorisation,
    /// Amazon would not have a quantity or a price.
    ListingRefused,
    /// A listing is spelt otherwise on Amazon than here, and is sent nothing.
    ListingCaseMismatch,
    /// Amazon has had a feed for longer than it should need.
    FeedStuck,
    /// A round would set too many listings to zero, and waits for a person.
    RoundHeld,
    /// No stock level came for long.
    StockStale,
    /// A row that came by the queue was refused.
    StockRejected,
}

impl EventType {
    pub const ALL: [Self; 12] = [
        Self::OrderImported,
        Self::OrderChanged,
        Self::OrderPendingReview,
        Self::OrderCourierAssigned,
        Self::OrderCancelled,
        Self::ConnectionNeedsReauthorisation,
        Self::ListingRefused,
        Self::ListingCaseMismatch,
        Self::FeedStuck,
        Self::RoundHeld,
        Self::StockStale,
        Self::StockRejected,
    ];

    /// The spelling on the bus.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OrderImported => "order.imported",
            Self::OrderChanged => "order.changed",
            Self::OrderPendingReview => "order.pending_review",
            Self::OrderCourierAssigned => "order.courier_assigned",
            Self::OrderCancelled => "order.cancelled",
            Self::ConnectionNeedsReauthorisation => "connection.needs_reauthorisation",
            Self::ListingRefused => "listing.refused",
            Self::ListingCaseMismatch => "listing.case_mismatch",
            Self::FeedStuck => "feed.stuck",
            Self::RoundHeld => "round.held",
            Self::StockStale => "stock.stale",
            Self::StockRejected => "stock.rejected",
        }
    }
}

/// Something that happened, as it goes onto the bus.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    pub kind: EventType,
    /// When the table changed; the same each time the event is sent. The bus shows it as the event's `time`.
    pub at: Option<Timestamp>,
    pub detail: Detail,
}

/// What an event tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Detail {
    Order(OrderDetail),
    Connection(ConnectionDetail),
    ListingRefused(Box<ListingRefused>),
    ListingCaseMismatch(ListingCaseMismatch),
    FeedStuck(FeedStuck),
    RoundHeld(RoundHeld),
    StockStale(StockStale),
    StockRejected(StockRejected),
}

/// The order as it stood right after the change. Fields that have no value are `null`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OrderDetail {
    pub v: u8,
    /// The same whenever this event is sent again; see [`event_id`].
    pub id: String,
    pub tenant: TenantId,
    pub connection: ConnectionId,
    pub order_id: OrderId,
    /// Rises with every change of the order: of two events of one order the greater tells of the later state.
    pub revision: u64,
    pub marketplace: Option<String>,
    pub status: OrderStatus,
    pub reason: Option<String>,
    pub term: Option<String>,
    pub service: Option<String>,
    pub amazon_status: Option<String>,
    pub ship_by: Option<Timestamp>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// The connection as it stood right after the change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ConnectionDetail {
    pub v: u8,
    pub id: String,
    pub tenant: TenantId,
    pub connection: ConnectionId,
    pub revision: u64,
    pub marketplace: Marketplace,
    pub status: ConnectionStatus,
    pub authorised_at: Option<Timestamp>,
}

impl Event {
    pub fn order(kind: EventType, image: &OrderImage, at: Option<Timestamp>) -> Self {
        let row = image.row.clone();
        let detail = OrderDetail {
            v: VERSION,
            id: event_id(
                kind,
                row.connection.as_str(),
                row.order_id.as_str(),
                &row.revision.to_string(),
            ),
            tenant: image.tenant.clone(),
            connection: row.connection,
            order_id: row.order_id,
            revision: row.revision,
            marketplace: row.marketplace,
            status: row.status,
            reason: row.reason,
            term: row.term,
            service: row.service,
            amazon_status: row.amazon_status,
            ship_by: row.ship_by,
            created_at: row.created_at,
            updated_at: row.updated_at,
        };
        Self {
            kind,
            at,
            detail: Detail::Order(detail),
        }
    }

    pub fn connection(kind: EventType, connection: &Connection, at: Option<Timestamp>) -> Self {
        let detail = ConnectionDetail {
            v: VERSION,
            id: event_id(
                kind,
                connection.id.as_str(),
                "",
                &connection.revision.to_string(),
            ),
            tenant: connection.tenant.clone(),
            connection: connection.id.clone(),
            revision: connection.revision,
            marketplace: connection.marketplace,
            status: connection.status,
            authorised_at: connection.authorised_at,
        };
        Self {
            kind,
            at,
            detail: Detail::Connection(detail),
        }
    }

    /// By which a consumer knows the event again.
    pub fn id(&self) -> &str {
        match &self.detail {
            Detail::Order(detail) => &detail.id,
            Detail::Connection(detail) => &detail.id,
            Detail::ListingRefused(detail) => &detail.id,
            Detail::ListingCaseMismatch(detail) => &detail.id,
            Detail::FeedStuck(detail) => &detail.id,
            Detail::RoundHeld(detail) => &detail.id,
            Detail::StockStale(detail) => &detail.id,
            Detail::StockRejected(detail) => &detail.id,
        }
    }
}

/// Made of what happened, to what, and when or by which revision, and of nothing else: sending again, by whichever
/// retry or replay, gives the same id. Opaque to consumers.
fn event_id(kind: EventType, owner: &str, what: &str, which: &str) -> String {
    let mut hash = Sha256::new();
    for part in [kind.as_str(), owner, what, which] {
        // With its length before it, no part can pass for the end of the one before.
        hash.update(part.len().to_be_bytes());
        hash.update(part);
    }
    let digest = hash.finalize();
    digest[..16]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
