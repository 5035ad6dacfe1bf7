//! The messages, except those of the catalogue.

use super::{BATCH_BYTES, json_text};
use crate::domain::dispatch::{HandOver, ParcelId};
use crate::domain::ids::{CancellationId, ConnectionKey, FeedId, OrderId};
use crate::domain::order::OrderStatus;
use crate::domain::shipping_term::ShippingTerm;
use crate::domain::stock_settings::Effect;
use crate::error::{Error, Result};
use crate::sp_api::{Dataset, RawOrder};
use crate::store::WaitingKind;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Version of the messages this code writes.
const VERSION: u8 = 1;
/// What a message's envelope may need beyond the order itself, in bytes.
const ENVELOPE_BYTES: usize = 1024;

/// A message with its version.
#[derive(Debug, Serialize, Deserialize)]
pub struct Versioned<M> {
    v: u8,
    #[serde(flatten)]
    message: M,
}

impl<M> Versioned<M> {
    pub fn new(message: M) -> Self {
        Self {
            v: VERSION,
            message,
        }
    }

    /// The message, if its version is one that we read.
    ///
    /// # Errors
    /// Permanent for a version from the future or the far past.
    pub fn open(self) -> Result<M> {
        if self.v == VERSION || self.v + 1 == VERSION {
            Ok(self.message)
        } else {
            Err(Error::permanent(
                "read a message",
                format!("its version {} is not one that this release reads", self.v),
            ))
        }
    }
}

/// On queue `order-ticks`: time to sweep a connection's orders.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum TickMessage {
    Tick {
        #[serde(flatten)]
        connection: ConnectionKey,
        /// How many times the function has queued to itself for this tick.
        #[serde(default)]
        hop: u32,
    },
}

/// On queue `orders`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum OrderMessage {
    /// An order as Amazon sent it, whole. Holds buyer data: the queue is encrypted.
    Order {
        #[serde(flatten)]
        connection: ConnectionKey,
        fetched_at: Timestamp,
        datasets: Vec<Dataset>,
        order: RawOrder,
        /// Places of the order that are not as Amazon wrote them.
        #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
        mended: BTreeSet<String>,
    },
    /// An order to be fetched: it is too big for a message, or was read before without all of its parts.
    OrderId {
        #[serde(flatten)]
        connection: ConnectionKey,
        order_id: OrderId,
        updated_at: Timestamp,
        /// Not before this moment.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        due: Option<Timestamp>,
        /// How often it was fetched for its missing parts.
        #[serde(default)]
        tries: u32,
        /// Only a notice of Amazon's named it, as changed at `updated_at`.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        noticed: bool,
    },
    /// Orders of a connection are to be looked at again: those that wait for a person, unless `of` says which.
    Rerun {
        #[serde(flatten)]
        connection: ConnectionKey,
        /// Only those whose term falls back to this one; all if it is absent.
        term: Option<ShippingTerm>,
        /// Where an earlier run stopped.
        after: Option<String>,
        #[serde(default, skip_serializing_if = "WaitingKind::is_pending_review")]
        of: WaitingKind,
        #[serde(default)]
        hop: u32,
    },
    /// Orders of all tenants that wait for a person are to be looked at again: an operator's default changed.
    RerunAll {
        /// Only those whose term falls back to one of these.
        terms: BTreeSet<ShippingTerm>,
        /// The shard of what a desk must see of all tenants that comes next; those before it are done.
        #[serde(default)]
        shard: usize,
        /// Where an earlier run stopped in it.
        after: Option<String>,
        #[serde(default)]
        hop: u32,
    },
    /// The buyer data of all orders of a connection is to be erased.
    EraseBuyers {
        #[serde(flatten)]
        connection: ConnectionKey,
        /// The status whose orders come next; those before it are done.
        status: OrderStatus,
        /// Where an earlier run stopped.
        after: Option<String>,
        #[serde(default)]
        hop: u32,
    },
}

impl OrderMessage {
    /// The message that erases the buyer data of all orders of a connection.
    pub fn erase_buyers(connection: ConnectionKey) -> Self {
        Self::EraseBuyers {
            connection,
            status: OrderStatus::Parked,
            after: None,
            hop: 0,
        }
    }
}

/// On queue `listing-jobs`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ListingJob {
    /// Read Amazon's listings report and match it.
    Match {
        #[serde(flatten)]
        connection: ConnectionKey,
        why: MatchReason,
        #[serde(default)]
        hop: u32,
    },
    /// Compute what publishing the draft of this revision would do; matches first.
    Preview {
        #[serde(flatten)]
        connection: ConnectionKey,
        revision: u64,
        #[serde(default)]
        hop: u32,
    },
    /// The rest of a preview that did not end within one run.
    PreviewFrom {
        #[serde(flatten)]
        connection: ConnectionKey,
        revision: u64,
        /// Where the earlier run stopped, and what it counted until there.
        after: String,
        so_far: Effect,
        #[serde(default)]
        hop: u32,
    },
    /// Settings changed: recompute every listing of the connection.
    RecomputeAll {
        #[serde(flatten)]
        connection: ConnectionKey,
        /// Where an earlier run stopped.
        after: Option<String>,
        #[serde(default)]
        hop: u32,
    },
}

/// Why listings are matched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MatchReason {
    Published,
    Daily,
    OnDemand,
    Preview,
}

/// On queue `stock-ticks`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum StockTick {
    /// Time for a round.
    Tick {
        #[serde(flatten)]
        connection: ConnectionKey,
        #[serde(default)]
        hop: u32,
    },
    /// A decrease that waits for no round.
    Urgent {
        #[serde(flatten)]
        connection: ConnectionKey,
        #[serde(default)]
        hop: u32,
    },
}

/// On queue `dispatches`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum DispatchMessage {
    /// Confirm what is due of a connection, the most urgent first.
    Confirm {
        #[serde(flatten)]
        connection: ConnectionKey,
        /// The one that is new: the list of those that wait may not have it yet.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        new: Option<ParcelOfOrder>,
        #[serde(default)]
        hop: u32,
    },
    /// A row of many: a parcel was handed over.
    HandOver {
        #[serde(flatten)]
        connection: ConnectionKey,
        #[serde(flatten)]
        parcel: ParcelOfOrder,
        hand_over: Box<HandOver>,
        /// When the call was made that it is a row of; a message of the release before does not say.
        #[serde(default)]
        asked_at: Option<Timestamp>,
    },
    /// Amazon shows other packages of an order, which may settle its dispatches.
    Packages {
        #[serde(flatten)]
        connection: ConnectionKey,
        order_id: OrderId,
    },
}

/// A parcel of an order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ParcelOfOrder {
    pub order_id: OrderId,
    pub parcel: ParcelId,
}

/// On queue `feed-checks`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum FeedCheck {
    /// Look whether Amazon is done with a feed.
    Check {
        #[serde(flatten)]
        connection: ConnectionKey,
        feed: FeedId,
        #[serde(default)]
        hop: u32,
    },
    /// Amazon is done with it; its processing report could not be read so far.
    ReadAgain {
        #[serde(flatten)]
        connection: ConnectionKey,
        feed: FeedId,
        /// How often it was tried.
        tries: u32,
    },
}

/// On queue `cancellations`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum CancellationMessage {
    /// Lines of an order are to be cancelled: what follows from it at once, and a feed within a minute.
    Requested {
        #[serde(flatten)]
        connection: ConnectionKey,
        order: OrderId,
        cancellation: CancellationId,
    },
    /// Time to send what waits.
    Send {
        #[serde(flatten)]
        connection: ConnectionKey,
        #[serde(default)]
        hop: u32,
    },
}

/// On queue `offer-jobs`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum OfferJob {
    /// Go on with a connection's offers that are to be made.
    Run {
        #[serde(flatten)]
        connection: ConnectionKey,
        #[serde(default)]
        hop: u32,
    },
}

/// An order message, or the order's id alone if the order would not fit.
pub fn order_message(
    connection: &ConnectionKey,
    fetched_at: Timestamp,
    datasets: &[Dataset],
    order: RawOrder,
) -> Result<OrderMessage> {
    let connection = connection.clone();
    let bytes = json_text(&order)
        .map_err(|error| Error::permanent("encode an order", error))?
        .len();
    if bytes + ENVELOPE_BYTES > BATCH_BYTES {
        let (order_id, updated_at) = (order.id().clone(), order.updated_at());
        return Ok(OrderMessage::OrderId {
            connection,
            order_id,
            updated_at,
            due: None,
            tries: 0,
            noticed: false,
        });
    }
    Ok(OrderMessage::Order {
        mended: order.mended().clone(),
        connection,
        fetched_at,
        datasets: datasets.to_vec(),
        order,
    })
}
