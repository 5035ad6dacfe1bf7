//! `DELETE /products?sku=`: the merchant no longer keeps a product.

use crate::App;
use axum::extract::State;
use axum::http::StatusCode;
use jiff::Timestamp;
use serde::Deserialize;
use stallkeeper::api::scope::Catalogue;
use stallkeeper::api::{Answer, Parameters, Problem, Tenant};
use stallkeeper::domain::ids::{Sku, TenantId};
use stallkeeper::domain::product::ListingsOfDeleted;
use stallkeeper::queue::StockChange;
use stallkeeper::store::{ProductWritten, SkuInputs, Store, Written};
use std::sync::Arc;
use utoipa::IntoParams;

/// Which product, and what becomes of its listings.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct DeleteParams {
    /// The merchant's SKU, to the letter, percent-encoded.
    #[param(inline)]
    sku: Sku,
    /// `zero`: its listings are sent zero. `leave`: they stay on Amazon as they are.
    #[serde(default = "zero")]
    #[param(inline, required = false)]
    listings: ListingsOfDeleted,
}

/// Nobody buys what the merchant no longer keeps, unless the merchant says so.
fn zero() -> ListingsOfDeleted {
    ListingsOfDeleted::Zero
}

/// Deletes a product or bundle.
///
/// Its listings are sent zero; with `listings=leave` they stay on Amazon as they are, and nothing is sent for them any more.
/// Its stock levels stay stored, so an older one is refused if the product comes back. A part of a bundle is deleted only
/// after it left the bundle. Deleting it again with another `listings` changes what becomes of them.
#[utoipa::path(
    delete, path = "/products", tag = "catalogue", operation_id = "deleteProduct",
    params(DeleteParams),
    responses(
        (status = 204, description = "It is deleted, or was before"),
        (status = 404, description = "There never was such a product"),
        (status = 409, description = "It is a part of bundles"),
    )
)]
pub(crate) async fn delete(
    tenant: Tenant<Catalogue>,
    State(app): State<Arc<App>>,
    Parameters(DeleteParams { sku, listings }): Parameters<DeleteParams>,
) -> Answer<StatusCode> {
    tombstone(&app.store, &tenant, &sku, listings).await?;
    // Also if it was deleted before: an earlier call may have stopped at this point.
    app.store.forget_spelling(&tenant, &sku).await?;
    let recompute = StockChange::Recompute {
        tenant: tenant.clone(),
        raise: false,
        skus: vec![sku],
    };
    app.stock_changes.send(&*tenant, recompute, 0).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn tombstone(
    store: &Store,
    tenant: &TenantId,
    sku: &Sku,
    listings: ListingsOfDeleted,
) -> Answer<()> {
    let now = Timestamp::now();
    for () in Written::attempts() {
        let read = store.sku_inputs(tenant, sku).await?;
        if read.product_generation == 0 {
            return Err(Problem::not_found("product"));
        }
        let before = read.deleted.map(|deleted| deleted.listings);
        if read.product.is_none() && before == Some(listings) {
            return Ok(());
        }
        refuse_part(&read)?;
        let freed = store.freed_by(tenant, &read, &[]).await?;
        let deleted = store.delete_product(tenant, sku, listings, now, &read, freed);
        if deleted.await? == ProductWritten::Done {
            return Ok(());
        }
    }
    Err(Written::given_up("delete a product").into())
}

fn refuse_part(read: &SkuInputs) -> Answer<()> {
    if read.part_of.is_empty() {
        return Ok(());
    }
    let bundles: Vec<&str> = read.part_of.iter().map(Sku::as_str).collect();
    Err(Problem::conflict(
        "part-of-bundles",
        "This product is a part of bundles.",
        "Delete the bundles first, or take it out of them: see `current`.",
    )
    .showing(&bundles))
}
