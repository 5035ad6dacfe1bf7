//! One test's world: tables, a stand-in for everything outside, and the function.

use crate::seller::Seller;
use crate::stand_in::{Heard, Report, StandIn};
use crate::stop::Wire;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials as Keys, Region};
use jiff::{SignedDuration, Timestamp};
use match_listings::App;
use secrecy::SecretString;
use stallkeeper::domain::connection::{Connection, ConnectionStatus, Credentials, PriceMode};
use stallkeeper::domain::marketplace::Marketplace;
use stallkeeper::lambda::Inbox;
use stallkeeper::queue::Queue;
use stallkeeper::sp_api::{Endpoints, SpApi};
use stallkeeper::store::{Attached, Store, Tables};
use stallkeeper::vault::Vault;
use std::sync::MutexGuard;
use wiremock::MockServer;

pub(crate) struct World {
    pub(crate) app: App,
    pub(crate) store: Store,
    pub(crate) wire: Wire,
    stand_in: StandIn,
    _tables: tables::Embedded,
    _outside: MockServer,
}

/// A line of a report.
pub(crate) struct Line<'a> {
    pub(crate) sku: &'a str,
    pub(crate) quantity: &'a str,
    pub(crate) price: &'a str,
    pub(crate) channel: &'a str,
}

pub(crate) fn line<'a>(sku: &'a str, quantity: &'a str) -> Line<'a> {
    Line {
        sku,
        quantity,
        price: "9.99",
        channel: "DEFAULT",
    }
}

pub(crate) fn by_amazon(sku: &str) -> Line<'_> {
    Line {
        sku,
        quantity: "",
        price: "9.99",
        channel: "AMAZON_EU",
    }
}

/// A report as Amazon writes it.
pub(crate) fn text(lines: &[Line<'_>]) -> String {
    let mut text = String::from(
        "item-name\titem-description\tlisting-id\tseller-sku\tprice\tquantity\topen-date\tasin1\tfulfillment-channel\tstatus\r\n",
    );
    for line in lines {
        text.push_str(&format!(
            "A title\tWords\t0101X\t{}\t{}\t{}\t2026-01-01\tB000000001\t{}\tActive\r\n",
            line.sku, line.price, line.quantity, line.channel
        ));
    }
    text
}

macro_rules! aws {
    ($sdk:ident, $endpoint:expr, $wire:expr) => {
        $sdk::Client::from_conf(
            $sdk::Config::builder()
                .behavior_version(BehaviorVersion::latest())
                .region(Region::from_static("eu-west-1"))
                .credentials_provider(Keys::new("test", "test", None, None, "test"))
                .retry_config(RetryConfig::disabled())
                .endpoint_url($endpoint)
                .interceptor($wire.clone())
                .build(),
        )
    };
}

/// When the reports are made, unless a test says otherwise: a while ago, to the second.
pub(crate) fn made_at() -> Timestamp {
    Timestamp::from_second(1_795_000_000).unwrap()
}

pub(crate) fn hours_before(hours: i64) -> Timestamp {
    made_at() - SignedDuration::from_hours(hours)
}

impl World {
    pub(crate) async fn new() -> Self {
        let tables = tables::embedded_without_streams().await;
        let stand_in = StandIn::default();
        let outside = stand_in.start().await;
        let endpoint = outside.uri();
        let wire = Wire::default();
        let names = Tables {
            connections: tables.name("ConnectionsTable").into(),
            orders: String::new(),
            buyers: String::new(),
            catalogue: tables.name("CatalogueTable").into(),
        };
        let sqs = aws!(aws_sdk_sqs, &endpoint, wire);
        let jobs = format!("{endpoint}/q/jobs");
        let db = aws!(aws_sdk_dynamodb, &tables.endpoint, wire);
        let app = App {
            store: Store::new(db, names.clone()),
            vault: Vault::new(
                aws!(aws_sdk_kms, &endpoint, wire),
                "key".into(),
                aws!(aws_sdk_secretsmanager, &endpoint, wire),
                "secret".into(),
            ),
            amazon: SpApi::new(Endpoints::all_at(&endpoint.parse().unwrap())).unwrap(),
            jobs: Queue::new(sqs.clone(), jobs.clone()),
            stock_changes: Queue::new(sqs.clone(), format!("{endpoint}/q/stock-changes")),
            inbox: Inbox::new(sqs, jobs, format!("{endpoint}/q/dead")),
        };
        Self {
            app,
            store: Store::new(tables.client.clone(), names),
            wire,
            stand_in,
            _tables: tables,
            _outside: outside,
        }
    }

    pub(crate) fn heard(&self) -> MutexGuard<'_, Heard> {
        self.stand_in.0.lock().unwrap()
    }

    /// What Amazon reports of a marketplace from now on.
    pub(crate) fn report(&self, store: Marketplace, lines: &[Line<'_>]) {
        self.report_bytes(store, text(lines).into_bytes(), "text/plain;charset=UTF-8");
    }

    pub(crate) fn report_bytes(
        &self,
        store: Marketplace,
        body: Vec<u8>,
        content_type: &'static str,
    ) {
        let report = Report {
            status: "DONE",
            body,
            content_type,
            made_at: made_at().to_string(),
        };
        self.heard().reports.insert(store.id(), report);
    }

    pub(crate) fn status(&self, store: Marketplace, status: &'static str) {
        let mut heard = self.heard();
        let report = Report {
            status,
            body: Vec::new(),
            content_type: "text/plain",
            made_at: made_at().to_string(),
        };
        heard.reports.entry(store.id()).or_insert(report).status = status;
    }

    /// An active connection of a tenant of its own, with these marketplaces switched on.
    pub(crate) async fn connect(&self, name: &str, marketplaces: &[Marketplace]) -> Seller<'_> {
        let now = Timestamp::now();
        let connection = Connection {
            tenant: format!("tenant-{name}").parse().unwrap(),
            id: format!("c-{name}").parse().unwrap(),
            name: "Stall".into(),
            marketplace: marketplaces.first().copied().unwrap_or(Marketplace::Uk),
            status: ConnectionStatus::Active,
            resume: None,
            seller: Some(format!("A{name}").parse().unwrap()),
            participations: Vec::new(),
            created_at: now,
            authorised_at: Some(now),
            own_app: false,
            revision: 1,
        };
        let credentials = Credentials {
            refresh_token: SecretString::from("Atzr|x"),
            own_app: None,
        };
        let key = &connection.key();
        let sealed = self.app.vault.seal(key, &credentials).await.unwrap();
        let seller = connection.seller.clone().unwrap();
        let attached = self
            .store
            .attach_seller(&connection, &seller, &sealed)
            .await;
        assert_eq!(attached.unwrap(), Attached::Done);
        let seller = Seller {
            world: self,
            connection,
        };
        for store in marketplaces {
            seller.switch_on(*store, PriceMode::Leave).await;
        }
        seller
    }
}
