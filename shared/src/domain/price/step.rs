//! What was done on the way to a price: numbers first, words made of them.

use super::action::{less_percent, plus_percent};
use super::rounding::Ending;
use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::Serialize;

/// One step towards a price. `amount`: the price after it, in the marketplace's currency; amounts that cannot be paid are shown
/// with four decimals, and calculated with exactly.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(tag = "step", rename_all = "snake_case")]
#[schema(as = PriceStep)]
pub enum Step {
    /// The rule that decided, by its name or else its condition.
    Rule {
        rule: String,
    },
    /// The cost is not known in the marketplace's currency.
    Converted {
        cost: Decimal,
        currency: String,
        date: Date,
        amount: Decimal,
    },
    /// What the units of the listing cost.
    Cost {
        one: Decimal,
        units: u32,
        amount: Decimal,
    },
    Margin {
        percent: Decimal,
        amount: Decimal,
    },
    Profit {
        percent: Decimal,
        amount: Decimal,
    },
    Added {
        added: Decimal,
        amount: Decimal,
    },
    /// The recommended retail price, as often as the listing has units.
    Rrp {
        one: Decimal,
        units: u32,
        factor: Decimal,
        amount: Decimal,
    },
    Fixed {
        one: Decimal,
        units: u32,
        amount: Decimal,
    },
    Shipping {
        share: Decimal,
        amount: Decimal,
    },
    /// A share of the price with tax.
    Fee {
        percent: Decimal,
        /// What the price before tax is divided by.
        left: Decimal,
        amount: Decimal,
    },
    /// The least that the fee is, since its share is less.
    LeastFee {
        fee: Decimal,
        amount: Decimal,
    },
    Vat {
        percent: Decimal,
        class: String,
        /// The day for which the rate was checked; `null`: the rules give it.
        as_of: Option<String>,
        amount: Decimal,
    },
    /// Prices there are without tax.
    Untaxed {
        amount: Decimal,
    },
    Rounded {
        #[schema(inline)]
        ending: Ending,
        amount: Decimal,
    },
    /// The floor: it raised the price if `raised`.
    Floor {
        floor: Decimal,
        raised: bool,
        amount: Decimal,
    },
    /// The ceiling: it lowered the price if `lowered`.
    Ceiling {
        ceiling: Decimal,
        lowered: bool,
        amount: Decimal,
    },
}

impl Step {
    /// In words, with its numbers.
    pub fn words(&self, currency: &str) -> String {
        match self {
            Self::Rule { rule } => format!("rule “{rule}”"),
            Self::Converted {
                cost,
                currency: from,
                date,
                amount,
            } => format!("cost {cost} {from} by the rate of {date} = {amount} {currency}"),
            Self::Cost { one, units, amount } => match units {
                1 => format!("cost {amount} {currency}"),
                many => format!("cost {many} × {one} = {amount} {currency}"),
            },
            Self::Margin { percent, amount } => {
                let factor = plus_percent(*percent).normalize();
                format!("× {factor} ({percent} % margin) = {amount}")
            }
            Self::Profit { percent, amount } => {
                let divisor = less_percent(*percent).normalize();
                format!("÷ {divisor} ({percent} % profit) = {amount}")
            }
            Self::Added { added, amount } => format!("+ {added} (added) = {amount}"),
            Self::Rrp {
                one,
                units,
                factor,
                amount,
            } => {
                let units = times(*units);
                format!("recommended {units}{one} {currency} × {factor} = {amount}")
            }
            Self::Fixed { one, units, amount } => match units {
                1 => format!("fixed price {amount} {currency}"),
                many => format!("fixed price {many} × {one} = {amount} {currency}"),
            },
            Self::Shipping { share, amount } => format!("+ {share} (shipping) = {amount}"),
            Self::Fee {
                percent,
                left,
                amount,
            } => format!("÷ {left} (Amazon keeps {percent} % of the price with tax) = {amount}"),
            Self::LeastFee { fee, amount } => format!("+ {fee} (Amazon's least fee) = {amount}"),
            Self::Vat {
                percent,
                class,
                as_of,
                amount,
            } => {
                let whose = match as_of {
                    Some(day) => format!("rate of {day}"),
                    None => "rate of the rules".to_owned(),
                };
                let factor = plus_percent(*percent).normalize();
                format!("× {factor} ({percent} % VAT, {class}, {whose}) = {amount}")
            }
            Self::Untaxed { amount } => format!("without sales tax = {amount}"),
            Self::Rounded { ending, amount } => match ending {
                Ending::None => format!("rounded up = {amount}"),
                ending => format!("rounded up to {} = {amount}", ending.words()),
            },
            Self::Floor {
                floor,
                raised,
                amount,
            } => match raised {
                true => format!("raised to the floor {floor} = {amount}"),
                false => format!("not below the floor {floor}"),
            },
            Self::Ceiling {
                ceiling,
                lowered,
                amount,
            } => match lowered {
                true => format!("lowered to the ceiling {ceiling} = {amount}"),
                false => format!("not above the ceiling {ceiling}"),
            },
        }
    }
}

fn times(units: u32) -> String {
    match units {
        1 => String::new(),
        many => format!("{many} × "),
    }
}
