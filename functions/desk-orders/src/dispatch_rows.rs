//! `POST /dispatches`: many parcels in one call, as JSON or CSV, each row for itself.

mod row;

use crate::App;
use crate::dispatch::DispatchRequest;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use futures::{StreamExt as _, TryStreamExt as _};
use jiff::Timestamp;
use row::Row;
use serde::Serialize;
use serde_json::{Map, Value};
use stallkeeper::api::{Answer, RowForm, Rows, Tenant, scope};
use stallkeeper::domain::connection::{Connection, ConnectionStatus};
use stallkeeper::domain::dispatch::{DispatchDecision, DispatchRefusalCode, ParcelId, decide};
use stallkeeper::domain::ids::{ConnectionId, ConnectionKey, TenantId};
use stallkeeper::error::{Error, Result};
use stallkeeper::queue::DispatchMessage;
use stallkeeper::store::Store;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

/// How many rows are looked at side by side.
const CONCURRENCY: usize = 16;

/// The rows of parcels.
pub struct DispatchRows;

impl RowForm for DispatchRows {
    const COLUMNS: &'static [&'static [&'static str]] = &[&[
        "connection",
        "order_id",
        "parcel",
        "tracking_number",
        "handed_over_at",
    ]];

    fn fields<'a>(cells: impl Iterator<Item = (&'a str, &'a str)>) -> Map<String, Value> {
        let value = |column: &str, cell: &str| match (column, cell) {
            ("lines", "all_open") => cell.into(),
            // What is no JSON stays text, and is refused with the row.
            ("lines" | "other_tracking_numbers" | "despite_cancel", _) => {
                serde_json::from_str(cell).unwrap_or_else(|_| cell.into())
            }
            _ => cell.into(),
        };
        cells
            .map(|(column, cell)| (column.to_owned(), value(column, cell)))
            .collect()
    }
}

/// How a row is described: a parcel, and whose it is. Rows themselves are read one by one.
pub struct DispatchRow;

impl PartialSchema for DispatchRow {
    fn schema() -> RefOr<Schema> {
        let mut row = DispatchRequest::schema();
        if let RefOr::T(Schema::Object(row)) = &mut row {
            let ids = [
                ("connection", String::schema()),
                ("order_id", String::schema()),
                ("parcel", ParcelId::schema()),
            ];
            row.required
                .extend(ids.iter().map(|(name, _)| (*name).to_owned()));
            row.properties
                .extend(ids.map(|(name, schema)| (name.to_owned(), schema)));
        }
        row
    }
}

impl ToSchema for DispatchRow {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        DispatchRequest::schemas(schemas);
    }
}

/// What became of the rows of a call.
#[derive(Debug, Default, Serialize, ToSchema)]
#[schema(as = DispatchRowsResult)]
pub struct RowsResult {
    /// Rows that are queued: they are stored in a moment. What is found wrong only then is kept on the parcel, in words.
    accepted: usize,
    /// Rows that are stored already.
    unchanged: usize,
    /// Rows that are not taken, and why.
    rejected: Vec<RejectedRow>,
}

/// A row that is not taken.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RejectedDispatchRow)]
pub struct RejectedRow {
    /// Counted from 1; a CSV's header is not counted.
    row: usize,
    /// As far as it could be read.
    order_id: Option<String>,
    /// As far as it could be read.
    parcel: Option<String>,
    code: RowCode,
    /// For a person.
    detail: String,
}

/// Why a row is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = DispatchRowCode)]
pub enum RowCode {
    /// The row is no object, or cannot be decoded.
    Unreadable,
    /// What the row needs is missing or cannot be.
    Invalid,
    /// No such order of this tenant.
    NotFound,
    /// Its connection was disconnected for good.
    Disconnected,
    Cancelled,
    FulfilledByAmazon,
    CarriedByAmazon,
    NotOurs,
    Held,
    UnknownLine,
    NothingOpen,
    TooMany,
    BuyerCancel,
    NoTransparencyCodes,
    LinesAreFixed,
    TooFarAhead,
}

impl From<DispatchRefusalCode> for RowCode {
    fn from(code: DispatchRefusalCode) -> Self {
        match code {
            DispatchRefusalCode::Cancelled => Self::Cancelled,
            DispatchRefusalCode::FulfilledByAmazon => Self::FulfilledByAmazon,
            DispatchRefusalCode::CarriedByAmazon => Self::CarriedByAmazon,
            DispatchRefusalCode::NotOurs => Self::NotOurs,
            DispatchRefusalCode::Held => Self::Held,
            DispatchRefusalCode::UnknownLine => Self::UnknownLine,
            DispatchRefusalCode::NothingOpen => Self::NothingOpen,
            DispatchRefusalCode::TooMany => Self::TooMany,
            DispatchRefusalCode::BuyerCancel => Self::BuyerCancel,
            DispatchRefusalCode::NoTransparencyCodes => Self::NoTransparencyCodes,
            DispatchRefusalCode::LinesAreFixed => Self::LinesAreFixed,
            DispatchRefusalCode::TooFarAhead => Self::TooFarAhead,
        }
    }
}

/// What became of a row that could be read.
enum Verdict {
    Queued,
    Unchanged,
    Refused(RowCode, String),
}

/// Hands many parcels over: up to 1,000 rows, as JSON or CSV (`lines`, `other_tracking_numbers` and `despite_cancel` as JSON in their cells).
///
/// Each row is what `PUT /orders/{connection}/{order}/dispatches/{parcel}` takes, with `connection`, `order_id` and `parcel`. A
/// row that is wrong, or that Amazon would refuse, is `rejected` and keeps no other from being taken. 202 means that all
/// accepted rows are queued; sending them again is safe.
#[utoipa::path(
    post, path = "/dispatches", operation_id = "postDispatches", tag = "desk",
    request_body(content(
        (Vec<DispatchRow> = "application/json"),
        (String = "text/csv", example = "connection,order_id,parcel,courier_service,tracking_number,handed_over_at\n01KAC,026-1520163-6049104,P-1,DPD/next-day,15501234567890,2026-11-20T16:00:00Z\n"),
    )),
    responses(
        (status = 202, body = RowsResult),
    )
)]
pub async fn post(
    tenant: Tenant<scope::Desk>,
    State(app): State<Arc<App>>,
    rows: Rows<DispatchRows>,
) -> Answer<(StatusCode, Json<RowsResult>)> {
    let mut result = RowsResult::default();
    let mut read = Vec::new();
    for (number, decoded) in rows.decoded() {
        match row::read(number, decoded) {
            Ok(row) => read.push(row),
            Err(rejected) => result.rejected.push(rejected),
        }
    }
    queue_rows(&app, &tenant, read, &mut result).await?;
    result.rejected.sort_by_key(|rejected| rejected.row);
    Ok((StatusCode::ACCEPTED, Json(result)))
}

/// Judges each row and queues those that are worth a write; returns once all are queued.
async fn queue_rows(
    app: &App,
    tenant: &TenantId,
    rows: Vec<Row>,
    result: &mut RowsResult,
) -> Result<()> {
    let mut messages: BTreeMap<ConnectionId, Vec<DispatchMessage>> = BTreeMap::new();
    let now = Timestamp::now();
    for (row, verdict) in judged(&app.store, tenant, rows, now).await? {
        match verdict {
            Verdict::Queued => {
                result.accepted += 1;
                let queued = messages.entry(row.connection.clone()).or_default();
                queued.push(row.message(tenant, now));
            }
            Verdict::Unchanged => result.unchanged += 1,
            Verdict::Refused(code, detail) => result.rejected.push(row.rejected(code, detail)),
        }
    }
    for (connection, messages) in messages {
        app.dispatches.send_all(&connection, messages).await?;
    }
    Ok(())
}

async fn judged(
    store: &Store,
    tenant: &TenantId,
    rows: Vec<Row>,
    now: Timestamp,
) -> Result<Vec<(Row, Verdict)>> {
    let connections = connections(store, tenant, &rows).await?;
    let judge = |row: Row| {
        let connection = connections.get(&row.connection);
        async move {
            let verdict = verdict(store, connection, &row, now).await?;
            Ok::<_, Error>((row, verdict))
        }
    };
    let judged = futures::stream::iter(rows.into_iter().map(judge));
    judged.buffered(CONCURRENCY).try_collect().await
}

async fn connections(
    store: &Store,
    tenant: &TenantId,
    rows: &[Row],
) -> Result<BTreeMap<ConnectionId, Connection>> {
    let ids: BTreeSet<&ConnectionId> = rows.iter().map(|row| &row.connection).collect();
    let mut found = BTreeMap::new();
    for id in ids {
        let connection = store.connection(&ConnectionKey::new(tenant, id)).await?;
        found.extend(connection.map(|connection| (id.clone(), connection)));
    }
    Ok(found)
}

async fn verdict(
    store: &Store,
    connection: Option<&Connection>,
    row: &Row,
    now: Timestamp,
) -> Result<Verdict> {
    let not_found = || Verdict::Refused(RowCode::NotFound, "There is no such order.".to_owned());
    let Some(connection) = connection else {
        return Ok(not_found());
    };
    if connection.status == ConnectionStatus::Disconnected {
        let detail = "The connection was disconnected for good.".to_owned();
        return Ok(Verdict::Refused(RowCode::Disconnected, detail));
    }
    let key = &connection.key();
    let Some(stored) = store.order(key, &row.order_id).await? else {
        return Ok(not_found());
    };
    let others = store.dispatches(key, &row.order_id).await?;
    let request = row.request(now);
    let decision = decide(&stored, &others, &request, connection.confirm_at, now);
    Ok(match decision {
        DispatchDecision::Same(_) => Verdict::Unchanged,
        DispatchDecision::Write { .. } => Verdict::Queued,
        DispatchDecision::Refused(refusal) => {
            Verdict::Refused(refusal.code().into(), refusal.to_string())
        }
    })
}
