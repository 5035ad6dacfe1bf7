//! What the merchant keeps, by the merchant's SKU: products, and bundles made of other products.

mod category;
mod condition;
mod rules;

pub use category::{Brand, Category, InvalidName};
pub use condition::{Condition, Narrowness, ProductFacts, narrowest};
pub use rules::{Fault, digest, drop_unusable, fault, nested_bundle, part_as_bundle};

use super::ids::Sku;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A component of a bundle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    pub sku: Sku,
    /// How many of it one bundle takes; at least 1.
    pub units: u32,
}

/// What becomes of the listings of a product that the merchant no longer keeps.
#[derive(
    Debug,
    Clone,
    Copy,
    Default,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    strum::EnumString,
    strum::IntoStaticStr,
    utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[schema(as = ListingsOfDeletedProduct)]
pub enum ListingsOfDeleted {
    /// They stay on Amazon as they are: nothing is sent.
    #[default]
    Leave,
    /// They are sent zero.
    Zero,
}

impl ListingsOfDeleted {
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// What is left of a product that the merchant no longer keeps.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DeletedProduct {
    pub listings: ListingsOfDeleted,
    /// It was a bundle.
    pub bundle: bool,
}

/// Outer dimensions in millimetres.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dimensions {
    pub length_mm: u32,
    pub width_mm: u32,
    pub height_mm: u32,
}

/// A product, or a bundle if it has parts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Product {
    pub sku: Sku,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub brand: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// GTIN-8, -12, -13 or -14, digits only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ean: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight_grams: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dimensions: Option<Dimensions>,
    /// Recommended retail price by currency (ISO 4217), as buyers see it: with tax, except in USD and CAD.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub rrp: BTreeMap<String, Decimal>,
    /// What a unit costs the merchant, by currency (ISO 4217), without tax that the merchant gets back. Of a bundle, the whole.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub cost: BTreeMap<String, Decimal>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax_class: Option<String>,
    /// What a bundle is made of; none for a product. Each part once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<Part>,
}

impl Product {
    pub fn is_bundle(&self) -> bool {
        !self.parts.is_empty()
    }

    /// What the quantity of this SKU is counted in: a bundle's parts, or a product itself, once.
    pub fn components(&self) -> Vec<Part> {
        if self.is_bundle() {
            self.parts.clone()
        } else {
            vec![Part {
                sku: self.sku.clone(),
                units: 1,
            }]
        }
    }
}
