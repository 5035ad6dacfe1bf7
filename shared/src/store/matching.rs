//! The matching of a connection with Amazon's listings: how far it is, and what it counted.

use super::item::{VERSION, failure, n, s};
use super::key::Key;
use super::{Leased, Store};
use crate::domain::ids::{AmazonSku, ConnectionKey, SellerId};
use crate::domain::marketplace::Marketplace;
use crate::error::Result;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The state of a requested report. Done without a document: Amazon has nothing to report of this marketplace, or
/// refused to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportJob {
    pub marketplace: Marketplace,
    /// Amazon's; none if it would not make one.
    #[serde(default)]
    pub report_id: Option<String>,
    /// Amazon's document, once it is done.
    pub document_id: Option<String>,
    /// When Amazon made it.
    pub made_at: Option<Timestamp>,
    /// Why it came to nothing, in words: the other marketplaces are matched without it.
    #[serde(default)]
    pub failed: Option<String>,
    /// How often asking for it or reading it failed.
    #[serde(default)]
    pub tries: u32,
}

impl ReportJob {
    /// Whether Amazon still works on it.
    pub fn is_awaited(&self) -> bool {
        self.report_id.is_some() && self.made_at.is_none() && self.failed.is_none()
    }
}

/// A report that lost so many listings that a person is to say whether that is so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct HeldReport {
    pub at: Timestamp,
    /// Listings that were known of this marketplace.
    pub known: u64,
    /// Those of them that the report has not got.
    pub lost: u64,
}

/// What the reports of one marketplace came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MarketplaceReports {
    pub marketplace: Marketplace,
    /// When Amazon made the last one that was read.
    pub read_at: Option<Timestamp>,
    /// Listings that are known of this marketplace.
    #[serde(default)]
    pub listings: u64,
    /// Why the last one came to nothing, or why what it lacks is not taken as gone; in words.
    pub failed: Option<String>,
    /// How often in a row.
    #[serde(default)]
    pub failures: u32,
    /// It is not asked for before, unless a person wants it.
    pub next_at: Option<Timestamp>,
    /// The last one waits for a person: what it lacks is not taken as gone.
    pub held: Option<HeldReport>,
}

/// A person said that whatever the reports lack is gone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportRelease {
    /// Until this moment no report is held.
    pub until: Timestamp,
}

/// The wait after the first failure; each further one doubles it.
const FIRST_WAIT: SignedDuration = SignedDuration::from_hours(20);
const LONGEST_WAIT: SignedDuration = SignedDuration::from_hours(7 * 24);

impl MarketplaceReports {
    pub fn new(marketplace: Marketplace) -> Self {
        Self {
            marketplace,
            read_at: None,
            listings: 0,
            failed: None,
            failures: 0,
            next_at: None,
            held: None,
        }
    }

    /// Notes that a report came to nothing: the next one is asked for ever later.
    pub fn fail(&mut self, why: String, now: Timestamp) {
        let wait = FIRST_WAIT.saturating_mul(1 << self.failures.min(8));
        self.doubt(why);
        self.next_at = now.checked_add(wait.min(LONGEST_WAIT)).ok();
    }

    /// Notes that a report was read, and that nothing is concluded from what it lacks.
    pub fn doubt(&mut self, why: String) {
        self.failed = Some(why);
        self.failures = self.failures.saturating_add(1);
        self.next_at = None;
    }

    /// Whether it is not time yet to ask for another one.
    pub fn waits(&self, now: Timestamp) -> bool {
        self.next_at.is_some_and(|next| now < next)
    }
}

/// How many listings are in each state.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListingCounts {
    pub matched: u64,
    pub case_mismatch: u64,
    pub fulfilled_by_amazon: u64,
    pub not_on_amazon: u64,
    pub unknown_here: u64,
    /// Not among the matched ones.
    #[serde(default)]
    pub closed_elsewhere: u64,
    #[serde(default)]
    pub multi_location: u64,
    /// Those that show another quantity on one marketplace than on another, whatever their state.
    #[serde(default)]
    pub differing: u64,
}

/// The matching of a connection with Amazon's listings. One run at a time has the lease.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Matching {
    /// Reports asked for and not yet read.
    #[serde(default)]
    pub reports: Vec<ReportJob>,
    pub started_at: Option<Timestamp>,
    /// The last matching that came to its end.
    pub done_at: Option<Timestamp>,
    /// When Amazon made the oldest of the reports that it read.
    pub observed_at: Option<Timestamp>,
    #[serde(default)]
    pub counts: ListingCounts,
    /// Lines of the reports that could not be read.
    #[serde(default)]
    pub unreadable_lines: u64,
    /// Why the last one failed, in words.
    pub failed: Option<String>,
    /// What is known of each marketplace's reports.
    #[serde(default)]
    pub marketplaces: Vec<MarketplaceReports>,
    /// Spellings that Amazon answers to, and that its last reports wrote with `?` for some letters.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub respelt: BTreeSet<AmazonSku>,
    /// By which rules the products' spellings were last remembered.
    #[serde(default)]
    pub spelling_rules: u32,
    /// The generation of the publication in force when a matching ended last: by then all listings were queued to be computed by it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub computed_by: Option<u64>,
    /// Since when reports have been failing or held without a break: the outbox reads only a matching that has it.
    pub attention_since: Option<Timestamp>,
    /// The seller whose listings these were proved to be.
    pub proved_seller: Option<SellerId>,
}

impl Matching {
    /// What is known of a marketplace's reports.
    pub fn reports_of(&self, marketplace: Marketplace) -> Option<&MarketplaceReports> {
        self.marketplaces
            .iter()
            .find(|it| it.marketplace == marketplace)
    }

    /// The same, to be changed; new if there was none yet.
    pub fn reports_of_mut(&mut self, marketplace: Marketplace) -> &mut MarketplaceReports {
        let known = self
            .marketplaces
            .iter()
            .position(|it| it.marketplace == marketplace);
        let place = known.unwrap_or_else(|| {
            self.marketplaces.push(MarketplaceReports::new(marketplace));
            self.marketplaces.len() - 1
        });
        &mut self.marketplaces[place]
    }
}

impl Store {
    /// Takes the lease of a connection's matching until `until`. `None`: another run has it.
    pub async fn lease_matching(
        &self,
        connection: &ConnectionKey,
        owner: &str,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Option<Leased<Matching>>> {
        let key = Key::leased::<Matching>(connection);
        let leased = self.lease(key, owner, now, until, &[]).await?;
        leased.map(Leased::of).transpose()
    }

    /// The matching of a connection; the default if there was none yet.
    pub async fn matching(&self, connection: &ConnectionKey) -> Result<Leased<Matching>> {
        Ok(self.leased(connection).await?.unwrap_or_default())
    }

    /// Until when no report of a connection is held, if a person said that what they lack is gone. An item of its own,
    /// since a run that has the lease is the only writer of the matching.
    pub async fn report_release(
        &self,
        connection: &ConnectionKey,
    ) -> Result<Option<ReportRelease>> {
        let key = Key::report_release(connection);
        self.get(&self.tables.connections, key).await
    }

    /// Notes that a person said that what the reports lack is gone. Idempotent.
    pub async fn release_reports(
        &self,
        connection: &ConnectionKey,
        until: Timestamp,
    ) -> Result<()> {
        let released = self
            .db
            .update_item()
            .table_name(&self.tables.connections)
            .set_key(Some(Key::report_release(connection).into_map()))
            .update_expression("SET #until = :until, v = :v")
            .expression_attribute_names("#until", "until")
            .expression_attribute_values(":until", s(until.to_string()))
            .expression_attribute_values(":v", n(VERSION))
            .send()
            .await;
        released
            .map(|_| ())
            .map_err(|error| failure("release a held report", error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_that_fails_again_and_again_is_asked_for_ever_later() {
        let now = Timestamp::UNIX_EPOCH;
        let mut reports = MarketplaceReports::new(Marketplace::Fr);
        let mut waits = Vec::new();
        for _ in 0..5 {
            reports.fail("FATAL".into(), now);
            waits.push(reports.next_at.unwrap().duration_since(now).as_hours());
        }
        assert_eq!(waits, [20, 40, 80, 160, 168]);
        assert_eq!(reports.failures, 5);
        let later = now.checked_add(LONGEST_WAIT).unwrap();
        assert!(reports.waits(now) && !reports.waits(later));
    }

    #[test]
    fn what_the_release_before_wrote_is_still_read() {
        let old = serde_json::json!({
            "reports": [{"marketplace": "UK", "report_id": "7", "document_id": null, "made_at": null}],
            "started_at": null, "done_at": null, "observed_at": null, "failed": null, "tries": 3,
            "proved_seller": null, "owner": null,
        });
        let matching: Matching = serde_json::from_value(old).unwrap();
        assert_eq!(matching.reports[0].report_id.as_deref(), Some("7"));
        assert_eq!(
            (matching.reports[0].tries, matching.marketplaces.len()),
            (0, 0)
        );
    }
}
