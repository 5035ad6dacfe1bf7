//! What may be said of a selection, and in words what may not. Pure.

use serde::Deserialize;
use stallkeeper::api::{Answer, Faults};
use stallkeeper::domain::connection::Connection;
use stallkeeper::domain::ids::Sku;
use stallkeeper::domain::marketplace::Marketplace;
use stallkeeper::domain::product::{Category, Condition};
use stallkeeper::domain::selection::{
    Choice, MOST_CONDITIONS, MOST_SKUS, NewCategories, Pin, PolicyRule, Selection, WhenOut,
};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// Far above what anybody has in stock.
const MOST_UNITS: i64 = 1_000_000_000;

/// Which products a connection sells. What is left out is as it is by default.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SelectionRequest {
    /// Products that are sold; none: all. At most 200.
    #[serde(default)]
    #[schema(max_items = 200)]
    include: Vec<Condition>,
    /// Products that are not, whatever includes them. At most 200.
    #[serde(default)]
    #[schema(max_items = 200)]
    exclude: Vec<Condition>,
    /// By SKU; stronger than both lists.
    #[serde(default)]
    #[schema(value_type = BTreeMap<String, Pin>)]
    pins: BTreeMap<Sku, Pin>,
    /// What becomes of the listings of products that are not sold.
    #[serde(default)]
    #[schema(default = "zero")]
    when_out: WhenOut,
    #[serde(default)]
    #[schema(default = "ask")]
    new_categories: NewCategories,
    /// Categories, with their sub-categories, that do not ask. At most 200.
    #[serde(default)]
    #[schema(max_items = 200)]
    known_categories: Vec<Category>,
    /// What is offered on marketplaces, by country; those that are not named offer everything that the connection sells.
    #[serde(default)]
    #[schema(value_type = BTreeMap<String, ChoiceRequest>)]
    marketplaces: BTreeMap<String, ChoiceRequest>,
    /// The narrowest one that matches a product is in force for it, in place of the policy of the stock settings. At most 200.
    #[serde(default)]
    #[schema(max_items = 200)]
    stock_policies: Vec<PolicyRequest>,
}

/// Which products are chosen for the offers on a marketplace.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SelectionChoiceRequest)]
struct ChoiceRequest {
    #[serde(default)]
    #[schema(max_items = 200)]
    include: Vec<Condition>,
    #[serde(default)]
    #[schema(max_items = 200)]
    exclude: Vec<Condition>,
    #[serde(default)]
    #[schema(value_type = BTreeMap<String, Pin>)]
    pins: BTreeMap<Sku, Pin>,
}

/// A stock policy of some products; the narrowest rule that matches a product decides, and of two that are as narrow the first.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = StockPolicyOfProductsRequest)]
struct PolicyRequest {
    products: Condition,
    /// Units held back.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 1_000_000_000)]
    buffer: i64,
    /// Share of what remains, 1 to 100.
    #[serde(default = "all")]
    #[schema(default = 100, minimum = 1, maximum = 100)]
    percentage: i64,
    /// Never offer more than this; at least 1.
    #[schema(minimum = 1, maximum = 1_000_000_000)]
    maximum: Option<i64>,
}

fn all() -> i64 {
    100
}

impl SelectionRequest {
    /// The selection and the policies that are asked for.
    ///
    /// # Errors
    /// 422 for each that cannot be; says why.
    pub(super) fn checked(self, connection: &Connection) -> Answer<(Selection, Vec<PolicyRule>)> {
        let mut faults = Faults::default();
        let products = Choice {
            include: conditions("/include", self.include, &mut faults),
            exclude: conditions("/exclude", self.exclude, &mut faults),
            pins: self.pins,
        };
        let mut marketplaces = BTreeMap::new();
        for (country, choice) in self.marketplaces {
            let place = format!("/marketplaces/{country}");
            let Some(marketplace) = of_region(&country, connection) else {
                faults.add(place, "must be a marketplace of the connection's region");
                continue;
            };
            let choice = Choice {
                include: conditions(&format!("{place}/include"), choice.include, &mut faults),
                exclude: conditions(&format!("{place}/exclude"), choice.exclude, &mut faults),
                pins: choice.pins,
            };
            marketplaces.insert(marketplace, choice);
        }
        if self.known_categories.len() > MOST_CONDITIONS {
            faults.add("/known_categories", most("categories"));
        }
        let selection = Selection {
            products,
            when_out: self.when_out,
            new_categories: self.new_categories,
            known_categories: self.known_categories,
            asks_since: None,
            marketplaces,
        };
        let policies = policies(self.stock_policies, &mut faults);
        let named: usize = policies.iter().map(|it| it.products.count_skus()).sum();
        if selection.count_skus() + named > MOST_SKUS {
            let words = "all lists and pins together name at most 4,000 SKUs; name brands or categories for more";
            faults.add("", words);
        }
        faults.done()?;
        Ok((selection, policies))
    }
}

fn most(what: &str) -> String {
    format!("at most {MOST_CONDITIONS} {what}")
}

fn of_region(country: &str, connection: &Connection) -> Option<Marketplace> {
    let marketplace: Marketplace = country.parse().ok()?;
    (marketplace.region() == connection.region()).then_some(marketplace)
}

fn conditions(place: &str, conditions: Vec<Condition>, faults: &mut Faults) -> Vec<Condition> {
    if conditions.len() > MOST_CONDITIONS {
        faults.add(place, most("conditions"));
    }
    for (index, condition) in conditions.iter().enumerate() {
        if let Some((field, detail)) = condition.fault() {
            faults.add(format!("{place}/{index}/{field}"), detail);
        }
    }
    conditions
}

fn policies(policies: Vec<PolicyRequest>, faults: &mut Faults) -> Vec<PolicyRule> {
    if policies.len() > MOST_CONDITIONS {
        faults.add("/stock_policies", most("policies"));
    }
    let policies = policies.into_iter().enumerate();
    policies
        .map(|(index, policy)| policy.checked(&format!("/stock_policies/{index}"), faults))
        .collect()
}

impl PolicyRequest {
    fn checked(self, place: &str, faults: &mut Faults) -> PolicyRule {
        if let Some((field, detail)) = self.products.fault() {
            faults.add(format!("{place}/products/{field}"), detail);
        }
        let words = "the share that is offered of what can be delivered";
        PolicyRule {
            products: self.products,
            buffer: faults.within(
                format!("{place}/buffer"),
                self.buffer,
                (0, MOST_UNITS),
                "units",
            ),
            percentage: faults.within(
                format!("{place}/percentage"),
                self.percentage,
                (1, 100),
                words,
            ),
            maximum: self.maximum.map(|maximum| {
                let place = format!("{place}/maximum");
                faults.within(
                    place,
                    maximum,
                    (1, MOST_UNITS),
                    "units; leave it out for no maximum",
                )
            }),
        }
    }
}
