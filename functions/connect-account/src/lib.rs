//! `connect-account`: authorises connections, keeps their settings, of stock too, couriers and
//! mappings, and owns the schedules.
//!
//! It never fetches an order and never decides a courier: it writes what should be, and queues whatever that change
//! owes. A request is answered only after all it owes is queued, and sending it again does no harm: that is the cure
//! for a crash in between.

mod access;
mod answers;
mod attach;
mod brakes;
mod config;
mod connections;
mod couriers;
mod create;
mod dance;
mod document;
mod mappings;
mod marketplaces;
mod oauth;
mod page;
mod pasted;
mod publish;
mod reauthorise;
mod refetch;
mod service;
mod setup;
mod status;
mod steps;
mod stock_answer;
mod stock_request;
mod stock_settings;
mod store_change;
mod store_request;
mod wake;

pub use config::Config;
pub use document::openapi;

use axum::Router;
use stallkeeper::api::{with_caller, with_problems};
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

/// All routes of this function.
pub fn router(app: Arc<App>) -> Router {
    let tenant_claim = app.config.tenant_claim.clone();
    let (router, _) = documented().split_for_parts();
    with_caller(with_problems(router), tenant_claim).with_state(app)
}

/// The routes, each with what it says of itself.
fn documented() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::with_openapi(document::Description::openapi())
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
        .routes(routes!(stock_settings::show, stock_settings::put))
        .routes(routes!(publish::publish))
        .routes(routes!(brakes::freeze))
        .routes(routes!(brakes::unfreeze))
        .routes(routes!(brakes::release))
        .routes(routes!(brakes::freeze_deployment))
        .routes(routes!(brakes::unfreeze_deployment))
        .routes(routes!(couriers::list))
        .routes(routes!(couriers::show, couriers::put, couriers::delete))
        .routes(routes!(mappings::list, mappings::put, mappings::delete))
        .routes(routes!(oauth::start))
        .routes(routes!(oauth::login))
        .routes(routes!(oauth::callback))
        .routes(routes!(service::openapi_json))
        .routes(routes!(service::health))
}
