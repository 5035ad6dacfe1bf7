//! Of any rules and any product.

use super::*;
use proptest::prelude::*;

fn actions() -> impl Strategy<Value = Action> {
    let cents = |most: i64| (0..most).prop_map(|cents| Decimal::new(cents, 2));
    prop_oneof![
        cents(30_000).prop_map(|percent| Action::Margin { percent }),
        cents(9_000).prop_map(|percent| Action::Profit { percent }),
        cents(10_000).prop_map(|amount| Action::Add { amount }),
        cents(300).prop_map(|factor| Action::Rrp {
            factor: factor + Decimal::new(1, 2)
        }),
        cents(10_000).prop_map(|amount| Action::Fixed {
            amount: amount + Decimal::new(1, 2)
        }),
    ]
}

fn endings() -> impl Strategy<Value = Ending> {
    prop_oneof![
        Just(Ending::None),
        Just(Ending::Ninetynine),
        Just(Ending::Ninetyfive),
        Just(Ending::Whole)
    ]
}

prop_compose! {
    /// Any rules of one marketplace; `floor` and `ceiling` are there or not.
    fn any_rules()(
        action in actions(), ending in endings(), shipping in 0..2_000_i64,
        fee in proptest::option::of((0..3_000_i64, 0..100_i64)),
        floor in proptest::option::of((0..5_000_i64, 0..500_i64)),
        ceiling in proptest::option::of(1..20_000_i64),
        vat in 0..3_000_i64,
    ) -> PriceRules {
        let cents = |cents| Decimal::new(cents, 2);
        PriceRules {
            rules: vec![PriceRule {
                name: None,
                condition: crate::domain::product::Condition::All {},
                action,
            }],
            shipping: cents(shipping),
            referral_fee: fee.map(|(percent, least)| ReferralFee { percent: cents(percent), at_least: cents(least) }),
            vat: [("standard".to_owned(), cents(vat))].into(),
            ending,
            minimum_margin: floor.map(|(percent, amount)| MinimumMargin { percent: cents(percent), amount: cents(amount) }),
            ceiling: ceiling.map(|amount| Ceiling::Amount { amount: cents(amount) }),
            ..PriceRules::of(PriceMode::Rules)
        }
    }
}

/// What is left of a price by plain arithmetic: none of the code above.
fn left(rules: &PriceRules, price: Decimal) -> Decimal {
    let hundred = Decimal::ONE_HUNDRED;
    let net = price / (Decimal::ONE + rules.vat["standard"] / hundred);
    let fee = rules.referral_fee.as_ref().map_or(Decimal::ZERO, |fee| {
        (price * fee.percent / hundred).max(fee.at_least)
    });
    net - fee - rules.shipping
}

/// What division may lose.
const TINY: Decimal = Decimal::from_parts(1, 0, 0, false, 15);

proptest! {
    #[test]
    fn the_merchant_keeps_what_was_asked_for_after_fee_tax_and_rounding(
        rules in any_rules(), cost in 1..10_000_000_i64, units in 1..5_u32,
    ) {
        let cost = Decimal::new(cost, 4);
        let product = product(json!({"cost": {"GBP": cost}}));
        let decision = decided(&rules, Marketplace::Uk, &product, units);
        let Ok(price) = decision.price else { return Ok(()) };
        let lowered = decision.steps.iter().any(|step| matches!(step, Step::Ceiling { lowered: true, .. }));
        let units = Decimal::from(units);
        let (cost, left) = (cost * units, left(&rules, price.amount));
        let hundred = Decimal::ONE_HUNDRED;
        if let Some(floor) = &rules.minimum_margin {
            let least = cost * (Decimal::ONE + floor.percent / hundred) + floor.amount * units;
            prop_assert!(left + TINY >= least, "{left} of {} is less than {least}", price.amount);
            prop_assert!(price.limits.least.is_some_and(|least| price.amount >= least));
        }
        if let Some(most) = price.limits.most {
            prop_assert!(price.amount <= most);
        }
        if lowered {
            return Ok(());
        }
        let asked = match rules.rules[0].action {
            Action::Margin { percent } => cost * (Decimal::ONE + percent / hundred),
            Action::Profit { percent } => cost / (Decimal::ONE - percent / hundred),
            Action::Add { amount } => cost + amount * units,
            Action::Rrp { .. } | Action::Fixed { .. } => return Ok(()),
        };
        prop_assert!(left + TINY >= asked, "{left} of {} is less than {asked}", price.amount);
    }

    #[test]
    fn there_is_always_a_payable_price_or_a_reason(
        rules in any_rules(), cost in 0..10_000_000_000_i64, rrp in 0..100_000_i64, units in 0..1_000_u32,
        place in 0..Marketplace::ALL.len(),
    ) {
        let marketplace = Marketplace::ALL[place];
        let currency = marketplace.currency();
        let known = |amount: Decimal| match amount.is_zero() {
            true => json!({}),
            false => json!({currency: amount}),
        };
        let rrp = Decimal::new(rrp, 2).round();
        let product = product(json!({"cost": known(Decimal::new(cost, 6)), "rrp": known(rrp)}));
        let decision = decided(&rules, marketplace, &product, units);
        if let Ok(price) = &decision.price {
            prop_assert!(price.amount > Decimal::ZERO);
            prop_assert!(crate::domain::money::is_payable(price.amount, currency), "{}", price.amount);
        }
        prop_assert!(!decision.words(marketplace).is_empty());
        prop_assert_eq!(decided(&rules, marketplace, &product, units), decision);
    }

    #[test]
    fn the_order_of_rules_that_are_not_as_narrow_changes_no_price(order in Just(vec![0, 1, 2, 3, 4]).prop_shuffle()) {
        let all = json!([
            {"condition": {"type": "all"}, "action": {"type": "margin", "percent": "1"}},
            {"condition": {"type": "cost_range", "currency": "GBP", "from": "5"}, "action": {"type": "margin", "percent": "2"}},
            {"condition": {"type": "category", "category": "Home"}, "action": {"type": "margin", "percent": "3"}},
            {"condition": {"type": "category", "category": "Home > Kitchen"}, "action": {"type": "margin", "percent": "4"}},
            {"condition": {"type": "brand", "brand": "north"}, "action": {"type": "margin", "percent": "5"}},
        ]);
        let listed: Vec<Value> = order.iter().map(|rule| all[*rule].clone()).collect();
        let decision = decided(&rules(json!({}), json!({"rules": listed})), Marketplace::Uk, &product(json!({})), 1);
        let price = amount(&decision);
        prop_assert_eq!(price.as_deref(), Some("12.60"));
        prop_assert_eq!(decision.rule.as_deref(), Some("brand north"));
    }
}
