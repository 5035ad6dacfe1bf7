//! The records of a stream as Lambda hands them over: only what is read of them, each on its own, so that one that
//! cannot be read spoils no other.

use jiff::Timestamp;
use serde::Deserialize;
use stallkeeper::error::{Error, Result};
use stallkeeper::store::stream::{Change, change};

/// A batch of records. Those stay unread until each is looked at.
#[derive(Debug, Deserialize)]
pub struct StreamEvent {
    #[serde(rename = "Records", default)]
    pub records: Vec<serde_json::Value>,
}

/// What a record tells.
#[derive(Debug)]
pub struct Read {
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

/// # Errors
/// Permanent where the record cannot be read, which names its place in the stream; retryable where a newer release
/// wrote it.
pub fn read(record: serde_json::Value) -> Result<Read> {
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
    Ok(Read { at, change })
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
