//! `DELETE /products?sku=`: the merchant no longer keeps a product.

use crate::App;
use crate::levels::SkuParams;
use axum::extract::State;
use axum::http::StatusCode;
use jiff::Timestamp;
use stallkeeper::api::scope::Catalogue;
use stallkeeper::api::{Answer, Parameters, Problem, Tenant};
use stallkeeper::domain::ids::{Sku, TenantId};
use stallkeeper::queue::StockChange;
use stallkeeper::store::{ProductWritten, SkuInputs, Store, Written};
use std::sync::Arc;

/// Deletes a product or bundle.
///
/// Its listings stay on Amazon as they are: nothing is sent for them any more. Its stock levels stay stored, so an older
/// one is refused if the product comes back. A part of a bundle is deleted only after it left the bundle.
#[utoipa::path(
    delete, path = "/products", tag = "catalogue", operation_id = "deleteProduct",
    params(SkuParams),
    responses(
        (status = 204, description = "It is deleted, or was before"),
        (status = 404, description = "There never was such a product"),
        (status = 409, description = "It is a part of bundles"),
    )
)]
pub(crate) async fn delete(
    tenant: Tenant<Catalogue>,
    State(app): State<Arc<App>>,
    Parameters(SkuParams { sku }): Parameters<SkuParams>,
) -> Answer<StatusCode> {
    tombstone(&app.store, &tenant, &sku).await?;
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

async fn tombstone(store: &Store, tenant: &TenantId, sku: &Sku) -> Answer<()> {
    let now = Timestamp::now();
    for () in Written::attempts() {
        let read = store.sku_inputs(tenant, sku).await?;
        if read.product_generation == 0 {
            return Err(Problem::not_found("product"));
        }
        if read.product.is_none() {
            return Ok(());
        }
        refuse_part(&read)?;
        let freed = store.freed_by(tenant, &read, &[]).await?;
        let deleted = store.delete_product(tenant, sku, now, &read, freed).await?;
        if deleted == ProductWritten::Done {
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
