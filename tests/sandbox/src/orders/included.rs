//! Owns what of an order an answer shows: `includedData`, and buyer data by role (page "Access Orders
//! PII"). It never changes the order that is kept.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::Value;

use super::time;
use crate::operations::Role;

/// Parts of an order that come only when asked for.
const OF_ORDER: &[(&str, &str)] = &[
    ("buyer", "BUYER"),
    ("recipient", "RECIPIENT"),
    ("proceeds", "PROCEEDS"),
    ("fulfillment", "FULFILLMENT"),
    ("packages", "PACKAGES"),
    ("tax", "TAX"),
    ("payment", "PAYMENT"),
    ("fulfillmentOrders", "FULFILLMENT_ORDERS"),
];
/// The same of its items.
const OF_ITEM: &[(&str, &str)] = &[
    ("proceeds", "PROCEEDS"),
    ("expense", "EXPENSE"),
    ("promotion", "PROMOTION"),
    ("cancellation", "CANCELLATION"),
    ("fulfillment", "FULFILLMENT"),
    ("tax", "TAX"),
];

/// What one caller asked for and may see.
pub(super) struct View {
    included: Vec<String>,
    sees_people: bool,
    sees_tax: bool,
    now: Timestamp,
}

impl View {
    pub(super) fn new(included: Vec<String>, roles: &BTreeSet<Role>, now: Timestamp) -> Self {
        let sees_tax = roles.contains(&Role::TaxInvoicing) || roles.contains(&Role::TaxRemittance);
        Self {
            included,
            sees_people: roles.contains(&Role::DirectToConsumerShipping),
            sees_tax,
            now,
        }
    }

    pub(super) fn asks(&self, data: &str) -> bool {
        self.included.iter().any(|asked| asked == data)
    }

    /// Whether something was asked for that the roles do not cover.
    pub(super) fn lacks_a_role(&self) -> bool {
        (self.asks("BUYER") || self.asks("RECIPIENT")) && !self.sees_people
    }

    pub(super) fn of(&self, order: &Value) -> Value {
        let mut shown = order.clone();
        self.hide_people(&mut shown);
        self.drop_parts(&mut shown, OF_ORDER);
        for item in shown["orderItems"].as_array_mut().into_iter().flatten() {
            self.drop_parts(item, OF_ITEM);
        }
        shown
    }

    fn drop_parts(&self, value: &mut Value, parts: &[(&str, &str)]) {
        for (field, data) in parts {
            if !self.asks(data) {
                remove(value, field);
            }
        }
    }

    fn hide_people(&self, order: &mut Value) {
        let status = order["fulfillment"]["fulfillmentStatus"]
            .as_str()
            .unwrap_or_default();
        // Until the buyer has paid there is nobody to ship to.
        if matches!(status, "PENDING" | "PENDING_AVAILABILITY") {
            remove(order, "buyer");
            remove(order, "recipient");
            self.hide_messages(order, false);
            return;
        }
        let shipped_by_amazon = order["fulfillment"]["fulfilledBy"] == "AMAZON";
        let sees_people = self.sees_people && !shipped_by_amazon;
        let address = &mut order["recipient"]["deliveryAddress"];
        if !sees_people && address.is_object() {
            for field in [
                "name",
                "addressLine1",
                "addressLine2",
                "addressLine3",
                "phone",
                "extendedFields",
            ] {
                remove(address, field);
            }
        }
        if order["recipient"].is_null() {
            remove(order, "recipient");
        }
        if self.is_phone_no_longer_needed(order) {
            remove(&mut order["recipient"]["deliveryAddress"], "phone");
        }
        if !sees_people && order["buyer"].is_object() {
            remove(&mut order["buyer"], "buyerName");
            remove(&mut order["buyer"], "buyerEmail");
        }
        if !self.sees_tax && order["tax"].is_object() {
            remove(&mut order["tax"], "taxRegistrations");
        }
        self.hide_messages(order, sees_people);
    }

    fn hide_messages(&self, order: &mut Value, sees_people: bool) {
        if sees_people {
            return;
        }
        for item in order["orderItems"].as_array_mut().into_iter().flatten() {
            if let Some(gift) = item.pointer_mut("/fulfillment/packing/giftOption") {
                remove(gift, "giftMessage");
            }
            if let Some(product) = item.get_mut("product") {
                remove(product, "customization");
            }
        }
    }

    fn is_phone_no_longer_needed(&self, order: &Value) -> bool {
        let shipped = order["fulfillment"]["fulfillmentStatus"] == "SHIPPED";
        let latest = time(&order["fulfillment"]["deliverByWindow"], "latestDateTime");
        shipped && order["recipient"].is_object() && latest.is_some_and(|latest| latest < self.now)
    }
}

fn remove(value: &mut Value, field: &str) {
    if let Some(object) = value.as_object_mut() {
        object.remove(field);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn order(status: &str, fulfilled_by: &str) -> Value {
        json!({
            "orderId": "202-0000001-0000001",
            "buyer": {"buyerName": "Nobody Inparticular", "buyerCompanyName": "Company"},
            "recipient": {"deliveryAddress": {"name": "Nobody Inparticular", "city": "Leeds", "postalCode": "LS1 1AA"}},
            "fulfillment": {"fulfillmentStatus": status, "fulfilledBy": fulfilled_by},
            "orderItems": [{"orderItemId": "1", "product": {"sellerSku": "A", "customization": {"customizedUrl": "u"}},
                "proceeds": {}, "fulfillment": {"packing": {"giftOption": {"giftMessage": "m", "giftWrapLevel": "X"}}}}],
            "somethingNew": 1,
        })
    }

    fn seen(order: &Value, included: &[&str], roles: &[Role]) -> Value {
        let included = included.iter().map(|data| (*data).to_owned()).collect();
        View::new(included, &roles.iter().copied().collect(), Timestamp::now()).of(order)
    }

    #[test]
    fn only_what_is_asked_for_is_shown_but_items_always_are() {
        let shown = seen(
            &order("UNSHIPPED", "MERCHANT"),
            &[],
            &[Role::DirectToConsumerShipping],
        );
        assert!(
            shown.get("fulfillment").is_none()
                && shown.get("buyer").is_none()
                && shown.get("recipient").is_none()
        );
        assert_eq!(shown["orderItems"][0]["product"]["sellerSku"], "A");
        assert!(shown["orderItems"][0].get("proceeds").is_none());
        assert_eq!(shown["somethingNew"], 1);
    }

    #[test]
    fn without_the_role_people_are_absent_and_places_stay() {
        let shown = seen(
            &order("UNSHIPPED", "MERCHANT"),
            &["BUYER", "RECIPIENT", "FULFILLMENT"],
            &[],
        );
        assert_eq!(
            shown["recipient"]["deliveryAddress"],
            json!({"city": "Leeds", "postalCode": "LS1 1AA"})
        );
        assert_eq!(shown["buyer"], json!({"buyerCompanyName": "Company"}));
        let gift = &shown["orderItems"][0]["fulfillment"]["packing"]["giftOption"];
        assert_eq!(gift, &json!({"giftWrapLevel": "X"}));
        assert!(
            shown["orderItems"][0]["product"]
                .get("customization")
                .is_none()
        );
    }

    #[test]
    fn an_order_that_amazon_ships_never_shows_people() {
        let roles = [Role::DirectToConsumerShipping];
        let shown = seen(&order("SHIPPED", "AMAZON"), &["BUYER", "RECIPIENT"], &roles);
        assert!(shown["recipient"]["deliveryAddress"].get("name").is_none());
    }

    #[test]
    fn an_unpaid_order_has_neither_buyer_nor_recipient() {
        let roles = [Role::DirectToConsumerShipping];
        let shown = seen(
            &order("PENDING", "MERCHANT"),
            &["BUYER", "RECIPIENT", "FULFILLMENT"],
            &roles,
        );
        assert!(shown.get("buyer").is_none() && shown.get("recipient").is_none());
        assert_eq!(shown["fulfillment"]["fulfillmentStatus"], "PENDING");
    }
}
