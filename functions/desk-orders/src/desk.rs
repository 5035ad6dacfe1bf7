//! Which order a request means.

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use stallkeeper::api::Problem;
use stallkeeper::domain::ids::{ConnectionId, OrderId};

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
