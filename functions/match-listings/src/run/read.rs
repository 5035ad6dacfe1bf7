//! The reports, read twice and never held. The first time shows which SKUs there are, in which marketplaces; only once all of
//! them were read to their end is anything written, so a report that broke off does no harm. The second time places
//! the listings, each once.

mod reading;

pub(super) use reading::{Reading, Source};

use super::request::CallResult;
use super::sightings::Sightings;
use super::spelling::Garbled;
use super::{Run, RunOutcome};
use jiff::Timestamp;
use reading::doubt;
use stallkeeper::domain::marketplace::Marketplace;
use stallkeeper::error::{Error, Result};
use stallkeeper::queue::ListingJob;
use stallkeeper::sp_api::Download;
use stallkeeper::sp_api::listings_report::{ListingRow, ListingsReader};
use stallkeeper::store::{ListingCounts, Standings};
use std::time::{Duration, Instant};
use tracing::info;

/// How many lines are placed side by side.
const ROWS: usize = 500;
/// How long an address of a document is used; it is valid for five minutes.
const ADDRESS_LIFETIME: Duration = Duration::from_secs(200);

/// How far the first reading came.
enum Surveyed {
    /// All reports were read to their end.
    Whole,
    /// One of them cannot be read: the others are read without it.
    SetAside,
    /// It ends here.
    End(RunOutcome),
}

impl Run<'_> {
    /// Reads all reports, places what they hold and what they lack, and counts. `None`: one of them is set aside, and the
    /// others are to be read without it.
    pub(super) async fn match_reports(
        &mut self,
        marketplaces: &[Marketplace],
        guards: &[Marketplace],
    ) -> Result<Option<RunOutcome>> {
        let mut reading = self.reading(marketplaces, guards).await?;
        match self.survey(&mut reading).await? {
            Surveyed::Whole => {}
            Surveyed::SetAside => return Ok(None),
            Surveyed::End(end) => return Ok(Some(end)),
        }
        if let Some(end) = self.weigh(&mut reading).await? {
            return Ok(Some(end));
        }
        self.place_all(reading).await.map(Some)
    }

    async fn place_all(&mut self, mut reading: Reading) -> Result<RunOutcome> {
        let Some(missing) = self.mark_products(&mut reading).await? else {
            return Ok(RunOutcome::Continue(0));
        };
        if let Some(end) = self.prove_spellings(&mut reading).await? {
            return Ok(end);
        }
        if !self.place_absent(&mut reading).await? {
            return Ok(RunOutcome::Continue(0));
        }
        if let Some(end) = self.place_present(&mut reading).await? {
            return Ok(end);
        }
        self.forget_superseded(&mut reading).await?;
        if missing && !reading.may_lack && !self.insert_missing(&mut reading).await? {
            return Ok(RunOutcome::Continue(0));
        }
        self.catch_up(&reading).await?;
        self.finish(reading);
        Ok(RunOutcome::Done)
    }

    /// Settings published while the reports were read had the listings matched by then computed again: the rest
    /// follows. So does, once, what was published of prices alone: no listing shows whether it was computed by that.
    async fn catch_up(&mut self, reading: &Reading) -> Result<()> {
        let key = &self.connection.key();
        let plan = self.app.store.stock_plan(key).await?;
        let Some(now) = plan.in_force() else {
            return Ok(());
        };
        let of_prices = now.of_prices_alone() > 0;
        let computed_by = self.matching.computed_by.replace(now.generation);
        let is_computed = !of_prices || computed_by == Some(now.generation);
        if is_computed && Some(now) == reading.published.as_ref() {
            return Ok(());
        }
        let all = ListingJob::RecomputeAll {
            connection: key.clone(),
            after: None,
            hop: 0,
        };
        self.app.jobs.send(&key.id, all, 0).await
    }

    async fn reading(
        &self,
        marketplaces: &[Marketplace],
        guards: &[Marketplace],
    ) -> Result<Reading> {
        let key = &self.connection.key();
        let reports = &self.matching.reports;
        let report = |marketplace: &Marketplace| {
            let mut reports = reports.iter().filter(|it| it.failed.is_none());
            reports.find(|report| report.marketplace == *marketplace)
        };
        let source = |marketplace: &Marketplace| {
            let report = report(marketplace)?;
            Some(Source {
                guard: guards.contains(marketplace),
                letters: None,
                marketplace: *marketplace,
                document: report.document_id.clone()?,
                made_at: report.made_at?,
                address: None,
                listings: 0,
                doubt: None,
            })
        };
        let all = marketplaces.iter().chain(guards);
        let sources: Vec<Source> = all.clone().filter_map(source).collect();
        let is_read = |it: &&Marketplace| sources.iter().any(|source| source.marketplace == **it);
        let unread: Vec<Marketplace> = marketplaces
            .iter()
            .filter(|it| !is_read(it))
            .copied()
            .collect();
        // Amazon cancels a report if nothing is listed there.
        let is_empty = |it: &Marketplace| {
            let known = self.matching.reports_of(*it);
            report(it).is_some() && known.is_none_or(|known| known.listings == 0)
        };
        let plan = self.app.store.stock_plan(key).await?;
        let rules = self.app.store.rules_in_force(key, &plan).await?;
        Ok(Reading {
            may_lack: !unread.iter().all(is_empty),
            proves_merchant: all.filter(|it| !is_read(it)).all(is_empty),
            uncertain: unread,
            garbled: Garbled::default(),
            sources,
            sightings: Sightings::default(),
            counts: ListingCounts::default(),
            superseded: Vec::new(),
            unreadable: 0,
            published: plan.in_force().cloned(),
            quantities_from: plan.published.as_ref().map(|it| it.quantities().at),
            in_force: plan
                .in_force()
                .filter(|_| self.connection.status.fetches_orders())
                .cloned(),
            priced: rules.priced(&self.app.store.marketplaces(key).await?),
            standings: Standings::new(&self.app.store, key),
        })
    }

    /// Reads all reports to their end, and proves whose they are.
    async fn survey(&mut self, reading: &mut Reading) -> Result<Surveyed> {
        let mut unproved = None;
        for place in 0..reading.sources.len() {
            let marketplace = reading.sources[place].marketplace;
            let first = match self.survey_source(reading, place).await {
                Ok(CallResult::Answered(Some(first))) => first,
                Ok(CallResult::Answered(None)) => {
                    return Ok(Surveyed::End(RunOutcome::Continue(0)));
                }
                Ok(CallResult::Limited(seconds)) => {
                    return Ok(Surveyed::End(RunOutcome::Continue(seconds)));
                }
                Err(error) => return self.leave_out(marketplace, error).await,
            };
            match self.prove_seller(marketplace, &first).await? {
                CallResult::Answered(None) => {}
                CallResult::Answered(why) => unproved = unproved.or(why),
                CallResult::Limited(seconds) => {
                    return Ok(Surveyed::End(RunOutcome::Continue(seconds)));
                }
            }
        }
        let seller = self.session.seller().await?;
        Ok(match unproved {
            Some(why) if self.matching.proved_seller.as_ref() != Some(seller) => {
                Surveyed::End(RunOutcome::Failed(why))
            }
            _ => Surveyed::Whole,
        })
    }

    /// Reads one report to its end; its first SKUs. `None`: time ran out.
    async fn survey_source(
        &mut self,
        reading: &mut Reading,
        place: usize,
    ) -> Result<CallResult<Option<Vec<String>>>> {
        let mut download = match self.open(reading, place).await? {
            CallResult::Limited(seconds) => return Ok(CallResult::Limited(seconds)),
            CallResult::Answered(download) => download,
        };
        let marketplace = reading.sources[place].marketplace;
        let mut reader = ListingsReader::new(download.content_type(), marketplace);
        let mut first: Vec<String> = Vec::new();
        let mut see = |row: ListingRow| reading.survey_row(place, &row, &mut first);
        while let Some(bytes) = download.next().await? {
            reader.push(&bytes, &mut see)?;
            if crate::is_late(self.deadline) {
                return Ok(CallResult::Answered(None));
            }
        }
        let (lacks, letters) = (reader.lacks(), reader.letters());
        let counts = reader.finish(&mut see)?;
        reading.unreadable += counts.bad_rows;
        let source = &mut reading.sources[place];
        source.letters = letters;
        source.doubt = source.doubt.take().or_else(|| doubt(&counts, lacks));
        Ok(CallResult::Answered(Some(first)))
    }

    /// Leaves out a report that cannot be read, and reads the others from the beginning.
    async fn leave_out(&mut self, marketplace: Marketplace, error: Error) -> Result<Surveyed> {
        let reports = &self.matching.reports;
        let place = reports.iter().position(|it| it.marketplace == marketplace);
        let Some(place) = place else {
            return Err(error);
        };
        self.set_aside(place, error).await?;
        Ok(Surveyed::SetAside)
    }

    /// Reads all reports again and places their listings.
    async fn place_present(&mut self, reading: &mut Reading) -> Result<Option<RunOutcome>> {
        for place in 0..reading.sources.len() {
            if reading.sources[place].guard {
                continue;
            }
            let marketplace = reading.sources[place].marketplace;
            match self.place_source(reading, place).await {
                Ok(None) => {}
                Ok(Some(end)) => return Ok(Some(end)),
                Err(error) => {
                    self.leave_out(marketplace, error).await?;
                    return Ok(Some(RunOutcome::Continue(0)));
                }
            }
        }
        Ok(None)
    }

    async fn place_source(
        &mut self,
        reading: &mut Reading,
        place: usize,
    ) -> Result<Option<RunOutcome>> {
        let mut download = match self.open(reading, place).await? {
            CallResult::Limited(seconds) => return Ok(Some(RunOutcome::Continue(seconds))),
            CallResult::Answered(download) => download,
        };
        let marketplace = reading.sources[place].marketplace;
        let mut reader = ListingsReader::new(download.content_type(), marketplace);
        let mut rows = Vec::new();
        while let Some(bytes) = download.next().await? {
            reader.push(&bytes, |row| rows.push(row))?;
            while rows.len() >= ROWS {
                let rest = rows.split_off(ROWS);
                let batch = std::mem::replace(&mut rows, rest);
                self.place_rows(reading, place, batch).await?;
            }
            if crate::is_late(self.deadline) {
                return Ok(Some(RunOutcome::Continue(0)));
            }
        }
        reader.finish(|row| rows.push(row))?;
        self.place_rows(reading, place, rows).await?;
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
        opened.map(CallResult::Answered)
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
        self.matching.unreadable_lines = reading.unreadable;
        self.note_sources(&reading);
        self.matching.counts = reading.counts;
        self.end_reports();
    }
}
