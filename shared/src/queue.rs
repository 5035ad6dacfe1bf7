//! The messages between functions, and the one way to send them.
//!
//! A message carries `v`; readers accept the current version and the one before it. The fair-queue group is the
//! connection, so one busy seller does not hold up the others.

mod message;
mod stock_change;
mod wake;

pub use message::{
    CancellationMessage, DispatchMessage, FeedCheck, ListingJob, MatchReason, OfferJob,
    OrderMessage, ParcelOfOrder, StockTick, TickMessage, Versioned, order_message,
};
pub use stock_change::{LevelRow, StockChange};
pub use wake::may_hold_orders;

use crate::domain::ids::{ConnectionId, ConnectionKey, TenantId};
use crate::error::{Class, Error, Result};
use aws_sdk_sqs::error::ProvideErrorMetadata;
use aws_sdk_sqs::types::SendMessageBatchRequestEntry;
use serde::Serialize;

/// What SQS takes in one batch request, in bytes; also what one message may have.
const BATCH_BYTES: usize = 256 * 1024;
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

impl Group for ConnectionKey {
    fn group(&self) -> String {
        self.id.group()
    }
}

/// A tenant's id may hold what SQS does not take: its digest is sent instead.
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

/// What concerns all tenants.
pub struct Deployment;

impl Group for Deployment {
    fn group(&self) -> String {
        "deployment".to_owned()
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
    /// Retryable or throttled if any was not taken; the ones before it may have been: receivers are idempotent.
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

fn encode<M: Serialize>(message: M) -> Result<String> {
    json_text(&Versioned::new(message)).map_err(|error| Error::permanent("encode a message", error))
}

/// JSON of characters that SQS takes: those of XML. `serde_json` escapes the control characters itself; the two
/// others can only be within a JSON string, where their escape means the same.
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
