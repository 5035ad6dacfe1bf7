//! Many rows in one request, as JSON or CSV: each is read by itself, so that one bad row keeps no other from being read.
//! Knows nothing of what a row says.

mod csv_rows;
mod json_rows;

use super::{Answer, Problem};
use axum::body::to_bytes;
use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use csv_rows::CsvRow;
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use std::marker::PhantomData;

/// What Lambda hands on of a request, in bytes.
const MOST_BYTES: usize = 6 * 1024 * 1024;
/// One row of JSON; the largest bundle has less than half of it.
const MOST_ROW_BYTES: usize = 64 * 1024;

/// What the rows of a request look like.
pub trait RowForm: Send + Sync + 'static {
    /// Rows in one call.
    const MOST_ROWS: usize = 1_000;
    /// What the first line of CSV must name: all columns of at least one of these.
    const COLUMNS: &'static [&'static [&'static str]];

    /// The field that a column is for, by its heading.
    fn column(heading: &str) -> &str {
        heading
    }

    /// A line of CSV as the JSON that says the same, from the name and text of each cell that is not empty.
    fn fields<'a>(cells: impl Iterator<Item = (&'a str, &'a str)>) -> Map<String, Value> {
        cells
            .map(|(column, cell)| (column.to_owned(), cell.into()))
            .collect()
    }
}

/// The rows of a request's body. A body that is neither a JSON array nor CSV is refused as a whole.
pub struct Rows<F> {
    rows: Vec<Content>,
    form: PhantomData<F>,
}

/// A row as it came.
enum Content {
    /// Not yet decoded, so that a body's rows are never in memory as values all at once.
    Json(Box<RawValue>),
    Csv(CsvRow),
}

impl Content {
    fn decode<F: RowForm>(self) -> Result<Value, &'static str> {
        match self {
            Self::Json(text) if text.get().len() > MOST_ROW_BYTES => {
                Err("It is larger than 64 KiB.")
            }
            Self::Json(text) => serde_json::from_str(text.get()).map_err(
                |_| "It holds a number or a character that cannot be, or is nested too deeply.",
            ),
            Self::Csv(row) => row.decode::<F>(),
        }
    }
}

impl<F: RowForm> Rows<F> {
    /// Each row with its number, counted from 1 without a CSV's header; or why it cannot be decoded.
    pub fn decoded(self) -> impl Iterator<Item = (usize, Result<Value, &'static str>)> {
        let rows = self.rows.into_iter().enumerate();
        rows.map(|(index, content)| (index + 1, content.decode::<F>()))
    }
}

impl<S: Send + Sync, F: RowForm> FromRequest<S> for Rows<F> {
    type Rejection = Problem;

    async fn from_request(request: Request, _state: &S) -> Answer<Self> {
        let kind = request.headers().get(CONTENT_TYPE);
        let kind = kind.and_then(|kind| kind.to_str().ok()).map(str::to_owned);
        let bytes = to_bytes(request.into_body(), MOST_BYTES)
            .await
            .map_err(|_| too_much("6 MiB"))?;
        let rows = match media_type(kind.as_deref()).as_str() {
            // The third is what `curl -d` says of any body.
            "" | "application/json" | "application/x-www-form-urlencoded" => {
                json_rows::read(&bytes, F::MOST_ROWS)?
            }
            "text/csv" => csv_rows::read::<F>(&bytes)?,
            _ => return Err(unknown_type()),
        };
        let form = PhantomData;
        Ok(Self { rows, form })
    }
}

fn media_type(header: Option<&str>) -> String {
    let kind = header.and_then(|header| header.split(';').next());
    kind.unwrap_or_default().trim().to_ascii_lowercase()
}

fn too_many_rows(most: usize) -> Problem {
    too_much(&format!("{},{:03} rows", most / 1_000, most % 1_000))
}

fn too_much(most: &str) -> Problem {
    Problem::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "too-large",
        format!("One call takes at most {most}."),
        "Nothing was taken. Send the rows in several calls, side by side if you like.",
    )
}

fn unknown_type() -> Problem {
    Problem::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "unknown-media-type",
        "Only JSON and CSV are read here.",
        "Set `Content-Type` to `application/json` or `text/csv`.",
    )
}
