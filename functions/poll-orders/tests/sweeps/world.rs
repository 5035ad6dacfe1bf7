//! One test's world: tables, one server that plays Amazon and the rest of AWS, and a seller whose orders are read.

use crate::amazon::{Heard, Search, StandIn};
use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};
use poll_orders::{App, NoticesInbox, Storms, handle};
use serde_json::json;
use stallkeeper::domain::connection::{
    Connection, ConnectionStatus, MarketplaceSettings, Participation,
};
use stallkeeper::domain::marketplace::Marketplace;
use stallkeeper::lambda::Inbox;
use stallkeeper::queue::Queue;
use stallkeeper::schedule::{Schedules, Targets};
use stallkeeper::sp_api::{Endpoints, SpApi};
use stallkeeper::store::{Attached, BackFill, Cursor, SealedCredentials, Store, Tables, Written};
use stallkeeper::vault::Vault;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer};

/// The queue of notices.
pub(crate) const NOTICES: &str = "arn:aws:sqs:eu-west-1:000000000000:notices";

macro_rules! aws {
    ($sdk:ident, $endpoint:expr) => {
        $sdk::Client::from_conf(
            $sdk::Config::builder()
                .behavior_version(BehaviorVersion::latest())
                .region(Region::from_static("eu-west-1"))
                .credentials_provider(Credentials::new("test", "test", None, None, "test"))
                .retry_config(aws_config::retry::RetryConfig::disabled())
                .endpoint_url($endpoint)
                .build(),
        )
    };
}

pub(crate) struct World {
    pub(crate) store: Store,
    pub(crate) connection: Connection,
    heard: Arc<Mutex<Heard>>,
    pub(crate) app: App,
    pub(crate) tables: tables::Embedded,
    _server: MockServer,
}

impl World {
    pub(crate) async fn start() -> Self {
        let server = MockServer::start().await;
        let heard = Arc::new(Mutex::new(Heard::new()));
        let mock = Mock::given(any()).respond_with(StandIn(heard.clone()));
        mock.mount(&server).await;
        let tables = tables::embedded_without_streams().await;
        let store = Store::new(tables.client.clone(), names(&tables));
        let app = app(&server, store.clone());
        let now = Timestamp::now();
        let taking_part = |marketplace| Participation {
            marketplace,
            participating: true,
            suspended_listings: false,
        };
        let connection = Connection {
            tenant: "north".parse().unwrap(),
            id: "c1".parse().unwrap(),
            name: "Stall".into(),
            marketplace: Marketplace::Uk,
            status: ConnectionStatus::Active,
            resume: None,
            seller: Some("A1STALL".parse().unwrap()),
            participations: [Marketplace::Uk, Marketplace::De, Marketplace::Fr]
                .map(taking_part)
                .into(),
            created_at: now,
            authorised_at: Some(now),
            own_app: false,
            orders_from: None,
            confirm_at: Default::default(),
            revision: 1,
        };
        let sealed = SealedCredentials {
            refresh_token: STANDARD.encode("sealed"),
            own_client_id: None,
            own_client_secret: None,
        };
        let seller = connection.seller.clone().unwrap();
        let attached = store.attach_seller(&connection, &seller, &sealed);
        assert_eq!(attached.await.unwrap(), Attached::Done);
        let on = MarketplaceSettings {
            active: true,
            ..MarketplaceSettings::new(Marketplace::Uk)
        };
        store.put_marketplace(&connection.key(), &on).await.unwrap();
        Self {
            store,
            connection,
            heard,
            app,
            tables,
            _server: server,
        }
    }

    pub(crate) fn names(&self) -> Tables {
        names(&self.tables)
    }

    pub(crate) fn heard<T>(&self, of: impl FnOnce(&mut Heard) -> T) -> T {
        of(&mut self.heard.lock().unwrap())
    }

    /// What Amazon's clock shows.
    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::now() + self.heard(|heard| heard.ahead)
    }

    pub(crate) fn refuses(&self, refuses: impl FnMut(&Search) -> Option<u16> + Send + 'static) {
        self.heard(|heard| heard.refuses = Box::new(refuses));
    }

    /// Time passes at Amazon, as the cursor knows, and its limits are full again.
    pub(crate) async fn pass(&self, minutes: i64) {
        let ahead = self.heard(|heard| {
            heard.ahead += SignedDuration::from_mins(minutes);
            heard.ahead
        });
        let offset = i64::try_from(ahead.as_millis()).unwrap();
        self.change_cursor(|cursor| cursor.clock_offset_ms = offset)
            .await;
        self.fill_limits().await;
    }

    pub(crate) async fn change_cursor(&self, change: impl FnOnce(&mut Cursor)) {
        let (key, now) = (&self.connection.key(), Timestamp::now());
        let until = now + SignedDuration::from_secs(60);
        let first = now - SignedDuration::from_hours(24);
        let leased = self
            .store
            .lease_order_cursor(key, "test", now, until, first);
        let mut cursor = leased.await.unwrap().unwrap();
        change(&mut cursor);
        let saved = self.store.give_back(key, &mut cursor);
        assert_eq!(saved.await.unwrap(), Written::Done);
    }

    pub(crate) async fn fill_limits(&self) {
        let name = self.tables.name("ConnectionsTable");
        let scan = self.tables.client.scan().table_name(name);
        for item in scan.send().await.unwrap().items() {
            if item.contains_key("tat") {
                let delete = self.tables.client.delete_item().table_name(name);
                let delete = delete.key("pk", item["pk"].clone());
                delete.key("sk", item["sk"].clone()).send().await.unwrap();
            }
        }
    }

    /// The clock strikes. Whether the tick was acknowledged.
    pub(crate) async fn tick(&self) -> bool {
        let message = json!({"v": 1, "kind": "tick", "tenant": "north", "connection": "c1"});
        let event = json!({"Records": [{
            "messageId": "1", "receiptHandle": "r", "body": message.to_string(),
            "attributes": {"ApproximateReceiveCount": "1", "MessageGroupId": "c1"},
            "messageAttributes": {}, "md5OfBody": "", "eventSource": "aws:sqs",
            "eventSourceARN": "arn:aws:sqs:eu-west-1:000000000000:order-ticks",
            "awsRegion": "eu-west-1",
        }]});
        let event = serde_json::from_value(event).unwrap();
        let deadline = SystemTime::now() + Duration::from_secs(300);
        let answer = handle(&self.app, event, deadline).await.unwrap();
        answer.batch_item_failures.is_empty()
    }

    /// Amazon sends these at once; whether none of them is to come again.
    pub(crate) async fn notices(&self, bodies: &[String]) -> bool {
        let mut event = kit::sqs_event(&vec![json!(null); bodies.len()]);
        for (record, body) in event.records.iter_mut().zip(bodies) {
            record.event_source_arn = Some(NOTICES.into());
            record.body = Some(body.clone());
        }
        let deadline = SystemTime::now() + Duration::from_secs(300);
        let answer = handle(&self.app, event, deadline).await.unwrap();
        answer.batch_item_failures.is_empty()
    }

    /// What a queue was sent since this was called last, with the delay in seconds.
    pub(crate) fn sent(&self, queue: &str) -> Vec<(serde_json::Value, i64)> {
        self.heard(|heard| {
            let delays = std::mem::take(&mut heard.delays);
            let all = std::mem::take(&mut heard.messages).into_iter().zip(delays);
            let (sent, others): (Vec<_>, Vec<_>) = all.partition(|((to, _), _)| to == queue);
            (heard.messages, heard.delays) = others.into_iter().unzip();
            let sent = sent.into_iter();
            sent.map(|((_, message), delay)| (message, delay)).collect()
        })
    }

    /// Five minutes pass, and the clock strikes.
    pub(crate) async fn next_tick(&self) {
        self.pass(5).await;
        assert!(self.tick().await);
    }

    /// What was searched for since this was called last.
    pub(crate) fn searches(&self) -> Vec<Search> {
        self.heard(|heard| std::mem::take(&mut heard.searches))
    }

    /// The orders that were queued since this was called last: id, and the datasets they were asked with.
    pub(crate) fn queued(&self) -> Vec<(String, Vec<String>)> {
        let messages = self.heard(|heard| {
            heard.delays.clear();
            std::mem::take(&mut heard.messages)
        });
        let orders = messages.into_iter().filter(|(queue, _)| queue == "orders");
        orders
            .map(|(_, message)| {
                let id = message["order"]["orderId"].as_str().unwrap().to_owned();
                let datasets = serde_json::from_value(message["datasets"].clone());
                (id, datasets.unwrap())
            })
            .collect()
    }

    pub(crate) fn queued_ids(&self) -> Vec<String> {
        self.queued().into_iter().map(|(id, _)| id).collect()
    }

    /// Classes of the ticks in the dead-letter queue.
    pub(crate) fn dead_letters(&self) -> usize {
        self.heard(|heard| {
            let dead = heard.messages.iter().filter(|(queue, _)| queue == "dead");
            dead.count()
        })
    }

    pub(crate) async fn cursor(&self) -> Cursor {
        let cursor = self.store.order_cursor(&self.connection.key()).await;
        cursor.unwrap().unwrap().state
    }

    pub(crate) async fn back_fill(&self) -> BackFill {
        self.store.back_fill(&self.connection.key()).await.unwrap()
    }
}

fn names(tables: &tables::Embedded) -> Tables {
    let name = |table| tables.name(table).into();
    Tables {
        connections: name("ConnectionsTable"),
        orders: name("OrdersTable"),
        buyers: name("BuyersTable"),
        catalogue: name("CatalogueTable"),
        events: name("EventsTable"),
    }
}

fn app(server: &MockServer, store: Store) -> App {
    let sqs = aws!(aws_sdk_sqs, server.uri());
    let url = |name: &str| format!("{}/000000000000/{name}", server.uri());
    App {
        store,
        vault: Vault::new(
            aws!(aws_sdk_kms, server.uri()),
            "key".into(),
            aws!(aws_sdk_secretsmanager, server.uri()),
            "secret".into(),
        ),
        amazon: SpApi::new(Endpoints::all_at(&server.uri().parse().unwrap())).unwrap(),
        schedules: Schedules::new(
            aws!(aws_sdk_scheduler, server.uri()),
            "group".into(),
            "role".into(),
            Targets {
                order_ticks: "order-ticks".into(),
                stock_ticks: "stock-ticks".into(),
                listing_jobs: "listing-jobs".into(),
            },
        ),
        orders: Queue::new(sqs.clone(), url("orders")),
        ticks: Queue::new(sqs.clone(), url("order-ticks")),
        dispatches: Queue::new(sqs.clone(), url("dispatches")),
        feed_checks: Queue::new(sqs.clone(), url("feed-checks")),
        cancellations: Queue::new(sqs.clone(), url("cancellations")),
        inbox: Inbox::new(sqs.clone(), url("order-ticks"), url("dead")),
        at_risk_before: SignedDuration::from_hours(12),
        notices: Some(NoticesInbox {
            inbox: Inbox::new(sqs, url("notices"), url("dead")),
            queue_arn: NOTICES.into(),
            listing_notices: false,
        }),
        storms: Storms::default(),
    }
}
