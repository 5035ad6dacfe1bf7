//! What Amazon's report says of each message. Pure.
//!
//! A message that no error names is accepted, but only if the report counts no more errors than it names and worked on all
//! messages: passed over in silence it may as well have failed.

use jiff::Timestamp;
use stallkeeper::domain::cancellation::{CancelVerdict, CancelWords, Cancellation};
use stallkeeper::sp_api::cancellation_report::{CancelRefusal, CancellationReport};
use std::collections::BTreeSet;

/// Amazon's verdict on one message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum MessageVerdict {
    Accepted,
    Refused(Vec<CancelRefusal>),
    /// The report leaves it open.
    Unknown,
}

/// Whether the feed was refused as a whole.
pub(super) fn refuses_all(report: &CancellationReport) -> bool {
    report.refusals.iter().any(|it| it.message.is_none())
}

/// What a report says of the message with this number, of so many.
pub(super) fn verdict(report: &CancellationReport, number: u32, messages: usize) -> MessageVerdict {
    let its = report.refusals.iter();
    let its = its.filter(|it| it.message.is_none_or(|message| message == number));
    let its: Vec<CancelRefusal> = its.cloned().collect();
    if !its.is_empty() {
        return MessageVerdict::Refused(its);
    }
    let named: BTreeSet<u32> = report.refusals.iter().filter_map(|it| it.message).collect();
    let is_more = |count: u64, than: usize| usize::try_from(count).is_ok_and(|it| it > than);
    let hides_errors = report.failed.is_some_and(|it| is_more(it, named.len()));
    let saw_all = report.processed.is_none_or(|it| is_more(it + 1, messages));
    match saw_all && !hides_errors {
        true => MessageVerdict::Accepted,
        false => MessageVerdict::Unknown,
    }
}

/// The verdict on the lines of a cancellation: an error that names one of its lines is that line's, any other is of all.
pub(super) fn of_lines(
    cancellation: &Cancellation,
    said: &[CancelRefusal],
    now: Timestamp,
) -> CancelVerdict {
    let words = |said: &CancelRefusal| CancelWords {
        at: now,
        code: said.code.clone(),
        message: said.words.clone(),
    };
    let named = |said: &&CancelRefusal, line: &str| said.line.as_deref() == Some(line);
    let lines = || cancellation.lines.iter();
    let of_all = said
        .iter()
        .find(|said| !lines().any(|line| named(said, &line.line)));
    let refused = lines().filter_map(|line| {
        let own = said.iter().find(|said| named(said, &line.line));
        Some((line.line.clone(), words(own.or(of_all)?)))
    });
    CancelVerdict::Refused(refused.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(message: Option<u32>, line: Option<&str>) -> CancelRefusal {
        CancelRefusal {
            message,
            line: line.map(str::to_owned),
            code: "18028".to_owned(),
            words: "No.".to_owned(),
        }
    }

    fn report(refusals: Vec<CancelRefusal>, processed: u64, failed: u64) -> CancellationReport {
        CancellationReport {
            refusals,
            processed: Some(processed),
            failed: Some(failed),
        }
    }

    #[test]
    fn a_message_is_accepted_only_if_no_error_may_be_its_own() {
        let second = || vec![refusal(Some(2), None)];
        let rows = [
            (report(second(), 2, 1), MessageVerdict::Accepted),
            (report(second(), 2, 2), MessageVerdict::Unknown),
            (report(second(), 1, 1), MessageVerdict::Unknown),
            (report(vec![], 2, 0), MessageVerdict::Accepted),
            (CancellationReport::default(), MessageVerdict::Accepted),
        ];
        for (report, expected) in rows {
            assert_eq!(verdict(&report, 1, 2), expected, "{report:?}");
        }
        let refused = MessageVerdict::Refused(second());
        assert_eq!(verdict(&report(second(), 2, 1), 2, 2), refused);
        let all = report(vec![refusal(None, None)], 0, 0);
        assert!(refuses_all(&all));
        assert!(matches!(verdict(&all, 1, 2), MessageVerdict::Refused(_)));
    }

    #[test]
    fn an_error_of_one_line_leaves_the_others_accepted() {
        let cancellation: Cancellation = serde_json::from_value(serde_json::json!({
            "tenant": "t", "connection": "c", "order_id": "026-1", "id": "C", "reason": "other", "state": "sent",
            "due_at": "2026-11-29T00:00:00Z", "created_at": "2026-11-29T00:00:00Z", "revision": 2,
            "lines": [{"order_item_id": "1", "sku": null, "quantity": 1, "counts_against_rate": true},
                      {"order_item_id": "2", "sku": null, "quantity": 1, "counts_against_rate": true}],
        }))
        .unwrap();
        let refused = |said: Vec<CancelRefusal>| match of_lines(
            &cancellation,
            &said,
            Timestamp::UNIX_EPOCH,
        ) {
            CancelVerdict::Refused(lines) => {
                lines.into_iter().map(|(line, _)| line).collect::<Vec<_>>()
            }
            CancelVerdict::Accepted => Vec::new(),
        };
        assert_eq!(refused(vec![refusal(Some(1), Some("2"))]), ["2"]);
        assert_eq!(refused(vec![refusal(Some(1), None)]), ["1", "2"]);
        assert_eq!(refused(vec![refusal(Some(1), Some("9"))]), ["1", "2"]);
    }
}
