//! `PUT /stock-levels`: levels in bulk.

use crate::App;
use crate::bulk::{BulkResult, OfSkus, read_rows};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use jiff::Timestamp;
use stallkeeper::api::scope::Catalogue;
use stallkeeper::api::{Answer, Rows, Tenant};
use stallkeeper::intake::{queue_levels, read_level};
use stallkeeper::queue::LevelRow;
use std::sync::Arc;

/// Takes stock levels in bulk.
///
/// At most 1,000 rows, as a JSON array or as CSV whose header names the columns. The level measured last is kept, whatever
/// the order in which levels arrive; sending the same again changes nothing. A row is rejected as `older` (a level
/// measured later is known), `conflict` (more units than another count of the same moment: the lower holds) or `ahead`
/// (measured more than 5 minutes from now, and not lower than what is stored). A row that can be understood is taken, and
/// `adjusted` says what was done: less than nothing is 0 (`negative`), a part of a unit is none (`rounded`), unknown
/// fields are left out (`unknown_field`). 202 means that all accepted rows are queued: they are stored, and what Amazon should show is computed, in a
/// moment. `Idempotency-Key` adds nothing to that.
#[utoipa::path(
    put, path = "/stock-levels", tag = "catalogue", operation_id = "putStockLevels",
    request_body(content(
        (Vec<LevelRow> = "application/json"),
        (String = "text/csv", example = "sku,warehouse,quantity,measured_at\nMUG-BLUE,LON,12,2026-11-21T10:15:00Z\n"),
    )),
    responses(
        (status = 202, body = BulkResult),
    )
)]
pub(crate) async fn put(
    tenant: Tenant<Catalogue>,
    State(app): State<Arc<App>>,
    rows: Rows<OfSkus>,
) -> Answer<(StatusCode, Json<BulkResult>)> {
    let (rows, levels) = read_rows(rows, read_level);
    let (store, queue) = (&app.store, &app.stock_changes);
    let verdicts = queue_levels(store, queue, &tenant, levels, Timestamp::now()).await?;
    Ok((StatusCode::ACCEPTED, Json(rows.judged(verdicts))))
}
