//! The events of stock out: what they tell. SKUs, codes, numbers and Amazon's words about a listing.

use super::{Detail, Event, EventType, VERSION, event_id};
use jiff::Timestamp;
use rust_decimal::Decimal;
use serde::Serialize;
use stallkeeper::domain::feed::{Feed, FeedKind, SentBy};
use stallkeeper::domain::ids::{AmazonSku, ConnectionId, FeedId, Sku, TenantId};
use stallkeeper::domain::listing::{Listing, Offer, Refused, advice};
use stallkeeper::domain::marketplace::Marketplace;
use stallkeeper::store::Held;
use stallkeeper::store::stream::RejectedRow;

/// What to do about a listing that is spelt otherwise.
const RENAME_OURS: &str = "Rename our product to Amazon's spelling, or tie the Amazon SKU to our product as an alias; \
                           Amazon's spelling cannot be changed.";

/// Amazon would not have a value: a quantity, or a price on one marketplace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ListingRefused {
    pub v: u8,
    pub id: String,
    pub tenant: TenantId,
    pub connection: ConnectionId,
    /// As spelt on Amazon.
    pub sku: AmazonSku,
    pub product: Option<Sku>,
    /// Of a price; a quantity belongs to no marketplace.
    pub marketplace: Option<Marketplace>,
    pub quantity: Option<u32>,
    pub price: Option<Decimal>,
    pub code: String,
    /// Amazon's words.
    pub message: String,
    /// Ours: what it means, and what to do.
    pub meaning: &'static str,
    pub remedy: &'static str,
    /// It is sent again by itself.
    pub retry: bool,
    /// What it was sent with; absent where it was patched.
    pub feed: Option<FeedId>,
    pub refused_at: Timestamp,
}

/// A listing is spelt otherwise on Amazon.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ListingCaseMismatch {
    pub v: u8,
    pub id: String,
    pub tenant: TenantId,
    pub connection: ConnectionId,
    /// As spelt on Amazon.
    pub sku: AmazonSku,
    /// As spelt here.
    pub product: Option<Sku>,
    pub stores: Vec<Marketplace>,
    pub remedy: &'static str,
}

/// Amazon has had a feed for too long.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FeedStuck {
    pub v: u8,
    pub id: String,
    pub tenant: TenantId,
    pub connection: ConnectionId,
    pub feed: FeedId,
    /// Amazon's id of it, which its support asks for.
    pub amazon_id: Option<String>,
    /// `quantity` or `price`.
    pub carries: FeedKind,
    pub marketplace: Marketplace,
    pub lines: u32,
    pub submitted_at: Option<Timestamp>,
    /// What Amazon said last.
    pub note: Option<String>,
}

/// A round waits for a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RoundHeld {
    pub v: u8,
    pub id: String,
    pub tenant: TenantId,
    pub connection: ConnectionId,
    /// Listings that would go to zero, with those of the last hour.
    pub zeros: u64,
    pub matched: u64,
    pub held_at: Timestamp,
}

/// No stock level came for long.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StockStale {
    pub v: u8,
    pub id: String,
    pub tenant: TenantId,
    pub connection: ConnectionId,
    pub since: Timestamp,
}

/// A row that came by the queue was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StockRejected {
    pub v: u8,
    pub id: String,
    pub tenant: TenantId,
    pub sku: Sku,
    pub reason: String,
    pub rejected_at: Timestamp,
}

impl Event {
    pub fn quantity_refused(
        listing: &Listing,
        refused: &Refused<u32>,
        at: Option<Timestamp>,
    ) -> Self {
        let id = ids(&listing.tenant, &listing.connection, &listing.amazon_sku);
        let detail = ListingRefused {
            product: listing.product.clone(),
            quantity: Some(refused.value),
            ..refusal(id, None, refused)
        };
        Self {
            kind: EventType::ListingRefused,
            at,
            detail: Detail::ListingRefused(Box::new(detail)),
        }
    }

    pub fn price_refused(offer: &Offer, refused: &Refused<Decimal>, at: Option<Timestamp>) -> Self {
        let id = ids(&offer.tenant, &offer.connection, &offer.amazon_sku);
        let detail = ListingRefused {
            price: Some(refused.value),
            ..refusal(id, Some(offer.marketplace), refused)
        };
        Self {
            kind: EventType::ListingRefused,
            at,
            detail: Detail::ListingRefused(Box::new(detail)),
        }
    }

    pub fn case_mismatch(listing: &Listing, at: Option<Timestamp>) -> Self {
        let kind = EventType::ListingCaseMismatch;
        let detail = ListingCaseMismatch {
            v: VERSION,
            id: event_id(
                kind,
                listing.connection.as_str(),
                listing.amazon_sku.as_str(),
                &listing.revision.to_string(),
            ),
            tenant: listing.tenant.clone(),
            connection: listing.connection.clone(),
            sku: listing.amazon_sku.clone(),
            product: listing.other_spelling.clone(),
            stores: listing.stores.clone(),
            remedy: RENAME_OURS,
        };
        Self {
            kind,
            at,
            detail: Detail::ListingCaseMismatch(detail),
        }
    }

    pub fn feed_stuck(feed: &Feed, at: Option<Timestamp>) -> Self {
        let kind = EventType::FeedStuck;
        let detail = FeedStuck {
            v: VERSION,
            id: event_id(kind, feed.connection.as_str(), feed.id.as_str(), ""),
            tenant: feed.tenant.clone(),
            connection: feed.connection.clone(),
            feed: feed.id.clone(),
            amazon_id: feed.amazon_id.clone(),
            carries: feed.kind,
            marketplace: feed.marketplace,
            lines: feed.lines,
            submitted_at: feed.submitted_at,
            note: feed.note.clone(),
        };
        Self {
            kind,
            at,
            detail: Detail::FeedStuck(detail),
        }
    }

    pub fn round_held(
        tenant: &TenantId,
        connection: &ConnectionId,
        held: &Held,
        at: Option<Timestamp>,
    ) -> Self {
        let kind = EventType::RoundHeld;
        let detail = RoundHeld {
            v: VERSION,
            id: event_id(kind, connection.as_str(), "", &held.at.to_string()),
            tenant: tenant.clone(),
            connection: connection.clone(),
            zeros: held.zeros,
            matched: held.matched,
            held_at: held.at,
        };
        Self {
            kind,
            at,
            detail: Detail::RoundHeld(detail),
        }
    }

    pub fn stock_stale(
        tenant: &TenantId,
        connection: &ConnectionId,
        since: Timestamp,
        at: Option<Timestamp>,
    ) -> Self {
        let kind = EventType::StockStale;
        let detail = StockStale {
            v: VERSION,
            id: event_id(kind, connection.as_str(), "", &since.to_string()),
            tenant: tenant.clone(),
            connection: connection.clone(),
            since,
        };
        Self {
            kind,
            at,
            detail: Detail::StockStale(detail),
        }
    }

    pub fn stock_rejected(row: &RejectedRow, at: Option<Timestamp>) -> Self {
        let kind = EventType::StockRejected;
        let detail = StockRejected {
            v: VERSION,
            id: event_id(
                kind,
                row.tenant.as_str(),
                row.sku.as_str(),
                &row.at.to_string(),
            ),
            tenant: row.tenant.clone(),
            sku: row.sku.clone(),
            reason: row.reason.clone(),
            rejected_at: row.at,
        };
        Self {
            kind,
            at,
            detail: Detail::StockRejected(detail),
        }
    }
}

type Ids = (TenantId, ConnectionId, AmazonSku);

fn ids(tenant: &TenantId, connection: &ConnectionId, sku: &AmazonSku) -> Ids {
    (tenant.clone(), connection.clone(), sku.clone())
}

fn refusal<T>(
    (tenant, connection, sku): Ids,
    marketplace: Option<Marketplace>,
    refused: &Refused<T>,
) -> ListingRefused {
    let advice = advice(&refused.code);
    // A SKU may hold anything but a control character.
    let what = format!(
        "{sku}\n{}",
        marketplace.map(Marketplace::country).unwrap_or_default()
    );
    ListingRefused {
        v: VERSION,
        id: event_id(
            EventType::ListingRefused,
            connection.as_str(),
            &what,
            &refused.at.to_string(),
        ),
        tenant,
        connection,
        sku,
        product: None,
        marketplace,
        quantity: None,
        price: None,
        code: refused.code.clone(),
        message: refused.message.clone(),
        meaning: advice.meaning,
        remedy: advice.remedy,
        retry: advice.retry,
        feed: match &refused.by {
            SentBy::Feed(feed) => Some(feed.clone()),
            SentBy::Patch => None,
        },
        refused_at: refused.at,
    }
}
