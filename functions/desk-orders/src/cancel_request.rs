//! `PUT /orders/{connection}/{order}/cancel-request`: the answer to a buyer who asks to cancel.

use crate::App;
use crate::answer::WholeOrder;
use crate::cancel::{Wish, claim};
use crate::change::{Step, change_one};
use crate::desk::OrderKey;
use crate::outcome::Outcome;
use crate::show::whole;
use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use serde::Deserialize;
use stallkeeper::api::{Answer, Body, Problem, Tenant, scope};
use stallkeeper::domain::cancellation::{CancelReason, CancelUnits, LineWish};
use stallkeeper::domain::ids::ConnectionKey;
use stallkeeper::domain::order::{HistoryKind, OrderItem, StoredOrder};
use std::sync::Arc;
use utoipa::ToSchema;

/// The answer to the buyer's wish to cancel.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CancelRequestAnswer)]
pub struct Request {
    answer: CancelAnswer,
}

/// `accept`: the lines that the buyer asks for are cancelled at Amazon, which does not count into the cancellation rate.
/// `too_late`: they go out all the same; the buyer can return them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CancelAnswer {
    Accept,
    TooLate,
}

/// Answers a buyer who asks to cancel lines of an order: `cancel_requested` of a line says so, with its reason.
///
/// Until it is answered, or the buyer withdraws it, nothing of these lines is to be shipped. Before the platform has taken the
/// order over it waits with reason `buyer_cancel`, and to ship it all the same a person picks its courier service. Sending the
/// same answer again is safe.
#[utoipa::path(
    put, path = "/orders/{connection}/{order}/cancel-request", operation_id = "answerCancelRequest", tag = "desk",
    request_body = Request,
    responses(
        (status = 200, description = "The order as it is now", body = WholeOrder),
        (status = 409, description = "The buyer asks for nothing, a parcel has a line, or the order was not taken over; `current` is the order as it is now"),
        (status = 422, description = "A part of a line is shipped: Amazon cancels whole lines only"),
    )
)]
pub async fn answer(
    tenant: Tenant<scope::Desk>,
    key: OrderKey,
    State(app): State<Arc<App>>,
    Body(Request { answer }): Body<Request>,
) -> Answer<Json<WholeOrder>> {
    match answer {
        CancelAnswer::Accept => accept(&app, &tenant, &key).await,
        CancelAnswer::TooLate => change_one(&app, &tenant, &key, too_late).await,
    }
}

async fn accept(
    app: &App,
    tenant: &Tenant<scope::Desk>,
    key: &OrderKey,
) -> Answer<Json<WholeOrder>> {
    let connection = ConnectionKey::new(tenant, &key.connection);
    let stored = app.store.order(&connection, &key.order).await?;
    let stored = stored.ok_or_else(|| Problem::not_found("order"))?;
    if wished(&stored).is_empty() {
        return Err(nothing_asked().showing(&whole(app, stored).await?));
    }
    let wish = |stored: &StoredOrder| {
        let lines = wished(stored);
        Ok(Wish {
            places: (0..lines.len()).collect(),
            units: CancelUnits::Lines(lines),
        })
    };
    let reason = CancelReason::BuyerAsked;
    let (_, order) = claim(app, &connection, &key.order, reason, wish).await?;
    Ok(Json(whole(app, order).await?))
}

/// The lines that the buyer asks for; if all of them are being cancelled already, those.
fn wished(stored: &StoredOrder) -> Vec<LineWish> {
    let wish = |line: &OrderItem| LineWish {
        line: line.id.clone(),
        units: None,
    };
    let open: Vec<LineWish> = stored.open_cancel_requests().map(wish).collect();
    if !open.is_empty() {
        return open;
    }
    let lines = stored.order.items.iter();
    let known = lines.filter(|it| it.cancel_requested && stored.cancelling(it).is_some());
    known.map(wish).collect()
}

fn nothing_asked() -> Problem {
    Problem::conflict(
        "no-cancel-request",
        "The buyer asks for no line to be cancelled.",
        "The wish was withdrawn or answered already. To cancel for another reason, use `cancel`.",
    )
}

fn too_late(stored: &StoredOrder, now: Timestamp) -> Step {
    let asked: Vec<String> = stored
        .open_cancel_requests()
        .map(|line| line.id.clone())
        .collect();
    if asked.is_empty() {
        return match stored.cancel_too_late.is_empty() {
            true => Step::refuse(Outcome::NotOpen, nothing_asked()),
            false => Step::Leave,
        };
    }
    if stored.acknowledged_at.is_none() {
        let problem = Problem::conflict(
            "not-taken-over",
            "Nobody has taken the order over, so it is not too late.",
            "To ship it all the same, pick its courier service.",
        );
        return Step::refuse(Outcome::NotReady, problem);
    }
    let mut order = stored.clone();
    let note = format!("the buyer asked to cancel {} lines: too late", asked.len());
    order.cancel_too_late.extend(asked);
    Step::write(order, HistoryKind::CancelAnswered, note, now)
}
