//! The router of a function, out of its described routes.

use super::{HasStore, with_caller, with_problems, with_tenant_rate};
use axum::Router;
use std::sync::Arc;
use utoipa_axum::router::OpenApiRouter;

/// All routes of a function, ready to serve: callers are known, none is faster than its tenant may be, and what no handler
/// serves is a problem.
pub fn serve<A: HasStore + 'static>(
    routes: OpenApiRouter<Arc<A>>,
    app: Arc<A>,
    tenant_claim: String,
) -> Router {
    let (router, _) = routes.split_for_parts();
    let router = with_tenant_rate(with_problems(router), app.clone());
    with_caller(router, tenant_claim).with_state(app)
}
