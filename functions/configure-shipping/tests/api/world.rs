//! One test's world: tables, a stand-in for everything outside, and the router.

use axum::body::Body;
use axum::http::Request;
use configure_shipping::{App, router};
use kit::{Answer, Aws, Calls, Database, StandIn, sample};
use serde_json::{Value, json};
use stallkeeper::api::{Caller, Scope};
use std::sync::Arc;

pub(crate) struct World {
    pub(crate) app: Arc<App>,
    pub(crate) outside: StandIn,
    pub(crate) database: Database,
    /// What the function calls, which can be stopped at any call.
    pub(crate) calls: Calls,
}

impl World {
    pub(crate) async fn new() -> Self {
        let database = Database::new().await;
        let outside = StandIn::start(Aws::default(), ()).await;
        let calls = Calls::default();
        let clients = outside.clients(&calls);
        let app = App {
            store: database.store_counted_by(&calls),
            orders: clients.queue("orders"),
            tenant_claim: "tenant".into(),
            rerun_delay_seconds: 120,
        };
        Self {
            app: Arc::new(app),
            outside,
            database,
            calls,
        }
    }

    /// A connection whose orders are fetched.
    pub(crate) async fn connect(&self, tenant: &str, id: &str) {
        self.database.connect(&sample::connection(tenant, id)).await;
    }

    /// A request of a tenant with scope `connections`.
    pub(crate) async fn ask(&self, tenant: &str, method: &str, path: &str, body: Value) -> Answer {
        let (router, caller) = (router(self.app.clone()), (tenant, Scope::Connections));
        Answer::to(router, caller, (method, path), &body).await
    }

    /// A request of the operator.
    pub(crate) async fn operate(&self, method: &str, path: &str, body: Value) -> Answer {
        let (router, caller) = (router(self.app.clone()), ("house", Scope::Operator));
        Answer::to(router, caller, (method, path), &body).await
    }

    /// A table that a tenant sends as CSV, with scope `connections`.
    pub(crate) async fn send_csv(&self, tenant: &str, path: &str, csv: &str) -> Answer {
        let caller = Caller::new(tenant.parse().unwrap(), &[Scope::Connections]);
        let request = Request::post(path).header("content-type", "text/csv");
        let request = request.extension(caller).body(Body::from(csv.to_owned()));
        Answer::of(router(self.app.clone()), request.unwrap()).await
    }

    /// Puts the courier DPD of the tenant `north`.
    pub(crate) async fn dpd(&self, services: Value) -> Answer {
        let courier = json!({"name": "DPD", "services": services});
        self.ask("north", "PUT", "/couriers/DPD", courier).await
    }

    /// What was queued for orders since last asked: each message with its delay in seconds.
    pub(crate) fn queued(&self) -> Vec<(Value, i64)> {
        self.outside.aws().take("orders")
    }
}
