//! Which products a rule is about, and which of several rules decides: the narrowest that matches, and of two that are as
//! narrow, the first in the list. A list of SKUs is narrower than a brand, a brand than a category, a sub-category than the
//! category above it, a category than a range of cost, and that than all products.

use super::Product;
use super::category::{Brand, Category};
use crate::domain::ids::Sku;
use crate::domain::money::{decimal_text, decimals};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// SKUs of one condition: more are another rule.
const MOST_SKUS: usize = 1_000;

/// Which products a rule is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
#[schema(as = ProductCondition)]
pub enum Condition {
    /// Every product.
    All {},
    /// Those that cost this much a unit. A product whose cost is not known in the currency is in no range.
    CostRange {
        /// ISO 4217.
        #[schema(example = "GBP")]
        currency: String,
        /// At least; none: from nothing.
        #[serde(
            default,
            deserialize_with = "decimal_text",
            skip_serializing_if = "Option::is_none"
        )]
        #[schema(value_type = Option<String>, example = "10.00")]
        from: Option<Decimal>,
        /// Less than; none: without an end.
        #[serde(
            default,
            deserialize_with = "decimal_text",
            skip_serializing_if = "Option::is_none"
        )]
        #[schema(value_type = Option<String>, example = "50.00")]
        below: Option<Decimal>,
    },
    /// A category with its sub-categories.
    Category {
        category: Category,
    },
    Brand {
        brand: Brand,
    },
    /// To the letter; 1 to 1,000.
    Skus {
        #[schema(value_type = Vec<String>)]
        skus: BTreeSet<Sku>,
    },
}

/// How narrow a condition is; the greater is the narrower.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Narrowness {
    All,
    CostRange,
    Category { depth: usize },
    Brand,
    Skus,
}

/// What conditions ask of a product. Made once for all rules, since names are folded for it.
#[derive(Debug, Clone)]
pub struct ProductFacts {
    sku: Sku,
    brand: Option<Brand>,
    category: Option<Category>,
    cost: BTreeMap<String, Decimal>,
}

impl ProductFacts {
    /// A brand or category that names nothing counts as none.
    pub fn of(product: &Product) -> Self {
        Self {
            sku: product.sku.clone(),
            brand: product.brand.as_deref().and_then(|it| it.parse().ok()),
            category: product.category.as_deref().and_then(|it| it.parse().ok()),
            cost: product.cost.clone(),
        }
    }

    /// With what a unit costs in another currency, if the merchant did not give that.
    #[must_use]
    pub fn with_cost(mut self, currency: &str, amount: Decimal) -> Self {
        self.cost.entry(currency.to_owned()).or_insert(amount);
        self
    }

    pub fn category(&self) -> Option<&Category> {
        self.category.as_ref()
    }
}

impl Condition {
    pub fn matches(&self, product: &ProductFacts) -> bool {
        match self {
            Self::All {} => true,
            Self::CostRange {
                currency,
                from,
                below,
            } => product.cost.get(currency).is_some_and(|cost| {
                from.is_none_or(|from| *cost >= from) && below.is_none_or(|below| *cost < below)
            }),
            Self::Category { category } => {
                let of_product = product.category.as_ref();
                of_product.is_some_and(|it| it.is_under(category))
            }
            Self::Brand { brand } => product.brand.as_ref() == Some(brand),
            Self::Skus { skus } => skus.contains(&product.sku),
        }
    }

    pub fn narrowness(&self) -> Narrowness {
        match self {
            Self::All {} => Narrowness::All,
            Self::CostRange { .. } => Narrowness::CostRange,
            Self::Category { category } => Narrowness::Category {
                depth: category.depth(),
            },
            Self::Brand { .. } => Narrowness::Brand,
            Self::Skus { .. } => Narrowness::Skus,
        }
    }

    /// What is wrong with it, if anything: the field, and the rule in words.
    pub fn fault(&self) -> Option<(&'static str, String)> {
        match self {
            Self::CostRange {
                currency,
                from,
                below,
            } => {
                if decimals(currency).is_none() {
                    let detail =
                        "A currency is named by its ISO 4217 code in capitals, such as GBP.";
                    return Some(("currency", detail.to_owned()));
                }
                let from = from.unwrap_or_default();
                if from < Decimal::ZERO {
                    return Some(("from", "At least 0.".to_owned()));
                }
                let empty = below.is_some_and(|below| below <= from);
                empty.then(|| ("below", "More than `from`.".to_owned()))
            }
            Self::Skus { skus } => {
                let fits = (1..=MOST_SKUS).contains(&skus.len());
                (!fits).then(|| {
                    (
                        "skus",
                        format!("1 to {MOST_SKUS} SKUs; more are another rule."),
                    )
                })
            }
            Self::All {} | Self::Category { .. } | Self::Brand { .. } => None,
        }
    }

    /// Which products, for a person: `brand North`, `category Home > Kitchen`.
    pub fn words(&self) -> String {
        match self {
            Self::All {} => "all products".to_owned(),
            Self::CostRange {
                currency,
                from,
                below,
            } => match (from, below) {
                (Some(from), Some(below)) => {
                    format!("cost from {from} to below {below} {currency}")
                }
                (Some(from), None) => format!("cost from {from} {currency}"),
                (None, Some(below)) => format!("cost below {below} {currency}"),
                (None, None) => format!("any cost in {currency}"),
            },
            Self::Category { category } => format!("category {category}"),
            Self::Brand { brand } => format!("brand {brand}"),
            Self::Skus { skus } => match skus.first() {
                Some(sku) if skus.len() == 1 => format!("SKU {sku}"),
                _ => format!("a list of {} SKUs", skus.len()),
            },
        }
    }
}

/// Which of several rules decides about a product: its place in the list and the rule; `None` if none matches.
pub fn narrowest<'r, R>(
    rules: impl IntoIterator<Item = &'r R>,
    condition: impl Fn(&R) -> &Condition,
    product: &ProductFacts,
) -> Option<(usize, &'r R)> {
    let matching = rules
        .into_iter()
        .enumerate()
        .filter(|(_, rule)| condition(rule).matches(product));
    // Of equals, the first: `max_by_key` would return the last.
    matching.reduce(|best, next| {
        let narrower = condition(next.1).narrowness() > condition(best.1).narrowness();
        if narrower { next } else { best }
    })
}

#[cfg(test)]
mod tests;
