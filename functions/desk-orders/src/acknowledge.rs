//! `POST /orders/acknowledge`: the platform takes orders over, each row for itself.

use crate::App;
use axum::Json;
use axum::extract::State;
use futures::StreamExt as _;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use stallkeeper::api::{Answer, Body, Problem, Tenant, scope};
use stallkeeper::domain::ids::{ConnectionKey, TenantId};
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
    orders: Vec<OrderRef>,
}

/// An order, by its ids.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = OrderIds)]
pub struct OrderRef {
    /// Connection id.
    connection: String,
    /// Amazon's order id.
    id: String,
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
    /// The courier service it goes with.
    service: Option<String>,
    acknowledged_at: Option<Timestamp>,
}

/// `acknowledged`: just now. `already`: before, or it was shipped. `not_ready`: see `status`. `not_found`: no such order
/// of this tenant. `failed`: could not be served now; send it again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = AcknowledgeOutcome)]
pub enum Word {
    Acknowledged,
    Already,
    NotReady,
    NotFound,
    Failed,
}

/// Takes over orders that are `ready`. Every order gets a row of its own; one that fails keeps none from the others.
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
    let distinct: BTreeSet<OrderRef> = orders.iter().cloned().collect();
    let results: HashMap<OrderRef, Outcome> = futures::stream::iter(distinct)
        .map(|order| async {
            let result = one(&app.store, &tenant, &order).await;
            (order, result)
        })
        .buffer_unordered(CONCURRENCY)
        .collect()
        .await;
    let rows = orders.into_iter().filter_map(|order| {
        let result = results.get(&order)?.clone();
        Some(Row {
            connection: order.connection,
            id: order.id,
            result,
        })
    });
    Ok(Json(Acknowledged {
        orders: rows.collect(),
    }))
}

async fn one(store: &Store, tenant: &TenantId, order: &OrderRef) -> Outcome {
    let result = take_over(store, tenant, order).await;
    result.unwrap_or_else(|failure| {
        error!(
            connection.id = order.connection,
            order.id = order.id,
            error.class = failure.class().name(),
            error = failure.chain(),
            "an order could not be acknowledged"
        );
        Outcome::without_order(Word::Failed)
    })
}

async fn take_over(store: &Store, tenant: &TenantId, order: &OrderRef) -> Result<Outcome> {
    let (Ok(connection), Ok(id)) = (order.connection.parse(), order.id.parse()) else {
        return Ok(Outcome::without_order(Word::NotFound));
    };
    for () in Written::attempts() {
        let key = ConnectionKey::new(tenant, &connection);
        let Some(stored) = store.order(&key, &id).await? else {
            return Ok(Outcome::without_order(Word::NotFound));
        };
        match decide(&stored, Timestamp::now()) {
            TakeOver::Already => return Ok(Outcome::of(Word::Already, &stored)),
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
            service: stored.decision.service.as_ref().map(ToString::to_string),
            acknowledged_at: stored.acknowledged_at,
        }
    }

    fn without_order(outcome: Word) -> Self {
        Self {
            outcome,
            status: None,
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
    NotReady,
}

/// Decides on taking over an order. A shipped order counts as taken over: shipping acknowledges.
pub fn decide(stored: &StoredOrder, now: Timestamp) -> TakeOver {
    match stored.status {
        OrderStatus::Ready => {
            let mut order = stored.clone();
            order.status = OrderStatus::Acknowledged;
            order.acknowledged_at = Some(now);
            order.revision += 1;
            let entry = HistoryEntry {
                at: now,
                kind: HistoryKind::Acknowledged,
                note: "the platform took the order over".to_owned(),
            };
            TakeOver::Taken(Box::new(order), entry)
        }
        OrderStatus::Acknowledged | OrderStatus::Dispatched => TakeOver::Already,
        OrderStatus::Parked
        | OrderStatus::AwaitingPayment
        | OrderStatus::PendingReview
        | OrderStatus::Cancelled => TakeOver::NotReady,
    }
}
