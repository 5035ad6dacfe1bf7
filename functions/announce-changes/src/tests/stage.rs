//! Items of the real store as a stream would show them.

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Value, json};
use stallkeeper::lambda::stream::StreamEvent;
use stallkeeper::store::{Store, Tables};
use std::collections::HashMap;

/// Tables whose items can be read as a stream would show them.
pub(super) struct Stage {
    tables: tables::Embedded,
    pub(super) store: Store,
}

impl Stage {
    pub(super) async fn new() -> Self {
        let tables = tables::embedded().await;
        let names = Tables {
            connections: tables.name("ConnectionsTable").to_owned(),
            orders: tables.name("OrdersTable").to_owned(),
            buyers: tables.name("BuyersTable").to_owned(),
            catalogue: tables.name("CatalogueTable").to_owned(),
        };
        let store = Store::new(tables.client.clone(), names);
        Self { tables, store }
    }

    /// The items of a table whose sort key begins with `sk`, in the stream's spelling.
    pub(super) async fn images(&self, table: &str, sk: &str) -> Vec<Value> {
        let scan = self
            .tables
            .client
            .scan()
            .table_name(self.tables.name(table));
        let items = scan.send().await.unwrap().items.unwrap_or_default();
        let wanted = items
            .into_iter()
            .filter(|item| item["sk"].as_s().unwrap().starts_with(sk));
        wanted.map(spelt).collect()
    }

    pub(super) async fn order(&self) -> Value {
        self.images("OrdersTable", "ORDER").await.remove(0)
    }

    pub(super) async fn connection(&self) -> Value {
        self.images("ConnectionsTable", "CONNECTION#")
            .await
            .remove(0)
    }
}

fn spelt(item: HashMap<String, AttributeValue>) -> Value {
    let item: serde_dynamo::Item = item.into();
    serde_json::to_value(item).unwrap()
}

/// A record of the stream; `None` for an image that is not there.
pub(super) fn record(sequence: u32, old: Option<&Value>, new: Option<&Value>) -> Value {
    let either = new.or(old).unwrap();
    let keys = json!({"pk": either["pk"], "sk": either["sk"]});
    let name = match (old, new) {
        (None, _) => "INSERT",
        (Some(_), Some(_)) => "MODIFY",
        (Some(_), None) => "REMOVE",
    };
    let table = table_of(&keys);
    let mut images = json!({
        "ApproximateCreationDateTime": 1_790_000_401.0,
        "Keys": keys,
        "SequenceNumber": format!("{sequence:021}"),
        "SizeBytes": 1024,
        "StreamViewType": "NEW_AND_OLD_IMAGES",
    });
    for (name, image) in [("OldImage", old), ("NewImage", new)] {
        if let Some(image) = image {
            images[name] = image.clone();
        }
    }
    json!({
        "eventID": format!("{sequence:032x}"),
        "eventName": name,
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": "eu-west-1",
        "dynamodb": images,
        "eventSourceARN": format!("arn:aws:dynamodb:eu-west-1:000000000000:table/stalls-{table}/stream/2026-09-21T00:00:00.000"),
    })
}

fn table_of(keys: &Value) -> &'static str {
    let starts = |name: &str, prefixes: &[&str]| {
        let key = keys[name]["S"].as_str().unwrap();
        prefixes.iter().any(|prefix| key.starts_with(prefix))
    };
    if starts("sk", &["ORDER", "HISTORY#"]) {
        "orders"
    } else if starts("pk", &["SKU#", "LISTING#", "FEED#"]) {
        "catalogue"
    } else {
        "connections"
    }
}

pub(super) fn batch(records: Vec<Value>) -> StreamEvent {
    serde_json::from_value(json!({ "Records": records })).unwrap()
}
