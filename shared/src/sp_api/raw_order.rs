//! An order as Amazon wrote it, carried whole from the sweep to the code that reads it. It looks at nothing but the id and
//! the time of the last change, and prints nothing else.

use super::check::Undecodable;
use crate::domain::ids::OrderId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

/// Amazon's JSON of one order, buyer data and unknown fields included.
///
/// Serialises to that JSON and reads from it; `Debug` shows the id only.
#[derive(Clone, PartialEq, Deserialize)]
#[serde(try_from = "Value")]
pub struct RawOrder {
    id: OrderId,
    updated_at: Timestamp,
    json: Value,
}

impl RawOrder {
    pub fn id(&self) -> &OrderId {
        &self.id
    }

    /// Amazon's `lastUpdatedTime`.
    pub fn updated_at(&self) -> Timestamp {
        self.updated_at
    }

    /// Eight bytes that are equal for equal content, in whatever order Amazon writes the fields.
    pub fn content_hash(&self) -> u64 {
        let mut hasher = Sha256::new();
        hash(&self.json, &mut hasher);
        let digest = hasher.finalize();
        digest
            .iter()
            .take(8)
            .fold(0, |sum, byte| (sum << 8) | u64::from(*byte))
    }

    /// An order of a page whose window ended at `before`. If the time of its last change cannot be read, that end
    /// replaces it, in its JSON too: no change that Amazon shows in the window is later.
    pub(super) fn of_window(json: Value, before: Timestamp) -> Result<Self, NoOrder> {
        let mut json = json;
        if let Value::Object(fields) = &mut json {
            let time = fields.get(UPDATED).map(Timestamp::deserialize);
            if !matches!(time, Some(Ok(_))) {
                fields.insert(UPDATED.to_owned(), Value::from(before.to_string()));
                tracing::error!("an order of Amazon's has no readable time of its last change");
            }
        }
        Self::try_from(json)
    }

    pub(super) fn json(&self) -> &Value {
        &self.json
    }
}

/// Feeds the hasher with an unambiguous spelling: fields in the order of their names, each text as JSON quotes it.
fn hash(json: &Value, hasher: &mut Sha256) {
    match json {
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().collect();
            fields.sort_unstable_by_key(|(name, _)| *name);
            hasher.update(b"{");
            for (name, value) in fields {
                hasher.update(Value::from(name.as_str()).to_string());
                hasher.update(b":");
                hash(value, hasher);
                hasher.update(b",");
            }
            hasher.update(b"}");
        }
        Value::Array(values) => {
            hasher.update(b"[");
            for value in values {
                hash(value, hasher);
                hasher.update(b",");
            }
            hasher.update(b"]");
        }
        scalar => hasher.update(scalar.to_string()),
    }
}

const UPDATED: &str = "lastUpdatedTime";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Head {
    order_id: OrderId,
    last_updated_time: Timestamp,
}

/// Why a JSON value is no order: the place, never a value.
#[derive(Debug, thiserror::Error)]
#[error("no order: {0}")]
pub struct NoOrder(Undecodable);

impl TryFrom<Value> for RawOrder {
    type Error = NoOrder;

    fn try_from(json: Value) -> Result<Self, NoOrder> {
        let head: Head = serde_path_to_error::deserialize(&json)
            .map_err(|error| NoOrder(Undecodable::at(&error)))?;
        Ok(Self {
            id: head.order_id,
            updated_at: head.last_updated_time,
            json,
        })
    }
}

impl Serialize for RawOrder {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.json.serialize(serializer)
    }
}

impl std::fmt::Debug for RawOrder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RawOrder")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORDER: &str = r#"{"orderId":"1","lastUpdatedTime":"2026-11-20T09:30:00Z","new":{"a":[1,2.5,null],"b":"x"}}"#;

    fn read(text: &str) -> RawOrder {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn it_travels_whole_and_reads_back_equal() {
        let order = read(ORDER);
        let text = serde_json::to_string(&order).unwrap();
        let as_sent: Value = serde_json::from_str(ORDER).unwrap();
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), as_sent);
        assert_eq!(read(&text), order);
        assert_eq!(
            (order.id().as_str(), order.updated_at()),
            ("1", "2026-11-20T09:30:00Z".parse().unwrap())
        );
    }

    #[test]
    fn its_hash_minds_the_content_and_not_the_order_of_fields() {
        let rows = [
            (ORDER, true),
            (
                r#"{"new":{"b":"x","a":[1,2.5,null]},"lastUpdatedTime":"2026-11-20T09:30:00Z","orderId":"1"}"#,
                true,
            ),
            (
                r#"{"new":{"b":"x","a":[2.5,1,null]},"lastUpdatedTime":"2026-11-20T09:30:00Z","orderId":"1"}"#,
                false,
            ),
            (
                r#"{"new":{"b":"y","a":[1,2.5,null]},"lastUpdatedTime":"2026-11-20T09:30:00Z","orderId":"1"}"#,
                false,
            ),
            (
                r#"{"new":{"b":"x","a":[1,2.5,[null]]},"lastUpdatedTime":"2026-11-20T09:30:00Z","orderId":"1"}"#,
                false,
            ),
        ];
        for (text, equal) in rows {
            assert_eq!(
                read(text).content_hash() == read(ORDER).content_hash(),
                equal,
                "{text}"
            );
        }
    }

    #[test]
    fn an_order_without_id_or_time_is_none_and_the_error_tells_no_value() {
        let rows = [
            r#"{"lastUpdatedTime":"2026-11-20T09:30:00Z","buyer":"Quillfeather"}"#,
            r#"{"orderId":"","lastUpdatedTime":"2026-11-20T09:30:00Z"}"#,
            r#"{"orderId":"1","lastUpdatedTime":"Quillfeather"}"#,
            r#"["Quillfeather"]"#,
        ];
        for text in rows {
            let error = serde_json::from_str::<RawOrder>(text)
                .unwrap_err()
                .to_string();
            assert!(!error.contains("Quillfeather"), "{error}");
        }
        assert!(!format!("{:?}", read(ORDER)).contains("new"));
    }
}
