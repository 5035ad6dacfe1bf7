//! What this function says of the API: exactly the routes that it serves.

use crate::documented;
use stallkeeper::api::{Problem, describe};
use utoipa::OpenApi;

/// What applies to all routes.
#[derive(OpenApi)]
#[openapi(components(schemas(Problem)))]
pub(crate) struct Description;

/// What this function contributes to the API's description.
pub fn openapi() -> utoipa::openapi::OpenApi {
    describe(documented().into_openapi(), &["connections"])
}
