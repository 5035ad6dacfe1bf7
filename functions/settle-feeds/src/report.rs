//! What a processing report says about a feed's messages, gathered as it arrives: one refusal a message, whatever else
//! is reported of it.

mod verdicts;

pub(crate) use verdicts::{LineVerdicts, line_verdicts};

use stallkeeper::domain::listing::{ListingIssue, advice};
use stallkeeper::sp_api::Issue;
use stallkeeper::sp_api::processing_report::{ReportedIssue, Summary};
use std::collections::BTreeMap;

/// So many issues are kept of a listing.
const MOST_ISSUES: usize = 5;
/// Of so many listings of a feed what Amazon says is kept: a report with more has one cause, which they all show.
const MOST_LISTINGS: usize = 5_000;
/// The most characters of Amazon's words that are kept.
const LONGEST_WORDS: usize = 500;

/// Why Amazon refused something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RefusalReason {
    pub(crate) code: String,
    pub(crate) words: String,
}

/// A processing report.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Report {
    /// Refusals by `messageId`.
    pub(crate) of_message: BTreeMap<u32, RefusalReason>,
    /// Refusals that name only a SKU.
    pub(crate) of_sku: BTreeMap<String, RefusalReason>,
    /// A refusal of the feed as a whole.
    pub(crate) of_all: Option<RefusalReason>,
    /// What Amazon says beside its verdicts, by `messageId`.
    pub(crate) remarks: BTreeMap<u32, Vec<ListingIssue>>,
    /// The same, of the listings by SKU.
    pub(crate) issues: BTreeMap<String, Vec<ListingIssue>>,
    pub(crate) summary: Option<Summary>,
}

impl Report {
    /// Takes what is said next. Warnings refuse nothing, and neither does what is wrong with a listing.
    pub(crate) fn take(&mut self, reported: ReportedIssue) {
        self.keep(&reported);
        if reported.of_listing || !reported.issue.refuses() {
            return;
        }
        let said = RefusalReason::from(reported.issue);
        match (reported.message_id, reported.sku) {
            (Some(id), _) => gather(self.of_message.entry(id).or_insert(said.clone()), said),
            (None, Some(sku)) => gather(self.of_sku.entry(sku).or_insert(said.clone()), said),
            (None, None) => gather(self.of_all.get_or_insert(said.clone()), said),
        }
    }
}

impl Report {
    /// Keeps what is worth showing with a listing, of a report that may say anything of 25,000 of them.
    fn keep(&mut self, reported: &ReportedIssue) {
        let full = self.remarks.len() + self.issues.len() >= MOST_LISTINGS;
        let kept = match (reported.message_id, &reported.sku) {
            _ if full => return,
            (Some(id), _) => self.remarks.entry(id).or_default(),
            (None, Some(sku)) => self.issues.entry(sku.clone()).or_default(),
            (None, None) => return,
        };
        if kept.len() < MOST_ISSUES {
            kept.push(reported.issue.clone().kept());
        }
    }

    /// What Amazon said of a line of the feed, refusals included.
    pub(crate) fn issues_of(&self, message_id: u32, sku: &str) -> Vec<ListingIssue> {
        let remarks = self.remarks.get(&message_id).into_iter().flatten();
        let issues = self.issues.get(sku).into_iter().flatten();
        let mut all: Vec<ListingIssue> = remarks.chain(issues).cloned().collect();
        all.dedup();
        all
    }
}

/// Of two refusals the one that will not go away by itself says more.
fn gather(kept: &mut RefusalReason, said: RefusalReason) {
    if advice(&kept.code).retry && !advice(&said.code).retry {
        *kept = said;
    }
}

impl From<Issue> for RefusalReason {
    fn from(issue: Issue) -> Self {
        Self {
            code: issue.code,
            words: issue.message.chars().take(LONGEST_WORDS).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use stallkeeper::sp_api::Severity;

    fn issue(message_id: Option<u32>, code: &str, severity: Severity) -> ReportedIssue {
        ReportedIssue {
            message_id,
            sku: None,
            issue: Issue {
                code: code.into(),
                message: "é".repeat(600),
                severity,
                attribute_names: Vec::new(),
            },
            of_listing: false,
        }
    }

    #[test]
    fn an_issue_of_a_listing_is_kept_and_refuses_nothing() {
        let mut report = Report::default();
        report.take(ReportedIssue {
            message_id: None,
            sku: Some("A".into()),
            of_listing: true,
            ..issue(None, "90220", Severity::Error)
        });
        report.take(issue(Some(3), "99022", Severity::Warning));
        let refused = (report.of_message.len(), report.of_sku.len());
        assert_eq!((refused, report.of_all.is_none()), ((0, 0), true));
        let codes = |id, sku| -> Vec<String> {
            let issues = report.issues_of(id, sku).into_iter();
            issues.map(|issue| issue.code).collect()
        };
        assert_eq!(codes(1, "A"), ["90220"]);
        assert_eq!(codes(3, "B"), ["99022"]);
        assert!(codes(2, "C").is_empty());
    }

    #[test]
    fn a_message_has_one_refusal_and_the_lasting_one_wins() {
        let mut report = Report::default();
        report.take(issue(Some(1), "4000000", Severity::Error));
        report.take(issue(Some(1), "13013", Severity::Error));
        report.take(issue(Some(1), "8541", Severity::Error));
        report.take(issue(Some(2), "99022", Severity::Warning));
        assert_eq!(report.of_message.len(), 1, "a warning refuses nothing");
        assert_eq!(report.of_message[&1].code, "13013");
        assert_eq!(report.of_message[&1].words.chars().count(), 500);
        report.take(issue(None, "4002005", Severity::Error));
        assert!(report.of_all.is_some());
    }
}
