//! Lambda's part: takes batches off the queues, runs the functions, and times them.

use crate::MEMORY;
use crate::aws::{COUNTS, EVENTS, TAKE, Taken};
use crate::functions::{
    DISPATCHES, FEED_CHECKS, Functions, LISTING_JOBS, NOTICES, ORDER_TICKS, ORDERS, STOCK_CHANGES,
    STOCK_TICKS, url,
};
use crate::meter::{SUMS, Sums, add};
use crate::report::Phase;
use crate::world::Addresses;
use anyhow::{Result, bail, ensure};
use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use aws_sdk_dynamodb::types::AttributeValue;
use lambda_http::request::LambdaRequest;
use lambda_http::{Adapter, Service as _};
use lambda_runtime::{Context, LambdaEvent};
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant, SystemTime};

/// What a function needed.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub(crate) struct Effort {
    pub(crate) invocations: u64,
    pub(crate) milliseconds: f64,
    /// Most heap at any moment, of the whole process.
    pub(crate) peak_mb: f32,
    /// By DynamoDB operation.
    pub(crate) units: Sums,
}

pub(crate) type Efforts = BTreeMap<&'static str, Effort>;

/// Records of a stream in a batch, as in the template.
const STREAM_BATCH: usize = 100;
/// A batch's size in the template.
const QUEUES: [(&str, &str, usize); 8] = [
    (ORDER_TICKS, "poll-orders", 1),
    (ORDERS, "remap-carriers", 10),
    (STOCK_CHANGES, "compute-listings", 5),
    (LISTING_JOBS, "match-listings", 1),
    (STOCK_TICKS, "sync-stock", 1),
    (FEED_CHECKS, "settle-feeds", 1),
    (DISPATCHES, "confirm-shipments", 10),
    (NOTICES, "poll-orders", 10),
];

pub(crate) struct Bench {
    pub(crate) functions: Functions,
    pub(crate) at: Addresses,
    pub(crate) http: reqwest::Client,
    pub(crate) efforts: Efforts,
}

impl Bench {
    /// Runs functions until all queues but the ticks' later ones are empty.
    pub(crate) async fn drain(&mut self, progress: impl Fn(&str)) -> Result<()> {
        loop {
            let mut idle = true;
            for (queue, function, most) in QUEUES {
                let bodies = self.take(queue, most).await?;
                if bodies.is_empty() {
                    continue;
                }
                idle = false;
                progress(function);
                self.run(queue, function, bodies).await?;
            }
            let dead = self.dead().await?;
            if !dead.is_empty() {
                bail!("dead letters: {dead:?}");
            }
            if idle {
                return Ok(());
            }
        }
    }

    async fn take(&self, queue: &str, most: usize) -> Result<Vec<String>> {
        let url = url(&self.at.aws, queue);
        let most = most.to_string();
        let taken: Taken = self
            .http
            .post(format!("{}{TAKE}", self.at.aws))
            .query(&[("queue", url.as_str()), ("most", most.as_str())])
            .send()
            .await?
            .json()
            .await?;
        Ok(taken.bodies)
    }

    async fn dead(&self) -> Result<Vec<String>> {
        let mut dead = Vec::new();
        for (queue, ..) in QUEUES {
            dead.extend(self.take(&format!("{queue}-dead"), 10).await?);
        }
        Ok(dead)
    }

    async fn run(
        &mut self,
        queue: &str,
        function: &'static str,
        bodies: Vec<String>,
    ) -> Result<()> {
        let mut event = SqsEvent::default();
        event.records = bodies.into_iter().enumerate().map(message).collect();
        for record in &mut event.records {
            record.event_source_arn = Some(queue.to_owned());
        }
        let deadline = SystemTime::now() + Duration::from_secs(280);
        let apps = &self.functions;
        MEMORY.reset_peak_usage();
        let started = Instant::now();
        let response: SqsBatchResponse = match function {
            "poll-orders" => poll_orders::handle(&apps.poll_orders, event, deadline).await?,
            "remap-carriers" => {
                remap_carriers::handle(&apps.remap_carriers, event, deadline).await?
            }
            "compute-listings" => compute_listings::handle(&apps.compute_listings, event).await?,
            "match-listings" => {
                match_listings::handle(&apps.match_listings, event, deadline).await?
            }
            "sync-stock" => sync_stock::handle(&apps.sync_stock, event, deadline).await?,
            "confirm-shipments" => {
                confirm_shipments::handle(&apps.confirm_shipments, event, deadline).await?
            }
            _ => settle_feeds::handle(&apps.settle_feeds, event, deadline).await?,
        };
        if !response.batch_item_failures.is_empty() {
            bail!(
                "{function} failed {} messages",
                response.batch_item_failures.len()
            );
        }
        self.note(function, started).await
    }

    /// A call of the API's own entry, as API Gateway hands it over; its answer.
    pub(crate) async fn api(
        &mut self,
        function: &'static str,
        routes: axum::Router,
        request: ApiRequest<'_>,
    ) -> Result<Value> {
        let event = request.event()?;
        MEMORY.reset_peak_usage();
        let started = Instant::now();
        let answer = Adapter::from(routes).call(LambdaEvent::new(event, Context::default()));
        let answer = answer.await.unwrap_or_else(|never| match never {});
        let answer = serde_json::to_value(&answer)?;
        self.note(function, started).await?;
        let status = answer["statusCode"].as_u64().unwrap_or_default();
        ensure!(status / 100 == 2, "{} answered {answer}", request.path);
        Ok(serde_json::from_str(answer["body"].as_str().unwrap_or("null")).unwrap_or_default())
    }

    /// What changed in the orders goes to those that follow their stream; whether anything did.
    pub(crate) async fn announce(&mut self) -> Result<bool> {
        let scan = self.functions.unmetered.scan().table_name(&self.at.orders);
        let items: Vec<_> = scan.into_paginator().items().send().try_collect().await?;
        let announced = items.into_iter().filter(is_followed);
        let changes = self.functions.stream.since(announced);
        for records in changes.records.chunks(STREAM_BATCH) {
            let is_order = |record: &&Value| record["dynamodb"]["Keys"]["sk"]["S"] == "ORDER";
            let orders: Vec<&Value> = records.iter().filter(is_order).collect();
            let batch = |records: Value| serde_json::from_value(json!({"Records": records}));
            MEMORY.reset_peak_usage();
            let started = Instant::now();
            reserve_stock::handle(&self.functions.reserve_stock, batch(json!(orders))?).await?;
            self.note("reserve-stock", started).await?;
            let started = Instant::now();
            announce_changes::handle(&self.functions.announce_changes, batch(json!(records))?)
                .await?;
            self.note("announce-changes", started).await?;
        }
        let any = !changes.records.is_empty();
        self.functions.stream.reported(changes);
        Ok(any)
    }

    /// Adds an invocation that has just ended, with what the meter counted since the one before.
    async fn note(&mut self, function: &'static str, started: Instant) -> Result<()> {
        let milliseconds = started.elapsed().as_secs_f64() * 1_000.0;
        let peak_mb = MEMORY.peak_usage_as_mb();
        let units = self.units().await?;
        self.forget_units().await?;
        let effort = self.efforts.entry(function).or_default();
        effort.invocations += 1;
        effort.milliseconds += milliseconds;
        effort.peak_mb = effort.peak_mb.max(peak_mb);
        add(&mut effort.units, &units);
        Ok(())
    }

    async fn forget_units(&self) -> Result<()> {
        let url = format!("{}{SUMS}", self.at.dynamodb);
        self.http.delete(url).send().await?.error_for_status()?;
        Ok(())
    }

    /// Resets all counters.
    pub(crate) async fn forget(&mut self) -> Result<()> {
        self.efforts.clear();
        self.forget_units().await?;
        for url in [
            format!("{}{COUNTS}", self.at.aws),
            format!("{}/_sandbox/calls/log", self.at.amazon),
        ] {
            self.http.delete(url).send().await?.error_for_status()?;
        }
        Ok(())
    }

    /// What was counted since the counters were reset.
    pub(crate) async fn phase(&self, name: &str, changed: u32) -> Result<Phase> {
        let efforts = self.efforts.iter();
        let mut units = Sums::default();
        for effort in self.efforts.values() {
            add(&mut units, &effort.units);
        }
        Ok(Phase {
            name: name.to_owned(),
            changed,
            sp_api_calls: self.calls().await?,
            units,
            queue_requests: self.counts(|name| name.contains("Message")).await?,
            events: self
                .counts(|name| name == EVENTS)
                .await?
                .into_values()
                .sum(),
            functions: efforts
                .map(|(name, effort)| ((*name).to_owned(), effort.clone()))
                .collect(),
        })
    }

    /// What DynamoDB consumed since the counters were reset.
    pub(crate) async fn units(&self) -> Result<Sums> {
        let url = format!("{}{SUMS}", self.at.dynamodb);
        Ok(self.http.get(url).send().await?.json().await?)
    }

    async fn counts(&self, which: impl Fn(&str) -> bool) -> Result<BTreeMap<String, u64>> {
        let url = format!("{}{COUNTS}", self.at.aws);
        let all: BTreeMap<String, u64> = self.http.get(url).send().await?.json().await?;
        Ok(all.into_iter().filter(|(name, _)| which(name)).collect())
    }

    /// Calls of Amazon by operation.
    async fn calls(&self) -> Result<BTreeMap<String, u64>> {
        let url = format!("{}/_sandbox/calls", self.at.amazon);
        let calls: BTreeMap<String, Value> = self.http.get(url).send().await?.json().await?;
        Ok(calls
            .into_iter()
            .map(|(name, calls)| (name, calls["count"].as_u64().unwrap_or_default()))
            .filter(|(_, count)| *count > 0)
            .collect())
    }
}

fn message((n, body): (usize, String)) -> SqsMessage {
    let mut message = SqsMessage::default();
    message.message_id = Some(n.to_string());
    message.receipt_handle = Some(n.to_string());
    message.body = Some(body);
    message
}

/// A request to the API.
pub(crate) struct ApiRequest<'a> {
    pub(crate) method: &'a str,
    /// With its query.
    pub(crate) path: &'a str,
    pub(crate) scope: &'a str,
    /// JSON.
    pub(crate) body: String,
}

impl ApiRequest<'_> {
    fn event(&self) -> Result<LambdaRequest> {
        let Self {
            method,
            path,
            scope,
            body,
        } = self;
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let route = format!("{method} {path}");
        let event = json!({
            "version": "2.0",
            "routeKey": route,
            "rawPath": path,
            "rawQueryString": query,
            "headers": {"content-type": "application/json"},
            "requestContext": {
                "accountId": "000000000000", "apiId": "bench", "stage": "$default", "requestId": "1",
                "routeKey": route, "time": "01/Jan/2026:00:00:00 +0000", "timeEpoch": 0,
                "http": {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1", "userAgent": "bench"},
                "authorizer": {"jwt": {"claims": {"tenant": "bench", "scope": scope}, "scopes": [scope]}},
            },
            "body": body,
            "isBase64Encoded": false,
        });
        Ok(serde_json::from_value(event)?)
    }
}

/// What the stream's filters in the template let pass.
fn is_followed(item: &HashMap<String, AttributeValue>) -> bool {
    let text = |name| item.get(name).and_then(|value| value.as_s().ok());
    let settled = ["confirmed", "refused", "unknown"];
    match text("sk").map(String::as_str) {
        Some("ORDER") => true,
        Some(key) if key.starts_with("DISPATCH#") => {
            text("state").is_some_and(|state| settled.contains(&state.as_str()))
        }
        _ => false,
    }
}
