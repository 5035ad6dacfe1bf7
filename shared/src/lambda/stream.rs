//! The records of a table's stream as Lambda hands them over: only what is read of them, each on its own, so that one
//! that cannot be read spoils no other.

use crate::error::{Class, Error, Result};
use crate::store::stream::{Change, change};
use jiff::Timestamp;
use serde::Deserialize;
use tracing::error;

/// A batch of records. Those stay unread until each is looked at.
#[derive(Debug, Deserialize)]
pub struct StreamEvent {
    #[serde(rename = "Records", default)]
    pub records: Vec<serde_json::Value>,
}

/// A change of a table.
#[derive(Debug)]
pub struct Changed {
    /// When the table changed; whole seconds.
    pub at: Option<Timestamp>,
    pub change: Change,
}

#[derive(Deserialize)]
struct Record {
    dynamodb: Images,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Images {
    keys: serde_dynamo::Item,
    old_image: Option<serde_dynamo::Item>,
    new_image: Option<serde_dynamo::Item>,
    /// Seconds since 1970; AWS writes `1790000000.0`, others without the fraction.
    approximate_creation_date_time: Option<f64>,
}

/// The changes of a batch, and how many records cannot be read.
///
/// Those are logged for a person and left out: failing the batch for one would hold up every change behind it until the
/// event source gives up, and not make it readable. (The event source's on-failure queue is for a batch that fails for
/// longer than the retries last.)
///
/// # Errors
/// Retryable if a newer release wrote a record.
pub fn readable(batch: StreamEvent) -> Result<(Vec<Changed>, usize)> {
    let (mut changes, mut skipped) = (Vec::new(), 0);
    for record in batch.records {
        match read(record) {
            Ok(changed) => changes.push(changed),
            Err(failure) if failure.class() == Class::Permanent => {
                // The alarm `UnreadableRecords` counts these words.
                error!(
                    error.class = failure.class().name(),
                    error = failure.chain(),
                    "a stream record cannot be read; its change has no effect"
                );
                skipped += 1;
            }
            Err(failure) => return Err(failure),
        }
    }
    Ok((changes, skipped))
}

/// # Errors
/// Permanent if the record cannot be read, naming its place in the stream; retryable if a newer release wrote it.
fn read(record: serde_json::Value) -> Result<Changed> {
    let place = record
        .pointer("/dynamodb/SequenceNumber")
        .and_then(serde_json::Value::as_str)
        .unwrap_or("unknown")
        .to_owned();
    let Record { dynamodb } = serde_json::from_value(record).map_err(|_| {
        // serde's text may quote a value; the images' values are not for logs.
        unreadable(&place, "it is no record of a stream")
    })?;
    let at = dynamodb
        .approximate_creation_date_time
        .and_then(|seconds| Timestamp::from_second(seconds as i64).ok());
    let change =
        change(&dynamodb.keys, dynamodb.old_image, dynamodb.new_image).map_err(|error| {
            Error::new(
                error.class(),
                "read a stream record",
                at_place(&place, error),
            )
        })?;
    Ok(Changed { at, change })
}

fn unreadable(place: &str, why: &str) -> Error {
    Error::permanent(
        "read a stream record",
        format!("sequence number {place}: {why}"),
    )
}

fn at_place(place: &str, error: Error) -> String {
    format!("sequence number {place}: {}", error.chain())
}
