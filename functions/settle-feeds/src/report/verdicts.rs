//! Which lines a processing report refuses, and whether it accounts for all the others. Pure.

use super::{RefusalReason, Report};
use stallkeeper::domain::feed::{Feed, FeedLine};
use stallkeeper::domain::listing::advice;
use std::collections::{BTreeMap, HashSet};

/// What a report says of the lines of a manifest.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct LineVerdicts {
    /// By the line's place, counted from 0.
    pub(crate) refused: BTreeMap<usize, RefusalReason>,
    pub(crate) accepted: u32,
    /// Why the other lines cannot be taken as accepted.
    pub(crate) doubt: Option<String>,
}

impl LineVerdicts {
    /// Why Amazon refused the feed as a whole, so that sending it again would not help.
    pub(crate) fn refused_as_a_whole<'a>(&self, report: &'a Report) -> Option<&'a RefusalReason> {
        let summary = report.summary.as_ref()?;
        let said = report.of_all.as_ref()?;
        let untouched = summary.messages_accepted == 0 && self.accepted > 0;
        (untouched && !advice(&said.code).retry).then_some(said)
    }
}

/// Maps a report to the lines of a feed. The lines that were overtaken before it was submitted are not in its document.
pub(crate) fn line_verdicts(feed: &Feed, lines: &[FeedLine], report: &Report) -> LineVerdicts {
    let overtaken: HashSet<&str> = feed.overtaken.iter().map(|sku| sku.as_str()).collect();
    let mut refused = BTreeMap::new();
    let mut carried = 0usize;
    for (place, line) in lines.iter().enumerate() {
        if overtaken.contains(line.sku.as_str()) {
            continue;
        }
        carried += 1;
        let message_id = u32::try_from(place + 1).unwrap_or(u32::MAX);
        let said = report.of_message.get(&message_id);
        if let Some(said) = said.or_else(|| report.of_sku.get(line.sku.as_str())) {
            refused.insert(place, said.clone());
        }
    }
    let doubt = doubt(feed, lines.len(), carried, refused.len(), report);
    LineVerdicts {
        accepted: u32::try_from(carried - refused.len()).unwrap_or(u32::MAX),
        refused,
        doubt,
    }
}

/// A refusal that is passed over would count as accepted: in doubt nothing does, and what is sent again does no harm.
fn doubt(
    feed: &Feed,
    lines: usize,
    carried: usize,
    refused: usize,
    report: &Report,
) -> Option<String> {
    let fewer = |count: usize, most: u64| u64::try_from(count).is_ok_and(|count| count < most);
    let Some(summary) = &report.summary else {
        return Some("Amazon's report of it has no summary".to_owned());
    };
    if fewer(lines, u64::from(feed.lines)) {
        return Some("its manifest is not whole any more".to_owned());
    }
    let carried = u64::try_from(carried).unwrap_or(u64::MAX);
    if summary.messages_processed < carried {
        let words = report.of_all.as_ref().map_or_else(String::new, |said| {
            format!(": {} ({})", said.words, said.code)
        });
        let processed = summary.messages_processed;
        return Some(format!(
            "Amazon processed {processed} of {carried} messages{words}"
        ));
    }
    if fewer(refused, summary.messages_invalid) {
        return Some(format!(
            "Amazon refused {} messages and named {refused}",
            summary.messages_invalid
        ));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;
    use stallkeeper::domain::feed::{FeedKind, FeedState, LineValue};
    use stallkeeper::domain::ids::ConnectionKey;
    use stallkeeper::domain::marketplace::Marketplace;
    use stallkeeper::sp_api::processing_report::Summary;

    fn feed(lines: u32, overtaken: &[&str]) -> Feed {
        Feed {
            connection: ConnectionKey {
                tenant: "t".parse().unwrap(),
                id: "c".parse().unwrap(),
            },
            id: "F".parse().unwrap(),
            kind: FeedKind::Quantity,
            marketplace: Marketplace::Uk,
            state: FeedState::Submitted,
            lines,
            parts: 1,
            created_at: Timestamp::UNIX_EPOCH,
            amazon_id: None,
            submitted_at: None,
            applied_at: None,
            accepted: 0,
            refused: 0,
            note: None,
            stuck: false,
            decreases_again: false,
            next_check_at: None,
            overtaken: overtaken.iter().map(|sku| sku.parse().unwrap()).collect(),
            revision: 1,
        }
    }

    fn lines(skus: &[&str]) -> Vec<FeedLine> {
        skus.iter()
            .map(|sku| FeedLine {
                sku: sku.parse().unwrap(),
                value: LineValue::Quantity(1),
                generation: 1,
                send_count: 0,
                product_type: None,
                increase: false,
            })
            .collect()
    }

    fn said(code: &str) -> RefusalReason {
        RefusalReason {
            code: code.into(),
            words: "no".into(),
        }
    }

    fn report(processed: u64, invalid: u64, messages: &[u32]) -> Report {
        Report {
            of_message: messages.iter().map(|id| (*id, said("13013"))).collect(),
            summary: Some(Summary {
                errors: invalid,
                warnings: 0,
                messages_processed: processed,
                messages_accepted: processed - invalid,
                messages_invalid: invalid,
            }),
            ..Report::default()
        }
    }

    #[test]
    fn a_message_is_a_place_in_the_manifest_whatever_was_left_out_of_the_document() {
        let lines = lines(&["A", "B", "C"]);
        let verdicts = line_verdicts(&feed(3, &["A"]), &lines, &report(2, 1, &[3]));
        assert_eq!(verdicts.refused.keys().copied().collect::<Vec<_>>(), [2]);
        assert_eq!((verdicts.accepted, verdicts.doubt), (1, None));
    }

    #[test]
    fn a_refusal_without_a_message_is_found_by_its_sku() {
        let lines = lines(&["A#1", "b b"]);
        let report = Report {
            of_sku: [("b b".to_owned(), said("8541"))].into(),
            ..report(2, 1, &[])
        };
        assert_eq!(
            line_verdicts(&feed(2, &[]), &lines, &report).refused[&1].code,
            "8541"
        );
    }

    #[test]
    fn what_the_report_does_not_account_for_is_in_doubt() {
        let lines = lines(&["A", "B"]);
        let doubt = |feed: Feed, report: Report| line_verdicts(&feed, &lines, &report).doubt;
        assert_eq!(doubt(feed(2, &[]), report(2, 1, &[2])), None);
        assert!(
            doubt(feed(2, &[]), report(1, 0, &[])).is_some(),
            "not all processed"
        );
        assert!(
            doubt(feed(2, &[]), report(2, 1, &[])).is_some(),
            "a refusal without a name"
        );
        assert!(
            doubt(feed(3, &[]), report(3, 0, &[])).is_some(),
            "half a manifest"
        );
        assert!(
            doubt(feed(2, &[]), Report::default()).is_some(),
            "no summary"
        );
        let whole = Report {
            of_all: Some(said("4002005")),
            ..report(0, 0, &[])
        };
        let words = doubt(feed(2, &[]), whole).unwrap();
        assert_eq!(words, "Amazon processed 0 of 2 messages: no (4002005)");
    }
}
