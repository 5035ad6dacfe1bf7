//! Showing, changing and disconnecting connections.

pub(crate) mod answer;
pub(crate) mod create;
pub(crate) mod erase;
pub(crate) mod refetch;
pub(crate) mod release;
pub(crate) mod status;
pub(crate) mod unreadable;

use crate::App;
use answer::ConnectionAnswer;
use axum::Json;
use axum::extract::{Path, State};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use stallkeeper::api::scope::Connections;
use stallkeeper::api::{
    Answer, Body, Name, Tenant, TenantConnection, changed_meanwhile, find_connection,
};
use stallkeeper::domain::connection::{Connection, ConnectionStatus};
use stallkeeper::domain::dispatch::ConfirmAt;
use stallkeeper::domain::ids::TenantId;
use stallkeeper::store::{WaitingKind, Written};
use status::{Wanted, changed};
use std::sync::Arc;
use tracing::info;
use utoipa::ToSchema;

/// All connections of the tenant, the oldest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ConnectionList {
    connections: Vec<ConnectionAnswer>,
}

/// List the connections.
#[utoipa::path(get, path = "/connections", operation_id = "listConnections", tag = "connections", responses((status = 200, body = ConnectionList)))]
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    tenant: Tenant<Connections>,
) -> Answer<Json<ConnectionList>> {
    let mut connections = app.store.connections(&tenant).await?;
    // Ids that were made of a key say nothing of when.
    connections.sort_by(|a, b| (a.created_at, &a.id).cmp(&(b.created_at, &b.id)));
    Ok(Json(ConnectionList {
        connections: connections.iter().map(Into::into).collect(),
    }))
}

/// Show a connection.
#[utoipa::path(get, path = "/connections/{connection}", operation_id = "showConnection", tag = "connections",
    responses(
        (status = 200, body = ConnectionAnswer),
    ))]
pub(crate) async fn show(
    connection: TenantConnection<Connections>,
) -> Answer<Json<ConnectionAnswer>> {
    Ok(Json((&*connection).into()))
}

/// What to change; a field that is left out stays as it is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConnectionChangeRequest {
    name: Option<Name>,
    status: Option<Wanted>,
    /// The take-over moment: orders bought from then on are offered to the desk; those bought before stay `elsewhere`, with
    /// whoever handled them. `null`: all orders are only watched.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, format = DateTime, example = "2026-11-01T00:00:00Z")]
    orders_from: Option<Option<Timestamp>>,
    /// When dispatches are confirmed to Amazon: `handover` (what is set at first), or `label`: as soon as they are known, though
    /// the carrier may not have them yet.
    confirm_at: Option<ConfirmAt>,
}

/// A field that is there, be it null, unlike one that is left out.
fn given<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<Timestamp>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// Rename a connection; switch it on or off, or pause it; say from when on its orders are ours.
///
/// Once the take-over moment is set or moved back, stored orders that it covers flow on by themselves. Orders that were ours
/// already stay ours if it is moved on or taken away.
#[utoipa::path(patch, path = "/connections/{connection}", operation_id = "changeConnection", tag = "connections", request_body = ConnectionChangeRequest,
    responses(
        (status = 200, body = ConnectionAnswer),
        (status = 409, description = "Something is missing before; `detail` says what"),
    ))]
pub(crate) async fn change(
    State(app): State<Arc<App>>,
    tenant: Tenant<Connections>,
    Path(id): Path<String>,
    Body(change): Body<ConnectionChangeRequest>,
) -> Answer<Json<ConnectionAnswer>> {
    let name = change.name.as_ref();
    let name = name.map(|name| name.checked("/name")).transpose()?;
    if let Some(wanted) = change.status {
        // Before the status: whoever then fetches finds what is to be read first, also after a crash in between.
        let read = find_connection(&app.store, &tenant, &id).await?;
        app.begin_first_read(&read, changed(&read, wanted)?).await?;
    }
    let connection = app
        .update(&tenant, &id, |read| {
            let status = change.status.map(|wanted| changed(read, wanted));
            Ok(Connection {
                name: name.clone().unwrap_or_else(|| read.name.clone()),
                status: status.transpose()?.unwrap_or(read.status),
                orders_from: change.orders_from.unwrap_or(read.orders_from),
                confirm_at: change.confirm_at.unwrap_or(read.confirm_at),
                ..read.clone()
            })
        })
        .await?;
    // The orders follow, also if the moment was written before and a crash came in between.
    if let Some(Some(orders_from)) = change.orders_from {
        app.orders
            .rerun_of(
                WaitingKind::Elsewhere,
                &connection.key(),
                None,
                app.config.rerun_delay_seconds,
            )
            .await?;
        info!(connection.id = %connection.id, %orders_from, "orders of connection `{}` are taken over from a moment on", connection.id);
    }
    // The schedule follows what is written, also if it was written before and a crash came in between.
    if change.status.is_some() {
        app.follow(&connection).await?;
        info!(connection.id = %connection.id, connection.status = connection.status.as_str(), "connection `{}` is switched to `{}`", connection.id, connection.status.as_str());
    }
    Ok(Json((&connection).into()))
}

impl App {
    /// Changes the current connection; decides again if somebody else was quicker.
    pub(crate) async fn update(
        &self,
        tenant: &TenantId,
        id: &str,
        change: impl Fn(&Connection) -> Answer<Connection>,
    ) -> Answer<Connection> {
        for () in Written::attempts() {
            let read = find_connection(&self.store, tenant, id).await?;
            let changed = change(&read)?;
            if changed == read {
                return Ok(read);
            }
            let written = Connection {
                revision: read.revision + 1,
                ..changed
            };
            if self.store.replace_connection(&written).await? == Written::Done {
                return Ok(written);
            }
        }
        Err(changed_meanwhile())
    }
}

/// What was erased with a connection, and what is kept.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DisconnectSummary {
    id: String,
    status: ConnectionStatus,
    /// What is gone.
    erased: [&'static str; 5],
    retained: Vec<RetainedData>,
    /// What only the seller can do.
    at_amazon: String,
}

/// Data that is kept after a connection was disconnected, and for how long.
#[derive(Debug, Serialize, ToSchema)]
struct RetainedData {
    what: &'static str,
    how_long: &'static str,
}

/// Disconnect for good: tokens, states, cursors and the schedule are erased, and the seller is free for another connection.
#[utoipa::path(delete, path = "/connections/{connection}", operation_id = "disconnectConnection", tag = "connections",
    responses(
        (status = 200, description = "Disconnected, now or before", body = DisconnectSummary),
    ))]
pub(crate) async fn disconnect(
    State(app): State<Arc<App>>,
    tenant: Tenant<Connections>,
    Path(id): Path<String>,
) -> Answer<Json<DisconnectSummary>> {
    // The status first: then no function fetches, confirms or attaches. Whatever of the rest a crash leaves behind,
    // the same request erases.
    let connection = app
        .update(&tenant, &id, |read| {
            Ok(Connection {
                status: ConnectionStatus::Disconnected,
                resume: None,
                ..read.clone()
            })
        })
        .await?;
    app.end_notices(&connection).await?;
    app.store.erase_credentials(&connection).await?;
    if let Some(attempt) = app.store.authorisation_attempt(&connection.key()).await? {
        app.store.end_attempt(&connection.key(), &attempt).await?;
    }
    for mark in app.store.parked_marks(&connection.key()).await? {
        app.store.forget_parked(&connection.key(), &mark).await?;
    }
    app.schedules
        .follow_latest(&app.store, &connection.key())
        .await?;
    info!(connection.id = %connection.id, "connection `{}` is disconnected", connection.id);
    Ok(Json(disconnect_summary(&connection)))
}

fn disconnect_summary(connection: &Connection) -> DisconnectSummary {
    DisconnectSummary {
        id: connection.id.to_string(),
        status: connection.status,
        erased: [
            "the seller's authorisation, with the credentials of the seller's own app if any",
            "links to authorise that were still open",
            "how far orders were read",
            "the subscriptions to Amazon's notices",
            "the schedule",
        ],
        retained: vec![
            RetainedData {
                what: "orders without buyer data",
                how_long: "18 months from the order on",
            },
            RetainedData {
                what: "buyer data",
                how_long: "until its own expiry: while the order is open, at most 18 months; closed, until 14 days after the latest delivery, 1 day after a cancellation, 21 days after the ship-by date if the delivery is unknown; DELETE /connections/{connection}/buyers erases it now",
            },
            RetainedData {
                what: "the connection's name, seller id and settings",
                how_long: "as long as the tenant: the orders refer to them",
            },
            RetainedData {
                what: "couriers and mappings of the tenant",
                how_long: "until deleted: they belong to the tenant, not to the connection",
            },
        ],
        at_amazon: format!(
            "The seller can remove the app's authorisation at Amazon too: {}/apps/manage",
            connection.marketplace.seller_central()
        ),
    }
}
