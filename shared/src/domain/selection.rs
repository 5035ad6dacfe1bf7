//! Which products a connection sells, on which marketplaces they are offered, and why each is in or out. Pure.
//!
//! A pin is stronger than an exclusion, an exclusion stronger than an inclusion, and a list of inclusions that is empty
//! includes everything. What only that default includes and is in a category that nobody has decided about asks first. The
//! order of rules decides nothing.

mod limits;
mod stock;

pub use limits::{MOST_CONDITIONS, MOST_SKUS};
pub use stock::{PolicyRule, ProductRules, Selected};

use super::ids::Sku;
use super::marketplace::Marketplace;
use super::product::{Category, Condition, ProductFacts};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// A person's word on one product.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = SelectionPin)]
pub enum Pin {
    In,
    Out,
}

/// What becomes of the listings of a product that a connection does not sell.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ListingsOfUnselectedProduct)]
pub enum WhenOut {
    /// They are sent zero.
    #[default]
    Zero,
    /// They stay on Amazon as they are: nothing is sent.
    Leave,
}

/// What becomes of products in a category that appears after the selection was first drafted, if no rule is about them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = NewCategories)]
pub enum NewCategories {
    /// Nothing new is sent of them until a person decides; a decrease of what was sent before is.
    #[default]
    Ask,
    In,
    Out,
}

/// Which products are chosen: by a connection, or for the offers on one marketplace.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// None: every product.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub include: Vec<Condition>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exclude: Vec<Condition>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub pins: BTreeMap<Sku, Pin>,
}

/// The selection of a connection. By default everything is sold everywhere, and new categories ask.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Selection {
    /// What the connection sells.
    #[serde(default)]
    pub products: Choice,
    #[serde(default)]
    pub when_out: WhenOut,
    #[serde(default)]
    pub new_categories: NewCategories,
    /// Categories, with their sub-categories, that a person let in: they do not ask.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub known_categories: Vec<Category>,
    /// Categories that appeared later ask. Set when a selection is drafted for the first time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asks_since: Option<Timestamp>,
    /// What is offered on marketplaces; on those that are not named, everything that the connection sells.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub marketplaces: BTreeMap<Marketplace, Choice>,
}

/// Why a product is in or out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    Pinned(Pin),
    /// By the narrowest of the exclusions that match.
    Excluded(Condition),
    /// By the narrowest of the inclusions that match.
    Included(Condition),
    /// Nothing excludes it, and everything is included.
    Everything,
    /// Only some products are included, and it is none of them.
    NotIncluded,
    /// Its category is new.
    NewCategory(Category),
}

/// Whether a product is sold.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    strum::IntoStaticStr,
    utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[schema(as = SelectionVerdict)]
pub enum Verdict {
    In,
    Out,
    /// A person must decide.
    Asks,
}

/// What a selection says of a product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    pub verdict: Verdict,
    pub why: Why,
}

impl Decision {
    fn new(verdict: Verdict, why: Why) -> Self {
        Self { verdict, why }
    }

    pub fn is_in(&self) -> bool {
        self.verdict == Verdict::In
    }

    /// Why, for a person.
    pub fn words(&self) -> String {
        match &self.why {
            Why::Pinned(Pin::In) => "a person pinned it in".to_owned(),
            Why::Pinned(Pin::Out) => "a person pinned it out".to_owned(),
            Why::Excluded(condition) => format!("excluded: {}", condition.words()),
            Why::Included(condition) => format!("included: {}", condition.words()),
            Why::Everything => "everything is included".to_owned(),
            Why::NotIncluded => "no rule includes it".to_owned(),
            Why::NewCategory(category) => match self.verdict {
                Verdict::Asks => {
                    format!("its category {category} is new, and a person must decide about it")
                }
                Verdict::In | Verdict::Out => format!("its category {category} is new"),
            },
        }
    }
}

impl Choice {
    /// What it says of a product.
    pub fn decide(&self, sku: &Sku, product: &ProductFacts) -> Decision {
        if let Some(pin) = self.pins.get(sku) {
            let verdict = match pin {
                Pin::In => Verdict::In,
                Pin::Out => Verdict::Out,
            };
            return Decision::new(verdict, Why::Pinned(*pin));
        }
        if let Some(condition) = narrowest(&self.exclude, product) {
            return Decision::new(Verdict::Out, Why::Excluded(condition.clone()));
        }
        if self.include.is_empty() {
            return Decision::new(Verdict::In, Why::Everything);
        }
        match narrowest(&self.include, product) {
            Some(condition) => Decision::new(Verdict::In, Why::Included(condition.clone())),
            None => Decision::new(Verdict::Out, Why::NotIncluded),
        }
    }

    /// Whether it chooses every product.
    pub fn is_everything(&self) -> bool {
        *self == Self::default()
    }
}

/// The narrowest condition that matches; of two that are as narrow, whichever comes first in words, and of two lists whichever
/// has the lesser SKU, so that the order of the rules makes no difference.
fn narrowest<'a>(conditions: &'a [Condition], product: &ProductFacts) -> Option<&'a Condition> {
    let matching = conditions.iter().filter(|it| it.matches(product));
    let skus = |it: &'a Condition| match it {
        Condition::Skus { skus } => Some(skus),
        _ => None,
    };
    matching.max_by_key(|it| (it.narrowness(), Reverse((it.words(), skus(it)))))
}

impl Selection {
    /// Whether everything is sold everywhere, whatever its category: as if there were no selection.
    pub fn is_everything(&self) -> bool {
        self.products.is_everything()
            && self.asks_since.is_none()
            && self.marketplaces.values().all(Choice::is_everything)
    }

    /// The category that the decision on a product may hang on: when it appeared must be looked up. Most products have none.
    pub fn category_to_look_up<'a>(
        &self,
        sku: &Sku,
        product: &'a ProductFacts,
    ) -> Option<&'a Category> {
        let asks = self.asks_since.is_some() && self.new_categories != NewCategories::In;
        let category = product.category().filter(|_| asks)?;
        let is_known = |known: &Category| category.is_under(known);
        let by_default = self.products.decide(sku, product).why == Why::Everything;
        (by_default && !self.known_categories.iter().any(is_known)).then_some(category)
    }

    /// Whether the connection sells a product. `appeared`: when a product of its category was first known here, if
    /// [`Self::category_to_look_up`] names one; `None`: before anybody noted that.
    pub fn decide(
        &self,
        sku: &Sku,
        product: &ProductFacts,
        appeared: Option<Timestamp>,
    ) -> Decision {
        let since = self.asks_since.filter(|since| appeared > Some(*since));
        let new = self.category_to_look_up(sku, product);
        if let (Some(_), Some(category)) = (since, new) {
            let verdict = match self.new_categories {
                NewCategories::Ask => Verdict::Asks,
                NewCategories::In => Verdict::In,
                NewCategories::Out => Verdict::Out,
            };
            return Decision::new(verdict, Why::NewCategory(category.clone()));
        }
        self.products.decide(sku, product)
    }

    /// Whether a product that the connection sells is offered on a marketplace.
    pub fn decide_on(
        &self,
        marketplace: Marketplace,
        sku: &Sku,
        product: &ProductFacts,
    ) -> Decision {
        match self.marketplaces.get(&marketplace) {
            Some(choice) => choice.decide(sku, product),
            None => Decision::new(Verdict::In, Why::Everything),
        }
    }
}

#[cfg(test)]
mod tests;
