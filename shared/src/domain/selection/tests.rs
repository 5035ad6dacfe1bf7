use super::*;
use crate::domain::product::Product;
use crate::domain::selling_rules::SellingRules;
use crate::domain::stock::Policy;
use proptest::prelude::*;
use serde_json::json;

fn product(sku: &str, brand: Option<&str>, category: Option<&str>) -> Product {
    serde_json::from_value(json!({ "sku": sku, "brand": brand, "category": category })).unwrap()
}

fn decide(choice: &Choice, product: &Product) -> Decision {
    choice.decide(&product.sku, &ProductFacts::of(product))
}

fn choice(value: serde_json::Value) -> Choice {
    serde_json::from_value(value).unwrap()
}

fn selection(value: serde_json::Value) -> Selection {
    serde_json::from_value(value).unwrap()
}

#[test]
fn a_pin_is_stronger_than_an_exclusion_and_that_than_an_inclusion() {
    let choice = choice(json!({
        "include": [{ "type": "category", "category": "Home" }],
        "exclude": [{ "type": "brand", "brand": "Acme" }],
        "pins": { "P-IN": "in", "P-OUT": "out" },
    }));
    let rows = [
        (
            "A",
            Some("North"),
            Some("Home > Kitchen"),
            Verdict::In,
            "included: category Home",
        ),
        (
            "A",
            Some("ACME"),
            Some("Home"),
            Verdict::Out,
            "excluded: brand Acme",
        ),
        (
            "A",
            None,
            Some("Garden"),
            Verdict::Out,
            "no rule includes it",
        ),
        ("A", None, None, Verdict::Out, "no rule includes it"),
        (
            "P-IN",
            Some("Acme"),
            None,
            Verdict::In,
            "a person pinned it in",
        ),
        (
            "P-OUT",
            None,
            Some("Home"),
            Verdict::Out,
            "a person pinned it out",
        ),
    ];
    for (sku, brand, category, verdict, words) in rows {
        let decision = decide(&choice, &product(sku, brand, category));
        assert_eq!(
            (decision.verdict, decision.words().as_str()),
            (verdict, words)
        );
    }
}

#[test]
fn without_inclusions_everything_is_in_and_by_default_nothing_is_selected_away() {
    let everything = Choice::default();
    let decision = decide(&everything, &product("A", None, None));
    assert_eq!(decision.words(), "everything is included");
    assert!(decision.is_in() && Selection::default().is_everything());
}

#[test]
fn the_narrowest_rule_is_named() {
    let choice = choice(json!({ "exclude": [
        { "type": "all" },
        { "type": "category", "category": "Home" },
        { "type": "category", "category": "Home > Kitchen" },
        { "type": "skus", "skus": ["B"] },
    ] }));
    let kettle = decide(
        &choice,
        &product("A", None, Some("Home > Kitchen > Kettles")),
    );
    assert_eq!(kettle.words(), "excluded: category Home > Kitchen");
    let named = decide(&choice, &product("B", None, Some("Home")));
    assert_eq!(named.words(), "excluded: SKU B");
}

#[test]
fn a_category_that_appeared_since_asks_unless_a_rule_or_a_person_decided_about_it() {
    let since: Timestamp = "2026-11-01T00:00:00Z".parse().unwrap();
    let later: Timestamp = "2026-11-02T00:00:00Z".parse().unwrap();
    let asks = selection(json!({
        "asks_since": since, "known_categories": ["Home"],
        "products": { "exclude": [{ "type": "brand", "brand": "Acme" }], "pins": { "P": "in" } },
    }));
    let verdict = |selection: &Selection, product: &Product, appeared: Option<Timestamp>| {
        let facts = ProductFacts::of(product);
        selection.decide(&product.sku, &facts, appeared).verdict
    };
    let garden = product("A", None, Some("Garden"));
    let decided = selection(json!({ "asks_since": since, "new_categories": "out" }));
    let let_in = selection(json!({ "asks_since": since, "new_categories": "in" }));
    assert_eq!(verdict(&asks, &garden, Some(later)), Verdict::Asks);
    assert_eq!(verdict(&asks, &garden, Some(since)), Verdict::In);
    assert_eq!(verdict(&asks, &garden, None), Verdict::In, "from before");
    assert_eq!(verdict(&decided, &garden, Some(later)), Verdict::Out);
    assert_eq!(verdict(&let_in, &garden, Some(later)), Verdict::In);
    let others = [
        (product("A", None, Some("home > Kitchen")), Verdict::In),
        (product("P", None, Some("Garden")), Verdict::In),
        (product("A", Some("acme"), Some("Garden")), Verdict::Out),
        (product("A", None, None), Verdict::In),
    ];
    for (product, expected) in others {
        assert_eq!(verdict(&asks, &product, Some(later)), expected);
    }
    let included = Selection {
        products: choice(json!({ "include": [{ "type": "category", "category": "Garden" }] })),
        ..asks
    };
    assert_eq!(verdict(&included, &garden, Some(later)), Verdict::In);
}

#[test]
fn a_marketplace_that_is_not_named_offers_everything() {
    let only = selection(json!({ "marketplaces": {
        "DE": { "exclude": [{ "type": "brand", "brand": "Acme" }] },
    } }));
    let acme = product("A", Some("Acme"), None);
    let facts = ProductFacts::of(&acme);
    let selected = Selected::new(&only, &acme.sku, &facts, None);
    assert!(selected.is_in());
    assert_eq!(selected.ended(), [Marketplace::De].into());
    let why = selected.why_not_offered(Marketplace::De);
    assert_eq!(why.as_deref(), Some("excluded: brand Acme"));
    assert_eq!(selected.why_not_offered(Marketplace::Uk), None);
}

#[test]
fn what_a_selection_says_reads_back_as_it_was_written() {
    let written = json!({
        "products": { "include": [{ "type": "brand", "brand": "North" }], "pins": { "A": "out" } },
        "when_out": "leave", "new_categories": "in", "known_categories": ["Home"],
        "marketplaces": { "DE": { "exclude": [{ "type": "all" }] } },
    });
    let read = selection(written.clone());
    assert_eq!(serde_json::to_value(&read).unwrap(), written);
    assert_eq!(read.count_skus(), 1);
}

#[test]
fn a_policy_is_that_of_the_narrowest_rule_and_else_that_of_all() {
    let rules: Vec<PolicyRule> = serde_json::from_value(json!([
        { "products": { "type": "category", "category": "Home" }, "buffer": 2, "percentage": 50, "maximum": 9 },
        { "products": { "type": "brand", "brand": "North" }, "buffer": 1, "percentage": 100 },
    ]))
    .unwrap();
    let all = Policy {
        buffer: 7,
        low_stock_mark: 3,
        ..Policy::default()
    };
    let selling = SellingRules {
        policies: rules,
        ..SellingRules::default()
    };
    let of = |product: &Product| selling.of_product(product, None).policy(all);
    let home = of(&product("A", None, Some("Home > Kitchen")));
    let expected = (2, 50, Some(9), 3);
    let said = (
        home.buffer,
        home.percentage,
        home.maximum,
        home.low_stock_mark,
    );
    assert_eq!(said, expected);
    let north = of(&product("A", Some("north"), Some("Home")));
    assert_eq!((north.buffer, north.maximum), (1, None));
    assert_eq!(of(&product("A", None, None)), all);
}

fn condition() -> impl Strategy<Value = Condition> {
    let category = prop::sample::select(vec!["Home", "Home > Kitchen", "Garden"]);
    let brand = prop::sample::select(vec!["North", "Acme"]);
    let skus = prop::sample::subsequence(vec!["A", "B", "C"], 1..=3);
    let json = prop_oneof![
        Just(json!({ "type": "all" })),
        category.prop_map(|it| json!({ "type": "category", "category": it })),
        brand.prop_map(|it| json!({ "type": "brand", "brand": it })),
        skus.prop_map(|it| json!({ "type": "skus", "skus": it })),
    ];
    json.prop_map(|json| serde_json::from_value(json).unwrap())
}

fn any_product() -> impl Strategy<Value = Product> {
    let sku = prop::sample::select(vec!["A", "B", "D"]);
    let brand = prop::sample::select(vec![None, Some("north"), Some("ACME"), Some("Other")]);
    let category = prop::sample::select(vec![
        None,
        Some("home>kitchen"),
        Some("Garden > Tools"),
        Some("Toys"),
    ]);
    (sku, brand, category).prop_map(|(sku, brand, category)| product(sku, brand, category))
}

fn any_choice() -> impl Strategy<Value = Choice> {
    let list = || prop::collection::vec(condition(), 0..5);
    let pins = prop::collection::btree_map(
        prop::sample::select(vec!["A", "D"]).prop_map(|sku| sku.parse().unwrap()),
        prop::sample::select(vec![Pin::In, Pin::Out]),
        0..2,
    );
    (list(), list(), pins).prop_map(|(include, exclude, pins)| Choice {
        include,
        exclude,
        pins,
    })
}

/// Both lists are as narrow, and say the same in words.
#[test]
fn of_two_lists_of_skus_the_same_is_named_in_either_order() {
    let list = |other: &str| json!({ "type": "skus", "skus": ["A", other] });
    let either = [[list("B"), list("C")], [list("C"), list("B")]];
    let decided = either.map(|include| {
        decide(
            &choice(json!({ "include": include })),
            &product("A", None, None),
        )
    });
    assert_eq!(decided[0], decided[1]);
}

proptest! {
    #[test]
    fn every_product_is_decided_and_the_order_of_rules_makes_no_difference(
        choice in any_choice(), product in any_product(), turn in 0usize..5,
    ) {
        let mut turned = choice.clone();
        turned.include.reverse();
        let by = turn.min(turned.exclude.len());
        turned.exclude.rotate_left(by);
        let decision = decide(&choice, &product);
        prop_assert_eq!(&decision, &decide(&turned, &product));
        prop_assert!(!decision.words().is_empty());
        prop_assert!(decision.verdict != Verdict::Asks);
    }

    #[test]
    fn one_more_exclusion_never_brings_a_product_in(
        choice in any_choice(), more in condition(), product in any_product(),
    ) {
        let mut stricter = choice.clone();
        stricter.exclude.push(more);
        let (before, after) = (decide(&choice, &product), decide(&stricter, &product));
        prop_assert!(before.is_in() || !after.is_in());
    }

    #[test]
    fn a_new_category_only_ever_takes_out_what_everything_included(
        choice in any_choice(), product in any_product(), ask: bool,
    ) {
        let since: Timestamp = "2026-11-01T00:00:00Z".parse().unwrap();
        let later: Timestamp = "2026-11-02T00:00:00Z".parse().unwrap();
        let selection = Selection {
            products: choice,
            new_categories: if ask { NewCategories::Ask } else { NewCategories::Out },
            asks_since: Some(since),
            ..Selection::default()
        };
        let facts = ProductFacts::of(&product);
        let known = selection.decide(&product.sku, &facts, None);
        let new = selection.decide(&product.sku, &facts, Some(later));
        if new != known {
            prop_assert_eq!(&known.why, &Why::Everything);
            prop_assert!(!new.is_in());
        }
    }
}
