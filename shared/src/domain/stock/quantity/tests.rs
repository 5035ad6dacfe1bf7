use super::*;
use crate::domain::stock::StockLevel;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn levels(quantity: u32, measured: i64) -> Levels {
    let level = StockLevel {
        quantity,
        measured_at: at(measured),
        received_at: at(measured),
    };
    Levels::from([("LON".parse().unwrap(), level)])
}

fn product(sku: &str, parts: &[(&str, u32)]) -> Product {
    let parts: Vec<_> = parts
        .iter()
        .map(|(sku, units)| serde_json::json!({"sku": sku, "units": units}))
        .collect();
    serde_json::from_value(serde_json::json!({"sku": sku, "parts": parts})).unwrap()
}

/// Counts a listing of the first of these products, each with its levels. Its n-th product has the generation 10^n,
/// its levels twice that; the settings have 7.
fn counted_of(all: &[(Product, Levels)]) -> Wanted {
    let find = |sku: &Sku| {
        let place = all.iter().position(|(it, _)| it.sku == *sku)?;
        let generation = 10_u64.pow(u32::try_from(place).unwrap() + 1);
        Some(SkuStock {
            sku: &all[place].0.sku,
            product: Some(&all[place].0),
            deleted: None,
            levels: &all[place].1,
            reservations: &[],
            sold_out_at: None,
            levels_generation: 2 * generation,
            product_generation: generation,
        })
    };
    let own = find(&all[0].0.sku).unwrap();
    count(
        own,
        find,
        1,
        &StockSettings::default(),
        &ProductRules::default(),
        7,
        at(30),
    )
    .wanted
}

#[test]
fn the_generation_is_the_sum_of_all_that_was_counted() {
    let none = Levels::new;
    let one = [(product("ONE", &[]), levels(1, 10))];
    let set = [
        (
            product("SET", &[("A", 1), ("B", 2), ("UNKNOWN", 1)]),
            none(),
        ),
        (product("A", &[]), levels(1, 10)),
        (product("B", &[]), none()),
        (product("OTHER", &[]), none()),
    ];
    assert_eq!(counted_of(&one).generation, 7 + 30);
    assert_eq!(counted_of(&set).generation, 7 + 30 + 200 + 2_000);
    assert_eq!(counted_of(&set).why, "no stock level of B yet");
}

#[test]
fn the_scarcest_part_decides_and_the_latest_measurement_counts() {
    let set = product("SET", &[("MANY", 1), ("FEW", 2)]);
    let wanted = counted_of(&[
        (set, Levels::new()),
        (product("MANY", &[]), levels(100, 10)),
        (product("FEW", &[]), levels(7, 20)),
    ]);
    assert_eq!(wanted.quantity, Some(3));
    assert_eq!(wanted.level_at, Some(at(20)));
    assert_eq!(wanted.why, "(7 in stock − 0 reserved) of FEW ÷ 2 = 3");
}

#[test]
fn none_left_is_zero_until_a_later_count_of_the_warehouse_or_of_any_part() {
    let sku: Sku = "A".parse().unwrap();
    let single = product("A", &[]);
    let two_warehouses = |second| {
        let mut both = levels(7, 10);
        both.extend(Levels::from([(
            "MAN".parse().unwrap(),
            StockLevel {
                quantity: 3,
                measured_at: at(second),
                received_at: at(second),
            },
        )]));
        both
    };
    let wanted = |levels: &Levels, sold_out: Option<i64>| {
        let own = SkuStock {
            product: Some(&single),
            levels,
            sold_out_at: sold_out.map(at),
            ..SkuStock::unknown(&sku)
        };
        count(
            own,
            |_| None,
            1,
            &StockSettings::default(),
            &ProductRules::default(),
            1,
            at(99),
        )
        .wanted
    };
    assert_eq!(wanted(&levels(7, 10), None).quantity, Some(7));
    let none_left = wanted(&levels(7, 10), Some(10));
    assert_eq!(none_left.quantity, Some(0));
    assert!(none_left.why.contains("none left"), "{}", none_left.why);
    assert_eq!(wanted(&levels(7, 11), Some(10)).quantity, Some(7));
    assert_eq!(wanted(&two_warehouses(20), Some(15)).quantity, Some(3));
    assert_eq!(wanted(&Levels::new(), Some(10)).quantity, None, "unknown");

    let (set, part) = (product("SET", &[("A", 2)]), levels(8, 10));
    let bundle = |sold_out: i64| {
        let own = SkuStock {
            product: Some(&set),
            sold_out_at: Some(at(sold_out)),
            ..SkuStock::unknown(&set.sku)
        };
        let stock = SkuStock {
            product: Some(&single),
            levels: &part,
            ..SkuStock::unknown(&sku)
        };
        count(
            own,
            |_| Some(stock),
            1,
            &StockSettings::default(),
            &ProductRules::default(),
            1,
            at(99),
        )
        .wanted
    };
    assert_eq!(bundle(10).quantity, Some(0));
    assert_eq!(bundle(9).quantity, Some(4));
}

#[test]
fn unknown_is_never_zero() {
    let new = [(product("NEW", &[]), Levels::new())];
    assert_eq!(counted_of(&new).quantity, None);
}

#[test]
fn the_listings_of_a_deleted_product_go_to_zero_unless_they_are_to_be_left() {
    let sku: Sku = "A".parse().unwrap();
    let stocked = levels(7, 10);
    let wanted = |listings, bundle, settings: &StockSettings| {
        let own = SkuStock {
            levels: &stocked,
            deleted: Some(DeletedProduct { listings, bundle }),
            ..SkuStock::unknown(&sku)
        };
        count(
            own,
            |_| None,
            1,
            settings,
            &ProductRules::default(),
            1,
            at(30),
        )
        .wanted
    };
    let without_bundles = StockSettings {
        bundles: false,
        ..StockSettings::default()
    };
    let usual = StockSettings::default();
    let zero = wanted(ListingsOfDeleted::Zero, false, &usual);
    assert_eq!((zero.quantity, zero.level_at), (Some(0), None));
    let left = wanted(ListingsOfDeleted::Leave, false, &usual);
    assert_eq!(left.quantity, None);
    let bundle = wanted(ListingsOfDeleted::Zero, true, &without_bundles);
    assert_eq!(bundle.quantity, None, "bundles are left alone");
}

#[test]
fn what_a_bundle_in_a_bundle_can_deliver_is_unknown() {
    let wanted = counted_of(&[
        (product("SET", &[("INNER", 1)]), Levels::new()),
        (product("INNER", &[("A", 1)]), levels(5, 10)),
        (product("A", &[]), levels(5, 10)),
    ]);
    assert_eq!(wanted.quantity, None);
    assert_eq!(wanted.why, "its part INNER is a bundle itself");
}
