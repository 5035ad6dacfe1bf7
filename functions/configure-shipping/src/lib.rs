//! `configure-shipping`: couriers, and which of their services carries which shipping term.
//!
//! It never decides a courier: it writes the rules, and queues another look at the orders that wait for them. A request
//! is answered only after that is queued, and sending the request again does no harm.

mod couriers;
mod document;
mod mappings;

pub use document::openapi;

use axum::Router;
use stallkeeper::api::{HasStore, with_caller, with_problems};
use stallkeeper::queue::Queue;
use stallkeeper::store::Store;
use std::sync::Arc;
use utoipa::OpenApi as _;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// What the function works with.
pub struct App {
    pub store: Store,
    pub orders: Queue,
    /// The claim of a token that names the tenant.
    pub tenant_claim: String,
    /// After a change, waiting orders are looked at at once and again after this many seconds.
    pub rerun_delay_seconds: u32,
}

impl HasStore for App {
    fn store(&self) -> &Store {
        &self.store
    }
}

/// All routes of this function.
pub fn router(app: Arc<App>) -> Router {
    let tenant_claim = app.tenant_claim.clone();
    let (router, _) = documented().split_for_parts();
    with_caller(with_problems(router), tenant_claim).with_state(app)
}

/// The routes, each with what it says of itself.
fn documented() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::with_openapi(document::Description::openapi())
        .routes(routes!(couriers::list))
        .routes(routes!(couriers::show, couriers::put, couriers::delete))
        .routes(routes!(mappings::list, mappings::put, mappings::delete))
}
