//! `POST /orders/acknowledge`: the platform takes orders over; `POST /orders/give-back`: it gives them back. Each row for
//! itself.

use crate::App;
use crate::change::Step;
use crate::hold::being_cancelled;
use crate::outcome::{NamesOrder, Outcome, Reads, Results, each};
use crate::take_over::decide as todays_rules;
use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use serde::Deserialize;
use stallkeeper::api::{Answer, Body, Problem, Revision, Tenant, scope};
use stallkeeper::domain::ids::WarehouseCode;
use stallkeeper::domain::order::{HistoryKind, LineClaim, OrderStatus, StoredOrder};
use stallkeeper::store::Settings;
use std::sync::Arc;
use utoipa::ToSchema;

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

impl NamesOrder for AcknowledgeRow {
    fn ids(&self) -> (&str, &str) {
        (&self.connection, &self.id)
    }
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
        (status = 200, body = Results),
        (status = 422, description = "No order, or more than 100"),
    )
)]
pub async fn acknowledge(
    tenant: Tenant<scope::Desk>,
    State(app): State<Arc<App>>,
    Body(Acknowledgement { orders }): Body<Acknowledgement>,
) -> Answer<Json<Results>> {
    let how = (Outcome::Acknowledged, Reads::OrderAlone);
    each(&app, &tenant, orders, how, |row, stored, _, now| {
        decide(stored, row, now)
    })
    .await
}

/// Decides on taking over an order. A shipped order counts as taken over: shipping acknowledges.
pub fn decide(stored: &StoredOrder, row: &AcknowledgeRow, now: Timestamp) -> Step {
    let read = row.revision.map(Revision::get);
    let is_as_read = read.is_none_or(|read| read == stored.revision);
    let is_taken = stored.acknowledged_at.is_some();
    match stored.status {
        OrderStatus::PartlyDispatched if !is_taken => match read {
            // Somebody has shipped a part of it: only who has read that may ship the rest.
            Some(_) if is_as_read => taken(stored, row, now),
            Some(_) => Step::changed(),
            None => not_ready(stored),
        },
        OrderStatus::Acknowledged | OrderStatus::PartlyDispatched | OrderStatus::Dispatched
            if is_as_read || repeats(stored, read) =>
        {
            Step::Leave
        }
        _ if !is_as_read => Step::changed(),
        OrderStatus::Ready => taken(stored, row, now),
        OrderStatus::Acknowledged | OrderStatus::PartlyDispatched | OrderStatus::Dispatched => {
            Step::Leave
        }
        OrderStatus::Parked
        | OrderStatus::Elsewhere
        | OrderStatus::AwaitingPayment
        | OrderStatus::PendingReview
        | OrderStatus::Cancelled => not_ready(stored),
    }
}

fn not_ready(stored: &StoredOrder) -> Step {
    let detail = match stored.status {
        OrderStatus::PartlyDispatched => {
            "Somebody else shipped a part of it: send the `revision` that you read.".to_owned()
        }
        status => format!("It is `{}`.", status.as_str()),
    };
    let problem = Problem::conflict("not-ready", "The order is not ready.", detail);
    Step::refuse(Outcome::NotReady, problem)
}

fn taken(stored: &StoredOrder, row: &AcknowledgeRow, now: Timestamp) -> Step {
    if stored.is_being_cancelled() {
        return Step::refuse(Outcome::NotOpen, being_cancelled());
    }
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
    let note = "the platform took the order over";
    Step::write(order, HistoryKind::Acknowledged, note, now)
}

/// Whether the order was taken over as of just this revision: the request came before. Older releases kept no revision.
fn repeats(stored: &StoredOrder, read: Option<u64>) -> bool {
    stored
        .acknowledged_revision
        .is_none_or(|acknowledged| Some(acknowledged) == read)
}

/// The orders that the platform gives back.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = GiveBackRequest)]
pub struct GiveBack {
    #[schema(min_items = 1, max_items = 100)]
    orders: Vec<GiveBackRow>,
}

/// An order to give back.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = GiveBackOrder)]
pub struct GiveBackRow {
    /// Connection id.
    connection: String,
    /// Amazon's order id.
    id: String,
    /// The revision that was read. Given, an order that was changed since is not given back.
    revision: Option<Revision>,
}

impl NamesOrder for GiveBackRow {
    fn ids(&self) -> (&str, &str) {
        (&self.connection, &self.id)
    }
}

/// Gives back orders that were taken over and are not shipped: the platform does not ship what is open of them.
///
/// Each goes where today's rules put it (`ready`, `partly_dispatched` or `pending_review`), can be taken over again, and
/// reserves its units again as before it was taken over. One that nobody has taken over is `already`; one that is shipped or
/// cancelled is `not_acknowledged`, one of which a parcel was handed over `handed_over`. Sending the same again is safe.
#[utoipa::path(
    post, path = "/orders/give-back", operation_id = "giveBackOrders", tag = "desk",
    request_body = GiveBack,
    responses(
        (status = 200, body = Results),
        (status = 422, description = "No order, or more than 100"),
    )
)]
pub async fn give_back(
    tenant: Tenant<scope::Desk>,
    State(app): State<Arc<App>>,
    Body(GiveBack { orders }): Body<GiveBack>,
) -> Answer<Json<Results>> {
    let how = (Outcome::GivenBack, Reads::Settings);
    each(&app, &tenant, orders, how, |row, stored, settings, now| {
        let seen = row.revision.map(Revision::get);
        given_back(stored, seen, settings, now)
    })
    .await
}

fn given_back(
    stored: &StoredOrder,
    seen: Option<u64>,
    settings: &Settings,
    now: Timestamp,
) -> Step {
    let is_open = matches!(
        stored.status,
        OrderStatus::Acknowledged | OrderStatus::PartlyDispatched
    );
    let waits = stored.is_ready() || stored.status == OrderStatus::PendingReview;
    if waits {
        return Step::Leave;
    }
    // What Amazon fulfils was never given to the platform.
    if !is_open || stored.acknowledged_at.is_none() {
        let detail = format!("It is `{}`.", stored.status.as_str());
        let title = "The order is not one that the platform has taken over and is still to ship.";
        let problem = Problem::conflict("not-acknowledged", title, detail);
        return Step::refuse(Outcome::NotAcknowledged, problem);
    }
    if seen.is_some_and(|seen| seen != stored.revision) {
        return Step::changed();
    }
    // Given back, it would be offered to others while it is cancelled at Amazon.
    if stored.is_being_cancelled() {
        return Step::refuse(Outcome::NotOpen, being_cancelled());
    }
    if stored.claims.iter().any(LineClaim::ships) {
        let title = "A parcel of the order was handed over.";
        let detail = "What is open of it stays with the platform: dispatch or cancel it.";
        return Step::refuse(
            Outcome::HandedOver,
            Problem::conflict("handed-over", title, detail),
        );
    }
    let mut order = stored.clone();
    order.acknowledged_at = None;
    order.acknowledged_revision = None;
    order.warehouse = None;
    order.given_back_at = Some(now);
    order.status = todays_rules(&mut order, settings);
    let note = "the platform gave the order back";
    Step::write(order, HistoryKind::GivenBack, note, now)
}
