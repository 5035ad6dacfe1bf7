//! One test's world: tables, a stand-in for everything outside, and the router.

use crate::stand_in::{Heard, StandIn};
use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_dynamodb::types::AttributeValue;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use connect_account::{App, Config, router};
use serde_json::{Value, json};
use stallkeeper::api::{Caller, Scope};
use stallkeeper::domain::ids::ConnectionKey;
use stallkeeper::queue::Queue;
use stallkeeper::schedule::{Schedules, Targets};
use stallkeeper::sp_api::{Endpoints, SpApi};
use stallkeeper::store::{Store, Tables};
use stallkeeper::vault::Vault;
use std::collections::HashMap;
use std::sync::{Arc, MutexGuard};
use tower::ServiceExt as _;
use url::Url;
use wiremock::MockServer;

/// Where the tests' API is.
pub(crate) const BASE: &str = "https://api.stallkeeper.example";

pub(crate) struct World {
    pub(crate) app: Arc<App>,
    pub(crate) tables: tables::Embedded,
    stand_in: StandIn,
    pub(crate) outside: MockServer,
}

/// An answer of the API.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Told {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("no JSON: {self:?}"))
    }

    /// The short name of a problem, after checking its status.
    pub(crate) fn problem(&self, status: u16) -> String {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        assert_eq!(self.headers["content-type"], "application/problem+json");
        let kind = self.json()["type"].as_str().unwrap().to_owned();
        kind.trim_start_matches("urn:stallkeeper:").to_owned()
    }

    #[track_caller]
    pub(crate) fn is(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        self
    }

    pub(crate) fn location(&self) -> Url {
        Url::parse(self.headers["location"].to_str().unwrap()).unwrap()
    }
}

macro_rules! aws {
    ($sdk:ident, $endpoint:expr) => {
        $sdk::Client::from_conf(
            $sdk::Config::builder()
                .behavior_version(BehaviorVersion::latest())
                .region(Region::from_static("eu-west-1"))
                .credentials_provider(Credentials::new("test", "test", None, None, "test"))
                .endpoint_url($endpoint)
                .build(),
        )
    };
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(|_| {}).await
    }

    pub(crate) async fn with(change: impl FnOnce(&mut Config)) -> Self {
        let tables = tables::embedded().await;
        let stand_in = StandIn::default();
        let outside = stand_in.start().await;
        let endpoint = outside.uri();
        let mut config = Config {
            tenant_claim: "tenant".into(),
            public_url: Url::parse(BASE).ok(),
            sign_in_url: None,
            oauth_version: None,
            rerun_delay_seconds: 120,
        };
        change(&mut config);
        let sqs = aws!(aws_sdk_sqs, &endpoint);
        let names = Tables {
            connections: tables.name("ConnectionsTable").into(),
            orders: String::new(),
            buyers: String::new(),
            catalogue: String::new(),
        };
        let app = App {
            store: Store::new(tables.client.clone(), names),
            vault: Vault::new(
                aws!(aws_sdk_kms, &endpoint),
                "key".into(),
                aws!(aws_sdk_secretsmanager, &endpoint),
                "secret".into(),
            ),
            amazon: SpApi::new(Endpoints::all_at(&Url::parse(&endpoint).unwrap())).unwrap(),
            schedules: Schedules::new(
                aws!(aws_sdk_scheduler, &endpoint),
                "group".into(),
                "role".into(),
                Targets {
                    order_ticks: "arn:order-ticks".into(),
                    stock_ticks: "arn:stock-ticks".into(),
                    listing_jobs: "arn:listing-jobs".into(),
                },
            ),
            orders: Queue::new(sqs.clone(), format!("{endpoint}/q/orders")),
            ticks: Queue::new(sqs.clone(), format!("{endpoint}/q/ticks")),
            listing_jobs: Queue::new(sqs.clone(), format!("{endpoint}/q/listing-jobs")),
            stock_ticks: Queue::new(sqs, format!("{endpoint}/q/stock-ticks")),
            config,
        };
        Self {
            app: Arc::new(app),
            tables,
            stand_in,
            outside,
        }
    }

    pub(crate) fn heard(&self) -> MutexGuard<'_, Heard> {
        self.stand_in.0.lock().unwrap()
    }

    /// Messages sent to a queue since last asked.
    pub(crate) fn sent(&self, queue: &str) -> Vec<(Value, i64)> {
        let mut heard = self.heard();
        let (mine, rest) = heard.messages.drain(..).partition(|(to, _, _)| to == queue);
        heard.messages = rest;
        let mine: Vec<(String, Value, i64)> = mine;
        mine.into_iter()
            .map(|(_, message, delay)| (message, delay))
            .collect()
    }

    /// The function that serves a path, as the template has it.
    fn serving(&self, path: &str) -> Router {
        let selling = ["stock-settings", "publish", "freeze", "unfreeze", "release"];
        let app = &self.app;
        if path.starts_with("/sellers") {
            router(app.clone())
        } else if path.starts_with("/couriers") || path.starts_with("/mappings") {
            configure_shipping::router(Arc::new(configure_shipping::App {
                store: app.store.clone(),
                orders: app.orders.clone(),
                tenant_claim: app.config.tenant_claim.clone(),
                rerun_delay_seconds: app.config.rerun_delay_seconds,
            }))
        } else if path
            .rsplit('/')
            .next()
            .is_some_and(|last| selling.contains(&last))
        {
            configure_selling::router(Arc::new(configure_selling::App {
                store: app.store.clone(),
                schedules: app.schedules.clone(),
                listing_jobs: app.listing_jobs.clone(),
                stock_ticks: app.stock_ticks.clone(),
                tenant_claim: app.config.tenant_claim.clone(),
            }))
        } else {
            router(app.clone())
        }
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Told {
        let response = self.serving(request.uri().path()).oneshot(request);
        let response = response.await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, 1 << 20).await.unwrap();
        Told {
            status: parts.status,
            headers: parts.headers,
            text: String::from_utf8(bytes.into()).unwrap(),
        }
    }

    /// A request of a tenant with scope `connections`.
    pub(crate) async fn ask(&self, tenant: &str, method: &str, path: &str, body: Value) -> Told {
        self.ask_with(tenant, method, path, body, None).await
    }

    pub(crate) async fn ask_with(
        &self,
        tenant: &str,
        method: &str,
        path: &str,
        body: Value,
        key: Option<&str>,
    ) -> Told {
        let mut request = Request::builder().method(method).uri(path);
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        let caller = Caller::new(tenant.parse().unwrap(), &[Scope::Connections]);
        let body = if body.is_null() {
            Body::empty()
        } else {
            Body::from(body.to_string())
        };
        self.send(request.extension(caller).body(body).unwrap())
            .await
    }

    /// A browser that opens an address of ours.
    pub(crate) async fn browse(&self, url: &str, cookie: Option<&str>) -> Told {
        let path = url.strip_prefix(BASE).unwrap_or(url);
        let mut request = Request::builder().uri(path);
        if let Some(cookie) = cookie {
            request = request.header("cookie", cookie);
        }
        self.send(request.body(Body::empty()).unwrap()).await
    }

    /// A connection that is authorised with a pasted token; its id.
    pub(crate) async fn connected(&self, tenant: &str, seller: &str) -> String {
        let told = self
            .ask(
                tenant,
                "POST",
                "/connections",
                pasted(seller, &format!("Atzr|{seller}")),
            )
            .await
            .is(201);
        told.json()["id"].as_str().unwrap().to_owned()
    }

    /// Everything in the table of connections, as text.
    pub(crate) async fn table(&self) -> String {
        let name = self.tables.name("ConnectionsTable");
        let scan = self.tables.client.scan().table_name(name).send().await;
        let mut items: Vec<String> = scan.unwrap().items().iter().map(sorted).collect();
        items.sort();
        items.join("\n")
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

pub(crate) fn pasted(seller: &str, token: &str) -> Value {
    json!({"name": format!("Shop of {seller}"), "marketplace": "UK", "authorisation": {"kind": "token", "seller_id": seller, "refresh_token": token}})
}

pub(crate) fn oauth(name: &str) -> Value {
    json!({"name": name, "marketplace": "DE", "authorisation": {"kind": "oauth"}})
}

pub(crate) fn ids(tenant: &str, connection: &str) -> ConnectionKey {
    ConnectionKey {
        tenant: tenant.parse().unwrap(),
        id: connection.parse().unwrap(),
    }
}
