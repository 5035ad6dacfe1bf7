//! A product as a row of requests and answers.

use rust_decimal::Decimal;
use serde::Serialize;
use stallkeeper::domain::ids::Sku;
use stallkeeper::domain::product::{Part, Product};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// A product, or a bundle if it has parts.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Product)]
pub(crate) struct ProductRow {
    /// The merchant's SKU, kept to the letter: case and spaces count.
    #[schema(value_type = String, example = "MUG-BLUE")]
    sku: Sku,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    brand: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    category: Option<String>,
    /// GTIN-8, -12, -13 or -14, digits only, with its check digit.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "4006381333931")]
    ean: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    weight_grams: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dimensions: Option<DimensionsRow>,
    /// Recommended retail price by currency (ISO 4217) as buyers see it, with tax except in USD and CAD: decimal numbers as text.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(value_type = Object, example = json!({"GBP": "9.90", "EUR": "11.50"}))]
    rrp: BTreeMap<String, Decimal>,
    /// What a unit costs the merchant, by currency, without tax that the merchant gets back: decimal numbers as text, at most
    /// 6 decimals. Of a bundle, the whole.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(value_type = Object, example = json!({"GBP": "4.125"}))]
    cost: BTreeMap<String, Decimal>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tax_class: Option<String>,
    /// What a bundle is made of; none for a product. At most 90, each once, none a bundle itself.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    parts: Vec<PartRow>,
}

/// Outer dimensions in millimetres.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[schema(as = Dimensions)]
pub(crate) struct DimensionsRow {
    length_mm: u32,
    width_mm: u32,
    height_mm: u32,
}

/// A component of a bundle.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = BundlePart)]
pub(crate) struct PartRow {
    #[schema(value_type = String)]
    sku: Sku,
    /// How many of it one bundle takes; at least 1.
    units: u32,
}

impl From<Product> for ProductRow {
    fn from(product: Product) -> Self {
        let part = |Part { sku, units }| PartRow { sku, units };
        Self {
            sku: product.sku,
            title: product.title,
            brand: product.brand,
            category: product.category,
            ean: product.ean,
            weight_grams: product.weight_grams,
            dimensions: product.dimensions.map(|size| DimensionsRow {
                length_mm: size.length_mm,
                width_mm: size.width_mm,
                height_mm: size.height_mm,
            }),
            rrp: product.rrp,
            cost: product.cost,
            tax_class: product.tax_class,
            parts: product.parts.into_iter().map(part).collect(),
        }
    }
}
