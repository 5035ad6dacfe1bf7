//! Owns Amazon's catalogue, as far as offers are made from it: the Catalog Items API 2022-04-01, which items a seller may not
//! offer (Listings Restrictions API 2021-08-01), and what an offer must have (Product Type Definitions API 2020-09-01).

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    admitted::AdmittedRequest,
    documents::Content,
    marketplaces,
    reply::{Refusal, Reply},
    world::World,
};

/// Page "Catalog Items API v2022-04-01 Reference": `pageSize` is at most 20, 10 if it is not said.
const USUAL_PAGE: usize = 10;

/// An item of the catalogue.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Item {
    pub(crate) asin: String,
    /// Numbers in digits: EAN, UPC, GTIN.
    #[serde(default)]
    identifiers: Vec<String>,
    /// Where it is, by id.
    pub(crate) marketplaces: BTreeSet<String>,
    #[serde(default)]
    pub(crate) title: String,
    #[serde(default)]
    brand: Option<String>,
    #[serde(default = "product")]
    pub(crate) product_type: String,
    /// It only groups its variations.
    #[serde(default)]
    parent: bool,
    /// It is found by its numbers and does not show them.
    #[serde(default)]
    shows_no_identifiers: bool,
}

fn product() -> String {
    "PRODUCT".to_owned()
}

/// Why a seller may not offer an item.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Restricted {
    /// `APPROVAL_REQUIRED`, `ASIN_NOT_FOUND` or `NOT_ELIGIBLE`.
    reason_code: String,
    message: String,
    #[serde(default)]
    link: Option<String>,
}

/// What a seller's offers must have, and may.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Terms {
    /// Shipping templates: what Seller Central shows, by key.
    pub(crate) templates: BTreeMap<String, String>,
    /// Attributes that must be there beside those that always must.
    required: BTreeSet<String>,
}

/// All items, by ASIN.
#[derive(Debug, Default)]
pub(crate) struct Catalogue(BTreeMap<String, Item>);

impl Catalogue {
    pub(crate) fn put(&mut self, item: Item) {
        self.0.insert(item.asin.clone(), item);
    }

    /// The item, if this marketplace has it.
    pub(crate) fn get(&self, asin: &str, marketplace: &str) -> Option<&Item> {
        let item = self.0.get(asin)?;
        item.marketplaces.contains(marketplace).then_some(item)
    }
}

impl Item {
    fn has(&self, kind: &str, identifier: &str) -> bool {
        match kind {
            "ASIN" => self.asin == identifier,
            _ => self
                .identifiers
                .iter()
                .any(|it| plain(it) == plain(identifier)),
        }
    }

    fn shown(&self, marketplace: &str, parts: &[String]) -> Value {
        let mut shown = json!({ "asin": self.asin });
        for part in parts {
            let value = match part.as_str() {
                "identifiers" => self.numbers(marketplace),
                "productTypes" => {
                    json!([{ "marketplaceId": marketplace, "productType": self.product_type }])
                }
                "summaries" => self.summary(marketplace),
                _ => continue,
            };
            shown[part] = value;
        }
        shown
    }

    fn numbers(&self, marketplace: &str) -> Value {
        if self.shows_no_identifiers {
            return json!([]);
        }
        let numbers = self.identifiers.iter().map(|number| {
            let kind = match number.len() {
                12 => "UPC",
                14 => "GTIN",
                _ => "EAN",
            };
            json!({ "identifierType": kind, "identifier": number })
        });
        json!([{ "marketplaceId": marketplace, "identifiers": numbers.collect::<Vec<_>>() }])
    }

    fn summary(&self, marketplace: &str) -> Value {
        let class = if self.parent {
            "VARIATION_PARENT"
        } else {
            "BASE_PRODUCT"
        };
        let mut summary = json!({
            "marketplaceId": marketplace, "itemName": self.title, "itemClassification": class,
        });
        if let Some(brand) = &self.brand {
            summary["brand"] = json!(brand);
        }
        json!([summary])
    }
}

fn plain(number: &str) -> &str {
    number.trim_start_matches('0')
}

/// `searchCatalogItems`, by identifiers alone.
pub(crate) fn search(world: &World, admitted: &AdmittedRequest<'_>) -> Result<Reply, Refusal> {
    let marketplace = marketplace(world, admitted)?;
    let identifiers = admitted.list("identifiers");
    let wrong = |why: &str| Err(Refusal::Violation(why.to_owned()));
    let Some(kind) = admitted.query("identifiersType") else {
        return wrong("identifiersType is required with identifiers");
    };
    if identifiers.is_empty() || admitted.query("keywords").is_some() {
        return wrong("the sandbox searches by identifiers alone");
    }
    let long = |number: &String| number.len() > 14 || !number.bytes().all(|it| it.is_ascii_digit());
    if kind != "ASIN" && identifiers.iter().any(long) {
        return Err(Refusal::Other(Reply::invalid(
            "An identifier is not of its type.",
        )));
    }
    let found = world.catalogue.0.values().filter(|item| {
        let any = identifiers.iter().any(|number| item.has(kind, number));
        any && item.marketplaces.contains(&marketplace)
    });
    let found: Vec<&Item> = found.collect();
    let mut parts = admitted.list("includedData");
    if parts.is_empty() {
        parts.push("summaries".to_owned());
    }
    let size = admitted
        .query("pageSize")
        .and_then(|size| size.parse().ok());
    let size: usize = size.unwrap_or(USUAL_PAGE).max(1);
    let from: usize = match admitted.query("pageToken").map(str::parse) {
        None => 0,
        Some(Ok(from)) => from,
        Some(Err(_)) => return wrong("pageToken is none that was given out"),
    };
    let items = found.iter().skip(from).take(size);
    let items: Vec<Value> = items.map(|item| item.shown(&marketplace, &parts)).collect();
    let mut answer = json!({ "numberOfResults": found.len(), "items": items });
    if from + size < found.len() {
        answer["pagination"] = json!({ "nextToken": (from + size).to_string() });
    }
    Ok(Reply::ok(answer))
}

/// `getListingsRestrictions`.
pub(crate) fn restrictions(
    world: &World,
    admitted: &AdmittedRequest<'_>,
) -> Result<Reply, Refusal> {
    let marketplace = marketplace(world, admitted)?;
    if admitted.query("sellerId") != Some(admitted.seller) {
        return Err(Refusal::Other(Reply::denied("")));
    }
    let asin = admitted.query("asin").unwrap_or_default();
    let restriction = |restricted: &Restricted| {
        let mut reason =
            json!({ "message": restricted.message, "reasonCode": restricted.reason_code });
        if let Some(link) = &restricted.link {
            reason["links"] = json!([{
                "resource": link, "verb": "GET", "title": "Request Approval via Seller Central.", "type": "text/html",
            }]);
        }
        let condition = admitted.query("conditionType").unwrap_or("new_new");
        json!([{ "marketplaceId": marketplace, "conditionType": condition, "reasons": [reason] }])
    };
    let of_seller = world.sellers.get(admitted.seller);
    let restricted = of_seller.and_then(|seller| seller.restrictions.get(asin));
    let all = match restricted {
        Some(restricted) => restriction(restricted),
        None if world.catalogue.get(asin, &marketplace).is_none() => restriction(&Restricted {
            reason_code: "ASIN_NOT_FOUND".to_owned(),
            message: "The ASIN does not exist in this marketplace.".to_owned(),
            link: None,
        }),
        None => json!([]),
    };
    Ok(Reply::ok(json!({ "restrictions": all })))
}

/// `getDefinitionsProductType`, of the root product type and sales terms alone.
pub(crate) fn definition(
    world: &mut World,
    admitted: &AdmittedRequest<'_>,
) -> Result<Reply, Refusal> {
    let marketplace = marketplace(world, admitted)?;
    let (product_type, terms) = (admitted.parameter("productType"), "LISTING_OFFER_ONLY");
    if product_type != "PRODUCT" || admitted.query("requirements") != Some(terms) {
        let why = "the sandbox defines PRODUCT with LISTING_OFFER_ONLY alone";
        return Err(Refusal::Violation(why.to_owned()));
    }
    let of_seller = world.sellers.get(admitted.seller);
    let schema = of_seller
        .map(|seller| schema(&seller.terms))
        .unwrap_or_default();
    let content = Content::text(schema.to_string().into_bytes(), false);
    let documents = &mut world.documents;
    let id = documents.add(admitted.seller, "application/json", content, admitted.now);
    let link = documents.link(&id, admitted.url, false, false, admitted.now);
    let link = json!({ "link": { "resource": link, "verb": "GET" }, "checksum": "c7af9479ca7261645cea9db56c5f720d" });
    Ok(Reply::ok(json!({
        "metaSchema": link, "schema": link, "requirements": terms, "requirementsEnforced": "ENFORCED",
        "propertyGroups": { "offer": { "title": "Offer", "propertyNames": ["purchasable_offer"] } },
        "locale": "en_GB", "marketplaceIds": [marketplace], "productType": product_type,
        "displayName": "Product", "productTypeVersion": { "version": "UHqSqmb4FNUk=", "latest": true },
    })))
}

/// Attributes that every offer must have.
pub(crate) const REQUIRED: [&str; 3] = [
    "condition_type",
    "merchant_suggested_asin",
    "purchasable_offer",
];

fn schema(terms: &Terms) -> Value {
    let valued = |enums: Value| json!({ "type": "array", "items": { "type": "object", "properties": { "value": enums } } });
    let templates = &terms.templates;
    let required: BTreeSet<&str> = REQUIRED
        .into_iter()
        .chain(terms.required.iter().map(String::as_str))
        .collect();
    let mut properties = json!({
        "condition_type": valued(json!({ "type": "string", "enum": ["new_new", "used_good"] })),
        "merchant_suggested_asin": valued(json!({ "type": "string" })),
        "fulfillment_availability": { "type": "array" },
        "purchasable_offer": { "type": "array" },
        "merchant_shipping_group": valued(json!({
            "type": "string",
            "enum": templates.keys().collect::<Vec<_>>(), "enumNames": templates.values().collect::<Vec<_>>(),
        })),
    });
    for name in &terms.required {
        properties[name] = json!({ "type": "array" });
    }
    json!({
        "$schema": "https://schemas.amazon.com/selling-partners/definitions/product-types/meta-schema/v1",
        "type": "object", "required": required, "properties": properties,
    })
}

/// The one marketplace that is asked about, which must be the seller's.
fn marketplace(world: &World, admitted: &AdmittedRequest<'_>) -> Result<String, Refusal> {
    let ids = admitted.list("marketplaceIds");
    let of_seller = world.sellers.get(admitted.seller);
    match (ids.as_slice(), of_seller) {
        ([id], Some(seller)) if seller.account.marketplaces.contains(id) => Ok(id.clone()),
        _ => Err(Refusal::Violation(
            "marketplaceIds holds one marketplace of the seller's".to_owned(),
        )),
    }
}

/// Whether all are known marketplaces.
pub(crate) fn is_known(ids: &BTreeSet<String>) -> bool {
    ids.iter().all(|id| marketplaces::of(id).is_some())
}
