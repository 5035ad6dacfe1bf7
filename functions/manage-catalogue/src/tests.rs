//! The routes, and `compute-listings` behind the queue, in process, on the template's tables in an embedded DynamoDB, with a stand-in for SQS.

mod aliases;
mod api;
mod bundles;
mod explain;
mod levels;
mod listings;
mod outside;
mod prices;
mod products;
mod sending;
mod spellings;
mod stops;

use crate::{App, router};
use aws_lambda_events::sqs::SqsEvent;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use jiff::Timestamp;
use outside::{Calls, Queues};
use serde_json::{Value, json};
use stallkeeper::api::{Caller, Scope};
use stallkeeper::domain::connection::{Connection, ConnectionStatus};
use stallkeeper::domain::ids::{AmazonSku, ConnectionId, ConnectionKey, Sku, TenantId};
use stallkeeper::domain::listing::{Listing, ListingState, Observed};
use stallkeeper::domain::marketplace::Marketplace;
use stallkeeper::domain::stock_settings::{Published, StockPlan, StockSettings};
use stallkeeper::lambda::Inbox;
use stallkeeper::queue::Queue;
use stallkeeper::store::{Store, Tables, ToSend, Written};
use std::sync::Arc;
use tower::ServiceExt as _;

/// A catalogue with empty tables and one active connection.
struct Stand {
    app: Arc<App>,
    worker: compute_listings::App,
    queues: Queues,
    calls: Calls,
    /// Untouched by what happens to the function's calls.
    store: Store,
    _tables: tables::Embedded,
}

/// What a request was answered.
struct Answered {
    status: StatusCode,
    headers: HeaderMap,
    text: String,
}

impl Answered {
    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("no JSON: {}", self.text))
    }

    #[track_caller]
    fn is(&self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        if self.text.is_empty() {
            Value::Null
        } else {
            self.json()
        }
    }

    /// That it is a problem of this status and kind.
    #[track_caller]
    fn problem(&self, status: u16, kind: &str) -> Value {
        let problem = self.is(status);
        assert_eq!(self.headers["content-type"], "application/problem+json");
        assert_eq!(problem["type"], format!("urn:stallkeeper:{kind}"));
        problem
    }
}

impl Stand {
    async fn new() -> Self {
        let tables = tables::embedded_without_streams().await;
        let names = Tables {
            connections: tables.name("ConnectionsTable").into(),
            orders: String::new(),
            buyers: String::new(),
            catalogue: tables.name("CatalogueTable").into(),
        };
        let calls = Calls::default();
        let queues = Queues::start().await;
        let sqs = queues.client(&calls);
        let queue = |name: &str| Queue::new(sqs.clone(), queues.url(name));
        let db = calls.dynamodb(&tables.endpoint);
        let worker = compute_listings::App {
            store: Store::new(db.clone(), names.clone()),
            inbox: Inbox::new(sqs.clone(), queues.url("changes"), queues.url("dead")),
            stock_changes: queue("changes"),
            stock_ticks: queue("ticks"),
        };
        let app = App {
            store: Store::new(db, names.clone()),
            stock_changes: queue("changes"),
            stock_ticks: queue("ticks"),
            listing_jobs: queue("jobs"),
            tenant_claim: "tenant".into(),
        };
        let stand = Self {
            app: Arc::new(app),
            worker,
            store: Store::new(tables.client.clone(), names),
            queues,
            calls,
            _tables: tables,
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
        entries.find(|entry| entry.sku.as_str() == amazon_sku && entry.price_on.is_none())
    }

    async fn put(&self, path: &str, body: Value) -> Answered {
        let body = body.to_string();
        self.send("PUT", path, Some("application/json"), body).await
    }

    async fn get(&self, path: &str) -> Answered {
        self.send("GET", path, None, String::new()).await
    }

    /// In the name of tenant `north`, with scope `catalogue`.
    async fn send(&self, method: &str, path: &str, kind: Option<&str>, body: String) -> Answered {
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
    ) -> Answered {
        let mut request = Request::builder().method(method).uri(path);
        if let Some(kind) = kind {
            request = request.header("content-type", kind);
        }
        let mut request = request.body(Body::from(body)).unwrap();
        if let Some(caller) = caller {
            request.extensions_mut().insert(caller);
        }
        let response = router(self.app.clone()).oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, usize::MAX).await.unwrap();
        Answered {
            status: parts.status,
            headers: parts.headers,
            text: String::from_utf8(bytes.to_vec()).unwrap(),
        }
    }

    /// Gives messages to the worker, and says which it wants again.
    async fn deliver(&self, bodies: &[Value]) -> Vec<Value> {
        let records: Vec<Value> = bodies
            .iter()
            .enumerate()
            .map(|(index, body)| {
                json!({"messageId": index.to_string(), "receiptHandle": "r", "body": body.to_string(),
                    "eventSource": "aws:sqs", "attributes": {"ApproximateReceiveCount": "1"}})
            })
            .collect();
        let event: SqsEvent = serde_json::from_value(json!({ "Records": records })).unwrap();
        let response = compute_listings::handle(&self.worker, event).await.unwrap();
        let failed = response.batch_item_failures.into_iter();
        failed
            .map(|failure| bodies[failure.item_identifier.parse::<usize>().unwrap()].clone())
            .collect()
    }

    /// Works on all that is queued, until nothing is.
    async fn work(&self) {
        loop {
            let bodies = self.queues.take("changes");
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
    Connection {
        tenant: tenant(),
        id: id.parse().unwrap(),
        name: "Shop".into(),
        marketplace: Marketplace::Uk,
        status: ConnectionStatus::Active,
        resume: None,
        seller: None,
        participations: Vec::new(),
        created_at: at(0),
        authorised_at: None,
        own_app: false,
        revision: 1,
    }
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
