//! Costs in another currency than the price's.

use super::*;

fn decided(cost: &Value, rules: &PriceRules, today: jiff::civil::Date) -> Decision {
    let rates =
        json!({"date": "2026-11-27", "base": "EUR", "rates": {"GBP": "0.86", "USD": "1.08"}});
    let rates: ExchangeRates = serde_json::from_value(rates).unwrap();
    decide(&PriceQuestion {
        rules,
        marketplace: Marketplace::Uk,
        product: &product(json!({"cost": cost})),
        units: 1,
        rates: Some(&rates),
        today,
    })
}

#[test]
fn a_cost_in_another_currency_is_converted_and_the_merchants_own_wins() {
    let ranges = json!([
        {"condition": {"type": "cost_range", "currency": "GBP", "from": "8"}, "action": {"type": "margin", "percent": "10"}},
        {"condition": {"type": "all"}, "action": {"type": "margin", "percent": "30"}},
    ]);
    let rules = rules(json!({}), json!({"rules": ranges}));
    let price = |cost: Value| {
        let decision = decided(&cost, &rules, date(2026, 12, 4));
        (amount(&decision).unwrap(), decision.words(Marketplace::Uk))
    };
    let (amount, words) = price(json!({"EUR": "10", "USD": "5"}));
    // 8.60 × 1.10 × 1.20 = 11.352
    assert_eq!(amount, "11.36");
    assert!(
        words.contains("cost 10 EUR by the rate of 2026-11-27 = 8.60 GBP"),
        "{words}"
    );
    assert_eq!(price(json!({"EUR": "9"})).0, "12.08");
    assert_eq!(price(json!({"EUR": "100", "GBP": "1"})).0, "1.56");
}

#[test]
fn by_rates_that_are_too_old_no_cost_is_converted_and_the_reason_says_so() {
    let decided = |cost: Value, others: Value, today| {
        let rules = rules(json!({"type": "margin", "percent": "30"}), others);
        let decision = decided(&cost, &rules, today);
        (reason(&decision), decision.words(Marketplace::Uk))
    };
    let (in_euros, week) = (json!({"EUR": "10"}), date(2026, 12, 4));
    let later = date(2026, 12, 5);
    assert_eq!(decided(in_euros.clone(), json!({}), week).0, None);
    let (reason, words) = decided(in_euros.clone(), json!({}), later);
    assert_eq!(reason, Some("old_exchange_rates"));
    assert!(words.contains("of 2026-11-27"), "{words}");
    let patient = json!({"exchange_rates_within_days": 8});
    assert_eq!(decided(in_euros, patient, later).0, None);
    let in_pounds = decided(json!({"GBP": "10"}), json!({}), later);
    assert_eq!(in_pounds.0, None, "nothing is converted");
}
