//! `POST /orders/take-over`: orders that were bought before the take-over moment become ours, each row for itself.

use crate::App;
use crate::acknowledge::OrderRef;
use axum::Json;
use axum::extract::State;
use futures::StreamExt as _;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use stallkeeper::api::{Answer, Body, Problem, Tenant, scope};
use stallkeeper::domain::courier::{
    Choice, Couriers, LabelSource, Switches, choose, fitness_by_hand,
};
use stallkeeper::domain::ids::TenantId;
use stallkeeper::domain::order::{
    AmazonStatus, HistoryEntry, HistoryKind, OrderStatus, StoredOrder,
};
use stallkeeper::error::Result;
use stallkeeper::store::{Settings, Store, Written};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use tracing::error;
use utoipa::ToSchema;

/// How many orders one request may name.
const MOST_ORDERS: usize = 100;
/// How many of them are worked on at a time.
const CONCURRENCY: usize = 10;

/// The orders that become ours.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = TakeOverRequest)]
pub struct Request {
    #[schema(min_items = 1, max_items = 100)]
    orders: Vec<OrderRef>,
}

/// What became of each order, in the order of the request.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TakeOverSummary)]
pub struct Summary {
    orders: Vec<Row>,
}

/// What became of one order.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TakenOverOrder)]
pub struct Row {
    /// Connection id.
    connection: String,
    /// Amazon's order id.
    id: String,
    outcome: Word,
    /// The current status; `null` if there is no order.
    status: Option<OrderStatus>,
}

/// `taken_over`: just now; see `status`. `not_elsewhere`: it is ours already, or over. `not_found`: no such order of this
/// tenant. `failed`: could not be served now; send it again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = TakeOverOutcome)]
pub enum Word {
    TakenOver,
    NotElsewhere,
    NotFound,
    Failed,
}

/// Takes over orders that are `elsewhere`, although they were bought before the take-over moment: from now on they are ours
/// to ship, and reserve stock.
///
/// Each goes where it would be if it had always been ours: `ready`, `pending_review` or `awaiting_payment`. Make sure that
/// nobody else ships it. Every order gets a row of its own; sending the same again is safe.
#[utoipa::path(
    post, path = "/orders/take-over", operation_id = "takeOverOrders", tag = "desk",
    request_body = Request,
    responses(
        (status = 200, body = Summary),
        (status = 422, description = "No order, or more than 100"),
    )
)]
pub async fn take_over(
    tenant: Tenant<scope::Desk>,
    State(app): State<Arc<App>>,
    Body(Request { orders }): Body<Request>,
) -> Answer<Json<Summary>> {
    if !(1..=MOST_ORDERS).contains(&orders.len()) {
        let words = format!("name 1 to {MOST_ORDERS} orders");
        return Err(Problem::invalid("/orders", words));
    }
    let distinct: BTreeSet<OrderRef> = orders.iter().cloned().collect();
    let results: HashMap<OrderRef, (Word, Option<OrderStatus>)> = futures::stream::iter(distinct)
        .map(|named| async {
            let result = one(&app.store, &tenant, &named).await;
            (named, result)
        })
        .buffer_unordered(CONCURRENCY)
        .collect()
        .await;
    let rows = orders.into_iter().filter_map(|order| {
        let (outcome, status) = *results.get(&order)?;
        Some(Row {
            connection: order.connection,
            id: order.id,
            outcome,
            status,
        })
    });
    Ok(Json(Summary {
        orders: rows.collect(),
    }))
}

async fn one(store: &Store, tenant: &TenantId, named: &OrderRef) -> (Word, Option<OrderStatus>) {
    let result = take_over_one(store, tenant, named).await;
    result.unwrap_or_else(|failure| {
        error!(
            connection.id = named.connection,
            order.id = named.id,
            error.class = failure.class().name(),
            error = failure.chain(),
            "an order could not be taken over"
        );
        (Word::Failed, None)
    })
}

async fn take_over_one(
    store: &Store,
    tenant: &TenantId,
    named: &OrderRef,
) -> Result<(Word, Option<OrderStatus>)> {
    let Some((key, id)) = named.key(tenant) else {
        return Ok((Word::NotFound, None));
    };
    for () in Written::attempts() {
        let Some(stored) = store.order(&key, &id).await? else {
            return Ok((Word::NotFound, None));
        };
        if stored.status != OrderStatus::Elsewhere {
            return Ok((Word::NotElsewhere, Some(stored.status)));
        }
        let settings = store.settings(&key).await?;
        let (order, entry) = taken_over(&stored, &settings, Timestamp::now());
        if store.replace_order(&order, &entry).await? == Written::Done {
            return Ok((Word::TakenOver, Some(order.status)));
        }
    }
    Ok((Word::Failed, None))
}

/// An order that was elsewhere, as ours: by the rules of this moment, since those of when it came may have changed.
fn taken_over(
    stored: &StoredOrder,
    settings: &Settings,
    now: Timestamp,
) -> (StoredOrder, HistoryEntry) {
    let mut order = stored.clone();
    order.taken_over_at = Some(now);
    order.revision += 1;
    order.decision.service = None;
    order.status = match stored.order.amazon_status {
        Some(AmazonStatus::PendingAvailability | AmazonStatus::Pending) => {
            order.decision.reason = None;
            OrderStatus::AwaitingPayment
        }
        Some(AmazonStatus::Unshipped | AmazonStatus::PartiallyShipped) => {
            decide(&mut order, settings)
        }
        // Its status is not known: why it would wait has been found before.
        _ => OrderStatus::PendingReview,
    };
    let note = "a person took the order over".to_owned();
    order.decision.explanation.push(note.clone());
    let entry = HistoryEntry {
        at: now,
        kind: HistoryKind::TakenOver,
        note,
    };
    (order, entry)
}

/// Chooses the courier service of an order that is to be shipped, and says which status that makes. A person's choice stays
/// if it still suits.
pub(crate) fn decide(order: &mut StoredOrder, settings: &Settings) -> OrderStatus {
    if choose_service(order, settings) {
        order.order.ready_status()
    } else {
        OrderStatus::PendingReview
    }
}

/// Whether it has all that it needs.
fn choose_service(order: &mut StoredOrder, settings: &Settings) -> bool {
    order.decision.reason = None;
    order.decision.candidates.clear();
    let requirements = &order.requirements;
    if requirements.blocked().is_none() && requirements.label_source() == LabelSource::Amazon {
        return true;
    }
    let none = Switches::default();
    let marketplace = settings
        .marketplaces
        .iter()
        .find(|settings| Some(settings.marketplace) == order.order.marketplace());
    let couriers = Couriers::new(settings.couriers.clone());
    let switches = marketplace.map_or(&none, |settings| &settings.couriers);
    let term = order.decision.term.as_ref();
    if let Some(service) = &order.decision.service
        && order.decision.by_person
        && !requirements.hides_lines()
        && fitness_by_hand(service, term, requirements, &couriers, switches).is_ok()
    {
        return true;
    }
    let mappings = settings.mappings.iter().cloned().collect();
    let choice = choose(term, requirements, &mappings, &couriers, switches);
    let decision = &mut order.decision;
    decision.by_person = false;
    decision.service = None;
    match choice {
        Choice::Courier {
            service,
            explanation,
            ..
        } => {
            decision.service = Some(service);
            decision.explanation = explanation;
            true
        }
        Choice::Review {
            reason,
            candidates,
            explanation,
        } => {
            decision.reason = Some(reason);
            decision.candidates = candidates;
            decision.explanation = explanation;
            false
        }
    }
}
