//! What every request is read into first: who sits at the desk, and which order they mean.

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use stallkeeper::api::{Caller, Problem, Scope};
use stallkeeper::domain::ids::{ConnectionId, OrderId, TenantId};

/// A caller with scope `desk`. A handler that takes one cannot forget to ask for the scope.
pub struct Desk {
    pub tenant: TenantId,
}

impl<S: Send + Sync> FromRequestParts<S> for Desk {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let caller = Caller::from_request_parts(parts, state).await?;
        caller.require(Scope::Desk)?;
        Ok(Self {
            tenant: caller.tenant,
        })
    }
}

/// A caller who may see buyer data: scopes `desk` and `buyer`.
pub struct DeskWithBuyer {
    pub tenant: TenantId,
}

impl<S: Send + Sync> FromRequestParts<S> for DeskWithBuyer {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Desk { tenant } = Desk::from_request_parts(parts, state).await?;
        let caller = Caller::from_request_parts(parts, state).await?;
        caller.require(Scope::Buyer)?;
        Ok(Self { tenant })
    }
}

/// The order that the path names.
pub struct OrderKey {
    pub connection: ConnectionId,
    pub order: OrderId,
}

impl<S: Send + Sync> FromRequestParts<S> for OrderKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let path = Path::<(String, String)>::from_request_parts(parts, state).await;
        // What is no id at all names no order either.
        let Ok(Path((connection, order))) = path else {
            return Err(Problem::not_found("order"));
        };
        match (connection.parse(), order.parse()) {
            (Ok(connection), Ok(order)) => Ok(Self { connection, order }),
            _ => Err(Problem::not_found("order")),
        }
    }
}
