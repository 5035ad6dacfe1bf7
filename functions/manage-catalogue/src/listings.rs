//! Listings at the API: listed by state, counted, explained one by one; tied to products; and the feeds that carried
//! them. Never writes what is wanted: only `compute-listings` does.

mod alias;
mod amazon;
mod explain;
mod feeds;
mod matching;
mod page;
mod prices;
mod reopen;
mod retie;
mod rows;

use crate::App;
use std::sync::Arc;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Adds them to the function's routes.
pub(crate) fn routes(router: OpenApiRouter<Arc<App>>) -> OpenApiRouter<Arc<App>> {
    router
        .routes(routes!(page::list))
        .routes(routes!(matching::counts))
        .routes(routes!(matching::run))
        .routes(routes!(matching::release))
        .routes(routes!(alias::put, alias::delete))
        .routes(routes!(feeds::list))
        .routes(routes!(feeds::show))
        .routes(routes!(prices::release))
        .routes(routes!(prices::several::release))
        .routes(routes!(reopen::reopen))
}
