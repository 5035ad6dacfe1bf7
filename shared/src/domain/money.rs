//! Currencies and the smallest amounts that they have.

use rust_decimal::Decimal;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

/// ISO 4217: the currencies in use, by their decimals. Those of two decimals are listed last.
const CURRENCIES: [(u32, &str); 3] = [
    (
        0,
        "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF",
    ),
    (3, "BHD IQD JOD KWD LYD OMR TND"),
    (
        2,
        "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP CRC CUP \
         CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES \
         KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK \
         NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB \
         TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG",
    ),
];

/// How many decimals amounts of a currency have; `None`: there is no such currency.
pub fn decimals(currency: &str) -> Option<u32> {
    let row = CURRENCIES.iter().find(|(_, codes)| {
        let mut codes = codes.split_whitespace();
        codes.any(|code| code == currency)
    })?;
    Some(row.0)
}

/// Whether an amount can be paid in a currency: zeros at the end say nothing.
pub fn is_payable(amount: Decimal, currency: &str) -> bool {
    decimals(currency).is_some_and(|decimals| amount.normalize().scale() <= decimals)
}

/// Reads an amount that may be absent: a decimal in a text. A JSON number is none, since whoever wrote it may have rounded it.
///
/// # Errors
/// If it is no decimal in a text.
pub fn decimal_text<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Decimal>, D::Error> {
    let text: Option<String> = Option::deserialize(from)?;
    text.map(|text| text.parse().map_err(D::Error::custom))
        .transpose()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::marketplace::Marketplace;

    #[test]
    fn each_currency_is_listed_once_and_that_of_every_marketplace_is() {
        let codes = CURRENCIES
            .iter()
            .flat_map(|(_, codes)| codes.split_whitespace());
        let mut codes: Vec<&str> = codes.collect();
        let all = codes.len();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), all);
        assert!(codes.iter().all(|code| code.len() == 3));
        for &marketplace in Marketplace::ALL {
            assert!(decimals(marketplace.currency()).is_some(), "{marketplace}");
        }
    }

    #[test]
    fn an_amount_has_no_more_decimals_than_its_currency() {
        let amount = |text: &str| text.parse::<Decimal>().unwrap();
        for (text, currency, payable) in [
            ("1999", "JPY", true),
            ("1999.00", "JPY", true),
            ("1999.50", "JPY", false),
            ("9.99", "GBP", true),
            ("9.990", "GBP", true),
            ("9.999", "GBP", false),
            ("9.999", "KWD", true),
            ("9.9999", "KWD", false),
            ("1", "XYZ", false),
        ] {
            assert_eq!(
                is_payable(amount(text), currency),
                payable,
                "{text} {currency}"
            );
        }
    }
}
