//! The reports, read twice and never held. The first time shows which SKUs there are, in which marketplaces; only once all of
//! them were read to their end is anything written, so a report that broke off does no harm. The second time places
//! the listings, each once.

use super::request::CallResult;
use super::sightings::{Mark, Sightings};
use super::{Run, RunOutcome};
use crate::standings::Standings;
use jiff::Timestamp;
use stallkeeper::domain::connection::priced;
use stallkeeper::domain::ids::AmazonSku;
use stallkeeper::domain::marketplace::Marketplace;
use stallkeeper::domain::stock_settings::Published;
use stallkeeper::error::{Class, Result};
use stallkeeper::queue::ListingJob;
use stallkeeper::sp_api::listings_report::{Fulfilment, ListingRow, ListingsReader};
use stallkeeper::sp_api::{DocumentAddress, Download};
use stallkeeper::store::ListingCounts;
use std::time::{Duration, Instant};
use tracing::info;

/// How many lines are placed side by side.
const ROWS: usize = 500;
/// How long an address of a document is used; it is valid for five minutes.
const ADDRESS_LIFETIME: Duration = Duration::from_secs(200);
/// How many listings the seller is proved by, if one after the other is gone.
const PROOFS: usize = 3;

/// A report that is there to be read.
pub(super) struct Source {
    pub(super) marketplace: Marketplace,
    document: String,
    pub(super) made_at: Timestamp,
    address: Option<(Instant, DocumentAddress)>,
}

/// What a run knows while it reads.
pub(super) struct Reading {
    pub(super) sources: Vec<Source>,
    /// Marketplaces that Amazon made no report of: what is known of them is kept.
    pub(super) unread: Vec<Marketplace>,
    pub(super) sightings: Sightings,
    pub(super) counts: ListingCounts,
    /// Products that belong to a listing of another spelling, and were listed as not on Amazon until now.
    pub(super) superseded: Vec<AmazonSku>,
    unreadable: u64,
    /// The settings by which quantities are computed, if they are at all.
    pub(super) in_force: Option<Published>,
    /// The generation of the settings in force, whether or not the connection is switched on.
    published: Option<u64>,
    /// Marketplaces whose prices are ours to send.
    pub(super) priced: Vec<Marketplace>,
    pub(super) standings: Standings,
}

impl Reading {
    /// Where a SKU is listed; what is known of marketplaces that were not read is kept.
    pub(super) fn marketplaces(&self, sku: &str, known: &[Marketplace]) -> Vec<Marketplace> {
        let seen = self.sightings.places(sku);
        let seen = seen.filter_map(|place| self.sources.get(place));
        let mut marketplaces: Vec<Marketplace> = seen.map(|source| source.marketplace).collect();
        marketplaces.extend(
            self.unread
                .iter()
                .filter(|marketplace| known.contains(marketplace)),
        );
        marketplaces.sort();
        marketplaces
    }
}

impl Run<'_> {
    /// Reads all reports, places what they hold and what they lack, and counts.
    pub(super) async fn match_reports(
        &mut self,
        marketplaces: &[Marketplace],
    ) -> Result<RunOutcome> {
        let mut reading = self.reading(marketplaces).await?;
        if let Some(end) = self.survey(&mut reading).await? {
            return Ok(end);
        }
        let Some(missing) = self.mark_products(&mut reading).await? else {
            return Ok(RunOutcome::Continue(0));
        };
        if !self.place_absent(&mut reading).await? {
            return Ok(RunOutcome::Continue(0));
        }
        if let Some(end) = self.place_present(&mut reading).await? {
            return Ok(end);
        }
        self.forget_superseded(&mut reading).await?;
        if missing && !self.insert_missing(&mut reading).await? {
            return Ok(RunOutcome::Continue(0));
        }
        self.catch_up(&reading).await?;
        self.finish(reading);
        Ok(RunOutcome::Done)
    }

    /// Settings published while the reports were read had the listings matched by then computed again: the rest
    /// follows.
    async fn catch_up(&self, reading: &Reading) -> Result<()> {
        let key = &self.connection.key();
        let generation = |published: &Published| published.generation;
        let plan = self.app.store.stock_plan(key).await?;
        let now = plan.in_force().map(generation);
        if now.is_none() || now == reading.published {
            return Ok(());
        }
        let all = ListingJob::RecomputeAll {
            connection: key.clone(),
            after: None,
            hop: 0,
        };
        self.app.jobs.send(&key.id, all, 0).await
    }

    async fn reading(&self, marketplaces: &[Marketplace]) -> Result<Reading> {
        let key = &self.connection.key();
        let reports = &self.matching.reports;
        let source = |marketplace: &Marketplace| {
            let report = reports
                .iter()
                .find(|report| report.marketplace == *marketplace)?;
            Some(Source {
                marketplace: *marketplace,
                document: report.document_id.clone()?,
                made_at: report.made_at?,
                address: None,
            })
        };
        let sources: Vec<Source> = marketplaces.iter().filter_map(source).collect();
        let read = |marketplace: &Marketplace| {
            sources
                .iter()
                .any(|source| source.marketplace == *marketplace)
        };
        let plan = self.app.store.stock_plan(key).await?;
        Ok(Reading {
            unread: marketplaces
                .iter()
                .filter(|it| !read(it))
                .copied()
                .collect(),
            sources,
            sightings: Sightings::default(),
            counts: ListingCounts::default(),
            superseded: Vec::new(),
            unreadable: 0,
            published: plan.in_force().map(|published| published.generation),
            in_force: plan
                .in_force()
                .filter(|_| self.connection.status.fetches_orders())
                .cloned(),
            priced: priced(&self.app.store.marketplaces(key).await?),
            standings: Standings::new(&self.app.store, key),
        })
    }

    /// Reads all reports to their end, and proves whose they are.
    async fn survey(&mut self, reading: &mut Reading) -> Result<Option<RunOutcome>> {
        for place in 0..reading.sources.len() {
            let mut download = match self.open(reading, place).await? {
                CallResult::Limited(seconds) => return Ok(Some(RunOutcome::Continue(seconds))),
                CallResult::Answered(download) => download,
            };
            let marketplace = reading.sources[place].marketplace;
            let mut reader = ListingsReader::new(download.content_type(), marketplace);
            let mut first: Vec<String> = Vec::new();
            let mut see = |row: ListingRow| reading.survey_row(place, &row, &mut first);
            while let Some(bytes) = self.noted(download.next().await)? {
                self.noted(reader.push(&bytes, &mut see))?;
                if crate::is_late(self.deadline) {
                    return Ok(Some(RunOutcome::Continue(0)));
                }
            }
            let counts = self.noted(reader.finish(&mut see))?;
            reading.unreadable += counts.bad_rows;
            if let Some(end) = self.prove_seller(marketplace, &first).await? {
                return Ok(Some(end));
            }
        }
        Ok(None)
    }

    /// Reads all reports again and places their listings.
    async fn place_present(&mut self, reading: &mut Reading) -> Result<Option<RunOutcome>> {
        for place in 0..reading.sources.len() {
            let mut download = match self.open(reading, place).await? {
                CallResult::Limited(seconds) => return Ok(Some(RunOutcome::Continue(seconds))),
                CallResult::Answered(download) => download,
            };
            let marketplace = reading.sources[place].marketplace;
            let mut reader = ListingsReader::new(download.content_type(), marketplace);
            let mut rows = Vec::new();
            while let Some(bytes) = self.noted(download.next().await)? {
                self.noted(reader.push(&bytes, |row| rows.push(row)))?;
                while rows.len() >= ROWS {
                    let rest = rows.split_off(ROWS);
                    let batch = std::mem::replace(&mut rows, rest);
                    self.place_rows(reading, place, batch).await?;
                }
                if crate::is_late(self.deadline) {
                    return Ok(Some(RunOutcome::Continue(0)));
                }
            }
            self.noted(reader.finish(|row| rows.push(row)))?;
            self.place_rows(reading, place, rows).await?;
        }
        Ok(None)
    }

    async fn open(&mut self, reading: &mut Reading, place: usize) -> Result<CallResult<Download>> {
        let source = &mut reading.sources[place];
        source.address = source
            .address
            .take()
            .filter(|(asked_at, _)| asked_at.elapsed() < ADDRESS_LIFETIME);
        if source.address.is_none() {
            match self.address(&source.document).await? {
                CallResult::Limited(seconds) => return Ok(CallResult::Limited(seconds)),
                CallResult::Answered(address) => source.address = Some((Instant::now(), address)),
            }
        }
        let Some((_, address)) = &source.address else {
            return Ok(CallResult::Limited(1));
        };
        let opened = self.app.amazon.open_document(address).await;
        self.noted(opened).map(CallResult::Answered)
    }

    /// Notes that it is a report that fails.
    fn noted<T>(&mut self, read: Result<T>) -> Result<T> {
        if let Err(error) = &read {
            self.reports_broke |= error.class() == Class::Retryable;
        }
        read
    }

    fn finish(&mut self, reading: Reading) {
        let id = &self.connection.id;
        let counts = &reading.counts;
        info!(
            connection.id = %id, listings.matched = counts.matched, listings.case_mismatch = counts.case_mismatch,
            listings.fulfilled_by_amazon = counts.fulfilled_by_amazon, listings.not_on_amazon = counts.not_on_amazon,
            listings.unknown_here = counts.unknown_here, lines.unreadable = reading.unreadable,
            "matched the listings of connection `{id}`"
        );
        self.matching.observed_at = reading.sources.iter().map(|source| source.made_at).min();
        self.matching.done_at =
            Some(Timestamp::now().max(self.matching.started_at.unwrap_or_default()));
        self.matching.counts = reading.counts;
        self.matching.unreadable_lines = reading.unreadable;
        self.matching.reports.clear();
        self.matching.tries = 0;
    }
}

impl Reading {
    fn survey_row(&mut self, place: usize, row: &ListingRow, first: &mut Vec<String>) {
        if row.sku.parse::<AmazonSku>().is_err() {
            self.unreadable += 1;
            return;
        }
        if matches!(row.fulfilment, Fulfilment::Unknown(_)) {
            // It is there; whether a quantity may be sent is not known: it is left as it is.
            self.unreadable += 1;
        }
        if first.len() < PROOFS {
            first.push(row.sku.clone());
        }
        self.sightings.see(place, row);
    }

    /// Whether a line says who fulfils its listing, or another line of the same SKU does.
    pub(super) fn is_clear(&self, sku: &str) -> bool {
        self.sightings.has(sku, Mark::ByAmazon) || self.sightings.has(sku, Mark::ByMerchant)
    }
}
