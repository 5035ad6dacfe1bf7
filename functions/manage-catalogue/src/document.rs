//! What this function says of the API: exactly the routes that it serves.

use crate::documented;
use crate::products::WholeProduct;
use stallkeeper::api::Problem;
use utoipa::OpenApi;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::security::SecurityRequirement;
use utoipa::openapi::{Content, Ref, RefOr, Response};

/// What holds for all routes. The token itself is described by `connect-account`.
#[derive(OpenApi)]
#[openapi(
    components(schemas(Problem, WholeProduct)),
    tags((name = "catalogue", description = "Products, bundles, stock levels; listings and what Amazon shows of them"))
)]
pub(crate) struct Description;

/// What this function contributes to the API's description.
pub fn openapi() -> utoipa::openapi::OpenApi {
    let mut document = documented().into_openapi();
    for operation in document.paths.paths.values_mut().flat_map(operations) {
        operation.security = Some(vec![SecurityRequirement::new(
            "platform_token",
            ["catalogue"],
        )]);
        let content = Content::new(Some(Ref::from_schema_name("Problem")));
        let mut problem = Response::new("What is wrong, and what to do about it");
        problem
            .content
            .insert("application/problem+json".to_owned(), RefOr::T(content));
        operation
            .responses
            .responses
            .insert("default".to_owned(), RefOr::T(problem));
    }
    document
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [
        &mut item.get,
        &mut item.put,
        &mut item.post,
        &mut item.delete,
    ]
    .into_iter()
    .flatten()
}
