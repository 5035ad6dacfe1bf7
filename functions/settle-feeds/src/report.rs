//! What a processing report says about a feed's messages, gathered as it arrives: one refusal a message, whatever else
//! is reported of it.

mod verdicts;

pub(crate) use verdicts::{LineVerdicts, line_verdicts};

use stallkeeper::domain::listing::advice;
use stallkeeper::sp_api::Issue;
use stallkeeper::sp_api::processing_report::{ReportedIssue, Summary};
use std::collections::BTreeMap;

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
    pub(crate) summary: Option<Summary>,
}

impl Report {
    /// Takes what is said next. Warnings refuse nothing.
    pub(crate) fn take(&mut self, reported: ReportedIssue) {
        if !reported.issue.refuses() {
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
        }
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
