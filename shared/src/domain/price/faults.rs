//! What of price rules cannot be, each with its place and the rule in words.

use super::rules::{Action, Ceiling, PriceRule, PriceRules};
use crate::domain::ids::fold::fold;
use crate::domain::marketplace::Marketplace;
use crate::domain::money::{decimals, is_payable};
use crate::domain::product::Condition;
use rust_decimal::Decimal;
use std::collections::{BTreeSet, HashSet};

const MOST_RULES: usize = 500;
/// SKUs of all rules of a marketplace: they are one item of a table.
const MOST_SKUS: usize = 10_000;
const MOST_RATES: usize = 100;
const LONGEST_NAME: usize = 60;
/// Of a price, in any currency.
const MOST: i64 = 1_000_000_000;
/// Decimals of a percentage, and of a factor.
const DECIMALS: u32 = 4;

/// The faults found so far.
struct Found {
    currency: &'static str,
    faults: Vec<(String, String)>,
}

impl PriceRules {
    /// What is wrong with them on a marketplace: JSON pointers, and the rules in words.
    pub fn faults(&self, marketplace: Marketplace) -> Vec<(String, String)> {
        let currency = marketplace.currency();
        let mut found = Found {
            currency,
            faults: Vec::new(),
        };
        if self.rules.len() > MOST_RULES {
            found.add("/rules", format!("at most {MOST_RULES}"));
        }
        let skus = self.rules.iter().map(|rule| match &rule.condition {
            Condition::Skus { skus } => skus.len(),
            _ => 0,
        });
        if skus.sum::<usize>() > MOST_SKUS {
            found.add("/rules", format!("at most {MOST_SKUS} SKUs in all of them"));
        }
        let mut names = HashSet::new();
        for (place, rule) in self.rules.iter().enumerate() {
            found.rule(&format!("/rules/{place}"), rule, &mut names);
        }
        found.amount("/shipping", self.shipping, 0);
        if let Some(fee) = &self.referral_fee {
            found.number("/referral_fee/percent", fee.percent, (0, 50));
            found.amount("/referral_fee/at_least", fee.at_least, 0);
        }
        self.tax_faults(&mut found);
        if let Some(margin) = &self.minimum_margin {
            found.number("/minimum_margin/percent", margin.percent, (0, 1_000));
            found.amount("/minimum_margin/amount", margin.amount, 0);
        }
        match &self.ceiling {
            Some(Ceiling::Rrp { factor }) => found.factor("/ceiling/factor", *factor),
            Some(Ceiling::Amount { amount }) => found.amount("/ceiling/amount", *amount, 1),
            None => {}
        }
        let days = self.exchange_rates_within_days.into();
        found.number("/exchange_rates_within_days", days, (1, 366));
        let past = self.reprice_past_percent;
        found.number("/reprice_past_percent", past, (0, 50));
        found.faults
    }

    fn tax_faults(&self, found: &mut Found) {
        if self.vat.len() > MOST_RATES {
            found.add("/vat", format!("at most {MOST_RATES}"));
        }
        let mut classes = BTreeSet::new();
        for (class, percent) in &self.vat {
            let place = format!("/vat/{}", pointer(class));
            found.text(&place, class, 200);
            if !classes.insert(fold(class)) {
                found.add(
                    &place,
                    "each class once: letter case and blanks make no other".to_owned(),
                );
            }
            found.number(&place, *percent, (0, 100));
        }
        if let Some(class) = &self.default_tax_class {
            found.text("/default_tax_class", class, 200);
        }
    }
}

/// A name as a part of a JSON pointer.
fn pointer(name: &str) -> String {
    let name: String = name.chars().take(40).collect();
    name.replace('~', "~0").replace('/', "~1")
}

impl Found {
    fn add(&mut self, place: impl Into<String>, detail: impl Into<String>) {
        self.faults.push((place.into(), detail.into()));
    }

    fn rule<'r>(&mut self, place: &str, rule: &'r PriceRule, names: &mut HashSet<&'r str>) {
        if let Some(name) = rule.name.as_deref() {
            self.text(&format!("{place}/name"), name, LONGEST_NAME);
            if !names.insert(name) {
                let detail =
                    "another rule has this name: a person could not tell which one decided";
                self.add(format!("{place}/name"), detail);
            }
        }
        if let Some((field, detail)) = rule.condition.fault() {
            self.add(format!("{place}/condition/{field}"), detail);
        }
        let here = |field: &str| format!("{place}/action/{field}");
        match rule.action {
            Action::Margin { percent } => self.number(&here("percent"), percent, (0, 1_000)),
            Action::Profit { percent } => self.number(&here("percent"), percent, (0, 90)),
            Action::Add { amount } => self.amount(&here("amount"), amount, 0),
            Action::Rrp { factor } => self.factor(&here("factor"), factor),
            Action::Fixed { amount } => self.amount(&here("amount"), amount, 1),
        }
    }

    fn text(&mut self, place: &str, text: &str, longest: usize) {
        let length = text.chars().count();
        let blank = text.trim().is_empty();
        if blank || length > longest || text.chars().any(char::is_control) {
            self.add(place, format!("1 to {longest} characters on one line"));
        }
    }

    /// `least`: in the smallest unit of the currency.
    fn amount(&mut self, place: &str, amount: Decimal, least: i64) {
        let currency = self.currency;
        let decimals = decimals(currency).unwrap_or_default();
        let least = Decimal::new(least, decimals);
        if amount < least || amount >= Decimal::from(MOST) || !is_payable(amount, currency) {
            let detail = format!(
                "at least {least} and less than 1,000,000,000; {currency} has {decimals} decimals"
            );
            self.add(place, detail);
        }
    }

    fn number(&mut self, place: &str, number: Decimal, (least, most): (i64, i64)) {
        let within = number >= Decimal::from(least) && number <= Decimal::from(most);
        if !within || number.normalize().scale() > DECIMALS {
            self.add(
                place,
                format!("{least} to {most}, with at most {DECIMALS} decimals"),
            );
        }
    }

    fn factor(&mut self, place: &str, factor: Decimal) {
        let within = factor >= Decimal::new(1, 2) && factor <= Decimal::from(100);
        if !within || factor.normalize().scale() > DECIMALS {
            self.add(
                place,
                format!("0.01 to 100, with at most {DECIMALS} decimals"),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn places(rules: Value, marketplace: Marketplace) -> Vec<String> {
        let rules: PriceRules = serde_json::from_value(rules).unwrap();
        let faults = rules.faults(marketplace);
        faults.into_iter().map(|(place, _)| place).collect()
    }

    fn rule(action: Value) -> Value {
        json!({"mode": "rules", "rules": [{"condition": {"type": "all"}, "action": action}]})
    }

    #[test]
    fn each_number_of_a_rule_has_its_bounds() {
        for (action, field) in [
            (json!({"type": "margin", "percent": "-1"}), Some("percent")),
            (json!({"type": "margin", "percent": "30"}), None),
            (
                json!({"type": "profit", "percent": "90.1"}),
                Some("percent"),
            ),
            (
                json!({"type": "profit", "percent": "25.12345"}),
                Some("percent"),
            ),
            (json!({"type": "add", "amount": "0"}), None),
            (json!({"type": "add", "amount": "0.001"}), Some("amount")),
            (json!({"type": "rrp", "factor": "0"}), Some("factor")),
            (json!({"type": "fixed", "amount": "0"}), Some("amount")),
            (json!({"type": "fixed", "amount": "0.01"}), None),
        ] {
            let expected: Vec<String> = field
                .map(|it| format!("/rules/0/action/{it}"))
                .into_iter()
                .collect();
            assert_eq!(
                places(rule(action.clone()), Marketplace::Uk),
                expected,
                "{action}"
            );
        }
        let cents = rule(json!({"type": "fixed", "amount": "10.50"}));
        assert_eq!(places(cents, Marketplace::Jp), ["/rules/0/action/amount"]);
    }

    #[test]
    fn every_fault_is_found_at_once() {
        let rules = json!({
            "mode": "rules", "shipping": "-1", "referral_fee": {"percent": "51"}, "vat": {"a/b": "101"},
            "minimum_margin": {"percent": "-1"}, "ceiling": {"type": "amount", "amount": "0"}, "reprice_past_percent": "51",
            "rules": [
                {"name": "A", "condition": {"type": "cost_range", "currency": "x"}, "action": {"type": "add", "amount": "1"}},
                {"name": "A", "condition": {"type": "all"}, "action": {"type": "add", "amount": "1"}},
            ],
        });
        let expected = [
            "/rules/0/condition/currency",
            "/rules/1/name",
            "/shipping",
            "/referral_fee/percent",
            "/vat/a~1b",
            "/minimum_margin/percent",
            "/ceiling/amount",
            "/reprice_past_percent",
        ];
        assert_eq!(places(rules, Marketplace::Uk), expected);
    }

    #[test]
    fn a_tax_class_has_one_rate_however_it_is_spelt() {
        let rules = json!({"mode": "rules", "vat": {"Books": "0", " books": "20"}});
        assert_eq!(places(rules, Marketplace::Uk), ["/vat/Books"]);
    }

    #[test]
    fn without_a_word_nothing_is_sold_at_a_loss_and_null_takes_the_floor_away() {
        let rules = |value: Value| serde_json::from_value::<PriceRules>(value).unwrap();
        assert_eq!(
            rules(json!({"mode": "rules"})),
            PriceRules::of(crate::domain::connection::PriceMode::Rules)
        );
        assert!(rules(json!({"mode": "rules"})).minimum_margin.is_some());
        let none = rules(json!({"mode": "rules", "minimum_margin": null}));
        assert!(none.minimum_margin.is_none());
        let stored = serde_json::to_value(&none).unwrap();
        assert!(rules(stored).minimum_margin.is_none());
        assert!(
            serde_json::from_value::<PriceRules>(json!({"mode": "rules", "floor": 1})).is_err()
        );
    }
}
