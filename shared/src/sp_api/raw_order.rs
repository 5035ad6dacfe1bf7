//! An order as Amazon wrote it, carried whole from the sweep to the code that reads it. It looks at nothing but the id and
//! the time of the last change, and prints nothing else.

mod hash;
mod nameless;

pub use nameless::NamelessOrder;

use super::check::Undecodable;
use super::tolerant_json::{Malformed, Mended};
use crate::domain::ids::OrderId;
use hash::hash;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeSet;

/// Amazon's JSON of one order, buyer data and unknown fields included.
///
/// Serialises to that JSON and reads from it; `Debug` shows the id only.
#[derive(Clone, PartialEq, Deserialize)]
#[serde(try_from = "Value")]
pub struct RawOrder {
    id: OrderId,
    updated_at: Timestamp,
    json: Value,
    /// Where the JSON is not what Amazon wrote. Travels beside the order, not in it.
    mended: BTreeSet<String>,
}

impl RawOrder {
    pub fn id(&self) -> &OrderId {
        &self.id
    }

    /// Amazon's `lastUpdatedTime`.
    pub fn updated_at(&self) -> Timestamp {
        self.updated_at
    }

    /// Paths of what could not be read as Amazon wrote it and was replaced; never a value.
    pub fn mended(&self) -> &BTreeSet<String> {
        &self.mended
    }

    /// The order as its message carried it, with what was mended before.
    #[must_use]
    pub fn with_mended(self, mended: BTreeSet<String>) -> Self {
        Self { mended, ..self }
    }

    /// Eight bytes that are equal for equal content, in whatever order Amazon writes the fields.
    pub fn content_hash(&self) -> u64 {
        let mut hasher = Sha256::new();
        match &self.json {
            // What replaces an unreadable time is another one with each search.
            Value::Object(fields) if self.mended.contains(UPDATED) => {
                let mut fields = fields.clone();
                fields.remove(UPDATED);
                hash(&Value::Object(fields), &mut hasher);
            }
            json => hash(json, &mut hasher),
        }
        let digest = hasher.finalize();
        digest
            .iter()
            .take(8)
            .fold(0, |sum, byte| (sum << 8) | u64::from(*byte))
    }

    /// An order of a page whose window ended at `before`. If the time of its last change cannot be read, that end
    /// replaces it, in its JSON too: no change that Amazon shows in the window is later.
    pub(super) fn of_window(
        read: Result<Mended, Malformed>,
        before: Timestamp,
    ) -> Result<Self, NamelessOrder> {
        let (value, mended) = match read {
            Ok(Mended { value, places }) => (value, places),
            Err(malformed) => return Err(NamelessOrder::new(&Value::Null, &malformed.to_string())),
        };
        let Value::Object(fields) = value else {
            return Err(NamelessOrder::new(&value, "it is no object"));
        };
        let id = fields.get("orderId").and_then(Value::as_str);
        match id.map(str::parse) {
            Some(Ok(id)) if names_one_order(&id, &mended) => {
                Ok(Self::dated(id, fields, mended, before))
            }
            None if fields.get("orderId").is_none_or(Value::is_null) => Err(NamelessOrder::new(
                &Value::Object(fields),
                "it has no `orderId`",
            )),
            _ => {
                let why = "its `orderId` is none that an order can be kept by";
                Err(NamelessOrder::new(&Value::Object(fields), why))
            }
        }
    }

    /// The order that was asked for by its id. If its id cannot be read, it is that order all the same.
    pub(super) fn asked_for(id: &OrderId, read: Result<Mended, Malformed>, now: Timestamp) -> Self {
        let (mut fields, mut mended) = match read {
            Ok(Mended {
                value: Value::Object(fields),
                places,
            }) => (fields, places),
            _ => (Map::new(), BTreeSet::from(["order".to_owned()])),
        };
        let answered = fields.get("orderId").and_then(Value::as_str);
        match answered.map(str::parse) {
            // Another order than was asked for is that other one.
            Some(Ok(answered)) if names_one_order(&answered, &mended) => {
                Self::dated(answered, fields, mended, now)
            }
            _ => {
                fields.insert("orderId".to_owned(), Value::from(id.as_str()));
                mended.insert("orderId".to_owned());
                Self::dated(id.clone(), fields, mended, now)
            }
        }
    }

    fn dated(
        id: OrderId,
        mut fields: Map<String, Value>,
        mut mended: BTreeSet<String>,
        otherwise: Timestamp,
    ) -> Self {
        let time = fields.get(UPDATED).map(Timestamp::deserialize);
        let updated_at = match time {
            Some(Ok(time)) => time,
            _ => {
                fields.insert(UPDATED.to_owned(), Value::from(otherwise.to_string()));
                mended.insert(UPDATED.to_owned());
                otherwise
            }
        };
        Self {
            id,
            updated_at,
            json: Value::Object(fields),
            mended,
        }
    }

    pub(super) fn json(&self) -> &Value {
        &self.json
    }
}

/// Whether an id that reads as one can be asked for and stored by: not if part of it was replaced, or if it is a step in a
/// path.
fn names_one_order(id: &OrderId, mended: &BTreeSet<String>) -> bool {
    !mended.contains("orderId") && !matches!(id.as_str(), "." | "..")
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
            mended: BTreeSet::new(),
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
mod tests;
