//! What is read of a report, in whatever pieces it comes, and what is none.

use super::super::issue::Severity;
use super::*;
use crate::error::Class;
use proptest::prelude::*;
use serde_json::json;

type Read = Result<(Vec<ReportedIssue>, Summary)>;

fn read_in(pieces: impl IntoIterator<Item = impl AsRef<[u8]>>) -> Read {
    let mut report = ProcessingReport::new();
    let mut issues = Vec::new();
    for piece in pieces {
        report.push(piece.as_ref(), |issue| issues.push(issue))?;
    }
    Ok((issues, report.finish()?))
}

fn read(text: &str) -> Read {
    read_in([text])
}

const SUMMARY: Summary = Summary {
    errors: 2,
    warnings: 1,
    messages_processed: 4,
    messages_accepted: 2,
    messages_invalid: 2,
};

fn report(issues: &serde_json::Value) -> String {
    json!({
        "header": { "sellerId": "A1", "version": "2.0", "feedId": "5", "of": [{"}": "]\"\\"}, []] },
        "issues": issues,
        "listings": [{ "issues": [{ "code": "no issue of the feed" }] }, 1.5e3, null, true, "[\"{"],
        "summary": {
            "errors": 2, "warnings": 1, "messagesProcessed": 4, "messagesAccepted": 2, "messagesInvalid": 2, "new": {},
        },
    })
    .to_string()
}

#[test]
fn each_issue_and_the_summary_are_told() {
    let text = report(&json!([
        {
            "messageId": 2, "sku": "A \"{1}\" \\", "code": "90220", "severity": "ERROR",
            "message": "'Brand' ]} is required.", "attributeName": "brand", "categories": ["MISSING_ATTRIBUTE"],
        },
        { "messageId": "3", "code": 8541, "severity": "WARNING", "message": null, "attributeNames": ["ean", "upc"] },
        { "code": "4002000", "severity": "FUTURE" },
    ]));
    let (issues, summary) = read(&text).unwrap();
    assert_eq!(summary, SUMMARY);
    let expected = ReportedIssue {
        message_id: Some(2),
        sku: Some("A \"{1}\" \\".into()),
        issue: Issue {
            code: "90220".into(),
            message: "'Brand' ]} is required.".into(),
            severity: Severity::Error,
            attribute_names: vec!["brand".into()],
        },
        of_listing: false,
    };
    assert_eq!(issues[0], expected);
    assert_eq!(issues[1].message_id, Some(3));
    assert_eq!(issues[1].issue.code, "8541");
    assert_eq!(issues[1].issue.attribute_names, ["ean", "upc"]);
    assert_eq!(issues[2].message_id, None);
    assert_eq!(issues[2].issue.severity, Severity::Other("FUTURE".into()));
    assert_eq!(issues.len(), 3);
}

#[test]
fn a_report_without_issues_is_one_in_every_form() {
    let short = r#""summary":{"messagesProcessed":1,"messagesAccepted":1}}"#;
    let rows = [
        format!(r#"{{"issues":[],{short}"#),
        format!("\u{feff} {{ \"issues\" : [ ] , {short} \n"),
        format!(r#"{{"issues":null,{short}"#),
        format!(r#"{{{short}"#),
    ];
    for text in rows {
        let (issues, summary) = read(&text).unwrap();
        assert!(issues.is_empty());
        assert_eq!(summary.messages_accepted, 1, "{text}");
    }
}

#[test]
fn a_report_that_is_cut_anywhere_is_retryable() {
    let issue = json!({ "messageId": 1, "code": "1", "severity": "ERROR", "message": "é" });
    let text = report(&json!([issue, issue]));
    for length in 0..text.len() {
        let error = read_in([&text.as_bytes()[..length]]).unwrap_err();
        assert_eq!(error.class(), Class::Retryable, "{length}");
    }
}

#[test]
fn what_is_no_processing_report_is_retryable() {
    let summary = r#""summary":{"messagesProcessed":1,"messagesAccepted":1}"#;
    let rows = [
        "<?xml version=\"1.0\"?>".to_owned(),
        "[]".to_owned(),
        "{}".to_owned(),
        r#"{"issues":[]}"#.to_owned(),
        r#"{"summary":{}}"#.to_owned(),
        r#"{"summary":null}"#.to_owned(),
        format!(r#"{{"issues":{{}},{summary}}}"#),
        format!(r#"{{"issues":[1],{summary}}}"#),
        format!(r#"{{"issues":[{{}} {{}}],{summary}}}"#),
        format!(r#"{{"issues":[{{"severity":"ERROR"]}}],{summary}}}"#),
        format!(r#"{{"issues":[],,{summary}}}"#),
        format!(r#"{{"a":,{summary}}}"#),
        format!(r#"{{{summary}}}x"#),
    ];
    for text in rows {
        let error = read(&text).unwrap_err();
        assert_eq!(error.class(), Class::Retryable, "{text}");
    }
}

#[test]
fn an_issue_that_is_not_as_documented_refuses_its_message_and_hides_no_other() {
    let text = report(&json!([
        { "messageId": "1", "code": { "new": 1 }, "severity": "ERROR" },
        { "sku": "B", "message": "no severity" },
        { "messageId": 3, "code": "90220", "severity": "ERROR", "message": "known" },
    ]));
    let (issues, _) = read(&text).unwrap();
    let found: Vec<_> = issues
        .iter()
        .map(|it| (it.message_id, it.sku.as_deref(), it.issue.code.as_str()))
        .collect();
    let expected = [
        (Some(1), None, UNREADABLE),
        (None, Some("B"), UNREADABLE),
        (Some(3), None, "90220"),
    ];
    assert_eq!(found, expected);
    assert!(issues.iter().all(|it| it.issue.refuses()));
}

#[test]
fn issues_of_listings_are_told_apart_from_those_of_messages() {
    let text = json!({
        "issues": [{ "messageId": 1, "code": "1", "severity": "WARNING" }],
        "items": [
            { "sku": "A", "issues": [{ "code": "2", "severity": "ERROR", "message": "m", "attributeNames": ["x"] }] },
            { "sku": "B", "issues": [] },
            { "summaries": [] },
            { "sku": "C", "issues": null },
        ],
        "summary": { "messagesProcessed": 1, "messagesAccepted": 1 },
    });
    let (issues, _) = read(&text.to_string()).unwrap();
    let found: Vec<_> = issues
        .iter()
        .map(|it| (it.of_listing, it.sku.as_deref(), it.issue.code.as_str()))
        .collect();
    assert_eq!(found, [(false, None, "1"), (true, Some("A"), "2")]);
}

#[test]
fn an_issue_without_an_end_does_not_fill_the_memory() {
    let mut report = ProcessingReport::new();
    report.push(br#"{"issues":[{"message":""#, |_| {}).unwrap();
    let piece = [b'x'; 64 * 1024];
    let pieces = (0..1000).find(|_| report.push(&piece, |_| {}).is_err());
    assert_eq!(pieces, Some(15), "given up within a mebibyte");
}

#[test]
fn a_hundred_thousand_issues_are_read_while_one_is_held() {
    let issue =
        r#"{"messageId":7,"sku":"A","code":"90220","severity":"ERROR","message":"required"}"#;
    let mut report = ProcessingReport::new();
    let mut count = 0;
    report.push(br#"{"issues":["#, |_| {}).unwrap();
    for index in 0..100_000 {
        let comma = if index == 0 { "" } else { "," };
        let piece = format!("{comma}{issue}");
        report.push(piece.as_bytes(), |_| count += 1).unwrap();
    }
    let end = br#"],"summary":{"messagesProcessed":1,"messagesAccepted":0}}"#;
    report.push(end, |_| {}).unwrap();
    assert_eq!(
        (count, report.finish().unwrap().messages_accepted),
        (100_000, 0)
    );
}

proptest! {
    #[test]
    fn it_does_not_matter_how_a_report_is_cut_into_pieces(
        texts in prop::collection::vec(any::<String>(), 0..6),
        cuts in prop::collection::vec(1..40_usize, 1..60),
    ) {
        let issues: Vec<_> = texts.iter().map(|text| json!({ "sku": text, "severity": "INFO", "message": text })).collect();
        let text = report(&issues.into());
        let mut rest = text.as_bytes();
        let mut pieces = Vec::new();
        for cut in cuts {
            let (piece, after) = rest.split_at(cut.min(rest.len()));
            pieces.push(piece);
            rest = after;
        }
        pieces.push(rest);
        let (issues, summary) = read_in(pieces).unwrap();
        prop_assert_eq!(summary, SUMMARY);
        let told: Vec<_> = issues.iter().map(|issue| issue.sku.clone().unwrap()).collect();
        prop_assert_eq!(told, texts);
    }

    #[test]
    fn no_bytes_make_the_reading_of_a_report_panic(
        bytes in prop::collection::vec(any::<u8>(), 0..200),
        json in "[\\[\\]{}\",:\\\\ a1]{0,60}",
        at in 0..400_usize,
    ) {
        let _ = read_in([&bytes]);
        let _ = read(&json);
        let _ = read(&format!("{{\"issues\":[{json}"));
        let mut text = report(&json!([{ "severity": "ERROR" }])).into_bytes();
        let at = at % text.len();
        text.splice(at..at, bytes);
        let _ = read_in([&text]);
    }
}
