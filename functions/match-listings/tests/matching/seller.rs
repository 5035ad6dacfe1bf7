//! A tenant with one connection: what is set up for it, how its jobs are delivered, and what became of them.

use crate::world::{World, hours_before, made_at};
use jiff::{SignedDuration, Timestamp};
use match_listings::handle;
use serde_json::{Value, json};
use stallkeeper::domain::connection::{
    Connection, ConnectionStatus, MarketplaceSettings, PriceMode,
};
use stallkeeper::domain::ids::{AmazonSku, Sku};
use stallkeeper::domain::listing::Listing;
use stallkeeper::domain::marketplace::Marketplace;
use stallkeeper::domain::product::{Part, Product};
use stallkeeper::domain::stock::{Reservation, Sale};
use stallkeeper::domain::stock_settings::{Published, StockSettings};
use stallkeeper::store::{Matching, SkuInputs, Written};
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, SystemTime};

/// One tenant with one connection.
pub(crate) struct Seller<'a> {
    pub(crate) world: &'a World,
    pub(crate) connection: Connection,
}

impl Seller<'_> {
    pub(crate) async fn switch_on(&self, store: Marketplace, price_mode: PriceMode) {
        let settings = MarketplaceSettings {
            active: true,
            price_mode,
            ..MarketplaceSettings::new(store)
        };
        let key = &self.connection.key();
        let put = self.world.store.put_marketplace(key, &settings);
        put.await.unwrap();
    }

    pub(crate) async fn publish(&self) {
        let key = &self.connection.key();
        let mut plan = self.world.store.stock_plan(key).await.unwrap();
        let settings = StockSettings {
            on: true,
            ..StockSettings::default()
        };
        plan.draft = settings.clone();
        plan.draft_revision += 1;
        plan.published = Some(Published {
            settings,
            generation: 1,
            at: hours_before(1000),
            shadow: false,
            rules: None,
            quantities: None,
        });
        plan.revision += 1;
        let saved = self.world.store.save_stock_plan(key, &plan).await;
        assert_eq!(saved.unwrap(), Written::Done);
    }

    pub(crate) async fn put_product(&self, sku: &str, parts: &[&str]) {
        self.put_product_after(&SkuInputs::default(), sku, parts)
            .await;
    }

    /// `read`: as the product was before.
    pub(crate) async fn put_product_after(&self, read: &SkuInputs, sku: &str, parts: &[&str]) {
        let product: Product = serde_json::from_value(json!({"sku": sku})).unwrap();
        let part = |sku: &&str| Part {
            sku: sku.parse().unwrap(),
            units: 1,
        };
        let product = Product {
            parts: parts.iter().map(part).collect(),
            ..product
        };
        let tenant = &self.connection.tenant;
        let store = &self.world.store;
        let put = store.put_product(tenant, &product, "h", made_at(), read, 0);
        put.await.unwrap();
        store.remember_spelling(tenant, &product.sku).await.unwrap();
    }

    pub(crate) async fn listing(&self, sku: &str) -> Option<Listing> {
        let key = &self.connection.key();
        let sku: AmazonSku = sku.parse().unwrap();
        self.world.store.listing(&key.listing(&sku)).await.unwrap()
    }

    /// Stores a listing as it is, with its tie, and replaces any previous one.
    pub(crate) async fn put_listing(&self, listing: &Listing) {
        let key = &listing.key();
        let store = &self.world.store;
        if let Some(product) = &listing.product {
            store.tie(product, key, listing.units).await.unwrap();
        }
        let read = self.listing(listing.amazon_sku.as_str()).await;
        let placed = store.place_listing(listing, read.as_ref(), false).await;
        assert_eq!(placed.unwrap(), Written::Done);
    }

    pub(crate) fn new_listing(
        &self,
        sku: &str,
        state: stallkeeper::domain::listing::ListingState,
    ) -> Listing {
        Listing::new(&self.connection, sku.parse().unwrap(), state)
    }

    pub(crate) async fn matching(&self) -> Matching {
        let key = &self.connection.key();
        self.world.store.matching(key).await.unwrap().state
    }

    pub(crate) async fn set_status(&mut self, status: ConnectionStatus) {
        self.connection.status = status;
        self.connection.revision += 1;
        let store = &self.world.store;
        let replaced = store.replace_connection(&self.connection).await;
        assert_eq!(replaced.unwrap(), Written::Done);
    }

    /// As time does.
    pub(crate) async fn end_lease(&self) {
        let key = &self.connection.key();
        let mut matching = self.world.store.matching(key).await.unwrap();
        if matching.leased_until_ms > 0 {
            matching.leased_until_ms = 0;
            let saved = self.world.store.save_leased(key, &mut matching).await;
            assert_eq!(saved.unwrap(), Written::Done);
        }
    }

    pub(crate) fn job(&self, more: Value) -> Value {
        let mut job =
            json!({"v": 1, "tenant": self.connection.tenant, "connection": self.connection.id});
        let fields = more.as_object().unwrap().clone();
        job.as_object_mut().unwrap().extend(fields);
        job
    }

    /// Delivers a message; whether it was acknowledged.
    pub(crate) async fn deliver(&self, job: &Value) -> bool {
        self.deliver_by(job, Duration::from_secs(600)).await
    }

    pub(crate) async fn deliver_by(&self, job: &Value, time: Duration) -> bool {
        let event = kit::sqs_event(std::slice::from_ref(job));
        let deadline = SystemTime::now() + time;
        let answer = handle(&self.world.app, event, deadline).await.unwrap();
        answer.batch_item_failures.is_empty()
    }

    /// Units of a listing were ordered at this moment.
    pub(crate) async fn sell(&self, listing: &Listing, units: u32, ordered_at: Timestamp) {
        let reservation = Reservation {
            connection: self.connection.id.clone(),
            order: "026-1520163-6049104".parse().unwrap(),
            line: "1".into(),
            amazon_sku: listing.amazon_sku.clone(),
            units,
            sale: Some(Sale {
                ordered_at,
                units,
                most: units,
                reduced_at: None,
            }),
            acknowledged_at: None,
            dispatched: Vec::new(),
            is_elsewhere: false,
            warehouse: None,
            revision: 1,
        };
        let product = listing.product.as_ref().unwrap();
        let tenant = &self.connection.tenant;
        let put = self
            .world
            .store
            .put_reservation(tenant, product, &reservation)
            .await;
        assert_eq!(put.unwrap(), Written::Done);
    }

    /// A person says that whatever the reports lack is gone.
    pub(crate) async fn release_reports(&self) {
        let until = Timestamp::now() + SignedDuration::from_hours(1);
        let key = &self.connection.key();
        let released = self.world.store.release_reports(key, until).await;
        released.unwrap();
    }

    /// Has the listings matched, as a person would.
    pub(crate) async fn match_listings(&self) -> Matching {
        let job = json!({"kind": "match", "why": "on_demand", "hop": 0});
        assert!(self.deliver(&self.job(job)).await);
        self.matching().await
    }

    /// Messages sent to a queue since last asked.
    pub(crate) fn sent(&self, queue: &str) -> Vec<(Value, i64)> {
        let tenant = json!(self.connection.tenant);
        let mut aws = self.world.outside.aws();
        let mine = aws
            .messages
            .extract_if(.., |(to, body, _)| to == queue && body["tenant"] == tenant);
        mine.map(|(_, body, delay)| (body, delay)).collect()
    }

    /// The one message that was sent to a queue since last asked.
    pub(crate) fn sent_one(&self, queue: &str) -> (Value, i64) {
        let mut sent = self.sent(queue);
        assert_eq!(sent.len(), 1, "{sent:?}");
        sent.remove(0)
    }

    /// SKUs queued to be computed again since last asked, with whether their generations are to be raised.
    pub(crate) fn recomputed(&self) -> BTreeSet<(String, bool)> {
        let mut skus = BTreeSet::new();
        for (message, _) in self.sent("stock-changes") {
            assert_eq!(message["kind"], "recompute");
            for sku in message["skus"].as_array().unwrap() {
                let raise = message["raise"].as_bool().unwrap();
                skus.insert((sku.as_str().unwrap().to_owned(), raise));
            }
        }
        skus
    }

    /// All listings with their offers, and what points to them, without what differs from run to run.
    pub(crate) async fn catalogue(&self, skus: &[&str]) -> BTreeMap<String, String> {
        let key = &self.connection.key();
        let store = &self.world.store;
        let page = store.listing_page(key, None, None, 1000).await;
        let mut all = BTreeMap::new();
        for (_, sku) in page.unwrap().listings {
            let mut listing = store.listing(&key.listing(&sku)).await.unwrap().unwrap();
            listing.revision = 0;
            listing.tenant = "t".parse().unwrap();
            listing.connection = "c".parse().unwrap();
            let offers = store.offers(&key.listing(&sku)).await.unwrap();
            let prices: Vec<_> = offers
                .iter()
                .map(|it| (it.marketplace, it.observed.as_ref().map(|it| it.value)))
                .collect();
            all.insert(sku.to_string(), format!("{listing:?} {prices:?}"));
        }
        for sku in skus {
            let product: Sku = sku.parse().unwrap();
            let inputs = store.sku_inputs(&key.tenant, &product).await.unwrap();
            let tied: Vec<_> = inputs
                .listed
                .iter()
                .map(|it| (it.amazon_sku.as_str(), it.units))
                .collect();
            all.insert(format!("tied to {sku}"), format!("{tied:?}"));
        }
        all
    }
}
