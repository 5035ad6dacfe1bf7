//! A stall of its own for each test: tables in this process, queues that a test empties in the order it likes, a sandbox
//! that plays Amazon, and every function between a stock level and what Amazon shows.
//!
//! **Time.** Amazon's clock runs with ours, hours behind it, and a test lets it catch up in steps: [`Stall::pass`]. The
//! warehouse lives by Amazon's clock too, so that levels, orders and what was sent can lie minutes apart without anyone
//! waiting for minutes.

use super::aws::{Aws, Waiting};
use super::environments::{Environments, Function, Maker};
use crate::world::Scene;
use crate::world::amazon::Amazon;
use crate::world::outside::Outside;
use crate::world::records::{Item, text};
use crate::world::settings;
use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use aws_sdk_dynamodb::types::AttributeValue;
use futures::FutureExt as _;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use stallkeeper::domain::connection::Connection;
use stallkeeper::domain::ids::ConnectionKey;
use stallkeeper::domain::marketplace::Marketplace::{De, Uk};
use stallkeeper::lambda::stream::StreamEvent;
use stallkeeper::store::{Store, Tables};
use std::panic::AssertUnwindSafe;
use std::sync::Mutex;
use tables::{Changes, TableChanges};

/// How far Amazon's clock is behind ours when a test begins.
const BEHIND: SignedDuration = SignedDuration::from_hours(72);
/// As in the template: then a message becomes a dead letter.
const MOST_RECEIVED: u32 = 8;

pub struct Stall {
    pub tables: tables::Embedded,
    pub store: Store,
    pub amazon: Amazon,
    pub aws: Aws,
    pub connection: Connection,
    pub maker: Maker,
    /// Warm environments of the functions.
    pub apps: Environments,
    pub stream: TableChanges,
    /// What Amazon's clock is ahead of ours: less than nothing.
    ahead: Mutex<SignedDuration>,
}

/// Plays a test in a stall of its own. If it passes, every request it made of Amazon must have been one that Amazon's
/// models allow, and nothing may lie in a dead-letter queue.
pub async fn play(test: impl AsyncFnOnce(&Stall)) {
    let stall = Stall::start().await;
    let outcome = AssertUnwindSafe(test(&stall)).catch_unwind().await;
    if let Err(panic) = outcome {
        std::panic::resume_unwind(panic);
    }
    let violations = stall.amazon.violations().await;
    assert!(
        violations.is_empty(),
        "Amazon would refuse: {violations:#?}"
    );
    assert_eq!(stall.aws.dead_letters(), Vec::<String>::new());
}

/// A batch that is being handed over.
pub struct Batch {
    function: Function,
    messages: Vec<Waiting>,
    pub event: SqsEvent,
}

impl Stall {
    pub async fn start() -> Self {
        let scene = Scene {
            sells_on: &[Uk, De],
            switched_on: &[Uk, De],
        };
        let (tables, amazon, aws) = tokio::join!(
            tables::embedded(),
            Amazon::start(scene.sells_on),
            Aws::start()
        );
        let name = |logical_id| tables.name(logical_id).to_owned();
        let maker = Maker {
            outside: Outside {
                dynamodb: tables.endpoint.clone(),
                aws: aws.url.clone(),
                amazon: amazon.url.clone(),
            },
            tables: Tables {
                connections: name("ConnectionsTable"),
                orders: name("OrdersTable"),
                buyers: name("BuyersTable"),
                catalogue: name("CatalogueTable"),
                events: name("EventsTable"),
            },
            patch_most: sync_stock::PATCH_MOST,
            http: Outside::sdk(&aws.url).await.http_client(),
        };
        let store = maker.store();
        amazon.set_clock(-BEHIND).await;
        let connection = settings::connect(&store, &maker.vault(), &amazon, &scene).await;
        let stall = Self {
            apps: maker.environments(),
            tables,
            store,
            amazon,
            aws,
            connection,
            maker,
            stream: TableChanges::default(),
            ahead: Mutex::new(-BEHIND),
        };
        stall.begin_orders().await;
        stall
    }

    /// All orders so far are known: there are none.
    async fn begin_orders(&self) {
        let key = &self.ids();
        let (now, since) = (Timestamp::now(), self.now() - SignedDuration::from_mins(30));
        let leased = self
            .store
            .lease_order_cursor(key, "nobody", now, now, since);
        leased.await.unwrap().unwrap();
        self.pass(0).await;
    }

    pub fn ids(&self) -> ConnectionKey {
        self.connection.key()
    }

    /// What Amazon's clock shows, and the warehouse's.
    pub fn now(&self) -> Timestamp {
        Timestamp::now() + *self.ahead.lock().unwrap()
    }

    /// Seconds pass, for Amazon and in the warehouse. All limits are full again: how they are kept is proven elsewhere.
    pub async fn pass(&self, seconds: i64) {
        let ahead = {
            let mut ahead = self.ahead.lock().unwrap();
            *ahead += SignedDuration::from_secs(seconds);
            assert!(*ahead < SignedDuration::ZERO, "the test takes too long");
            *ahead
        };
        let milliseconds = i64::try_from(ahead.as_millis()).unwrap();
        let settings = json!({ "clock_offset_ms": milliseconds, "refill": true });
        self.settings(settings).await;
        self.set_on("CURSOR#orders", "clock_offset_ms", milliseconds)
            .await;
        self.let_limits_refill().await;
    }

    /// Killed runs keep their leases until they expire. This makes those pass.
    pub async fn let_leases_expire(&self) {
        for sk in ["CURSOR#orders", "STOCK_ROUND", "STOCK_URGENT", "MATCH"] {
            self.set_on(sk, "leased_until_ms", 0).await;
        }
    }

    async fn let_limits_refill(&self) {
        let table = self.tables.name("ConnectionsTable");
        for item in self.items(table).await {
            if item.contains_key("tat") {
                let delete = self.tables.client.delete_item().table_name(table);
                delete.set_key(Some(key(&item))).send().await.unwrap();
            }
        }
    }

    async fn set_on(&self, sk: &str, name: &str, number: i64) {
        let table = self.tables.name("ConnectionsTable");
        let items = self.items(table).await;
        let Some(item) = items.iter().find(|item| text(item, "sk") == sk) else {
            return;
        };
        let update = self.tables.client.update_item().table_name(table);
        update
            .set_key(Some(key(item)))
            .update_expression("SET #name = :number")
            .expression_attribute_names("#name", name)
            .expression_attribute_values(":number", AttributeValue::N(number.to_string()))
            .send()
            .await
            .unwrap();
    }

    /// All items of a table, by its name.
    pub async fn items(&self, table: &str) -> Vec<Item> {
        let scan = self.tables.client.scan().table_name(table);
        let pages = scan.into_paginator().items().send();
        pages.collect::<Result<_, _>>().await.unwrap()
    }

    pub async fn settings(&self, settings: Value) {
        self.amazon
            .admin(reqwest::Method::PUT, "settings", settings)
            .await;
    }
}

/// What Lambda hands over.
pub fn event(changes: &Changes) -> StreamEvent {
    serde_json::from_value(json!({ "Records": changes.records })).unwrap()
}

fn key(item: &Item) -> Item {
    ["pk", "sk"]
        .into_iter()
        .map(|name| (name.to_owned(), item[name].clone()))
        .collect()
}

/// Messages and what is done with them.
impl Stall {
    pub fn send(&self, function: Function, mut message: Value) {
        message["v"] = 1.into();
        message["tenant"] = json!(self.connection.tenant);
        self.aws.queue(function.queue()).put(&message);
    }

    /// A message about the connection.
    pub fn send_of_connection(&self, function: Function, mut message: Value) {
        message["connection"] = json!(self.connection.id);
        message["hop"] = 0.into();
        self.send(function, message);
    }

    /// Takes the next batch out of a function's queue.
    pub fn receive(&self, function: Function, most: usize) -> Option<Batch> {
        let messages = self.aws.queue(function.queue()).take(most);
        let record = |(index, message): (usize, &Waiting)| {
            json!({
                "messageId": index.to_string(), "receiptHandle": "r", "body": message.body,
                "attributes": { "ApproximateReceiveCount": (message.received + 1).to_string() },
                "messageAttributes": {}, "eventSource": "aws:sqs",
            })
        };
        let records: Vec<Value> = messages.iter().enumerate().map(record).collect();
        (!records.is_empty()).then(|| Batch {
            function,
            messages,
            event: serde_json::from_value(json!({ "Records": records })).unwrap(),
        })
    }

    /// What a function reports comes again; the rest is gone.
    pub fn settle(&self, batch: Batch, response: &SqsBatchResponse) {
        let failed = response.batch_item_failures.iter();
        let failed: Vec<usize> = failed
            .map(|item| item.item_identifier.parse().unwrap())
            .collect();
        for index in failed {
            self.again(batch.function, batch.messages[index].clone());
        }
    }

    /// The environment was killed: all of the batch comes again.
    pub fn come_again(&self, batch: Batch) {
        for message in batch.messages {
            self.again(batch.function, message);
        }
    }

    fn again(&self, function: Function, mut message: Waiting) {
        message.received += 1;
        let body = &message.body;
        assert!(
            message.received < MOST_RECEIVED,
            "{function:?} would dead-letter {body}"
        );
        let mut queue = self.aws.queue(function.queue());
        queue.messages().push_back(message);
    }

    /// Hands one batch over. Whether there was one.
    pub async fn deliver_one(&self, apps: &Environments, function: Function, most: usize) -> bool {
        let Some(batch) = self.receive(function, most) else {
            return false;
        };
        let response = apps.call(function, batch.event.clone()).await.unwrap();
        self.settle(batch, &response);
        true
    }

    /// Hands over what is in a function's queue, until nothing is left.
    pub async fn deliver(&self, function: Function) {
        let most = match function {
            Function::PollOrders | Function::MatchListings | Function::SyncStock => 1,
            _ => 10,
        };
        while self.deliver_one(&self.apps, function, most).await {}
    }

    /// Time for a sweep: what Amazon reported until three minutes ago is stored. Nothing follows from it yet.
    pub async fn sweep(&self) {
        self.send_of_connection(Function::PollOrders, json!({ "kind": "tick" }));
        self.deliver(Function::PollOrders).await;
        self.deliver(Function::RemapCarriers).await;
    }

    /// What changed in the orders since goes to both consumers of their stream.
    pub async fn announce(&self) {
        let batch = self.changed_orders().await;
        let reserved = reserve_stock::handle(&self.apps.reserve_stock, event(&batch)).await;
        assert_eq!(reserved.unwrap().skipped, 0);
        let announced = announce_changes::handle(&self.apps.announce_changes, event(&batch)).await;
        assert_eq!(announced.unwrap().skipped, 0);
        self.stream.reported(batch);
    }

    /// The orders that changed since the last announcement.
    pub async fn changed_orders(&self) -> Changes {
        let items = self.items(self.tables.name("OrdersTable")).await;
        let orders = items.into_iter().filter(|item| text(item, "sk") == "ORDER");
        self.stream.since(orders)
    }

    /// Time for a round.
    pub async fn tick(&self) {
        self.send_of_connection(Function::SyncStock, json!({ "kind": "tick" }));
        self.deliver(Function::SyncStock).await;
    }

    /// Looks once at each feed that is to be looked at.
    pub async fn check_feeds(&self) {
        let count = self.aws.queue("feed-checks").messages().len();
        for _ in 0..count {
            self.deliver_one(&self.apps, Function::SettleFeeds, 1).await;
        }
    }
}
