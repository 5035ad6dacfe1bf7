//! One test's world: tables, the sandbox that plays Amazon, a stand-in for the rest of AWS, and a connection whose stock is
//! published. What is wanted is written as a recompute writes it.

mod stand_in;

use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_dynamodb::types::AttributeValue;
use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;
use serde_json::{Value, json};
use stallkeeper::domain::connection::{self, Connection, ConnectionStatus};
use stallkeeper::domain::feed::{Feed, FeedState, LineValue};
use stallkeeper::domain::ids::{AmazonSku, FeedId};
use stallkeeper::domain::listing::{Listing, ListingState, Next, Standing, next};
use stallkeeper::domain::marketplace::Marketplace;
use stallkeeper::domain::stock::Wanted;
use stallkeeper::domain::stock_settings::{Published, StockPlan, StockSettings};
use stallkeeper::lambda::Inbox;
use stallkeeper::queue::Queue;
use stallkeeper::sp_api::{Endpoints, SpApi};
use stallkeeper::store::{
    Attached, Matching, Round, Store, Tables, ToSend, WantedWritten, Written,
};
use stallkeeper::vault::Vault;
use stand_in::StandIn;
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
    tables: tables::Embedded,
    aws: StandIn,
    http: reqwest::Client,
    labels: AtomicU64,
    _amazon: sandbox::Running,
}

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

impl World {
    pub(crate) async fn start() -> Self {
        let tables = tables::embedded().await;
        let options = sandbox::Options {
            check: match std::env::var_os("SP_API_MODELS") {
                Some(_) => sandbox::Check::FromEnv,
                None => sandbox::Check::Nothing,
            },
            ..sandbox::Options::default()
        };
        let amazon = sandbox::start(options).await.unwrap();
        let aws = StandIn::start().await;
        let outside = Outside {
            dynamodb: tables.endpoint.clone(),
            aws: aws.url(),
            amazon: amazon.url.clone(),
        };
        let app = app(&outside, &tables, PATCH_MOST);
        let now = Timestamp::now();
        let connection = Connection {
            tenant: "north".parse().unwrap(),
            id: "01KACONNECTION".parse().unwrap(),
            name: "Stall".into(),
            marketplace: Marketplace::Uk,
            status: ConnectionStatus::Active,
            resume: None,
            seller: Some(SELLER.parse().unwrap()),
            participations: Vec::new(),
            created_at: now,
            authorised_at: Some(now),
            own_app: false,
            revision: 1,
        };
        let world = Self {
            outside,
            store: app.store.clone(),
            connection,
            app,
            tables,
            aws,
            http: http(),
            labels: AtomicU64::new(0),
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
        let credentials = connection::Credentials {
            refresh_token: SecretString::from(token),
            own_app: None,
        };
        let Connection {
            tenant, id, seller, ..
        } = &self.connection;
        let sealed = self.app.vault.seal(tenant, id, &credentials).await.unwrap();
        let seller = seller.as_ref().unwrap();
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
            version: 1,
            at: Timestamp::now(),
            shadow: false,
        };
        change(&mut published);
        self.change_plan(|plan| plan.published = Some(published))
            .await;
    }

    pub(crate) async fn change_plan(&self, change: impl FnOnce(&mut StockPlan)) {
        let (tenant, id) = self.ids();
        let mut plan = self.store.stock_plan(tenant, id).await.unwrap();
        change(&mut plan);
        plan.revision += 1;
        let saved = self.store.save_stock_plan(tenant, id, &plan).await;
        assert_eq!(saved.unwrap(), Written::Done);
    }

    pub(crate) async fn count_matched(&self, matched: u64) {
        let (tenant, id) = self.ids();
        let mut matching: Matching = self.store.matching(tenant, id).await.unwrap();
        matching.counts.matched = matched;
        matching.revision += 1;
        let saved = self.store.save_matching(tenant, id, &matching).await;
        assert_eq!(saved.unwrap(), Written::Done);
    }

    /// All orders up to this moment are known.
    pub(crate) async fn orders_read_until(&self, until: Timestamp) {
        self.orders_read_by_a_clock_ahead(until, 0).await;
    }

    /// As [`Self::orders_read_until`], by Amazon's clock, which is so many minutes ahead of ours.
    pub(crate) async fn orders_read_by_a_clock_ahead(&self, until: Timestamp, minutes: i64) {
        let (tenant, id) = self.ids();
        let now = Timestamp::now();
        let leased = self
            .store
            .lease_order_cursor(tenant, id, "poll", now, now, until);
        let mut cursor = leased.await.unwrap().unwrap();
        cursor.since = until;
        cursor.clock_offset_ms = minutes * 60_000;
        cursor.owner = None;
        cursor.version += 1;
        let saved = self.store.save_order_cursor(tenant, id, "poll", &cursor);
        assert_eq!(saved.await.unwrap(), Written::Done);
    }

    pub(crate) fn ids(
        &self,
    ) -> (
        &stallkeeper::domain::ids::TenantId,
        &stallkeeper::domain::ids::ConnectionId,
    ) {
        (&self.connection.tenant, &self.connection.id)
    }
}

/// An environment of the function that reaches the outside at these addresses.
pub(crate) fn app(outside: &Outside, tables: &tables::Embedded, patch_most: usize) -> App {
    let sqs = aws!(aws_sdk_sqs, &outside.aws);
    let queue = |name: &str| format!("{}/q/{name}", outside.aws);
    let names = Tables {
        connections: tables.name("ConnectionsTable").into(),
        orders: String::new(),
        buyers: String::new(),
        catalogue: tables.name("CatalogueTable").into(),
    };
    App {
        store: Store::new(aws!(aws_sdk_dynamodb, &outside.dynamodb), names),
        vault: Vault::new(
            aws!(aws_sdk_kms, &outside.aws),
            "key".into(),
            aws!(aws_sdk_secretsmanager, &outside.aws),
            "secret".into(),
        ),
        amazon: SpApi::new(Endpoints::all_at(&outside.amazon.parse().unwrap())).unwrap(),
        ticks: Queue::new(sqs.clone(), queue("ticks")),
        checks: Queue::new(sqs.clone(), queue("checks")),
        inbox: Inbox::new(sqs, queue("ticks"), queue("dead-letters")),
        patch_most,
    }
}

/// What is listed, and what happens to it.
impl World {
    /// Lists SKUs on Amazon and here, matched, in the UK's store.
    pub(crate) async fn list(&self, skus: &[&str], quantity: u32) {
        self.list_in(skus, quantity, &[Marketplace::Uk]).await;
    }

    pub(crate) async fn list_in(&self, skus: &[&str], quantity: u32, stores: &[Marketplace]) {
        let ids: Vec<&str> = stores.iter().map(|store| store.id()).collect();
        let listings: Vec<Value> = skus
            .iter()
            .map(|sku| json!({ "sku": sku, "stores": ids, "quantity": quantity }))
            .collect();
        self.on_seller("PUT", "listings", json!({ "listings": listings }))
            .await;
        for sku in skus {
            let sku: AmazonSku = sku.parse().unwrap();
            let mut listing = Listing::new(&self.connection, sku.clone(), ListingState::Matched);
            listing.product = Some(sku.as_product());
            listing.stores = stores.to_vec();
            let placed = self.store.place_listing(&listing, None, false).await;
            assert_eq!(placed.unwrap(), Written::Done);
        }
    }

    /// Writes what is wanted, and puts an entry where that must be sent, as a recompute does.
    pub(crate) async fn want(&self, sku: &str, quantity: u32) {
        self.want_of_level(sku, quantity, None).await;
    }

    pub(crate) async fn want_of_level(
        &self,
        sku: &str,
        quantity: u32,
        level_at: Option<Timestamp>,
    ) {
        let (tenant, id) = self.ids();
        let sku: AmazonSku = sku.parse().unwrap();
        let label = self.labels.fetch_add(1, Ordering::Relaxed) + 1;
        let wanted = Wanted {
            quantity: Some(quantity),
            why: String::new(),
            level_at,
            label,
            at: Timestamp::now(),
        };
        let product = (&sku.as_product(), 1);
        let written = self.store.write_wanted(tenant, id, &sku, product, &wanted);
        let WantedWritten::Stands(listing) = written.await.unwrap() else {
            panic!("{sku} is not listed so");
        };
        let standing = self.standing(&listing).await;
        let plan = self.store.stock_plan(tenant, id).await.unwrap();
        let policy = plan.published.unwrap().settings.policy;
        let Next::Send {
            quantity,
            decrease,
            urgent,
            after,
        } = next(&listing, standing, &[], &policy)
        else {
            return;
        };
        let entry = ToSend {
            sku,
            price_on: None,
            value: LineValue::Quantity(quantity),
            label,
            sends: listing.sends,
            decrease: decrease && level_at.is_none(),
            urgent,
            level_at,
            after,
            stores: listing.stores.clone(),
            product_type: None,
            at: Timestamp::now(),
        };
        self.store.put_to_send(tenant, id, &entry).await.unwrap();
    }

    async fn standing(&self, listing: &Listing) -> Standing {
        let Some(feed) = listing.sent_in_feed() else {
            return Standing::Patched;
        };
        let (tenant, id) = self.ids();
        match self.store.feed(tenant, id, feed).await.unwrap() {
            Some(feed) if feed.state.is_open() => Standing::InFlight,
            Some(Feed {
                state: FeedState::Settled,
                applied_at: Some(by),
                ..
            }) => Standing::Applied { by },
            _ => Standing::Lost,
        }
    }

    pub(crate) async fn listing(&self, sku: &str) -> Listing {
        let (tenant, id) = self.ids();
        let sku = sku.parse().unwrap();
        self.store.listing(tenant, id, &sku).await.unwrap().unwrap()
    }

    /// Entries that are left, in the order of their SKUs.
    pub(crate) async fn to_send(&self) -> Vec<String> {
        let (tenant, id) = self.ids();
        let entries = self.store.to_send(tenant, id, true).await.unwrap();
        let mut skus: Vec<String> = entries.into_iter().map(|it| it.sku.into()).collect();
        skus.sort();
        skus
    }

    pub(crate) async fn round(&self) -> Round {
        let (tenant, id) = self.ids();
        self.store.round(tenant, id).await.unwrap()
    }

    pub(crate) async fn save_round(&self, change: impl FnOnce(&mut Round)) {
        let (tenant, id) = self.ids();
        let mut round = self.round().await;
        change(&mut round);
        round.revision += 1;
        let saved = self.store.save_round(tenant, id, &round).await;
        assert_eq!(saved.unwrap(), Written::Done);
    }

    /// All feeds, the newest first.
    pub(crate) async fn feeds(&self) -> Vec<Feed> {
        let (tenant, id) = self.ids();
        let page = self.store.feed_page(tenant, id, None, 50).await;
        page.unwrap().feeds
    }

    pub(crate) async fn states(&self) -> Vec<FeedState> {
        self.feeds().await.iter().map(|feed| feed.state).collect()
    }

    /// Plays `settle-feeds` for a feed that Amazon is done with, all lines accepted.
    pub(crate) async fn settle(&self, feed: &FeedId) {
        let (tenant, id) = self.ids();
        let mut feed = self.store.feed(tenant, id, feed).await.unwrap().unwrap();
        feed.state = FeedState::Settled;
        feed.applied_at = Some(Timestamp::now());
        feed.revision += 1;
        assert_eq!(self.store.save_feed(&feed).await.unwrap(), Written::Done);
    }

    /// Puts an entry that waits for a feed, as a recompute does where only that feed's moment is in doubt.
    pub(crate) async fn wait_for(&self, feed: &FeedId, sku: &str, quantity: u32) {
        let (tenant, id) = self.ids();
        let listing = self.listing(sku).await;
        let entry = ToSend {
            sku: listing.amazon_sku.clone(),
            price_on: None,
            value: LineValue::Quantity(quantity),
            label: listing.wanted.unwrap().label,
            sends: listing.sends,
            decrease: true,
            urgent: false,
            level_at: None,
            after: Some(feed.clone()),
            stores: listing.stores,
            product_type: None,
            at: Timestamp::now(),
        };
        self.store.put_to_send(tenant, id, &entry).await.unwrap();
    }

    /// Time passes for Amazon's limits: ours and its own.
    pub(crate) async fn forget_limits(&self) {
        self.settings(json!({ "refill": true })).await;
        let table = self.tables.name("ConnectionsTable");
        let db = &self.tables.client;
        let scan = db.scan().table_name(table).send().await.unwrap();
        for item in scan.items() {
            if !item["pk"].as_s().unwrap().starts_with("LIMIT#") {
                continue;
            }
            let delete = db.delete_item().table_name(table);
            let delete = delete.key("pk", item["pk"].clone());
            delete.key("sk", item["sk"].clone()).send().await.unwrap();
        }
    }

    /// The sort keys of what will vanish from the catalogue by itself.
    pub(crate) async fn expiring(&self) -> Vec<String> {
        let scan = self.tables.client.scan();
        let scan = scan.table_name(self.tables.name("CatalogueTable"));
        let items = scan.send().await.unwrap().items.unwrap();
        let expiring = items.iter().filter(|item| item.contains_key("expires_at"));
        expiring
            .map(|item| item["sk"].as_s().unwrap().clone())
            .collect()
    }

    /// A killed run keeps its leases until they expire. This makes those pass.
    pub(crate) async fn let_leases_expire(&self) {
        for sk in ["STOCK_ROUND", "STOCK_URGENT"] {
            let table = self.tables.name("ConnectionsTable");
            let scan = self
                .tables
                .client
                .scan()
                .table_name(table)
                .send()
                .await
                .unwrap();
            for item in scan.items() {
                if item["sk"].as_s().unwrap() != sk {
                    continue;
                }
                let update = self.tables.client.update_item().table_name(table);
                update
                    .key("pk", item["pk"].clone())
                    .key("sk", item["sk"].clone())
                    .update_expression("SET leased_until_ms = :past")
                    .expression_attribute_values(":past", AttributeValue::N("0".into()))
                    .send()
                    .await
                    .unwrap();
            }
        }
    }
}

/// The function, called as Lambda calls it.
impl World {
    pub(crate) fn app_at(&self, outside: &Outside, patch_most: usize) -> App {
        app(outside, &self.tables, patch_most)
    }

    /// An environment that patches no more than so many. Making a client of Amazon's takes a fifth of a world's time.
    pub(crate) fn app_with(&self, patch_most: usize) -> App {
        App {
            store: self.app.store.clone(),
            vault: self.app.vault.clone(),
            amazon: self.app.amazon.clone(),
            ticks: self.app.ticks.clone(),
            checks: self.app.checks.clone(),
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
        let (tenant, id) = self.ids();
        let body = json!({ "v": 1, "kind": kind, "tenant": tenant, "connection": id, "hop": 0 });
        let event = json!({ "Records": [{
            "messageId": "m", "receiptHandle": "r", "body": body.to_string(), "attributes": {},
        }] });
        let deadline = SystemTime::now() + Duration::from_secs(300);
        let event = serde_json::from_value(event).unwrap();
        let response = handle(app, event, deadline).await.unwrap();
        response.batch_item_failures.is_empty()
    }

    /// Messages sent to a queue since last asked, with their delay.
    pub(crate) fn sent(&self, queue: &str) -> Vec<(Value, i64)> {
        self.aws.sent(queue)
    }
}

/// What Amazon shows, and how it behaves.
impl World {
    /// The live quantity of each SKU.
    pub(crate) async fn live(&self) -> BTreeMap<String, u64> {
        let listings = self
            .on_seller("GET", "listings?brief=true", Value::Null)
            .await;
        let listings = listings.as_array().unwrap().iter();
        listings
            .map(|it| {
                (
                    it["sku"].as_str().unwrap().to_owned(),
                    it["quantity"].as_u64().unwrap(),
                )
            })
            .collect()
    }

    /// All that was ever sent of a SKU.
    pub(crate) async fn sent_of(&self, sku: &str) -> Vec<u64> {
        let listings = self.on_seller("GET", "listings", Value::Null).await;
        let listings = listings.as_array().unwrap();
        let listing = listings.iter().find(|it| it["sku"] == sku).unwrap();
        let history = listing["history"].as_array().unwrap().iter();
        history
            .filter(|it| {
                let by = it["by"].as_str().unwrap();
                by == "patch" || by.starts_with("feed")
            })
            .map(|it| it["quantity"].as_u64().unwrap())
            .collect()
    }

    /// How often an operation was called.
    pub(crate) async fn count(&self, operation: &str) -> usize {
        let calls = self.admin("GET", "calls/log", Value::Null).await;
        let calls = calls.as_array().unwrap().iter();
        calls.filter(|call| call["operation"] == operation).count()
    }

    /// All calls of Amazon, log-ins included.
    pub(crate) async fn calls(&self) -> usize {
        let calls = self.admin("GET", "calls/log", Value::Null).await;
        calls.as_array().unwrap().len()
    }

    pub(crate) async fn violations(&self) -> Value {
        self.admin("GET", "violations", Value::Null).await
    }

    pub(crate) async fn fault(&self, fault: Value) {
        self.admin("POST", "faults", fault).await;
    }

    pub(crate) async fn settings(&self, settings: Value) {
        self.admin("PUT", "settings", settings).await;
    }

    pub(crate) async fn on_seller(&self, method: &str, path: &str, body: Value) -> Value {
        self.admin(method, &format!("sellers/{SELLER}/{path}"), body)
            .await
    }

    /// Lets Amazon process the feeds that it held.
    pub(crate) async fn admin_release(&self) {
        self.admin("POST", "feeds/release", json!({})).await;
    }

    async fn admin(&self, method: &str, path: &str, body: Value) -> Value {
        let url = format!("{}/_sandbox/{path}", self.outside.amazon);
        let request = self.http.request(method.parse().unwrap(), url);
        let request = if body.is_null() {
            request
        } else {
            request.json(&body)
        };
        let answer = request.send().await.unwrap();
        let (status, text) = (answer.status(), answer.text().await.unwrap());
        assert!(status.is_success(), "{method} {path}: {status} {text}");
        serde_json::from_str(&text).unwrap_or(Value::Null)
    }
}

pub(crate) fn ago(minutes: i64) -> Timestamp {
    Timestamp::now() - SignedDuration::from_mins(minutes)
}
