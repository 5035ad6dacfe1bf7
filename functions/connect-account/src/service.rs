//! What the API says of itself.

use axum::Json;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use serde_json::{Value, json};

/// The whole API, of all functions; a test keeps it what they say of themselves.
pub(crate) const DOCUMENT: &str = include_str!("../../../infra/openapi.json");

/// Describe this API.
#[utoipa::path(get, path = "/openapi.json", operation_id = "showOpenApi", tag = "service", responses((status = 200, description = "This document", content_type = "application/json")))]
pub(crate) async fn openapi_json() -> impl IntoResponse {
    ([(CONTENT_TYPE, "application/json")], DOCUMENT)
}

/// Answer that the API is up.
#[utoipa::path(get, path = "/health", operation_id = "showHealth", tag = "service", responses((status = 200, description = "It is up", content_type = "application/json")))]
pub(crate) async fn health() -> Json<Value> {
    Json(json!({"status": "ok"}))
}
