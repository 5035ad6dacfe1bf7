//! `GET /products`: a page of products, or one with its stock.

use super::row::ProductRow;
use crate::App;
use crate::levels::SkuStock;
use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use stallkeeper::api::scope::Catalogue;
use stallkeeper::api::{
    Answer, Limit, Parameters, Problem, Tenant, decode_cursor, encode_cursor, foreign_cursor,
};
use stallkeeper::domain::ids::{Sku, TenantId};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

/// Which products to list, or the one to show.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListParams {
    /// The merchant's SKU, exactly, percent-encoded: this one, with its stock.
    #[param(inline)]
    sku: Option<Sku>,
    /// How many a page holds.
    #[serde(default)]
    #[param(inline, required = false)]
    limit: Limit<100>,
    /// `next` of the page before.
    after: Option<String>,
}

/// A page of products.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProductList {
    pub(crate) products: Vec<ProductRow>,
    /// Give it back as `after` to go on; `null` = this was the last page.
    pub(crate) next: Option<String>,
}

/// A page, or the one product that was asked for.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum ProductsOrOne {
    Page(ProductList),
    One(Box<WholeProduct>),
}

/// One product with its stock.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WholeProduct {
    /// `null` if there are stock levels and no product, or it was deleted.
    pub(crate) product: Option<ProductRow>,
    pub(crate) stock: SkuStock,
    /// The bundles that it is a part of.
    pub(crate) part_of: Vec<String>,
    /// The listings that it feeds.
    pub(crate) listings: Vec<FedListing>,
}

/// A listing that a product feeds.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FedListing {
    pub(crate) connection: String,
    pub(crate) amazon_sku: String,
    /// Units of the product in one unit of the listing.
    pub(crate) units: u32,
}

/// Where a list goes on. Holds the tenant, so that another tenant's cursor is refused.
#[derive(Serialize, Deserialize)]
struct Place {
    tenant: TenantId,
    after: String,
}

/// Lists products by SKU, or shows one with its stock.
///
/// A product that was put a moment ago may be missing from the list; with `sku` it is there as soon as it is stored.
#[utoipa::path(
    get, path = "/products", tag = "catalogue", operation_id = "listProducts",
    params(ListParams),
    responses(
        (status = 200, description = "A page; with `sku`, that product with its stock", body = ProductsOrOne),
        (status = 404, description = "Nothing is known of this SKU"),
    )
)]
pub(crate) async fn list(
    tenant: Tenant<Catalogue>,
    State(app): State<Arc<App>>,
    Parameters(params): Parameters<ListParams>,
) -> Answer<Json<ProductsOrOne>> {
    Ok(Json(match &params.sku {
        Some(sku) => ProductsOrOne::One(Box::new(one(&app, &tenant, sku).await?)),
        None => ProductsOrOne::Page(page(&app, &tenant, &params).await?),
    }))
}

async fn one(app: &App, tenant: &TenantId, sku: &Sku) -> Answer<WholeProduct> {
    let mut inputs = app.store.sku_inputs(tenant, sku).await?;
    if inputs.generation() == 0 && inputs.rejected.is_none() {
        return Err(Problem::not_found("SKU"));
    }
    let listings = inputs.listed.iter().map(|listed| FedListing {
        connection: listed.connection.to_string(),
        amazon_sku: listed.amazon_sku.to_string(),
        units: listed.units,
    });
    Ok(WholeProduct {
        listings: listings.collect(),
        part_of: inputs.part_of.iter().map(Sku::to_string).collect(),
        product: inputs.product.take().map(ProductRow::from),
        stock: SkuStock::new(sku, inputs),
    })
}

async fn page(app: &App, tenant: &TenantId, params: &ListParams) -> Answer<ProductList> {
    let place: Option<Place> = params.after.as_deref().map(decode_cursor).transpose()?;
    if place.as_ref().is_some_and(|place| place.tenant != *tenant) {
        return Err(foreign_cursor());
    }
    let after = place.as_ref().map(|place| place.after.as_str());
    let (skus, next) = app
        .store
        .product_page(tenant, after, i32::from(params.limit.get()))
        .await?;
    let mut stored = app.store.products(tenant, &skus).await?;
    Ok(ProductList {
        products: skus
            .iter()
            .filter_map(|sku| stored.remove(sku).map(ProductRow::from))
            .collect(),
        next: next.map(|after| {
            encode_cursor(&Place {
                tenant: tenant.clone(),
                after,
            })
        }),
    })
}
