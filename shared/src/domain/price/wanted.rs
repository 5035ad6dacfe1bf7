//! The price that an offer is to have, by whatever decides it: the one way in which it is computed, shown and previewed.

use super::decide::{Decision, PriceQuestion, decide};
use super::exchange::ExchangeRates;
use super::kept::Kept;
use super::rules::PriceRules;
use crate::domain::connection::PriceMode;
use crate::domain::listing::WantedPrice;
use crate::domain::marketplace::Marketplace;
use crate::domain::money::is_payable;
use crate::domain::product::Product;
use jiff::Timestamp;
use jiff::civil::Date;
use rust_decimal::Decimal;

/// What decides the prices on one marketplace.
#[derive(Debug, Clone, Copy)]
pub struct Pricing<'a> {
    pub marketplace: Marketplace,
    pub mode: PriceMode,
    /// Absent: none are published.
    pub rules: Option<&'a PriceRules>,
    pub rates: Option<&'a ExchangeRates>,
    /// UTC: rates may be too old by then.
    pub today: Date,
}

impl Pricing<'_> {
    /// What the rules say of a listing of so many units of a product; `None`: no rules decide.
    pub fn decision(&self, product: &Product, units: u32) -> Option<Decision> {
        let rules = self.rules.filter(|_| self.mode == PriceMode::Rules)?;
        Some(decide(&PriceQuestion {
            rules,
            marketplace: self.marketplace,
            product,
            units,
            rates: self.rates,
            today: self.today,
        }))
    }

    /// What the merchant would keep of the price; `None` if no rules decide it, or that is not known.
    pub fn kept(&self, product: &Product, units: u32) -> Option<Kept> {
        self.decision(product, units)?.price.ok()?.kept
    }

    /// The price that a listing of so many units of a product is to have; `None` if prices are left alone.
    pub fn wanted(
        &self,
        product: &Product,
        units: u32,
        generation: u64,
        at: Timestamp,
    ) -> Option<WantedPrice> {
        let wanted = match self.mode {
            PriceMode::Leave => return None,
            PriceMode::Rrp => self.recommended(product, units),
            PriceMode::Rules => self.by_rules(product, units),
        };
        Some(WantedPrice {
            generation,
            at,
            ..wanted
        })
    }

    fn by_rules(&self, product: &Product, units: u32) -> WantedPrice {
        let Some(decision) = self.decision(product, units) else {
            return WantedPrice {
                why: format!(
                    "no_price: no price rules of {} are published",
                    self.marketplace
                ),
                ..WantedPrice::default()
            };
        };
        let why = decision.words(self.marketplace);
        let price = decision.price.ok();
        let past = self.rules.map(|rules| rules.reprice_past_percent);
        WantedPrice {
            amount: price.as_ref().map(|price| price.amount),
            why,
            rule: decision.rule,
            limits: price.map(|price| price.limits).unwrap_or_default(),
            reprice_past_percent: past.filter(|percent| *percent > Decimal::ZERO),
            ..WantedPrice::default()
        }
    }

    /// No tax is added or taken off: a recommended price in a marketplace's currency is meant as buyers see it there.
    fn recommended(&self, product: &Product, units: u32) -> WantedPrice {
        let currency = self.marketplace.currency();
        let one = product.rrp.get(currency).copied();
        let amount = one
            .and_then(|one| one.checked_mul(Decimal::from(units.max(1))))
            .filter(|amount| *amount > Decimal::ZERO && is_payable(*amount, currency));
        let tax = match self.marketplace.prices_include_tax() {
            true => "tax included",
            false => "without sales tax",
        };
        let why = match (one, amount) {
            (Some(one), Some(amount)) if units > 1 => {
                format!("{units} × recommended {one} {currency} = {amount}, {tax}")
            }
            (Some(_), Some(amount)) => format!("recommended {amount} {currency}, {tax}"),
            (Some(one), None) => format!(
                "no_price: {one} {currency} is no amount that can be paid; it has too many decimals"
            ),
            _ => format!("no_price: the product has no recommended price in {currency}"),
        };
        WantedPrice {
            amount,
            why,
            ..WantedPrice::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn pricing(marketplace: Marketplace, mode: PriceMode) -> Pricing<'static> {
        Pricing {
            marketplace,
            mode,
            rules: None,
            rates: None,
            today: jiff::civil::date(2026, 11, 28),
        }
    }

    #[test]
    fn a_recommended_price_is_sent_as_it_is_and_says_whether_tax_is_in_it() {
        let amount: Decimal = "12.90".parse().unwrap();
        let rrp = json!({ "GBP": "12.90", "USD": "12.90", "CAD": "12.90", "EUR": "12.90" });
        let product: Product = serde_json::from_value(json!({ "sku": "A", "rrp": rrp })).unwrap();
        let rows = [
            (Marketplace::Uk, "12.90 GBP, tax included"),
            (Marketplace::De, "12.90 EUR, tax included"),
            (Marketplace::Us, "12.90 USD, without sales tax"),
            (Marketplace::Ca, "12.90 CAD, without sales tax"),
        ];
        for (marketplace, words) in rows {
            let pricing = pricing(marketplace, PriceMode::Rrp);
            let price = pricing
                .wanted(&product, 1, 0, Timestamp::UNIX_EPOCH)
                .unwrap();
            assert_eq!(price.amount, Some(amount));
            assert_eq!(price.why, format!("recommended {words}"));
        }
    }

    #[test]
    fn a_price_by_rules_carries_its_rule_and_its_limits() {
        let product = json!({"sku": "A", "cost": {"GBP": "10"}, "tax_class": "standard"});
        let product: Product = serde_json::from_value(product).unwrap();
        let rules = json!({
            "mode": "rules", "ceiling": {"type": "amount", "amount": "20.00"}, "reprice_past_percent": "2",
            "rules": [{"condition": {"type": "all"}, "action": {"type": "margin", "percent": "30"}}],
        });
        let rules: PriceRules = serde_json::from_value(rules).unwrap();
        let by_rules = Pricing {
            rules: Some(&rules),
            ..pricing(Marketplace::Uk, PriceMode::Rules)
        };
        let wanted = by_rules
            .wanted(&product, 2, 7, Timestamp::UNIX_EPOCH)
            .unwrap();
        let cents = |cents| Some(Decimal::new(cents, 2));
        assert_eq!((wanted.amount, wanted.generation), (cents(31_20), 7));
        let limits = (wanted.limits.least, wanted.limits.most);
        assert_eq!(limits, (cents(24_00), cents(40_00)));
        assert_eq!(wanted.rule.as_deref(), Some("all products"));
        assert_eq!(wanted.reprice_past_percent, Some(Decimal::TWO));
    }

    #[test]
    fn without_published_rules_there_is_no_price_and_left_alone_not_even_a_reason() {
        let product: Product = serde_json::from_value(json!({"sku": "A"})).unwrap();
        let wanted = |mode| {
            let pricing = pricing(Marketplace::Uk, mode);
            pricing.wanted(&product, 1, 0, Timestamp::UNIX_EPOCH)
        };
        let none = wanted(PriceMode::Rules).unwrap();
        assert_eq!(none.amount, None);
        assert!(none.why.starts_with("no_price"), "{}", none.why);
        assert_eq!(wanted(PriceMode::Leave), None);
    }
}
