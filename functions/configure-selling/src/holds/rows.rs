//! `POST …/holds`: many listings held or released in one call, as JSON or CSV, each row for itself.

use super::HoldRequest;
use crate::App;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use stallkeeper::api::scope::Connections;
use stallkeeper::api::{
    Answer, Author, Problem, RowForm, Rows, TenantConnection, Text, must_not_be_disconnected,
};
use stallkeeper::domain::connection::Connection;
use stallkeeper::domain::ids::AmazonSku;
use stallkeeper::domain::listing::{HoldMode, ListingHold};
use stallkeeper::error::without_values;
use stallkeeper::fan_out;
use std::collections::BTreeMap;
use std::sync::Arc;
use tracing::info;
use utoipa::ToSchema;

/// Listings held side by side.
const AT_ONCE: usize = 16;
/// What the list of holds shows beside what a row says.
const ONLY_SHOWN: [&str; 4] = ["state", "product", "author", "since"];

/// Rows of holds.
pub(crate) struct HoldRows;

impl RowForm for HoldRows {
    const COLUMNS: &'static [&'static [&'static str]] = &[&["sku", "mode"]];

    fn fields<'a>(cells: impl Iterator<Item = (&'a str, &'a str)>) -> Map<String, Value> {
        cells
            .filter(|(column, _)| !ONLY_SHOWN.contains(column))
            .map(|(column, cell)| (column.to_owned(), cell.into()))
            .collect()
    }
}

/// How a listing is to be held, or that it is to be released.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ListingHoldRowMode)]
enum RowMode {
    Leave,
    Zero,
    /// It is held no longer; `reason` and `until` are not read.
    Release,
}

/// A row: which listing, and how it is to be held.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ListingHoldRow)]
pub(crate) struct HoldRow {
    /// The Amazon SKU, to the letter.
    sku: AmazonSku,
    mode: RowMode,
    /// For colleagues; 1 to 200 characters; needed unless the listing is released.
    #[serde(default)]
    #[schema(example = "a recall")]
    reason: Option<Text<200>>,
    /// When it ends; absent: once somebody releases it.
    #[serde(default)]
    until: Option<Timestamp>,
}

/// What became of the rows of a call.
#[derive(Debug, Default, Serialize, ToSchema)]
#[schema(as = ListingHoldRowsResult)]
pub(crate) struct RowsResult {
    /// Listings that are held as their row says, by this call or before.
    held: usize,
    /// Listings that are not held any more, or were not.
    released: usize,
    /// Rows that are not taken, and why.
    rejected: Vec<RejectedRow>,
}

/// A row that is not taken.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RejectedHoldRow)]
pub(crate) struct RejectedRow {
    /// Counted from 1; a CSV's header is not counted.
    row: usize,
    /// As far as it could be read.
    sku: Option<String>,
    code: RowCode,
    /// For a person.
    detail: String,
}

/// Why a row is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = HoldRowCode)]
pub(crate) enum RowCode {
    /// The row is no object, or cannot be decoded.
    Unreadable,
    /// What the row needs is missing or cannot be.
    Invalid,
    /// The connection has no such listing.
    NotFound,
    /// The SKU is in the same call before, with another hold.
    SkuTwice,
    /// Somebody else changed the listing at the same time; send the row again.
    ChangedMeanwhile,
}

type Refusal = (RowCode, String);

/// What a row asks for; `None`: release.
#[derive(Debug, Clone, PartialEq, Eq)]
struct WantedHold {
    sku: AmazonSku,
    hold: Option<ListingHold>,
}

/// Hold or release many listings.
///
/// Up to 1,000 rows, as a JSON array or as CSV whose header names the columns `sku`, `mode`, `reason` and `until`; `mode` is
/// `leave`, `zero` or `release`. It takes back what the list of holds gives as CSV; the columns that the list adds are not read.
/// A row that is wrong is `rejected` and keeps no other from being taken. Sending the rows again is safe.
#[utoipa::path(post, path = "/connections/{connection}/holds", operation_id = "holdListings", tag = "listings",
    request_body(content(
        (Vec<HoldRow> = "application/json"),
        (String = "text/csv", example = "sku,mode,reason,until\nMUG-1,zero,a recall,\nTEA-1,leave,a campaign,2026-12-24T12:00:00Z\nCUP-1,release,,\n"),
    )),
    responses(
        (status = 200, description = "What became of each row; what follows is queued", body = RowsResult),
        (status = 409, description = "The connection is disconnected"),
    ))]
pub(crate) async fn hold(
    connection: TenantConnection<Connections>,
    author: Author,
    State(app): State<Arc<App>>,
    rows: Rows<HoldRows>,
) -> Answer<Json<RowsResult>> {
    must_not_be_disconnected(&connection)?;
    let (wanted, rejected) = read(rows, &author, Timestamp::now());
    let result = RowsResult {
        rejected,
        ..RowsResult::default()
    };
    let result = app.hold_rows(&connection, wanted, &author, result).await?;
    let (held, released) = (result.held, result.released);
    info!(audit = "listings_held", tenant.id = %connection.tenant, connection.id = %connection.id, held, released, rejected = result.rejected.len(), "listings of connection `{}` are held or released", connection.id);
    Ok(Json(result))
}

impl App {
    async fn hold_rows(
        &self,
        connection: &Connection,
        wanted: Vec<(usize, WantedHold)>,
        Author(author): &Author,
        mut result: RowsResult,
    ) -> Answer<RowsResult> {
        let done = fan_out(wanted, AT_ONCE, |(row, wanted)| async move {
            let WantedHold { sku, hold } = wanted;
            let holds = hold.is_some();
            let done = match hold {
                Some(hold) => self.hold(connection, &sku, hold).await.map(|_| ()),
                None => self.release(connection, &sku, author.as_deref()).await,
            };
            Ok::<_, Problem>((row, sku, holds, done))
        })
        .await?;
        for (row, sku, holds, done) in done {
            match done {
                Ok(()) if holds => result.held += 1,
                Ok(()) => result.released += 1,
                Err(problem) => {
                    let (code, detail) = refusal(problem)?;
                    let sku = Some(String::from(sku));
                    result.rejected.push(RejectedRow {
                        row,
                        sku,
                        code,
                        detail,
                    });
                }
            }
        }
        result.rejected.sort_by_key(|rejected| rejected.row);
        Ok(result)
    }
}

/// What a problem of one listing says of its row.
///
/// # Errors
/// The problem, if it is not of the listing alone.
fn refusal(problem: Problem) -> Answer<Refusal> {
    match problem.status() {
        StatusCode::NOT_FOUND => {
            let detail = "The connection has no such listing.";
            Ok((RowCode::NotFound, detail.to_owned()))
        }
        StatusCode::CONFLICT => {
            let detail = "Somebody else changed the listing at the same time; send the row again.";
            Ok((RowCode::ChangedMeanwhile, detail.to_owned()))
        }
        _ => Err(problem),
    }
}

/// Reads each row; what each listing once is wanted, and the rows that are not taken.
fn read(
    rows: Rows<HoldRows>,
    author: &Author,
    now: Timestamp,
) -> (Vec<(usize, WantedHold)>, Vec<RejectedRow>) {
    let mut wanted: BTreeMap<AmazonSku, (usize, WantedHold)> = BTreeMap::new();
    let mut rejected = Vec::new();
    for (row, decoded) in rows.decoded() {
        let sku = decoded.as_ref().ok().and_then(sku_text);
        let reject = |(code, detail)| RejectedRow {
            row,
            sku,
            code,
            detail,
        };
        let read = match decoded {
            Ok(value) => read_row(value, author, now),
            Err(detail) => Err((RowCode::Unreadable, detail.to_owned())),
        };
        match read {
            Err(refusal) => rejected.push(reject(refusal)),
            Ok(read) => match wanted.get(&read.sku) {
                Some((_, before)) if *before != read => {
                    let detail = "The same SKU comes before, with another hold.".to_owned();
                    rejected.push(reject((RowCode::SkuTwice, detail)));
                }
                Some(_) => {}
                None => {
                    wanted.insert(read.sku.clone(), (row, read));
                }
            },
        }
    }
    (wanted.into_values().collect(), rejected)
}

fn sku_text(row: &Value) -> Option<String> {
    let sku = row.get("sku")?.as_str()?;
    Some(sku.chars().take(160).collect())
}

fn read_row(row: Value, author: &Author, now: Timestamp) -> Result<WantedHold, Refusal> {
    let invalid = |detail: String| (RowCode::Invalid, detail);
    if !row.is_object() {
        return Err((RowCode::Unreadable, "expected an object".to_owned()));
    }
    let row: HoldRow =
        serde_json::from_value(row).map_err(|error| invalid(without_values(&error.to_string())))?;
    let mode = match row.mode {
        RowMode::Leave => HoldMode::Leave,
        RowMode::Zero => HoldMode::Zero,
        RowMode::Release => {
            return Ok(WantedHold {
                sku: row.sku,
                hold: None,
            });
        }
    };
    let Some(reason) = row.reason else {
        return Err(invalid("missing field `reason`".to_owned()));
    };
    let request = HoldRequest {
        mode,
        reason,
        until: row.until,
    };
    let hold = request.checked(Author(author.0.clone()), now);
    let hold = hold.map_err(|problem| invalid(problem.of_row()))?;
    Ok(WantedHold {
        sku: row.sku,
        hold: Some(hold),
    })
}
