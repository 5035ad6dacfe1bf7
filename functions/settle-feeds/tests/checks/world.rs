//! One test's world: tables, one server that plays Amazon and the rest of AWS, and a feed that Amazon has.

mod outside;

pub(crate) use outside::{Heard, StandIn, Stops};

use aws_sdk_dynamodb::config::interceptors::{
    BeforeDeserializationInterceptorContextRef, BeforeTransmitInterceptorContextRef,
};
use aws_sdk_dynamodb::config::{
    BehaviorVersion, ConfigBag, Credentials, Intercept, Region, RuntimeComponents,
};
use aws_sdk_dynamodb::error::BoxError;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use settle_feeds::{App, handle};
use stallkeeper::domain::connection::{Connection, ConnectionStatus};
use stallkeeper::domain::feed::{Feed, FeedKind, FeedLine, FeedState, LineValue, SentBy};
use stallkeeper::domain::ids::{AmazonSku, FeedId};
use stallkeeper::domain::listing::{Listing, ListingState, Offer, Sent, WantedPrice};
use stallkeeper::domain::marketplace::Marketplace;
use stallkeeper::domain::stock::Wanted;
use stallkeeper::lambda::Inbox;
use stallkeeper::queue::Queue;
use stallkeeper::sp_api::{Endpoints, SpApi};
use stallkeeper::store::{Attached, SealedCredentials, Store, Tables, ToSend, Written};
use stallkeeper::vault::Vault;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

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

pub(crate) const FEED: &str = "01KAFEED0000000000000000AA";
pub(crate) const STORE: Marketplace = Marketplace::Uk;

pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + second).unwrap()
}

pub(crate) struct World {
    pub(crate) store: Store,
    pub(crate) connection: Connection,
    pub(crate) amazon: StandIn,
    app: App,
    tables: tables::Embedded,
    _server: Option<MockServer>,
}

impl World {
    pub(crate) async fn start() -> Self {
        let server = MockServer::start().await;
        let amazon = StandIn(Arc::new(Mutex::new(Heard::new())));
        let mock = Mock::given(any()).respond_with(amazon.clone());
        mock.mount(&server).await;
        let tables = tables::embedded_without_streams().await;
        let store = Store::new(tables.client.clone(), names(&tables));
        let app = app(&server, store);
        Self::furnish(tables, app, amazon, Some(server)).await
    }

    /// Another world with the same servers, which have forgotten all, and clients, which are slow to make.
    pub(crate) async fn again(&self) -> Self {
        self.heard(|heard| *heard = Heard::new());
        let tables = tables::embedded_without_streams().await;
        let store = Store::new(tables.client.clone(), names(&tables));
        Self::furnish(tables, self.app_on(store), self.amazon.clone(), None).await
    }

    fn app_on(&self, store: Store) -> App {
        App {
            store,
            vault: self.app.vault.clone(),
            amazon: self.app.amazon.clone(),
            checks: self.app.checks.clone(),
            ticks: self.app.ticks.clone(),
            inbox: self.app.inbox.clone(),
        }
    }

    async fn furnish(
        tables: tables::Embedded,
        app: App,
        amazon: StandIn,
        server: Option<MockServer>,
    ) -> Self {
        let store = app.store.clone();
        let connection = Connection {
            tenant: "north".parse().unwrap(),
            id: "c1".parse().unwrap(),
            name: "Stall".into(),
            marketplace: STORE,
            status: ConnectionStatus::Active,
            resume: None,
            seller: Some("A1STALL".parse().unwrap()),
            participations: Vec::new(),
            created_at: at(0),
            authorised_at: Some(at(0)),
            own_app: false,
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
        Self {
            store,
            connection,
            amazon,
            app,
            tables,
            _server: server,
        }
    }

    pub(crate) fn heard<T>(&self, of: impl FnOnce(&mut Heard) -> T) -> T {
        of(&mut self.amazon.0.lock().unwrap())
    }

    /// A listing that is sent `quantity` by the feed.
    pub(crate) async fn listing(&self, sku: &str, quantity: u32) -> FeedLine {
        let sku: AmazonSku = sku.parse().unwrap();
        let mut listing = Listing::new(&self.connection, sku.clone(), ListingState::Matched);
        listing.product = Some(sku.as_product());
        listing.marketplaces = vec![STORE];
        let placed = self.store.place_listing(&listing, None, false);
        assert_eq!(placed.await.unwrap(), Written::Done);
        self.want(&sku, quantity, 1).await;
        self.claim(&sku, quantity, 1, 0, SentBy::Feed(feed_id()))
            .await;
        line(sku, LineValue::Quantity(quantity))
    }

    pub(crate) async fn want(&self, sku: &AmazonSku, quantity: u32, generation: u64) {
        let wanted = Wanted {
            quantity: Some(quantity),
            why: "counted".into(),
            level_at: None,
            generation,
            at: at(0),
        };
        let key = self.connection.key().listing(sku);
        let product = sku.as_product();
        let written = self.store.write_wanted(&key, (&product, 1), &wanted);
        let _ = written.await.unwrap();
    }

    pub(crate) async fn claim(
        &self,
        sku: &AmazonSku,
        value: u32,
        generation: u64,
        send_count: u64,
        by: SentBy,
    ) {
        let sent = Sent {
            value,
            generation,
            at: at(10),
            by,
        };
        let key = self.connection.key().listing(sku);
        let claimed = self.store.claim_listing(&key, send_count, &sent);
        let _ = claimed.await.unwrap();
        let listing = self.shown(sku.as_str()).await;
        assert_eq!(listing.send_count, send_count + 1, "it was claimed");
    }

    /// An offer that is sent `amount` by the feed.
    pub(crate) async fn offer(&self, sku: &str, amount: &str) -> FeedLine {
        let sku: AmazonSku = sku.parse().unwrap();
        let key = &self.connection.key().listing(&sku).offer(STORE);
        let amount = amount.parse().unwrap();
        let wanted = WantedPrice {
            amount: Some(amount),
            why: "recommended".into(),
            generation: 1,
            at: at(0),
        };
        let _ = self.store.write_wanted_price(key, &wanted).await.unwrap();
        let sent = Sent {
            value: amount,
            generation: 1,
            at: at(10),
            by: SentBy::Feed(feed_id()),
        };
        let _ = self.store.claim_offer(key, 0, &sent).await.unwrap();
        let currency = STORE.currency().to_owned();
        line(sku.clone(), LineValue::Price { amount, currency })
    }

    /// Amazon has a feed of these lines.
    pub(crate) async fn submitted(&self, lines: &[FeedLine], change: impl FnOnce(&mut Feed)) {
        let price = lines
            .iter()
            .any(|line| matches!(line.value, LineValue::Price { .. }));
        let mut feed = Feed {
            connection: self.connection.key(),
            id: feed_id(),
            kind: if price {
                FeedKind::Price
            } else {
                FeedKind::Quantity
            },
            marketplace: STORE,
            state: FeedState::Submitted,
            lines: u32::try_from(lines.len()).unwrap(),
            parts: 1,
            created_at: minutes_ago(5),
            amazon_id: Some("9001".into()),
            submitted_at: Some(at(20)),
            applied_at: None,
            accepted: 0,
            refused: 0,
            note: None,
            stuck: false,
            overtaken: Vec::new(),
            revision: 1,
        };
        change(&mut feed);
        self.store.put_manifest_part(&feed, 0, lines).await.unwrap();
        assert_eq!(self.store.save_feed(&feed).await.unwrap(), Written::Done);
    }

    /// Hands a check to the function; whether it is acknowledged.
    pub(crate) async fn check(&self, hop: u32) -> bool {
        self.deliver(&self.app, check_message(hop)).await
    }

    pub(crate) async fn deliver(&self, app: &App, message: Value) -> bool {
        let event = json!({"Records": [{
            "messageId": "1", "receiptHandle": "r", "body": message.to_string(),
            "attributes": {"ApproximateReceiveCount": "1", "MessageGroupId": "c1"},
            "messageAttributes": {}, "md5OfBody": "", "eventSource": "aws:sqs",
            "eventSourceARN": "arn:aws:sqs:eu-west-1:000000000000:feed-checks",
            "awsRegion": "eu-west-1",
        }]});
        let event = serde_json::from_value(event).unwrap();
        let deadline = SystemTime::now() + Duration::from_secs(300);
        let answer = handle(app, event, deadline).await.unwrap();
        answer.batch_item_failures.is_empty()
    }

    /// As [`Self::check`], stopped at a call of DynamoDB.
    pub(crate) async fn stopped_check(&self, stops: Stops) -> bool {
        let config = self.tables.client.config().to_builder();
        let config = config
            .retry_config(aws_config::retry::RetryConfig::disabled())
            .interceptor(stops);
        let client = aws_sdk_dynamodb::Client::from_conf(config.build());
        let app = self.app_on(Store::new(client, names(&self.tables)));
        self.deliver(&app, check_message(0)).await
    }

    /// Hands the function what it queued to itself last.
    pub(crate) async fn next_check(&self) -> bool {
        let (queue, message, _) = self.heard(|heard| heard.messages.last().cloned().unwrap());
        assert_eq!(queue, "feed-checks");
        self.deliver(&self.app, message).await
    }

    pub(crate) async fn feed(&self) -> Feed {
        let connection = &self.connection.key();
        let id = feed_id();
        let feed = self.store.feed(connection, &id);
        feed.await.unwrap().unwrap()
    }

    pub(crate) async fn shown(&self, sku: &str) -> Listing {
        let key = self.connection.key().listing(&sku.parse().unwrap());
        self.store.listing(&key).await.unwrap().unwrap()
    }

    pub(crate) async fn offered(&self, sku: &str) -> Offer {
        let key = self.connection.key().listing(&sku.parse().unwrap());
        self.store.offer(&key.offer(STORE)).await.unwrap().unwrap()
    }

    /// What is to be sent, by SKU.
    pub(crate) async fn to_send(&self) -> Vec<ToSend> {
        let connection = &self.connection.key();
        let mut entries = self.store.to_send(connection, true).await.unwrap();
        entries.sort_by(|one, other| one.sku.cmp(&other.sku));
        entries
    }

    pub(crate) async fn skus_to_send(&self) -> Vec<String> {
        let entries = self.to_send().await;
        entries.into_iter().map(|entry| entry.sku.into()).collect()
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
        checks: Queue::new(sqs.clone(), url("feed-checks")),
        ticks: Queue::new(sqs.clone(), url("stock-ticks")),
        inbox: Inbox::new(sqs, url("feed-checks"), url("feed-checks-dead")),
    }
}

fn names(tables: &tables::Embedded) -> Tables {
    Tables {
        connections: tables.name("ConnectionsTable").into(),
        orders: tables.name("OrdersTable").into(),
        buyers: tables.name("BuyersTable").into(),
        catalogue: tables.name("CatalogueTable").into(),
    }
}

pub(crate) fn feed_id() -> FeedId {
    FEED.parse().unwrap()
}

fn line(sku: AmazonSku, value: LineValue) -> FeedLine {
    FeedLine {
        sku,
        value,
        generation: 1,
        send_count: 0,
        product_type: None,
    }
}

pub(crate) fn check_message(hop: u32) -> Value {
    json!({"v": 1, "kind": "check", "tenant": "north", "connection": "c1", "feed": FEED, "hop": hop})
}

pub(crate) fn minutes_ago(minutes: i64) -> Timestamp {
    Timestamp::now() - SignedDuration::from_mins(minutes)
}

/// A processing report of so many messages, of which these are refused.
pub(crate) fn report(messages: usize, refused: &[(u32, &str)]) -> String {
    let issues: Vec<Value> = refused
        .iter()
        .map(|(id, code)| {
            json!({"messageId": id, "code": code, "severity": "ERROR", "message": "Amazon's words"})
        })
        .collect();
    json!({
        "header": {"sellerId": "A1STALL", "version": "2.0", "feedId": "9001"},
        "issues": issues,
        "summary": {
            "errors": refused.len(), "warnings": 0, "messagesProcessed": messages,
            "messagesAccepted": messages - refused.len(), "messagesInvalid": refused.len(),
        },
    })
    .to_string()
}
