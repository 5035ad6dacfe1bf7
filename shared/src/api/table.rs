//! Lists as CSV for people's spreadsheets: which caller wants it, and how a cell is written so that it stays what it is.

use super::{Answer, Problem};
use crate::error::Error;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;
use std::borrow::Cow;
use utoipa::ToSchema;

/// How a list is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PageFormat {
    Json,
    Csv,
}

/// Whether the caller wants CSV: by the parameter `format`, else by `Accept`.
pub fn wants_csv(headers: &HeaderMap, format: Option<PageFormat>) -> bool {
    match format {
        Some(format) => format == PageFormat::Csv,
        None => {
            let accept = headers.get(header::ACCEPT);
            let accept = accept.and_then(|accept| accept.to_str().ok());
            accept.is_some_and(|accept| accept.trim().starts_with("text/csv"))
        }
    }
}

/// CSV with a header. What a spreadsheet would take for a formula gets an apostrophe before it, which our own reader of CSV
/// drops again.
///
/// # Errors
/// 500 if it cannot be written.
pub fn csv_answer<const N: usize>(
    columns: &[&str; N],
    rows: impl IntoIterator<Item = [String; N]>,
) -> Answer<Response> {
    let write = || {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(columns)?;
        for row in rows {
            let cells = row.iter().map(|cell| guarded(cell).into_owned());
            writer.write_record(cells)?;
        }
        writer
            .into_inner()
            .map_err(|error| csv::Error::from(error.into_error()))
    };
    let body = write().map_err(|error| Problem::from(Error::permanent("write CSV", error)))?;
    Ok(([(header::CONTENT_TYPE, "text/csv; charset=utf-8")], body).into_response())
}

/// Whether a spreadsheet could take a cell for a formula.
fn is_formula(cell: &str) -> bool {
    cell.starts_with(['=', '+', '-', '@', '\t', '\r'])
}

fn guarded(cell: &str) -> Cow<'_, str> {
    if is_formula(cell) {
        format!("'{cell}").into()
    } else {
        cell.into()
    }
}

/// A cell as it was before it was guarded.
pub(super) fn plain(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(rest) if is_formula(rest) => rest,
        _ => cell,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_no_formula_and_reads_as_it_was_written() {
        for cell in ["=1+1", "-5", "+44", "@x", "\tx", "a=b", "'x", ""] {
            let written = guarded(cell);
            assert!(!is_formula(&written), "{cell}");
            assert_eq!(plain(&written), cell);
        }
    }

    #[test]
    fn csv_is_for_whoever_asks_for_it() {
        let mut headers = HeaderMap::new();
        assert!(!wants_csv(&headers, None));
        assert!(wants_csv(&headers, Some(PageFormat::Csv)));
        headers.insert(header::ACCEPT, "text/csv".parse().unwrap());
        assert!(wants_csv(&headers, None) && !wants_csv(&headers, Some(PageFormat::Json)));
    }
}
