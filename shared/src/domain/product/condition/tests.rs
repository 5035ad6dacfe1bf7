use super::*;
use proptest::prelude::*;
use serde_json::{Value, json};

fn condition(value: Value) -> Condition {
    serde_json::from_value(value).unwrap()
}

fn facts() -> ProductFacts {
    let product = json!({
        "sku": "K-1", "brand": " north ", "category": "Home > Kitchen > Kettles", "cost": {"GBP": "10.00"},
    });
    ProductFacts::of(&serde_json::from_value(product).unwrap())
}

/// From the widest to the narrowest, each of which matches the product above.
fn matching() -> Vec<Condition> {
    [
        json!({"type": "all"}),
        json!({"type": "cost_range", "currency": "GBP", "from": "10", "below": "10.01"}),
        json!({"type": "category", "category": "home"}),
        json!({"type": "category", "category": "Home>Kitchen"}),
        json!({"type": "category", "category": "Home > Kitchen > Kettles"}),
        json!({"type": "brand", "brand": "NORTH"}),
        json!({"type": "skus", "skus": ["A", "K-1"]}),
    ]
    .map(condition)
    .to_vec()
}

#[test]
fn each_condition_matches_what_it_names_and_nothing_else() {
    for condition in matching() {
        assert!(condition.matches(&facts()), "{}", condition.words());
    }
    for other in [
        json!({"type": "cost_range", "currency": "GBP", "below": "10"}),
        json!({"type": "cost_range", "currency": "GBP", "from": "10.01"}),
        json!({"type": "cost_range", "currency": "EUR"}),
        json!({"type": "category", "category": "Kitchen"}),
        json!({"type": "brand", "brand": "South"}),
        json!({"type": "skus", "skus": ["k-1"]}),
    ] {
        assert!(!condition(other.clone()).matches(&facts()), "{other}");
    }
    let bare: Product = serde_json::from_value(json!({"sku": "K-1"})).unwrap();
    let bare = ProductFacts::of(&bare);
    let met: Vec<bool> = matching().iter().map(|it| it.matches(&bare)).collect();
    assert_eq!(met, [true, false, false, false, false, false, true]);
}

#[test]
fn a_cost_that_was_converted_never_replaces_the_merchants_own() {
    let euros = condition(json!({"type": "cost_range", "currency": "EUR", "from": "11"}));
    assert!(euros.matches(&facts().with_cost("EUR", Decimal::from(12))));
    let pounds = condition(json!({"type": "cost_range", "currency": "GBP", "from": "11"}));
    assert!(!pounds.matches(&facts().with_cost("GBP", Decimal::from(12))));
}

#[test]
fn a_condition_that_can_match_nothing_is_a_fault() {
    let many: Vec<String> = (0..1_001).map(|n| n.to_string()).collect();
    for (value, field) in [
        (json!({"type": "cost_range", "currency": "gbp"}), "currency"),
        (
            json!({"type": "cost_range", "currency": "GBP", "from": "-1"}),
            "from",
        ),
        (
            json!({"type": "cost_range", "currency": "GBP", "from": "5", "below": "5"}),
            "below",
        ),
        (
            json!({"type": "cost_range", "currency": "GBP", "below": "0"}),
            "below",
        ),
        (json!({"type": "skus", "skus": []}), "skus"),
        (json!({"type": "skus", "skus": many}), "skus"),
    ] {
        assert_eq!(
            condition(value.clone()).fault().map(|it| it.0),
            Some(field),
            "{value}"
        );
    }
    for condition in matching() {
        assert_eq!(condition.fault(), None);
    }
    let unknown = json!({"type": "all", "brand": "North"});
    assert!(serde_json::from_value::<Condition>(unknown).is_err());
}

proptest! {
    #[test]
    fn the_narrowest_decides_wherever_it_is_in_the_list(
        rules in proptest::sample::subsequence((0..7).collect::<Vec<usize>>(), 1..=7).prop_shuffle(),
    ) {
        let all = matching();
        let listed: Vec<Condition> = rules.iter().map(|rule| all[*rule].clone()).collect();
        let (place, found) = narrowest(&listed, |it| it, &facts()).unwrap();
        prop_assert_eq!(found, &all[*rules.iter().max().unwrap()]);
        prop_assert_eq!(found, &listed[place]);
    }

    #[test]
    fn of_equals_the_first_in_the_list_decides(twins in 2..5_usize, which in 0..7_usize) {
        let listed = vec![matching()[which].clone(); twins];
        prop_assert_eq!(narrowest(&listed, |it| it, &facts()).unwrap().0, 0);
    }
}

#[test]
fn amounts_of_a_range_are_texts_and_no_numbers() {
    let read = |from: serde_json::Value| {
        let range = json!({"type": "cost_range", "currency": "GBP", "from": from});
        serde_json::from_value::<Condition>(range)
    };
    assert!(read(json!("10.50")).is_ok());
    for other in [json!(10.5), json!(10), json!("ten")] {
        assert!(read(other.clone()).is_err(), "{other}");
    }
}
