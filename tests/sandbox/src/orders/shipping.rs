//! Owns `confirmShipment` of the Orders API v0: what Amazon makes of a package that the seller reports,
//! and the packages of an order. It never asks which caller it is.
//!
//! From the page "Confirm the shipment status" and the model `ordersV0`. Amazon's words are those of
//! amzn/selling-partner-api-models#5037 and #5094 and jlevers/selling-partner-api#489 and #528.
//! Inferred, since no page says it: what a repeated number with other items does (refused), that a
//! repeat without a difference leaves the order's date alone, and that an unknown
//! order is answered with 404.

mod rules;

use axum::http::StatusCode;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

use super::state;
use crate::{
    admitted::AdmittedRequest,
    back_office::BackOffice,
    clock,
    reply::{Refusal, Reply},
    world::World,
};

/// Words of a refusal for an order that has nothing left to ship (models#5037).
const NOTHING_LEFT: &str = "Failed to create package due to not finding a matching package or order already fulfilled. \
     ErrorMessage(errorCode=GeneralError, errorDescription=Unable to find package to update for order (), \
     errorMetric=PackageToUpdateNotFound, packageIndex=null)";

/// What a confirmation did.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Effect {
    New,
    /// The same number with other details.
    Edited,
    /// The same number and the same details: nothing changed.
    Repeated,
}

/// One confirmation that Amazon took, for tests to count.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Confirmation {
    pub(crate) at: Timestamp,
    pub(crate) effect: Effect,
    /// `packageDetail` as it was sent.
    pub(crate) detail: Value,
}

/// `confirmShipment`.
pub(crate) fn confirm(world: &mut World, admitted: &AdmittedRequest<'_>) -> Result<Reply, Refusal> {
    let body: Value = serde_json::from_slice(admitted.body)
        .map_err(|_| Refusal::Violation("the body is no JSON".to_owned()))?;
    let (office, id) = (&world.back_office, admitted.parameter("orderId"));
    if !super::is_order_id(id) {
        return violation(&format!("`{id}` is no order id"));
    }
    let Some(seller) = world.sellers.get_mut(admitted.seller) else {
        return Err(Refusal::Other(Reply::denied("")));
    };
    let Some(order) = seller.orders.get_mut(id) else {
        return Err(Refusal::Other(Reply::of_status(StatusCode::NOT_FOUND)));
    };
    may_be_confirmed(order, &body)?;
    let detail = &body["packageDetail"];
    let package = Package::read(order, detail, office, admitted.now)?;
    let effect = package.put(order, admitted.now)?;
    let detail = detail.clone();
    let at = admitted.now;
    let confirmation = Confirmation { at, effect, detail };
    let known = seller.confirmations.entry(id.to_owned()).or_default();
    known.push(confirmation);
    seller.touched(id);
    Ok(Reply {
        status: StatusCode::NO_CONTENT,
        body: Value::Null,
    })
}

/// A package that somebody else than the caller ships. What `detail` leaves out of a `packageDetail` is
/// the next free number, now, and everything open.
pub(crate) fn by_another_hand(
    order: &mut Value,
    mut detail: Value,
    now: Timestamp,
) -> Result<(), Refusal> {
    if detail["packageReferenceId"].is_null() {
        let packages = order["packages"].as_array().map_or(0, Vec::len);
        detail["packageReferenceId"] = json!((packages + 1).to_string());
    }
    if detail["shipDate"].is_null() {
        detail["shipDate"] = json!(clock::iso(now));
    }
    if detail["orderItems"].is_null() {
        let open = state::items(order).filter(|item| state::open_units(item) > 0);
        detail["orderItems"] = open
            .map(|item| json!({ "orderItemId": item["orderItemId"], "quantity": state::open_units(item) }))
            .collect();
    }
    let package = Package::read(order, &detail, &BackOffice::default(), now)?;
    package.put(order, now).map(drop)
}

/// What no correct client confirms at all.
fn may_be_confirmed(order: &Value, body: &Value) -> Result<(), Refusal> {
    let programs = order["programs"].as_array();
    if programs.is_some_and(|programs| programs.contains(&json!("FBM_SHIP_PLUS"))) {
        return violation("Ship+ orders do not support the confirmShipment operation");
    }
    if order["fulfillment"]["fulfilledBy"] == "AMAZON" {
        return violation("the order is fulfilled by Amazon");
    }
    let marketplace = &order["salesChannel"]["marketplaceId"];
    if !marketplace.is_null() && *marketplace != body["marketplaceId"] {
        return violation("marketplaceId is not that of the order");
    }
    Ok(())
}

/// A package as the seller reports it; it breaks no rule that can be seen without the units.
struct Package<'a> {
    reference: &'a str,
    detail: &'a Value,
    /// Item ids, each once, with their units.
    items: Vec<(&'a str, u64)>,
}

impl<'a> Package<'a> {
    fn read(
        order: &Value,
        detail: &'a Value,
        office: &BackOffice,
        now: Timestamp,
    ) -> Result<Self, Refusal> {
        let text = |name: &str| detail[name].as_str().unwrap_or_default();
        let reference = text("packageReferenceId");
        let digits = reference.bytes().all(|byte| byte.is_ascii_digit());
        if !digits || reference.bytes().all(|byte| byte == b'0') {
            return violation("PackageReferenceId: is invalid, must be a positive numeric value.");
        }
        if text("trackingNumber").is_empty() {
            return violation("trackingNumber is empty");
        }
        rules::carrier(detail, office)?;
        rules::ship_date(order, text("shipDate"), now)?;
        Ok(Self {
            reference,
            detail,
            items: rules::items(order, detail)?,
        })
    }

    fn put(&self, order: &mut Value, now: Timestamp) -> Result<Effect, Refusal> {
        if let Some(effect) = self.edit(order, now)? {
            return Ok(effect);
        }
        if !state::awaits_shipment(order) {
            return refused(NOTHING_LEFT);
        }
        let open = |id: &str| state::item(order, id).map_or(0, state::open_units);
        if self.items.iter().all(|(id, _)| open(id) == 0) {
            return refused(NOTHING_LEFT);
        }
        if let Some((id, units)) = self.items.iter().find(|(id, units)| open(id) < *units) {
            return refused(&format!(
                "Invalid quantity {units} for OrderItemId {id}: {} left to ship.",
                open(id)
            ));
        }
        for (id, units) in &self.items {
            state::ship(order, id, *units);
        }
        let shown = self.shown(now);
        match order["packages"].as_array_mut() {
            Some(packages) => packages.push(shown),
            None => order["packages"] = json!([shown]),
        }
        state::settle(order, now);
        Ok(Effect::New)
    }

    /// The same number again. None: the order has no package of this number.
    fn edit(&self, order: &mut Value, now: Timestamp) -> Result<Option<Effect>, Refusal> {
        let packages = order["packages"].as_array_mut().into_iter().flatten();
        let mut packages =
            packages.filter(|package| package["packageReferenceId"] == self.reference);
        let Some(package) = packages.next() else {
            return Ok(None);
        };
        let mut edited = self.shown(now);
        edited["createdTime"] = package["createdTime"].clone();
        edited["packageStatus"] = package["packageStatus"].clone();
        let units = |package: &Value| -> Vec<(Value, Value)> {
            let items = package["packageItems"].as_array().into_iter().flatten();
            items
                .map(|item| (item["orderItemId"].clone(), item["quantity"].clone()))
                .collect()
        };
        let (mut was, mut is) = (units(package), units(&edited));
        for list in [&mut was, &mut is] {
            list.sort_by_key(|(id, _)| id.to_string());
        }
        if was != is {
            return refused("The items of a confirmed package cannot be changed.");
        }
        if *package == edited {
            return Ok(Some(Effect::Repeated));
        }
        *package = edited;
        order["lastUpdatedTime"] = json!(clock::iso(now));
        Ok(Some(Effect::Edited))
    }

    /// As the Orders API shows it under PACKAGES.
    fn shown(&self, now: Timestamp) -> Value {
        let text = |name: &str| self.detail[name].as_str().filter(|text| !text.is_empty());
        let carrier = match text("carrierCode") {
            Some("Other") | None => text("carrierName"),
            code => code,
        };
        let given = self.detail["orderItems"].as_array().into_iter().flatten();
        let items: Vec<Value> = given
            .map(|item| {
                let mut shown =
                    json!({ "orderItemId": item["orderItemId"], "quantity": item["quantity"] });
                if item["transparencyCodes"].is_array() {
                    shown["transparencyCodes"] = item["transparencyCodes"].clone();
                }
                shown
            })
            .collect();
        let mut shown = json!({
            "packageReferenceId": self.reference,
            "createdTime": clock::iso(now),
            "packageStatus": { "status": "SHIPPED" },
            "carrier": carrier,
            "shipTime": text("shipDate"),
            "trackingNumber": text("trackingNumber"),
            "packageItems": items,
        });
        if let Some(method) = text("shippingMethod") {
            shown["shippingService"] = json!(method);
        }
        shown
    }
}

fn violation<T>(rule: &str) -> Result<T, Refusal> {
    Err(Refusal::Violation(rule.to_owned()))
}

/// A refusal that a correct client meets, too: somebody else was faster.
fn refused<T>(words: &str) -> Result<T, Refusal> {
    let status = StatusCode::BAD_REQUEST;
    Err(Refusal::Other(Reply::error(
        status,
        "InvalidInput",
        words,
        "",
    )))
}
