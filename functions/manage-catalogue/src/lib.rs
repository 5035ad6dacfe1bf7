//! `manage-catalogue`: products, bundles and stock levels in; recomputes the wanted side of the listings they touch.
//!
//! Its API compares what comes with what is stored and queues only what differs; its queue worker alone writes it and
//! computes what follows. It never talks to Amazon.

mod access;
mod bulk;
mod changes;
mod document;
pub mod entry;
mod levels;
mod listings;
mod products;
mod recompute;
#[cfg(test)]
mod tests;

pub use document::openapi;

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use axum::Router;
use jiff::Timestamp;
use stallkeeper::api::{with_caller, with_problems};
use stallkeeper::error::Result;
use stallkeeper::lambda::Inbox;
use stallkeeper::queue::{Queue, StockChange};
use stallkeeper::store::Store;
use std::sync::Arc;
use utoipa::OpenApi as _;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// What the function works with.
pub struct App {
    pub store: Store,
    pub inbox: Inbox,
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

/// Works on a batch of changes.
pub async fn handle(app: &App, event: SqsEvent) -> Result<SqsBatchResponse> {
    Ok(app
        .inbox
        .each_message(event, |change: StockChange| {
            changes::work(app, change, Timestamp::now())
        })
        .await)
}
