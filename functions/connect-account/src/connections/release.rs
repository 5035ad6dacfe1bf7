//! An operator takes a seller account away from the connection that holds it.

use crate::App;
use axum::Json;
use axum::extract::{Path, State};
use serde::{Deserialize, Serialize};
use stallkeeper::api::{Answer, Body, OperatorCall, Problem, Text};
use stallkeeper::domain::connection::{Connection, ConnectionStatus};
use stallkeeper::domain::ids::SellerId;
use stallkeeper::domain::marketplace::Region;
use std::sync::Arc;
use utoipa::ToSchema;

/// Why a seller account is released.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReleaseRequest {
    /// For the audit log.
    reason: Text<100>,
}

/// The connection that held the seller account.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReleasedSeller {
    tenant: String,
    connection: String,
    status: ConnectionStatus,
}

/// Release a seller account: the connection that holds it loses its authorisation, and any connection can authorise it.
///
/// Nothing of the connection is sent or fetched from then on; its orders stay. It can authorise the same seller again. Every
/// use is in the audit log.
#[utoipa::path(post, path = "/sellers/{region}/{seller}/release", operation_id = "releaseSeller", tag = "operator", request_body = ReleaseRequest,
    params(("region" = Region, Path, description = "Amazon's region of the account"), ("seller" = inline(SellerId), Path, description = "The merchant token")),
    responses(
        (status = 200, description = "Released", body = ReleasedSeller),
        (status = 404, description = "No connection holds it"),
    ))]
pub(crate) async fn release(
    State(app): State<Arc<App>>,
    call: OperatorCall,
    Path((region, seller)): Path<(String, String)>,
    body: Answer<Body<ReleaseRequest>>,
) -> Answer<Json<ReleasedSeller>> {
    call.allowed("release a seller account", None)?;
    let Body(ReleaseRequest { reason }) = body?;
    let reason = reason.checked("/reason")?;
    let missing = || Problem::not_found("seller account");
    let region: Region = region.parse().map_err(|_| missing())?;
    let seller: SellerId = seller.parse().map_err(|_| missing())?;
    let holder = app.store.seller_holder(region, &seller).await?;
    let holder = holder.ok_or_else(missing)?;
    let what = format!("seller `{seller}` from connection `{}`", holder.id);
    call.record("seller_released", Some(&holder.tenant), &what, &reason);
    // The status first, as when a connection is disconnected: then nothing is fetched or sent with the token.
    let released = app
        .update(&holder.tenant, holder.id.as_str(), |read| {
            Ok(released(read))
        })
        .await?;
    app.end_notices(&released).await?;
    app.store.release_seller(&released).await?;
    app.schedules.follow_latest(&app.store, &holder).await?;
    Ok(Json(ReleasedSeller {
        tenant: holder.tenant.to_string(),
        connection: holder.id.to_string(),
        status: released.status,
    }))
}

/// A connection without authorisation, which goes on where it stopped once it has one again.
fn released(read: &Connection) -> Connection {
    if matches!(
        read.status,
        ConnectionStatus::Disconnected | ConnectionStatus::NeedsReauthorisation
    ) {
        return read.clone();
    }
    Connection {
        status: ConnectionStatus::NeedsReauthorisation,
        resume: Some(read.status),
        ..read.clone()
    }
}
