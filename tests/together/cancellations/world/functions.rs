//! The functions of a world, called as Lambda calls them.

use super::World;
use super::outside::Outside;
use jiff::{SignedDuration, Timestamp};
use kit::{Calls, Clients, Database, sqs_event};
use serde_json::{Value, json};
use stallkeeper::domain::cancellation::CancellationId;
use stallkeeper::domain::feed::Feed;
use stallkeeper::domain::ids::OrderId;
use stallkeeper::seller_session::SellerSession;
use std::time::{Duration, SystemTime};

pub(super) fn cancel_app(
    outside: &Outside,
    database: &Database,
    calls: &Calls,
) -> cancel_orders::App {
    let clients = Clients::new(&outside.aws, calls);
    cancel_orders::App {
        store: database.store_at(&outside.dynamodb, calls),
        vault: clients.vault(),
        amazon: Clients::new(&outside.amazon, calls).amazon(),
        cancellations: clients.queue("cancellations"),
        checks: clients.queue("checks"),
        stock_changes: clients.queue("changes"),
        inbox: clients.inbox("cancellations"),
    }
}

impl World {
    /// Whether the message is acknowledged.
    pub(crate) async fn requested(&self, order: &OrderId, id: &CancellationId) -> bool {
        let body = json!({"v": 1, "kind": "requested", "tenant": "north", "connection": "C1", "order": order, "cancellation": id});
        self.deliver(body).await
    }

    pub(crate) async fn send(&self) -> bool {
        self.deliver(send_message()).await
    }

    /// The same from an environment that reaches the outside at these addresses.
    pub(crate) async fn send_at(&self, outside: &Outside) -> bool {
        let app = cancel_app(outside, &self.database, &self.calls);
        deliver(&app, send_message()).await
    }

    async fn deliver(&self, body: Value) -> bool {
        deliver(&self.cancel, body).await
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

fn send_message() -> Value {
    json!({"v": 1, "kind": "send", "tenant": "north", "connection": "C1", "hop": 0})
}

async fn deliver(app: &cancel_orders::App, body: Value) -> bool {
    let deadline = SystemTime::now() + Duration::from_secs(60);
    let response = cancel_orders::handle(app, sqs_event(&[body]), deadline).await;
    response.unwrap().batch_item_failures.is_empty()
}
