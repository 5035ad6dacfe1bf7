//! A world of its own for each test: tables in this process, queues of its own in the local cloud, a sandbox that plays
//! Amazon, a seller who has authorised us, and the two functions of the orders' way in, called in process.
//!
//! It calls the functions as Lambda would and never what is inside them. Worlds share nothing but the local cloud's key
//! and secret, so tests run side by side.

pub mod amazon;
mod environment;
pub mod outside;
pub mod queues;
pub mod records;
pub mod settings;

pub use environment::{poll, remap};

use crate::world::amazon::{Amazon, AmazonCall};
use crate::world::environment::{new_poll_orders, new_remap_carriers, sp_api};
use crate::world::outside::{LocalCloud, Outside};
use crate::world::queues::{Delivered, Lane};
use aws_lambda_events::sqs::{SqsEvent, SqsMessage};
use futures::FutureExt as _;
use serde_json::Value;
use stallkeeper::domain::connection::Connection;
use stallkeeper::domain::ids::{ConnectionId, TenantId};
use stallkeeper::domain::marketplace::Marketplace;
use stallkeeper::queue::{OrderMessage, TickMessage};
use stallkeeper::schedule::Schedules;
use stallkeeper::store::Store;
use std::panic::AssertUnwindSafe;
use std::sync::Mutex;
use std::time::Duration;

/// As in the template: a sweep may need the whole run, orders come by the ten.
const TICKS_IN_A_BATCH: i32 = 1;
const ORDERS_IN_A_BATCH: i32 = 10;

/// What a world starts with.
pub struct Scene {
    /// The marketplaces that the seller sells on; the first is the one it signs in to.
    pub sells_on: &'static [Marketplace],
    pub switched_on: &'static [Marketplace],
}

impl Default for Scene {
    fn default() -> Self {
        use Marketplace::{De, Fr, It, Uk};
        Self {
            sells_on: &[Uk, De, Fr, It],
            switched_on: &[Uk, De],
        }
    }
}

pub struct World {
    pub outside: Outside,
    pub tables: tables::Embedded,
    pub store: Store,
    pub amazon: Amazon,
    pub ticks: Lane,
    pub orders: Lane,
    pub tenant: TenantId,
    /// As it was when the seller had authorised us.
    pub connection: Connection,
    pub schedules: Schedules,
    /// Warm environments of the two functions, which keep tokens and secrets between two calls. They share a client of
    /// Amazon's, whose making takes a fifth of a world's.
    pub poll_orders: poll_orders::App,
    pub remap_carriers: remap_carriers::App,
    /// How far Amazon's clock is ahead.
    ahead: Mutex<Duration>,
}

/// Plays a test in a world of its own. Whatever becomes of it, nothing is left behind; if it passes, every request it
/// made of Amazon must have been one that Amazon's models allow.
pub async fn play(scene: Scene, test: impl AsyncFnOnce(&World)) {
    let world = World::start(scene).await;
    let outcome = AssertUnwindSafe(test(&world)).catch_unwind().await;
    let violations = world.end().await;
    if let Err(panic) = outcome {
        std::panic::resume_unwind(panic);
    }
    assert!(
        violations.is_empty(),
        "Amazon would refuse: {violations:#?}"
    );
}

impl World {
    async fn start(scene: Scene) -> Self {
        let cloud = LocalCloud::running();
        let run = ulid::Ulid::generate().to_string();
        let sdk = Outside::sdk(&cloud.endpoint).await;
        let sqs = aws_sdk_sqs::Client::new(&sdk);
        let (ticks, orders) = (format!("ticks-{run}"), format!("orders-{run}"));
        let (tables, amazon, ticks, orders) = tokio::join!(
            tables::embedded(),
            Amazon::start(scene.sells_on),
            Lane::create(&sqs, &ticks),
            Lane::create(&sqs, &orders),
        );
        let outside = Outside {
            dynamodb: tables.endpoint.clone(),
            aws: cloud.endpoint.clone(),
            amazon: amazon.url.clone(),
        };
        let lanes = (&ticks, &orders);
        let sp_api = sp_api(&outside);
        let poll_orders = new_poll_orders(&outside, sp_api.clone(), &tables, lanes).await;
        let remap_carriers = new_remap_carriers(&outside, sp_api, &tables, lanes).await;
        let store = poll_orders.store.clone();
        let connection = settings::connect(&store, &poll_orders.vault, &amazon, &scene).await;
        Self {
            outside,
            tables,
            store,
            amazon,
            ticks,
            orders,
            tenant: connection.tenant.clone(),
            connection,
            schedules: poll_orders.schedules.clone(),
            poll_orders,
            remap_carriers,
            ahead: Mutex::default(),
        }
    }

    /// Takes away what would outlive the process; returns what Amazon would not have allowed.
    async fn end(&self) -> Vec<Value> {
        self.ticks.delete().await;
        self.orders.delete().await;
        self.schedules.delete_schedules(self.id()).await.unwrap();
        self.amazon.violations().await
    }

    /// Lets the schedules follow the connection, as switching it on does.
    pub async fn follow_schedules(&self) {
        let key = self.connection.key();
        let followed = self.schedules.follow_latest(&self.store, &key);
        followed.await.unwrap();
    }

    pub fn id(&self) -> &ConnectionId {
        &self.connection.id
    }

    /// A fresh environment of `poll-orders` that reaches the outside at these addresses.
    pub async fn new_poll_orders(&self, outside: &Outside) -> poll_orders::App {
        let lanes = (&self.ticks, &self.orders);
        new_poll_orders(outside, sp_api(outside), &self.tables, lanes).await
    }

    /// A fresh environment of `remap-carriers` that reaches the outside at these addresses.
    pub async fn new_remap_carriers(&self, outside: &Outside) -> remap_carriers::App {
        let lanes = (&self.ticks, &self.orders);
        new_remap_carriers(outside, sp_api(outside), &self.tables, lanes).await
    }

    /// The clock strikes: queues a tick and lets `poll-orders` work on all there are.
    pub async fn tick(&self) -> Delivered {
        self.send_tick().await;
        self.deliver_ticks().await
    }

    pub async fn send_tick(&self) {
        let tick = TickMessage::Tick {
            connection: self.connection.key(),
            hop: 0,
        };
        let queue = self.poll_orders.ticks.clone();
        queue.send(self.id(), tick, 0).await.unwrap();
    }

    /// A tick that was queued and is being handed over.
    pub async fn received_tick(&self) -> SqsEvent {
        self.send_tick().await;
        self.ticks.receive(TICKS_IN_A_BATCH).await.unwrap()
    }

    /// The next batch of orders, being handed over.
    pub async fn received_orders(&self) -> SqsEvent {
        self.orders.receive(ORDERS_IN_A_BATCH).await.unwrap()
    }

    /// Lets `poll-orders` work until the queue of ticks is empty or something failed.
    pub async fn deliver_ticks(&self) -> Delivered {
        let function = async |event| poll(&self.poll_orders, event).await;
        self.ticks.deliver(TICKS_IN_A_BATCH, function).await
    }

    /// Lets `remap-carriers` work until the queue of orders is empty or something failed.
    pub async fn deliver_orders(&self) -> Delivered {
        let function = async |event| remap(&self.remap_carriers, event).await;
        self.orders.deliver(ORDERS_IN_A_BATCH, function).await
    }

    pub async fn send_order_message(&self, message: OrderMessage) {
        let queue = self.remap_carriers.orders.clone();
        queue.send(self.id(), message, 0).await.unwrap();
    }

    /// The ids of the orders whose messages lie in the queue, sorted.
    pub async fn queued_ids(&self) -> Vec<String> {
        let mut ids: Vec<String> = self.orders.peek().await.iter().map(order_id_in).collect();
        ids.sort();
        ids
    }

    /// The searches for orders that Amazon was asked.
    pub async fn searches(&self) -> Vec<AmazonCall> {
        let calls = self.amazon.calls().await;
        let searches = calls
            .into_iter()
            .filter(|call| call.operation == "searchOrders");
        searches.collect()
    }

    /// Whether the clock ticks for the connection.
    pub async fn has_schedule(&self) -> bool {
        let sdk = Outside::sdk(&self.outside.aws).await;
        let schedules = aws_sdk_scheduler::Client::new(&sdk).list_schedules();
        let group = LocalCloud::running().output("ScheduleGroupName");
        let answer = schedules.group_name(group).send().await.unwrap();
        let mut names = answer.schedules().iter().filter_map(|one| one.name());
        names.any(|name| name.contains(self.id().as_str()))
    }

    /// How many messages lie in either dead-letter queue.
    pub async fn dead_letters(&self) -> usize {
        self.ticks.dead_letters().await.len() + self.orders.dead_letters().await.len()
    }
}

fn order_id_in(message: &SqsMessage) -> String {
    let body: Value = serde_json::from_str(message.body.as_deref().unwrap()).unwrap();
    body["order"]["orderId"].as_str().unwrap().to_owned()
}
