//! One marketplace's failure stops no other: its report is set aside with the reason, what is known of it stays, and it is
//! asked for again ever later.

use super::Run;
use jiff::Timestamp;
use stallkeeper::domain::marketplace::Marketplace;
use stallkeeper::error::{Class, Error, Result};
use stallkeeper::sp_api;
use std::collections::BTreeSet;
use tracing::warn;

/// How often asking for a report or reading it may fail.
const MOST_TRIES: u32 = 5;

impl Run<'_> {
    /// Sets a report aside if it is to blame: because Amazon refuses it, or because it failed often enough.
    ///
    /// # Errors
    /// The failure, if it is not this report's, or the report is worth another try.
    pub(super) async fn set_aside(&mut self, place: usize, error: Error) -> Result<()> {
        let report = &mut self.matching.reports[place];
        let refusal = sp_api::refusal(&error);
        match error.class() {
            Class::Permanent => {
                report.failed = Some(match refusal {
                    Some(refusal) => format!("Amazon refuses it: {refusal}"),
                    None => error.chain(),
                });
            }
            Class::Retryable => {
                report.tries += 1;
                if report.tries < MOST_TRIES {
                    self.keep().await?;
                    return Err(error);
                }
                report.failed = Some(match refusal {
                    Some(refusal) => format!("Amazon answered {MOST_TRIES} times: {refusal}"),
                    None => format!("it cannot be read: {}", error.chain()),
                });
            }
            _ => return Err(error),
        }
        self.keep().await
    }

    /// Writes down what became of each report, and forgets them.
    pub(super) fn end_reports(&mut self) {
        let now = Timestamp::now();
        for report in std::mem::take(&mut self.matching.reports) {
            let known = self.matching.reports_of_mut(report.marketplace);
            let cancelled = report.made_at.is_some() && report.document_id.is_none();
            let why = match report.failed {
                Some(why) => why,
                None if cancelled && known.listings > 0 => format!(
                    "Amazon cancelled it, as it does if nothing is listed, and {} listings were in it",
                    known.listings
                ),
                None => continue,
            };
            known.fail(why, now);
            let (failures, why) = (known.failures, known.failed.as_deref().unwrap_or_default());
            let (id, marketplace) = (&self.connection.id, report.marketplace);
            // The alarm `MatchingFailures` counts these words.
            warn!(
                connection.id = %id, %marketplace, failures, why,
                "the listings of connection `{id}` on {marketplace} could not be matched"
            );
        }
        let needed =
            |it: &&stallkeeper::store::MarketplaceReports| it.failed.is_some() || it.held.is_some();
        let attention = self.matching.marketplaces.iter().find(needed).is_some();
        let since = self.matching.attention_since.unwrap_or(now);
        self.matching.attention_since = attention.then_some(since);
    }

    /// Why nothing was learnt of any of these marketplaces, in words.
    pub(super) fn failures(&self, marketplaces: &[Marketplace]) -> String {
        let reason = |marketplace: &Marketplace| {
            let reports = &self.matching.reports;
            let now = reports.iter().find(|it| it.marketplace == *marketplace);
            let now = now.and_then(|report| report.failed.clone());
            let before = self.matching.reports_of(*marketplace);
            now.or_else(|| before.and_then(|before| before.failed.clone()))
        };
        let reasons: BTreeSet<String> = marketplaces.iter().filter_map(reason).collect();
        let names: Vec<String> = marketplaces.iter().map(ToString::to_string).collect();
        let reasons: Vec<String> = reasons.into_iter().collect();
        format!(
            "Amazon's report of {} came to nothing: {}",
            names.join(", "),
            reasons.join("; ")
        )
    }
}
