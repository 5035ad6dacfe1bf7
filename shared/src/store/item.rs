//! How a value becomes an item and back: serde for the fields, the key and the version `v` beside them.

use super::key::Key;
use crate::error::{Class, Error, Result};
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use flate2::read::DeflateDecoder;
use flate2::{Compress, CompressError, Compression, FlushCompress, Status};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::cell::RefCell;
use std::collections::HashMap;
use std::io::Read as _;

pub(crate) type Item = HashMap<String, AttributeValue>;

/// Version of the items this code writes.
pub(crate) const VERSION: u32 = 1;
/// More than any order inflates to; what goes beyond is damage.
const LONGEST_BODY: u64 = 8 * 1024 * 1024;

/// The item of a value under a key.
pub(crate) fn item<T: Serialize>(key: Key, value: &T) -> Result<Item> {
    let mut item: Item =
        serde_dynamo::to_item(value).map_err(|error| Error::permanent("encode an item", error))?;
    item.extend(key.into_map());
    item.insert("v".into(), AttributeValue::N(VERSION.to_string()));
    Ok(item)
}

/// The value of an item, if its version is this release's or the one before.
pub(crate) fn value<T: DeserializeOwned>(item: Item) -> Result<T> {
    let version = number(&item, "v").unwrap_or_default();
    if version != i64::from(VERSION) && version + 1 != i64::from(VERSION) {
        return Err(Error::permanent(
            "read an item",
            format!("its version {version} is not one that this release reads"),
        ));
    }
    // serde's text may quote a value; the table's values are not for logs.
    serde_dynamo::from_item(item)
        .map_err(|_| Error::permanent("read an item", "it does not have the expected fields"))
}

pub(crate) fn text(item: &Item, name: &str) -> Option<String> {
    item.get(name)?.as_s().ok().cloned()
}

pub(crate) fn number(item: &Item, name: &str) -> Option<i64> {
    item.get(name)?.as_n().ok()?.parse().ok()
}

pub(crate) fn s(text: impl Into<String>) -> AttributeValue {
    AttributeValue::S(text.into())
}

pub(crate) fn n(number: impl ToString) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

/// A value as deflated JSON.
pub(crate) fn deflated<T: Serialize>(value: &T) -> Result<AttributeValue> {
    let json = json_of(value)?;
    deflate_after(b"", &json, FlushCompress::Finish)
        .map(|bytes| AttributeValue::B(Blob::new(bytes)))
        .map_err(|error| Error::permanent("deflate an item's body", error))
}

pub(super) fn json_of<T: Serialize>(value: &T) -> Result<Vec<u8>> {
    serde_json::to_vec(value).map_err(|error| Error::permanent("encode an item's body", error))
}

thread_local! {
    /// Kept, since a new one's 300 KB cost up to 0.6 ms an order where fresh memory is dear.
    static COMPRESSOR: RefCell<Compress> = RefCell::new(Compress::new(Compression::default(), false));
}

/// `plain` deflated as it would be after `primer` in the same stream: `Finish` ends the stream, `Sync` leaves it open.
pub(super) fn deflate_after(
    primer: &[u8],
    plain: &[u8],
    end: FlushCompress,
) -> std::result::Result<Vec<u8>, CompressError> {
    COMPRESSOR.with_borrow_mut(|compressor| {
        compressor.reset();
        if !primer.is_empty() {
            deflate_all(compressor, primer, FlushCompress::Sync)?;
        }
        deflate_all(compressor, plain, end)
    })
}

fn deflate_all(
    compressor: &mut Compress,
    plain: &[u8],
    end: FlushCompress,
) -> std::result::Result<Vec<u8>, CompressError> {
    let before = compressor.total_in();
    let mut deflated = Vec::with_capacity(plain.len() / 2 + 64);
    loop {
        let read = usize::try_from(compressor.total_in() - before).unwrap_or(plain.len());
        let status = compressor.compress_vec(&plain[read..], &mut deflated, end)?;
        // A flush is complete once it leaves room.
        let is_flushed = end == FlushCompress::Sync && deflated.len() < deflated.capacity();
        if status == Status::StreamEnd || is_flushed {
            return Ok(deflated);
        }
        deflated.reserve(plain.len() / 2 + 64);
    }
}

/// The value of deflated JSON.
pub(crate) fn inflated<T: DeserializeOwned>(item: &Item, name: &str) -> Result<T> {
    let bytes = item
        .get(name)
        .and_then(|body| body.as_b().ok())
        .ok_or_else(|| Error::permanent("read an item's body", "it has none"))?;
    inflate_after(b"", 0, bytes.as_ref())
}

/// The value of deflated JSON that continues the stream `before`, which inflates to `skipped` bytes.
pub(super) fn inflate_after<T: DeserializeOwned>(
    before: &[u8],
    skipped: usize,
    deflated: &[u8],
) -> Result<T> {
    let mut json = Vec::new();
    DeflateDecoder::new(before.chain(deflated))
        .take(LONGEST_BODY)
        .read_to_end(&mut json)
        .map_err(|error| Error::permanent("inflate an item's body", error))?;
    let json = json.get(skipped..).unwrap_or_default();
    serde_json::from_slice(json).map_err(|error| {
        Error::permanent(
            "read an item's body",
            format!("{:?} error", error.classify()),
        )
    })
}

/// Whether a write was turned down by its condition.
pub(crate) fn condition_failed<E: ProvideErrorMetadata>(error: &SdkError<E>) -> bool {
    error.code() == Some("ConditionalCheckFailedException")
}

/// The only reader of DynamoDB's failures.
pub(crate) fn failure<E>(doing: &'static str, error: SdkError<E>) -> Error
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    let class = match error.code() {
        Some(
            "ProvisionedThroughputExceededException"
            | "ThrottlingException"
            | "RequestLimitExceeded",
        ) => Class::Throttled { retry_after: None },
        Some(
            "ValidationException"
            | "ResourceNotFoundException"
            | "AccessDeniedException"
            | "ItemCollectionSizeLimitExceededException",
        ) => Class::Permanent,
        _ => Class::Retryable,
    };
    Error::new(class, doing, error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::write::DeflateEncoder;
    use std::io::Write as _;

    #[test]
    fn a_body_comes_back_as_it_went_in() {
        let item = HashMap::from([("body".to_owned(), deflated(&vec!["stall"; 1000]).unwrap())]);
        assert!(item["body"].as_b().unwrap().as_ref().len() < 200);
        assert_eq!(
            inflated::<Vec<String>>(&item, "body").unwrap(),
            vec!["stall"; 1000]
        );
    }

    #[test]
    fn a_kept_compressor_deflates_as_a_new_one_does() {
        let noise = (0..300_000u32).map(|n| n.wrapping_mul(2_654_435_761).to_be_bytes()[0]);
        let bodies: [Vec<u8>; 5] = [
            b"stall".repeat(2_000),
            Vec::new(),
            noise.collect(),
            b"s".to_vec(),
            b"stall".repeat(2_000),
        ];
        for plain in &bodies {
            let mut fresh = DeflateEncoder::new(Vec::new(), Compression::default());
            fresh.write_all(plain).unwrap();
            let kept = deflate_after(b"", plain, FlushCompress::Finish).unwrap();
            assert_eq!(kept, fresh.finish().unwrap());
        }
    }

    #[test]
    fn a_damaged_body_is_an_error_and_not_a_panic() {
        let item = HashMap::from([(
            "body".to_owned(),
            AttributeValue::B(Blob::new(vec![1, 2, 3])),
        )]);
        assert_eq!(
            inflated::<Vec<String>>(&item, "body").unwrap_err().class(),
            Class::Permanent
        );
    }
}
