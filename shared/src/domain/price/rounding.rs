//! Amounts that are not payable yet, exactly; and how one becomes payable: always upwards, so that nothing that was asked for
//! is lost.

use crate::domain::money::decimals;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// How a price ends. A currency without decimals, such as JPY, has whole amounts only.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = PriceEnding)]
pub enum Ending {
    /// As it comes, rounded up to what can be paid.
    #[default]
    #[serde(rename = "none")]
    None,
    #[serde(rename = ".99")]
    Ninetynine,
    #[serde(rename = ".95")]
    Ninetyfive,
    #[serde(rename = ".00")]
    Whole,
}

impl Ending {
    /// What is behind the point, in hundredths.
    fn hundredths(self) -> Option<i64> {
        match self {
            Self::None => None,
            Self::Ninetynine => Some(99),
            Self::Ninetyfive => Some(95),
            Self::Whole => Some(0),
        }
    }

    /// As prices show it; nothing if there is none.
    pub fn words(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Ninetynine => ".99",
            Self::Ninetyfive => ".95",
            Self::Whole => ".00",
        }
    }
}

/// An amount as a fraction: divided only once at the end, so that a price that is exact to the penny stays it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Exact {
    numerator: Decimal,
    /// More than 0.
    denominator: Decimal,
}

/// `None` from any operation: the numbers are too large to be a price.
impl Exact {
    pub(super) fn new(amount: Decimal) -> Self {
        Self {
            numerator: amount,
            denominator: Decimal::ONE,
        }
    }

    pub(super) fn plus(self, amount: Decimal) -> Option<Self> {
        let amount = amount.checked_mul(self.denominator)?;
        Some(Self {
            numerator: self.numerator.checked_add(amount)?,
            ..self
        })
    }

    pub(super) fn times(self, factor: Decimal) -> Option<Self> {
        Some(Self {
            numerator: self.numerator.checked_mul(factor)?,
            ..self
        })
    }

    /// `divisor`: more than 0, or there is no amount.
    pub(super) fn over(self, divisor: Decimal) -> Option<Self> {
        (divisor > Decimal::ZERO).then_some(())?;
        Some(Self {
            denominator: self.denominator.checked_mul(divisor)?,
            ..self
        })
    }

    /// The greater of two.
    pub(super) fn or_more(self, other: Self) -> Option<Self> {
        let mine = self.numerator.checked_mul(other.denominator)?;
        let others = other.numerator.checked_mul(self.denominator)?;
        Some(if others > mine { other } else { self })
    }

    pub(super) fn is_at_most(self, amount: Decimal) -> Option<bool> {
        Some(self.numerator <= amount.checked_mul(self.denominator)?)
    }

    /// As a decimal number, for calculating what only needs to be near.
    pub(super) fn near(self) -> Option<Decimal> {
        self.numerator.checked_div(self.denominator)
    }

    /// For a person: at most four decimals, and at least those of the currency.
    pub(super) fn shown(self, currency: &str) -> Decimal {
        shown(self.near().unwrap_or_default(), currency)
    }

    /// The smallest amount with this ending that is not less.
    pub(super) fn up(self, ending: Ending, currency: &str) -> Option<Decimal> {
        let decimals = decimals(currency)?;
        let (step, offset) = match ending.hundredths() {
            Some(hundredths) if decimals >= 2 => (Decimal::ONE, Decimal::new(hundredths, 2)),
            _ => (Decimal::new(1, decimals), Decimal::ZERO),
        };
        let steps = self.near()?.checked_sub(offset)?.checked_div(step)?.floor();
        let before = steps.checked_sub(Decimal::ONE)?;
        let mut amount = before.checked_mul(step)?.checked_add(offset)?;
        while amount <= Decimal::ZERO || !self.is_at_most(amount)? {
            amount = amount.checked_add(step)?;
        }
        amount.rescale(decimals);
        Some(amount)
    }
}

/// An amount for a person: at most four decimals, and at least those of the currency.
pub(super) fn shown(amount: Decimal, currency: &str) -> Decimal {
    let mut shown = amount.round_dp(4).normalize();
    let decimals = decimals(currency).unwrap_or_default();
    if shown.scale() < decimals {
        shown.rescale(decimals);
    }
    shown
}

/// The greatest amount that can be paid and is not more.
pub(super) fn down(amount: Decimal, currency: &str) -> Option<Decimal> {
    let decimals = decimals(currency)?;
    let mut down = amount.round_dp_with_strategy(decimals, rust_decimal::RoundingStrategy::ToZero);
    down.rescale(decimals);
    Some(down)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn exact(text: &str) -> Exact {
        Exact::new(text.parse().unwrap())
    }

    #[test]
    fn an_amount_is_rounded_up_in_the_minor_units_of_its_currency() {
        for (amount, ending, currency, expected) in [
            ("12.341", Ending::None, "GBP", "12.35"),
            ("12.34", Ending::None, "GBP", "12.34"),
            ("12.34", Ending::Ninetynine, "GBP", "12.99"),
            ("12.991", Ending::Ninetynine, "GBP", "13.99"),
            ("12.99", Ending::Ninetynine, "GBP", "12.99"),
            ("12.96", Ending::Ninetyfive, "EUR", "13.95"),
            ("12.95", Ending::Ninetyfive, "EUR", "12.95"),
            ("12.01", Ending::Whole, "EUR", "13.00"),
            ("12.0", Ending::Whole, "EUR", "12.00"),
            ("1200.1", Ending::None, "JPY", "1201"),
            ("1200.1", Ending::Ninetynine, "JPY", "1201"),
            ("12.3401", Ending::None, "KWD", "12.341"),
            ("12.3401", Ending::Ninetynine, "KWD", "12.990"),
            ("0.0001", Ending::Whole, "GBP", "1.00"),
            ("0.0001", Ending::None, "GBP", "0.01"),
        ] {
            let rounded = exact(amount).up(ending, currency).unwrap();
            assert_eq!(
                rounded.to_string(),
                expected,
                "{amount} {ending:?} {currency}"
            );
        }
    }

    #[test]
    fn a_third_and_three_of_them_are_exact() {
        let third = exact("29.97").over(Decimal::from(3)).unwrap();
        let whole = third.times(Decimal::from(3)).unwrap();
        assert_eq!(whole.up(Ending::None, "GBP").unwrap().to_string(), "29.97");
        assert_eq!(exact("1").over(Decimal::ZERO), None);
    }

    #[test]
    fn a_ceiling_is_rounded_down() {
        let down =
            |text: &str, currency| down(text.parse().unwrap(), currency).unwrap().to_string();
        assert_eq!(down("19.999", "GBP"), "19.99");
        assert_eq!(down("1999.9", "JPY"), "1999");
        assert_eq!(down("5", "KWD"), "5.000");
    }

    proptest! {
        #[test]
        fn rounding_never_takes_anything_off_and_adds_less_than_one_step(
            amount in 1..10_000_000_i64, divisor in 1..1_000_i64,
            ending in prop_oneof![Just(Ending::None), Just(Ending::Ninetynine), Just(Ending::Ninetyfive), Just(Ending::Whole)],
            currency in prop_oneof![Just("GBP"), Just("JPY"), Just("KWD")],
        ) {
            let exact = Exact::new(Decimal::new(amount, 2)).over(Decimal::from(divisor)).unwrap();
            let up = exact.up(ending, currency).unwrap();
            prop_assert!(exact.is_at_most(up).unwrap());
            prop_assert!(up - exact.near().unwrap() <= Decimal::ONE);
            prop_assert!(crate::domain::money::is_payable(up, currency));
            prop_assert!(up > Decimal::ZERO);
        }
    }
}
