//! `connect-account`: authorises connections, keeps their settings, couriers and mappings, and owns the schedules.
//!
//! It never fetches an order and never decides a courier: it writes what should be, and queues whatever that change
//! owes. A request is answered only after all it owes is queued, and sending it again does no harm: that is the cure
//! for a crash in between.

mod access;
mod answers;
mod attach;
mod config;
mod connections;
mod couriers;
mod create;
mod dance;
mod mappings;
mod marketplaces;
mod oauth;
mod page;
mod pasted;
mod reauthorise;
mod refetch;
mod service;
mod setup;
mod status;
mod steps;
mod store_change;
mod store_request;
mod wake;

pub use config::Config;

use axum::Router;
use axum::http::StatusCode;
use stallkeeper::api::{Problem, with_caller};
use stallkeeper::queue::Queue;
use stallkeeper::schedule::Schedules;
use stallkeeper::sp_api::SpApi;
use stallkeeper::store::Store;
use stallkeeper::vault::Vault;
use std::sync::Arc;
use utoipa::OpenApi;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
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
    pub config: Config,
}

/// All routes of this function.
pub fn router(app: Arc<App>) -> Router {
    let tenant_claim = app.config.tenant_claim.clone();
    let (router, _) = documented().split_for_parts();
    let router = router
        .fallback(async || {
            Problem::new(
                StatusCode::NOT_FOUND,
                "no-such-route",
                "There is nothing at this address.",
                "GET /openapi.json lists what there is.",
            )
        })
        .method_not_allowed_fallback(async || {
            Problem::new(
                StatusCode::METHOD_NOT_ALLOWED,
                "no-such-method",
                "This address does not take this method.",
                "GET /openapi.json lists what it takes.",
            )
        });
    with_caller(router, tenant_claim).with_state(app)
}

/// What this function contributes to the API's description: exactly the routes that it serves.
pub fn openapi() -> utoipa::openapi::OpenApi {
    documented().into_openapi()
}

fn documented() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::with_openapi(Description::openapi())
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
        .routes(routes!(couriers::list))
        .routes(routes!(couriers::show, couriers::put, couriers::delete))
        .routes(routes!(mappings::list, mappings::put, mappings::delete))
        .routes(routes!(oauth::start))
        .routes(routes!(oauth::login))
        .routes(routes!(oauth::callback))
        .routes(routes!(service::openapi_json))
        .routes(routes!(service::health))
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Stallkeeper",
        description = "Keeps a seller's stalls on Amazon's marketplaces in step with the warehouse behind them. The tenant comes from the token alone."
    ),
    modifiers(&PlatformToken),
    components(schemas(Problem)),
    security(("platform_token" = ["connections"]))
)]
struct Description;

/// Who may call: whoever holds a token of the platform.
struct PlatformToken;

impl utoipa::Modify for PlatformToken {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let scheme = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .bearer_format("JWT")
            .description(Some(
                "A token of the platform, with the tenant and its scopes as claims",
            ));
        openapi
            .components
            .get_or_insert_default()
            .add_security_scheme("platform_token", SecurityScheme::Http(scheme.build()));
    }
}
