//! One test's world: tables, a stand-in for everything outside, and the router.

use crate::stand_in::Accounts;
use axum::Router;
use axum::body::Body;
use axum::http::Request;
use connect_account::{App, Config, router};
use kit::{Answer, Aws, Calls, Database, StandIn};
use serde_json::{Value, json};
use stallkeeper::api::{Caller, Scope};
use std::sync::Arc;
use url::Url;

/// Where the tests' API is.
pub(crate) const BASE: &str = "https://api.stallkeeper.example";

/// The queue that Amazon sends notices to.
pub(crate) const NOTICES: &str = "arn:aws:sqs:eu-west-1:000000000000:notices";

pub(crate) struct World {
    pub(crate) app: Arc<App>,
    pub(crate) outside: StandIn<Accounts>,
    pub(crate) database: Database,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(|_| {}).await
    }

    pub(crate) async fn with(change: impl FnOnce(&mut Config)) -> Self {
        let database = Database::new().await;
        let aws = Aws::new(["amzn1.sp.solution.x", "our-client", "our-secret"]);
        let outside = StandIn::start(aws, Accounts::default()).await;
        let mut config = Config {
            tenant_claim: "tenant".into(),
            public_url: Url::parse(BASE).ok(),
            sign_in_url: None,
            oauth_version: None,
            rerun_delay_seconds: 120,
            notices_queue_arn: NOTICES.into(),
            listing_notices: false,
        };
        change(&mut config);
        let clients = outside.clients(&Calls::default());
        let app = App {
            store: database.store.clone(),
            vault: clients.vault(),
            amazon: clients.amazon(),
            schedules: clients.schedules(),
            orders: clients.queue("orders"),
            ticks: clients.queue("ticks"),
            listing_jobs: clients.queue("listing-jobs"),
            stock_ticks: clients.queue("stock-ticks"),
            config,
        };
        Self {
            app: Arc::new(app),
            outside,
            database,
        }
    }

    /// Messages sent to a queue since last asked.
    pub(crate) fn sent(&self, queue: &str) -> Vec<(Value, i64)> {
        self.outside.aws().take(queue)
    }

    pub(crate) fn router(&self) -> Router {
        router(self.app.clone())
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        Answer::of(self.router(), request).await
    }

    /// A request of a tenant with scope `connections`.
    pub(crate) async fn ask(&self, tenant: &str, method: &str, path: &str, body: Value) -> Answer {
        self.ask_with(tenant, method, path, body, None).await
    }

    /// A request of whoever runs the deployment.
    pub(crate) async fn ask_as_operator(&self, method: &str, path: &str, body: Value) -> Answer {
        let caller = Caller::new("house".parse().unwrap(), &[Scope::Operator]);
        self.ask_by(caller, method, path, body, None).await
    }

    pub(crate) async fn ask_with(
        &self,
        tenant: &str,
        method: &str,
        path: &str,
        body: Value,
        key: Option<&str>,
    ) -> Answer {
        let caller = Caller::new(tenant.parse().unwrap(), &[Scope::Connections]);
        self.ask_by(caller, method, path, body, key).await
    }

    async fn ask_by(
        &self,
        caller: Caller,
        method: &str,
        path: &str,
        body: Value,
        key: Option<&str>,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        let body = if body.is_null() {
            Body::empty()
        } else {
            Body::from(body.to_string())
        };
        self.send(request.extension(caller).body(body).unwrap())
            .await
    }

    /// A browser that opens an address of ours.
    pub(crate) async fn browse(&self, url: &str, cookie: Option<&str>) -> Answer {
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
        told["id"].as_str().unwrap().to_owned()
    }

    /// Everything in the table of connections, as text.
    pub(crate) async fn table(&self) -> String {
        self.database.text("ConnectionsTable").await
    }
}

pub(crate) fn pasted(seller: &str, token: &str) -> Value {
    json!({"name": format!("Shop of {seller}"), "marketplace": "UK", "authorisation": {"kind": "token", "seller_id": seller, "refresh_token": token}})
}

pub(crate) fn oauth(name: &str) -> Value {
    json!({"name": name, "marketplace": "DE", "authorisation": {"kind": "oauth"}})
}
