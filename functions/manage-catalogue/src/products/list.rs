//! `GET /products`: a page of products, or one with its stock.

use super::row::ProductRow;
use crate::App;
use crate::access::Keeper;
use crate::levels::SkuStock;
use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use serde::{Deserialize, Serialize};
use stallkeeper::api::{Answer, Parameters, Problem, decode_cursor, encode_cursor};
use stallkeeper::domain::ids::{Sku, TenantId};
use std::sync::Arc;
use utoipa::ToSchema;

const DEFAULT_LIMIT: u16 = 50;
const MOST: u16 = 100;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Asked {
    sku: Option<Sku>,
    limit: Option<u16>,
    after: Option<String>,
}

/// A page of products.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProductList {
    pub(crate) products: Vec<ProductRow>,
    /// Give it back as `after` to go on; `null` = this was the last page.
    pub(crate) next: Option<String>,
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
    get, path = "/products", tag = "catalogue", operation_id = "list_products",
    params(
        ("sku" = Option<String>, Query, description = "The merchant's SKU, to the letter, percent-encoded: this one, with its stock"),
        ("limit" = Option<u16>, Query, description = "1 to 100, default 50"),
        ("after" = Option<String>, Query, description = "`next` of the page before"),
    ),
    responses(
        (status = 200, content(
            (ProductList = "application/json"),
        ), description = "A page; with `sku`, a `WholeProduct`"),
        (status = 404, description = "Nothing is known of this SKU", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn list(
    Keeper { tenant }: Keeper,
    State(app): State<Arc<App>>,
    Parameters(asked): Parameters<Asked>,
) -> Answer<Response> {
    match &asked.sku {
        Some(sku) => Ok(Json(one(&app, &tenant, sku).await?).into_response()),
        None => Ok(Json(page(&app, &tenant, &asked).await?).into_response()),
    }
}

async fn one(app: &App, tenant: &TenantId, sku: &Sku) -> Answer<WholeProduct> {
    let mut inputs = app.store.sku_inputs(tenant, sku).await?;
    if inputs.counter() == 0 && inputs.rejected.is_none() {
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

async fn page(app: &App, tenant: &TenantId, asked: &Asked) -> Answer<ProductList> {
    let limit = asked.limit.unwrap_or(DEFAULT_LIMIT);
    if !(1..=MOST).contains(&limit) {
        return Err(Problem::invalid("limit", "1 to 100"));
    }
    let place: Option<Place> = asked.after.as_deref().map(decode_cursor).transpose()?;
    if place.as_ref().is_some_and(|place| place.tenant != *tenant) {
        return Err(Problem::invalid("after", "this is no cursor of this list"));
    }
    let after = place.as_ref().map(|place| place.after.as_str());
    let (skus, next) = app
        .store
        .product_page(tenant, after, i32::from(limit))
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
