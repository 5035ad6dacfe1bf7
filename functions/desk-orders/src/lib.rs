//! `desk-orders`: people list orders, give those that wait a courier service, and take over those that are ready.
//!
//! The tenant comes from the token alone, every route needs scope `desk`, and buyer data leaves by one route only,
//! which needs scope `buyer` too. It talks to no one but the tables: what changes here is announced by their stream.
//!
//! Both POST routes are idempotent in themselves, so an `Idempotency-Key` adds nothing: picking the same service again
//! and acknowledging again answer what stands.

pub mod acknowledge;
pub mod answer;
pub mod courier;
pub mod desk;
pub mod list;
pub mod pick;
pub mod place;
pub mod query;
pub mod show;
#[cfg(test)]
mod tests;

use axum::Router;
use axum::routing::{get, post};
use stallkeeper::api::with_problems;
use stallkeeper::store::Store;
use std::sync::Arc;
use utoipa::OpenApi;

/// What the function works with.
pub struct App {
    pub store: Store,
}

/// All routes. Whoever serves it puts [`stallkeeper::api::with_caller`] around it.
pub fn router(app: Arc<App>) -> Router {
    let routes = Router::new()
        .route("/orders", get(list::list))
        .route("/orders/acknowledge", post(acknowledge::acknowledge))
        .route("/orders/{connection}/{order}", get(show::order))
        .route("/orders/{connection}/{order}/buyer", get(show::buyer))
        .route("/orders/{connection}/{order}/courier", post(courier::pick));
    with_problems(routes).with_state(app)
}

/// The part of the OpenAPI document that describes these routes.
pub fn openapi() -> utoipa::openapi::OpenApi {
    #[derive(OpenApi)]
    #[openapi(
        paths(
            list::list,
            show::order,
            show::buyer,
            courier::pick,
            acknowledge::acknowledge
        ),
        tags((name = "desk", description = "Orders: list, review, take over"))
    )]
    struct Desk;
    Desk::openapi()
}
