//! `PUT /products`: products and bundles in bulk.

use super::row::ProductRow;
use crate::App;
use crate::bulk::{BulkResult, OfSkus, read_rows};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use jiff::Timestamp;
use stallkeeper::api::scope::Catalogue;
use stallkeeper::api::{Answer, Rows, Tenant};
use stallkeeper::intake::{queue_products, read_product};
use std::sync::Arc;

/// Takes products and bundles in bulk.
///
/// At most 1,000 rows, as a JSON array or as CSV whose header names the columns (`length_mm`, `width_mm`, `height_mm`; a
/// column for each currency, `rrp_GBP` and `cost_GBP`; `parts` as JSON). A row is the whole product: what it leaves out is removed.
/// What only describes a product (texts, EAN, weight, dimensions) and cannot be used is left out, and `adjusted` says so; the
/// rest is taken.
/// Sending the same again changes nothing. A bundle's parts may come later; none may be a bundle. 202 means that all
/// accepted rows are queued: they are stored in a moment. `Idempotency-Key` adds nothing to that.
#[utoipa::path(
    put, path = "/products", tag = "catalogue", operation_id = "putProducts",
    request_body(content(
        (Vec<ProductRow> = "application/json"),
        (String = "text/csv", example = "sku,title,ean,rrp_GBP\nMUG-BLUE,Mug,4006381333931,9.90\n"),
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
    let (rows, products) = read_rows(rows, read_product);
    let (store, queue) = (&app.store, &app.stock_changes);
    let verdicts = queue_products(store, queue, &tenant, products, Timestamp::now()).await?;
    Ok((StatusCode::ACCEPTED, Json(rows.judged(verdicts))))
}
