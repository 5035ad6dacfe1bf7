//! The body of an order, deflated as if it went on after a text that is known already, its primer: the names of the fields and
//! the usual words cost next to nothing then, so that an order is one write unit instead of two, in each write of its life.
//!
//! The first byte says which primer. **A primer never changes**, or no order can be read any more: a better one is a new file
//! and the next number. An order of an older release has a `body` without a primer, and is read all the same.

use super::item::{Item, deflate_after, inflate_after, inflated, json_of};
use crate::error::{Error, Result};
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::sync::LazyLock;

/// Version of an order's item since it has a primer: a release that knows none waits for its successor, and skips nothing.
pub(super) const ORDER_VERSION: u32 = 2;
/// The attribute of a body with a primer.
pub(super) const PRIMED: &str = "primed";
/// What this release writes with.
const NUMBER: u8 = 1;
const PRIMER: &[u8] = include_bytes!("primed/order_1.txt");

/// The primer as a stream that a body continues.
static BEFORE: LazyLock<std::result::Result<Vec<u8>, flate2::CompressError>> =
    LazyLock::new(|| deflate_after(b"", PRIMER, flate2::FlushCompress::Sync));

/// A value as JSON, deflated after the primer.
pub(super) fn primed<T: Serialize>(value: &T) -> Result<AttributeValue> {
    let json = json_of(value)?;
    let mut bytes = deflate_after(PRIMER, &json, flate2::FlushCompress::Finish)
        .map_err(|error| Error::permanent("deflate an order's body", error))?;
    bytes.insert(0, NUMBER);
    Ok(AttributeValue::B(Blob::new(bytes)))
}

/// The value of an order's body, with a primer or of an older release.
///
/// # Errors
/// Retryable if a newer release wrote it.
pub(super) fn unprimed<T: DeserializeOwned>(item: &Item) -> Result<T> {
    let doing = "read an order's body";
    let Some(bytes) = item.get(PRIMED).and_then(|body| body.as_b().ok()) else {
        return inflated(item, "body");
    };
    match bytes.as_ref().split_first() {
        Some((&NUMBER, deflated)) => {
            let before = BEFORE.as_ref();
            let before = before.map_err(|error| Error::permanent(doing, error.clone()))?;
            inflate_after(before, PRIMER.len(), deflated)
        }
        Some(_) => Err(Error::retryable(doing, "a newer release wrote it")),
        None => Err(Error::permanent(doing, "it is empty")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Class;
    use serde_json::{Value, json};
    use std::collections::HashMap;

    fn item(body: Vec<u8>) -> Item {
        HashMap::from([(PRIMED.to_owned(), AttributeValue::B(Blob::new(body)))])
    }

    fn bytes(value: &Value) -> Vec<u8> {
        primed(value).unwrap().as_b().unwrap().as_ref().to_vec()
    }

    #[test]
    fn a_body_comes_back_as_it_went_in() {
        let noise = |n: u32| char::from(b'a' + (n.wrapping_mul(2_654_435_761) >> 24) as u8 % 26);
        let long: String = (0..90_000).map(noise).collect();
        for value in [
            json!({}),
            json!({"tenant": "north", "order": {"id": "202-1"}}),
            json!(long),
        ] {
            assert_eq!(unprimed::<Value>(&item(bytes(&value))).unwrap(), value);
        }
    }

    #[test]
    fn what_the_primer_holds_costs_next_to_nothing() {
        let primer = str::from_utf8(PRIMER).unwrap();
        let usual = &primer[primer.find(r#"{"tenant""#).unwrap()..];
        let deflated = deflate_after(PRIMER, usual.as_bytes(), flate2::FlushCompress::Finish);
        let length = deflated.unwrap().len();
        assert!(length < 100, "{length} bytes for {}", usual.len());
    }

    #[test]
    fn a_primer_never_changes() {
        // `{"tenant":"north","status":"ready","amazon_status":"UNSHIPPED"}`, written by the release that brought the primer.
        let written = include_bytes!("primed/written_1.bin").to_vec();
        let read: Value = unprimed(&item(written)).unwrap();
        let expected = json!({"tenant": "north", "status": "ready", "amazon_status": "UNSHIPPED"});
        assert_eq!(read, expected);
    }

    #[test]
    fn a_body_of_an_older_release_is_read() {
        let body = crate::store::item::deflated(&json!({"tenant": "north"})).unwrap();
        let old = HashMap::from([("body".to_owned(), body)]);
        assert_eq!(unprimed::<Value>(&old).unwrap(), json!({"tenant": "north"}));
    }

    #[test]
    fn what_a_newer_release_wrote_is_tried_again_and_damage_is_no_panic() {
        let class = |body| unprimed::<Value>(&item(body)).unwrap_err().class();
        assert_eq!(class(vec![NUMBER + 1, 7]), Class::Retryable);
        assert_eq!(class(vec![NUMBER, 7, 7, 7]), Class::Permanent);
        assert_eq!(class(Vec::new()), Class::Permanent);
    }
}
