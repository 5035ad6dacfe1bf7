//! The tax that is in a price: by the product's tax class and the marketplace, from `vat.csv` or from the rules' own rates.

use crate::domain::ids::fold::fold;
use crate::domain::marketplace::Marketplace;
use rust_decimal::Decimal;
use std::collections::BTreeMap;
use std::sync::LazyLock;

const TABLE: &str = include_str!("vat.csv");
/// What is taxed nowhere.
const ZERO: &str = "zero";

/// A rate, and where it is from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VatRate {
    pub percent: Decimal,
    /// Which class it is of, as it is compared.
    pub class: String,
    /// The day for which it was checked; `None`: the rules give it.
    pub as_of: Option<&'static str>,
}

struct Row {
    marketplace: Marketplace,
    class: &'static str,
    percent: Decimal,
    as_of: &'static str,
}

/// A row that cannot be read counts as none: no price follows from it. A test reads them all.
static ROWS: LazyLock<Vec<Row>> = LazyLock::new(|| lines().filter_map(row).collect());

fn lines() -> impl Iterator<Item = &'static str> {
    let rows = TABLE.lines().filter(|line| !line.starts_with('#'));
    rows.skip(1)
}

fn row(line: &'static str) -> Option<Row> {
    let mut cells = line.split(',');
    Some(Row {
        marketplace: cells.next()?.parse().ok()?,
        class: cells.next()?,
        percent: cells.next()?.parse().ok()?,
        as_of: cells.next()?,
    })
}

/// The rate of a tax class on a marketplace: the rules' own if they give one. `None`: it is not known.
pub fn vat_rate(
    marketplace: Marketplace,
    class: &str,
    own: &BTreeMap<String, Decimal>,
) -> Option<VatRate> {
    let class = fold(class);
    let rate = |percent, as_of| VatRate {
        percent,
        class: class.clone(),
        as_of,
    };
    if let Some((_, percent)) = own.iter().find(|(name, _)| fold(name) == class) {
        return Some(rate(*percent, None));
    }
    if class == ZERO {
        return Some(rate(Decimal::ZERO, None));
    }
    let mut rows = ROWS.iter();
    let row = rows.find(|row| row.marketplace == marketplace && row.class == class)?;
    Some(rate(row.percent, Some(row.as_of)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_of_the_table_is_read_and_is_there_once() {
        assert_eq!(ROWS.len(), lines().count());
        for (place, row) in ROWS.iter().enumerate() {
            assert!(row.percent > Decimal::ZERO && row.percent < Decimal::from(30));
            assert!(
                row.as_of.parse::<jiff::civil::Date>().is_ok(),
                "{}",
                row.as_of
            );
            let twin =
                |other: &Row| (other.marketplace, other.class) == (row.marketplace, row.class);
            assert!(
                !ROWS[..place].iter().any(twin),
                "{} {}",
                row.marketplace,
                row.class
            );
        }
    }

    #[test]
    fn every_marketplace_with_tax_in_its_prices_has_a_standard_rate_but_brazil() {
        for &marketplace in Marketplace::ALL {
            let standard = vat_rate(marketplace, "standard", &BTreeMap::new());
            let expected = marketplace.prices_include_tax() && marketplace != Marketplace::Br;
            assert_eq!(standard.is_some(), expected, "{marketplace}");
        }
    }

    #[test]
    fn the_rules_own_rate_wins_and_letter_case_makes_no_other_class() {
        let own = BTreeMap::from([("Books ".to_owned(), Decimal::from(7))]);
        let books = vat_rate(Marketplace::Uk, "BOOKS", &own).unwrap();
        assert_eq!((books.percent, books.as_of), (Decimal::from(7), None));
        let standard = vat_rate(Marketplace::Uk, " Standard", &own).unwrap();
        assert_eq!(standard.percent, Decimal::from(20));
        assert_eq!(vat_rate(Marketplace::Uk, "toys", &own), None);
        let zero = vat_rate(Marketplace::Br, "zero", &own).unwrap();
        assert_eq!(zero.percent, Decimal::ZERO);
    }
}
