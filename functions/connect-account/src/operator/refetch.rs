//! An operator has the orders of any connection read again.

use crate::App;
use crate::connections::refetch::{RefetchSummary, checked, must_fetch};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use jiff::Timestamp;
use serde::Deserialize;
use stallkeeper::api::{Answer, Body, OperatorCall, Problem, Text, find_connection};
use stallkeeper::domain::ids::{ConnectionId, TenantId};
use std::sync::Arc;
use utoipa::ToSchema;

/// Since when, and why.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = OperatorRefetchRequest)]
pub(crate) struct RefetchRequest {
    /// Orders that changed at Amazon since this moment are read again; at most 30 days back.
    #[schema(format = DateTime, example = "2026-11-01T00:00:00Z")]
    since: String,
    /// For the audit log.
    reason: Text<100>,
}

/// Read the orders of any tenant's connection again, as the tenant can itself: beside the new ones, which do not wait for it.
/// Harmless: what is stored already is not stored twice. Every use is in the audit log.
#[utoipa::path(post, path = "/operator/connections/{tenant}/{connection}/orders/refetch", operation_id = "refetchOrdersOfAnyTenant", tag = "operator", request_body = RefetchRequest,
    params(("tenant" = inline(TenantId), Path, description = "Whose connection"), ("connection" = inline(ConnectionId), Path, description = "Connection id")),
    responses(
        (status = 202, description = "Queued", body = RefetchSummary),
        (status = 409, description = "The connection fetches no orders"),
        (status = 422, description = "No reason, in the future, or too far back"),
    ))]
pub(crate) async fn refetch(
    call: OperatorCall,
    State(app): State<Arc<App>>,
    Path((tenant, connection)): Path<(String, String)>,
    body: Answer<Body<RefetchRequest>>,
) -> Answer<(StatusCode, Json<RefetchSummary>)> {
    let tenant: Option<TenantId> = tenant.parse().ok();
    call.allowed("read orders again", tenant.as_ref())?;
    let Body(RefetchRequest { since, reason }) = body?;
    let reason = reason.checked("/reason")?;
    let since = checked(&since, Timestamp::now())?;
    let tenant = tenant.ok_or_else(|| Problem::not_found("connection"))?;
    let connection = find_connection(&app.store, &tenant, &connection).await?;
    must_fetch(&connection)?;
    let what = format!("orders of connection `{}` since {since}", connection.id);
    call.record("orders_refetched", Some(&tenant), &what, &reason);
    app.read_again(&connection, since).await
}
