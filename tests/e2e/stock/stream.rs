//! The stream of the orders' table, as the tables in this process have none: what changed since it was last reported, as
//! Lambda would hand it over.

use super::stall::Stall;
use crate::world::records::{Item, text};
use serde_json::{Value, json};
use stallkeeper::lambda::stream::StreamEvent;
use std::collections::BTreeMap;
use std::sync::Mutex;

/// Every order as it was last reported, in the stream's spelling.
#[derive(Default)]
pub struct Stream {
    reported: Mutex<BTreeMap<String, Value>>,
}

/// Changes that are being reported.
pub struct Changes {
    records: Vec<Value>,
    now: BTreeMap<String, Value>,
}

impl Stream {
    /// What changed, one record for each order.
    pub async fn batch(&self, stall: &Stall) -> Changes {
        let items = stall.items(stall.tables.name("OrdersTable")).await;
        let orders = items.into_iter().filter(|item| text(item, "sk") == "ORDER");
        let now: BTreeMap<String, Value> = orders
            .map(|item| (text(&item, "pk"), spelt(item)))
            .collect();
        let reported = self.reported.lock().unwrap();
        let changed = now
            .iter()
            .filter(|(pk, new)| reported.get(*pk) != Some(new));
        let records = changed
            .map(|(pk, new)| record(reported.get(pk), new))
            .collect();
        Changes { records, now }
    }

    /// The function is done with these.
    pub fn reported(&self, changes: Changes) {
        *self.reported.lock().unwrap() = changes.now;
    }
}

impl Changes {
    pub fn event(&self) -> StreamEvent {
        serde_json::from_value(json!({ "Records": self.records })).unwrap()
    }
}

fn spelt(item: Item) -> Value {
    let item: serde_dynamo::Item = item.into();
    serde_json::to_value(item).unwrap()
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
