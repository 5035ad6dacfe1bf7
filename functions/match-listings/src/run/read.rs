//! The reports, read twice and never held. The first time shows which SKUs there are, in which marketplaces; only once all of
//! them were read to their end is anything written, so a report that broke off does no harm. The second time places
//! the listings, each once.

use super::decide::{Seen, Shown};
use super::request::CallResult;
use super::sightings::{Mark, Sightings};
use super::spelling::Garbled;
use super::{Run, RunOutcome};
use crate::standings::Standings;
use jiff::Timestamp;
use stallkeeper::domain::connection::priced;
use stallkeeper::domain::ids::AmazonSku;
use stallkeeper::domain::listing::{Listing, ListingState};
use stallkeeper::domain::marketplace::Marketplace;
use stallkeeper::domain::stock_settings::Published;
use stallkeeper::error::{Error, Result};
use stallkeeper::queue::ListingJob;
use stallkeeper::sp_api::listings_report::{
    Counts, Fulfilment, Letters, ListingRow, ListingsReader,
};
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
    /// Listings in it.
    pub(super) listings: u64,
    /// Why it may not be whole, in words: then nothing is concluded from what it lacks.
    pub(super) doubt: Option<String>,
    /// Of a marketplace that is not switched on: it only shows what Amazon fulfils there.
    pub(super) guard: bool,
    /// In which letters it is written, if those that they lack come as `?`.
    pub(super) letters: Option<Letters>,
}

/// How far the first reading came.
enum Surveyed {
    /// All reports were read to their end.
    Whole,
    /// One of them cannot be read: the others are read without it.
    SetAside,
    /// It ends here.
    End(RunOutcome),
}

/// Why a report may not be whole.
fn doubt(counts: &Counts, lacks: Option<&str>) -> Option<String> {
    if let Some(column) = lacks {
        return Some(format!("it has no column `{column}`"));
    }
    let first: Vec<String> = counts
        .bad_lines
        .iter()
        .take(5)
        .map(u64::to_string)
        .collect();
    (counts.bad_rows > 0).then(|| {
        format!(
            "{} of its lines cannot be read (line {})",
            counts.bad_rows,
            first.join(", ")
        )
    })
}

/// What a run knows while it reads.
pub(super) struct Reading {
    pub(super) sources: Vec<Source>,
    /// Marketplaces without a report, or with one that may not be whole: what is known of them is kept.
    pub(super) uncertain: Vec<Marketplace>,
    /// A listing that no report has may be on one of those all the same.
    pub(super) may_lack: bool,
    /// All reports were whole, those of marketplaces that are not switched on too: what none shows as Amazon's to fulfil is not.
    pub(super) proves_merchant: bool,
    pub(super) garbled: Garbled,
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
    /// Where a SKU is listed; what is known of marketplaces whose report is missing or may not be whole is kept.
    pub(super) fn marketplaces(&self, sku: &str, known: &[Marketplace]) -> Vec<Marketplace> {
        let seen = self.sightings.places(sku);
        let seen = seen.filter_map(|place| self.sources.get(place));
        let mut marketplaces: Vec<Marketplace> = seen.map(|source| source.marketplace).collect();
        let kept = self.uncertain.iter().filter(|it| known.contains(it));
        marketplaces.extend(kept);
        marketplaces.sort();
        marketplaces.dedup();
        marketplaces
    }

    /// What the reports show of a SKU; `at`: when that report was made which is read now.
    pub(super) fn seen(&self, sku: &AmazonSku, known: Option<&Listing>, at: Timestamp) -> Seen {
        let text = sku.as_str();
        let was_amazons = known.is_some_and(|it| it.state == ListingState::FulfilledByAmazon);
        let by_amazon = self.sightings.has(text, Mark::ByAmazon);
        let shown = self.sightings.quantities(text).into_iter();
        let shown = shown.filter_map(|(place, quantity)| {
            let source = self.sources.get(place)?;
            Some(Shown {
                marketplace: source.marketplace,
                quantity,
                at: source.made_at,
            })
        });
        Seen {
            marketplaces: self.marketplaces(text, known.map_or(&[], |known| &known.marketplaces)),
            by_amazon: by_amazon || was_amazons && !self.proves_merchant,
            open: self.sightings.has(text, Mark::Open),
            shown: shown.collect(),
            at,
        }
    }

    /// Whether quantities are sent, so that reports show whether somebody else changes them.
    pub(super) fn sends(&self) -> bool {
        let in_force = self.in_force.as_ref();
        in_force.is_some_and(|published| !published.shadow)
    }

    /// Whether a listing that no report has may be there all the same.
    pub(super) fn may_be_there(&self, known: &Listing) -> bool {
        if self.garbled.is_unproved(&known.amazon_sku) {
            return true;
        }
        let nowhere = known.marketplaces.is_empty() && known.state != ListingState::NotOnAmazon;
        nowhere && self.may_lack || !self.marketplaces("", &known.marketplaces).is_empty()
    }
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

impl Reading {
    fn survey_row(&mut self, place: usize, row: &ListingRow, first: &mut Vec<String>) {
        if row.sku.parse::<AmazonSku>().is_err() {
            self.unreadable += 1;
            return;
        }
        let source = &mut self.sources[place];
        if row.sku.contains(char::REPLACEMENT_CHARACTER) {
            source.doubt = Some("letters of its SKUs are lost".to_owned());
            self.unreadable += 1;
            return;
        }
        if source.guard {
            source.listings += 1;
            if matches!(row.fulfilment, Fulfilment::Amazon(_)) {
                self.sightings.mark(&row.sku, Mark::ByAmazon);
            }
            return;
        }
        if matches!(row.fulfilment, Fulfilment::Unknown(_)) {
            // It is there; whether a quantity may be sent is not known: it is left as it is.
            self.unreadable += 1;
        }
        if first.len() < PROOFS {
            first.push(row.sku.clone());
        } else if let Some(odd) = first.iter_mut().find(|it| it.contains('?')) {
            // Letters may be lost in it.
            odd.clone_from(&row.sku);
        }
        if self.sightings.see(place, row) {
            source.listings += 1;
        }
    }

    /// Whether a line says who fulfils its listing, or another line of the same SKU does.
    pub(super) fn is_clear(&self, sku: &str) -> bool {
        self.sightings.has(sku, Mark::ByAmazon) || self.sightings.has(sku, Mark::ByMerchant)
    }
}
