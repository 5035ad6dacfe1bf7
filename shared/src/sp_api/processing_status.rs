//! How far Amazon is with a feed or a report: the same words for both.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// How far Amazon is with a feed or a report.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProcessingState {
    #[serde(rename = "processingStatus")]
    pub status: ProcessingStatus,
    /// When Amazon took it; patches and feeds are applied in the order of these moments.
    #[serde(rename = "createdTime")]
    pub created_at: Timestamp,
    #[serde(rename = "processingStartTime")]
    pub processing_start: Option<Timestamp>,
    #[serde(rename = "processingEndTime")]
    pub processing_end: Option<Timestamp>,
    /// The report, for [`SpApi::get_report_document`], or the feed's processing report, for
    /// [`SpApi::get_feed_document`]. Done without one has been seen.
    ///
    /// [`SpApi::get_report_document`]: super::SpApi::get_report_document
    /// [`SpApi::get_feed_document`]: super::SpApi::get_feed_document
    #[serde(alias = "resultFeedDocumentId", alias = "reportDocumentId")]
    pub document: Option<String>,
}

/// Amazon page: *Feeds API v2021-06-30 Reference*, `processingStatus`; the Reports API has the same.
#[derive(
    Debug, Clone, PartialEq, Eq, Serialize, Deserialize, strum::Display, strum::EnumString,
)]
#[serde(from = "String", into = "String")]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum ProcessingStatus {
    InQueue,
    InProgress,
    Done,
    /// Of a feed: before anything was processed. Of a report: also that there is nothing to report.
    Cancelled,
    /// Of a feed: some, none or all of it was applied.
    Fatal,
    /// New to us; Amazon's word. Nothing is known of it, so wait.
    #[strum(default, transparent)]
    Other(String),
}

impl ProcessingStatus {
    /// Whether Amazon is done with it, one way or another.
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Done | Self::Cancelled | Self::Fatal)
    }
}

impl From<String> for ProcessingStatus {
    fn from(word: String) -> Self {
        word.parse().unwrap_or(Self::Other(word))
    }
}

impl From<ProcessingStatus> for String {
    fn from(status: ProcessingStatus) -> String {
        status.to_string()
    }
}
