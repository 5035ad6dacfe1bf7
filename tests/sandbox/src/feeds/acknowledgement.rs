//! Owns the processing of one `POST_ORDER_ACKNOWLEDGEMENT_DATA` feed: the lines of orders that it cancels,
//! and its processing report.
//!
//! Page "Order Feed Type Values" names the elements, schema `OrderAcknowledgement.xsd` gives the values.
//! Inferred, since no page shows them: the report (as all feeds of this envelope had it: one `Result` for
//! each line that is refused), its codes, that a message whose one line is refused cancels its others, that
//! the merchant is who executed it, and that the reason is the one that was sent.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{
    processing::{Outcome, Task},
    xml::{Element, escaped},
};
use crate::{
    orders::{
        cancelling::Cancellation,
        state::{self, CancelledBy},
    },
    world::Seller,
};

/// `CancelReason` of the schema.
const REASONS: &[&str] = &[
    "NoInventory",
    "ShippingAddressUndeliverable",
    "CustomerExchange",
    "BuyerCanceled",
    "GeneralAdjustment",
    "CarrierCreditDecision",
    "RiskAssessmentInformationNotValid",
    "CarrierCoverageFailure",
    "CustomerReturn",
    "MerchandiseNotReceived",
    "CannotVerifyInformation",
    "PricingError",
    "RejectOrder",
    "WeatherDelay",
];

/// One thing that Amazon refuses.
struct Refusal {
    message: String,
    order: String,
    item: String,
    code: u32,
    words: String,
    /// What no correct client sends.
    violates: bool,
}

pub(super) fn process(task: &Task<'_>, seller: &mut Seller, restores: bool) -> Outcome {
    let messages = match messages(task) {
        Ok(messages) => messages,
        Err(words) => return unreadable(task, &words),
    };
    // Up to the part, at least: 0.5 of one message is none.
    let count = (messages.len() as f64 * task.part.clamp(0.0, 1.0)) as usize;
    let mut refusals = Vec::new();
    for message in &messages[..count] {
        refusals.extend(work(task, seller, message, restores));
    }
    let wrong = refusals.iter().filter(|refusal| refusal.violates);
    Outcome {
        fatal: false,
        report: report(task, count, &refusals),
        violations: wrong
            .map(|refusal| format!("feed {}: {}", task.feed, refusal.words))
            .collect(),
    }
}

/// The messages of an envelope that is as the schema says.
fn messages(task: &Task<'_>) -> Result<Vec<Element>, String> {
    let root = Element::read(task.input)?;
    let header = root.child("Header").ok_or("the envelope has no Header")?;
    if root.name != "AmazonEnvelope" || root.text("MessageType") != "OrderAcknowledgement" {
        return Err("it is no AmazonEnvelope of the MessageType OrderAcknowledgement".to_owned());
    }
    if header.text("DocumentVersion") != "1.01" {
        return Err("the DocumentVersion is not 1.01".to_owned());
    }
    if header.text("MerchantIdentifier") != task.seller {
        return Err("the MerchantIdentifier is not the seller of this feed".to_owned());
    }
    let mut seen = BTreeSet::new();
    for message in root.all("Message") {
        let id = message.text("MessageID").parse::<u32>();
        if !id.is_ok_and(|id| id > 0 && seen.insert(id)) {
            return Err("a MessageID is no positive number, or is given twice".to_owned());
        }
    }
    let messages = root.children.into_iter();
    let messages: Vec<_> = messages.filter(|child| child.name == "Message").collect();
    if messages.is_empty() {
        return Err("the envelope has no Message".to_owned());
    }
    Ok(messages)
}

/// Cancels the lines of one message; returns those that are refused.
fn work(task: &Task<'_>, seller: &mut Seller, message: &Element, restores: bool) -> Vec<Refusal> {
    let number = message.text("MessageID");
    let empty = Element::default();
    let acknowledgement = message.child("OrderAcknowledgement").unwrap_or(&empty);
    let id = acknowledgement.text("AmazonOrderID");
    let refuse = |item: &str, (code, violates): (u32, bool), words: &str| Refusal {
        message: number.to_owned(),
        order: id.to_owned(),
        item: item.to_owned(),
        code,
        words: words.to_owned(),
        violates,
    };
    let Some(order) = seller.orders.get(id) else {
        return vec![refuse(
            "",
            (18_028, true),
            "The order is not one of this seller's.",
        )];
    };
    match acknowledgement.text("StatusCode") {
        "Failure" => {}
        // The seller has the order; nothing follows from it.
        "Success" => return Vec::new(),
        _ => {
            return vec![refuse(
                "",
                (5_000, true),
                "The StatusCode is Success or Failure.",
            )];
        }
    }
    let (mut lines, mut refusals) = (Vec::new(), Vec::new());
    for item in acknowledgement.all("Item") {
        let code = item.text("AmazonOrderItemCode");
        match wrong(order, item) {
            Some((kind, words)) => refusals.push(refuse(code, kind, &words)),
            None => lines.push((code.to_owned(), item.text("CancelReason").to_owned())),
        }
    }
    if lines.is_empty() && refusals.is_empty() {
        refusals.push(refuse("", (5_000, true), "A cancellation names its items."));
    }
    for (line, reason) in lines {
        let cancellation = Cancellation {
            lines: Some(&[line]),
            by: CancelledBy::Merchant,
            reason: &reason,
            restores,
        };
        cancellation.apply(seller, id, task.submission.at);
    }
    refusals
}

/// Why a line is not cancelled: Amazon's number, whether no correct client asks for it, and words.
fn wrong(order: &Value, item: &Element) -> Option<((u32, bool), String)> {
    let code = item.text("AmazonOrderItemCode");
    let reason = item.text("CancelReason");
    if !REASONS.contains(&reason) {
        return Some(((5_000, true), format!("'{reason}' is no CancelReason.")));
    }
    let Some(line) = state::item(order, code) else {
        let words = format!("The order has no item {code}.");
        return Some(((18_029, true), words));
    };
    if line
        .pointer("/cancellation/cancellationExecution")
        .is_some()
    {
        return Some(((18_101, false), "The item is cancelled already.".to_owned()));
    }
    let (open, shipped) = (state::open_units(line), state::shipped_units(line));
    if shipped > 0 && open == 0 {
        return Some(((18_102, false), "The item is shipped already.".to_owned()));
    }
    let quantity = item.text("Quantity");
    let part = !quantity.is_empty() && quantity.parse() != Ok(open);
    if part || shipped > 0 {
        let words = "Part of an item cannot be cancelled; adjust it once the rest is shipped.";
        return Some(((18_103, false), words.to_owned()));
    }
    if !state::awaits_shipment(order) {
        let words = "The order is in a status that cannot be cancelled.";
        return Some(((18_104, false), words.to_owned()));
    }
    None
}

fn unreadable(task: &Task<'_>, words: &str) -> Outcome {
    let refusal = Refusal {
        message: "0".to_owned(),
        order: String::new(),
        item: String::new(),
        code: 5_001,
        words: format!("The feed is not as its schema says: {words}"),
        violates: true,
    };
    Outcome {
        fatal: false,
        report: report(task, 0, std::slice::from_ref(&refusal)),
        violations: vec![format!("feed {}: {}", task.feed, refusal.words)],
    }
}

fn report(task: &Task<'_>, processed: usize, refusals: &[Refusal]) -> String {
    let failed: BTreeSet<&str> = refusals.iter().map(|one| one.message.as_str()).collect();
    let results: String = refusals.iter().map(result).collect();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <AmazonEnvelope xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" \
         xsi:noNamespaceSchemaLocation=\"amzn-envelope.xsd\">\n\
         <Header><DocumentVersion>1.02</DocumentVersion><MerchantIdentifier>{}</MerchantIdentifier></Header>\n\
         <MessageType>ProcessingReport</MessageType>\n\
         <Message><MessageID>1</MessageID><ProcessingReport>\n\
         <DocumentTransactionID>{}</DocumentTransactionID><StatusCode>Complete</StatusCode>\n\
         <ProcessingSummary><MessagesProcessed>{processed}</MessagesProcessed>\
         <MessagesSuccessful>{}</MessagesSuccessful><MessagesWithError>{}</MessagesWithError>\
         <MessagesWithWarning>0</MessagesWithWarning></ProcessingSummary>\n\
         {results}</ProcessingReport></Message>\n</AmazonEnvelope>\n",
        escaped(task.seller),
        task.feed,
        processed.saturating_sub(failed.len()),
        failed.len(),
    )
}

fn result(refusal: &Refusal) -> String {
    let named = |name: &str, value: &str| match value {
        "" => String::new(),
        value => format!("<{name}>{}</{name}>", escaped(value)),
    };
    format!(
        "<Result><MessageID>{}</MessageID><ResultCode>Error</ResultCode>\
         <ResultMessageCode>{}</ResultMessageCode><ResultDescription>{}</ResultDescription>\
         <AdditionalInfo>{}{}</AdditionalInfo></Result>\n",
        escaped(&refusal.message),
        refusal.code,
        escaped(&refusal.words),
        named("AmazonOrderID", &refusal.order),
        named("AmazonOrderItemCode", &refusal.item),
    )
}
