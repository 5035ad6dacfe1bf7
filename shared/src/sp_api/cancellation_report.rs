//! Reads what Amazon reports of a feed that cancels lines of orders.
//!
//! Amazon's pages do not show a report of this kind of feed: the other XML feeds are answered in XML (*Get shipping labels,
//! invoice, and warranty documents* shows one), newer feeds in JSON. Its first character shows which one it is, and both are
//! read. Elements are found by name at whatever depth; what is new to us is passed over.

use super::processing_report::ProcessingReport;
use crate::error::{Error, Result};
use quick_xml::Reader;
use quick_xml::events::Event;

/// The most characters of Amazon's words that are kept.
const LONGEST_WORDS: usize = 300;

/// What Amazon says of a feed's messages.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CancellationReport {
    pub refusals: Vec<CancelRefusal>,
    /// How many messages Amazon worked on, and how many of them failed; absent if it does not say.
    pub processed: Option<u64>,
    pub failed: Option<u64>,
}

/// What Amazon refuses; warnings refuse nothing and are not kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CancelRefusal {
    /// The message; without one, the feed as a whole.
    pub message: Option<u32>,
    /// Amazon's id of the line; without one, the whole message.
    pub line: Option<String>,
    pub code: String,
    pub words: String,
}

/// Reads a report.
///
/// # Errors
/// Retryable if it is no processing report, or is cut off.
pub fn cancellation_report(document: &[u8]) -> Result<CancellationReport> {
    match document.iter().find(|byte| !byte.is_ascii_whitespace()) {
        Some(b'{') => of_json(document),
        _ => of_xml(document),
    }
}

fn of_json(document: &[u8]) -> Result<CancellationReport> {
    let (mut reader, mut report) = (ProcessingReport::new(), CancellationReport::default());
    reader.push(document, |reported| {
        if !reported.of_listing && reported.issue.refuses() {
            report.refusals.push(CancelRefusal {
                message: reported.message_id.filter(|id| *id > 0),
                line: None,
                code: reported.issue.code,
                words: short(&reported.issue.message),
            });
        }
    })?;
    let summary = reader.finish()?;
    report.processed = Some(summary.messages_processed);
    report.failed = Some(summary.messages_invalid);
    Ok(report)
}

/// One `Result` while it is read.
#[derive(Default)]
struct Open {
    refusal: CancelRefusal,
    refuses: bool,
}

fn of_xml(document: &[u8]) -> Result<CancellationReport> {
    let mut reader = Reader::from_reader(document);
    let mut report = CancellationReport::default();
    let (mut text, mut open, mut ended) = (String::new(), None::<Open>, false);
    loop {
        match reader.read_event().map_err(unreadable)? {
            Event::Start(start) => {
                text.clear();
                if start.local_name().as_ref() == "Result" {
                    open = Some(Open::default());
                }
            }
            Event::Text(piece) => text.push_str(&piece),
            Event::CData(piece) => text.push_str(&piece),
            Event::GeneralRef(name) => text.push(character(&name)?),
            Event::End(end) => {
                let name = end.local_name();
                let name = name.as_ref().to_owned();
                ended |= name == "ProcessingReport";
                if name == "Result" {
                    let done = open.take().filter(|open| open.refuses);
                    report.refusals.extend(done.map(|open| open.refusal));
                }
                match &mut open {
                    Some(open) => open.take(&name, text.trim()),
                    None => report.take(&name, text.trim()),
                }
                text.clear();
            }
            Event::Eof => break,
            _ => {}
        }
    }
    match ended {
        true => Ok(report),
        false => Err(unreadable("it is cut off, or no processing report")),
    }
}

/// The character that an entity stands for.
fn character(name: &quick_xml::events::BytesRef<'_>) -> Result<char> {
    if let Some(character) = name.resolve_char_ref().map_err(unreadable)? {
        return Ok(character);
    }
    Ok(match name.as_ref() {
        "lt" => '<',
        "gt" => '>',
        "amp" => '&',
        "quot" => '"',
        "apos" => '\'',
        _ => '\u{fffd}',
    })
}

impl Open {
    fn take(&mut self, name: &str, text: &str) {
        let refusal = &mut self.refusal;
        match name {
            "MessageID" => refusal.message = text.parse().ok().filter(|id| *id > 0),
            "ResultCode" => self.refuses = !text.eq_ignore_ascii_case("warning"),
            "ResultMessageCode" => refusal.code = text.chars().take(64).collect(),
            "ResultDescription" => refusal.words = short(text),
            "AmazonOrderItemCode" => refusal.line = Some(text.to_owned()),
            _ => {}
        }
    }
}

impl CancellationReport {
    fn take(&mut self, name: &str, text: &str) {
        match name {
            "MessagesProcessed" => self.processed = text.parse().ok(),
            "MessagesWithError" => self.failed = text.parse().ok(),
            _ => {}
        }
    }
}

fn short(words: &str) -> String {
    let printable = words.chars().filter(|c| !c.is_control());
    printable.take(LONGEST_WORDS).collect()
}

fn unreadable(why: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::retryable("read the report of cancelled orders", why)
}

#[cfg(test)]
mod tests {
    use super::*;

    const XML: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<AmazonEnvelope xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:noNamespaceSchemaLocation="amzn-envelope.xsd">
  <Header><DocumentVersion>1.02</DocumentVersion><MerchantIdentifier>A1</MerchantIdentifier></Header>
  <MessageType>ProcessingReport</MessageType>
  <Message><MessageID>1</MessageID><ProcessingReport>
    <DocumentTransactionID>53935018605</DocumentTransactionID><StatusCode>Complete</StatusCode>
    <ProcessingSummary><MessagesProcessed>3</MessagesProcessed><MessagesSuccessful>1</MessagesSuccessful>
      <MessagesWithError>2</MessagesWithError><MessagesWithWarning>0</MessagesWithWarning></ProcessingSummary>
    <Result><MessageID>2</MessageID><ResultCode>Error</ResultCode><ResultMessageCode>18028</ResultMessageCode>
      <ResultDescription>The line is shipped &amp; cannot be cancelled.</ResultDescription>
      <AdditionalInfo><AmazonOrderID>026-1</AmazonOrderID><AmazonOrderItemCode>77</AmazonOrderItemCode></AdditionalInfo></Result>
    <Result><MessageID>3</MessageID><ResultCode>Error</ResultCode><ResultMessageCode>5000</ResultMessageCode>
      <ResultDescription><![CDATA[No such order.]]></ResultDescription></Result>
    <Result><MessageID>1</MessageID><ResultCode>Warning</ResultCode><ResultMessageCode>1</ResultMessageCode></Result>
  </ProcessingReport></Message>
</AmazonEnvelope>"#;

    fn refusal(message: u32, line: Option<&str>, code: &str, words: &str) -> CancelRefusal {
        CancelRefusal {
            message: Some(message),
            line: line.map(str::to_owned),
            code: code.to_owned(),
            words: words.to_owned(),
        }
    }

    #[test]
    fn a_report_in_xml_names_messages_and_lines() {
        let report = cancellation_report(XML.as_bytes()).unwrap();
        let words = "The line is shipped & cannot be cancelled.";
        let expected = [
            refusal(2, Some("77"), "18028", words),
            refusal(3, None, "5000", "No such order."),
        ];
        assert_eq!(report.refusals, expected);
        assert_eq!((report.processed, report.failed), (Some(3), Some(2)));
    }

    #[test]
    fn a_report_in_json_is_read_as_well() {
        let json = r#" {"header": {"sellerId": "A1", "version": "2.0", "feedId": "1"},
            "issues": [{"messageId": 2, "code": "18028", "severity": "ERROR", "message": "Shipped."},
                       {"messageId": 1, "code": "1", "severity": "WARNING", "message": "Hm."}],
            "summary": {"errors": 1, "warnings": 1, "messagesProcessed": 2, "messagesAccepted": 1, "messagesInvalid": 1}}"#;
        let report = cancellation_report(json.as_bytes()).unwrap();
        assert_eq!(report.refusals, [refusal(2, None, "18028", "Shipped.")]);
        assert_eq!((report.processed, report.failed), (Some(2), Some(1)));
    }

    #[test]
    fn what_is_cut_off_or_no_report_is_no_verdict() {
        for document in ["", "{", "<html>try again</html>", &XML[..XML.len() - 60]] {
            let error = cancellation_report(document.as_bytes()).unwrap_err();
            assert_eq!(error.class(), crate::Class::Retryable, "{document}");
        }
    }
}
