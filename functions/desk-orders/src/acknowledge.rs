//! `POST /orders/acknowledge`: the platform takes orders over, each row for itself.

use crate::App;
use axum::Json;
use axum::extract::State;
use futures::StreamExt as _;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use stallkeeper::api::{Answer, Body, Problem, Revision, Tenant, scope};
use stallkeeper::domain::ids::{ConnectionKey, OrderId, TenantId, WarehouseCode};
use stallkeeper::domain::order::{HistoryEntry, HistoryKind, OrderStatus, StoredOrder};
use stallkeeper::error::Result;
use stallkeeper::store::{Store, Written};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use tracing::error;
use utoipa::ToSchema;

/// How many orders one request may name.
const MOST_ORDERS: usize = 100;
/// How many of them are worked on at a time.
const CONCURRENCY: usize = 10;
/// The orders to take over.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Acknowledgement {
    #[schema(min_items = 1, max_items = 100)]
    orders: Vec<AcknowledgeRow>,
}

/// An order to take over.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AcknowledgeOrder)]
pub struct AcknowledgeRow {
    /// Connection id.
    connection: String,
    /// Amazon's order id.
    id: String,
    /// The revision that was read and is about to be shipped. Given, an order that was changed since is not taken over; left
    /// out, it is taken over as it is now.
    revision: Option<Revision>,
    /// The warehouse that it is sent from, as the stock levels name it: the first level of that warehouse measured
    /// afterwards ends its reservation. If it is left out, each warehouse with stock is waited for.
    #[schema(example = "LON")]
    warehouse: Option<WarehouseCode>,
}

impl AcknowledgeRow {
    fn named(&self) -> OrderRef {
        OrderRef {
            connection: self.connection.clone(),
            id: self.id.clone(),
        }
    }
}

/// An order, by its ids.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = OrderIds)]
pub struct OrderRef {
    /// Connection id.
    pub(crate) connection: String,
    /// Amazon's order id.
    pub(crate) id: String,
}

impl OrderRef {
    /// The order's keys; what is no id names no order.
    pub(crate) fn key(&self, tenant: &TenantId) -> Option<(ConnectionKey, OrderId)> {
        let connection = self.connection.parse().ok()?;
        Some((
            ConnectionKey::new(tenant, &connection),
            self.id.parse().ok()?,
        ))
    }
}

/// What became of each order, in the order of the request.
#[derive(Debug, Serialize, ToSchema)]
pub struct Acknowledged {
    orders: Vec<Row>,
}

/// What became of one order.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AcknowledgedOrder)]
pub struct Row {
    /// Connection id.
    connection: String,
    /// Amazon's order id.
    id: String,
    #[serde(flatten)]
    result: Outcome,
}

/// What became of one order, and its current status.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = AcknowledgeResult)]
pub struct Outcome {
    outcome: Word,
    /// The current status; `null` if there is no order.
    status: Option<OrderStatus>,
    /// The current revision; `null` if there is no order.
    revision: Option<u64>,
    /// The courier service it goes with.
    service: Option<String>,
    acknowledged_at: Option<Timestamp>,
}

/// What became of a row.
///
/// `acknowledged`: just now. `already`: before, or it was shipped. `changed`: it is not as it was at the given revision;
/// read it again. `not_ready`: see `status`. `not_found`: no such order of this tenant. `failed`: could not be served now;
/// send it again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = AcknowledgeOutcome)]
pub enum Word {
    Acknowledged,
    Already,
    Changed,
    NotReady,
    NotFound,
    Failed,
}

/// Takes over orders that are `ready`. Every order gets a row of its own; one that fails keeps none from the others.
///
/// One that is `partly_dispatched` and was not taken over before is taken over only with the `revision` that was read:
/// somebody else has shipped a part of it.
///
/// Sending the same again is safe: what was taken over is `already` then.
#[utoipa::path(
    post, path = "/orders/acknowledge", operation_id = "acknowledgeOrders", tag = "desk",
    request_body = Acknowledgement,
    responses(
        (status = 200, body = Acknowledged),
        (status = 422, description = "No order, or more than 100"),
    )
)]
pub async fn acknowledge(
    tenant: Tenant<scope::Desk>,
    State(app): State<Arc<App>>,
    Body(Acknowledgement { orders }): Body<Acknowledgement>,
) -> Answer<Json<Acknowledged>> {
    if !(1..=MOST_ORDERS).contains(&orders.len()) {
        let words = format!("name 1 to {MOST_ORDERS} orders");
        return Err(Problem::invalid("/orders", words));
    }
    // An order that is named twice is taken once: two attempts at once would be in each other's way.
    let distinct: BTreeSet<AcknowledgeRow> = orders.iter().cloned().collect();
    let results: HashMap<AcknowledgeRow, Outcome> = futures::stream::iter(distinct)
        .map(|row| async {
            let result = one(&app.store, &tenant, &row).await;
            (row, result)
        })
        .buffer_unordered(CONCURRENCY)
        .collect()
        .await;
    let rows = orders.iter().filter_map(|row| {
        Some(Row {
            connection: row.connection.clone(),
            id: row.id.clone(),
            result: results.get(row)?.clone(),
        })
    });
    Ok(Json(Acknowledged {
        orders: rows.collect(),
    }))
}

async fn one(store: &Store, tenant: &TenantId, row: &AcknowledgeRow) -> Outcome {
    let result = acknowledge_one(store, tenant, row).await;
    result.unwrap_or_else(|failure| {
        error!(
            connection.id = row.connection,
            order.id = row.id,
            error.class = failure.class().name(),
            error = failure.chain(),
            "an order could not be acknowledged"
        );
        Outcome::without_order(Word::Failed)
    })
}

async fn acknowledge_one(
    store: &Store,
    tenant: &TenantId,
    row: &AcknowledgeRow,
) -> Result<Outcome> {
    let Some((key, id)) = row.named().key(tenant) else {
        return Ok(Outcome::without_order(Word::NotFound));
    };
    for () in Written::attempts() {
        let Some(stored) = store.order(&key, &id).await? else {
            return Ok(Outcome::without_order(Word::NotFound));
        };
        match decide(&stored, row, Timestamp::now()) {
            TakeOver::Already => return Ok(Outcome::of(Word::Already, &stored)),
            TakeOver::Changed => return Ok(Outcome::of(Word::Changed, &stored)),
            TakeOver::NotReady => return Ok(Outcome::of(Word::NotReady, &stored)),
            TakeOver::Taken(order, entry) => {
                if store.replace_order(&order, &entry).await? == Written::Done {
                    return Ok(Outcome::of(Word::Acknowledged, &order));
                }
            }
        }
    }
    Ok(Outcome::without_order(Word::Failed))
}

impl Outcome {
    fn of(outcome: Word, stored: &StoredOrder) -> Self {
        Self {
            outcome,
            status: Some(stored.status),
            revision: Some(stored.revision),
            service: stored.decision.service.as_ref().map(ToString::to_string),
            acknowledged_at: stored.acknowledged_at,
        }
    }

    fn without_order(outcome: Word) -> Self {
        Self {
            outcome,
            status: None,
            revision: None,
            service: None,
            acknowledged_at: None,
        }
    }
}

/// What becomes of taking over an order.
#[derive(Debug, PartialEq, Eq)]
pub enum TakeOver {
    /// To be stored, with what it adds to the history.
    Taken(Box<StoredOrder>, HistoryEntry),
    Already,
    /// It is not what was read.
    Changed,
    NotReady,
}

/// Decides on taking over an order. A shipped order counts as taken over: shipping acknowledges.
pub fn decide(stored: &StoredOrder, row: &AcknowledgeRow, now: Timestamp) -> TakeOver {
    let read = row.revision.map(Revision::get);
    let is_as_read = read.is_none_or(|read| read == stored.revision);
    let is_taken = stored.acknowledged_at.is_some();
    match stored.status {
        OrderStatus::PartlyDispatched if !is_taken => match read {
            // Somebody has shipped a part of it: only who has read that may ship the rest.
            Some(_) if is_as_read => taken(stored, row, now),
            Some(_) => TakeOver::Changed,
            None => TakeOver::NotReady,
        },
        OrderStatus::Acknowledged | OrderStatus::PartlyDispatched | OrderStatus::Dispatched
            if is_as_read || repeats(stored, read) =>
        {
            TakeOver::Already
        }
        _ if !is_as_read => TakeOver::Changed,
        OrderStatus::Ready => taken(stored, row, now),
        OrderStatus::Acknowledged | OrderStatus::PartlyDispatched | OrderStatus::Dispatched => {
            TakeOver::Already
        }
        OrderStatus::Parked
        | OrderStatus::Elsewhere
        | OrderStatus::AwaitingPayment
        | OrderStatus::PendingReview
        | OrderStatus::Cancelled => TakeOver::NotReady,
    }
}

fn taken(stored: &StoredOrder, row: &AcknowledgeRow, now: Timestamp) -> TakeOver {
    let mut order = stored.clone();
    if stored.status == OrderStatus::Ready {
        order.status = OrderStatus::Acknowledged;
    }
    order.acknowledged_at = Some(now);
    order.acknowledged_revision = Some(stored.revision);
    // Spaces around a code would make it another one.
    order.warehouse = row
        .warehouse
        .as_ref()
        .and_then(|it| it.as_str().trim().parse().ok());
    order.revision += 1;
    let entry = HistoryEntry {
        at: now,
        kind: HistoryKind::Acknowledged,
        note: "the platform took the order over".to_owned(),
    };
    TakeOver::Taken(Box::new(order), entry)
}

/// Whether the order was taken over as of just this revision: the request came before. Older releases kept no revision.
fn repeats(stored: &StoredOrder, read: Option<u64>) -> bool {
    stored
        .acknowledged_revision
        .is_none_or(|acknowledged| Some(acknowledged) == read)
}
