//! The store on a DynamoDB of the test's own, and looks past it into the tables.

use crate::{Calls, Clients};
use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::Value;
use stallkeeper::domain::connection::Connection;
use stallkeeper::store::{Store, Tables, Written};
use std::collections::HashMap;

/// The template's tables, empty at first, and a store on them whose calls nobody stops.
#[derive(Debug)]
pub struct Database {
    pub store: Store,
    pub tables: tables::Embedded,
}

impl Database {
    pub async fn new() -> Self {
        let tables = tables::embedded_without_streams().await;
        let store = Store::new(tables.client.clone(), names(&tables));
        Self { store, tables }
    }

    /// A store on the same tables.
    pub fn store_counted_by(&self, calls: &Calls) -> Store {
        self.store_at(&self.tables.endpoint, calls)
    }

    /// A store on the same tables, called by way of another address.
    pub fn store_at(&self, endpoint: &str, calls: &Calls) -> Store {
        Store::new(
            Clients::new(endpoint, calls).dynamodb(),
            names(&self.tables),
        )
    }

    /// Writes a new connection.
    pub async fn connect(&self, connection: &Connection) {
        let written = self.store.create_connection(connection).await;
        assert_eq!(written.unwrap(), Written::Done);
    }

    /// All items of a table, called as in the template.
    pub async fn items(&self, table: &str) -> Vec<HashMap<String, AttributeValue>> {
        let scan = self
            .tables
            .client
            .scan()
            .table_name(self.tables.name(table));
        scan.send().await.unwrap().items.unwrap_or_default()
    }

    /// Makes the only item that matches unreadable, as one of a much later release is.
    pub async fn make_unreadable(&self, table: &str, pk: &str, sk: &str) {
        let mut items = self.items(table).await;
        let is = |item: &HashMap<String, AttributeValue>, name: &str, part: &str| {
            item[name].as_s().unwrap().contains(part)
        };
        items.retain(|item| is(item, "pk", pk) && is(item, "sk", sk));
        assert_eq!(items.len(), 1, "{pk} {sk} in {table}");
        let mut item = items.remove(0);
        item.insert("v".into(), AttributeValue::N("1000".into()));
        let put = self.tables.client.put_item();
        let put = put.table_name(self.tables.name(table));
        put.set_item(Some(item)).send().await.unwrap();
    }

    /// Everything in a table, as text: the same as long as nothing is written but how fast a tenant calls.
    pub async fn text(&self, table: &str) -> String {
        let mut items = self.items(table).await;
        items.retain(|item| !item["pk"].as_s().unwrap().starts_with("LIMIT#TENANT#"));
        let mut items: Vec<String> = items.iter().map(sorted).collect();
        items.sort();
        items.join("\n")
    }

    /// The items whose sort key begins with `sk`, in the stream's spelling.
    pub async fn images(&self, table: &str, sk: &str) -> Vec<Value> {
        let items = self.items(table).await.into_iter();
        let picked = items.filter(|item| item["sk"].as_s().unwrap().starts_with(sk));
        picked
            .map(|item| serde_json::to_value(serde_dynamo::Item::from(item)).unwrap())
            .collect()
    }

    /// The only item whose sort key begins with `sk`.
    pub async fn image(&self, table: &str, sk: &str) -> Value {
        let mut images = self.images(table, sk).await;
        assert_eq!(images.len(), 1, "{sk} in {table}");
        images.remove(0)
    }
}

fn names(tables: &tables::Embedded) -> Tables {
    Tables {
        connections: tables.name("ConnectionsTable").into(),
        orders: tables.name("OrdersTable").into(),
        buyers: tables.name("BuyersTable").into(),
        catalogue: tables.name("CatalogueTable").into(),
        events: tables.name("EventsTable").into(),
    }
}

/// An item in one order, whatever order its attributes come in.
fn sorted(item: &HashMap<String, AttributeValue>) -> String {
    let mut attributes: Vec<String> = item
        .iter()
        .map(|(name, value)| match value {
            AttributeValue::M(map) => format!("{name}: {}", sorted(map)),
            AttributeValue::L(list) => {
                let entry = |value: &AttributeValue| {
                    sorted(&HashMap::from([(String::new(), value.clone())]))
                };
                format!("{name}: {:?}", list.iter().map(entry).collect::<Vec<_>>())
            }
            other => format!("{name}: {other:?}"),
        })
        .collect();
    attributes.sort();
    attributes.join(", ")
}
