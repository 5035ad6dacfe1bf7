//! Reads the processing report of a feed as it arrives: JSON of any size, of which it holds one issue at a time.
//!
//! What the report says of a message is for the caller to weigh. An issue that is not as documented counts as a refusal
//! of its message that says nothing: passed over it would count as accepted, and it must not hide all the others.
//!
//! Amazon page: *JSON Listings Feed processing report schema v2*.

mod scan;

use super::issue::{Issue, Severity};
use crate::error::{Error, Result};
use scan::{Found, Scan};
use serde::Deserialize;

/// One thing Amazon says, mostly about one message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportedIssue {
    /// The message; without one it is about the feed as a whole.
    pub message_id: Option<u32>,
    pub sku: Option<String>,
    pub issue: Issue,
    /// It is about the listing as Amazon keeps it, and kept no message from being accepted.
    pub of_listing: bool,
}

/// The code of an issue that is not as documented.
pub const UNREADABLE: &str = "unreadable";

/// What became of a feed's messages, in numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    #[serde(default)]
    pub errors: u64,
    #[serde(default)]
    pub warnings: u64,
    pub messages_processed: u64,
    pub messages_accepted: u64,
    #[serde(default)]
    pub messages_invalid: u64,
}

/// The report while it arrives, in pieces of any size.
#[derive(Debug, Default)]
pub struct ProcessingReport {
    scan: Scan,
    summary: Option<Summary>,
}

impl ProcessingReport {
    /// Before anything arrived.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes what arrived and hands on the issues that it completes. After a failure nothing more can be read.
    ///
    /// # Errors
    /// Retryable if it is no processing report.
    pub fn push(&mut self, mut bytes: &[u8], mut each: impl FnMut(ReportedIssue)) -> Result<()> {
        while let Some(found) = self.scan.next(&mut bytes).map_err(unreadable)? {
            match found {
                Found::Issue(json) => match serde_json::from_slice::<Wire>(json) {
                    Ok(issue) => each(issue.into()),
                    Err(_) => each(odd(json)?),
                },
                // Nothing depends on it: one that is not as documented is passed over.
                Found::Item(json) => {
                    if let Ok(item) = serde_json::from_slice::<Item>(json) {
                        item.issues().for_each(&mut each);
                    }
                }
                Found::Summary(json) => self.summary = Some(decode(json)?),
            }
        }
        Ok(())
    }

    /// Ends the report.
    ///
    /// # Errors
    /// Retryable if it is cut off or has no summary.
    pub fn finish(self) -> Result<Summary> {
        if !self.scan.is_complete() {
            return Err(unreadable("it is cut off"));
        }
        self.summary.ok_or_else(|| unreadable("it has no summary"))
    }
}

/// An issue in Amazon's shape, tolerant of numbers and texts for each other.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire {
    message_id: Option<Scalar>,
    sku: Option<String>,
    code: Option<Scalar>,
    severity: String,
    message: Option<String>,
    /// One name, or several.
    attribute_name: Option<Names>,
    attribute_names: Option<Names>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Scalar {
    Number(u64),
    Text(String),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Names {
    One(String),
    Many(Vec<String>),
}

impl From<Wire> for ReportedIssue {
    fn from(wire: Wire) -> Self {
        let names = wire.attribute_names.or(wire.attribute_name);
        Self {
            message_id: wire.message_id.and_then(|id| match id {
                Scalar::Number(id) => id.try_into().ok(),
                Scalar::Text(id) => id.parse().ok(),
            }),
            sku: wire.sku,
            issue: Issue {
                code: match wire.code {
                    Some(Scalar::Number(code)) => code.to_string(),
                    Some(Scalar::Text(code)) => code,
                    None => String::new(),
                },
                message: wire.message.unwrap_or_default(),
                severity: wire.severity.into(),
                attribute_names: match names {
                    Some(Names::One(name)) => vec![name],
                    Some(Names::Many(names)) => names,
                    None => Vec::new(),
                },
            },
            of_listing: false,
        }
    }
}

/// A listing, as the Listings Items API shows it.
#[derive(Deserialize)]
struct Item {
    sku: String,
    #[serde(default)]
    issues: Option<Vec<Wire>>,
}

impl Item {
    fn issues(self) -> impl Iterator<Item = ReportedIssue> {
        let sku = self.sku;
        let issues = self.issues.into_iter().flatten();
        issues.map(move |issue| ReportedIssue {
            message_id: None,
            sku: Some(sku.clone()),
            of_listing: true,
            ..ReportedIssue::from(issue)
        })
    }
}

/// An issue that is not as documented, with the message and SKU that it names, if any.
fn odd(json: &[u8]) -> Result<ReportedIssue> {
    let fields: serde_json::Value = decode(json)?;
    let number = |name: &str| {
        fields[name]
            .as_u64()
            .or_else(|| fields[name].as_str()?.parse().ok())
    };
    Ok(ReportedIssue {
        message_id: number("messageId").and_then(|id| id.try_into().ok()),
        sku: fields["sku"].as_str().map(str::to_owned),
        issue: Issue {
            code: UNREADABLE.to_owned(),
            message: "Amazon's report says something of it that is not as documented".to_owned(),
            severity: Severity::Error,
            attribute_names: Vec::new(),
        },
        of_listing: false,
    })
}

fn decode<'a, T: Deserialize<'a>>(json: &'a [u8]) -> Result<T> {
    serde_json::from_slice(json)
        .map_err(|_| unreadable("an issue or the summary is not as documented"))
}

fn unreadable(what: &'static str) -> Error {
    Error::retryable("read a feed's processing report", what)
}

#[cfg(test)]
mod tests;
