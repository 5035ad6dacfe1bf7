//! Exchange rates, as the platform uploads them: all of one day, against one currency.

use crate::domain::money::decimals;
use jiff::SignedDuration;
use jiff::civil::Date;
use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Decimals of a converted cost: as many as a cost may have.
const DECIMALS: u32 = 6;

/// A tenant's exchange rates.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExchangeRates {
    /// The day of the rates.
    #[schema(value_type = String, format = Date, example = "2026-11-27")]
    pub date: Date,
    /// The currency that the rates are against; ISO 4217.
    #[schema(example = "EUR")]
    pub base: String,
    /// How much of each currency one unit of the base is worth.
    #[schema(value_type = Object, example = json!({"GBP": "0.8612", "USD": "1.0832"}))]
    pub rates: BTreeMap<String, Decimal>,
}

impl ExchangeRates {
    /// What is wrong with it, if anything: a JSON pointer, and the rule in words.
    /// `today`: tomorrow's may have begun elsewhere.
    pub fn faults(&self, today: Date) -> Vec<(String, &'static str)> {
        let named = "a currency is named by its ISO 4217 code in capitals, such as GBP";
        let mut faults = Vec::new();
        if today.tomorrow().is_ok_and(|tomorrow| self.date > tomorrow) {
            let later = "a day that has come: no rates of an earlier day could replace them";
            faults.push(("/date".to_owned(), later));
        }
        if decimals(&self.base).is_none() {
            faults.push(("/base".to_owned(), named));
        }
        for (currency, rate) in &self.rates {
            let place = format!("/rates/{}", currency.chars().take(8).collect::<String>());
            let is_rate = *rate > Decimal::ZERO && *rate < Decimal::from(10_000_000);
            if decimals(currency).is_none() {
                faults.push((place, named));
            } else if !is_rate || rate.normalize().scale() > 10 {
                faults.push((
                    place,
                    "more than 0, less than 10,000,000, at most 10 decimals",
                ));
            } else if *currency == self.base && *rate != Decimal::ONE {
                faults.push((place, "the base is worth 1 of itself"));
            }
        }
        faults
    }

    /// Whether they are at most so many days old.
    pub fn are_within(&self, days: u16, today: Date) -> bool {
        today.duration_since(self.date) <= SignedDuration::from_hours(24 * i64::from(days))
    }

    fn of_base(&self, currency: &str) -> Option<Decimal> {
        if currency == self.base {
            return Some(Decimal::ONE);
        }
        self.rates.get(currency).copied()
    }

    /// An amount in another currency, rounded up; `None` if a rate is missing.
    pub fn convert(&self, amount: Decimal, from: &str, to: &str) -> Option<Decimal> {
        let (from, to) = (self.of_base(from)?, self.of_base(to)?);
        let converted = amount.checked_mul(to)?.checked_div(from)?;
        // What division may leave beyond any real digit must not make another millionth.
        let settled = converted.round_dp(15);
        let up = RoundingStrategy::AwayFromZero;
        Some(settled.round_dp_with_strategy(DECIMALS, up))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use serde_json::json;

    fn rates() -> ExchangeRates {
        let rates =
            json!({"date": "2026-11-27", "base": "EUR", "rates": {"GBP": "0.86", "USD": "1.08"}});
        serde_json::from_value(rates).unwrap()
    }

    #[test]
    fn an_amount_is_converted_through_the_base_and_rounded_up() {
        let ten = Decimal::from(10);
        for (from, to, expected) in [
            ("EUR", "GBP", Some("8.60")),
            ("GBP", "EUR", Some("11.627907")),
            ("USD", "GBP", Some("7.962963")),
            ("GBP", "GBP", Some("10")),
            ("EUR", "SEK", None),
            ("SEK", "EUR", None),
        ] {
            let expected: Option<Decimal> = expected.map(|text| text.parse().unwrap());
            assert_eq!(rates().convert(ten, from, to), expected, "{from} {to}");
        }
    }

    #[test]
    fn a_rate_that_is_none_is_a_fault_with_its_place() {
        assert_eq!(rates().faults(date(2026, 11, 28)), []);
        for (currency, rate) in [
            ("gbp", "1"),
            ("GBP", "0"),
            ("GBP", "-1"),
            ("EUR", "2"),
            ("GBP", "1.00000000001"),
        ] {
            let mut rates = rates();
            rates
                .rates
                .insert(currency.to_owned(), rate.parse().unwrap());
            let faults = rates.faults(date(2026, 11, 28));
            assert_eq!(faults[0].0, format!("/rates/{currency}"), "{rate}");
        }
        let base = ExchangeRates {
            base: "Euro".into(),
            ..rates()
        };
        assert_eq!(base.faults(date(2026, 11, 28))[0].0, "/base");
        let places = |today| rates().faults(today).into_iter().map(|it| it.0).collect();
        let tomorrows: Vec<String> = places(date(2026, 11, 26));
        assert!(tomorrows.is_empty(), "it is tomorrow elsewhere");
        let later: Vec<String> = places(date(2026, 11, 25));
        assert_eq!(later, ["/date"], "nothing could replace them");
    }
}
