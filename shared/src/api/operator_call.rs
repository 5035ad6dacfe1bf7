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
    /// The operator's own tenant, if the token holds the scope; recorded either way. `what` completes "asked to"; `tenant` is
    /// whom it is about, `None`: all of them.
    ///
    /// # Errors
    /// 403 if the token lacks the scope.
    pub fn allowed(&self, what: &str, tenant: Option<&TenantId>) -> Answer<TenantId> {
        let allowed = self.caller.require(Scope::Operator);
        let audit = match allowed {
            Ok(()) => "operator_allowed",
            Err(_) => "operator_refused",
        };
        self.record(audit, tenant, what, "");
        allowed.map(|()| self.caller.tenant.clone())
    }

    /// Records what is done to whom (`None`: to all tenants), by ids alone, and the operator's reason. A change is recorded before
    /// it is written: what was done is always in the log.
    pub fn record(&self, audit: &str, tenant: Option<&TenantId>, what: &str, reason: &str) {
        let by = self.caller.author().0.as_deref().unwrap_or_default();
        // No tenant is called `*`.
        let tenant = tenant.map_or("*", TenantId::as_str);
        info!(audit, operator.tenant = %self.caller.tenant, by, tenant.id = tenant, what, reason, "{audit}: {what}");
    }
}
