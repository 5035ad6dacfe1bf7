//! Many rows in one request, as JSON or CSV: read row by row, so that one bad row keeps no other from being taken. Knows
//! nothing of what a row says.

mod csv_rows;
mod json_rows;

use axum::body::to_bytes;
use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use csv_rows::CsvRow;
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;
use stallkeeper::api::{Answer, Problem};
use stallkeeper::domain::row::RowCode;
use stallkeeper::intake::{ReadRow, Refusal, Verdict, sku_of};
use utoipa::ToSchema;

/// Rows in one call.
pub(crate) const MOST_ROWS: usize = 1_000;
/// What Lambda hands on of a request, in bytes.
const MOST_BYTES: usize = 6 * 1024 * 1024;
/// One row of JSON; the largest bundle has less than half of it.
const MOST_ROW_BYTES: usize = 64 * 1024;

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

/// A row as it came.
enum Content {
    /// Not yet decoded, so that a body's rows are never in memory as values all at once.
    Json(Box<RawValue>),
    Csv(CsvRow),
}

impl Content {
    /// # Errors
    /// Why it cannot be read.
    fn decode(self) -> Result<Value, &'static str> {
        match self {
            Self::Json(text) if text.get().len() > MOST_ROW_BYTES => {
                Err("It is larger than 64 KiB.")
            }
            Self::Json(text) => serde_json::from_str(text.get()).map_err(
                |_| "It holds a number or a character that cannot be, or is nested too deeply.",
            ),
            Self::Csv(row) => row.decode(),
        }
    }
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

/// The rows of a request's body. A body that is neither a JSON array nor CSV is refused as a whole.
pub(crate) struct Rows(Vec<Content>);

/// Rows that could be read, and the result as far as it is known.
pub(crate) struct ReadRows {
    /// Each with what is to be said of it.
    rows: Vec<(RowName, Vec<Refusal>)>,
    result: BulkResult,
}

impl Rows {
    /// Reads each row; with what could be read.
    pub(crate) fn read<T>(
        self,
        read: impl Fn(&Value) -> Result<ReadRow<T>, Refusal>,
    ) -> (ReadRows, Vec<T>) {
        let (mut rows, mut values) = (Vec::new(), Vec::new());
        let mut result = BulkResult::default();
        for (index, content) in self.0.into_iter().enumerate() {
            let decoded = content.decode();
            let sku = decoded.as_ref().ok().and_then(sku_text);
            let number = index + 1;
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

impl<S: Send + Sync> FromRequest<S> for Rows {
    type Rejection = Problem;

    async fn from_request(request: Request, _state: &S) -> Answer<Self> {
        let kind = request.headers().get(CONTENT_TYPE);
        let kind = kind.and_then(|kind| kind.to_str().ok()).map(str::to_owned);
        let bytes = to_bytes(request.into_body(), MOST_BYTES)
            .await
            .map_err(|_| too_much("6 MiB"))?;
        let contents = match media_type(kind.as_deref()).as_str() {
            // The third is what `curl -d` says of any body.
            "" | "application/json" | "application/x-www-form-urlencoded" => {
                json_rows::read(&bytes)?
            }
            "text/csv" => csv_rows::read(&bytes)?,
            _ => return Err(unknown_type()),
        };
        Ok(Self(contents))
    }
}

fn media_type(header: Option<&str>) -> String {
    let kind = header.and_then(|header| header.split(';').next());
    kind.unwrap_or_default().trim().to_ascii_lowercase()
}

fn too_many_rows() -> Problem {
    too_much("1,000 rows")
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
