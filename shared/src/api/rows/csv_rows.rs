//! CSV as rows of JSON: the header names the fields, and each cell is the text of its field. Cells are taken as they are: a
//! space in a SKU is a space.

use super::{Content, RowForm, too_many_rows};
use crate::api::{Answer, Problem, table};
use axum::http::StatusCode;
use serde_json::Value;
use std::sync::Arc;

/// More than all fields and currencies need: each cell takes memory.
const MOST_COLUMNS: usize = 200;

/// Reads CSV whose first line names the columns; commas, or semicolons if the first line has no comma.
///
/// # Errors
/// 400 if it is no CSV, 422 if the header names a column twice, 413 if there are too many rows.
pub(super) fn read<F: RowForm>(bytes: &[u8]) -> Answer<Vec<Content>> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let text = std::str::from_utf8(bytes).map_err(|_| not_csv("It is not UTF-8."))?;
    let header = text.lines().next().unwrap_or_default();
    let semicolons = header.contains(';') && !header.contains(',');
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(if semicolons { b';' } else { b',' })
        .flexible(true)
        .from_reader(text.as_bytes());
    let headings = reader
        .headers()
        .map_err(|_| not_csv("Its first line cannot be read."))?;
    let columns = headings.iter().map(|heading| F::column(heading.trim()));
    let columns: csv::StringRecord = columns.collect();
    check::<F>(&columns)?;
    let columns = Arc::new(columns);
    let mut rows = Vec::new();
    for record in reader.records() {
        if rows.len() == F::MOST_ROWS {
            return Err(too_many_rows(F::MOST_ROWS));
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

fn check<F: RowForm>(columns: &csv::StringRecord) -> Answer<()> {
    let names = |wanted: &str| columns.iter().any(|column| column == wanted);
    if !F::COLUMNS
        .iter()
        .any(|all| all.iter().all(|wanted| names(wanted)))
    {
        return Err(Problem::invalid("", missing_columns(F::COLUMNS)));
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

fn missing_columns(columns: &[&[&str]]) -> String {
    let each = columns.iter().map(|all| {
        let all: Vec<String> = all.iter().map(|column| format!("`{column}`")).collect();
        all.join(" and ")
    });
    let each: Vec<String> = each.collect();
    format!(
        "the first line must name the columns, {} among them",
        each.join(", or ")
    )
}

/// One line, still as text: a value for each cell takes many times the memory of the cell.
pub(super) struct CsvRow {
    columns: Arc<csv::StringRecord>,
    record: csv::StringRecord,
}

impl CsvRow {
    /// # Errors
    /// Why it cannot be read.
    pub(super) fn decode<F: RowForm>(&self) -> Result<Value, &'static str> {
        let Self { columns, record } = self;
        // Programs end lines with separators that say nothing.
        let is_longer = record
            .iter()
            .skip(columns.len())
            .any(|cell| !cell.is_empty());
        if is_longer || record.len() < columns.len() {
            return Err("It has more or fewer cells than the header.");
        }
        // An empty cell says nothing, as a field that is left out.
        let cells = columns
            .iter()
            .zip(record)
            .filter(|(_, cell)| !cell.is_empty())
            .map(|(column, cell)| (column, table::plain(cell)));
        Ok(Value::Object(F::fields(cells)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    struct Form;

    impl RowForm for Form {
        const COLUMNS: &'static [&'static [&'static str]] = &[&["sku"], &["Name", "Client"]];
    }

    fn rows(text: &str) -> Vec<Result<Value, &'static str>> {
        let rows = read::<Form>(text.as_bytes()).unwrap_or_default();
        rows.into_iter().map(Content::decode::<Form>).collect()
    }

    #[test]
    fn a_row_with_too_few_cells_is_told_and_keeps_no_other_from_being_read() {
        let rows = rows("\u{feff}sku; quantity\nA;1;;\nB\nC;x\nD;1;2\n A ;\n");
        assert_eq!(rows[0], Ok(json!({"sku": "A", "quantity": "1"})));
        assert!(rows[1].is_err());
        assert_eq!(rows[2], Ok(json!({"sku": "C", "quantity": "x"})));
        assert!(rows[3].is_err());
        assert_eq!(rows[4], Ok(json!({"sku": " A "})));
    }

    #[test]
    fn what_a_table_here_guards_against_formulas_is_read_as_it_was() {
        let rows = rows("sku,quantity\n'=1+1,'a\n");
        assert_eq!(rows, [Ok(json!({"sku": "=1+1", "quantity": "'a"}))]);
    }

    #[test]
    fn what_lacks_the_columns_or_is_no_text_is_refused_whole() {
        for body in [
            &b"\xff\xfe\x00"[..],
            b"",
            b"quantity\n1\n",
            b"Name\n1\n",
            b"sku,sku\n1,2\n",
        ] {
            assert!(read::<Form>(body).is_err());
        }
        assert!(read::<Form>(b"Client,Name\n").is_ok());
        let problem = read::<Form>(b"x\n").err().unwrap();
        let text = serde_json::to_string(&problem).unwrap();
        assert!(
            text.contains("`sku`, or `Name` and `Client` among"),
            "{text}"
        );
    }
}
