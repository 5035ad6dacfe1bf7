//! What of an order may be personal, in Amazon's shape.

use super::Order;
use crate::domain::courier::Address;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Everything of an order that may be personal: a JSON object in Amazon's shape, with the public fields taken out.
///
/// `Debug` shows nothing; it has no `Display`. Only the store and the route behind the `buyer` scope serialise it.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BuyerData(Value);

impl BuyerData {
    pub fn new(json: Value) -> Self {
        Self(json)
    }

    /// In the clear, for callers with the `buyer` scope.
    pub fn expose(&self) -> &Value {
        &self.0
    }

    /// Postcode of delivery, which the derivation of a shipping term needs.
    pub fn postcode(&self) -> Option<&str> {
        self.of_address("postalCode")
    }

    /// Where the order goes; what of it is no buyer data is from `order`.
    pub fn address<'a>(&'a self, order: &'a Order) -> Address<'a> {
        let of = |field| self.of_address(field);
        // In Brazil the parts of the first line may come alone.
        let first = of("addressLine1").or_else(|| of("extendedFields/streetName"));
        Address {
            address_type: order.address_type.as_deref(),
            name: of("name"),
            lines: [first, of("addressLine2"), of("addressLine3")],
            towns: [of("city"), of("municipality"), of("districtOrCounty")],
            state: of("stateOrRegion"),
            postcode: of("postalCode"),
            country: order.country.as_deref(),
        }
    }

    fn of_address(&self, field: &str) -> Option<&str> {
        self.0
            .pointer(&format!("/recipient/deliveryAddress/{field}"))?
            .as_str()
    }

    /// Whether there is something in `field` of the part `part`.
    pub(crate) fn has(&self, part: &str, field: &str) -> bool {
        let value = self.0.get(part).and_then(|part| part.get(field));
        value.is_some_and(|value| !value.is_null())
    }

    /// With the parts that only an earlier reading had: what Amazon leaves out is unknown, and not gone.
    #[must_use]
    pub fn completed_by(mut self, earlier: &Self) -> Self {
        let has_address =
            self.has("recipient", "deliveryAddress") && !self.hides_address_of(earlier);
        if let (Value::Object(parts), Value::Object(before)) = (&mut self.0, &earlier.0) {
            for (name, part) in before {
                if !parts.contains_key(name) || (name == "recipient" && !has_address) {
                    parts.insert(name.clone(), part.clone());
                }
            }
        }
        self
    }

    /// Whether its address is an earlier one's without who and which door: Amazon withholds those from an app without
    /// the role.
    fn hides_address_of(&self, earlier: &Self) -> bool {
        let is_hidden =
            |field| self.of_address(field).is_none() && earlier.of_address(field).is_some();
        let is_same = |field| self.of_address(field) == earlier.of_address(field);
        is_hidden("name") && is_hidden("addressLine1") && is_same("postalCode") && is_same("city")
    }

    pub fn is_empty(&self) -> bool {
        self.0.as_object().is_none_or(serde_json::Map::is_empty)
    }
}

impl std::fmt::Debug for BuyerData {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("BuyerData([redacted])")
    }
}
