//! The router of a function, out of its described routes.

use super::{with_caller, with_problems};
use axum::Router;
use utoipa_axum::router::OpenApiRouter;

/// All routes of a function, ready to serve: callers are known, and what no handler serves is a problem.
pub fn serve<S: Clone + Send + Sync + 'static>(
    routes: OpenApiRouter<S>,
    state: S,
    tenant_claim: String,
) -> Router {
    let (router, _) = routes.split_for_parts();
    with_caller(with_problems(router), tenant_claim).with_state(state)
}
