//! The rows of the catalogue: judged one by one, so that one bad row keeps no other from being taken.

use serde::Serialize;
use serde_json::{Map, Value};
use stallkeeper::api::{RowForm, Rows};
use stallkeeper::domain::row::RowCode;
use stallkeeper::intake::{ReadRow, Refusal, Verdict, sku_of};
use utoipa::ToSchema;

/// Fields that are together in an object of their own.
const DIMENSIONS: [&str; 3] = ["length_mm", "width_mm", "height_mm"];
/// A column for each currency: `rrp_GBP`, `cost_GBP`.
const AMOUNTS: [&str; 2] = ["rrp", "cost"];

/// Rows of products or levels.
pub(crate) struct OfSkus;

impl RowForm for OfSkus {
    const COLUMNS: &'static [&'static [&'static str]] = &[&["sku"]];

    fn fields<'a>(cells: impl Iterator<Item = (&'a str, &'a str)>) -> Map<String, Value> {
        let mut fields = Map::new();
        let mut dimensions = Map::new();
        let mut amounts = AMOUNTS.map(|name| (name, Map::new()));
        for (column, cell) in cells {
            let value = value(column, cell);
            if DIMENSIONS.contains(&column) {
                dimensions.insert(column.to_owned(), value);
            } else if let Some((of, currency)) = in_a_currency(column, &mut amounts) {
                of.insert(currency.to_owned(), value);
            } else {
                fields.insert(column.to_owned(), value);
            }
        }
        for (name, nested) in [("dimensions", dimensions)].into_iter().chain(amounts) {
            if !nested.is_empty() {
                fields.insert(name.to_owned(), Value::Object(nested));
            }
        }
        fields
    }
}

/// Which amount a column is, and in what currency.
fn in_a_currency<'a, 'c>(
    column: &'c str,
    amounts: &'a mut [(&str, Map<String, Value>)],
) -> Option<(&'a mut Map<String, Value>, &'c str)> {
    amounts.iter_mut().find_map(|(name, of)| {
        let currency = column.strip_prefix(*name)?.strip_prefix('_')?;
        Some((of, currency))
    })
}

/// Parts that are no JSON stay text, and are refused with their field later.
fn value(column: &str, cell: &str) -> Value {
    let text = || Value::String(cell.to_owned());
    if column == "parts" {
        return serde_json::from_str(cell).unwrap_or_else(|_| text());
    }
    text()
}

/// What became of the rows of a call.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(crate) struct BulkResult {
    /// Rows that differ from what is stored: they are queued, and stored in a moment.
    pub(crate) accepted: usize,
    /// Rows that are stored already.
    pub(crate) unchanged: usize,
    /// Rows that are accepted or unchanged, but not all of them as it came, and why.
    pub(crate) adjusted: Vec<RowRemark>,
    /// Rows that are not taken, and why.
    pub(crate) rejected: Vec<RowRemark>,
}

/// What is to be said of a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct RowRemark {
    /// Counted from 1; a CSV's header is not counted.
    pub(crate) row: usize,
    /// As far as it could be read.
    pub(crate) sku: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) field: Option<String>,
    pub(crate) code: RowCode,
    /// For a person.
    pub(crate) detail: String,
}

/// Which row it is.
#[derive(Debug, Clone)]
struct RowName {
    /// Counted from 1.
    number: usize,
    sku: Option<String>,
}

impl RowName {
    fn remark(&self, refusal: Refusal) -> RowRemark {
        RowRemark {
            row: self.number,
            sku: self.sku.clone(),
            field: refusal.field,
            code: refusal.code,
            detail: refusal.detail,
        }
    }
}

/// Rows that could be read, and the result as far as it is known.
pub(crate) struct ReadRows {
    /// Each with what is to be said of it.
    rows: Vec<(RowName, Vec<Refusal>)>,
    result: BulkResult,
}

/// Reads each row; with what could be read.
pub(crate) fn read_rows<T>(
    all: Rows<OfSkus>,
    read: impl Fn(&Value) -> Result<ReadRow<T>, Refusal>,
) -> (ReadRows, Vec<T>) {
    let (mut rows, mut values) = (Vec::new(), Vec::new());
    let mut result = BulkResult::default();
    for (number, decoded) in all.decoded() {
        let sku = decoded.as_ref().ok().and_then(sku_text);
        let name = RowName { number, sku };
        let unreadable = |detail: &str| Refusal {
            field: None,
            code: RowCode::Unreadable,
            detail: detail.to_owned(),
        };
        match decoded.map_err(unreadable).and_then(|value| read(&value)) {
            Ok(ReadRow { row, remarks }) => {
                rows.push((name, remarks));
                values.push(row);
            }
            Err(refusal) => result.rejected.push(name.remark(refusal)),
        }
    }
    (ReadRows { rows, result }, values)
}

/// As far as it could be read.
fn sku_text(row: &Value) -> Option<String> {
    let text = row.get("sku")?.as_str().map(str::to_owned);
    let text = text.or_else(|| sku_of(row).map(String::from))?;
    Some(text.chars().take(160).collect())
}

impl ReadRows {
    /// The result, given what became of each row that was read.
    pub(crate) fn judged(self, verdicts: Vec<Verdict>) -> BulkResult {
        let Self { rows, mut result } = self;
        for ((name, mut remarks), verdict) in rows.into_iter().zip(verdicts) {
            match verdict {
                Verdict::Changed => result.accepted += 1,
                Verdict::Unchanged => result.unchanged += 1,
                Verdict::Adjusted(remark) => {
                    result.accepted += 1;
                    remarks.push(remark);
                }
                Verdict::Refused(refusal) => {
                    result.rejected.push(name.remark(refusal));
                    continue;
                }
            }
            let remarks = remarks.into_iter().map(|remark| name.remark(remark));
            result.adjusted.extend(remarks);
        }
        result.rejected.sort_by_key(|rejected| rejected.row);
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_line_of_csv_is_what_json_would_say() {
        let parts = r#"[{"sku":"B","units":2}]"#;
        let cells = [
            ("sku", " A,\"1\""),
            ("title", "Mug"),
            ("weight_grams", "250"),
            ("length_mm", "80"),
            ("rrp_GBP", "9.90"),
            ("cost_GBP", "4.125"),
            ("cost_EUR", "5"),
            ("parts", parts),
        ];
        let fields = json!({
            "sku": " A,\"1\"", "title": "Mug", "weight_grams": "250", "dimensions": {"length_mm": "80"},
            "rrp": {"GBP": "9.90"}, "cost": {"GBP": "4.125", "EUR": "5"}, "parts": [{"sku": "B", "units": 2}],
        });
        assert_eq!(Value::Object(OfSkus::fields(cells.into_iter())), fields);
    }
}
