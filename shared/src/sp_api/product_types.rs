//! Product Type Definitions API v2020-09-01: what Amazon wants of an offer, as far as we can look at it before it is sent.
//! Of the schema it reads which attributes must be there and which values some of them may have; all else is Amazon's to
//! check.

use super::documents::{DocumentAddress, address};
use super::limits::Operation;
use super::listing_offer::{PRODUCT_TYPE, REQUIREMENTS};
use super::{Account, Answer, SpApi};
use crate::domain::ids::SellerId;
use crate::domain::marketplace::Marketplace;
use crate::domain::new_offer::{OfferRules, ShippingTemplate};
use crate::error::{Error, Result};
use serde::Deserialize;
use serde_json::Value;
use url::Url;

/// A schema of sales terms has some hundred kilobytes.
const LARGEST: usize = 16 * 1024 * 1024;

impl SpApi {
    /// Where the schema of an offer's sales terms is, with the seller's own shipping templates. Reads only.
    ///
    /// Amazon page: *Product Type Definitions API v2020-09-01 Reference*, `getDefinitionsProductType`.
    ///
    /// # Errors
    /// Throttled; retryable if Amazon fails or its answer is cut off; authorisation revoked; permanent if Amazon refuses.
    pub async fn get_offer_definition(
        &self,
        account: &Account<'_>,
        seller: &SellerId,
        marketplace: Marketplace,
    ) -> Result<Answer<DocumentAddress>> {
        let query = [
            ("sellerId", seller.as_str().to_owned()),
            ("marketplaceIds", marketplace.id().to_owned()),
            ("requirements", REQUIREMENTS.to_owned()),
            ("requirementsEnforced", "ENFORCED".to_owned()),
            ("locale", "DEFAULT".to_owned()),
        ];
        let path = ["definitions", "2020-09-01", "productTypes", PRODUCT_TYPE];
        let operation = Operation::GetDefinitionsProductType;
        let found: Answer<Definition> = self.get(account, operation, &path, &query).await?;
        Ok(found.map(|found| DocumentAddress::of(found.schema.link.resource)))
    }

    /// Reads the schema of [`Self::get_offer_definition`].
    ///
    /// # Errors
    /// Retryable if it cannot be downloaded or is no JSON.
    pub async fn offer_rules(&self, schema: &DocumentAddress) -> Result<OfferRules> {
        let mut whole = Vec::new();
        let keep = |bytes: &[u8]| match whole.len() + bytes.len() <= LARGEST {
            true => {
                whole.extend_from_slice(bytes);
                Ok(())
            }
            false => Err(unreadable("it is too large")),
        };
        self.open_document(schema).await?.read(keep).await?;
        let schema = serde_json::from_slice(&whole).map_err(|_| unreadable("it is no JSON"))?;
        Ok(rules(&schema))
    }
}

fn unreadable(what: &'static str) -> Error {
    Error::retryable("read what an offer must have", what)
}

#[derive(Deserialize)]
struct Definition {
    schema: Schema,
}

#[derive(Deserialize)]
struct Schema {
    link: Link,
}

#[derive(Deserialize)]
struct Link {
    #[serde(deserialize_with = "address")]
    resource: Url,
}

/// What the schema says of attributes that are sent; what is odd in it is left to Amazon.
fn rules(schema: &Value) -> OfferRules {
    let required = schema["required"].as_array().into_iter().flatten();
    let known = schema["properties"].as_object();
    OfferRules {
        required: required.filter_map(text).collect(),
        known: known.map(|known| known.keys().cloned().collect()),
        conditions: values(schema, "condition_type", "enum"),
        templates: templates(schema),
    }
}

/// What the value of an attribute may be, or how those values are named.
fn values(schema: &Value, attribute: &str, list: &str) -> Option<Vec<String>> {
    let pointer = format!("/properties/{attribute}/items/properties/value/{list}");
    let values = schema.pointer(&pointer)?.as_array()?;
    Some(values.iter().filter_map(text).collect())
}

/// Amazon page: *Tutorial: Retrieve Merchant Shipping Templates*.
fn templates(schema: &Value) -> Option<Vec<ShippingTemplate>> {
    let keys = values(schema, "merchant_shipping_group", "enum")?;
    let names = values(schema, "merchant_shipping_group", "enumNames")?;
    let both = keys.into_iter().zip(names);
    Some(
        both.map(|(key, name)| ShippingTemplate { key, name })
            .collect(),
    )
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_schema_says_what_an_offer_must_have_and_how_templates_are_named() {
        let of = |enums: Value| json!({ "items": { "properties": { "value": enums } } });
        let schema = json!({
            "required": ["condition_type", "purchasable_offer"],
            "properties": {
                "condition_type": of(json!({ "enum": ["new_new", "used_good"] })),
                "merchant_shipping_group": of(json!({
                    "enum": ["legacy-template-id", "9bc08e3b"], "enumNames": ["Migrated Template", "UK"],
                })),
                "purchasable_offer": {},
            },
        });
        let rules = rules(&schema);
        assert_eq!(rules.required, ["condition_type", "purchasable_offer"]);
        assert_eq!(rules.conditions.unwrap(), ["new_new", "used_good"]);
        let uk = ShippingTemplate {
            key: "9bc08e3b".into(),
            name: "UK".into(),
        };
        assert_eq!(rules.templates.unwrap()[1], uk);
        assert_eq!(super::rules(&json!(7)), OfferRules::default());
    }
}
