//! The messages between functions, and the one way to send them.
//!
//! A message carries `v`; readers accept the current version and the one before it. The fair-queue group is the
//! connection, so one busy seller does not hold up the others.

use crate::domain::ids::{ConnectionId, FeedId, OrderId, Sku, TenantId, WarehouseCode};
use crate::domain::product::Product;
use crate::domain::shipping_term::ShippingTerm;
use crate::domain::stock_settings::Effect;
use crate::error::{Class, Error, Result};
use crate::sp_api::{Dataset, RawOrder};
use aws_sdk_sqs::error::ProvideErrorMetadata;
use aws_sdk_sqs::types::SendMessageBatchRequestEntry;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Version of the messages this code writes.
const VERSION: u8 = 1;

/// What SQS takes in one batch request, in bytes; also what one message may have.
const BATCH_BYTES: usize = 256 * 1024;
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

    /// The message, where its version is one that we read.
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
        tenant: TenantId,
        connection: ConnectionId,
        /// How many times the function has queued to itself for this tick.
        #[serde(default)]
        hop: u32,
    },
}

/// On queue `orders`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum OrderMessage {
    /// An order as Amazon told it, whole. Holds buyer data: the queue is encrypted.
    Order {
        tenant: TenantId,
        connection: ConnectionId,
        fetched_at: Timestamp,
        datasets: Vec<Dataset>,
        order: RawOrder,
    },
    /// An order too big for a message: to be fetched.
    OrderId {
        tenant: TenantId,
        connection: ConnectionId,
        order_id: OrderId,
        updated_at: Timestamp,
    },
    /// The waiting orders of a connection are to be looked at again.
    Rerun {
        tenant: TenantId,
        connection: ConnectionId,
        /// Only those whose term falls back to this one; all where it is absent.
        term: Option<ShippingTerm>,
        /// Where an earlier run stopped.
        after: Option<String>,
        #[serde(default)]
        hop: u32,
    },
}

impl OrderMessage {
    pub fn connection(&self) -> &ConnectionId {
        match self {
            Self::Order { connection, .. }
            | Self::OrderId { connection, .. }
            | Self::Rerun { connection, .. } => connection,
        }
    }
}

/// On queue `stock-changes`. Platforms may send `levels` and `products` to it themselves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum StockChange {
    Levels {
        tenant: TenantId,
        /// Whether they were compared with what is stored: then each is worth a write.
        #[serde(default)]
        checked: bool,
        levels: Vec<LevelRow>,
    },
    Products {
        tenant: TenantId,
        /// When they were told, so that an older telling never replaces a newer one; absent: as they are read.
        #[serde(default)]
        at: Option<Timestamp>,
        products: Vec<Product>,
    },
    /// An input of these SKUs was written; what follows from it is owed.
    Recompute {
        tenant: TenantId,
        /// Whether the counters are still to be raised for it.
        raise: bool,
        skus: Vec<Sku>,
    },
}

/// A stock level as the platform tells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LevelRow {
    pub sku: Sku,
    pub warehouse: WarehouseCode,
    pub quantity: u32,
    /// When it was counted.
    pub measured_at: Timestamp,
}

/// On queue `listing-jobs`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ListingJob {
    /// Read Amazon's listings report and match it.
    Match {
        tenant: TenantId,
        connection: ConnectionId,
        why: MatchReason,
        #[serde(default)]
        hop: u32,
    },
    /// Compute what publishing the draft of this revision would do; matches first.
    Preview {
        tenant: TenantId,
        connection: ConnectionId,
        revision: u64,
        #[serde(default)]
        hop: u32,
    },
    /// The rest of a preview that did not end within one run.
    PreviewFrom {
        tenant: TenantId,
        connection: ConnectionId,
        revision: u64,
        /// Where the earlier run stopped, and what it counted until there.
        after: String,
        so_far: Effect,
        #[serde(default)]
        hop: u32,
    },
    /// Settings changed: recompute every listing of the connection.
    RecomputeAll {
        tenant: TenantId,
        connection: ConnectionId,
        /// Where an earlier run stopped.
        after: Option<String>,
        #[serde(default)]
        hop: u32,
    },
}

/// Why listings are matched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
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
        tenant: TenantId,
        connection: ConnectionId,
        #[serde(default)]
        hop: u32,
    },
    /// A decrease that waits for no round.
    Urgent {
        tenant: TenantId,
        connection: ConnectionId,
        #[serde(default)]
        hop: u32,
    },
}

/// On queue `feed-checks`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum FeedCheck {
    /// Look whether Amazon is done with a feed.
    Check {
        tenant: TenantId,
        connection: ConnectionId,
        feed: FeedId,
        #[serde(default)]
        hop: u32,
    },
    /// Amazon is done with it; its processing report could not be read so far.
    ReadAgain {
        tenant: TenantId,
        connection: ConnectionId,
        feed: FeedId,
        /// How often it was tried.
        tries: u32,
    },
}

/// What a fair queue shares its turns among: one busy group does not hold up the others.
pub trait Group {
    /// At most 128 characters of letters, digits and punctuation, as SQS has it.
    fn group(&self) -> String;
}

impl Group for ConnectionId {
    fn group(&self) -> String {
        self.as_str().to_owned()
    }
}

/// A tenant's id may hold what SQS does not take: its digest stands for it.
impl Group for TenantId {
    fn group(&self) -> String {
        use sha2::Digest as _;
        let digest = sha2::Sha256::digest(self.as_str());
        digest
            .iter()
            .take(16)
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }
}

/// A queue to send to.
#[derive(Clone)]
pub struct Queue {
    sqs: aws_sdk_sqs::Client,
    url: String,
}

impl Queue {
    pub fn new(sqs: aws_sdk_sqs::Client, url: String) -> Self {
        Self { sqs, url }
    }

    /// Sends one message, which becomes visible after `delay_seconds` (at most 900).
    ///
    /// # Errors
    /// Retryable or throttled, as SQS answers.
    pub async fn send<M: Serialize>(
        &self,
        group: &(impl Group + ?Sized),
        message: M,
        delay_seconds: u32,
    ) -> Result<()> {
        let body = encode(message)?;
        self.sqs
            .send_message()
            .queue_url(&self.url)
            .message_body(body)
            .message_group_id(group.group())
            .delay_seconds(i32::try_from(delay_seconds.min(900)).unwrap_or(900))
            .send()
            .await
            .map_err(|error| failure("send a message", error))?;
        Ok(())
    }

    /// Sends messages of one connection in as few requests as SQS allows. Returns only when all are queued.
    ///
    /// # Errors
    /// Retryable or throttled where any was not taken; the ones before it may have been: receivers are idempotent.
    pub async fn send_all<M: Serialize>(
        &self,
        group: &(impl Group + ?Sized),
        messages: impl IntoIterator<Item = M>,
    ) -> Result<()> {
        let bodies = messages
            .into_iter()
            .map(encode)
            .collect::<Result<Vec<_>>>()?;
        for batch in batches(bodies) {
            self.send_batch(group, batch).await?;
        }
        Ok(())
    }

    async fn send_batch(&self, group: &(impl Group + ?Sized), bodies: Vec<String>) -> Result<()> {
        let entries = bodies
            .into_iter()
            .enumerate()
            .map(|(index, body)| {
                SendMessageBatchRequestEntry::builder()
                    .id(index.to_string())
                    .message_body(body)
                    .message_group_id(group.group())
                    .build()
                    .map_err(|error| Error::permanent("build a batch of messages", error))
            })
            .collect::<Result<Vec<_>>>()?;
        let answer = self
            .sqs
            .send_message_batch()
            .queue_url(&self.url)
            .set_entries(Some(entries))
            .send()
            .await
            .map_err(|error| failure("send messages", error))?;
        // What is refused for good would be refused again, whatever happened to the others.
        let failed = answer.failed();
        match failed
            .iter()
            .find(|it| it.sender_fault())
            .or(failed.first())
        {
            None => Ok(()),
            Some(entry) => Err(Error::new(
                class_of_entry(entry.code(), entry.sender_fault()),
                "send messages",
                format!("SQS refused one: {}", entry.code()),
            )),
        }
    }
}

/// An order message, or the order's id alone where the order would not fit.
pub fn order_message(
    tenant: &TenantId,
    connection: &ConnectionId,
    fetched_at: Timestamp,
    datasets: &[Dataset],
    order: RawOrder,
) -> Result<OrderMessage> {
    let (tenant, connection) = (tenant.clone(), connection.clone());
    let bytes = json_text(&order)
        .map_err(|error| Error::permanent("encode an order", error))?
        .len();
    if bytes + ENVELOPE_BYTES > BATCH_BYTES {
        let (order_id, updated_at) = (order.id().clone(), order.updated_at());
        return Ok(OrderMessage::OrderId {
            tenant,
            connection,
            order_id,
            updated_at,
        });
    }
    Ok(OrderMessage::Order {
        tenant,
        connection,
        fetched_at,
        datasets: datasets.to_vec(),
        order,
    })
}

fn encode<M: Serialize>(message: M) -> Result<String> {
    json_text(&Versioned::new(message)).map_err(|error| Error::permanent("encode a message", error))
}

/// JSON of characters that SQS takes: those of XML. `serde_json` escapes the control characters itself; the two
/// others can only stand within a JSON string, where their escape means the same.
fn json_text<T: Serialize>(value: &T) -> serde_json::Result<String> {
    let text = serde_json::to_string(value)?;
    Ok(if text.contains(['\u{fffe}', '\u{ffff}']) {
        text.replace('\u{fffe}', "\\ufffe")
            .replace('\u{ffff}', "\\uffff")
    } else {
        text
    })
}

fn class_of_entry(code: &str, sender_fault: bool) -> Class {
    if code.contains("Throttl") {
        Class::Throttled { retry_after: None }
    } else if sender_fault {
        Class::Permanent
    } else {
        Class::Retryable
    }
}

/// Splits into runs of at most ten that together stay within one request.
fn batches(bodies: Vec<String>) -> Vec<Vec<String>> {
    let mut all: Vec<Vec<String>> = Vec::new();
    let mut bytes = 0;
    for body in bodies {
        match all.last_mut() {
            Some(batch) if batch.len() < 10 && bytes + body.len() <= BATCH_BYTES => {
                bytes += body.len();
                batch.push(body);
            }
            _ => {
                bytes = body.len();
                all.push(vec![body]);
            }
        }
    }
    all
}

/// The only reader of SQS's failures.
pub(crate) fn failure<E>(doing: &'static str, error: aws_sdk_sqs::error::SdkError<E>) -> Error
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    let class = match error.code() {
        Some(code) if code.contains("Throttl") => Class::Throttled { retry_after: None },
        Some(code) if code.contains("NonExistentQueue") || code.contains("AccessDenied") => {
            Class::Permanent
        }
        _ => Class::Retryable,
    };
    Error::new(class, doing, error)
}

#[cfg(test)]
mod tests;
