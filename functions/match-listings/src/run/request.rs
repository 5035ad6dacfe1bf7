//! What Amazon is asked for before anything is read: reports, how far they are, where they can be downloaded, and whether
//! the seller is who the connection says. All within Amazon's limits.

use super::{LONGEST_WAIT, Run, RunOutcome};
use jiff::SignedDuration;
use stallkeeper::domain::ids::AmazonSku;
use stallkeeper::domain::marketplace::Marketplace;
use stallkeeper::error::{Class, Error, Result};
use stallkeeper::seller_session::{CallOutcome, Waiting};
use stallkeeper::sp_api::{self, Account, Answer, DocumentAddress, ListingsData, Operation, SpApi};
use stallkeeper::sp_api::{ProcessingState, ProcessingStatus, ReportType};
use stallkeeper::store::ReportJob;
use std::time::Duration;

/// How long to wait for reports, by how often we looked; Amazon takes minutes, more in busy hours.
const WAITS: [u32; 6] = [10, 20, 30, 60, 120, 300];
/// How long those that are there wait for the others.
const STRAGGLERS_WAIT: SignedDuration = SignedDuration::from_hours(2);
/// After a 429.
const LIMITED: u32 = 60;

/// What a call within Amazon's limits came to.
pub(super) enum CallResult<T> {
    Answered(T),
    /// Not before so many seconds.
    Limited(u32),
}

impl Run<'_> {
    /// Asks for the reports of `due` that are not asked for yet, and how far the others are. `None`: all that come are there,
    /// one of `marketplaces` at least.
    pub(super) async fn ask(
        &mut self,
        due: &[Marketplace],
        marketplaces: &[Marketplace],
        hop: u32,
    ) -> Result<Option<RunOutcome>> {
        self.matching
            .reports
            .retain(|report| due.contains(&report.marketplace));
        for marketplace in due {
            let place = self.place_of(*marketplace);
            let report = &self.matching.reports[place];
            if report.report_id.is_some() || report.failed.is_some() {
                continue;
            }
            let create = async |amazon: &SpApi, account: Account<'_>| {
                let kind = ReportType::AllListings;
                amazon.create_report(&account, kind, *marketplace).await
            };
            match self.within(Operation::CreateReport, create).await {
                Ok(CallResult::Limited(seconds)) => {
                    return Ok(Some(RunOutcome::Continue(seconds)));
                }
                Ok(CallResult::Answered(id)) => {
                    self.matching.reports[place].report_id = Some(id);
                    self.keep().await?;
                }
                Err(error) => self.set_aside(place, error).await?,
            }
        }
        self.look(marketplaces, hop).await
    }

    /// Where in the list a marketplace's report is; a new one that is not asked for yet if there is none.
    fn place_of(&mut self, marketplace: Marketplace) -> usize {
        let reports = &mut self.matching.reports;
        let known = reports.iter().position(|it| it.marketplace == marketplace);
        known.unwrap_or_else(|| {
            reports.push(ReportJob {
                marketplace,
                report_id: None,
                document_id: None,
                made_at: None,
                failed: None,
                tries: 0,
            });
            reports.len() - 1
        })
    }

    async fn look(&mut self, marketplaces: &[Marketplace], hop: u32) -> Result<Option<RunOutcome>> {
        for place in 0..self.matching.reports.len() {
            let report = &self.matching.reports[place];
            let Some(id) = report.report_id.clone().filter(|_| report.is_awaited()) else {
                continue;
            };
            let look =
                async |amazon: &SpApi, account: Account<'_>| amazon.get_report(&account, &id).await;
            match self.within(Operation::GetReport, look).await {
                Ok(CallResult::Limited(seconds)) => {
                    return Ok(Some(RunOutcome::Continue(seconds)));
                }
                Ok(CallResult::Answered(status)) => self.note_status(place, status).await?,
                Err(error) => self.set_aside(place, error).await?,
            }
        }
        let reports = &self.matching.reports;
        if reports.iter().any(ReportJob::is_awaited) {
            let there = reports.iter().any(|it| it.document_id.is_some());
            let patience = if there { STRAGGLERS_WAIT } else { LONGEST_WAIT };
            if self.waited() <= patience {
                let looked = usize::try_from(hop).unwrap_or(usize::MAX);
                return Ok(Some(RunOutcome::Continue(
                    WAITS[looked.min(WAITS.len() - 1)],
                )));
            }
            for report in self
                .matching
                .reports
                .iter_mut()
                .filter(|it| it.is_awaited())
            {
                report.failed = Some("Amazon did not make it in time".into());
            }
            self.keep().await?;
        }
        let reports = self.matching.reports.iter();
        let reports: Vec<&ReportJob> = reports
            .filter(|it| marketplaces.contains(&it.marketplace))
            .collect();
        if reports
            .iter()
            .any(|it| it.document_id.is_some() && it.failed.is_none())
        {
            return Ok(None);
        }
        if reports.iter().all(|it| it.failed.is_none()) {
            let why = "Amazon cancelled its reports, as it does if nothing is listed";
            return Ok(Some(RunOutcome::Failed(why.into())));
        }
        Ok(Some(RunOutcome::Failed(self.failures(marketplaces))))
    }

    /// Notes how far Amazon is with a report, if it is done with it one way or another.
    async fn note_status(&mut self, place: usize, status: ProcessingState) -> Result<()> {
        let made_at = status.processing_end.unwrap_or(status.created_at);
        let report = &self.matching.reports[place];
        let before = self.matching.reports_of(report.marketplace);
        let newer = before
            .and_then(|it| it.read_at)
            .filter(|read| *read > made_at);
        let failed = match (done(&status), newer) {
            (Ok(false), _) => return Ok(()),
            (Ok(true), None) => None,
            (Ok(true), Some(read)) => Some(format!(
                "it was made at {made_at}, before the one that was read last, of {read}"
            )),
            (Err(why), _) => Some(why.to_owned()),
        };
        let report = &mut self.matching.reports[place];
        let is_done = status.status == ProcessingStatus::Done && failed.is_none();
        report.document_id = status.document.filter(|_| is_done);
        report.made_at = Some(made_at);
        report.failed = failed;
        self.keep().await
    }

    /// Where a report can be downloaded for a few minutes. Waits for Amazon's limit while there is time.
    pub(super) async fn address(&self, document: &str) -> Result<CallResult<DocumentAddress>> {
        loop {
            let ask = async |amazon: &SpApi, account: Account<'_>| {
                amazon.get_report_document(&account, document).await
            };
            match self.within(Operation::GetReportDocument, ask).await? {
                CallResult::Answered(address) => return Ok(CallResult::Answered(address)),
                CallResult::Limited(seconds) => {
                    let wait = Duration::from_secs(seconds.into());
                    let then = self.deadline.checked_sub(wait);
                    if then.is_none_or(crate::is_late) {
                        return Ok(CallResult::Limited(seconds));
                    }
                    tokio::time::sleep(wait).await;
                }
            }
        }
    }

    /// Proves that the listings are those of the connection's seller: the id of a pasted token is what a person typed,
    /// and the report comes whatever that is. Once for each seller; `skus`: of the report of `marketplace`. A reason, in
    /// words, if none of them proves it: one SKU's refusal says nothing of the seller.
    pub(super) async fn prove_seller(
        &mut self,
        marketplace: Marketplace,
        skus: &[String],
    ) -> Result<CallResult<Option<String>>> {
        let seller = self.session.seller().await?.clone();
        if self.matching.proved_seller.as_ref() == Some(&seller) || skus.is_empty() {
            return Ok(CallResult::Answered(None));
        }
        let mut refused = None;
        for sku in skus {
            let get = async |amazon: &SpApi, account: Account<'_>| {
                let (part, marketplaces) = ([ListingsData::Summaries], [marketplace]);
                let get = amazon.get_listings_item(&account, &seller, sku, &marketplaces, &part);
                get.await
            };
            match self.within(Operation::GetListingsItem, get).await {
                Ok(CallResult::Limited(seconds)) => return Ok(CallResult::Limited(seconds)),
                Ok(CallResult::Answered(item)) if item.is_some() => {
                    self.matching.proved_seller = Some(seller);
                    return Ok(CallResult::Answered(None));
                }
                Ok(CallResult::Answered(_)) => {}
                Err(error) => refused = Some(refusal_of(error)?),
            }
        }
        let count = skus.len();
        Ok(CallResult::Answered(Some(match refused {
            None => format!(
                "Amazon has none of {count} listings of its report of {marketplace} under the seller id {seller}: it is not the one this token belongs to"
            ),
            Some(refusal) => format!(
                "Amazon shows none of {count} listings of its report of {marketplace} under the seller id {seller}: it is not the one this token belongs to, or the app lacks the role Product Listing ({refusal})"
            ),
        })))
    }

    /// Whether Amazon has a listing of exactly this spelling.
    pub(super) async fn has_listing(
        &mut self,
        marketplace: Marketplace,
        sku: &AmazonSku,
    ) -> Result<CallResult<bool>> {
        let seller = self.session.seller().await?.clone();
        let get = async |amazon: &SpApi, account: Account<'_>| {
            let (part, marketplaces) = ([ListingsData::Summaries], [marketplace]);
            let sku = sku.as_str();
            let get = amazon.get_listings_item(&account, &seller, sku, &marketplaces, &part);
            get.await
        };
        match self.within(Operation::GetListingsItem, get).await {
            Ok(CallResult::Limited(seconds)) => Ok(CallResult::Limited(seconds)),
            Ok(CallResult::Answered(item)) => Ok(CallResult::Answered(item.is_some())),
            // Refused, it is not proved.
            Err(error) => refusal_of(error).map(|_| CallResult::Answered(false)),
        }
    }

    /// Makes a call if Amazon's limit has room for it.
    async fn within<T>(
        &self,
        operation: Operation,
        call: impl AsyncFnOnce(&SpApi, Account<'_>) -> Result<Answer<T>>,
    ) -> Result<CallResult<T>> {
        Ok(
            match self.session.call(operation, Waiting::No, call).await? {
                CallOutcome::Answered(answer) => CallResult::Answered(answer.value),
                CallOutcome::Limited(error) => {
                    let wait = error.retry_after();
                    let seconds = wait.map_or(LIMITED.into(), |wait| wait.as_secs() + 1);
                    CallResult::Limited(u32::try_from(seconds.clamp(1, 900)).unwrap_or(LIMITED))
                }
            },
        )
    }
}

/// Whether a report needs no more waiting. Only Amazon cancels: it has nothing to report of this marketplace,
/// or made the same report a moment ago; either way nothing is known of the marketplace.
fn done(status: &ProcessingState) -> Result<bool, &'static str> {
    match &status.status {
        ProcessingStatus::Done if status.document.is_some() => Ok(true),
        ProcessingStatus::Done => Err("it is done and there is no document"),
        ProcessingStatus::Fatal => Err("it failed on Amazon's side"),
        ProcessingStatus::Cancelled => Ok(true),
        ProcessingStatus::InQueue | ProcessingStatus::InProgress | ProcessingStatus::Other(_) => {
            Ok(false)
        }
    }
}

/// What Amazon said, if it refuses for good.
fn refusal_of(error: Error) -> Result<String> {
    match sp_api::refusal(&error) {
        Some(refusal) if error.class() == Class::Permanent => Ok(refusal.to_string()),
        _ => Err(error),
    }
}
