//! The phases: a catalogue goes in and is matched; then the same levels again, a hundredth changed, all changed.

use crate::report::{Phase, Report};
use crate::seller::{MARKETPLACE, SELLER};
use crate::shop::{BEFORE, Shop};
use crate::{StockArguments, lines};
use anyhow::{Result, ensure};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

pub(crate) async fn run(arguments: &StockArguments) -> Result<()> {
    let feed = lines::feed()?;
    let report = lines::report(arguments.report_lines)?;
    let (mut shop, _child) = Shop::open(arguments.listings, &[MARKETPLACE]).await?;
    let phases = shop.phases().await?;
    shop.bar.finish_and_clear();
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

impl Shop {
    async fn phases(&mut self) -> Result<Vec<Phase>> {
        self.connect().await?;
        // All orders up to now are known, so that increases need not wait.
        let (now, store) = (Timestamp::now(), &self.bench.functions.store);
        store
            .lease_order_cursor(&self.connection, "bench", now, now, now)
            .await?;
        let start = Timestamp::now().checked_sub(SignedDuration::from_hours(2))?;
        let mut phases = Vec::new();
        self.begin("products go in").await?;
        self.products().await?;
        phases.push(self.end("products go in", self.listings, 0).await?);

        self.begin("matching").await?;
        self.matching().await?;
        phases.push(
            self.end("matching, the first time", self.listings, 0)
                .await?,
        );
        self.begin("matching again").await?;
        self.matching().await?;
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
}
