//! An order as Amazon wrote it, carried whole from the sweep to whoever reads it. It looks at nothing but the id and
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
