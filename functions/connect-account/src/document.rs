//! What this function says of the API: exactly the routes that it serves.

use crate::documented;
use stallkeeper::api::Problem;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{Content, Ref, RefOr, Response};
use utoipa::{Modify, OpenApi};

/// The token's name in the document.
const TOKEN: &str = "platform_token";

/// What holds for all routes.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Stallkeeper",
        description = "Keeps a seller's stalls on Amazon's marketplaces in step with the warehouse behind them. The tenant comes from the token alone."
    ),
    modifiers(&PlatformToken),
    components(schemas(Problem)),
    security(("platform_token" = []))
)]
pub(crate) struct Description;

/// Who may call: whoever holds a token of the platform.
struct PlatformToken;

impl Modify for PlatformToken {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let scheme = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .bearer_format("JWT")
            .description(Some(
                "A token of the platform, with the tenant and its scopes as claims",
            ));
        openapi
            .components
            .get_or_insert_default()
            .add_security_scheme(TOKEN, SecurityScheme::Http(scheme.build()));
    }
}

/// What this function contributes to the API's description.
pub fn openapi() -> utoipa::openapi::OpenApi {
    let mut document = documented().into_openapi();
    for operation in document.paths.paths.values_mut().flat_map(operations) {
        // What is not open is behind a token, of scope `connections` where it says nothing of its own, and may fail as all do.
        let open = Some(vec![SecurityRequirement::default()]);
        if operation.security != open {
            let own = vec![SecurityRequirement::new(TOKEN, ["connections"])];
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
