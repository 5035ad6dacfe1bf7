//! `POST /orders/hold`, `…/release` and the same of one order: a person's word that it must not be shipped for now.

use crate::App;
use crate::answer::WholeOrder;
use crate::change::{Step, change_one};
use crate::desk::OrderKey;
use crate::outcome::{OrderRef, Outcome, Reads, Results, each};
use crate::take_over::decide;
use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use serde::Deserialize;
use stallkeeper::api::{Answer, Body, Problem, Tenant, Text, scope};
use stallkeeper::domain::courier::Reason;
use stallkeeper::domain::ids::ConnectionKey;
use stallkeeper::domain::order::{HistoryKind, OrderHold, OrderStatus, StoredOrder};
use stallkeeper::store::Settings;
use std::sync::Arc;
use utoipa::ToSchema;

/// What a release adds to an order's history.
const RELEASED: &str = "a person released the order";

/// Why an order must not be shipped for now.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HoldRequest {
    /// For colleagues; 1 to 200 characters. Not the place for anything about the buyer.
    #[schema(example = "the mug is out of its box")]
    reason: Text<200>,
}

/// The orders that must not be shipped for now, and why.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HoldOrdersRequest {
    #[schema(min_items = 1, max_items = 100)]
    orders: Vec<OrderRef>,
    /// For colleagues; 1 to 200 characters. Not the place for anything about the buyer.
    #[schema(example = "the shelf is being counted")]
    reason: Text<200>,
}

/// The orders that a person releases.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReleaseOrdersRequest {
    #[schema(min_items = 1, max_items = 100)]
    orders: Vec<OrderRef>,
}

/// Hold an order that is `ready` or waits.
///
/// It is `pending_review` with reason `held`, and no rule frees it, until a person releases it or picks a courier service
/// for it. Holding it again replaces the reason.
#[utoipa::path(
    post, path = "/orders/{connection}/{order}/hold", operation_id = "holdOrder", tag = "desk",
    request_body = HoldRequest,
    responses(
        (status = 200, description = "The order as it is now", body = WholeOrder),
        (status = 409, description = "It is neither ready nor waiting; `current` is the order as it is now"),
        (status = 422, description = "No reason, or a long one"),
    )
)]
pub async fn hold(
    tenant: Tenant<scope::Desk>,
    key: OrderKey,
    State(app): State<Arc<App>>,
    Body(HoldRequest { reason }): Body<HoldRequest>,
) -> Answer<Json<WholeOrder>> {
    let reason = reason.checked("/reason")?;
    change_one(&app, &tenant, &key, |stored, now| {
        held(stored, &reason, now)
    })
    .await
}

/// Holds orders that are `ready` or wait, each row for itself, as for one order. One that is neither is `not_open`.
#[utoipa::path(
    post, path = "/orders/hold", operation_id = "holdOrders", tag = "desk",
    request_body = HoldOrdersRequest,
    responses(
        (status = 200, body = Results),
        (status = 422, description = "No order, or more than 100; no reason, or a long one"),
    )
)]
pub async fn hold_many(
    tenant: Tenant<scope::Desk>,
    State(app): State<Arc<App>>,
    Body(HoldOrdersRequest { orders, reason }): Body<HoldOrdersRequest>,
) -> Answer<Json<Results>> {
    let reason = reason.checked("/reason")?;
    let how = (Outcome::Held, Reads::OrderAlone);
    each(&app, &tenant, orders, how, |_, stored, _, now| {
        held(stored, &reason, now)
    })
    .await
}

/// Releases an order that a person holds: it goes where today's rules put it. One that is not held stays as it is.
#[utoipa::path(
    post, path = "/orders/{connection}/{order}/release", operation_id = "releaseOrder", tag = "desk",
    responses(
        (status = 200, description = "The order as it is now", body = WholeOrder),
        (status = 409, description = "It was changed again and again meanwhile; `current` is the order as it is now"),
    )
)]
pub async fn release(
    tenant: Tenant<scope::Desk>,
    key: OrderKey,
    State(app): State<Arc<App>>,
) -> Answer<Json<WholeOrder>> {
    let connection = ConnectionKey::new(&tenant, &key.connection);
    let settings = app.store.settings(&connection).await?;
    change_one(&app, &tenant, &key, |stored, now| {
        released(stored, &settings, RELEASED, now)
    })
    .await
}

/// Releases orders that a person holds, each row for itself: each goes where today's rules put it. One that is not held is
/// `already`.
#[utoipa::path(
    post, path = "/orders/release", operation_id = "releaseOrders", tag = "desk",
    request_body = ReleaseOrdersRequest,
    responses(
        (status = 200, body = Results),
        (status = 422, description = "No order, or more than 100"),
    )
)]
pub async fn release_many(
    tenant: Tenant<scope::Desk>,
    State(app): State<Arc<App>>,
    Body(ReleaseOrdersRequest { orders }): Body<ReleaseOrdersRequest>,
) -> Answer<Json<Results>> {
    let how = (Outcome::Released, Reads::Settings);
    each(&app, &tenant, orders, how, |_, stored, settings, now| {
        released(stored, settings, RELEASED, now)
    })
    .await
}

fn held(stored: &StoredOrder, reason: &str, now: Timestamp) -> Step {
    if !stored.is_ready() && stored.status != OrderStatus::PendingReview {
        let problem = Problem::conflict(
            "not-open",
            "The order is neither ready nor waiting.",
            format!("It is `{}`.", stored.status.as_str()),
        );
        return Step::refuse(Outcome::NotOpen, problem);
    }
    let mut order = stored.clone();
    order.status = OrderStatus::PendingReview;
    order.decision.reason = Some(Reason::Held);
    order.held = Some(OrderHold {
        reason: reason.to_owned(),
        since: now,
    });
    let note = format!("a person holds the order: {reason}");
    Step::write(order, HistoryKind::Held, note, now)
}

/// Nothing of it is left to ship, unless Amazon refuses.
pub(crate) fn being_cancelled() -> Problem {
    Problem::conflict(
        "being-cancelled",
        "All that is open of the order is being cancelled at Amazon.",
        "It is open again if Amazon refuses: see `cancellations` of the order.",
    )
}

pub(crate) fn released(
    stored: &StoredOrder,
    settings: &Settings,
    note: &str,
    now: Timestamp,
) -> Step {
    if stored.held.is_none() {
        return Step::Leave;
    }
    if stored.is_being_cancelled() {
        return Step::refuse(Outcome::NotOpen, being_cancelled());
    }
    let mut order = stored.clone();
    order.held = None;
    order.status = decide(&mut order, settings);
    Step::write(order, HistoryKind::Released, note, now)
}
