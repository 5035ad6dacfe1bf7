//! `configure-selling`: how a connection's stock is sent, and by which rules its prices are made. Settings and rules are
//! drafted, previewed and published together; a person pulls and releases the brakes, and holds listings.
//!
//! It never talks to Amazon and computes nothing: it writes what should be, and queues the work that follows. A request
//! is answered only after that work is queued, and sending the request again does no harm.

mod brakes;
mod exchange_rates;
mod holds;
mod offers;
mod preview;
mod prices;
mod publish;
mod rules;
mod selection;
mod settings;

use axum::Router;
use stallkeeper::api::scope::{Connections, Operator};
use stallkeeper::api::{HasStore, Problem, complete, demanding, serve};
use stallkeeper::queue::Queue;
use stallkeeper::schedule::Schedules;
use stallkeeper::store::Store;
use std::sync::Arc;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// What the function works with.
pub struct App {
    pub store: Store,
    pub schedules: Schedules,
    pub listing_jobs: Queue,
    pub stock_changes: Queue,
    pub stock_ticks: Queue,
    /// Woken for offers that are to be made.
    pub offer_jobs: Queue,
    /// The claim of a token that names the tenant.
    pub tenant_claim: String,
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
    let own = OpenApiRouter::new()
        .routes(routes!(settings::show, settings::put))
        .routes(routes!(publish::publish))
        .routes(routes!(preview::list))
        .routes(routes!(preview::prices::list))
        .routes(routes!(selection::show, selection::put))
        .routes(routes!(selection::products::list))
        .routes(routes!(prices::show, prices::put, prices::remove))
        .routes(routes!(exchange_rates::show, exchange_rates::put))
        .routes(routes!(brakes::freeze))
        .routes(routes!(brakes::unfreeze))
        .routes(routes!(brakes::release))
        .routes(routes!(
            holds::hold,
            holds::release,
            holds::list,
            holds::rows::hold
        ))
        .routes(routes!(offers::settings::show, offers::settings::put))
        .routes(routes!(offers::list::list, offers::want::want))
        .routes(routes!(offers::answer::answer));
    let deployment = OpenApiRouter::new()
        .routes(routes!(brakes::freeze_deployment))
        .routes(routes!(brakes::unfreeze_deployment));
    OpenApiRouter::with_openapi(Description::openapi())
        .merge(demanding::<Connections, _>(own))
        .merge(demanding::<Operator, _>(deployment))
}
