//! Owns the processing of one `JSON_LISTINGS_FEED`: its document's rules (schema
//! `listings-feed-schema-v2`), its messages one after another, and the processing report.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::offering;
use crate::{
    catalog::Catalogue,
    listings::{self, Edit, Issue, Submission},
    world::Seller,
};

/// Page "Feeds API FAQ": "has a limit of 25,000 items".
const MOST_MESSAGES: usize = 25_000;
/// Page "Feeds API FAQ": "The allowed size for a single feed document is currently 10 MB".
const LARGEST: usize = 10 << 20;
const MOST_ID: u64 = (1 << 31) - 1;

/// A feed whose turn it is.
pub(super) struct Task<'a> {
    pub(super) seller: &'a str,
    pub(super) feed: &'a str,
    pub(super) marketplace: &'a str,
    pub(super) input: &'a [u8],
    pub(super) catalogue: &'a Catalogue,
    /// What part of the messages is processed, from the first on.
    pub(super) part: f64,
    pub(super) accepts_unknown: bool,
    pub(super) submission: Submission,
}

pub(super) struct Outcome {
    pub(super) fatal: bool,
    /// The processing report, as it is put into a document.
    pub(super) report: String,
    /// What no correct client sends.
    pub(super) violations: Vec<String>,
}

/// Something wrong with the document as a whole.
struct Malformed {
    fatal: bool,
    code: &'static str,
    message: String,
}

pub(super) fn process(task: &Task<'_>, seller: &mut Seller) -> Outcome {
    match messages(task) {
        Ok(messages) => each(task, seller, &messages),
        Err(wrong) => {
            let issue =
                json!({ "code": wrong.code, "severity": "ERROR", "message": wrong.message });
            Outcome {
                fatal: wrong.fatal,
                report: report(task, &[issue], 0, 0).to_string(),
                violations: vec![format!("feed {}: {}", task.feed, wrong.message)],
            }
        }
    }
}

fn messages(task: &Task<'_>) -> Result<Vec<Value>, Malformed> {
    let malformed = |fatal, code, message: &str| {
        Err(Malformed {
            fatal,
            code,
            message: message.to_owned(),
        })
    };
    if task.input.len() > LARGEST {
        return malformed(
            true,
            "4002001",
            "The feed messages list is beyond the allowed size.",
        );
    }
    let mut document: Value = match serde_json::from_slice(task.input) {
        Ok(document) => document,
        Err(error) => return malformed(false, "4002002", &format!("The feed is no JSON: {error}")),
    };
    if document["header"]["version"] != "2.0" {
        return malformed(
            false,
            "4002006",
            "The 'version' does not match the required value.",
        );
    }
    if document["header"]["sellerId"] != task.seller {
        return malformed(
            false,
            "4002005",
            "The 'sellerId' is not the seller of this feed.",
        );
    }
    let Value::Array(messages) = document["messages"].take() else {
        return malformed(false, "4002002", "The feed has no 'messages'.");
    };
    if messages.is_empty() || messages.len() > MOST_MESSAGES {
        return malformed(true, "4002001", "A feed has from 1 to 25,000 messages.");
    }
    let mut seen = BTreeSet::new();
    for message in &messages {
        let id = message["messageId"].as_u64();
        let Some(id) = id.filter(|id| (1..=MOST_ID).contains(id)) else {
            return malformed(
                false,
                "4002007",
                "A 'messageId' is not from 1 to 2147483647.",
            );
        };
        if !seen.insert(id) {
            return malformed(
                false,
                "4002007",
                &format!("The 'messageId' {id} is given twice."),
            );
        }
    }
    Ok(messages)
}

fn each(task: &Task<'_>, seller: &mut Seller, messages: &[Value]) -> Outcome {
    // Up to the part, at least: 0.5 of one message is none.
    let count = (messages.len() as f64 * task.part.clamp(0.0, 1.0)) as usize;
    let (mut issues, mut violations, mut accepted) = (Vec::new(), Vec::new(), 0);
    for message in &messages[..count] {
        let sku = message["sku"].as_str().unwrap_or_default();
        match process_one(task, seller, sku, message) {
            Ok(()) => {
                accepted += 1;
                issues.extend(listings::remark(seller, sku).map(|issue| shown(message, &issue)));
            }
            Err(issue) => {
                if issue.violates {
                    violations.push(format!("feed {}, `{sku}`: {}", task.feed, issue.message));
                }
                issues.push(shown(message, &issue));
            }
        }
    }
    let report = report(task, &issues, count, accepted);
    Outcome {
        fatal: false,
        report: report.to_string(),
        violations,
    }
}

fn process_one(
    task: &Task<'_>,
    seller: &mut Seller,
    sku: &str,
    message: &Value,
) -> Result<(), Issue> {
    if offering::is_update(message) {
        let offer = offering::read(task, seller, message)?;
        offering::make(task, seller, sku, offer);
    } else {
        let edits = read(task, seller, message)?;
        seller.listings.apply(sku, &edits, &task.submission);
    }
    Ok(())
}

fn read(task: &Task<'_>, seller: &Seller, message: &Value) -> Result<Vec<Edit>, Issue> {
    let patches = patches(message).ok_or_else(|| Issue {
        violates: true,
        ..Issue::new(
            "4002008",
            "The provided message did not meet the schema validation requirements for a feed \
             message."
                .to_owned(),
            None,
        )
    })?;
    let sku = message["sku"].as_str().unwrap_or_default();
    let listing = seller.listings.get(sku);
    listings::refused(seller, listing, sku, task.marketplace, task.accepts_unknown)?;
    listings::read_edits(&patches, listing, task.marketplace)
}

/// The patches of a message that meets the schema. `PARTIAL_UPDATE` is `PATCH` with `replace`.
fn patches(message: &Value) -> Option<Vec<Value>> {
    let text = |name: &str| message[name].as_str().filter(|text| !text.is_empty());
    text("sku")?;
    text("productType")?;
    if message.get("requirements").is_some() {
        return None;
    }
    match (
        text("operationType")?,
        &message["patches"],
        &message["attributes"],
    ) {
        ("PATCH", Value::Array(patches), Value::Null) if !patches.is_empty() => {
            Some(patches.clone())
        }
        ("PARTIAL_UPDATE", Value::Null, Value::Object(attributes)) if !attributes.is_empty() => {
            let replace = |(name, value): (&String, &Value)| json!({ "op": "replace", "path": format!("/attributes/{name}"), "value": value });
            Some(attributes.iter().map(replace).collect())
        }
        _ => None,
    }
}

fn shown(message: &Value, issue: &Issue) -> Value {
    let mut shown = json!({
        "messageId": message["messageId"],
        "code": issue.code,
        "severity": issue.severity,
        "message": issue.message,
    });
    if message["sku"].as_str().is_some_and(|sku| !sku.is_empty()) {
        shown["sku"] = message["sku"].clone();
    }
    if let Some(attribute) = &issue.attribute {
        shown["attributeName"] = json!(attribute);
    }
    shown
}

fn report(task: &Task<'_>, issues: &[Value], processed: usize, accepted: usize) -> Value {
    let of = |severity: &str| {
        let issues = issues.iter();
        issues.filter(|issue| issue["severity"] == severity).count()
    };
    json!({
        "header": { "sellerId": task.seller, "version": "2.0", "feedId": task.feed },
        "issues": issues,
        "summary": {
            "errors": of("ERROR"),
            "warnings": of("WARNING"),
            "messagesProcessed": processed,
            "messagesAccepted": accepted,
            "messagesInvalid": processed - accepted,
        },
    })
}
