//! From a batch of queue messages to outcomes: every failure's class decides, and nothing else, what happens to its
//! message. Nothing is acknowledged that was not done.

pub mod stream;

use crate::error::{Class, Error, Result};
use crate::queue::{Versioned, failure};
use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent, SqsMessage};
use aws_sdk_sqs::types::MessageAttributeValue;
use futures::StreamExt as _;
use serde::de::DeserializeOwned;
use std::time::Duration;
use tracing::{Instrument as _, error, info, warn};

/// How many messages of one batch are worked on at a time.
const CONCURRENCY: usize = 5;
/// The longest that SQS lets a message wait before it can be seen.
const LONGEST_DELAY: Duration = Duration::from_secs(900);

/// The queue that wakes a function, and its dead-letter queue.
#[derive(Clone)]
pub struct Inbox {
    sqs: aws_sdk_sqs::Client,
    url: String,
    dead_letter_url: String,
}

impl Inbox {
    pub fn new(sqs: aws_sdk_sqs::Client, url: String, dead_letter_url: String) -> Self {
        Self {
            sqs,
            url,
            dead_letter_url,
        }
    }

    /// Does `work` for every message of the batch and returns to Lambda which of them are to come again.
    ///
    /// - done, or authorisation revoked (the table holds the work that is still to do): acknowledged;
    /// - retryable: comes again after a jittered back-off, to the dead-letter queue after the queue's receive limit;
    /// - throttled: a copy waits as long as Amazon asks, and the receive count starts again, so that a limit alone
    ///   never sends a message to the dead-letter queue;
    /// - permanent, an undecodable message included: to the dead-letter queue at once with `class` and `reason`.
    pub async fn each_message<M, F>(
        &self,
        event: SqsEvent,
        work: impl Fn(M) -> F,
    ) -> SqsBatchResponse
    where
        M: DeserializeOwned,
        F: Future<Output = Result<()>>,
    {
        self.each_record(event, decode::<M>, work).await
    }

    /// As [`Self::each_message`], for work that the messages of a batch share: `work` is given those that can be read, and
    /// returns what became of each, in their order.
    pub async fn all_messages<M, F>(
        &self,
        event: SqsEvent,
        work: impl FnOnce(Vec<M>) -> F,
    ) -> SqsBatchResponse
    where
        M: DeserializeOwned,
        F: Future<Output = Vec<Result<()>>>,
    {
        let (mut records, mut messages, mut outcomes) = (Vec::new(), Vec::new(), Vec::new());
        for record in event.records {
            match decode(&record) {
                Ok(message) => {
                    messages.push(message);
                    records.push(record);
                }
                Err(error) => outcomes.push((record, Err(error))),
            }
        }
        // One that `work` forgot is not done.
        let forgotten = || Err(Error::retryable("do a message's work", "it was left out"));
        let done = work(messages).await.into_iter();
        let done = done.chain(std::iter::repeat_with(forgotten));
        outcomes.extend(records.into_iter().zip(done));
        let settled = outcomes.into_iter().map(|(record, outcome)| async move {
            let span = message_span(&record);
            self.settle(&record, outcome).instrument(span).await
        });
        response(futures::stream::iter(settled)).await
    }

    /// As [`Self::each_message`], of messages that others write: `work` is given the body as it came.
    pub async fn each_body<F>(
        &self,
        event: SqsEvent,
        work: impl Fn(String) -> F,
    ) -> SqsBatchResponse
    where
        F: Future<Output = Result<()>>,
    {
        let body = |record: &SqsMessage| Ok(record.body.clone().unwrap_or_default());
        self.each_record(event, body, work).await
    }

    async fn each_record<M, F>(
        &self,
        event: SqsEvent,
        read: impl Fn(&SqsMessage) -> Result<M>,
        work: impl Fn(M) -> F,
    ) -> SqsBatchResponse
    where
        F: Future<Output = Result<()>>,
    {
        let (read, work) = (&read, &work);
        let settled = event.records.into_iter().map(|record| async move {
            let span = message_span(&record);
            let outcome = async { work(read(&record)?).await }
                .instrument(span.clone())
                .await;
            self.settle(&record, outcome).instrument(span).await
        });
        response(futures::stream::iter(settled)).await
    }

    async fn settle(&self, record: &SqsMessage, outcome: Result<()>) -> Option<BatchItemFailure> {
        let Err(failure) = outcome else { return None };
        let class = failure.class();
        match class {
            Class::Retryable | Class::Permanent => {
                error!(
                    error.class = class.name(),
                    error = failure.chain(),
                    "a message failed"
                )
            }
            _ => warn!(
                error.class = class.name(),
                error = failure.chain(),
                "a message is delayed"
            ),
        }
        let settled = match class {
            Class::AuthRevoked => Ok(()),
            Class::Retryable => self.back_off(record).await.and(Err(failure)),
            Class::Throttled { retry_after } => self.delay(record, retry_after).await,
            Class::Permanent => self.dead_letter(record, &failure).await,
        };
        match settled {
            Ok(()) => None,
            Err(_) => {
                let mut item = BatchItemFailure::default();
                item.item_identifier = record.message_id.clone().unwrap_or_default();
                Some(item)
            }
        }
    }

    /// Makes the message come again later the more often it came already.
    async fn back_off(&self, record: &SqsMessage) -> Result<()> {
        let seconds = back_off_seconds(receive_count(record), rand::random());
        let changed = self
            .sqs
            .change_message_visibility()
            .queue_url(&self.url)
            .receipt_handle(record.receipt_handle.as_deref().unwrap_or_default())
            .visibility_timeout(seconds)
            .send()
            .await;
        if changed.is_err() {
            info!("the back-off could not be set; the queue's own visibility timeout applies");
        }
        Ok(())
    }

    async fn delay(&self, record: &SqsMessage, retry_after: Option<Duration>) -> Result<()> {
        let wait = retry_after
            .unwrap_or(Duration::from_secs(60))
            .min(LONGEST_DELAY);
        let jitter = rand::random_range(0..=10);
        let seconds = (wait.as_secs() + jitter).min(LONGEST_DELAY.as_secs());
        self.copy_to(&self.url, record)
            .delay_seconds(i32::try_from(seconds).unwrap_or(900))
            .send()
            .await
            .map_err(|error| failure("queue a throttled message again", error))?;
        Ok(())
    }

    async fn dead_letter(&self, record: &SqsMessage, cause: &Error) -> Result<()> {
        self.copy_to(&self.dead_letter_url, record)
            .message_attributes("class", text_attribute(cause.class().name()))
            .message_attributes("reason", text_attribute(&cause.chain()))
            .send()
            .await
            .map_err(|error| failure("move a message to the dead-letter queue", error))?;
        Ok(())
    }

    fn copy_to(
        &self,
        url: &str,
        record: &SqsMessage,
    ) -> aws_sdk_sqs::operation::send_message::builders::SendMessageFluentBuilder {
        self.sqs
            .send_message()
            .queue_url(url)
            .message_body(record.body.as_deref().unwrap_or_default())
            .set_message_group_id(record.attributes.get("MessageGroupId").cloned())
    }
}

fn message_span(record: &SqsMessage) -> tracing::Span {
    tracing::info_span!("message", id = record.message_id.as_deref().unwrap_or("-"))
}

/// Which messages are to come again.
async fn response(
    settled: impl futures::Stream<Item = impl Future<Output = Option<BatchItemFailure>>>,
) -> SqsBatchResponse {
    let failed = settled.buffer_unordered(CONCURRENCY);
    let failed: Vec<Option<BatchItemFailure>> = failed.collect().await;
    let mut response = SqsBatchResponse::default();
    response.batch_item_failures = failed.into_iter().flatten().collect();
    response
}

fn decode<M: DeserializeOwned>(record: &SqsMessage) -> Result<M> {
    let body = record.body.as_deref().unwrap_or_default();
    let message: Versioned<M> = serde_json::from_str(body).map_err(|error| {
        // serde's own text may quote the value it stumbled on, which can be buyer data.
        Error::permanent(
            "decode a message",
            format!("{:?} error at byte {}", error.classify(), error.column()),
        )
    })?;
    message.open()
}

fn receive_count(record: &SqsMessage) -> u32 {
    record
        .attributes
        .get("ApproximateReceiveCount")
        .and_then(|count| count.parse().ok())
        .unwrap_or(1)
}

/// Full jitter: anywhere between 5 s and a ceiling that doubles with each receive, at most 15 minutes.
fn back_off_seconds(receive_count: u32, random: u32) -> i32 {
    let ceiling = 10u32.saturating_mul(1 << receive_count.min(7)).min(900);
    i32::try_from(5 + random % ceiling.saturating_sub(4).max(1)).unwrap_or(900)
}

fn text_attribute(text: &str) -> MessageAttributeValue {
    let text: String = text.chars().filter(|c| !c.is_control()).take(500).collect();
    let text = if text.is_empty() {
        "-".to_owned()
    } else {
        text
    };
    MessageAttributeValue::builder()
        .data_type("String")
        .string_value(text)
        .build()
        .expect("the data type is set")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_back_off_stays_within_what_sqs_takes(count in 0u32..1000, random: u32) {
            let seconds = back_off_seconds(count, random);
            prop_assert!((5..=905).contains(&seconds), "{}", seconds);
        }
    }

    #[test]
    fn an_undecodable_message_is_permanent_and_its_error_quotes_nothing() {
        let mut record = SqsMessage::default();
        record.body = Some(r#"{"v":1,"kind":"tick","tenant":"Mrs Example, 1 High Street"#.into());
        let failure = decode::<crate::queue::TickMessage>(&record).unwrap_err();
        assert_eq!(failure.class(), Class::Permanent);
        assert!(!failure.chain().contains("Example"));
    }
}
