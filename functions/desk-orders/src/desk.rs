//! Which order a request means.

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use stallkeeper::api::Problem;
use stallkeeper::domain::ids::{ConnectionId, OrderId, ParcelId};

/// The order that the path names.
pub struct OrderKey {
    pub connection: ConnectionId,
    pub order: OrderId,
}

/// The parcel that the path names, and its order.
pub struct ParcelKey {
    pub order: OrderKey,
    pub parcel: ParcelId,
}

impl<S: Send + Sync> FromRequestParts<S> for ParcelKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let path = Path::<(String, String, String)>::from_request_parts(parts, state).await;
        let Ok(Path((connection, order, parcel))) = path else {
            return Err(Problem::not_found("order"));
        };
        let (Ok(connection), Ok(order)) = (connection.parse(), order.parse()) else {
            return Err(Problem::not_found("order"));
        };
        // A parcel is made by its name, so that a bad one is a mistake of its own.
        let parcel: Result<ParcelId, _> = parcel.parse();
        let parcel = parcel.map_err(|error| Problem::invalid("parcel", error.to_string()))?;
        let order = OrderKey { connection, order };
        Ok(Self { order, parcel })
    }
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
