//! `desk-orders`: people list orders, give those that wait a courier service, take over those that are ready, hand over
//! parcels and cancel lines; platforms read events.
//!
//! The tenant comes from the token alone. Every route needs scope `desk`, those of operators scope `operator` instead.
//! Buyer data leaves only by `GET …/buyer` and by a list with `include=recipient`, and orders are found by it only by `POST
//! /orders/search`: all three need scope `buyer` too. What
//! changes here is announced by the stream of the tables; what is to be sent to Amazon waits in the table, and a message
//! wakes the function that sends it.
//!
//! All POST routes are idempotent in themselves, so an `Idempotency-Key` adds nothing: picking the same service again
//! and acknowledging again answer the current state.

pub mod acknowledge;
pub mod answer;
pub mod audit;
pub mod cancel;
pub mod cancel_request;
pub mod change;
pub mod courier;
pub mod desk;
pub mod dispatch;
pub mod dispatch_rows;
pub mod events;
pub mod hold;
pub mod list;
pub mod operator;
pub mod outcome;
pub mod pick;
pub mod pick_list;
pub mod place;
pub mod query;
pub mod search;
pub mod show;
pub mod take_over;
#[cfg(test)]
mod tests;

use axum::Router;
use jiff::SignedDuration;
use stallkeeper::api::scope::{Desk, DeskAndBuyer, Operator};
use stallkeeper::api::{HasStore, Problem, complete, demanding, serve};
use stallkeeper::queue::Queue;
use stallkeeper::store::Store;
use stallkeeper::vault::Vault;
use std::sync::Arc;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// What the function works with.
pub struct App {
    pub store: Store,
    /// Opens the keys of postcodes.
    pub vault: Vault,
    /// Wakes `confirm-shipments`.
    pub dispatches: Queue,
    /// Wakes `cancel-orders`.
    pub cancellations: Queue,
    /// An order that is to be shipped within this time is at risk.
    pub at_risk_before: SignedDuration,
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
#[openapi(
    components(schemas(Problem)),
    tags((name = "desk", description = "Orders: list, review, take over"))
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
    let orders = OpenApiRouter::new()
        .routes(routes!(list::list))
        .routes(routes!(pick_list::pick_list))
        .routes(routes!(events::list))
        .routes(routes!(acknowledge::acknowledge))
        .routes(routes!(acknowledge::give_back))
        .routes(routes!(take_over::take_over))
        .routes(routes!(courier::pick_many))
        .routes(routes!(hold::hold_many))
        .routes(routes!(hold::release_many))
        .routes(routes!(show::order))
        .routes(routes!(dispatch::put))
        .routes(routes!(dispatch_rows::post))
        .routes(routes!(courier::pick))
        .routes(routes!(hold::hold))
        .routes(routes!(hold::release))
        .routes(routes!(cancel::cancel))
        .routes(routes!(cancel_request::answer));
    let buyers = OpenApiRouter::new()
        .routes(routes!(show::buyer, show::erase_buyer))
        .routes(routes!(search::search));
    let operators = OpenApiRouter::new()
        .routes(routes!(operator::list))
        .routes(routes!(operator::release))
        .routes(routes!(events::list_of_all_tenants));
    OpenApiRouter::with_openapi(Description::openapi())
        .merge(demanding::<Desk, _>(orders))
        .merge(demanding::<DeskAndBuyer, _>(buyers))
        .merge(demanding::<Operator, _>(operators))
}
