//! What no handler serves is told as a problem too.

use super::Problem;
use axum::Router;
use axum::http::{Method, StatusCode, Uri};

/// Answers unknown routes with 404 and unknown methods with 405, as problem JSON. Put it on once all routes are there.
pub fn with_problems<S: Clone + Send + Sync + 'static>(router: Router<S>) -> Router<S> {
    router
        .fallback(|method: Method, uri: Uri| async move {
            Problem::new(
                StatusCode::NOT_FOUND,
                "no-such-route",
                format!("There is no {method} {}.", uri.path()),
                "GET /openapi.json lists what there is.",
            )
        })
        .method_not_allowed_fallback(|method: Method, uri: Uri| async move {
            Problem::new(
                StatusCode::METHOD_NOT_ALLOWED,
                "no-such-method",
                format!("{} does not take {method}.", uri.path()),
                "GET /openapi.json lists what it takes.",
            )
        })
}
