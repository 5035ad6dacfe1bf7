use super::*;
use serde_json::{Value, json};

fn product(mut fields: Value) -> Product {
    fields["sku"] = json!("A");
    serde_json::from_value(fields).unwrap()
}

fn code(fields: Value) -> Option<&'static str> {
    fault(&product(fields)).map(|fault| fault.code.as_str())
}

#[test]
fn a_product_is_refused_for_the_first_thing_that_is_wrong_with_it() {
    let many: Vec<Value> = (0..91)
        .map(|n| json!({"sku": format!("P{n}"), "units": 1}))
        .collect();
    let cases = [
        (json!({}), None),
        (
            json!({"title": "Mug", "ean": "4006381333931", "weight_grams": 250, "rrp": {"GBP": "9.90", "JPY": "1200"}}),
            None,
        ),
        (json!({"ean": "96385074"}), None),
        (json!({"ean": "036000291452"}), None),
        (json!({"ean": "10012345000017"}), None),
        (json!({"ean": "4006381333932"}), Some("ean_check_digit")),
        (json!({"ean": "400638133393"}), Some("ean_check_digit")),
        (json!({"ean": "4006381-33393"}), Some("ean")),
        (json!({"ean": ""}), Some("ean")),
        (json!({"title": "a\nb"}), Some("text")),
        (json!({"brand": "x".repeat(201)}), Some("text")),
        (json!({"weight_grams": 0}), Some("weight")),
        (
            json!({"dimensions": {"length_mm": 1, "width_mm": 0, "height_mm": 1}}),
            Some("dimension"),
        ),
        (json!({"rrp": {"gbp": "1"}}), Some("currency")),
        (json!({"rrp": {"XYZ": "1"}}), Some("currency")),
        (json!({"rrp": {"GBP": "0"}}), Some("amount")),
        (json!({"rrp": {"GBP": "-1"}}), Some("amount")),
        (json!({"rrp": {"GBP": "1.0001"}}), Some("amount")),
        (json!({"rrp": {"GBP": "9.999"}}), Some("amount")),
        (json!({"rrp": {"JPY": "1999.50"}}), Some("amount")),
        (json!({"rrp": {"JPY": "1999.00"}}), None),
        (json!({"rrp": {"KWD": "9.999"}}), None),
        (json!({"rrp": {"GBP": "1.0000"}}), None),
        (json!({"cost": {"GBP": "0.000001", "JPY": "12.5"}}), None),
        (json!({"cost": {"GBP": "0.0000001"}}), Some("amount")),
        (json!({"cost": {"GBP": "0"}}), Some("amount")),
        (json!({"cost": {"GBP": "-1"}}), Some("amount")),
        (json!({"cost": {"pounds": "1"}}), Some("currency")),
        (
            json!({"parts": [{"sku": "A", "units": 1}]}),
            Some("part_of_itself"),
        ),
        (
            json!({"parts": [{"sku": "B", "units": 1}, {"sku": "B", "units": 2}]}),
            Some("part_twice"),
        ),
        (json!({"parts": [{"sku": "B", "units": 0}]}), Some("units")),
        (
            json!({"parts": [{"sku": "B", "units": 1}, {"sku": "b", "units": 1}]}),
            None,
        ),
        (json!({"parts": many}), Some("too_many_parts")),
    ];
    for (fields, expected) in cases {
        assert_eq!(code(fields.clone()), expected, "{fields}");
    }
}

#[test]
fn the_order_of_parts_and_zeros_of_a_price_make_no_other_product() {
    let one = product(
        json!({"rrp": {"GBP": "9.9"}, "cost": {"GBP": "4.50"}, "parts": [{"sku": "B", "units": 1}, {"sku": "C", "units": 1}]}),
    );
    let same = product(
        json!({"rrp": {"GBP": "9.90"}, "cost": {"GBP": "4.5"}, "parts": [{"sku": "C", "units": 1}, {"sku": "B", "units": 1}]}),
    );
    let other = product(
        json!({"rrp": {"GBP": "9.9"}, "cost": {"GBP": "4.5"}, "parts": [{"sku": "B", "units": 2}, {"sku": "C", "units": 1}]}),
    );
    assert_eq!(digest(&one).unwrap(), digest(&same).unwrap());
    assert_ne!(digest(&one).unwrap(), digest(&other).unwrap());
    let dearer = Product {
        cost: [("GBP".to_owned(), Decimal::from(5))].into(),
        ..one.clone()
    };
    assert_ne!(digest(&one).unwrap(), digest(&dearer).unwrap());
}

#[test]
fn an_amount_of_more_decimals_than_its_currency_has_is_refused_by_the_currencys_name() {
    let fault = fault(&product(json!({"rrp": {"JPY": "1999.50"}}))).unwrap();
    assert_eq!(fault.field, "rrp.JPY");
    assert!(
        fault.detail.contains("JPY has no decimals"),
        "{}",
        fault.detail
    );
}
