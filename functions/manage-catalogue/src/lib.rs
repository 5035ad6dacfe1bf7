//! `manage-catalogue`: the API of products, bundles, stock levels and listings.
//!
//! It compares what comes with what is stored and queues only what differs; `compute-listings` writes it and computes what
//! follows. It writes itself only what a person decides on one thing: a deleted product, a listing's tie, a released
//! price. It never talks to Amazon.

mod access;
mod bulk;
mod document;
mod levels;
mod listings;
mod products;
#[cfg(test)]
mod tests;

pub use document::openapi;

use axum::Router;
use stallkeeper::api::{with_caller, with_problems};
use stallkeeper::queue::Queue;
use stallkeeper::store::Store;
use std::sync::Arc;
use utoipa::OpenApi as _;
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

/// All routes of this function.
pub fn router(app: Arc<App>) -> Router {
    let tenant_claim = app.tenant_claim.clone();
    let (router, _) = documented().split_for_parts();
    with_caller(with_problems(router), tenant_claim).with_state(app)
}

/// The routes, each with what it says of itself.
fn documented() -> OpenApiRouter<Arc<App>> {
    let router = OpenApiRouter::with_openapi(document::Description::openapi())
        .routes(routes!(products::put, products::list, products::delete))
        .routes(routes!(levels::put, levels::show));
    listings::routes(router)
}
