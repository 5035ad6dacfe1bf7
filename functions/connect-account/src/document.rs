//! What the description of the whole API begins with.

use stallkeeper::api::{Problem, TOKEN};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi};

/// What holds for all routes.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Stallkeeper",
        description = "Keeps a seller's stalls on Amazon's marketplaces in step with the warehouse behind them. The tenant comes from the token alone."
    ),
    modifiers(&PlatformToken),
    components(schemas(Problem))
)]
pub(crate) struct Description;

/// Who may call: every holder of a token of the platform.
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
