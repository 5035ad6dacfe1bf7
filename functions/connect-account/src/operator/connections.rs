//! `GET /operator/connections`: the connections of all tenants, and how far their orders are read.

use super::cursor::{age_seconds, should_be_read};
use super::row::ConnectionOfTenant;
use super::{MOST_READ, READ_AT_ONCE};
use crate::App;
use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize};
use stallkeeper::api::{Answer, Limit, OperatorCall, Parameters, decode_cursor, encode_cursor};
use stallkeeper::domain::connection::{Connection, ConnectionStatus};
use stallkeeper::domain::ids::{ConnectionKey, TenantId};
use stallkeeper::fan_out;
use stallkeeper::store::{ConnectedAfter, Cursor};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

/// Connections whose rows are put together side by side.
const ROWS_AT_ONCE: usize = 8;

/// Which connections.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ConnectionParams {
    /// Only this tenant's.
    #[param(inline)]
    tenant: Option<TenantId>,
    /// Only these; `disconnected` ones are not listed.
    #[param(inline)]
    status: Option<ConnectionStatus>,
    /// Only those whose orders should be read (`active`, `paused`, `needs_reauthorisation`) and were not for more than these
    /// seconds, or never.
    #[serde(default, deserialize_with = "seconds")]
    #[param(value_type = Option<u32>)]
    cursor_older_than: Option<u32>,
    /// How many a page holds.
    #[param(inline)]
    limit: Option<Limit<100>>,
    /// `next` of the page before; all other parameters but `limit` as they were.
    after: Option<String>,
}

/// What the API's description allows: the greatest `int32`.
const MOST_SECONDS: u32 = i32::MAX.unsigned_abs();

fn seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u32>, D::Error> {
    let text = String::deserialize(deserializer)?;
    let seconds = text.parse().ok().filter(|seconds| *seconds <= MOST_SECONDS);
    let expected = "expected a number of seconds, from 0 to 2147483647";
    seconds
        .map(Some)
        .ok_or_else(|| serde::de::Error::custom(expected))
}

impl ConnectionParams {
    fn accepts(&self, connection: &Connection, cursor: Option<&Cursor>, now: Timestamp) -> bool {
        let status = connection.status;
        let is_late = |seconds: u32| {
            let age = cursor.map(|cursor| age_seconds(cursor, now));
            should_be_read(status) && age.is_none_or(|age| age > u64::from(seconds))
        };
        self.status.is_none_or(|wanted| wanted == status)
            && self.cursor_older_than.is_none_or(is_late)
    }
}

/// Connections of all tenants, by tenant and id.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OperatorConnectionList {
    connections: Vec<ConnectionOfTenant>,
    /// Give it back as `after` to go on; `null` = this was the last page.
    next: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct Place {
    connections_after: ConnectionKey,
}

/// List the connections of all tenants, by tenant and id, with how far their orders are read and what is to be done next.
///
/// Holds all but those that are `disconnected`. A connection keeps its place whatever becomes of it, so each comes once. A page
/// may hold fewer than `limit`, or none, and still have a `next`. Every use is in the audit log.
#[utoipa::path(get, path = "/operator/connections", operation_id = "listConnectionsOfAllTenants", tag = "operator",
    params(ConnectionParams),
    responses(
        (status = 200, body = OperatorConnectionList),
        (status = 422, description = "A parameter is unknown or has a value that does not exist, or the cursor is another list's"),
    ))]
pub(crate) async fn list(
    call: OperatorCall,
    State(app): State<Arc<App>>,
    parameters: Answer<Parameters<ConnectionParams>>,
) -> Answer<Json<OperatorConnectionList>> {
    let tenant = parameters.as_ref().ok().and_then(|it| it.0.tenant.as_ref());
    call.allowed("list connections", tenant)?;
    let Parameters(params) = parameters?;
    let now = Timestamp::now();
    let (found, last) = page(&app, &params, now).await?;
    let secret_stored_at = app.secret_stored_at().await;
    let row = |connection| ConnectionOfTenant::of(&app, connection, secret_stored_at, now);
    let connections = fan_out(found, ROWS_AT_ONCE, row).await?;
    let next = last.map(|connections_after| encode_cursor(&Place { connections_after }));
    Ok(Json(OperatorConnectionList { connections, next }))
}

/// The connections of a page, and the last one that was read if more may follow.
async fn page(
    app: &App,
    params: &ConnectionParams,
    now: Timestamp,
) -> Answer<(Vec<Connection>, Option<ConnectionKey>)> {
    let limit = usize::from(params.limit.unwrap_or_default().get());
    let after = params.after.as_deref().map(decode_cursor::<Place>);
    let mut last = after.transpose()?.map(|place| place.connections_after);
    let (mut found, mut read) = (Vec::new(), 0);
    while read < MOST_READ {
        let after = last.take().map(ConnectedAfter::Connection);
        let store = &app.store;
        let page = store.connected(params.tenant.as_ref(), after.as_ref(), READ_AT_ONCE);
        let page = page.await?;
        let keys: Vec<_> = page.connections.iter().map(Connection::key).collect();
        let cursors = match params.cursor_older_than {
            Some(_) => store.order_cursors(&keys).await?,
            None => Default::default(),
        };
        let size = page.connections.len();
        read += size.max(1);
        for (number, connection) in page.connections.into_iter().enumerate() {
            let key = connection.key();
            if params.accepts(&connection, cursors.get(&key), now) {
                found.push(connection);
            }
            let is_last = page.is_last && number + 1 == size;
            if found.len() == limit && !is_last {
                return Ok((found, Some(key)));
            }
            last = Some(key);
        }
        if page.is_last {
            return Ok((found, None));
        }
    }
    Ok((found, last))
}
