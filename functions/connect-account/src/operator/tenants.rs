//! `GET /operator/tenants`: the tenants that have connections, and whose orders are furthest behind.

use super::cursor::{age_seconds, should_be_read};
use super::{MOST_READ, READ_AT_ONCE};
use crate::App;
use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use stallkeeper::api::{Answer, Limit, OperatorCall, Parameters, decode_cursor, encode_cursor};
use stallkeeper::domain::connection::{Connection, ConnectionStatus};
use stallkeeper::domain::ids::{ConnectionId, TenantId};
use stallkeeper::store::{ConnectedAfter, Cursor};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

/// Where to read.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct TenantParams {
    /// How many a page holds.
    #[param(inline)]
    limit: Option<Limit<100>>,
    /// `next` of the page before.
    after: Option<String>,
}

/// How many connections of a tenant have a status.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct ConnectionsOfStatus {
    status: ConnectionStatus,
    connections: u32,
}

/// The connection whose orders are furthest behind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct OldestCursor {
    connection: ConnectionId,
    /// Everything that changed at Amazon before this moment is read.
    known_until: Timestamp,
    /// How many seconds that moment is past.
    age_seconds: u64,
}

/// A tenant that has connections.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = TenantSummary)]
pub(crate) struct TenantSummary {
    tenant: TenantId,
    /// Connections that are not `disconnected`.
    connections: u32,
    by_status: Vec<ConnectionsOfStatus>,
    /// Of those whose orders should be read: `active`, `paused`, `needs_reauthorisation`.
    #[serde(skip_serializing_if = "Option::is_none")]
    oldest_cursor: Option<OldestCursor>,
    /// How many of those were never swept.
    never_swept: u32,
}

impl TenantSummary {
    fn new(tenant: TenantId) -> Self {
        Self {
            tenant,
            connections: 0,
            by_status: Vec::new(),
            oldest_cursor: None,
            never_swept: 0,
        }
    }

    fn add(&mut self, connection: &Connection, cursor: Option<&Cursor>, now: Timestamp) {
        let status = connection.status;
        self.connections += 1;
        match self.by_status.iter_mut().find(|it| it.status == status) {
            Some(counted) => counted.connections += 1,
            None => self.by_status.push(ConnectionsOfStatus {
                status,
                connections: 1,
            }),
        }
        if !should_be_read(status) {
            return;
        }
        let Some(cursor) = cursor else {
            self.never_swept += 1;
            return;
        };
        let age_seconds = age_seconds(cursor, now);
        let oldest = self.oldest_cursor.as_ref();
        if oldest.is_none_or(|oldest| age_seconds > oldest.age_seconds) {
            self.oldest_cursor = Some(OldestCursor {
                connection: connection.id.clone(),
                known_until: cursor.known_until(),
                age_seconds,
            });
        }
    }
}

/// Tenants, by id.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TenantList {
    tenants: Vec<TenantSummary>,
    /// Give it back as `after` to go on; `null` = this was the last page.
    next: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct Place {
    tenants_after: TenantId,
}

/// List the tenants that have connections, by id, with the connection of each whose orders are furthest behind.
///
/// A tenant whose connections are all `disconnected` is not listed. A page may hold fewer than `limit` and still have a `next`.
/// Every use is in the audit log.
#[utoipa::path(get, path = "/operator/tenants", operation_id = "listTenants", tag = "operator",
    params(TenantParams),
    responses(
        (status = 200, body = TenantList),
        (status = 422, description = "A parameter is unknown or has a value that does not exist, or the cursor is another list's"),
    ))]
pub(crate) async fn list(
    call: OperatorCall,
    State(app): State<Arc<App>>,
    parameters: Answer<Parameters<TenantParams>>,
) -> Answer<Json<TenantList>> {
    call.allowed("list tenants", None)?;
    let Parameters(TenantParams { limit, after }) = parameters?;
    let limit = usize::from(limit.unwrap_or_default().get());
    let after = after.as_deref().map(decode_cursor::<Place>).transpose()?;
    let after = after.map(|place| ConnectedAfter::Tenant(place.tenants_after));
    let (tenants, has_more) = page(&app, after, limit, Timestamp::now()).await?;
    let last = tenants.last().filter(|_| has_more);
    let next = last.map(|last| {
        encode_cursor(&Place {
            tenants_after: last.tenant.clone(),
        })
    });
    Ok(Json(TenantList { tenants, next }))
}

/// Whole tenants, and whether more may follow.
async fn page(
    app: &App,
    mut after: Option<ConnectedAfter>,
    limit: usize,
    now: Timestamp,
) -> Answer<(Vec<TenantSummary>, bool)> {
    let mut tenants: Vec<TenantSummary> = Vec::new();
    let mut read = 0;
    loop {
        let page = app.store.connected(None, after.as_ref(), READ_AT_ONCE);
        let page = page.await?;
        let keys: Vec<_> = page.connections.iter().map(Connection::key).collect();
        let cursors = app.store.order_cursors(&keys).await?;
        for (connection, key) in page.connections.iter().zip(&keys) {
            let is_new = tenants.last().is_none_or(|last| last.tenant != key.tenant);
            // A tenant is counted whole, however many connections it has: a thousand at most.
            if is_new && (tenants.len() == limit || read >= MOST_READ) {
                return Ok((tenants, true));
            }
            if is_new {
                tenants.push(TenantSummary::new(key.tenant.clone()));
            }
            if let Some(tenant) = tenants.last_mut() {
                tenant.add(connection, cursors.get(key), now);
            }
            read += 1;
        }
        match keys.into_iter().next_back() {
            Some(last) if !page.is_last => after = Some(ConnectedAfter::Connection(last)),
            _ => return Ok((tenants, false)),
        }
    }
}
