//! The stream of a table that has none: what changed since it was last reported, as Lambda would hand it over.

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};

/// Every item as it was last reported, in the stream's spelling.
#[derive(Debug, Default)]
pub struct TableChanges {
    reported: Mutex<BTreeMap<String, Value>>,
}

/// Changes that are being reported.
#[derive(Debug)]
pub struct Changes {
    /// One record for each changed item; more than one change of it since are one.
    pub records: Vec<Value>,
    now: BTreeMap<String, Value>,
}

impl TableChanges {
    /// What changed, by the items that the table holds now.
    pub fn since(
        &self,
        items: impl IntoIterator<Item = HashMap<String, AttributeValue>>,
    ) -> Changes {
        let now: BTreeMap<String, Value> = items
            .into_iter()
            .map(spelt)
            .map(|item| (format!("{} {}", item["pk"], item["sk"]), item))
            .collect();
        let reported = self.reported.lock().unwrap_or_else(PoisonError::into_inner);
        let changed = now
            .iter()
            .filter(|(key, new)| reported.get(*key) != Some(new));
        let records = changed
            .map(|(key, new)| record(reported.get(key), new))
            .collect();
        Changes { records, now }
    }

    /// The functions are done with these.
    pub fn reported(&self, changes: Changes) {
        *self.reported.lock().unwrap_or_else(PoisonError::into_inner) = changes.now;
    }
}

fn spelt(item: HashMap<String, AttributeValue>) -> Value {
    let item: serde_dynamo::Item = item.into();
    serde_json::to_value(item).unwrap_or_default()
}

fn record(old: Option<&Value>, new: &Value) -> Value {
    let mut images = json!({
        "ApproximateCreationDateTime": 1_790_000_401.0,
        "Keys": { "pk": new["pk"], "sk": new["sk"] },
        "NewImage": new,
        "SequenceNumber": "000000000000000000001",
        "StreamViewType": "NEW_AND_OLD_IMAGES",
    });
    if let Some(old) = old {
        images["OldImage"] = old.clone();
    }
    json!({
        "eventName": if old.is_some() { "MODIFY" } else { "INSERT" },
        "eventSource": "aws:dynamodb",
        "dynamodb": images,
    })
}
