//! Products as they come. What only describes a product is left out if it cannot be used, so that the rest, and the
//! product's stock, go out all the same; what decides how much is sold, and for how much, must be right.

use super::numbers::units;
use super::{ReadRow, known_fields, sku, text};
use crate::domain::product::{Product, drop_unusable};
use crate::domain::row::RowCode;
use crate::intake::Refusal;
use crate::json;
use serde_json::{Map, Value};

/// Texts that describe a product.
const TEXTS: [&str; 4] = ["title", "brand", "category", "ean"];
/// The other fields that a product may have.
const OTHERS: [&str; 7] = [
    "sku",
    "weight_grams",
    "dimensions",
    "rrp",
    "cost",
    "tax_class",
    "parts",
];

/// Reads a product.
///
/// # Errors
/// The reason why it cannot be read, with the field that is at fault; never the value.
pub fn read_product(content: &Value) -> Result<ReadRow<Product>, Refusal> {
    let mut remarks = Vec::new();
    let known: Vec<&str> = TEXTS.into_iter().chain(OTHERS).collect();
    let mut fields = known_fields(content, &known, &mut remarks)?;
    if let Some(sku) = fields.get("sku").and_then(sku) {
        fields.insert("sku".to_owned(), Value::from(String::from(sku)));
    }
    for name in TEXTS {
        mend(&mut fields, name, &mut remarks, |value, _| {
            text(value).map(Value::from)
        });
    }
    mend(
        &mut fields,
        "weight_grams",
        &mut remarks,
        |value, remarks| whole(value, "weight_grams", remarks),
    );
    mend(&mut fields, "dimensions", &mut remarks, dimensions);
    if let Some(Value::String(ean)) = fields.get_mut("ean") {
        *ean = ean.trim().to_owned();
    }
    normalise(&mut fields);
    let mut product: Product = json::read(Value::Object(fields)).map_err(|misfit| {
        let path = misfit.path.to_string();
        Refusal::new(
            (path != ".").then_some(&path),
            RowCode::Invalid,
            misfit.detail,
        )
    })?;
    remarks.extend(drop_unusable(&mut product).into_iter().map(Refusal::from));
    Ok(ReadRow {
        row: product,
        remarks,
    })
}

/// Puts what a field means in its place, or leaves the field out with a remark if it means nothing.
fn mend(
    fields: &mut Map<String, Value>,
    name: &str,
    remarks: &mut Vec<Refusal>,
    read: impl Fn(&Value, &mut Vec<Refusal>) -> Option<Value>,
) {
    let Some(value) = fields.remove(name) else {
        return;
    };
    match read(&value, remarks) {
        Some(value) => {
            fields.insert(name.to_owned(), value);
        }
        None => {
            let detail = "It cannot be read; it was left out, and the rest of the row was taken.";
            remarks.push(Refusal::new(Some(name), RowCode::LeftOut, detail));
        }
    }
}

fn whole(value: &Value, field: &str, remarks: &mut Vec<Refusal>) -> Option<Value> {
    let read = units(value)?;
    remarks.extend(read.remark(field));
    Some(Value::from(read.units))
}

fn dimensions(value: &Value, remarks: &mut Vec<Refusal>) -> Option<Value> {
    let sides = ["length_mm", "width_mm", "height_mm"].map(|side| {
        let field = format!("dimensions.{side}");
        let read = whole(value.get(side)?, &field, remarks)?;
        Some((side.to_owned(), read))
    });
    let sides: Option<Map<String, Value>> = sides.into_iter().collect();
    sides.map(Value::Object)
}

/// Numbers in forms that mean the same: spaces around amounts, whole numbers of parts as texts or with decimals.
fn normalise(fields: &mut Map<String, Value>) {
    for name in ["rrp", "cost"] {
        let amounts = fields.get_mut(name).and_then(Value::as_object_mut);
        for amount in amounts.into_iter().flat_map(Map::values_mut) {
            if let Value::String(text) = amount {
                *text = text.trim().to_owned();
            }
        }
    }
    let parts = fields.get_mut("parts").and_then(Value::as_array_mut);
    for part in parts.into_iter().flatten() {
        let Some(count) = part.get_mut("units") else {
            continue;
        };
        let read = units(count).filter(|read| read.remark("units").is_none());
        if let Some(read) = read {
            *count = Value::from(read.units);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_describes_a_product_keeps_nothing_else_of_it_out() {
        let cases = [
            (json!({"ean": "4006381333932"}), "ean", "ean_check_digit"),
            (json!({"ean": ["4006381333931"]}), "ean", "left_out"),
            (json!({"title": "Mug\nblue"}), "title", "text"),
            (json!({"title": {"en": "Mug"}}), "title", "left_out"),
            (json!({"brand": "x".repeat(201)}), "brand", "text"),
            (json!({"category": "a\u{0}b"}), "category", "text"),
            (json!({"weight_grams": 0}), "weight_grams", "weight"),
            (json!({"weight_grams": "heavy"}), "weight_grams", "left_out"),
            (
                json!({"dimensions": {"length_mm": 1, "width_mm": 0, "height_mm": 1}}),
                "dimensions.width_mm",
                "dimension",
            ),
            (
                json!({"dimensions": {"length_mm": 1}}),
                "dimensions",
                "left_out",
            ),
            (json!({"colour": "red"}), "colour", "unknown_field"),
        ];
        for (fields, field, code) in cases {
            let mut row = json!({"sku": "A", "tax_class": "books", "rrp": {"GBP": "9.90"}});
            row.as_object_mut()
                .unwrap()
                .extend(fields.as_object().unwrap().clone());
            let read = read_product(&row).unwrap();
            let remark = (
                read.remarks[0].field.as_deref(),
                read.remarks[0].code.as_str(),
            );
            assert_eq!(remark, (Some(field), code), "{fields}");
            let rest = json!({"sku": "A", "tax_class": "books", "rrp": {"GBP": "9.90"}});
            assert_eq!(serde_json::to_value(&read.row).unwrap(), rest, "{fields}");
        }
    }

    #[test]
    fn numbers_are_read_in_every_form_that_means_the_same() {
        let read = read_product(&json!({
            "sku": 1, "ean": 4_006_381_333_931_u64, "weight_grams": "250.0", "rrp": {"GBP": " 9.90 ", "EUR": 11.5},
            "cost": {"GBP": " 4.125 ", "EUR": 5},
            "dimensions": {"length_mm": "80", "width_mm": 80.0, "height_mm": 90},
            "parts": [{"sku": "B", "units": "2"}], "brand": null,
        }))
        .unwrap();
        assert_eq!(read.remarks, []);
        let expected = json!({
            "sku": "1", "ean": "4006381333931", "weight_grams": 250, "rrp": {"EUR": "11.5", "GBP": "9.90"}, "cost": {"EUR": "5", "GBP": "4.125"},
            "dimensions": {"length_mm": 80, "width_mm": 80, "height_mm": 90},
            "parts": [{"sku": "B", "units": 2}],
        });
        assert_eq!(serde_json::to_value(read.row).unwrap(), expected);
    }

    #[test]
    fn what_decides_how_much_is_sold_must_be_right() {
        for (fields, field) in [
            (
                json!({"sku": "A", "parts": [{"sku": "B", "units": 1.5}]}),
                "parts[0].units",
            ),
            (json!({"sku": "A", "parts": [["B", 1]]}), "parts[0]"),
            (json!({"sku": "A", "rrp": {"GBP": "cheap"}}), "rrp.GBP"),
            (json!({"sku": "A", "cost": {"GBP": "4,50"}}), "cost.GBP"),
            (json!({"sku": ""}), "sku"),
        ] {
            let refusal = read_product(&fields).unwrap_err();
            assert_eq!(refusal.field.as_deref(), Some(field), "{fields}");
        }
    }
}
