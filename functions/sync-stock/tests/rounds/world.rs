//! One test's world: tables, the sandbox that plays Amazon, a stand-in for the rest of AWS, and a connection whose stock is
//! published. What is wanted is written as a recompute writes it.

mod amazon;
mod listed;

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::{SignedDuration, Timestamp};
use kit::{Aws, Calls, Clients, Database, StandIn};
use secrecy::SecretString;
use serde_json::{Value, json};
use stallkeeper::domain::connection::{Connection, Credentials, Participation};
use stallkeeper::domain::feed::{Feed, FeedState, LineValue};
use stallkeeper::domain::ids::{AmazonSku, ConnectionKey, FeedId};
use stallkeeper::domain::listing::{Listing, ListingState, Next, Standing, next};
use stallkeeper::domain::marketplace::Marketplace;
use stallkeeper::domain::stock::Wanted;
use stallkeeper::domain::stock_settings::{Published, StockPlan, StockSettings};
use stallkeeper::store::{Attached, Leased, Round, Store, ToSend, WantedWritten, Written};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};
use sync_stock::{App, PATCH_MOST, handle};

pub(crate) mod outside {
    /// The addresses that a function of one world calls.
    #[derive(Debug, Clone)]
    pub(crate) struct Outside {
        pub(crate) dynamodb: String,
        pub(crate) aws: String,
        pub(crate) amazon: String,
    }

    /// A client that keeps no connection, since one lives no longer than the runtime of the test that opened it.
    pub(crate) fn http() -> reqwest::Client {
        static HTTP: std::sync::OnceLock<reqwest::Client> = std::sync::OnceLock::new();
        let make = || {
            let plain = reqwest::Client::builder().no_proxy().no_gzip();
            plain.pool_max_idle_per_host(0).build().unwrap()
        };
        HTTP.get_or_init(make).clone()
    }
}
use outside::{Outside, http};

const SELLER: &str = "A1STALLKEEPER";

pub(crate) struct World {
    pub(crate) outside: Outside,
    pub(crate) store: Store,
    pub(crate) connection: Connection,
    pub(crate) app: App,
    database: Database,
    aws: StandIn,
    http: reqwest::Client,
    generations: AtomicU64,
    _amazon: sandbox::Running,
}

impl World {
    pub(crate) async fn start() -> Self {
        let database = Database::new().await;
        let options = sandbox::Options {
            check: match std::env::var_os("SP_API_MODELS") {
                Some(_) => sandbox::Check::FromEnv,
                None => sandbox::Check::Nothing,
            },
            ..sandbox::Options::default()
        };
        let amazon = sandbox::start(options).await.unwrap();
        let application = [
            sandbox::APPLICATION_ID,
            sandbox::CLIENT_ID,
            sandbox::CLIENT_SECRET,
        ];
        let aws = StandIn::start(Aws::new(application), ()).await;
        let outside = Outside {
            dynamodb: database.tables.endpoint.clone(),
            aws: aws.url(),
            amazon: amazon.url.clone(),
        };
        let app = app(&outside, &database, PATCH_MOST);
        let now = Timestamp::now();
        let connection = Connection {
            seller: Some(SELLER.parse().unwrap()),
            participations: [Marketplace::Uk, Marketplace::De]
                .map(|marketplace| Participation {
                    marketplace,
                    participating: true,
                    suspended_listings: false,
                })
                .into(),
            created_at: now,
            authorised_at: Some(now),
            ..kit::sample::connection("north", "01KACONNECTION")
        };
        let world = Self {
            outside,
            store: app.store.clone(),
            connection,
            app,
            database,
            aws,
            http: http(),
            generations: AtomicU64::new(0),
            _amazon: amazon,
        };
        world.settings(json!({ "feed_seconds": 0 })).await;
        world.connect().await;
        world.publish(|_| {}).await;
        world.orders_read_until(now).await;
        world
    }

    async fn connect(&self) {
        let ids = [Marketplace::Uk, Marketplace::De].map(Marketplace::id);
        let account = json!({ "region": "EU", "marketplaces": ids });
        self.admin("PUT", &format!("sellers/{SELLER}"), account)
            .await;
        let token = self.on_seller("POST", "self-authorise", json!({})).await;
        let token = token["refresh_token"].as_str().unwrap().to_owned();
        let credentials = Credentials {
            refresh_token: SecretString::from(token),
            own_app: None,
        };
        let key = &self.connection.key();
        let sealed = self.app.vault.seal(key, &credentials).await.unwrap();
        let seller = self.connection.seller.as_ref().unwrap();
        let attached = self.store.attach_seller(&self.connection, seller, &sealed);
        assert_eq!(attached.await.unwrap(), Attached::Done);
    }

    /// Publishes the settings of these tests, changed.
    pub(crate) async fn publish(&self, change: impl FnOnce(&mut Published)) {
        let mut published = Published {
            settings: StockSettings {
                on: true,
                ..StockSettings::default()
            },
            generation: 1,
            at: Timestamp::now(),
            shadow: false,
            rules: None,
            quantities: None,
        };
        change(&mut published);
        self.change_plan(|plan| plan.published = Some(published))
            .await;
    }

    pub(crate) async fn change_plan(&self, change: impl FnOnce(&mut StockPlan)) {
        let key = &self.ids();
        let mut plan = self.store.stock_plan(key).await.unwrap();
        change(&mut plan);
        plan.revision += 1;
        let saved = self.store.save_stock_plan(key, &plan).await;
        assert_eq!(saved.unwrap(), Written::Done);
    }

    pub(crate) async fn count_matched(&self, matched: u64) {
        let key = &self.ids();
        let mut matching = self.store.matching(key).await.unwrap();
        matching.counts.matched = matched;
        let saved = self.store.save_leased(key, &mut matching).await;
        assert_eq!(saved.unwrap(), Written::Done);
    }

    /// All orders up to this moment are known.
    pub(crate) async fn orders_read_until(&self, until: Timestamp) {
        self.orders_read_by_a_clock_ahead(until, 0).await;
    }

    /// As [`Self::orders_read_until`], by Amazon's clock, which is so many minutes ahead of ours.
    pub(crate) async fn orders_read_by_a_clock_ahead(&self, until: Timestamp, minutes: i64) {
        let key = &self.ids();
        let now = Timestamp::now();
        let leased = self.store.lease_order_cursor(key, "poll", now, now, until);
        let mut cursor = leased.await.unwrap().unwrap();
        cursor.since = until;
        cursor.clock_offset_ms = minutes * 60_000;
        let saved = self.store.give_back(key, &mut cursor);
        assert_eq!(saved.await.unwrap(), Written::Done);
    }

    pub(crate) fn ids(&self) -> ConnectionKey {
        self.connection.key()
    }
}

/// An environment of the function that reaches the outside at these addresses.
fn app(outside: &Outside, database: &Database, patch_most: usize) -> App {
    let calls = Calls::default();
    let aws = Clients::new(&outside.aws, &calls);
    App {
        store: database.store_at(&outside.dynamodb, &calls),
        vault: aws.vault(),
        amazon: Clients::new(&outside.amazon, &calls).amazon(),
        ticks: aws.queue("ticks"),
        checks: aws.queue("checks"),
        offer_jobs: aws.queue("offer-jobs"),
        inbox: aws.inbox("ticks"),
        patch_most,
    }
}

/// The function, called as Lambda calls it.
impl World {
    pub(crate) fn app_at(&self, outside: &Outside, patch_most: usize) -> App {
        app(outside, &self.database, patch_most)
    }

    /// An environment that patches no more than so many. Making a client of Amazon's takes a fifth of a world's time.
    pub(crate) fn app_with(&self, patch_most: usize) -> App {
        App {
            store: self.app.store.clone(),
            vault: self.app.vault.clone(),
            amazon: self.app.amazon.clone(),
            ticks: self.app.ticks.clone(),
            checks: self.app.checks.clone(),
            offer_jobs: self.app.offer_jobs.clone(),
            inbox: self.app.inbox.clone(),
            patch_most,
        }
    }

    pub(crate) async fn tick(&self) {
        self.tick_at(&self.app).await;
    }

    pub(crate) async fn tick_at(&self, app: &App) {
        assert!(self.message(app, "tick").await, "the tick failed");
    }

    pub(crate) async fn urgent(&self) -> bool {
        self.message(&self.app, "urgent").await
    }

    /// Hands a message to the function; whether it is acknowledged.
    pub(crate) async fn message(&self, app: &App, kind: &str) -> bool {
        let key = &self.ids();
        let body =
            json!({ "v": 1, "kind": kind, "tenant": &key.tenant, "connection": &key.id, "hop": 0 });
        let deadline = SystemTime::now() + Duration::from_secs(300);
        let response = handle(app, kit::sqs_event(&[body]), deadline)
            .await
            .unwrap();
        response.batch_item_failures.is_empty()
    }

    /// Messages sent to a queue since last asked, with their delay.
    pub(crate) fn sent(&self, queue: &str) -> Vec<(Value, i64)> {
        self.aws.aws().take(queue)
    }
}

pub(crate) fn ago(minutes: i64) -> Timestamp {
    Timestamp::now() - SignedDuration::from_mins(minutes)
}
