//! One test's world: tenants with a connection each, whose orders wait for a mapping.

use kit::{Answer, Aws, Calls, Database, StandIn, sample, sqs_event};
use serde_json::{Value, json};
use stallkeeper::api::Scope;
use stallkeeper::domain::connection::MarketplaceSettings;
use stallkeeper::domain::courier::{self, Courier, CourierService, Mapping, Requirements};
use stallkeeper::domain::ids::ConnectionKey;
use stallkeeper::domain::marketplace::Marketplace;
use stallkeeper::domain::order::StoredOrder;
use stallkeeper::store::{Store, Written};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

pub(crate) struct World {
    /// Whose calls nobody counts.
    pub(crate) store: Store,
    /// The calls of `remap-carriers`.
    pub(crate) calls: Calls,
    configure: Arc<configure_shipping::App>,
    remap: remap_carriers::App,
    outside: StandIn,
    database: Database,
}

pub(crate) fn mapping(term: &str, service: &str, scope: courier::Scope) -> Mapping {
    Mapping {
        term: term.parse().unwrap(),
        service: service.parse().unwrap(),
        carries_prime: false,
        scope,
    }
}

impl World {
    pub(crate) async fn new() -> Self {
        let database = Database::new().await;
        let outside = StandIn::start(Aws::default(), ()).await;
        let calls = Calls::default();
        let (counted, uncounted) = (outside.clients(&calls), outside.clients(&Calls::default()));
        let configure = configure_shipping::App {
            store: database.store.clone(),
            orders: uncounted.queue("orders"),
            tenant_claim: "tenant".into(),
            rerun_delay_seconds: 120,
        };
        let remap = remap_carriers::App {
            store: database.store_counted_by(&calls),
            vault: counted.vault(),
            amazon: counted.amazon(),
            orders: counted.queue("orders"),
            inbox: counted.inbox("orders"),
            logged_unknown: Default::default(),
            terms: Default::default(),
        };
        Self {
            store: database.store.clone(),
            calls,
            configure: Arc::new(configure),
            remap,
            outside,
            database,
        }
    }

    /// A tenant whose courier DPD has these services.
    pub(crate) async fn connect(&self, tenant: &str, services: &[&str]) {
        let connection = sample::connection(tenant, tenant);
        self.database.connect(&connection).await;
        let of = |code: &&str| CourierService::new(code.parse().unwrap(), *code);
        let courier = Courier {
            code: "DPD".parse().unwrap(),
            name: "DPD".into(),
            services: services.iter().map(of).collect(),
        };
        let put = self.store.put_courier(&connection.tenant, &courier);
        put.await.unwrap();
        let settings = MarketplaceSettings {
            active: true,
            ..MarketplaceSettings::new(Marketplace::Uk)
        };
        let key = connection.key();
        let put = self.store.put_marketplace(&key, &settings).await;
        put.unwrap();
    }

    /// An order of a tenant that waits for a mapping of a term.
    pub(crate) async fn waits(&self, tenant: &str, id: &str, term: &str) {
        let mut order = sample::demo_order();
        order.tenant = tenant.parse().unwrap();
        order.connection = tenant.parse().unwrap();
        order.order.id = format!("{tenant}-{id}").parse().unwrap();
        order.decision.term = Some(term.parse().unwrap());
        order.requirements = Requirements::default();
        let stored = self.store.insert_order(&order).await;
        assert_eq!(stored.unwrap(), Written::Done);
    }

    pub(crate) async fn order(&self, tenant: &str, id: &str) -> StoredOrder {
        let key: ConnectionKey = sample::key(tenant, tenant);
        let id = format!("{tenant}-{id}").parse().unwrap();
        self.store.order(&key, &id).await.unwrap().unwrap()
    }

    pub(crate) async fn put_default(&self, term: &str, service: &str) -> Answer {
        let path = format!("/default-mappings?term={}", term.replace(' ', "%20"));
        self.operate("PUT", &path, json!({ "service": service }))
            .await
    }

    pub(crate) async fn import_defaults(&self, rows: Value) -> Answer {
        self.operate("POST", "/default-mappings", rows).await
    }

    async fn operate(&self, method: &str, path: &str, body: Value) -> Answer {
        let router = configure_shipping::router(self.configure.clone());
        let operator = ("house", Scope::Operator);
        Answer::to(router, operator, (method, path), &body).await
    }

    /// What was queued since last asked: each message with its delay in seconds.
    pub(crate) fn queued(&self) -> Vec<(Value, i64)> {
        self.outside.aws().take("orders")
    }

    /// Gives a message to `remap-carriers`, which has this much time and must take it.
    pub(crate) async fn deliver(&self, message: &Value, time: Duration) {
        let failed = self.try_to_deliver(message, time).await;
        assert_eq!(failed, 0, "{message}");
    }

    /// How many messages are to come again.
    pub(crate) async fn try_to_deliver(&self, message: &Value, time: Duration) -> usize {
        let event = sqs_event(std::slice::from_ref(message));
        let deadline = SystemTime::now() + time;
        let handled = remap_carriers::handle(&self.remap, event, deadline).await;
        handled.unwrap().batch_item_failures.len()
    }
}
