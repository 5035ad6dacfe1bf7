//! One test's world: tables, a stand-in for everything outside, and the function.

use crate::seller::Seller;
use crate::stand_in::{Report, Reports};
use jiff::{SignedDuration, Timestamp};
use kit::{Aws, Calls, Database, StandIn};
use match_listings::App;
use secrecy::SecretString;
use stallkeeper::domain::connection::{Connection, Credentials, PriceMode};
use stallkeeper::domain::marketplace::Marketplace;
use stallkeeper::store::{Attached, Store};
use std::sync::MutexGuard;

pub(crate) struct World {
    pub(crate) app: App,
    pub(crate) store: Store,
    pub(crate) calls: Calls,
    pub(crate) outside: StandIn<Reports>,
    _database: Database,
}

/// A line of a report.
pub(crate) struct Line<'a> {
    pub(crate) sku: &'a str,
    pub(crate) quantity: &'a str,
    pub(crate) price: &'a str,
    pub(crate) channel: &'a str,
    pub(crate) status: &'a str,
}

pub(crate) fn line<'a>(sku: &'a str, quantity: &'a str) -> Line<'a> {
    Line {
        sku,
        quantity,
        price: "9.99",
        channel: "DEFAULT",
        status: "Active",
    }
}

pub(crate) fn by_amazon(sku: &str) -> Line<'_> {
    Line {
        sku,
        quantity: "",
        price: "9.99",
        channel: "AMAZON_EU",
        status: "Active",
    }
}

/// A report as Amazon writes it.
pub(crate) fn text(lines: &[Line<'_>]) -> String {
    let mut text = String::from(
        "item-name\titem-description\tlisting-id\tseller-sku\tprice\tquantity\topen-date\tasin1\tfulfillment-channel\tstatus\r\n",
    );
    for line in lines {
        text.push_str(&format!(
            "A title\tWords\t0101X\t{}\t{}\t{}\t2026-01-01\tB000000001\t{}\t{}\r\n",
            line.sku, line.price, line.quantity, line.channel, line.status
        ));
    }
    text
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
        let database = Database::new().await;
        let outside = StandIn::start(Aws::default(), Reports::default()).await;
        let calls = Calls::default();
        let clients = outside.clients(&calls);
        let app = App {
            store: database.store_counted_by(&calls),
            vault: clients.vault(),
            amazon: clients.amazon(),
            jobs: clients.queue("jobs"),
            stock_changes: clients.queue("stock-changes"),
            inbox: clients.inbox("jobs"),
        };
        Self {
            app,
            store: database.store.clone(),
            calls,
            outside,
            _database: database,
        }
    }

    pub(crate) fn heard(&self) -> MutexGuard<'_, Reports> {
        self.outside.amazon()
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
            marketplace: marketplaces.first().copied().unwrap_or(Marketplace::Uk),
            seller: Some(format!("A{name}").parse().unwrap()),
            created_at: now,
            authorised_at: Some(now),
            ..kit::sample::connection(&format!("tenant-{name}"), &format!("c-{name}"))
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
