//! The functions of a history, and what they call.

use jiff::Timestamp;
use kit::{Aws, Calls, Database, StandIn};
use secrecy::SecretString;
use serde_json::{Value, json};
use stallkeeper::domain::connection::{
    Connection, Credentials, MarketplaceSettings, Participation,
};
use stallkeeper::domain::ids::ConnectionKey;
use stallkeeper::domain::marketplace::Marketplace;
use stallkeeper::store::{Attached, Store};
use std::sync::Arc;

const SELLER: &str = "A1STALLKEEPER";
pub(crate) const MARKETPLACES: [Marketplace; 2] = [Marketplace::Uk, Marketplace::De];

pub(crate) struct World {
    pub(crate) store: Store,
    pub(crate) connection: Connection,
    pub(crate) configure: Arc<configure_selling::App>,
    pub(crate) catalogue: Arc<manage_catalogue::App>,
    pub(crate) compute: compute_listings::App,
    pub(crate) matching: match_listings::App,
    pub(crate) sync: sync_stock::App,
    pub(crate) settle: settle_feeds::App,
    _database: Database,
    aws: StandIn,
    http: reqwest::Client,
    amazon: sandbox::Running,
}

impl World {
    /// `patch_most`: see the function that sends.
    pub(crate) async fn open(patch_most: usize) -> Self {
        let database = Database::new().await;
        let options = sandbox::Options {
            check: sandbox::Check::Nothing,
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
        let (store, vault) = (database.store.clone(), clients.vault());
        let at_amazon = kit::Clients::new(&amazon.url, &calls).amazon();
        let queue = |name: &str| clients.queue(name);
        let participation = |marketplace| Participation {
            marketplace,
            participating: true,
            suspended_listings: false,
        };
        let world = Self {
            configure: Arc::new(configure_selling::App {
                store: store.clone(),
                schedules: clients.schedules(),
                listing_jobs: queue("jobs"),
                stock_changes: queue("changes"),
                stock_ticks: queue("ticks"),
                offer_jobs: queue("offer-jobs"),
                tenant_claim: "tenant".into(),
            }),
            catalogue: Arc::new(manage_catalogue::App {
                store: store.clone(),
                stock_changes: queue("changes"),
                stock_ticks: queue("ticks"),
                listing_jobs: queue("jobs"),
                tenant_claim: "tenant".into(),
            }),
            compute: compute_listings::App {
                store: store.clone(),
                inbox: clients.inbox("changes"),
                stock_changes: queue("changes"),
                stock_ticks: queue("ticks"),
            },
            matching: match_listings::App {
                store: store.clone(),
                vault: vault.clone(),
                amazon: at_amazon.clone(),
                jobs: queue("jobs"),
                stock_changes: queue("changes"),
                inbox: clients.inbox("jobs"),
            },
            sync: sync_stock::App {
                store: store.clone(),
                vault: vault.clone(),
                amazon: at_amazon.clone(),
                ticks: queue("ticks"),
                checks: queue("checks"),
                offer_jobs: queue("offer-jobs"),
                inbox: clients.inbox("ticks"),
                patch_most,
            },
            settle: settle_feeds::App {
                store: store.clone(),
                vault,
                amazon: at_amazon,
                checks: queue("checks"),
                ticks: queue("ticks"),
                cancellations: queue("cancellations"),
                offer_jobs: queue("offer-jobs"),
                inbox: clients.inbox("checks"),
            },
            connection: Connection {
                seller: Some(SELLER.parse().unwrap()),
                authorised_at: Some(Timestamp::now()),
                participations: MARKETPLACES.map(participation).into(),
                ..kit::sample::connection("north", "C1")
            },
            store,
            _database: database,
            aws,
            http: reqwest::Client::builder()
                .no_proxy()
                .no_gzip()
                .build()
                .unwrap(),
            amazon,
        };
        world.connect().await;
        world
    }

    async fn connect(&self) {
        // Amazon's limits refill at once, there and here: a history lasts as long as its calls.
        let endless = json!({"feed_seconds": 0, "refill_factor": 1_000_000.0});
        self.admin("PUT", "settings", endless).await;
        let account = json!({"region": "EU", "marketplaces": MARKETPLACES.map(Marketplace::id)});
        self.admin("PUT", &format!("sellers/{SELLER}"), account)
            .await;
        let token = self.at_seller("POST", "self-authorise", json!({})).await;
        let token = token["refresh_token"].as_str().unwrap().to_owned();
        let credentials = Credentials {
            refresh_token: SecretString::from(token),
            own_app: None,
        };
        let key = &self.key();
        let sealed = self.sync.vault.seal(key, &credentials).await.unwrap();
        let seller = self.connection.seller.as_ref().unwrap();
        let attached = self.store.attach_seller(&self.connection, seller, &sealed);
        assert_eq!(attached.await.unwrap(), Attached::Done);
        for marketplace in MARKETPLACES {
            let on = MarketplaceSettings {
                active: true,
                ..MarketplaceSettings::new(marketplace)
            };
            self.store.put_marketplace(key, &on).await.unwrap();
        }
    }

    pub(crate) fn key(&self) -> ConnectionKey {
        self.connection.key()
    }

    /// Messages sent to a queue since last asked, whenever they are due.
    pub(crate) fn sent(&self, queue: &str) -> Vec<Value> {
        let messages = self.aws.aws().take(queue).into_iter();
        messages.map(|(message, _)| message).collect()
    }

    pub(crate) async fn at_seller(&self, method: &str, path: &str, body: Value) -> Value {
        let path = format!("sellers/{SELLER}/{path}");
        self.admin(method, &path, body).await
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
