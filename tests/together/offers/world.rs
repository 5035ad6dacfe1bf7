//! One test's world: a connection that sends, products that are not on Amazon, and Amazon's catalogue.

use jiff::{SignedDuration, Timestamp};
use kit::{Aws, Calls, Database, StandIn, sqs_event};
use secrecy::SecretString;
use serde_json::{Value, json};
use stallkeeper::domain::connection::{
    Connection, Credentials, MarketplaceSettings, Participation,
};
use stallkeeper::domain::feed::Feed;
use stallkeeper::domain::ids::{ConnectionKey, Sku};
use stallkeeper::domain::listing::{Listing, ListingState};
use stallkeeper::domain::marketplace::Marketplace;
use stallkeeper::domain::new_offer::{NewOffer, NewOfferState, OfferSettings};
use stallkeeper::domain::product::{Product, digest};
use stallkeeper::domain::stock::StockLevel;
use stallkeeper::domain::stock_settings::{Published, StockPlan, StockSettings};
use stallkeeper::store::{Attached, SkuInputs, Store, Written};
use std::time::{Duration, SystemTime};

pub(crate) const SELLER: &str = "A1STALLKEEPER";
pub(crate) const UK: Marketplace = Marketplace::Uk;
/// The item of Amazon's that product `MUG` is.
pub(crate) const MUG: &str = "B000000001";

pub(crate) struct World {
    pub(crate) store: Store,
    pub(crate) calls: Calls,
    pub(crate) connection: Connection,
    create: create_offers::App,
    settle: settle_feeds::App,
    aws: StandIn,
    http: reqwest::Client,
    database: Database,
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
        let clients = aws.clients(&calls);
        let at_amazon = kit::Clients::new(&amazon.url, &calls).amazon();
        let create = create_offers::App {
            store: database.store_counted_by(&calls),
            vault: clients.vault(),
            amazon: at_amazon,
            jobs: clients.queue("jobs"),
            checks: clients.queue("checks"),
            listings: clients.queue("listings"),
            inbox: clients.inbox("jobs"),
        };
        let settle = settle_feeds::App {
            store: create.store.clone(),
            vault: create.vault.clone(),
            amazon: create.amazon.clone(),
            checks: create.checks.clone(),
            ticks: clients.queue("ticks"),
            cancellations: clients.queue("cancellations"),
            offer_jobs: create.jobs.clone(),
            inbox: clients.inbox("checks"),
        };
        let connection = Connection {
            seller: Some(SELLER.parse().unwrap()),
            authorised_at: Some(Timestamp::now()),
            participations: vec![Participation {
                marketplace: UK,
                participating: true,
                suspended_listings: false,
            }],
            ..kit::sample::connection("north", "C1")
        };
        let world = Self {
            store: database.store.clone(),
            calls,
            connection,
            create,
            settle,
            aws,
            http: reqwest::Client::builder()
                .no_proxy()
                .no_gzip()
                .build()
                .unwrap(),
            database,
            amazon,
        };
        let settings = json!({"feed_seconds": 0});
        world.admin("PUT", "settings", settings).await;
        world.connect().await;
        world.publish(|_| {}).await;
        world
    }

    async fn connect(&self) {
        let account = json!({"region": "EU", "marketplaces": [UK.id()]});
        let seller = &format!("sellers/{SELLER}");
        self.admin("PUT", seller, account).await;
        let token = format!("{seller}/self-authorise");
        let token = self.admin("POST", &token, json!({})).await;
        let credentials = Credentials {
            refresh_token: SecretString::from(token["refresh_token"].as_str().unwrap().to_owned()),
            own_app: None,
        };
        let key = &self.key();
        let sealed = self.create.vault.seal(key, &credentials).await.unwrap();
        let seller = self.connection.seller.as_ref().unwrap();
        let attached = self.store.attach_seller(&self.connection, seller, &sealed);
        assert_eq!(attached.await.unwrap(), Attached::Done);
    }

    /// Stock is sent, and offers are made with settings that `change` makes.
    pub(crate) async fn publish(&self, change: impl FnOnce(&mut OfferSettings)) {
        let key = &self.key();
        let read = self.store.stock_plan(key).await.unwrap();
        let plan = StockPlan {
            published: Some(Published {
                settings: StockSettings {
                    on: true,
                    ..StockSettings::default()
                },
                generation: 1,
                at: Timestamp::now(),
                shadow: false,
                rules: None,
                quantities: None,
            }),
            revision: read.revision + 1,
            ..read
        };
        let open = MarketplaceSettings {
            active: true,
            ..MarketplaceSettings::new(UK)
        };
        self.store.put_marketplace(key, &open).await.unwrap();
        assert_eq!(
            self.store.save_stock_plan(key, &plan).await.unwrap(),
            Written::Done
        );
        let mut settings = self.store.offer_settings(key).await.unwrap();
        settings.on = true;
        settings.sends_first_prices = true;
        settings.revision += 1;
        change(&mut settings);
        let saved = self.store.save_offer_settings(key, &settings).await;
        assert_eq!(saved.unwrap(), Written::Done);
    }

    pub(crate) fn key(&self) -> ConnectionKey {
        self.connection.key()
    }

    /// A product with 4 in stock that no report of Amazon's has, which somebody wants to be offered.
    pub(crate) async fn wanted(&self, sku: &str, ean: &str) {
        let product = json!({"sku": sku, "ean": ean, "rrp": {"GBP": "9.90"}});
        self.product(product, 4).await;
        self.want(sku).await;
    }

    pub(crate) async fn product(&self, product: Value, quantity: u32) {
        let product: Product = serde_json::from_value(product).unwrap();
        let (tenant, hash) = (&self.connection.tenant, digest(&product).unwrap());
        let (now, read) = (Timestamp::now(), SkuInputs::default());
        let put = self
            .store
            .put_product(tenant, &product, &hash, now, &read, 0);
        let _ = put.await.unwrap();
        let level = StockLevel {
            quantity,
            measured_at: now,
            received_at: now,
        };
        let warehouse = "W1".parse().unwrap();
        let put = self
            .store
            .write_level(tenant, &product.sku, &warehouse, &level);
        let _ = put.await.unwrap();
        let sku = product.sku.as_amazon_sku();
        let listing = Listing::new(&self.connection, sku, ListingState::NotOnAmazon);
        let placed = self.store.place_listing(&listing, None, false).await;
        assert_eq!(placed.unwrap(), Written::Done);
    }

    pub(crate) async fn want(&self, sku: &str) {
        let (key, now) = (&self.key(), Timestamp::now());
        let offer = NewOffer::wanted(key, sku.parse().unwrap(), UK, None, None, now);
        let put = self.store.put_new_offer(&offer, None).await;
        assert_eq!(put.unwrap(), Written::Done);
    }

    /// The item `asin` of Amazon's catalogue has this number.
    pub(crate) async fn item(&self, asin: &str, number: &str) {
        let item = json!({"asin": asin, "identifiers": [number], "marketplaces": [UK.id()], "title": asin});
        self.admin("PUT", "catalogue", json!({"items": [item]}))
            .await;
    }

    /// Whether the message is acknowledged.
    pub(crate) async fn run(&self) -> bool {
        let body = json!({"v": 1, "kind": "run", "tenant": "north", "connection": "C1", "hop": 0});
        let response = create_offers::handle(&self.create, sqs_event(&[body]), deadline()).await;
        response.unwrap().batch_item_failures.is_empty()
    }

    /// Has each queued check looked after; whether all were acknowledged.
    pub(crate) async fn settle(&self) -> bool {
        let mut acknowledged = true;
        for (body, _) in self.sent("checks") {
            acknowledged &= self.check(body).await;
        }
        acknowledged
    }

    pub(crate) async fn check(&self, body: Value) -> bool {
        let response = settle_feeds::handle(&self.settle, sqs_event(&[body]), deadline()).await;
        response.unwrap().batch_item_failures.is_empty()
    }

    pub(crate) async fn offer(&self, sku: &str) -> NewOffer {
        let (key, sku) = (&self.key(), &sku.parse::<Sku>().unwrap());
        self.store.new_offer(key, sku).await.unwrap().unwrap()
    }

    pub(crate) async fn state(&self, sku: &str) -> NewOfferState {
        self.offer(sku).await.state
    }

    /// It waits for nothing any more.
    pub(crate) async fn make_due(&self, sku: &str) {
        let read = self.offer(sku).await;
        let due = read.not_before(Timestamp::now() - SignedDuration::from_secs(1));
        let put = self.store.put_new_offer(&due, Some(&read)).await;
        assert_eq!(put.unwrap(), Written::Done);
    }

    /// A run that was killed has its lease for no longer.
    pub(crate) async fn let_leases_expire(&self) {
        let key = &self.key();
        let (now, later) = (
            Timestamp::now(),
            Timestamp::now() + SignedDuration::from_hours(1),
        );
        let leased = self
            .store
            .lease_offers(key, "test", later, now)
            .await
            .unwrap();
        let given = self.store.give_back(key, &mut leased.unwrap()).await;
        assert_eq!(given.unwrap(), Written::Done);
    }

    /// Time passes for Amazon's limits: ours and its own.
    pub(crate) async fn forget_limits(&self) {
        self.admin("PUT", "settings", json!({"refill": true})).await;
        let tables = &self.database.tables;
        let table = tables.name("ConnectionsTable");
        for item in self.database.items("ConnectionsTable").await {
            if !item["pk"].as_s().unwrap().starts_with("LIMIT#") {
                continue;
            }
            let delete = tables.client.delete_item().table_name(table);
            let delete = delete.key("pk", item["pk"].clone());
            delete.key("sk", item["sk"].clone()).send().await.unwrap();
        }
    }

    pub(crate) async fn open_feeds(&self) -> Vec<Feed> {
        self.store.open_offer_feeds(&self.key()).await.unwrap()
    }

    /// Messages sent to a queue since last asked, with their delay.
    pub(crate) fn sent(&self, queue: &str) -> Vec<(Value, i64)> {
        self.aws.aws().take(queue)
    }

    /// What Amazon has under a SKU.
    pub(crate) async fn at_amazon(&self, sku: &str) -> Value {
        let path = format!("sellers/{SELLER}/listings?sku={sku}");
        self.admin("GET", &path, Value::Null).await[0].clone()
    }

    /// How often an operation was called.
    pub(crate) async fn count(&self, operation: &str) -> usize {
        let calls = self.admin("GET", "calls/log", Value::Null).await;
        let calls = calls.as_array().unwrap().iter();
        calls.filter(|call| call["operation"] == operation).count()
    }

    pub(crate) async fn violations(&self) -> Value {
        self.admin("GET", "violations", Value::Null).await
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

fn deadline() -> SystemTime {
    SystemTime::now() + Duration::from_secs(300)
}
