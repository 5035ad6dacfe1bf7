//! `POST /orders/{connection}/{order}/hold` and `…/release`: a person's word that an order must not be shipped for now.

use crate::App;
use crate::answer::WholeOrder;
use crate::desk::OrderKey;
use crate::show::whole;
use crate::take_over::decide;
use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use serde::Deserialize;
use stallkeeper::api::{Answer, Body, Problem, Tenant, Text, scope};
use stallkeeper::domain::courier::Reason;
use stallkeeper::domain::ids::ConnectionKey;
use stallkeeper::domain::order::{HistoryEntry, HistoryKind, OrderHold, OrderStatus, StoredOrder};
use stallkeeper::store::{Settings, Written};
use std::sync::Arc;
use utoipa::ToSchema;

/// Why an order must not be shipped for now.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HoldRequest {
    /// For colleagues; 1 to 200 characters. Not the place for anything about the buyer.
    #[schema(example = "the mug is out of its box")]
    reason: Text<200>,
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
    change(&app, &tenant, &key, |stored, _, now| {
        if stored.is_ready() || stored.status == OrderStatus::PendingReview {
            Step::Write(Box::new(held(stored, &reason, now)))
        } else {
            Step::Refuse
        }
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
    change(&app, &tenant, &key, |stored, settings, now| {
        match &stored.held {
            Some(_) => Step::Write(Box::new(released(stored, settings, now))),
            None => Step::Leave,
        }
    })
    .await
}

/// What a request makes of an order.
enum Step {
    Write(Box<(StoredOrder, HistoryEntry)>),
    Leave,
    Refuse,
}

async fn change(
    app: &App,
    tenant: &Tenant<scope::Desk>,
    key: &OrderKey,
    step: impl Fn(&StoredOrder, &Settings, Timestamp) -> Step,
) -> Answer<Json<WholeOrder>> {
    let connection = ConnectionKey::new(tenant, &key.connection);
    let settings = app.store.settings(&connection).await?;
    let read = async || {
        let stored = app.store.order(&connection, &key.order).await?;
        stored.ok_or_else(|| Problem::not_found("order"))
    };
    for () in Written::attempts() {
        let stored = read().await?;
        match step(&stored, &settings, Timestamp::now()) {
            Step::Leave => return Ok(Json(whole(app, stored).await?)),
            Step::Refuse => {
                let problem = Problem::conflict(
                    "not-open",
                    "The order is neither ready nor waiting.",
                    format!("It is `{}`.", stored.status.as_str()),
                );
                return Err(problem.showing(&whole(app, stored).await?));
            }
            Step::Write(write) => {
                let (order, entry) = *write;
                if app.store.replace_order(&order, &entry).await? == Written::Done {
                    return Ok(Json(whole(app, order).await?));
                }
            }
        }
    }
    let problem = Problem::conflict(
        "changed-meanwhile",
        "The order was changed meanwhile.",
        "Look at `current`, the order as it is now, and try again.",
    );
    Err(problem.showing(&whole(app, read().await?).await?))
}

fn held(stored: &StoredOrder, reason: &str, now: Timestamp) -> (StoredOrder, HistoryEntry) {
    let mut order = stored.clone();
    order.status = OrderStatus::PendingReview;
    order.revision += 1;
    order.decision.reason = Some(Reason::Held);
    order.held = Some(OrderHold {
        reason: reason.to_owned(),
        since: now,
    });
    let note = format!("a person holds the order: {reason}");
    (order, entry(now, HistoryKind::Held, note))
}

fn released(
    stored: &StoredOrder,
    settings: &Settings,
    now: Timestamp,
) -> (StoredOrder, HistoryEntry) {
    let mut order = stored.clone();
    order.held = None;
    order.revision += 1;
    order.status = decide(&mut order, settings);
    let note = "a person released the order".to_owned();
    (order, entry(now, HistoryKind::Released, note))
}

fn entry(at: Timestamp, kind: HistoryKind, note: String) -> HistoryEntry {
    HistoryEntry { at, kind, note }
}
