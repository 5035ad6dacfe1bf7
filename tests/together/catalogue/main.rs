//! The routes of `manage-catalogue`, and `compute-listings` behind the queue, in process, on the template's tables in an embedded DynamoDB, with a
//! stand-in for SQS.

#![allow(
    clippy::unwrap_used,
    reason = "a test ends if something is not as it should be"
)]

mod aliases;
mod api;
mod bundles;
mod ends;
mod explain;
mod holds;
mod levels;
mod listings;
mod looks;
mod price_rules;
mod prices;
mod products;
mod selection;
mod sending;
mod sold_out;
mod spellings;
mod stops;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use jiff::Timestamp;
use kit::{Answer, Aws, Calls, Database, Side, StandIn, sqs_event};
use manage_catalogue::{App, router};
use serde_json::{Value, json};
use stallkeeper::api::{Caller, Scope};
use stallkeeper::domain::connection::Connection;
use stallkeeper::domain::ids::{AmazonSku, ConnectionId, ConnectionKey, Sku, TenantId};
use stallkeeper::domain::listing::{Listing, ListingPart, ListingState, Observed};
use stallkeeper::domain::marketplace::Marketplace;
use stallkeeper::domain::stock_settings::{Published, StockPlan, StockSettings};
use stallkeeper::store::{Store, ToSend, Written};
use std::sync::Arc;

/// A catalogue with empty tables and one active connection.
struct Stand {
    app: Arc<App>,
    worker: compute_listings::App,
    outside: StandIn,
    calls: Calls,
    /// Untouched by what happens to the function's calls.
    store: Store,
    database: Database,
}

impl Stand {
    async fn new() -> Self {
        let database = Database::new().await;
        let calls = Calls::default();
        let outside = StandIn::start(Aws::default(), ()).await;
        let clients = outside.clients(&calls);
        let worker = compute_listings::App {
            store: database.store_counted_by(&calls),
            inbox: clients.inbox("changes"),
            stock_changes: clients.queue("changes"),
            stock_ticks: clients.queue("ticks"),
        };
        let app = App {
            store: worker.store.clone(),
            stock_changes: clients.queue("changes"),
            stock_ticks: clients.queue("ticks"),
            listing_jobs: clients.queue("jobs"),
            tenant_claim: "tenant".into(),
        };
        let stand = Self {
            app: Arc::new(app),
            worker,
            store: database.store.clone(),
            outside,
            calls,
            database,
        };
        stand.connect("C1").await;
        stand.publish(|_| {}).await;
        stand
    }

    async fn connect(&self, id: &str) {
        let connection = connection(id);
        let written = self.store.create_connection(&connection).await.unwrap();
        assert_eq!(written, Written::Done);
    }

    /// Publishes settings of connection C1, one generation on.
    async fn publish(&self, change: impl FnOnce(&mut StockPlan)) {
        let mut plan = self.store.stock_plan(&key()).await.unwrap();
        let generation = plan.published.as_ref().map_or(0, |it| it.generation) + 1;
        let settings = StockSettings {
            on: true,
            ..StockSettings::default()
        };
        plan.published = Some(Published {
            settings,
            generation,
            at: at(0),
            shadow: false,
            rules: None,
            quantities: None,
        });
        plan.revision += 1;
        change(&mut plan);
        let saved = self.store.save_stock_plan(&key(), &plan).await;
        assert_eq!(saved.unwrap(), Written::Done);
    }

    /// A matched listing of connection C1 that shows `observed`, tied to a product.
    async fn list(&self, amazon_sku: &str, product: &str, units: u32, observed: u32) {
        let amazon_sku: AmazonSku = amazon_sku.parse().unwrap();
        let mut listing = Listing::new(&connection("C1"), amazon_sku, ListingState::Matched);
        listing.product = Some(sku(product));
        listing.units = units;
        listing.marketplaces = vec![Marketplace::Uk];
        listing.observed = Some(Observed {
            value: observed,
            at: at(0),
        });
        self.store
            .tie(&sku(product), &listing.key(), units)
            .await
            .unwrap();
        let placed = self.store.place_listing(&listing, None, false).await;
        assert_eq!(placed.unwrap(), Written::Done);
    }

    /// Products of these SKUs that say nothing of themselves.
    async fn keep(&self, skus: &[&str]) {
        let rows: Vec<Value> = skus.iter().map(|sku| json!({"sku": sku})).collect();
        self.put("/products", json!(rows)).await.is(202);
        self.work().await;
    }

    async fn listing(&self, amazon_sku: &str) -> Listing {
        let amazon_sku = amazon_sku.parse().unwrap();
        let listing = self.store.listing(&key().listing(&amazon_sku)).await;
        listing.unwrap().unwrap()
    }

    async fn wanted(&self, amazon_sku: &str) -> Option<u32> {
        self.listing(amazon_sku).await.wanted_quantity()
    }

    async fn to_send(&self, amazon_sku: &str) -> Option<ToSend> {
        let entries = self.store.to_send(&key(), true).await.unwrap();
        let mut entries = entries.into_iter();
        entries
            .find(|entry| entry.sku.as_str() == amazon_sku && entry.part() == ListingPart::Quantity)
    }

    async fn put(&self, path: &str, body: Value) -> Answer {
        let body = body.to_string();
        self.send("PUT", path, Some("application/json"), body).await
    }

    async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, None, String::new()).await
    }

    /// In the name of tenant `north`, with scope `catalogue`.
    async fn send(&self, method: &str, path: &str, kind: Option<&str>, body: String) -> Answer {
        let caller = Caller::new(tenant(), &[Scope::Catalogue]);
        self.send_as(Some(caller), method, path, kind, body).await
    }

    async fn send_as(
        &self,
        caller: Option<Caller>,
        method: &str,
        path: &str,
        kind: Option<&str>,
        body: String,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        if let Some(kind) = kind {
            request = request.header("content-type", kind);
        }
        let mut request = request.body(Body::from(body)).unwrap();
        if let Some(caller) = caller {
            request.extensions_mut().insert(caller);
        }
        Answer::of(router(self.app.clone()), request).await
    }

    /// Gives messages to the worker, and says which it wants again.
    async fn deliver(&self, bodies: &[Value]) -> Vec<Value> {
        let response = compute_listings::handle(&self.worker, sqs_event(bodies))
            .await
            .unwrap();
        let failed = response.batch_item_failures.into_iter();
        failed
            .map(|failure| bodies[failure.item_identifier.parse::<usize>().unwrap()].clone())
            .collect()
    }

    /// The messages of a queue since the last look.
    fn queued(&self, queue: &str) -> Vec<Value> {
        let messages = self.outside.aws().take(queue).into_iter();
        messages.map(|(message, _)| message).collect()
    }

    /// Works on all that is queued, until nothing is.
    async fn work(&self) {
        loop {
            let bodies = self.queued("changes");
            if bodies.is_empty() {
                return;
            }
            for batch in bodies.chunks(10) {
                let failed = self.deliver(batch).await;
                assert_eq!(failed, Vec::<Value>::new());
            }
        }
    }

    /// The note of a row that came by the queue and was refused.
    async fn refusal(&self, sku_text: &str) -> Option<String> {
        let inputs = self.store.sku_inputs(&tenant(), &sku(sku_text)).await;
        inputs.unwrap().rejected.map(|(reason, _)| reason)
    }
}

fn connection(id: &str) -> Connection {
    kit::sample::connection("north", id)
}

fn tenant() -> TenantId {
    "north".parse().unwrap()
}

fn c1() -> ConnectionId {
    "C1".parse().unwrap()
}

fn key() -> ConnectionKey {
    ConnectionKey::new(&tenant(), &c1())
}

fn sku(text: &str) -> Sku {
    text.parse().unwrap()
}

/// Some seconds after a fixed moment in the past.
fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_750_000_000 + second).unwrap()
}

/// A row of the API and of messages.
fn level(sku: &str, warehouse: &str, quantity: u32, second: i64) -> Value {
    json!({"sku": sku, "warehouse": warehouse, "quantity": quantity, "measured_at": at(second)})
}

/// A message as the API queues it.
fn levels_message(rows: Vec<Value>) -> Value {
    json!({"v": 1, "kind": "levels", "tenant": "north", "checked": true, "levels": rows})
}

fn recompute_message(skus: &[&str], raise: bool) -> Value {
    json!({"v": 1, "kind": "recompute", "tenant": "north", "raise": raise, "skus": skus})
}
