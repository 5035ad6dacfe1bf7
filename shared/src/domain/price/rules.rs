//! The price rules of one marketplace: which rule decides about a product, what it makes of its cost, and what follows.

use super::rounding::Ending;
use crate::domain::connection::PriceMode;
use crate::domain::product::Condition;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a price is made of. `margin`, `profit` and `add` begin at the cost, and shipping, Amazon's fee and VAT come on top;
/// `rrp` and `fixed` are what buyers see, with all of these in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
#[schema(as = PriceAction)]
pub enum Action {
    /// cost × (1 + percent): a share of the cost is earned.
    Margin {
        /// 0 to 1,000.
        #[schema(value_type = String, example = "30")]
        percent: Decimal,
    },
    /// cost ÷ (1 − percent): a share of the price before tax and fee is earned.
    Profit {
        /// 0 to 90.
        #[schema(value_type = String, example = "25")]
        percent: Decimal,
    },
    /// cost + amount.
    Add {
        /// In the marketplace's currency.
        #[schema(value_type = String, example = "4.00")]
        amount: Decimal,
    },
    /// The recommended retail price × factor.
    Rrp {
        /// 0.01 to 100.
        #[schema(value_type = String, example = "0.95")]
        factor: Decimal,
    },
    /// This price of one unit.
    Fixed {
        /// In the marketplace's currency.
        #[schema(value_type = String, example = "19.99")]
        amount: Decimal,
    },
}

impl Action {
    /// Whether the price begins at the cost.
    pub fn is_of_cost(&self) -> bool {
        !matches!(self, Self::Rrp { .. } | Self::Fixed { .. })
    }
}

/// One rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PriceRule {
    /// What a person calls it; at most 60 characters, each name once. Absent: its condition names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 60)]
    pub name: Option<String>,
    pub condition: Condition,
    pub action: Action,
}

impl PriceRule {
    /// How it is called in lists and explanations.
    pub fn label(&self) -> String {
        let name = self.name.clone();
        name.unwrap_or_else(|| self.condition.words())
    }
}

/// What Amazon keeps of a price: a share of what the buyer pays, tax included.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReferralFee {
    /// 0 to 50.
    #[schema(value_type = String, example = "15")]
    pub percent: Decimal,
    /// But at least this for an item, in the marketplace's currency.
    #[serde(default)]
    #[schema(value_type = String, example = "0.25", required = false)]
    pub at_least: Decimal,
}

/// What a sale must leave over the cost at least, once shipping, fee and tax are paid.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MinimumMargin {
    /// Of the cost; 0 to 1,000.
    #[serde(default)]
    #[schema(value_type = String, example = "5", required = false)]
    pub percent: Decimal,
    /// In the marketplace's currency, for a unit.
    #[serde(default)]
    #[schema(value_type = String, example = "0.50", required = false)]
    pub amount: Decimal,
}

/// What no price exceeds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
#[schema(as = PriceCeiling)]
pub enum Ceiling {
    /// The recommended retail price × factor. A product that has none has no ceiling.
    Rrp {
        #[serde(default = "one")]
        #[schema(value_type = String, example = "1", required = false)]
        factor: Decimal,
    },
    /// This amount for a unit, in the marketplace's currency.
    Amount {
        #[schema(value_type = String, example = "499.00")]
        amount: Decimal,
    },
}

fn one() -> Decimal {
    Decimal::ONE
}

/// How the prices of one marketplace are made. Amounts are in the marketplace's currency, shares in percent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PriceRules {
    /// `leave`: prices are never touched; `rrp`: the recommended price as it is; `rules`: the rules below.
    pub mode: PriceMode,
    /// At most 500. The narrowest that matches a product decides, and of two that are as narrow, the first.
    #[serde(default)]
    #[schema(max_items = 500)]
    pub rules: Vec<PriceRule>,
    /// What shipping an item costs, without tax; added to prices that begin at the cost.
    #[serde(default)]
    #[schema(value_type = String, example = "2.50", required = false)]
    pub shipping: Decimal,
    /// Amazon's fee, to be earned by the price as well; absent: it is not counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub referral_fee: Option<ReferralFee>,
    /// Tax rates of the merchant's own by tax class, in percent; they win over the known ones.
    #[serde(default)]
    #[schema(value_type = Object, example = json!({"books": "0"}), required = false)]
    pub vat: BTreeMap<String, Decimal>,
    /// The tax class of products that have none; absent: those have no price.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 200)]
    pub default_tax_class: Option<String>,
    #[serde(default)]
    #[schema(default = "none")]
    pub ending: Ending,
    /// What no price goes below: cost, shipping, fee and tax, and this margin. Absent: a margin of 0, so that nothing is sold
    /// at a loss; `null`: there is no floor.
    #[serde(default = "no_loss")]
    #[schema(required = false)]
    pub minimum_margin: Option<MinimumMargin>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ceiling: Option<Ceiling>,
    /// Costs are converted by exchange rates of at most so many days ago; 1 to 366. By older ones there is no price.
    #[serde(default = "a_week", skip_serializing_if = "is_a_week")]
    #[schema(minimum = 1, maximum = 366, default = 7)]
    pub exchange_rates_within_days: u16,
    /// A price that would move by no more than this share is left as it is, unless it is below the floor or above the ceiling, or
    /// one of these comes, goes or moves by more.
    #[serde(default)]
    #[schema(value_type = String, example = "1", required = false)]
    pub reprice_past_percent: Decimal,
}

fn a_week() -> u16 {
    7
}

/// Then it is not stored, so that the release before reads the rules.
fn is_a_week(days: &u16) -> bool {
    *days == a_week()
}

/// The floor, if nothing is said: what is safe.
fn no_loss() -> Option<MinimumMargin> {
    Some(MinimumMargin::default())
}

impl PriceRules {
    /// Rules of a mode, with everything else as it is by default.
    pub fn of(mode: PriceMode) -> Self {
        Self {
            mode,
            rules: Vec::new(),
            shipping: Decimal::ZERO,
            referral_fee: None,
            vat: BTreeMap::new(),
            default_tax_class: None,
            ending: Ending::None,
            minimum_margin: no_loss(),
            ceiling: None,
            exchange_rates_within_days: a_week(),
            reprice_past_percent: Decimal::ZERO,
        }
    }

    /// Whether a price can depend on exchange rates.
    pub fn may_convert(&self) -> bool {
        let of_cost = |rule: &PriceRule| {
            rule.action.is_of_cost() || matches!(rule.condition, Condition::CostRange { .. })
        };
        let needs_cost = self.minimum_margin.is_some() || self.rules.iter().any(of_cost);
        self.mode == PriceMode::Rules && needs_cost
    }
}
