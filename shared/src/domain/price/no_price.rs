//! Why rules make no price, in words.

use crate::domain::marketplace::Marketplace;
use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::Serialize;

/// Why there is no price.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, strum::IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum NoPrice {
    /// No rule matches the product.
    NoRule,
    NoCost,
    /// The cost is known in other currencies only, and there is no rate.
    NoExchangeRate,
    /// The cost is known in other currencies only, and the rates are older than the rules allow.
    OldExchangeRates {
        of: Date,
        within_days: u16,
    },
    NoRrp,
    NoTaxClass,
    NoVatRate {
        class: String,
    },
    /// Tax and Amazon's fee are more than the whole price.
    FeeTakesAll,
    FloorAboveCeiling {
        floor: Decimal,
        ceiling: Decimal,
    },
    /// The numbers are larger than any price.
    TooLarge,
}

impl NoPrice {
    /// The spelling used in answers.
    pub fn as_str(&self) -> &'static str {
        self.into()
    }

    /// Why, for a person.
    pub fn words(&self, marketplace: Marketplace) -> String {
        let currency = marketplace.currency();
        match self {
            Self::NoRule => "no rule matches the product".to_owned(),
            Self::NoCost => "the product has no cost".to_owned(),
            Self::NoExchangeRate => format!(
                "the product's cost is not known in {currency}, and no exchange rate leads there: PUT /exchange-rates"
            ),
            Self::OldExchangeRates { of, within_days } => format!(
                "the product's cost is not known in {currency}, and the exchange rates are of {of}, more than {within_days} days ago: PUT /exchange-rates"
            ),
            Self::NoRrp => format!("the product has no recommended price in {currency}"),
            Self::NoTaxClass => {
                "the product has no tax class, and the rules have no default_tax_class".to_owned()
            }
            Self::NoVatRate { class } => format!(
                "no rate of tax class “{class}” is known for {marketplace}: give it in the rules, as vat"
            ),
            Self::FeeTakesAll => "Amazon's fee and tax would take the whole price".to_owned(),
            Self::FloorAboveCeiling { floor, ceiling } => {
                format!("the floor {floor} {currency} is above the ceiling {ceiling} {currency}")
            }
            Self::TooLarge => "the numbers are larger than any price".to_owned(),
        }
    }
}
