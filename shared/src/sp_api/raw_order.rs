//! An order as Amazon wrote it, carried whole from the sweep to the code that reads it. It looks at nothing but the id and
//! the time of the last change, and prints nothing else.

use super::check::Undecodable;
use super::tolerant_json::{Malformed, Mended};
use crate::domain::ids::OrderId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
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

/// What should be an order and has no id to keep it by. Holds nothing of its content but an id of an unusual form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamelessOrder {
    /// Whatever there is in the id's place, if it is a plain word.
    pub id: Option<String>,
    /// Equal for the same id, or for the same content if there is none.
    pub digest: String,
    /// A sentence for a person: the place, never a value.
    pub why: String,
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

impl NamelessOrder {
    fn new(json: &Value, why: &str) -> Self {
        let id = match json.get("orderId") {
            Some(Value::String(text)) => Some(text.clone()),
            Some(Value::Number(number)) => Some(number.to_string()),
            _ => None,
        };
        let mut hasher = Sha256::new();
        match &id {
            Some(id) => hasher.update(id),
            None => hash(json, &mut hasher),
        }
        let digest = hasher.finalize();
        Self {
            id: id.filter(|id| is_plain(id)),
            digest: digest
                .iter()
                .take(16)
                .map(|byte| format!("{byte:02x}"))
                .collect(),
            why: why.to_owned(),
        }
    }
}

/// Whether a text can be shown: an id of whatever form, and nobody's name or address.
fn is_plain(id: &str) -> bool {
    let plain = |char: char| char.is_ascii_alphanumeric() || "-_.".contains(char);
    (1..=64).contains(&id.len()) && id.chars().all(plain) && id.chars().any(|c| c.is_ascii_digit())
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
mod tests {
    use super::super::tolerant_json::Document;
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

    fn of_page(text: &str) -> Result<RawOrder, NamelessOrder> {
        let body = format!("{{\"orders\":[{text}]}}");
        let document = Document::read(body.as_bytes(), "orders").unwrap();
        let read = document.elements.unwrap().remove(0);
        RawOrder::of_window(read, "2026-11-20T10:00:00Z".parse().unwrap())
    }

    #[test]
    fn an_order_without_a_usable_id_is_set_aside_with_whatever_id_there_is() {
        let rows = [
            (r#"{"buyer":"Quillfeather"}"#, None, "no `orderId`"),
            (r#"{"orderId":null}"#, None, "no `orderId`"),
            (r#"{"orderId":""}"#, None, "none that an order"),
            (r#"{"orderId":".."}"#, None, "none that an order"),
            (r#"{"orderId":"026-1\n"}"#, None, "none that an order"),
            (r#"{"orderId":"026-\uD800"}"#, None, "none that an order"),
            (r#"{"orderId":1e999}"#, Some("1e999"), "none that an order"),
            (
                r#"{"orderId":{"name":"Quillfeather"}}"#,
                None,
                "none that an order",
            ),
            (r#"{"orderId":26151}"#, Some("26151"), "none that an order"),
            (r#""Quillfeather""#, None, "no object"),
            ("null", None, "no object"),
            ("[1]", None, "no object"),
            (r#"{"orderId" "1"}"#, None, "malformed"),
        ];
        for (text, id, why) in rows {
            let aside = of_page(text).unwrap_err();
            assert_eq!(aside.id.as_deref(), id, "{text}");
            assert!(aside.why.contains(why), "{text}: {}", aside.why);
            assert!(!format!("{aside:?}").contains("Quillfeather"));
            assert_eq!(of_page(text).unwrap_err().digest, aside.digest);
        }
        let long = format!(r#"{{"orderId":"{}"}}"#, "9".repeat(65));
        assert!(of_page(&long).is_err());
    }

    #[test]
    fn a_time_that_cannot_be_read_is_the_windows_end_and_no_news_each_time() {
        for time in [r#""soon""#, "null", "7", "{}", "1e999"] {
            let text = format!(r#"{{"orderId":"1","lastUpdatedTime":{time}}}"#);
            let order = of_page(&text).unwrap();
            assert_eq!(order.updated_at(), "2026-11-20T10:00:00Z".parse().unwrap());
            assert!(order.mended().contains("lastUpdatedTime"), "{time}");
            let sent = serde_json::to_string(&order).unwrap();
            let received = read(&sent).with_mended(order.mended().clone());
            assert_eq!(received, order);
            let later = RawOrder::dated(
                order.id.clone(),
                order.json.as_object().unwrap().clone(),
                order.mended.clone(),
                "2026-11-20T11:00:00Z".parse().unwrap(),
            );
            assert_eq!(later.content_hash(), order.content_hash());
        }
    }

    #[test]
    fn the_order_that_was_asked_for_is_that_order_whatever_its_answer_says() {
        let id: OrderId = "026-1520163-6049104".parse().unwrap();
        let now = "2026-11-20T10:00:00Z".parse().unwrap();
        let bodies = [
            r#"{"order":{"orderItems":[]}}"#,
            r#"{"order":{"orderId":7}}"#,
            r#"{"order":{"orderId" 7}}"#,
            r#"{"order":[7]}"#,
        ];
        for body in bodies {
            let mut document = Document::read(body.as_bytes(), "order").unwrap();
            let read = document.elements.as_mut().unwrap().remove(0);
            let order = RawOrder::asked_for(&id, read, now);
            assert_eq!((order.id(), order.updated_at()), (&id, now), "{body}");
            assert!(!order.mended().is_empty(), "{body}");
        }
    }
}
