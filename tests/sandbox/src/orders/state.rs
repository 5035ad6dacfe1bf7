//! Owns how far an order is: which units of a line are open, and the status that follows from its
//! lines. It never decides who may change it.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::clock;

/// Who cancelled a line (`cancellationExecution.cancelledBy`).
#[derive(Clone, Copy, Debug, PartialEq, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum CancelledBy {
    Buyer,
    Merchant,
    Amazon,
}

/// Whether it is the merchant's to ship, paid, and not finished.
pub(crate) fn awaits_shipment(order: &Value) -> bool {
    let fulfillment = &order["fulfillment"];
    let open = matches!(
        fulfillment["fulfillmentStatus"].as_str(),
        Some("UNSHIPPED" | "PARTIALLY_SHIPPED")
    );
    open && fulfillment["fulfilledBy"] != "AMAZON"
}

/// Units of a line that are neither shipped nor cancelled.
pub(crate) fn open_units(item: &Value) -> u64 {
    if item
        .pointer("/cancellation/cancellationExecution")
        .is_some()
    {
        return 0;
    }
    let fulfillment = &item["fulfillment"];
    let ordered = item["quantityOrdered"].as_u64().unwrap_or(0);
    let left = ordered.saturating_sub(shipped_units(item));
    fulfillment["quantityUnfulfilled"].as_u64().unwrap_or(left)
}

pub(crate) fn shipped_units(item: &Value) -> u64 {
    item["fulfillment"]["quantityFulfilled"]
        .as_u64()
        .unwrap_or(0)
}

pub(crate) fn items(order: &Value) -> impl Iterator<Item = &Value> {
    order["orderItems"].as_array().into_iter().flatten()
}

pub(crate) fn item<'a>(order: &'a Value, id: &str) -> Option<&'a Value> {
    items(order).find(|item| item["orderItemId"] == id)
}

pub(crate) fn item_mut<'a>(order: &'a mut Value, id: &str) -> Option<&'a mut Value> {
    let items = order["orderItems"].as_array_mut()?;
    items.iter_mut().find(|item| item["orderItemId"] == id)
}

/// Counts units of a line as shipped.
pub(crate) fn ship(order: &mut Value, id: &str, units: u64) {
    if let Some(item) = item_mut(order, id) {
        let (shipped, open) = (shipped_units(item), open_units(item));
        item["fulfillment"]["quantityFulfilled"] = json!(shipped + units);
        item["fulfillment"]["quantityUnfulfilled"] = json!(open.saturating_sub(units));
    }
}

/// Cancels what is open of a line and says who did; returns how many units those were.
pub(crate) fn cancel(order: &mut Value, id: &str, by: CancelledBy, reason: &str) -> u64 {
    let Some(item) = item_mut(order, id) else {
        return 0;
    };
    let (shipped, open) = (shipped_units(item), open_units(item));
    item["fulfillment"]["quantityFulfilled"] = json!(shipped);
    item["fulfillment"]["quantityUnfulfilled"] = json!(0);
    item["cancellation"]["cancellationExecution"] =
        json!({ "cancelledBy": by, "cancelReason": reason });
    open
}

/// Gives the order the status of its lines, and dates it now.
pub(crate) fn settle(order: &mut Value, now: Timestamp) {
    let open: u64 = items(order).map(open_units).sum();
    let shipped: u64 = items(order).map(shipped_units).sum();
    let status = match (open, shipped) {
        (0, 0) => "CANCELLED",
        (0, _) => "SHIPPED",
        (_, 0) => "UNSHIPPED",
        _ => "PARTIALLY_SHIPPED",
    };
    order["fulfillment"]["fulfillmentStatus"] = json!(status);
    order["lastUpdatedTime"] = json!(clock::iso(now));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order() -> Value {
        json!({"fulfillment": {"fulfillmentStatus": "UNSHIPPED"}, "orderItems": [
            {"orderItemId": "1", "quantityOrdered": 3},
            {"orderItemId": "2", "quantityOrdered": 1, "fulfillment": {"quantityFulfilled": 0, "quantityUnfulfilled": 1}},
        ]})
    }

    fn status(order: &mut Value) -> &str {
        settle(order, Timestamp::UNIX_EPOCH);
        order["fulfillment"]["fulfillmentStatus"].as_str().unwrap()
    }

    #[test]
    fn an_order_is_shipped_once_no_unit_is_open_and_cancelled_once_none_was_shipped() {
        let mut order = order();
        assert_eq!(status(&mut order), "UNSHIPPED");
        ship(&mut order, "1", 2);
        assert_eq!(status(&mut order), "PARTIALLY_SHIPPED");
        assert_eq!(open_units(item(&order, "1").unwrap()), 1);
        assert_eq!(
            cancel(&mut order, "2", CancelledBy::Merchant, "NO_INVENTORY"),
            1
        );
        ship(&mut order, "1", 1);
        assert_eq!(status(&mut order), "SHIPPED");
        assert_eq!(
            order["orderItems"][1]["cancellation"]["cancellationExecution"]["cancelledBy"],
            "MERCHANT"
        );
    }

    #[test]
    fn an_order_whose_lines_are_all_cancelled_is_cancelled() {
        let mut order = order();
        cancel(&mut order, "1", CancelledBy::Amazon, "X");
        cancel(&mut order, "2", CancelledBy::Buyer, "X");
        assert_eq!(status(&mut order), "CANCELLED");
    }
}
