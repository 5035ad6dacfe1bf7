//! What all operations of a function say alike, attached once: the scopes they demand and the problems they may answer.

use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::security::SecurityRequirement;
use utoipa::openapi::{Content, OpenApi, Ref, RefOr, Response};

/// The token's name in the document.
pub const TOKEN: &str = "platform_token";

/// Attaches the scopes to every operation that names none, and the problems to every operation behind a token.
pub fn describe(mut document: OpenApi, scopes: &[&str]) -> OpenApi {
    let open = Some(vec![SecurityRequirement::default()]);
    for operation in document.paths.paths.values_mut().flat_map(operations) {
        if operation.security != open {
            let own = vec![SecurityRequirement::new(TOKEN, scopes.iter().copied())];
            operation.security.get_or_insert(own);
            let problem = RefOr::T(any_problem());
            operation
                .responses
                .responses
                .insert("default".to_owned(), problem);
        }
    }
    document
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [
        &mut item.get,
        &mut item.put,
        &mut item.post,
        &mut item.patch,
        &mut item.delete,
    ]
    .into_iter()
    .flatten()
}

fn any_problem() -> Response {
    let content = Content::new(Some(Ref::from_schema_name("Problem")));
    let mut response = Response::new("What is wrong, and what to do about it");
    response
        .content
        .insert("application/problem+json".to_owned(), RefOr::T(content));
    response
}
