//! `manage-catalogue`: the API of products, bundles, stock levels and listings.
//!
//! It compares what comes with what is stored and queues only what differs; `compute-listings` writes it and computes what
//! follows. It writes itself only what a person decides on one thing: a deleted product, a listing's tie, a released
//! price. It never talks to Amazon.

mod bulk;
mod levels;
mod listings;
mod products;

use axum::Router;
use stallkeeper::api::scope::Catalogue;
use stallkeeper::api::{HasStore, Problem, complete, demanding, serve};
use stallkeeper::queue::Queue;
use stallkeeper::store::Store;
use std::sync::Arc;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// What the function works with.
pub struct App {
    pub store: Store,
    pub stock_changes: Queue,
    pub stock_ticks: Queue,
    pub listing_jobs: Queue,
    /// Claim of a caller's token that holds the tenant.
    pub tenant_claim: String,
}

impl HasStore for App {
    fn store(&self) -> &Store {
        &self.store
    }
}

/// What applies to all routes.
#[derive(OpenApi)]
#[openapi(
    components(schemas(Problem)),
    tags((name = "catalogue", description = "Products, bundles, stock levels; listings and what Amazon shows of them"))
)]
struct Description;

/// What this function contributes to the API's description.
pub fn openapi() -> utoipa::openapi::OpenApi {
    complete(documented().into_openapi())
}

/// All routes of this function.
pub fn router(app: Arc<App>) -> Router {
    let tenant_claim = app.tenant_claim.clone();
    serve(documented(), app, tenant_claim)
}

/// The routes, each with what it says of itself.
fn documented() -> OpenApiRouter<Arc<App>> {
    let routes = OpenApiRouter::with_openapi(Description::openapi())
        .routes(routes!(products::put, products::list, products::delete))
        .routes(routes!(levels::put, levels::show));
    demanding::<Catalogue, _>(listings::routes(routes))
}
