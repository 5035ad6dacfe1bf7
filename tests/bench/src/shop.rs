//! A seller with a catalogue: listings at Amazon, a connection whose stock settings are in force, products and levels
//! through the API's own entry.

use crate::functions::Functions;
use crate::queues::{ApiRequest, Bench};
use crate::seller;
use crate::world;
use anyhow::{Result, bail};
use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;
use manage_catalogue::router;
use serde_json::{Value, json};
use stallkeeper::domain::ids::{ConnectionId, ConnectionKey};
use stallkeeper::domain::marketplace::Marketplace;
use stallkeeper::domain::stock_settings::{Published, StockPlan, StockSettings};
use stallkeeper::queue::{ListingJob, MatchReason, StockTick};
use std::collections::BTreeMap;

const ROWS: usize = 1_000;
/// One sends all, the next sees that nothing is left; more are for what a limit put off.
const MOST_ROUNDS: u32 = 10;
/// What Amazon shows before the first round: more than any level, since zero would be somebody's hand.
pub(crate) const BEFORE: u32 = 100;

pub(crate) struct Shop {
    pub(crate) bench: Bench,
    pub(crate) connection: ConnectionKey,
    pub(crate) listings: u32,
    /// Where each of them is offered.
    pub(crate) marketplaces: &'static [Marketplace],
    pub(crate) bar: ProgressBar,
}

impl Shop {
    /// What the functions call, and a connection that is not there yet; the child ends when it is dropped.
    pub(crate) async fn open(
        listings: u32,
        marketplaces: &'static [Marketplace],
    ) -> Result<(Self, tokio::process::Child)> {
        let (child, at) = world::start().await?;
        let bench = Bench {
            functions: Functions::start(&at).await?,
            at,
            http: reqwest::Client::builder().no_proxy().build()?,
            efforts: BTreeMap::default(),
        };
        let bar = ProgressBar::new_spinner();
        bar.set_style(ProgressStyle::with_template(
            "{spinner} {prefix} {elapsed} {msg}",
        )?);
        bar.enable_steady_tick(std::time::Duration::from_millis(120));
        let shop = Self {
            bench,
            connection: ConnectionKey {
                tenant: "bench".parse()?,
                id: ConnectionId::new(Timestamp::now(), ulid::Ulid::generate().0),
            },
            listings,
            marketplaces,
            bar,
        };
        Ok((shop, child))
    }

    pub(crate) async fn begin(&mut self, name: &str) -> Result<()> {
        self.bar.set_prefix(name.to_owned());
        if self.bar.is_hidden() {
            eprintln!("{name}");
        }
        self.bench.forget().await
    }

    /// The seller with its listings, and a connection whose stock settings are in force.
    pub(crate) async fn connect(&mut self) -> Result<()> {
        // Amazon is done with a feed at once: how often it is asked meanwhile is a matter of its minutes, not of ours.
        let settings = format!("{}/_sandbox/settings", self.bench.at.amazon);
        let at_once = self
            .bench
            .http
            .put(settings)
            .json(&json!({"feed_seconds": 0}));
        at_once.send().await?.error_for_status()?;
        seller::connect(&self.bench, &self.connection, self.marketplaces).await?;
        let on = seller::ids(self.marketplaces);
        let generate = json!({"count": self.listings, "prefix": "SHELF", "quantity": BEFORE, "marketplaces": on});
        seller::sandbox(&self.bench, "POST", "/listings/generate", generate).await?;
        let (now, store) = (Timestamp::now(), &self.bench.functions.store);
        let settings = StockSettings {
            on: true,
            ..StockSettings::default()
        };
        let plan = StockPlan {
            draft: settings.clone(),
            published: Some(Published {
                settings,
                generation: 1,
                at: now,
                shadow: false,
                rules: None,
                quantities: None,
            }),
            revision: 1,
            ..StockPlan::default()
        };
        let _new = store.save_stock_plan(&self.connection, &plan).await?;
        Ok(())
    }

    pub(crate) async fn products(&mut self) -> Result<()> {
        let row = |n| json!({"sku": sku(n), "title": format!("Article {n}"), "ean": null});
        self.put_products(row).await
    }

    pub(crate) async fn put_products(&mut self, row: impl Fn(u32) -> Value) -> Result<()> {
        self.upload("/products", |n| Some(row(n))).await
    }

    pub(crate) async fn levels(
        &mut self,
        level: impl Fn(u32) -> Option<(u32, Timestamp)>,
    ) -> Result<()> {
        let row = |n| {
            let (quantity, at) = level(n)?;
            Some(
                json!({"sku": sku(n), "warehouse": "LEEDS", "quantity": quantity, "measured_at": at}),
            )
        };
        self.upload("/stock-levels", row).await
    }

    /// A thousand rows a call, made as they are needed: the memory that is measured is the function's.
    async fn upload(&mut self, path: &str, row: impl Fn(u32) -> Option<Value>) -> Result<()> {
        let mut next = 0..self.listings;
        loop {
            let rows: Vec<Value> = next.by_ref().filter_map(&row).take(ROWS).collect();
            if rows.is_empty() {
                return Ok(());
            }
            self.bar
                .set_message(format!("{} of {}", next.start, self.listings));
            self.call(path, &rows).await?;
        }
    }

    /// Through the API's own entry, as API Gateway hands it over.
    async fn call(&mut self, path: &str, rows: &[Value]) -> Result<()> {
        let routes = router(self.bench.functions.manage_catalogue.clone());
        let request = ApiRequest {
            method: "PUT",
            path,
            scope: "catalogue",
            body: serde_json::to_string(rows)?,
        };
        let function = "manage-catalogue (API)";
        self.bench.api(function, routes, request).await?;
        self.drain().await
    }

    pub(crate) async fn drain(&mut self) -> Result<()> {
        let bar = self.bar.clone();
        self.bench
            .drain(|function| bar.set_message(function.to_owned()))
            .await
    }

    pub(crate) async fn matching(&mut self) -> Result<()> {
        let job = ListingJob::Match {
            connection: self.connection.clone(),
            why: MatchReason::OnDemand,
            hop: 0,
        };
        let jobs = self.bench.functions.match_listings.jobs.clone();
        jobs.send(&self.connection, job, 0).await?;
        self.drain().await
    }

    /// Rounds until nothing is left to send, and every feed is settled.
    pub(crate) async fn round(&mut self) -> Result<()> {
        let ticks = self.bench.functions.sync_stock.ticks.clone();
        for _ in 0..MOST_ROUNDS {
            let tick = StockTick::Tick {
                connection: self.connection.clone(),
                hop: 0,
            };
            ticks.send(&self.connection, tick, 0).await?;
            self.drain().await?;
            let store = &self.bench.functions.store;
            let open = store.open_feeds(&self.connection).await?;
            let left = store.to_send(&self.connection, true).await?;
            if open.is_empty() && left.is_empty() {
                return Ok(());
            }
        }
        bail!("after {MOST_ROUNDS} rounds there is still something to send")
    }
}

pub(crate) fn sku(n: u32) -> String {
    format!("SHELF{n:06}")
}
