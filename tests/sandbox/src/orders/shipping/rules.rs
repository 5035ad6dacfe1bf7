//! Owns the rules for a `packageDetail` that can be checked without counting units: carrier, ship date,
//! lines.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{refused, violation};
use crate::{
    back_office::BackOffice,
    orders::{self, state},
    reply::Refusal,
};

/// "The `CarrierCode` value must match the options listed in Seller Central exactly. Missing or incorrect
/// values will lead to errors"; "Other" needs a name (amzn/selling-partner-api-docs#772).
pub(super) fn carrier(detail: &Value, office: &BackOffice) -> Result<(), Refusal> {
    let code = detail["carrierCode"].as_str().unwrap_or_default();
    let name = detail["carrierName"].as_str().unwrap_or_default();
    if code.is_empty() {
        return violation("carrierCode is empty");
    }
    if code == "Other" && name.is_empty() {
        return violation("carrierName is required if carrierCode is Other");
    }
    let listed = &office.carrier_codes;
    if code != "Other" && !listed.is_empty() && !listed.contains(code) {
        return refused(&format!("The carrier code {code} is not valid."));
    }
    Ok(())
}

pub(super) fn ship_date(order: &Value, text: &str, now: Timestamp) -> Result<(), Refusal> {
    let Ok(shipped) = text.parse::<Timestamp>() else {
        return violation("shipDate must be an ISO 8601 time");
    };
    if shipped > now {
        return violation("shipDate is in the future");
    }
    match orders::time(order, "createdTime") {
        Some(created) if shipped < created => violation("shipDate is before the purchase"),
        _ => Ok(()),
    }
}

pub(super) fn items<'a>(order: &Value, detail: &'a Value) -> Result<Vec<(&'a str, u64)>, Refusal> {
    let given = detail["orderItems"].as_array().into_iter().flatten();
    let mut items: Vec<(&str, u64)> = Vec::new();
    for one in given {
        let id = one["orderItemId"].as_str().unwrap_or_default();
        let units = one["quantity"].as_u64().unwrap_or(0);
        let Some(item) = state::item(order, id) else {
            return violation(&format!(
                "OrderItemId {id} is invalid, please obtain the value through the getOrderItems API or Manage Orders page"
            ));
        };
        if units == 0 || items.iter().any(|(known, _)| *known == id) {
            return violation("orderItems holds each item once, with a quantity above 0");
        }
        let codes = one["transparencyCodes"].as_array().map_or(0, Vec::len);
        let programs = item["programs"].as_array();
        let transparency =
            programs.is_some_and(|programs| programs.contains(&json!("TRANSPARENCY")));
        if transparency && codes as u64 != units {
            return violation(&format!(
                "OrderItemId {id} needs a transparency code per unit"
            ));
        }
        items.push((id, units));
    }
    if items.is_empty() {
        return violation("orderItems is empty");
    }
    Ok(items)
}
