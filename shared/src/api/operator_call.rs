//! A request across tenants: whoever sends it, it leaves an audit record, allowed or refused.

use super::{Answer, Caller, Problem, Scope};
use crate::domain::ids::TenantId;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use tracing::info;

/// A request that needs scope `operator`. Nothing comes of it before [`OperatorCall::allowed`] was asked.
pub struct OperatorCall {
    caller: Caller,
}

impl<S: Sync> FromRequestParts<S> for OperatorCall {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Answer<Self> {
        let caller = Caller::from_request_parts(parts, state).await?;
        Ok(Self { caller })
    }
}

impl OperatorCall {
    /// The operator's own tenant, if the token holds the scope; recorded either way. `what` completes "asked to".
    ///
    /// # Errors
    /// 403 if the token lacks the scope.
    pub fn allowed(&self, what: &str) -> Answer<TenantId> {
        let allowed = self.caller.require(Scope::Operator);
        let audit = match allowed {
            Ok(()) => "operator_allowed",
            Err(_) => "operator_refused",
        };
        self.record(audit, what, "");
        allowed.map(|()| self.caller.tenant.clone())
    }

    /// Records what is done to whom, by ids alone, and the operator's reason.
    pub fn record(&self, audit: &'static str, what: &str, reason: &str) {
        let by = self.caller.author().0.as_deref().unwrap_or_default();
        info!(audit, operator.tenant = %self.caller.tenant, by, reason, "{audit}: {what}");
    }
}
