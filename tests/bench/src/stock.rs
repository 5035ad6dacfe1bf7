//! The phases: a catalogue goes in and is matched; then the same levels again, a hundredth changed, all changed.

use crate::functions::Functions;
use crate::queues::Bench;
use crate::report::{Phase, Report};
use crate::seller::{self, MARKETPLACE, SELLER};
use crate::{MEMORY, StockArguments, lines, world};
use anyhow::{Result, bail, ensure};
use indicatif::{ProgressBar, ProgressStyle};
use jiff::{SignedDuration, Timestamp};
use lambda_http::request::LambdaRequest;
use lambda_http::{Adapter, Service as _};
use lambda_runtime::{Context, LambdaEvent};
use manage_catalogue::router;
use serde_json::{Value, json};
use stallkeeper::domain::ids::{ConnectionId, ConnectionKey};
use stallkeeper::domain::stock_settings::{Published, StockPlan, StockSettings};
use stallkeeper::queue::{ListingJob, MatchReason, Queue, StockTick};
use std::collections::BTreeMap;
use std::time::Instant;

const ROWS: usize = 1_000;
/// What Amazon shows before the first round: more than any level, since zero would be somebody's hand.
const BEFORE: u32 = 100;
/// One sends all, the next sees that nothing is left; more are for what a limit put off.
const MOST_ROUNDS: u32 = 10;

struct Stock {
    bench: Bench,
    connection: ConnectionKey,
    listings: u32,
    bar: ProgressBar,
}

pub(crate) async fn run(arguments: &StockArguments) -> Result<()> {
    let feed = lines::feed()?;
    let report = lines::report(arguments.report_lines)?;
    let (_child, at) = world::start().await?;
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
    let mut stock = Stock {
        bench,
        connection: ConnectionKey {
            tenant: "bench".parse()?,
            id: ConnectionId::new(Timestamp::now(), ulid::Ulid::generate().0),
        },
        listings: arguments.listings,
        bar,
    };
    let phases = stock.phases().await?;
    stock.bar.finish_and_clear();
    let report = Report {
        listings: arguments.listings,
        phases,
        feed,
        report,
    };
    if let Some(file) = &arguments.json {
        std::fs::write(file, serde_json::to_string_pretty(&report)?)?;
    }
    report.print()
}

impl Stock {
    async fn phases(&mut self) -> Result<Vec<Phase>> {
        self.set().await?;
        let start = Timestamp::now().checked_sub(SignedDuration::from_hours(2))?;
        let mut phases = Vec::new();
        self.begin("products go in").await?;
        self.products().await?;
        phases.push(self.end("products go in", self.listings, 0).await?);

        self.begin("matching").await?;
        let queue = self.bench.functions.match_listings.jobs.clone();
        self.matching(&queue).await?;
        phases.push(
            self.end("matching, the first time", self.listings, 0)
                .await?,
        );
        self.begin("matching again").await?;
        self.matching(&queue).await?;
        phases.push(self.end("matching, nothing new", 0, 0).await?);

        self.begin("first levels").await?;
        let changed = self.listings;
        self.levels(|n| Some((n % 50 + 1, start))).await?;
        self.round().await?;
        phases.push(self.end("first levels, all sent", changed, changed).await?);

        self.begin("0 % changed").await?;
        self.round().await?;
        phases.push(self.end("0 % changed: a round", 0, 0).await?);
        self.begin("all levels once more").await?;
        self.levels(|n| Some((n % 50 + 1, start))).await?;
        phases.push(self.end("all levels once more, the same", 0, 0).await?);

        self.begin("1 % changed").await?;
        let later = start.checked_add(SignedDuration::from_mins(30))?;
        self.levels(|n| (n % 100 == 0).then_some((n % 50 + 2, later)))
            .await?;
        self.round().await?;
        let changed = self.listings.div_ceil(100);
        phases.push(self.end("1 % changed", changed, changed).await?);

        self.begin("100 % changed").await?;
        let latest = start.checked_add(SignedDuration::from_mins(60))?;
        self.levels(|n| Some((n % 50 + 3, latest))).await?;
        self.round().await?;
        let all = self.listings;
        phases.push(self.end("100 % changed", all, all).await?);
        Ok(phases)
    }

    async fn begin(&mut self, name: &str) -> Result<()> {
        self.bar.set_prefix(name.to_owned());
        if self.bar.is_hidden() {
            eprintln!("{name}");
        }
        self.bench.forget().await
    }

    async fn end(&mut self, name: &str, changed: u32, sent: u32) -> Result<Phase> {
        let live = self.live().await?;
        let phase = self.bench.phase(name, changed).await?;
        ensure!(
            sent == 0 || live >= u64::from(sent),
            "{name}: only {live} of {sent} quantities reached Amazon"
        );
        Ok(phase)
    }

    /// How many listings show another quantity than before the first round.
    async fn live(&self) -> Result<u64> {
        let url = format!(
            "{}/_sandbox/sellers/{SELLER}/listings?brief=true",
            self.bench.at.amazon
        );
        let listings: Vec<Value> = self.bench.http.get(url).send().await?.json().await?;
        Ok(listings
            .iter()
            .filter(|listing| listing["quantity"].as_u64() != Some(BEFORE.into()))
            .count() as u64)
    }

    /// The seller with its listings, and a connection whose stock settings are in force.
    async fn set(&mut self) -> Result<()> {
        // Amazon is done with a feed at once: how often it is asked meanwhile is a matter of its minutes, not of ours.
        let settings = format!("{}/_sandbox/settings", self.bench.at.amazon);
        let at_once = self
            .bench
            .http
            .put(settings)
            .json(&json!({"feed_seconds": 0}));
        at_once.send().await?.error_for_status()?;
        seller::connect(&self.bench, &self.connection).await?;
        let generate = json!({"count": self.listings, "prefix": "SHELF", "quantity": BEFORE, "marketplaces": [MARKETPLACE.id()]});
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
            }),
            revision: 1,
            ..StockPlan::default()
        };
        let _new = store.save_stock_plan(&self.connection, &plan).await?;
        // All orders up to now are known, so that increases need not wait.
        store
            .lease_order_cursor(&self.connection, "bench", now, now, now)
            .await?;
        Ok(())
    }

    async fn products(&mut self) -> Result<()> {
        let row = |n| json!({"sku": sku(n), "title": format!("Article {n}"), "ean": null});
        self.upload("/products", |n| Some(row(n))).await
    }

    async fn levels(&mut self, level: impl Fn(u32) -> Option<(u32, Timestamp)>) -> Result<()> {
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
        let event = request(path, rows)?;
        MEMORY.reset_peak_usage();
        let started = Instant::now();
        let app = self.bench.functions.manage_catalogue.clone();
        let mut routes = Adapter::from(router(app));
        let answer = routes.call(LambdaEvent::new(event, Context::default()));
        let answer = answer.await.unwrap_or_else(|never| match never {});
        let answer = serde_json::to_value(&answer)?;
        self.bench.note("manage-catalogue (API)", started);
        ensure!(answer["statusCode"] == 202, "{path} answered {answer}");
        self.drain().await
    }

    async fn drain(&mut self) -> Result<()> {
        let bar = self.bar.clone();
        self.bench
            .drain(|function| bar.set_message(function.to_owned()))
            .await
    }

    async fn matching(&mut self, jobs: &Queue) -> Result<()> {
        let job = ListingJob::Match {
            connection: self.connection.clone(),
            why: MatchReason::OnDemand,
            hop: 0,
        };
        jobs.send(&self.connection, job, 0).await?;
        self.drain().await
    }

    /// Rounds until nothing is left to send, and every feed is settled.
    async fn round(&mut self) -> Result<()> {
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

fn sku(n: u32) -> String {
    format!("SHELF{n:06}")
}

fn request(path: &str, rows: &[Value]) -> Result<LambdaRequest> {
    let claims = json!({"tenant": "bench", "scope": "catalogue"});
    let event = json!({
        "version": "2.0",
        "routeKey": format!("PUT {path}"),
        "rawPath": path,
        "rawQueryString": "",
        "headers": {"content-type": "application/json"},
        "requestContext": {
            "accountId": "000000000000", "apiId": "bench", "stage": "$default", "requestId": "1",
            "routeKey": format!("PUT {path}"), "time": "01/Jan/2026:00:00:00 +0000", "timeEpoch": 0,
            "http": {"method": "PUT", "path": path, "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1", "userAgent": "bench"},
            "authorizer": {"jwt": {"claims": claims, "scopes": ["catalogue"]}},
        },
        "body": serde_json::to_string(rows)?,
        "isBase64Encoded": false,
    });
    Ok(serde_json::from_value(event)?)
}
