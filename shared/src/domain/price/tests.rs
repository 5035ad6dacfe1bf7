mod any;
mod rates;

use super::*;
use crate::domain::connection::PriceMode;
use crate::domain::marketplace::Marketplace;
use crate::domain::product::Product;
use jiff::civil::date;
use rust_decimal::Decimal;
use serde_json::{Value, json};

fn product(fields: Value) -> Product {
    let mut product = json!({
        "sku": "K-1", "brand": "North", "category": "Home > Kitchen > Kettles", "tax_class": "standard",
        "cost": {"GBP": "10.00"}, "rrp": {"GBP": "29.99"},
    });
    for (name, value) in fields.as_object().unwrap() {
        product[name] = value.clone();
    }
    serde_json::from_value(product).unwrap()
}

/// Rules of one rule for all products, with other settings beside it.
fn rules(action: Value, others: Value) -> PriceRules {
    let mut rules = json!({
        "mode": "rules", "minimum_margin": null,
        "rules": [{"name": "All", "condition": {"type": "all"}, "action": action}],
    });
    for (name, value) in others.as_object().unwrap() {
        rules[name] = value.clone();
    }
    serde_json::from_value(rules).unwrap()
}

fn decided(
    rules: &PriceRules,
    marketplace: Marketplace,
    product: &Product,
    units: u32,
) -> Decision {
    decide(&PriceQuestion {
        rules,
        marketplace,
        product,
        units,
        rates: None,
        today: date(2026, 11, 28),
    })
}

fn amount(decision: &Decision) -> Option<String> {
    decision
        .price
        .as_ref()
        .ok()
        .map(|price| price.amount.to_string())
}

fn reason(decision: &Decision) -> Option<&'static str> {
    decision.price.as_ref().err().map(NoPrice::as_str)
}

/// The worked examples of README, section "How a price is made by rules": the words that Explain shows for each.
#[test]
fn the_worked_examples_of_readme_are_what_is_computed() {
    let fee = json!({"percent": "15"});
    let examples = [
        (
            json!({"type": "margin", "percent": "30"}),
            json!({}),
            json!({}),
        ),
        (
            json!({"type": "profit", "percent": "25"}),
            json!({}),
            json!({}),
        ),
        (
            json!({"type": "add", "amount": "4.00"}),
            json!({}),
            json!({}),
        ),
        (
            json!({"type": "rrp", "factor": "0.95"}),
            json!({}),
            json!({}),
        ),
        (
            json!({"type": "fixed", "amount": "24.50"}),
            json!({}),
            json!({}),
        ),
        (
            json!({"type": "margin", "percent": "30"}),
            json!({"shipping": "2.50", "referral_fee": fee, "ending": ".99"}),
            json!({}),
        ),
        (
            json!({"type": "rrp", "factor": "0.4"}),
            json!({"referral_fee": fee, "minimum_margin": {"percent": "5"}, "ending": ".95"}),
            json!({}),
        ),
        (
            json!({"type": "margin", "percent": "300"}),
            json!({"ceiling": {"type": "rrp"}}),
            json!({}),
        ),
        (
            json!({"type": "margin", "percent": "30"}),
            json!({}),
            json!({"cost": {}}),
        ),
        (
            json!({"type": "margin", "percent": "30"}),
            json!({"minimum_margin": {}, "ceiling": {"type": "amount", "amount": "11.00"}}),
            json!({}),
        ),
    ];
    let readme = include_str!("../../../../README.md");
    for (action, others, fields) in examples {
        let decision = decided(&rules(action, others), Marketplace::Uk, &product(fields), 1);
        let words = decision.words(Marketplace::Uk);
        assert!(readme.contains(&words), "README lacks: {words}");
    }
}

#[test]
fn each_formula_is_exact() {
    let fee = json!({"percent": "15", "at_least": "0.25"});
    let least = json!({"percent": "1", "at_least": "5"});
    for (action, others, marketplace, units, expected) in [
        (
            json!({"type": "margin", "percent": "30"}),
            json!({}),
            Marketplace::Uk,
            1,
            "15.60",
        ),
        (
            json!({"type": "margin", "percent": "30"}),
            json!({}),
            Marketplace::Uk,
            3,
            "46.80",
        ),
        (
            json!({"type": "profit", "percent": "25"}),
            json!({}),
            Marketplace::Uk,
            1,
            "16.00",
        ),
        (
            json!({"type": "add", "amount": "4"}),
            json!({}),
            Marketplace::Uk,
            2,
            "33.60",
        ),
        (
            json!({"type": "rrp", "factor": "0.95"}),
            json!({}),
            Marketplace::Uk,
            2,
            "56.99",
        ),
        (
            json!({"type": "fixed", "amount": "24.5"}),
            json!({"ending": ".99"}),
            Marketplace::Uk,
            2,
            "49.00",
        ),
        // 13 + 2.50 = 15.50; ÷ (1 − 0.15 × 1.20) = 18.9024…; × 1.20 = 22.6829…
        (
            json!({"type": "margin", "percent": "30"}),
            json!({"shipping": "2.50", "referral_fee": fee}),
            Marketplace::Uk,
            1,
            "22.69",
        ),
        // (13 + 5) × 1.20: the least fee is more than 1 % of the price.
        (
            json!({"type": "margin", "percent": "30"}),
            json!({"referral_fee": least}),
            Marketplace::Uk,
            1,
            "21.60",
        ),
        (
            json!({"type": "margin", "percent": "30"}),
            json!({"vat": {"standard": "0"}}),
            Marketplace::Uk,
            1,
            "13.00",
        ),
    ] {
        let decision = decided(
            &rules(action.clone(), others.clone()),
            marketplace,
            &product(json!({})),
            units,
        );
        assert_eq!(
            amount(&decision).as_deref(),
            Some(expected),
            "{action} {others} × {units}: {decision:?}"
        );
    }
}

#[test]
fn prices_of_the_us_and_canada_are_without_tax_and_need_no_tax_class() {
    let american = product(json!({"cost": {"USD": "10", "CAD": "10"}, "tax_class": null}));
    let margin = rules(json!({"type": "margin", "percent": "30"}), json!({}));
    for marketplace in [Marketplace::Us, Marketplace::Ca] {
        let decision = decided(&margin, marketplace, &american, 1);
        assert_eq!(amount(&decision).as_deref(), Some("13.00"));
    }
}

#[test]
fn amounts_have_the_minor_units_of_their_currency() {
    let japanese = product(json!({"cost": {"JPY": "1000.5"}}));
    let margin = rules(
        json!({"type": "margin", "percent": "30"}),
        json!({"ending": ".99"}),
    );
    let decision = decided(&margin, Marketplace::Jp, &japanese, 1);
    // 1000.5 × 1.30 × 1.10 = 1430.715
    assert_eq!(amount(&decision).as_deref(), Some("1431"));
}

#[test]
fn what_is_missing_makes_no_price_and_says_which() {
    let margin = || json!({"type": "margin", "percent": "30"});
    let rrp = || json!({"type": "rrp", "factor": "1"});
    let kettles =
        json!([{"condition": {"type": "category", "category": "Toys"}, "action": margin()}]);
    for (action, others, fields, expected) in [
        (margin(), json!({}), json!({"cost": {}}), "no_cost"),
        (
            margin(),
            json!({}),
            json!({"cost": {"EUR": "10"}}),
            "no_exchange_rate",
        ),
        (
            margin(),
            json!({}),
            json!({"tax_class": null}),
            "no_tax_class",
        ),
        (
            margin(),
            json!({}),
            json!({"tax_class": " "}),
            "no_tax_class",
        ),
        (
            margin(),
            json!({}),
            json!({"tax_class": "toys"}),
            "no_vat_rate",
        ),
        (margin(), json!({"rules": kettles}), json!({}), "no_rule"),
        (
            margin(),
            json!({"referral_fee": {"percent": "50"}, "vat": {"standard": "100"}}),
            json!({}),
            "fee_takes_all",
        ),
        (rrp(), json!({}), json!({"rrp": {"EUR": "10"}}), "no_rrp"),
        // The floor needs the cost, whatever the action needs.
        (
            rrp(),
            json!({"minimum_margin": {}}),
            json!({"cost": {}}),
            "no_cost",
        ),
        (
            margin(),
            json!({"minimum_margin": {}, "ceiling": {"type": "amount", "amount": "11.99"}}),
            json!({}),
            "floor_above_ceiling",
        ),
    ] {
        let decision = decided(
            &rules(action, others.clone()),
            Marketplace::Uk,
            &product(fields.clone()),
            1,
        );
        assert_eq!(reason(&decision), Some(expected), "{others} {fields}");
        assert!(decision.words(Marketplace::Uk).starts_with("no_price: "));
    }
    let class = rules(margin(), json!({"default_tax_class": "reduced"}));
    let decision = decided(
        &class,
        Marketplace::Uk,
        &product(json!({"tax_class": null})),
        1,
    );
    assert_eq!(amount(&decision).as_deref(), Some("13.65"));
}

#[test]
fn a_recommended_price_without_floor_needs_neither_cost_nor_tax_class() {
    let bare = product(json!({"cost": {}, "tax_class": null}));
    let decision = decided(
        &rules(json!({"type": "rrp", "factor": "1"}), json!({})),
        Marketplace::Uk,
        &bare,
        1,
    );
    assert_eq!(amount(&decision).as_deref(), Some("29.99"));
    assert_eq!(decision.price.unwrap().kept, None);
}

#[test]
fn what_the_merchant_keeps_is_what_is_left_of_the_price() {
    let rules = rules(
        json!({"type": "fixed", "amount": "24.00"}),
        json!({"shipping": "2", "referral_fee": {"percent": "15"}}),
    );
    let kept = decided(&rules, Marketplace::Uk, &product(json!({})), 1)
        .price
        .unwrap()
        .kept
        .unwrap();
    let expected = json!({"tax": "4.00", "fee": "3.60", "shipping": "2.00", "cost": "10.00", "margin": "4.40", "margin_percent": "44"});
    assert_eq!(serde_json::to_value(kept).unwrap(), expected);
}

#[test]
fn a_price_below_its_floor_is_raised_and_one_above_its_ceiling_lowered() {
    let floor = json!({"minimum_margin": {"percent": "10"}, "ending": ".99"});
    let cheap = rules(json!({"type": "fixed", "amount": "5.00"}), floor);
    let decision = decided(&cheap, Marketplace::Uk, &product(json!({})), 1);
    let price = decision.price.clone().unwrap();
    // 10 × 1.10 × 1.20; a fixed price has no ending.
    assert_eq!(price.amount.to_string(), "13.20");
    assert_eq!(price.limits.least.unwrap().to_string(), "13.20");
    let dear = rules(
        json!({"type": "margin", "percent": "900"}),
        json!({"ceiling": {"type": "rrp", "factor": "0.9"}}),
    );
    let price = decided(&dear, Marketplace::Uk, &product(json!({})), 1)
        .price
        .unwrap();
    assert_eq!(
        (price.amount, price.limits.most),
        (Decimal::new(26_99, 2), Some(Decimal::new(26_99, 2)))
    );
}
