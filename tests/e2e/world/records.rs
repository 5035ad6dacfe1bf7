//! What is in the tables of one world, and how time passes there. It reads raw items, so that it sees what the store
//! would not show.

use super::World;
use crate::inflate;
use aws_sdk_dynamodb::types::AttributeValue;
use jiff::{SignedDuration, Timestamp};
use stallkeeper::domain::order::{HistoryKind, OrderStatus, StoredOrder};
use stallkeeper::store::{Cursor, Leased};
use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

pub type Item = HashMap<String, AttributeValue>;

/// An order with what happened to it since it was first read.
pub struct Stored {
    pub order: StoredOrder,
    pub later: Vec<HistoryKind>,
    /// Until when its buyer data lives, where there is any.
    pub buyer_until: Option<String>,
}

/// What of a stored order must be the same, however often and in whatever order its messages came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Portrait {
    pub status: OrderStatus,
    pub term: Option<String>,
    pub service: Option<String>,
    pub reason: Option<String>,
    pub content_hash: u64,
    pub history: Vec<HistoryKind>,
    pub buyer_until: Option<String>,
}

impl World {
    /// All orders in the table.
    pub async fn stored(&self) -> Vec<Stored> {
        let buyers = self.items("BuyersTable").await;
        let buyers: HashMap<String, String> = buyers
            .iter()
            .map(|item| (text(item, "pk"), text(item, "expires_at")))
            .collect();
        let mut items = self.items("OrdersTable").await;
        items.sort_by_key(|item| (text(item, "pk"), text(item, "sk")));
        let (orders, history): (Vec<_>, Vec<_>) =
            items.iter().partition(|item| text(item, "sk") == "ORDER");
        let stored = |item: &&Item| {
            let pk = text(item, "pk");
            let later = history.iter().filter(|entry| text(entry, "pk") == pk);
            Stored {
                order: serde_json::from_str(&inflated(&item["primed"])).unwrap(),
                later: later.map(|entry| kind_of(entry)).collect(),
                buyer_until: buyers.get(&pk).cloned(),
            }
        };
        orders.iter().map(stored).collect()
    }

    /// The ids of all orders in the table, sorted.
    pub async fn stored_ids(&self) -> Vec<String> {
        let mut ids: Vec<String> = self
            .items("OrdersTable")
            .await
            .iter()
            .filter(|item| text(item, "sk") == "ORDER")
            .map(|item| text(item, "order_id"))
            .collect();
        ids.sort();
        ids
    }

    pub async fn portraits(&self) -> BTreeMap<String, Portrait> {
        let portrait = |stored: Stored| {
            let (order, decision) = (stored.order.order, stored.order.decision);
            let portrait = Portrait {
                status: stored.order.status,
                term: decision.term.map(|term| term.to_string()),
                service: decision.service.map(|service| service.to_string()),
                reason: decision.reason.map(|reason| reason.to_string()),
                content_hash: stored.order.content_hash,
                history: std::iter::once(stored.order.first_history.kind)
                    .chain(stored.later)
                    .collect(),
                buyer_until: stored.buyer_until,
            };
            (order.id.to_string(), portrait)
        };
        self.stored().await.into_iter().map(portrait).collect()
    }

    pub async fn count_with_status(&self, status: OrderStatus) -> usize {
        let stored = self.stored().await;
        let of_it = stored.iter().filter(|one| one.order.status == status);
        of_it.count()
    }

    pub async fn cursor(&self) -> Leased<Cursor> {
        let cursor = self.store.order_cursor(&self.connection.key()).await;
        cursor.unwrap().unwrap()
    }

    /// All items of a table as they stand.
    pub async fn items(&self, table: &str) -> Vec<Item> {
        let scan = self
            .tables
            .client
            .scan()
            .table_name(self.tables.name(table));
        let pages = scan.into_paginator().items().send();
        pages.collect::<Result<_, _>>().await.unwrap()
    }

    /// A killed run keeps its lease of the cursor until it expires, 90 seconds later. This makes those pass.
    pub async fn let_leases_expire(&self) {
        self.set_on("CURSOR#orders", "leased_until_ms", 0).await;
    }

    /// A bucket at rest has no item, and an empty one refills at one request in three minutes. This makes it full.
    pub async fn let_limits_refill(&self) {
        let table = self.tables.name("ConnectionsTable");
        let items = self.items("ConnectionsTable").await;
        for item in items.iter().filter(|item| item.contains_key("tat")) {
            let delete = self.tables.client.delete_item().table_name(table);
            delete.set_key(Some(key(item))).send().await.unwrap();
        }
    }

    /// Lets Amazon's clock run ahead, as all windows go by it. The cursor gets at once what the next answer would
    /// tell it: a function that does not know yet that time has passed would not even ask.
    pub async fn let_time_pass(&self, time: Duration) {
        let ahead = {
            let mut ahead = self.ahead.lock().unwrap();
            *ahead += time;
            *ahead
        };
        let milliseconds = i64::try_from(ahead.as_millis()).unwrap();
        self.amazon
            .set_clock(SignedDuration::from_millis(milliseconds))
            .await;
        self.set_on("CURSOR#orders", "clock_offset_ms", milliseconds)
            .await;
        self.let_limits_refill().await;
    }

    /// What Amazon's clock shows.
    pub fn amazons_now(&self) -> Timestamp {
        Timestamp::now() + *self.ahead.lock().unwrap()
    }

    /// Sets a number in the one item of the connections that has this sort key, if there is one yet.
    async fn set_on(&self, sk: &str, name: &str, number: i64) {
        let items = self.items("ConnectionsTable").await;
        let Some(item) = items.iter().find(|item| text(item, "sk") == sk) else {
            return;
        };
        let update = self.tables.client.update_item();
        update
            .table_name(self.tables.name("ConnectionsTable"))
            .set_key(Some(key(item)))
            .update_expression("SET #name = :number")
            .expression_attribute_names("#name", name)
            .expression_attribute_values(":number", AttributeValue::N(number.to_string()))
            .send()
            .await
            .unwrap();
    }
}

fn key(item: &Item) -> Item {
    ["pk", "sk"]
        .into_iter()
        .map(|name| (name.to_owned(), item[name].clone()))
        .collect()
}

/// A text or number of an item; empty where it has none.
pub fn text(item: &Item, name: &str) -> String {
    match item.get(name) {
        Some(AttributeValue::S(text) | AttributeValue::N(text)) => text.clone(),
        _ => String::new(),
    }
}

fn kind_of(entry: &Item) -> HistoryKind {
    serde_json::from_value(text(entry, "kind").into()).unwrap()
}

/// What a deflated body says; nothing where the value is none.
fn inflated(value: &AttributeValue) -> String {
    let bytes = value.as_b().ok();
    let text = bytes.and_then(|bytes| inflate::text(bytes.as_ref()));
    text.unwrap_or_default()
}

/// Everything that can be read in an item, its deflated body included.
pub fn legible(item: &Item) -> String {
    let bodies: String = item.values().map(inflated).collect();
    format!("{item:?} {bodies}")
}
