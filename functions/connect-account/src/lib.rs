//! `connect-account`: authorises connections, keeps their marketplaces, and owns the schedules.
//!
//! It never fetches an order: it writes what should be, and queues the work that follows. A request is answered only
//! after that work is queued, and sending the request again does no harm: that is the cure for a crash in between.

mod authorisation;
mod base;
mod config;
mod connections;
mod document;
mod follow;
mod marketplaces;
mod notices;
mod operator;
mod service;
mod setup;

pub use config::Config;

use axum::Router;
use stallkeeper::api::scope::{Connections, ConnectionsAndBuyer, Operator};
use stallkeeper::api::{
    HasStore, complete, demanding, open, with_caller, with_problems_of_all, with_tenant_rate,
};
use stallkeeper::queue::Queue;
use stallkeeper::schedule::Schedules;
use stallkeeper::sp_api::SpApi;
use stallkeeper::store::Store;
use stallkeeper::vault::Vault;
use std::sync::Arc;
use utoipa::OpenApi as _;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// What the function works with.
pub struct App {
    pub store: Store,
    pub vault: Vault,
    pub amazon: SpApi,
    pub schedules: Schedules,
    pub orders: Queue,
    pub ticks: Queue,
    pub listing_jobs: Queue,
    pub stock_ticks: Queue,
    pub config: Config,
}

impl HasStore for App {
    fn store(&self) -> &Store {
        &self.store
    }
}

/// What this function contributes to the API's description.
pub fn openapi() -> utoipa::openapi::OpenApi {
    complete(documented().into_openapi())
}

/// All routes of this function.
pub fn router(app: Arc<App>) -> Router {
    let tenant_claim = app.config.tenant_claim.clone();
    let (router, _) = documented().split_for_parts();
    let router = with_problems_of_all(router, service::DOCUMENT);
    let router = with_tenant_rate(router, app.clone());
    with_caller(router, tenant_claim).with_state(app)
}

/// The routes, each with what it says of itself.
fn documented() -> OpenApiRouter<Arc<App>> {
    use authorisation::{oauth, reauthorise};
    use connections::{create, erase, refetch, release, unreadable};
    let closed = OpenApiRouter::new()
        .routes(routes!(create::create, connections::list))
        .routes(routes!(
            connections::show,
            connections::change,
            connections::disconnect
        ))
        .routes(routes!(setup::show))
        .routes(routes!(reauthorise::confirm))
        .routes(routes!(reauthorise::reauthorise))
        .routes(routes!(marketplaces::list))
        .routes(routes!(marketplaces::show, marketplaces::put))
        .routes(routes!(marketplaces::switch_courier))
        .routes(routes!(refetch::refetch))
        .routes(routes!(unreadable::list));
    let erasing = OpenApiRouter::new()
        .routes(routes!(erase::of_connection))
        .routes(routes!(erase::of_tenant));
    let operators = OpenApiRouter::new()
        .routes(routes!(release::release))
        .routes(routes!(operator::connections::list))
        .routes(routes!(operator::tenants::list))
        .routes(routes!(operator::refetch::refetch));
    let public = OpenApiRouter::new()
        .routes(routes!(oauth::start))
        .routes(routes!(oauth::consent))
        .routes(routes!(oauth::login))
        .routes(routes!(oauth::callback))
        .routes(routes!(service::openapi_json))
        .routes(routes!(service::health));
    OpenApiRouter::with_openapi(document::Description::openapi())
        .merge(demanding::<Connections, _>(closed))
        .merge(demanding::<ConnectionsAndBuyer, _>(erasing))
        .merge(demanding::<Operator, _>(operators))
        .merge(open(public))
}
