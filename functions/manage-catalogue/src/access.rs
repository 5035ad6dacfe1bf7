//! Who may touch the catalogue.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use stallkeeper::api::{Caller, Problem, Scope};
use stallkeeper::domain::ids::TenantId;

/// A caller with scope `catalogue`. A handler that takes one cannot forget to ask for the scope.
pub(crate) struct Keeper {
    pub(crate) tenant: TenantId,
}

impl<S: Send + Sync> FromRequestParts<S> for Keeper {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let caller = Caller::from_request_parts(parts, state).await?;
        caller.require(Scope::Catalogue)?;
        Ok(Self {
            tenant: caller.tenant,
        })
    }
}
