//! Catalog Items API v2022-04-01: which items of Amazon's catalogue have a number of the merchant's. Tolerant of all but an
//! item without its ASIN: passed over, it might be the second of two.

use super::limits::Operation;
use super::listings::readable;
use super::{Account, Answer, SpApi};
use crate::domain::ids::Asin;
use crate::domain::marketplace::Marketplace;
use crate::error::Result;
use serde::Deserialize;

/// So many numbers go into one call. Amazon page: *Catalog Items API v2022-04-01 Reference*.
pub const MOST_IDENTIFIERS: usize = 20;
/// Items in one page; Amazon allows no more.
const PAGE: usize = 20;

/// What kind of number is searched for. One a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, strum::IntoStaticStr)]
#[strum(serialize_all = "UPPERCASE")]
#[expect(missing_docs, reason = "each is Amazon's own name of the kind")]
pub enum IdentifierType {
    Asin,
    Ean,
    Gtin,
    Upc,
}

impl IdentifierType {
    /// Of a trade item's number in digits, by their count.
    pub fn of_digits(digits: &str) -> Self {
        match digits.len() {
            12 => Self::Upc,
            14 => Self::Gtin,
            _ => Self::Ean,
        }
    }
}

/// A page of what was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CatalogPage {
    pub items: Vec<CatalogItem>,
    /// Given back as `token`: the next page.
    pub next_token: Option<String>,
}

/// An item of Amazon's catalogue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CatalogItem {
    pub asin: Asin,
    /// The numbers that Amazon shows with it; not all of them are always shown.
    pub identifiers: Vec<String>,
    pub title: Option<String>,
    pub brand: Option<String>,
    pub product_type: Option<String>,
    /// It only groups its variations and cannot be offered itself.
    pub is_parent: bool,
}

impl CatalogItem {
    /// Whether Amazon shows this number with it. Leading zeros make no other number.
    pub fn has(&self, number: &str) -> bool {
        let plain = |number: &str| number.trim_start_matches('0').to_owned();
        let wanted = plain(number);
        self.asin.as_str() == number || self.identifiers.iter().any(|it| plain(it) == wanted)
    }
}

impl SpApi {
    /// The items of a marketplace that have one of these numbers, at most [`MOST_IDENTIFIERS`] of one kind. Reads only.
    ///
    /// Amazon page: *Catalog Items API v2022-04-01 Reference*, `searchCatalogItems`.
    ///
    /// # Errors
    /// Throttled; retryable if Amazon fails or its answer is cut off; authorisation revoked; permanent if Amazon refuses, as
    /// it may for a single number.
    pub async fn search_catalog_items(
        &self,
        account: &Account<'_>,
        marketplace: Marketplace,
        kind: IdentifierType,
        identifiers: &[&str],
        token: Option<&str>,
    ) -> Result<Answer<CatalogPage>> {
        let name: &str = kind.into();
        let mut query = vec![
            ("identifiers", identifiers.join(",")),
            ("identifiersType", name.to_owned()),
            ("marketplaceIds", marketplace.id().to_owned()),
            (
                "includedData",
                "identifiers,productTypes,summaries".to_owned(),
            ),
            ("pageSize", PAGE.to_string()),
        ];
        query.extend(token.map(|token| ("pageToken", token.to_owned())));
        let path = ["catalog", "2022-04-01", "items"];
        let operation = Operation::SearchCatalogItems;
        let found: Answer<Results> = self.get(account, operation, &path, &query).await?;
        Ok(found.map(|found| CatalogPage {
            items: found.items.into_iter().map(Item::known).collect(),
            next_token: found.pagination.and_then(|page| page.next_token),
        }))
    }
}

#[derive(Deserialize)]
struct Results {
    items: Vec<Item>,
    #[serde(default)]
    pagination: Option<Pagination>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Pagination {
    next_token: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Item {
    asin: Asin,
    #[serde(default, deserialize_with = "readable")]
    identifiers: Vec<Identifiers>,
    #[serde(default, deserialize_with = "readable")]
    summaries: Vec<Summary>,
    #[serde(default, deserialize_with = "readable")]
    product_types: Vec<ProductType>,
}

#[derive(Deserialize)]
struct Identifiers {
    #[serde(default, deserialize_with = "readable")]
    identifiers: Vec<Identifier>,
}

#[derive(Deserialize)]
struct Identifier {
    identifier: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Summary {
    item_name: Option<String>,
    brand: Option<String>,
    item_classification: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ProductType {
    product_type: Option<String>,
}

impl Item {
    /// One marketplace is asked for, so that the first of each part is its own.
    fn known(self) -> CatalogItem {
        let numbers = self.identifiers.into_iter().flat_map(|it| it.identifiers);
        let summary = self.summaries.into_iter().next();
        let is =
            |summary: &Summary| summary.item_classification.as_deref() == Some("VARIATION_PARENT");
        let is_parent = summary.as_ref().is_some_and(is);
        let (title, brand) = summary.map_or((None, None), |it| (it.item_name, it.brand));
        CatalogItem {
            asin: self.asin,
            identifiers: numbers.map(|it| it.identifier).collect(),
            title,
            brand,
            product_type: self
                .product_types
                .into_iter()
                .find_map(|it| it.product_type),
            is_parent,
        }
    }
}
