//! What should be an order and cannot be kept as one.

use super::hash::hash;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

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

impl NamelessOrder {
    pub(super) fn new(json: &Value, why: &str) -> Self {
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
