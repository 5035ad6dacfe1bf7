//! Rows as they come, by API, CSV and queue alike: read one by one, and so that what is odd in a row keeps nothing else of
//! it out. A count that is refused for its form leaves an older and perhaps higher number in force.

mod numbers;
mod products;

pub use products::read_product;

use super::Refusal;
use crate::domain::ids::{Sku, WarehouseCode};
use crate::domain::row::RowCode;
use crate::queue::LevelRow;
use jiff::Timestamp;
use numbers::units;
use serde_json::{Map, Value};

/// The fields of a level's row.
const LEVEL_FIELDS: [&str; 4] = ["sku", "warehouse", "quantity", "measured_at"];

/// A row that was read, and what of it was not taken as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadRow<T> {
    pub row: T,
    pub remarks: Vec<Refusal>,
}

/// The SKU of a row, as far as it can be read.
pub fn sku_of(content: &Value) -> Option<Sku> {
    sku(content.get("sku")?)
}

/// Reads a stock level. Less than nothing is nothing, a part of a unit is no unit.
///
/// # Errors
/// The reason why it cannot be read, with the field that is at fault; never the value.
pub fn read_level(content: &Value) -> Result<ReadRow<LevelRow>, Refusal> {
    let mut remarks = Vec::new();
    let fields = known_fields(content, &LEVEL_FIELDS, &mut remarks)?;
    let row = LevelRow {
        sku: read(
            &fields,
            "sku",
            "a SKU of 1 to 160 printable characters",
            sku,
        )?,
        warehouse: read(
            &fields,
            "warehouse",
            "a warehouse code of 1 to 64 printable characters",
            warehouse,
        )?,
        quantity: {
            let read = read(&fields, "quantity", "a number of units", units)?;
            remarks.extend(read.remark("quantity"));
            read.units
        },
        measured_at: read(
            &fields,
            "measured_at",
            "a moment with its offset, such as 2026-11-21T10:15:00Z",
            moment,
        )?,
    };
    Ok(ReadRow { row, remarks })
}

/// The fields that a row may have, without those that say nothing. Others are left out and remarked.
fn known_fields(
    content: &Value,
    known: &[&str],
    remarks: &mut Vec<Refusal>,
) -> Result<Map<String, Value>, Refusal> {
    let Some(fields) = content.as_object() else {
        let detail = "expected an object";
        return Err(Refusal::new(None, RowCode::Unreadable, detail));
    };
    let mut kept = Map::new();
    for (name, value) in fields.iter().filter(|(_, value)| !value.is_null()) {
        if known.contains(&name.as_str()) {
            kept.insert(name.clone(), value.clone());
        } else {
            let name = name.chars().take(40).collect::<String>();
            let detail = "There is no such field; the rest of the row was taken.";
            remarks.push(Refusal::new(Some(&name), RowCode::UnknownField, detail));
        }
    }
    Ok(kept)
}

fn read<T>(
    fields: &Map<String, Value>,
    name: &str,
    expected: &str,
    parse: impl Fn(&Value) -> Option<T>,
) -> Result<T, Refusal> {
    let Some(value) = fields.get(name) else {
        let detail = format!("missing field `{name}`");
        return Err(Refusal::new(Some(name), RowCode::Invalid, detail));
    };
    parse(value)
        .ok_or_else(|| Refusal::new(Some(name), RowCode::Invalid, format!("expected {expected}")))
}

/// A text, or a whole number that was meant as one.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) if !number.is_f64() => Some(number.to_string()),
        _ => None,
    }
}

/// Kept to the letter.
fn sku(value: &Value) -> Option<Sku> {
    text(value)?.parse().ok()
}

/// Spaces around a code would make another warehouse of it, beside the one whose number then stays.
fn warehouse(value: &Value) -> Option<WarehouseCode> {
    text(value)?.trim().parse().ok()
}

fn moment(value: &Value) -> Option<Timestamp> {
    value.as_str()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn level(quantity: &Value) -> Result<ReadRow<LevelRow>, Refusal> {
        read_level(&json!({
            "sku": "A", "warehouse": "LON", "quantity": quantity, "measured_at": "2026-11-01T10:28:00Z",
        }))
    }

    fn codes(remarks: &[Refusal]) -> Vec<&str> {
        remarks.iter().map(|remark| remark.code.as_str()).collect()
    }

    #[test]
    fn a_quantity_is_read_whatever_its_form_and_never_higher_than_it_is() {
        let cases = [
            (json!(8), 8, None),
            (json!(8.0), 8, None),
            (json!(8e0), 8, None),
            (json!("8"), 8, None),
            (json!(" 8 "), 8, None),
            (json!("\u{a0}8\u{feff}"), 8, None),
            (json!("8.0"), 8, None),
            (json!("8e0"), 8, None),
            (json!("+8"), 8, None),
            (json!("８"), 8, None),
            (json!("1 200"), 1_200, None),
            (json!("1,200.00"), 1_200, None),
            (json!("1.200,00"), 1_200, None),
            (json!("1,234,567"), 1_234_567, None),
            (json!(7.5), 7, Some("rounded")),
            (json!("7,5"), 7, Some("rounded")),
            (json!("1,200"), 1, Some("ambiguous")),
            (json!(-2), 0, Some("negative")),
            (json!(-0.5), 0, Some("negative")),
            (json!("-2"), 0, Some("negative")),
            (json!("−2"), 0, Some("negative")),
            (json!("2-"), 0, Some("negative")),
            (json!(-9e300), 0, Some("negative")),
            (json!(-0.0), 0, None),
        ];
        for (quantity, units, remark) in cases {
            let read = level(&quantity).unwrap();
            assert_eq!(read.row.quantity, units, "{quantity}");
            let remarks = codes(&read.remarks);
            assert_eq!(remarks, Vec::from_iter(remark), "{quantity}");
        }
    }

    #[test]
    fn what_is_no_number_is_refused_with_its_field() {
        let none = [
            json!(""),
            json!("many"),
            json!("NaN"),
            json!("inf"),
            json!("1-2"),
            json!(true),
            json!([1]),
            json!(4_294_967_296_u64),
            json!(1e300),
        ];
        for quantity in none {
            let refusal = level(&quantity).unwrap_err();
            assert_eq!(refusal.field.as_deref(), Some("quantity"), "{quantity}");
            assert_eq!(refusal.code, RowCode::Invalid);
        }
        assert!(level(&Value::Null).unwrap_err().detail.contains("missing"));
    }

    #[test]
    fn spaces_numbers_for_texts_and_unknown_fields_keep_no_count_out() {
        let read = read_level(&json!({
            "sku": 4711, "warehouse": " LON ", "quantity": 1, "measured_at": " 2026-11-01T10:28:00+01:00 ",
            "comment": "counted twice", "bin": null,
        }))
        .unwrap();
        assert_eq!(read.row.sku.as_str(), "4711");
        assert_eq!(read.row.warehouse.as_str(), "LON");
        assert_eq!(read.row.measured_at.to_string(), "2026-11-01T09:28:00Z");
        assert_eq!(codes(&read.remarks), ["unknown_field"]);
        assert_eq!(read.remarks[0].field.as_deref(), Some("comment"));
    }
}
