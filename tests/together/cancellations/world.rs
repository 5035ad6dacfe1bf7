//! One test's world: an active connection of a seller with orders at Amazon and here.

use jiff::{SignedDuration, Timestamp};
use kit::{Aws, Calls, Database, StandIn};
use secrecy::SecretString;
use serde_json::json;
use stallkeeper::domain::cancellation::{
    CancelDecision, CancelReason, CancelUnits, Cancellation, CancellationId, LineWish, decide,
};
use stallkeeper::domain::connection::{Connection, ConnectionStatus, Credentials};
use stallkeeper::domain::feed::Feed;
use stallkeeper::domain::ids::{ConnectionKey, OrderId};
use stallkeeper::domain::marketplace::Marketplace;
use stallkeeper::domain::order::{OrderItem, OrderStatus, StoredOrder};
use stallkeeper::domain::stock_settings::Freeze;
use stallkeeper::store::{Attached, Store, Written};

#[path = "world/amazon.rs"]
mod amazon;
#[path = "world/functions.rs"]
mod functions;

use functions::cancel_app;

pub(crate) const SELLER: &str = "A1STALLKEEPER";

pub(crate) mod outside {
    //! What is outside of a function.

    /// Where a function reaches it.
    #[derive(Debug, Clone)]
    pub(crate) struct Outside {
        pub(crate) dynamodb: String,
        pub(crate) aws: String,
        pub(crate) amazon: String,
    }

    pub(crate) fn http() -> reqwest::Client {
        let plain = reqwest::Client::builder().no_proxy().no_gzip();
        plain.build().unwrap()
    }
}
use outside::{Outside, http};

pub(crate) struct World {
    pub(crate) store: Store,
    pub(crate) calls: Calls,
    pub(crate) outside: Outside,
    pub(crate) connection: Connection,
    pub(crate) cancel: cancel_orders::App,
    settle: settle_feeds::App,
    aws: StandIn,
    http: reqwest::Client,
    pub(crate) database: Database,
    amazon: sandbox::Running,
}

impl World {
    /// Whose requests are checked against Amazon's models, if there are any.
    pub(crate) async fn start() -> Self {
        Self::checked_by(match std::env::var_os("SP_API_MODELS") {
            Some(_) => sandbox::Check::FromEnv,
            None => sandbox::Check::Nothing,
        })
        .await
    }

    /// One of many: reading Amazon's models takes longer than all the rest.
    pub(crate) async fn unchecked() -> Self {
        Self::checked_by(sandbox::Check::Nothing).await
    }

    async fn checked_by(check: sandbox::Check) -> Self {
        let database = Database::new().await;
        let options = sandbox::Options {
            check,
            ..sandbox::Options::default()
        };
        let amazon = sandbox::start(options).await.unwrap();
        let application = [
            sandbox::APPLICATION_ID,
            sandbox::CLIENT_ID,
            sandbox::CLIENT_SECRET,
        ];
        let aws = StandIn::start(Aws::new(application), ()).await;
        let calls = Calls::default();
        let outside = Outside {
            dynamodb: database.tables.endpoint.clone(),
            aws: aws.url(),
            amazon: amazon.url.clone(),
        };
        let clients = aws.clients(&calls);
        let cancel = cancel_app(&outside, &database, &calls);
        let settle = settle_feeds::App {
            store: cancel.store.clone(),
            vault: cancel.vault.clone(),
            amazon: cancel.amazon.clone(),
            checks: cancel.checks.clone(),
            ticks: clients.queue("ticks"),
            cancellations: cancel.cancellations.clone(),
            offer_jobs: clients.queue("offer-jobs"),
            inbox: clients.inbox("checks"),
        };
        let connection = Connection {
            seller: Some(SELLER.parse().unwrap()),
            authorised_at: Some(Timestamp::now()),
            ..kit::sample::connection("north", "C1")
        };
        let world = Self {
            store: database.store.clone(),
            calls,
            outside,
            connection,
            cancel,
            settle,
            aws,
            http: http(),
            database,
            amazon,
        };
        world
            .admin("PUT", "settings", json!({"feed_seconds": 0}))
            .await;
        world.connect().await;
        world
    }

    async fn connect(&self) {
        let account = json!({"region": "EU", "marketplaces": [Marketplace::Uk.id()]});
        let seller = &format!("sellers/{SELLER}");
        self.admin("PUT", seller, account).await;
        let token = format!("{seller}/self-authorise");
        let token = self.admin("POST", &token, json!({})).await;
        let credentials = Credentials {
            refresh_token: SecretString::from(token["refresh_token"].as_str().unwrap().to_owned()),
            own_app: None,
        };
        let key = &self.key();
        let sealed = self.cancel.vault.seal(key, &credentials).await.unwrap();
        let seller = self.connection.seller.as_ref().unwrap();
        let attached = self.store.attach_seller(&self.connection, seller, &sealed);
        assert_eq!(attached.await.unwrap(), Attached::Done);
    }

    pub(crate) fn key(&self) -> ConnectionKey {
        self.connection.key()
    }

    pub(crate) async fn set_status(&self, status: ConnectionStatus) {
        let connection = self.store.connection(&self.key()).await.unwrap().unwrap();
        let changed = Connection {
            status,
            revision: connection.revision + 1,
            ..connection
        };
        let saved = self.store.replace_connection(&changed).await.unwrap();
        assert_eq!(saved, Written::Done);
    }

    /// A person stops all sending of the connection, or goes on.
    pub(crate) async fn freeze(&self, frozen: bool) {
        let mut plan = self.store.stock_plan(&self.key()).await.unwrap();
        plan.frozen = frozen.then(a_freeze);
        plan.revision += 1;
        let saved = self.store.save_stock_plan(&self.key(), &plan).await;
        assert_eq!(saved.unwrap(), Written::Done);
    }

    /// An order of two lines at Amazon, which the platform has taken over here.
    pub(crate) async fn order(&self, id: &str) -> OrderId {
        self.order_of(id, &[("1", 1), ("2", 3)]).await
    }

    /// An order of these lines, each with so many units.
    pub(crate) async fn order_of(&self, id: &str, lines: &[(&str, u32)]) -> OrderId {
        let now = Timestamp::now() - SignedDuration::from_mins(10);
        let item = |&(id, quantity): &(&str, u32)| {
            json!({"orderItemId": id, "quantityOrdered": quantity,
                "product": {"sellerSku": format!("SKU-{id}"), "asin": "B0BANDIT01", "title": "A mug"},
                "fulfillment": {"quantityFulfilled": 0, "quantityUnfulfilled": quantity}})
        };
        let at_amazon = json!({
            "orderId": id, "createdTime": now, "lastUpdatedTime": now, "programs": [],
            "salesChannel": {"channelName": "AMAZON", "marketplaceId": Marketplace::Uk.id()},
            "fulfillment": {"fulfillmentStatus": "UNSHIPPED", "fulfilledBy": "MERCHANT", "fulfillmentServiceLevel": "STANDARD"},
            "orderItems": lines.iter().map(item).collect::<Vec<_>>(),
        });
        let orders = format!("sellers/{SELLER}/orders");
        self.admin("POST", &orders, json!({"orders": [at_amazon]}))
            .await;
        let line = |&(id, quantity): &(&str, u32)| -> OrderItem {
            serde_json::from_value(json!({
                "id": id, "sku": format!("SKU-{id}"), "asin": null, "title": null, "quantity": quantity,
                "quantity_fulfilled": 0, "quantity_unfulfilled": quantity, "unit_price": null, "proceeds": null,
                "constraints": [], "cancel_requested": false, "programs": [],
            }))
            .unwrap()
        };
        let mut order = kit::sample::demo_order();
        order.tenant = self.key().tenant;
        order.connection = self.key().id;
        order.order.id = id.parse().unwrap();
        order.order.items = lines.iter().map(line).collect();
        order.status = OrderStatus::Acknowledged;
        order.acknowledged_at = Some(now);
        assert_eq!(
            self.store.insert_order(&order).await.unwrap(),
            Written::Done
        );
        order.order.id
    }

    /// As the desk does it.
    pub(crate) async fn ask(
        &self,
        order: &OrderId,
        lines: &[&str],
        reason: CancelReason,
    ) -> CancellationId {
        let stored = self.stored(order).await;
        let wish = |line: &&str| LineWish {
            line: (*line).to_owned(),
            units: None,
        };
        let units = CancelUnits::Lines(lines.iter().map(wish).collect());
        let id = format!("C-{order}").parse().unwrap();
        let now = Timestamp::now();
        let CancelDecision::Write {
            cancellation,
            order,
            entry,
        } = decide(&stored, &units, reason, &id, now)
        else {
            panic!("it cannot be cancelled");
        };
        let written = self.store.write_cancellation(&cancellation, &order, &entry);
        assert_eq!(written.await.unwrap(), Written::Done);
        id
    }

    pub(crate) async fn stored(&self, order: &OrderId) -> StoredOrder {
        let stored = self.store.order(&self.key(), order).await;
        stored.unwrap().unwrap()
    }

    pub(crate) async fn cancellation(&self, order: &OrderId) -> Cancellation {
        let id = format!("C-{order}").parse().unwrap();
        let found = self.store.cancellation(&self.key(), order, &id).await;
        found.unwrap().unwrap()
    }

    /// It waits for nothing any more.
    pub(crate) async fn make_due(&self, order: &OrderId) {
        let waiting = self.cancellation(order).await;
        let due = Cancellation {
            due_at: Timestamp::now(),
            revision: waiting.revision + 1,
            ..waiting
        };
        let written = self.store.replace_cancellation(&due).await.unwrap();
        assert_eq!(written, Written::Done);
    }

    pub(crate) async fn feeds(&self) -> Vec<Feed> {
        let page = self.store.feed_page(&self.key(), None, 20).await;
        page.unwrap().feeds
    }
}

pub(crate) fn a_freeze() -> Freeze {
    Freeze {
        at: Timestamp::now(),
        reason: None,
    }
}
