use super::*;
use crate::domain::listing::Observed;
use crate::domain::product::Part;
use crate::domain::stock::StockLevel;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + second).unwrap()
}

fn listing(observed: Option<u32>) -> Listing {
    let listing = serde_json::json!({
        "tenant": "north", "connection": "c1", "amazon_sku": "A", "state": "matched", "product": "A", "units": 1,
        "alias": false, "marketplaces": [], "observed": observed.map(|value| Observed { value, at: at(0) }),
    });
    serde_json::from_value(listing).unwrap()
}

fn inputs(level: Option<u32>, parts: &[&str]) -> SkuInputs {
    let part = |sku: &&str| Part {
        sku: sku.parse().unwrap(),
        units: 1,
    };
    let product: Product = serde_json::from_value(serde_json::json!({"sku": "A"})).unwrap();
    let mut inputs = SkuInputs {
        product: Some(Product {
            parts: parts.iter().map(part).collect(),
            ..product
        }),
        ..SkuInputs::default()
    };
    if let Some(quantity) = level {
        let level = StockLevel {
            quantity,
            measured_at: at(1),
            received_at: at(1),
        };
        let warehouse = "LON".parse().unwrap();
        inputs.levels.levels.insert(warehouse, level);
    }
    inputs
}

fn effect(listing: &Listing, all: Vec<(&str, SkuInputs)>, settings: &StockSettings) -> Effect {
    let all = all.into_iter();
    let inputs = all.map(|(sku, it)| (sku.parse().unwrap(), it)).collect();
    let product = "A".parse().unwrap();
    let known = ListingFacts {
        inputs: &inputs,
        product: &product,
    };
    let mut effect = Effect::default();
    let rules = ProductRules::default();
    quantity_effect(listing, &known, Standing::Patched, settings, &rules, at(2)).count(&mut effect);
    effect
}

#[test]
fn each_listing_counts_once_by_what_would_become_of_it() {
    let on = StockSettings {
        on: true,
        ..StockSettings::default()
    };
    type Counted = fn(&Effect) -> u64;
    let rows: [(Option<u32>, Option<u32>, Counted); 7] = [
        (Some(5), Some(5), |it| it.unchanged),
        (Some(5), Some(4), |it| it.changed),
        (Some(5), Some(0), |it| it.to_zero),
        (Some(0), Some(4), |it| it.reopened),
        (Some(0), Some(0), |it| it.unchanged),
        (Some(5), None, |it| it.without_level),
        (None, Some(0), |it| it.to_zero),
    ];
    for (shown, level, counted) in rows {
        let all = vec![("A", inputs(level, &[]))];
        let effect = effect(&listing(shown), all, &on);
        assert_eq!(counted(&effect), 1, "{shown:?} {level:?}: {effect:?}");
        let all = [
            effect.unchanged,
            effect.changed,
            effect.to_zero,
            effect.reopened,
        ];
        let sum: u64 = all.iter().sum();
        assert_eq!((effect.matched, sum + effect.without_level), (1, 1));
    }
    let off = StockSettings::default();
    let left = effect(&listing(Some(5)), vec![("A", inputs(Some(0), &[]))], &off);
    assert_eq!(left.unchanged, 1, "nothing is sent if it is switched off");
}

#[test]
fn a_bundle_is_counted_by_its_parts_or_left_alone() {
    let all = || {
        vec![
            ("A", inputs(None, &["P1", "P2"])),
            ("P1", inputs(Some(9), &[])),
            ("P2", inputs(Some(0), &[])),
        ]
    };
    let mut settings = StockSettings {
        on: true,
        ..StockSettings::default()
    };
    assert_eq!(effect(&listing(Some(3)), all(), &settings).to_zero, 1);
    settings.bundles = false;
    assert_eq!(effect(&listing(Some(3)), all(), &settings).unchanged, 1);
}

#[test]
fn a_bundle_in_a_bundle_stays_as_it_is() {
    let all = vec![
        ("A", inputs(None, &["P1", "P2"])),
        ("P1", inputs(Some(9), &[])),
        ("P2", inputs(Some(0), &["P3"])),
    ];
    let on = StockSettings {
        on: true,
        ..StockSettings::default()
    };
    assert_eq!(effect(&listing(Some(3)), all, &on).unchanged, 1);
}

#[test]
fn a_held_listing_stays_as_it_is_or_goes_to_zero() {
    let on = StockSettings {
        on: true,
        ..StockSettings::default()
    };
    let effect_of = |mode, shown| {
        let hold = serde_json::json!({"mode": mode, "reason": "r", "since": at(0)});
        let held = listing(Some(shown)).held(serde_json::from_value(hold).unwrap());
        effect(&held, vec![("A", inputs(Some(9), &[]))], &on)
    };
    assert_eq!(effect_of("leave", 5).unchanged, 1);
    assert_eq!(effect_of("zero", 5).to_zero, 1);
    assert_eq!(effect_of("zero", 0).unchanged, 1);
}

#[test]
fn a_price_counts_as_released_only_if_it_is_the_very_one_that_was() {
    let product = serde_json::json!({"sku": "A", "rrp": {"GBP": "40"}});
    let product: Product = serde_json::from_value(product).unwrap();
    let pricing = Pricing {
        marketplace: Marketplace::Uk,
        mode: crate::domain::connection::PriceMode::Rrp,
        rules: None,
        rates: None,
        today: jiff::civil::date(2026, 11, 28),
    };
    let next = |change: fn(&mut WantedPrice)| {
        let listing = listing(None);
        let mut stored = pricing.wanted(&product, 1, 7, at(0)).unwrap();
        change(&mut stored);
        let offer = Offer {
            wanted: Some(stored),
            released_to: 7,
            ..unknown(&listing, Marketplace::Uk)
        };
        let settings = StockSettings::default();
        let standing = Standing::Patched;
        let effect = price_effect(
            &listing,
            &pricing,
            Some(&offer),
            &product,
            standing,
            &settings,
            at(2),
        );
        effect.unwrap().next
    };
    assert_eq!(next(|_| {}), NextPrice::Send(Decimal::from(40)));
    let of_a_rule = next(|stored| stored.rule = Some("Kettles".into()));
    assert!(matches!(of_a_rule, NextPrice::Held { .. }), "{of_a_rule:?}");
}
