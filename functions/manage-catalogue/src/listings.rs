//! The routes of listings, aliases and feeds.

use crate::App;
use std::sync::Arc;
use utoipa_axum::router::OpenApiRouter;

/// Adds them to the function's routes.
pub(crate) fn routes(router: OpenApiRouter<Arc<App>>) -> OpenApiRouter<Arc<App>> {
    router
}
