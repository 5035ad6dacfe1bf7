//! What Amazon finds wrong with a listing, in its own words, as answers to patches, listings and processing reports give
//! it. It judges nothing: which codes matter and what to do about them is said elsewhere.

use crate::domain::listing::ListingIssue;
use serde::{Deserialize, Serialize};

/// One thing Amazon says about a listing. Amazon page: *Manage Listings Issues*.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Issue {
    /// E.g. `90000900`.
    pub code: String,
    /// In English, as we ask for it.
    #[serde(default)]
    pub message: String,
    pub severity: Severity,
    /// The attributes it is about, e.g. `fulfillment_availability`.
    #[serde(default)]
    pub attribute_names: Vec<String>,
}

/// The most characters of Amazon's words that are kept.
const LONGEST_WORDS: usize = 300;

impl Issue {
    /// As it is kept with its listing.
    pub fn kept(self) -> ListingIssue {
        ListingIssue {
            code: self.code,
            severity: self.severity.into(),
            message: self.message.chars().take(LONGEST_WORDS).collect(),
        }
    }

    /// Whether it kept the submission from being accepted.
    pub fn refuses(&self) -> bool {
        self.severity == Severity::Error
    }
}

/// How bad an [`Issue`] is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum Severity {
    /// The submission was not accepted.
    Error,
    /// Accepted, but something is to be looked at.
    Warning,
    Info,
    /// New to us; Amazon's word.
    Other(String),
}

impl From<String> for Severity {
    fn from(word: String) -> Self {
        match word.as_str() {
            "ERROR" => Self::Error,
            "WARNING" => Self::Warning,
            "INFO" => Self::Info,
            _ => Self::Other(word),
        }
    }
}

impl From<Severity> for String {
    fn from(severity: Severity) -> String {
        match severity {
            Severity::Error => "ERROR".to_owned(),
            Severity::Warning => "WARNING".to_owned(),
            Severity::Info => "INFO".to_owned(),
            Severity::Other(word) => word,
        }
    }
}
