//! `configure-shipping`: couriers, which of their services carries which shipping term, and the carrier name of each at Amazon.
//!
//! It never decides a courier: it writes the rules, and queues another look at the orders that wait for them. A request
//! is answered only after that is queued, and sending the request again does no harm.

mod carrier_names;
mod couriers;
mod import;
mod mapping_terms;
mod mappings;

use axum::Router;
use stallkeeper::api::scope::{Connections, Operator};
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

/// What applies to all routes.
#[derive(OpenApi)]
#[openapi(components(schemas(Problem)))]
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
        .routes(routes!(couriers::list))
        .routes(routes!(couriers::show, couriers::put, couriers::delete))
        .routes(routes!(
            carrier_names::list,
            carrier_names::put,
            carrier_names::delete,
            carrier_names::import
        ))
        .routes(routes!(
            mappings::list,
            mappings::put,
            mappings::delete,
            mappings::import
        ))
        .routes(routes!(mappings::tie, mappings::untie))
        .routes(routes!(mapping_terms::list));
    let of_operator = OpenApiRouter::default().routes(routes!(
        mappings::list_defaults,
        mappings::put_default,
        mappings::delete_default,
        mappings::import_defaults
    ));
    demanding::<Connections, _>(routes).merge(demanding::<Operator, _>(of_operator))
}
