//! CSV as rows of JSON: the header names the fields, and each cell is the text of its field. Cells are taken as they are: a
//! space in a SKU is a space.

use super::{Content, MOST_ROWS, too_many_rows};
use axum::http::StatusCode;
use serde_json::{Map, Value};
use stallkeeper::api::{Answer, Problem};
use std::sync::Arc;

/// Fields that are together in an object of their own.
const DIMENSIONS: [&str; 3] = ["length_mm", "width_mm", "height_mm"];
/// A column for each currency: `rrp_GBP`.
const PRICE: &str = "rrp_";
/// More than all fields and currencies need: each cell takes memory.
const MOST_COLUMNS: usize = 200;

/// Reads CSV whose first line names the columns; commas, or semicolons if the first line has no comma.
///
/// # Errors
/// 400 if it is no CSV, 422 if the header names a column twice, 413 if there are too many rows.
pub(super) fn read(bytes: &[u8]) -> Answer<Vec<Content>> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let text = std::str::from_utf8(bytes).map_err(|_| not_csv("It is not UTF-8."))?;
    let header = text.lines().next().unwrap_or_default();
    let semicolons = header.contains(';') && !header.contains(',');
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(if semicolons { b';' } else { b',' })
        .flexible(true)
        .from_reader(text.as_bytes());
    let mut columns = reader
        .headers()
        .map_err(|_| not_csv("Its first line cannot be read."))?
        .clone();
    columns.trim();
    check(&columns)?;
    let columns = Arc::new(columns);
    let mut rows = Vec::new();
    for record in reader.records() {
        if rows.len() == MOST_ROWS {
            return Err(too_many_rows());
        }
        let record = record.map_err(|_| not_csv("A line cannot be read."))?;
        let columns = columns.clone();
        rows.push(Content::Csv(CsvRow { columns, record }));
    }
    Ok(rows)
}

fn not_csv(detail: &str) -> Problem {
    Problem::new(
        StatusCode::BAD_REQUEST,
        "not-csv",
        "The body is not CSV.",
        format!("Nothing was taken. {detail}"),
    )
}

fn check(columns: &csv::StringRecord) -> Answer<()> {
    if !columns.iter().any(|column| column == "sku") {
        return Err(Problem::invalid(
            "",
            "the first line must name the columns, `sku` among them",
        ));
    }
    if columns.len() > MOST_COLUMNS {
        return Err(Problem::invalid("", "expected at most 200 columns"));
    }
    let mut seen = std::collections::BTreeSet::new();
    match columns.iter().find(|column| !seen.insert(*column)) {
        Some(_) => Err(Problem::invalid("", "a column is named twice")),
        None => Ok(()),
    }
}

/// One line, still as text: a value for each cell takes many times the memory of the cell.
pub(super) struct CsvRow {
    columns: Arc<csv::StringRecord>,
    record: csv::StringRecord,
}

impl CsvRow {
    /// # Errors
    /// Why it cannot be read.
    pub(super) fn decode(&self) -> Result<Value, &'static str> {
        let Self { columns, record } = self;
        // Programs end lines with separators that say nothing.
        let is_longer = record
            .iter()
            .skip(columns.len())
            .any(|cell| !cell.is_empty());
        if is_longer || record.len() < columns.len() {
            return Err("It has more or fewer cells than the header.");
        }
        let mut fields = Map::new();
        let (mut dimensions, mut prices) = (Map::new(), Map::new());
        for (column, cell) in columns.iter().zip(record) {
            // An empty cell says nothing, as a field that is left out.
            if cell.is_empty() {
                continue;
            }
            let value = value(column, cell);
            if DIMENSIONS.contains(&column) {
                dimensions.insert(column.to_owned(), value);
            } else if let Some(currency) = column.strip_prefix(PRICE) {
                prices.insert(currency.to_owned(), value);
            } else {
                fields.insert(column.to_owned(), value);
            }
        }
        for (name, nested) in [("dimensions", dimensions), ("rrp", prices)] {
            if !nested.is_empty() {
                fields.insert(name.to_owned(), Value::Object(nested));
            }
        }
        Ok(Value::Object(fields))
    }
}

/// Parts that are no JSON stay text, and are refused with their field later.
fn value(column: &str, cell: &str) -> Value {
    let text = || Value::String(cell.to_owned());
    if column == "parts" {
        return serde_json::from_str(cell).unwrap_or_else(|_| text());
    }
    text()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn rows(text: &str) -> Vec<Result<Value, &'static str>> {
        let rows = read(text.as_bytes()).unwrap_or_default();
        rows.into_iter().map(Content::decode).collect()
    }

    #[test]
    fn a_row_is_what_json_would_say() {
        let rows = rows(
            "\u{feff}sku,title,weight_grams,length_mm,rrp_GBP,parts\n\
             \" A,\"\"1\"\"\",Mug,250,80,9.90,\"[{\"\"sku\"\":\"\"B\"\",\"\"units\"\":2}]\"\nB,,,,,\n",
        );
        let first = json!({
            "sku": " A,\"1\"", "title": "Mug", "weight_grams": "250", "dimensions": {"length_mm": "80"},
            "rrp": {"GBP": "9.90"}, "parts": [{"sku": "B", "units": 2}],
        });
        assert_eq!(rows, [Ok(first), Ok(json!({"sku": "B"}))]);
    }

    #[test]
    fn a_row_with_too_few_cells_is_told_and_keeps_no_other_from_being_read() {
        let rows = rows("sku; quantity\nA;1;;\nB\nC;x\nD;1;2\n");
        assert_eq!(rows[0], Ok(json!({"sku": "A", "quantity": "1"})));
        assert!(rows[1].is_err());
        assert_eq!(rows[2], Ok(json!({"sku": "C", "quantity": "x"})));
        assert!(rows[3].is_err());
    }

    #[test]
    fn what_names_no_sku_or_is_no_text_is_refused_whole() {
        for body in [
            &b"\xff\xfe\x00"[..],
            b"",
            b"quantity\n1\n",
            b"sku,sku\n1,2\n",
        ] {
            assert!(read(body).is_err());
        }
    }
}
