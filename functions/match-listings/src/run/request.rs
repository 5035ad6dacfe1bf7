//! What Amazon is asked for before anything is read: reports, how far they are, where they can be downloaded, and whether
//! the seller is who the connection says. All within Amazon's limits.

use super::{Run, RunOutcome};
use stallkeeper::domain::ids::SellerId;
use stallkeeper::domain::marketplace::Marketplace;
use stallkeeper::error::{Class, Error, Result};
use stallkeeper::seller_session::{CallOutcome, Waiting};
use stallkeeper::sp_api::{self, Account, Answer, DocumentAddress, ListingsData, Operation, SpApi};
use stallkeeper::sp_api::{ProcessingState, ProcessingStatus, ReportType};
use stallkeeper::store::ReportJob;
use std::time::Duration;

/// How long to wait for reports, by how often we looked; Amazon takes minutes, more in busy hours.
const WAITS: [u32; 6] = [10, 20, 30, 60, 120, 300];
/// After a 429.
const LIMITED: u32 = 60;

/// What a call within Amazon's limits came to.
pub(super) enum CallResult<T> {
    Answered(T),
    /// Not before so many seconds.
    Limited(u32),
}

impl Run<'_> {
    /// Asks for the reports that are not asked for yet, and how far the others are. `None`: all are there.
    pub(super) async fn ask(
        &mut self,
        marketplaces: &[Marketplace],
        hop: u32,
    ) -> Result<Option<RunOutcome>> {
        self.matching
            .reports
            .retain(|report| marketplaces.contains(&report.marketplace));
        for marketplace in marketplaces {
            let known = &self.matching.reports;
            if known
                .iter()
                .any(|report| report.marketplace == *marketplace)
            {
                continue;
            }
            let create = async |amazon: &SpApi, account: Account<'_>| {
                let kind = ReportType::AllListings;
                amazon.create_report(&account, kind, *marketplace).await
            };
            let report_id = match self.within(Operation::CreateReport, create).await? {
                CallResult::Limited(seconds) => return Ok(Some(RunOutcome::Continue(seconds))),
                CallResult::Answered(value) => value,
            };
            self.matching.reports.push(ReportJob {
                marketplace: *marketplace,
                report_id,
                document_id: None,
                made_at: None,
            });
            self.keep().await?;
        }
        self.look(hop).await
    }

    async fn look(&mut self, hop: u32) -> Result<Option<RunOutcome>> {
        let mut waiting = false;
        let mut news = false;
        for place in 0..self.matching.reports.len() {
            let report = &self.matching.reports[place];
            if report.made_at.is_some() {
                continue;
            }
            let id = report.report_id.clone();
            let look =
                async |amazon: &SpApi, account: Account<'_>| amazon.get_report(&account, &id).await;
            let status = match self.within(Operation::GetReport, look).await? {
                CallResult::Limited(seconds) => return Ok(Some(RunOutcome::Continue(seconds))),
                CallResult::Answered(value) => value,
            };
            match done(&status) {
                Ok(true) => {
                    news = true;
                    let report = &mut self.matching.reports[place];
                    let done = status.status == ProcessingStatus::Done;
                    report.document_id = status.document.filter(|_| done);
                    report.made_at = Some(status.processing_end.unwrap_or(status.created_at));
                }
                Ok(false) => waiting = true,
                Err(why) => {
                    let marketplace = self.matching.reports[place].marketplace;
                    return Ok(Some(RunOutcome::Failed(format!(
                        "Amazon's report of {marketplace} failed: {why}"
                    ))));
                }
            }
        }
        if news {
            self.keep().await?;
        }
        if waiting {
            let looked = usize::try_from(hop).unwrap_or(usize::MAX);
            return Ok(Some(RunOutcome::Continue(
                WAITS[looked.min(WAITS.len() - 1)],
            )));
        }
        let nothing = self
            .matching
            .reports
            .iter()
            .all(|report| report.document_id.is_none());
        Ok(nothing.then(|| {
            let why = "Amazon cancelled its reports, as it does if nothing is listed";
            RunOutcome::Failed(why.into())
        }))
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
    /// and the report comes whatever that is. Once for each seller; `skus`: of the report of `marketplace`. Why not, in words.
    pub(super) async fn prove_seller(
        &mut self,
        marketplace: Marketplace,
        skus: &[String],
    ) -> Result<Option<RunOutcome>> {
        let seller = self.session.seller().await?.clone();
        if self.matching.proved_seller.as_ref() == Some(&seller) || skus.is_empty() {
            return Ok(None);
        }
        for sku in skus {
            let get = async |amazon: &SpApi, account: Account<'_>| {
                let part = [ListingsData::Summaries];
                let get = amazon.get_listings_item(&account, &seller, sku, marketplace, &part);
                get.await
            };
            match self.within(Operation::GetListingsItem, get).await {
                Ok(CallResult::Limited(seconds)) => return Ok(Some(RunOutcome::Continue(seconds))),
                Ok(CallResult::Answered(item)) if item.is_some() => {
                    self.matching.proved_seller = Some(seller);
                    return Ok(None);
                }
                Ok(CallResult::Answered(_)) => {}
                Err(error) => return refused(&seller, error).map(Some),
            }
        }
        Ok(Some(RunOutcome::Failed(format!(
            "Amazon has none of the report's listings under the seller id {seller}: it is not the one this token belongs to"
        ))))
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

fn refused(seller: &SellerId, error: Error) -> Result<RunOutcome> {
    match sp_api::refusal(&error) {
        Some(refusal) if error.class() == Class::Permanent => Ok(RunOutcome::Failed(format!(
            "Amazon does not show the listings of the seller id {seller}: it is not the one this token belongs to, or the app lacks the role Product Listing ({refusal})"
        ))),
        _ => Err(error),
    }
}
