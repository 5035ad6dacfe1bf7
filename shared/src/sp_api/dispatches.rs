//! Orders API v0: dispatches, one package a call. Amazon's v2026-01-01 has no successor of it.

use super::check::RefusalWords;
use super::limits::Operation;
use super::{Account, Answer, SpApi};
use crate::domain::courier::CarrierName;
use crate::domain::dispatch::{DispatchLine, PackageNumber, TrackingNumber};
use crate::domain::ids::OrderId;
use crate::error::Result;
use jiff::Timestamp;
use serde::Serialize;

/// A package as it is sent to Amazon.
#[derive(Debug, Clone, Copy)]
pub struct PackageDetail<'a> {
    pub order: &'a OrderId,
    /// Amazon's id of the marketplace.
    pub marketplace_id: &'a str,
    /// The same again edits the package.
    pub number: PackageNumber,
    pub carrier: &'a CarrierName,
    pub tracking_number: &'a TrackingNumber,
    /// Not in Amazon's future.
    pub shipped_at: Timestamp,
    pub lines: &'a [DispatchLine],
}

/// What Amazon says of a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Confirmation {
    Confirmed,
    /// Nothing of the order is left for it, or no package has its number: it may be known already, by this number or another.
    AlreadyFulfilled(RefusalWords),
    Refused(RefusalWords),
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Request<'a> {
    marketplace_id: &'a str,
    package_detail: Package<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Package<'a> {
    package_reference_id: String,
    carrier_code: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    carrier_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    shipping_method: Option<&'a str>,
    tracking_number: &'a str,
    ship_date: String,
    order_items: Vec<Item<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Item<'a> {
    order_item_id: &'a str,
    quantity: u32,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    transparency_codes: &'a [String],
}

impl SpApi {
    /// Confirms a dispatch, or edits it if Amazon knows its number.
    ///
    /// Amazon pages: *Confirm the shipment status*; Orders API v0, `confirmShipment`.
    ///
    /// # Errors
    /// Throttled; authorisation revoked; retryable if Amazon fails, does not answer in time or its answer is cut off: then
    /// nobody knows whether the package is confirmed; permanent if the app may not call it.
    pub async fn confirm_shipment(
        &self,
        account: &Account<'_>,
        detail: &PackageDetail<'_>,
    ) -> Result<Answer<Confirmation>> {
        let items = detail.lines.iter().map(|line| Item {
            order_item_id: &line.line,
            quantity: line.units,
            transparency_codes: &line.transparency_codes,
        });
        let request = Request {
            marketplace_id: detail.marketplace_id,
            package_detail: Package {
                package_reference_id: detail.number.to_string(),
                carrier_code: detail.carrier.code(),
                carrier_name: detail.carrier.name(),
                shipping_method: detail.carrier.shipping_method(),
                tracking_number: detail.tracking_number.as_str(),
                ship_date: detail.shipped_at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
                order_items: items.collect(),
            },
        };
        let path = [
            "orders",
            "v0",
            "orders",
            detail.order.as_str(),
            "shipmentConfirmation",
        ];
        let operation = Operation::ConfirmShipment;
        let answer = self
            .post_or_words(account, operation, &path, &request)
            .await?;
        Ok(answer.map(|words| match words {
            None => Confirmation::Confirmed,
            Some(words) if says_fulfilled(&words) => Confirmation::AlreadyFulfilled(words),
            Some(words) => Confirmation::Refused(words),
        }))
    }
}

/// As reported in amzn/selling-partner-api-models#5037: "Failed to create package due to not finding a matching package or
/// order already fulfilled. … errorMetric=PackageToUpdateNotFound".
fn says_fulfilled(words: &RefusalWords) -> bool {
    let text = words.message.to_ascii_lowercase();
    let already = ["fulfilled", "shipped", "confirmed", "dispatched"];
    text.contains("packagetoupdatenotfound")
        || text.contains("already") && already.iter().any(|word| text.contains(word))
}
