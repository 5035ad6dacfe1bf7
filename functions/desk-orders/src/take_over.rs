//! `POST /orders/take-over`: orders that were bought before the take-over moment become ours, each row for itself.

use crate::App;
use crate::change::Step;
use crate::outcome::{OrderRef, Outcome, Reads, Results, each};
use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use serde::Deserialize;
use stallkeeper::api::{Answer, Body, Problem, Tenant, scope};
use stallkeeper::domain::courier::{
    Choice, Couriers, LabelSource, Switches, choose, fitness_by_hand,
};
use stallkeeper::domain::order::{AmazonStatus, HistoryKind, OrderStatus, StoredOrder};
use stallkeeper::store::Settings;
use std::sync::Arc;
use utoipa::ToSchema;

/// The orders that become ours.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = TakeOverRequest)]
pub struct Request {
    #[schema(min_items = 1, max_items = 100)]
    orders: Vec<OrderRef>,
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
        (status = 200, body = Results),
        (status = 422, description = "No order, or more than 100"),
    )
)]
pub async fn take_over(
    tenant: Tenant<scope::Desk>,
    State(app): State<Arc<App>>,
    Body(Request { orders }): Body<Request>,
) -> Answer<Json<Results>> {
    let how = (Outcome::TakenOver, Reads::Settings);
    each(&app, &tenant, orders, how, |_, stored, settings, now| {
        taken_over(stored, settings, now)
    })
    .await
}

/// An order that was elsewhere, as ours: by the rules of this moment, since those of when it came may have changed.
fn taken_over(stored: &StoredOrder, settings: &Settings, now: Timestamp) -> Step {
    if stored.status != OrderStatus::Elsewhere {
        let detail = format!("It is `{}`.", stored.status.as_str());
        let title = "The order is ours already, or over.";
        let problem = Problem::conflict("not-elsewhere", title, detail);
        return Step::refuse(Outcome::NotElsewhere, problem);
    }
    let mut order = stored.clone();
    order.taken_over_at = Some(now);
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
    let note = "a person took the order over";
    order.decision.explanation.push(note.to_owned());
    Step::write(order, HistoryKind::TakenOver, note, now)
}

/// Chooses the courier service of an order that is to be shipped, and says which status that makes. A person's choice stays
/// if it still suits.
pub(crate) fn decide(order: &mut StoredOrder, settings: &Settings) -> OrderStatus {
    if choose_service(order, settings) {
        // What is dispatched already is not offered again.
        order.claimed_status(order.order.ready_status())
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
