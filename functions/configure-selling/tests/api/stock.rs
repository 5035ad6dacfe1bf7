//! One test's world: a tenant's connection that is switched on, and requests about its stock.

use configure_selling::{App, router};
use jiff::Timestamp;
use kit::{Answer, Aws, Calls, Database, StandIn, sample};
use serde_json::{Value, json};
use stallkeeper::api::Scope;
use stallkeeper::domain::connection::ConnectionStatus;
use stallkeeper::domain::ids::ConnectionKey;
use stallkeeper::domain::stock_settings::{Effect, StockPlan};
use stallkeeper::store::Written;
use std::sync::Arc;

/// The connection's id.
pub(crate) const ID: &str = "C1";

/// The schedule that fetches the connection's orders: another function's, so never to be touched.
pub(crate) const ORDERS: &str = "orders-C1";

pub(crate) struct Stock {
    pub(crate) app: Arc<App>,
    pub(crate) outside: StandIn,
    pub(crate) database: Database,
}

impl Stock {
    pub(crate) async fn new() -> Self {
        let database = Database::new().await;
        let outside = StandIn::start(Aws::default(), ()).await;
        let clients = outside.clients(&Calls::default());
        let app = App {
            store: database.store.clone(),
            schedules: clients.schedules(),
            listing_jobs: clients.queue("listing-jobs"),
            stock_changes: clients.queue("stock-changes"),
            stock_ticks: clients.queue("stock-ticks"),
            offer_jobs: clients.queue("offer-jobs"),
            tenant_claim: "tenant".into(),
        };
        database.connect(&sample::connection("north", ID)).await;
        let orders = json!({"State": "ENABLED"});
        outside.aws().schedules.insert(ORDERS.to_owned(), orders);
        Self {
            app: Arc::new(app),
            outside,
            database,
        }
    }

    pub(crate) fn key(&self) -> ConnectionKey {
        sample::key("north", ID)
    }

    /// Gives the connection this status, as another function does.
    pub(crate) async fn status(&self, status: ConnectionStatus) {
        let store = &self.database.store;
        let mut connection = store.connection(&self.key()).await.unwrap().unwrap();
        connection.status = status;
        connection.revision += 1;
        let written = store.replace_connection(&connection).await;
        assert_eq!(written.unwrap(), Written::Done);
    }

    /// A request with one scope.
    pub(crate) async fn send(
        &self,
        caller: (&str, Scope),
        method: &str,
        path: &str,
        body: Value,
    ) -> Answer {
        Answer::to(router(self.app.clone()), caller, (method, path), &body).await
    }

    /// A request of the tenant about the connection.
    pub(crate) async fn told(&self, method: &str, path: &str, body: Value) -> Answer {
        let path = format!("/connections/{ID}/{path}");
        self.send(("north", Scope::Connections), method, &path, body)
            .await
    }

    pub(crate) async fn ask(&self, method: &str, path: &str, body: Value) -> Value {
        self.told(method, path, body).await.is(200)
    }

    pub(crate) async fn refused(
        &self,
        method: &str,
        path: &str,
        body: Value,
        status: u16,
    ) -> String {
        self.told(method, path, body).await.problem_kind(status)
    }

    pub(crate) async fn plan(&self) -> StockPlan {
        self.database.store.stock_plan(&self.key()).await.unwrap()
    }

    /// What `match-listings` does once it has computed a preview.
    pub(crate) async fn preview_ends(&self, failed: Option<&str>) {
        let mut plan = self.plan().await;
        let preview = plan.preview.as_mut().unwrap();
        preview.done_at = Some(Timestamp::now());
        preview.failed = failed.map(str::to_owned);
        preview.effect = failed.is_none().then(|| Effect {
            matched: 9,
            to_zero: 2,
            ..Effect::default()
        });
        plan.revision += 1;
        let store = &self.database.store;
        let saved = store.save_stock_plan(&self.key(), &plan).await;
        assert_eq!(saved.unwrap(), Written::Done);
    }

    /// A draft that sends, with its preview.
    pub(crate) async fn previewed(&self) {
        self.ask("PUT", "stock-settings", json!({"on": true})).await;
        self.told("POST", "publish", json!({"preview": true}))
            .await
            .is(202);
        self.preview_ends(None).await;
    }

    pub(crate) async fn published(&self) {
        self.previewed().await;
        self.ask("POST", "publish", json!({})).await;
        self.jobs();
    }

    /// The kinds of the jobs that were queued since last asked; each of this connection.
    pub(crate) fn jobs(&self) -> Vec<String> {
        self.kinds("listing-jobs")
    }

    pub(crate) fn kinds(&self, queue: &str) -> Vec<String> {
        let sent = self.outside.aws().take(queue).into_iter();
        sent.map(|(message, _)| {
            assert_eq!(
                (&message["v"], &message["tenant"]),
                (&json!(1), &json!("north"))
            );
            assert_eq!(message["connection"], json!(ID));
            message["kind"].as_str().unwrap().to_owned()
        })
        .collect()
    }
}
