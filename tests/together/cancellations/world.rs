//! One test's world: an active connection of a seller with orders at Amazon and here.

use jiff::{SignedDuration, Timestamp};
use kit::{Aws, Calls, Clients, Database, StandIn, sqs_event};
use secrecy::SecretString;
use serde_json::{Value, json};
use stallkeeper::domain::cancellation::{
    CancelDecision, CancelReason, CancelUnits, Cancellation, CancellationId, LineWish, decide,
};
use stallkeeper::domain::connection::{Connection, ConnectionStatus, Credentials};
use stallkeeper::domain::feed::Feed;
use stallkeeper::domain::ids::{ConnectionKey, OrderId};
use stallkeeper::domain::marketplace::Marketplace;
use stallkeeper::domain::order::{OrderItem, OrderStatus, StoredOrder};
use stallkeeper::seller_session::SellerSession;
use stallkeeper::store::{Attached, Store, Written};
use std::time::{Duration, SystemTime};

pub(crate) const SELLER: &str = "A1STALLKEEPER";

pub(crate) struct World {
    pub(crate) store: Store,
    pub(crate) calls: Calls,
    connection: Connection,
    cancel: cancel_orders::App,
    settle: settle_feeds::App,
    aws: StandIn,
    http: reqwest::Client,
    _database: Database,
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
        let (clients, to_amazon) = (aws.clients(&calls), Clients::new(&amazon.url, &calls));
        let cancel = cancel_orders::App {
            store: database.store_counted_by(&calls),
            vault: clients.vault(),
            amazon: to_amazon.amazon(),
            cancellations: clients.queue("cancellations"),
            checks: clients.queue("checks"),
            stock_changes: clients.queue("changes"),
            inbox: clients.inbox("cancellations"),
        };
        let settle = settle_feeds::App {
            store: cancel.store.clone(),
            vault: cancel.vault.clone(),
            amazon: cancel.amazon.clone(),
            checks: cancel.checks.clone(),
            ticks: clients.queue("ticks"),
            cancellations: cancel.cancellations.clone(),
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
            connection,
            cancel,
            settle,
            aws,
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
            _database: database,
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

    /// An order of two lines at Amazon, which the platform has taken over here.
    pub(crate) async fn order(&self, id: &str) -> OrderId {
        let now = Timestamp::now() - SignedDuration::from_mins(10);
        let item = |id: &str, quantity: u32| {
            json!({"orderItemId": id, "quantityOrdered": quantity,
                "product": {"sellerSku": format!("SKU-{id}"), "asin": "B0BANDIT01", "title": "A mug"},
                "fulfillment": {"quantityFulfilled": 0, "quantityUnfulfilled": quantity}})
        };
        let at_amazon = json!({
            "orderId": id, "createdTime": now, "lastUpdatedTime": now, "programs": [],
            "salesChannel": {"channelName": "AMAZON", "marketplaceId": Marketplace::Uk.id()},
            "fulfillment": {"fulfillmentStatus": "UNSHIPPED", "fulfilledBy": "MERCHANT", "fulfillmentServiceLevel": "STANDARD"},
            "orderItems": [item("1", 1), item("2", 3)],
        });
        let orders = format!("sellers/{SELLER}/orders");
        self.admin("POST", &orders, json!({"orders": [at_amazon]}))
            .await;
        let line = |id: &str, quantity: u32| -> OrderItem {
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
        order.order.items = vec![line("1", 1), line("2", 3)];
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

/// The functions, called as Lambda calls them.
impl World {
    /// Whether the message is acknowledged.
    pub(crate) async fn requested(&self, order: &OrderId, id: &CancellationId) -> bool {
        let body = json!({"v": 1, "kind": "requested", "tenant": "north", "connection": "C1", "order": order, "cancellation": id});
        self.deliver(body).await
    }

    pub(crate) async fn send(&self) -> bool {
        let body = json!({"v": 1, "kind": "send", "tenant": "north", "connection": "C1", "hop": 0});
        self.deliver(body).await
    }

    async fn deliver(&self, body: Value) -> bool {
        let deadline = SystemTime::now() + Duration::from_secs(60);
        let event = sqs_event(&[body]);
        let response = cancel_orders::handle(&self.cancel, event, deadline).await;
        response.unwrap().batch_item_failures.is_empty()
    }

    /// Has each queued check looked after; whether all were acknowledged.
    pub(crate) async fn settle(&self) -> bool {
        let mut acknowledged = true;
        for (body, _) in self.sent("checks") {
            let deadline = SystemTime::now() + Duration::from_secs(60);
            let event = sqs_event(&[body]);
            let response = settle_feeds::handle(&self.settle, event, deadline).await;
            acknowledged &= response.unwrap().batch_item_failures.is_empty();
        }
        acknowledged
    }

    /// The message that has a feed looked at comes again.
    pub(crate) async fn check(&self, feed: &Feed) {
        let body = json!({"v": 1, "kind": "check", "tenant": "north", "connection": "C1", "feed": &feed.id, "hop": 0});
        let deadline = SystemTime::now() + Duration::from_secs(60);
        let response = settle_feeds::handle(&self.settle, sqs_event(&[body]), deadline).await;
        assert!(response.unwrap().batch_item_failures.is_empty());
    }

    /// A run that was killed has its lease for no longer.
    pub(crate) async fn let_leases_expire(&self) {
        let key = &self.key();
        let (now, later) = (
            Timestamp::now(),
            Timestamp::now() + SignedDuration::from_hours(1),
        );
        let leased = self.store.lease_cancellations(key, "test", later, now);
        assert!(leased.await.unwrap());
        self.store.release_cancellations(key, "test").await.unwrap();
    }

    /// The seller's limits, as another function uses them.
    pub(crate) fn session(&self) -> SellerSession<'_> {
        let app = &self.cancel;
        SellerSession::new(&app.store, &app.vault, &app.amazon, &self.connection)
    }

    /// Messages sent to a queue since last asked, with their delay.
    pub(crate) fn sent(&self, queue: &str) -> Vec<(Value, i64)> {
        self.aws.aws().take(queue)
    }
}

/// What Amazon shows, and how it behaves.
impl World {
    /// Who cancelled each line, by Amazon's word.
    pub(crate) async fn cancelled_at_amazon(&self, order: &OrderId) -> Vec<Value> {
        let orders = format!("sellers/{SELLER}/orders");
        let orders = self.admin("GET", &orders, Value::Null).await;
        let orders = orders.as_array().unwrap();
        let order = orders.iter().find(|it| it["orderId"] == order.as_str());
        let lines = order.unwrap()["orderItems"].as_array().unwrap();
        let by =
            |line: &Value| line["cancellation"]["cancellationExecution"]["cancelledBy"].clone();
        lines.iter().map(by).collect()
    }

    pub(crate) async fn count(&self, operation: &str) -> usize {
        let calls = self.admin("GET", "calls/log", Value::Null).await;
        let calls = calls.as_array().unwrap().iter();
        calls.filter(|call| call["operation"] == operation).count()
    }

    pub(crate) async fn admin(&self, method: &str, path: &str, body: Value) -> Value {
        let url = format!("{}/_sandbox/{path}", self.amazon.url);
        let request = self.http.request(method.parse().unwrap(), url);
        let request = match body.is_null() {
            true => request,
            false => request.json(&body),
        };
        let answer = request.send().await.unwrap();
        let (status, text) = (answer.status(), answer.text().await.unwrap());
        assert!(status.is_success(), "{method} {path}: {status} {text}");
        serde_json::from_str(&text).unwrap_or(Value::Null)
    }
}
