//! The hash of JSON, whatever the order of its fields.

use serde_json::Value;
use sha2::{Digest as _, Sha256};

/// Feeds the hasher with an unambiguous spelling: fields in the order of their names, each text as JSON quotes it.
pub(super) fn hash(json: &Value, hasher: &mut Sha256) {
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
