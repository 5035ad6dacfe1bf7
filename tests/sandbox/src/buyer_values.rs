//! Owns the list of what in an order is buyer data, so that a test can look for it where it must not
//! be. It takes the fields of Amazon's Data Protection Policy and every field that no model knows.

use serde_json::Value;

/// Fields below `buyer` and an address that say nothing about a person, or too little to search for.
const HARMLESS: &[&str] = &[
    "city",
    "districtOrCounty",
    "stateOrRegion",
    "municipality",
    "countryCode",
    "addressType",
    "entityType",
    "key",
];
/// What Amazon's model knows of an order, apart from the people in it.
const KNOWN: &[&str] = &[
    "orderId",
    "orderAliases",
    "createdTime",
    "lastUpdatedTime",
    "programs",
    "associatedOrders",
    "salesChannel",
    "proceeds",
    "payment",
    "tax",
    "fulfillment",
    "orderItems",
    "packages",
    "fulfillmentOrders",
];
/// Shorter ones, and pure numbers, would be found everywhere by chance.
const SHORTEST: usize = 6;

/// The buyer values of one order, each as it is in the order.
pub(crate) fn of(order: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let people = order
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(name, _)| !KNOWN.contains(&name.as_str()));
    people.for_each(|(_, value)| gather(value, &mut found));
    gather(&order["tax"]["taxRegistrations"], &mut found);
    for item in order["orderItems"].as_array().into_iter().flatten() {
        gather(&item["product"]["customization"], &mut found);
        gather(
            &item["fulfillment"]["packing"]["giftOption"]["giftMessage"],
            &mut found,
        );
    }
    found
}

fn gather(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) if is_telling(text) => found.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| gather(item, found)),
        Value::Object(fields) => {
            let telling = fields
                .iter()
                .filter(|(name, _)| !HARMLESS.contains(&name.as_str()));
            telling.for_each(|(_, value)| gather(value, found));
        }
        _ => {}
    }
}

fn is_telling(text: &str) -> bool {
    let number = text.bytes().all(|byte| byte.is_ascii_digit());
    // Words in capitals are Amazon's own values (`FRONT_DOOR`), not a person's.
    let constant = text
        .bytes()
        .all(|byte| byte.is_ascii_uppercase() || byte == b'_');
    text.len() >= SHORTEST && !number && !constant
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lines_and_unknown_fields_count_but_places_and_numbers_do_not() {
        let order = serde_json::json!({"recipient": {"deliveryAddress": {
            "name": "Nobody Inparticular", "city": "Somewhere", "postalCode": "10115", "doorCode": "K7Q2X9",
            "addressType": "RESIDENTIAL"}, "deliveryPreference": {"dropOffLocation": "FRONT_DOOR"}}});
        let mut values = of(&order);
        values.sort();
        assert_eq!(values, ["K7Q2X9", "Nobody Inparticular"]);
    }
}
