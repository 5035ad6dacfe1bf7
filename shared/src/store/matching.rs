//! The matching of a connection with Amazon's listings: how far it is, and what it counted.

use super::key::Key;
use super::{Leased, Store};
use crate::domain::ids::{ConnectionKey, SellerId};
use crate::domain::marketplace::Marketplace;
use crate::error::Result;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The state of a requested report. Done without a document: Amazon has nothing to report of this marketplace, or
/// refused to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportJob {
    pub marketplace: Marketplace,
    pub report_id: String,
    /// Amazon's document, once it is done.
    pub document_id: Option<String>,
    /// When Amazon made it.
    pub made_at: Option<Timestamp>,
}

/// How many listings are in each state.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListingCounts {
    pub matched: u64,
    pub case_mismatch: u64,
    pub fulfilled_by_amazon: u64,
    pub not_on_amazon: u64,
    pub unknown_here: u64,
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
    /// How often its reports broke off while they were read.
    #[serde(default)]
    pub tries: u32,
    /// The seller whose listings these were proved to be.
    pub proved_seller: Option<SellerId>,
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
}
