//! Many rows in one request, as JSON or CSV: read row by row, so that one bad row keeps no other from being taken. Knows
//! nothing of what a row says.

mod csv_rows;

use axum::body::to_bytes;
use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use stallkeeper::api::{Answer, Problem, with_whole_numbers, without_values};
use stallkeeper::intake::{Refusal, Verdict};
use utoipa::ToSchema;

/// Rows in one call.
pub(crate) const MOST_ROWS: usize = 1_000;
/// What Lambda hands on of a request, in bytes.
const MOST_BYTES: usize = 6 * 1024 * 1024;

/// What became of the rows of a call.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(crate) struct BulkResult {
    /// Rows that differ from what is stored: they are queued, and stored in a moment.
    pub(crate) accepted: usize,
    /// Rows that are stored already.
    pub(crate) unchanged: usize,
    /// Rows that are not taken, and why.
    pub(crate) rejected: Vec<RejectedRow>,
}

/// A row that is not taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct RejectedRow {
    /// Counted from 1; a CSV's header is not counted.
    pub(crate) row: usize,
    /// As far as it could be read.
    pub(crate) sku: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) field: Option<String>,
    /// Stable, for programs.
    #[schema(example = "older")]
    pub(crate) code: String,
    /// For a person.
    pub(crate) detail: String,
}

/// A row as it came.
struct Row {
    /// Counted from 1.
    number: usize,
    /// An object, or why there is none.
    content: Result<Value, String>,
}

impl Row {
    /// # Errors
    /// The row as rejected, with the field that is at fault; never the value.
    fn read<T: DeserializeOwned>(&self) -> Result<T, RejectedRow> {
        let content = self
            .content
            .as_ref()
            .map_err(|detail| self.rejected(None, "unreadable", detail.clone()))?;
        // serde would take an array of a struct's values for the struct.
        if !content.is_object() {
            return Err(self.rejected(None, "unreadable", "expected an object".to_owned()));
        }
        serde_path_to_error::deserialize(content).map_err(|error| {
            let path = error.path().to_string();
            let detail = without_values(&error.into_inner().to_string());
            self.rejected((path != ".").then_some(path), "invalid", detail)
        })
    }

    fn rejected(&self, field: Option<String>, code: &str, detail: String) -> RejectedRow {
        RejectedRow {
            row: self.number,
            sku: self.sku(),
            field,
            code: code.to_owned(),
            detail,
        }
    }

    fn sku(&self) -> Option<String> {
        let sku = self.content.as_ref().ok()?.get("sku")?.as_str()?;
        Some(sku.chars().take(160).collect())
    }
}

/// The rows of a request's body. A body that is neither a JSON array nor CSV is refused as a whole.
pub(crate) struct Rows(Vec<Row>);

/// Rows that could be read, and the result as far as it is known.
pub(crate) struct ReadRows {
    rows: Vec<Row>,
    result: BulkResult,
}

impl Rows {
    /// Reads each row as a `T`; with what could be read.
    pub(crate) fn read<T: DeserializeOwned + Into<V>, V>(self) -> (ReadRows, Vec<V>) {
        let (mut rows, mut values) = (Vec::new(), Vec::new());
        let mut result = BulkResult::default();
        for row in self.0 {
            match row.read::<T>() {
                Ok(value) => {
                    rows.push(row);
                    values.push(value.into());
                }
                Err(rejected) => result.rejected.push(rejected),
            }
        }
        (ReadRows { rows, result }, values)
    }
}

impl ReadRows {
    /// The result, given what became of each row that was read.
    pub(crate) fn judged(self, verdicts: Vec<Verdict>) -> BulkResult {
        let Self { rows, mut result } = self;
        for (row, verdict) in rows.into_iter().zip(verdicts) {
            match verdict {
                Verdict::Changed => result.accepted += 1,
                Verdict::Unchanged => result.unchanged += 1,
                Verdict::Refused(Refusal {
                    field,
                    code,
                    detail,
                }) => result.rejected.push(row.rejected(field, code, detail)),
            }
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
            "" | "application/json" | "application/x-www-form-urlencoded" => json_rows(&bytes)?,
            "text/csv" => csv_rows::read(&bytes)?,
            _ => return Err(unknown_type()),
        };
        if contents.len() > MOST_ROWS {
            return Err(too_much("1,000 rows"));
        }
        let number = |(index, content)| Row {
            number: index + 1,
            content,
        };
        Ok(Self(contents.into_iter().enumerate().map(number).collect()))
    }
}

fn media_type(header: Option<&str>) -> String {
    let kind = header.and_then(|header| header.split(';').next());
    kind.unwrap_or_default().trim().to_ascii_lowercase()
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

fn json_rows(bytes: &[u8]) -> Answer<Vec<Result<Value, String>>> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Json {
        Rows(Vec<Value>),
        #[expect(dead_code, reason = "tells JSON of another shape from no JSON")]
        Other(Value),
    }
    let json: Json = serde_json::from_slice(bytes).map_err(|error| {
        Problem::new(
            StatusCode::BAD_REQUEST,
            "not-json",
            "The body is not JSON.",
            format!(
                "Nothing was taken. It stops being JSON at line {}, column {}.",
                error.line(),
                error.column()
            ),
        )
    })?;
    let Json::Rows(rows) = json else {
        return Err(Problem::invalid("", "expected an array of rows"));
    };
    Ok(rows.into_iter().map(with_whole_numbers).map(Ok).collect())
}
