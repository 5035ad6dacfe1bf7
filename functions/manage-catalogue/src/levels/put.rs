//! `PUT /stock-levels`: levels in bulk.

use super::judge::{Verdict, judge};
use super::{note_seen, queue};
use crate::App;
use crate::access::Keeper;
use crate::bulk::{BulkResult, Row, Rows};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use jiff::Timestamp;
use serde::Deserialize;
use stallkeeper::api::{Answer, Problem};
use stallkeeper::domain::ids::{Sku, WarehouseCode};
use stallkeeper::queue::LevelRow;
use std::sync::Arc;
use utoipa::ToSchema;

/// Units of a SKU in a warehouse.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = StockLevelRow)]
pub(crate) struct LevelInput {
    /// Kept to the letter: case and spaces count.
    #[schema(value_type = String, example = "MUG-BLUE")]
    sku: Sku,
    #[schema(value_type = String, example = "LON")]
    warehouse: WarehouseCode,
    quantity: u32,
    /// When it was counted, not when it was sent; to the millisecond.
    #[schema(value_type = String, format = DateTime)]
    measured_at: Timestamp,
}

/// Takes stock levels in bulk.
///
/// At most 1,000 rows, as a JSON array or as CSV whose header names the columns. The level measured last stands, whatever
/// the order in which levels arrive; sending the same again changes nothing. A row is rejected as `older` (a level
/// measured later is known), `conflict` (another quantity for the same moment) or `ahead` (measured more than 5 minutes
/// from now). 202 means that all accepted rows are queued: they are stored, and what Amazon should show is computed, in a
/// moment. `Idempotency-Key` adds nothing to that.
#[utoipa::path(
    put, path = "/stock-levels", tag = "catalogue", operation_id = "put_stock_levels",
    request_body(content(
        (Vec<LevelInput> = "application/json"),
        (String = "text/csv", example = "sku,warehouse,quantity,measured_at\nMUG-BLUE,LON,12,2026-11-21T10:15:00Z\n"),
    )),
    responses(
        (status = 202, body = BulkResult),
        (status = 400, description = "The body is neither JSON nor CSV; nothing was taken", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "More than 1,000 rows or 6 MiB; nothing was taken", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn put(
    Keeper { tenant }: Keeper,
    State(app): State<Arc<App>>,
    Rows(rows): Rows,
) -> Answer<(StatusCode, Json<BulkResult>)> {
    let now = Timestamp::now();
    let mut result = BulkResult::default();
    let mut read: Vec<(Row, LevelRow)> = Vec::new();
    for row in rows {
        match row.read::<LevelInput>() {
            Ok(input) => read.push((row, input.into())),
            Err(rejected) => result.rejected.push(rejected),
        }
    }
    let levels: Vec<LevelRow> = read.iter().map(|(_, level)| level.clone()).collect();
    let verdicts = judge(&app.store, &tenant, &levels, now).await?;
    let mut fresh = Vec::new();
    for ((row, level), verdict) in read.into_iter().zip(verdicts) {
        match verdict {
            Verdict::Fresh => fresh.push(level),
            Verdict::Unchanged => result.unchanged += 1,
            Verdict::Refused(refusal) => {
                let field = (refusal.code != "conflict").then(|| "measured_at".to_owned());
                let rejected = row.rejected(field, refusal.code, refusal.detail);
                result.rejected.push(rejected);
            }
        }
    }
    result.accepted = fresh.len();
    result.rejected.sort_by_key(|rejected| rejected.row);
    queue(&app, &tenant, fresh).await?;
    if !levels.is_empty() {
        note_seen(&app.store, &tenant, now).await?;
    }
    Ok((StatusCode::ACCEPTED, Json(result)))
}

impl From<LevelInput> for LevelRow {
    fn from(input: LevelInput) -> Self {
        Self {
            sku: input.sku,
            warehouse: input.warehouse,
            quantity: input.quantity,
            measured_at: input.measured_at,
        }
    }
}
