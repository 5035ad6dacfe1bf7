//! Reads a query string into a value; what does not fit is reported as every other problem is.

use super::Problem;
use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

/// The parameters of a request's query.
pub struct Parameters<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Parameters<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        // serde's sentence may quote a value, and the values of a query need not be ours to repeat.
        let Query(value) = Query::from_request_parts(parts, state).await.map_err(|_| {
            Problem::invalid(
                "query",
                "a parameter is missing, malformed, unknown, or there twice",
            )
        })?;
        Ok(Self(value))
    }
}
