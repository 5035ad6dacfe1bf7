//! `GET /orders/{connection}/{order}`: one order, whole except for the buyer; and, for those who may, the buyer.

use crate::App;
use crate::answer::WholeOrder;
use crate::audit::{self, Look};
use crate::desk::OrderKey;
use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use jiff::Timestamp;
use serde::Serialize;
use stallkeeper::api::{Answer, Caller, Problem, Tenant, scope};
use stallkeeper::domain::ids::ConnectionKey;
use stallkeeper::domain::order::{HistoryKind, StoredOrder};
use stallkeeper::error;
use stallkeeper::store::HistoryRecord;
use std::sync::Arc;
use tracing::info;
use utoipa::ToSchema;

/// Shows an order: what Amazon reported of it, how its courier service was chosen, and what happened to it.
///
/// Holds no buyer data.
#[utoipa::path(
    get, path = "/orders/{connection}/{order}", operation_id = "showOrder", tag = "desk",
    responses(
        (status = 200, body = WholeOrder),
    )
)]
pub async fn order(
    tenant: Tenant<scope::Desk>,
    key: OrderKey,
    State(app): State<Arc<App>>,
) -> Answer<Json<WholeOrder>> {
    let stored = app
        .store
        .order(&ConnectionKey::new(&tenant, &key.connection), &key.order)
        .await?;
    let stored = stored.ok_or_else(|| Problem::not_found("order"))?;
    Ok(Json(whole(&app, stored).await?))
}

/// An order with its dispatches and its history, as answers show it.
pub async fn whole(app: &App, stored: StoredOrder) -> error::Result<WholeOrder> {
    let (key, order) = (stored.connection_key(), &stored.order.id);
    let dispatches = app.store.dispatches(&key, order).await?;
    let history = app.store.order_history(&stored).await?;
    // Its history says whether there are any.
    let asked = |it: &HistoryRecord| it.entry.kind == HistoryKind::Cancelling;
    let cancellations = match history.iter().any(asked) {
        true => app.store.cancellations(&key, order).await?,
        false => Vec::new(),
    };
    Ok(WholeOrder::new(stored, dispatches, cancellations, history))
}

/// The buyer of an order.
#[derive(Serialize, ToSchema)]
#[schema(as = OrderBuyer)]
pub struct Buyer {
    pub connection: String,
    pub order_id: String,
    /// A JSON object in the shape of Amazon's order, with only what may be personal: names, address, phone, gift
    /// messages, customisations.
    #[schema(value_type = Object)]
    pub buyer: serde_json::Value,
}

/// Erase the buyer data of an order at once. Needs scope `buyer` besides `desk`; every erasure is in the audit log.
///
/// It stays erased: no later change of the order at Amazon, and no refetch, brings it again. The order itself remains.
#[utoipa::path(
    delete, path = "/orders/{connection}/{order}/buyer", operation_id = "eraseBuyer", tag = "desk",
    responses(
        (status = 204, description = "Erased, now or before"),
        (status = 404, description = "No such order of this tenant"),
    )
)]
pub async fn erase_buyer(
    tenant: Tenant<scope::DeskAndBuyer>,
    OrderKey { connection, order }: OrderKey,
    State(app): State<Arc<App>>,
) -> Answer<StatusCode> {
    let key = ConnectionKey::new(&tenant, &connection);
    if app.store.order(&key, &order).await?.is_none() {
        return Err(Problem::not_found("order"));
    }
    app.store
        .erase_buyer(&connection, &order, Timestamp::now())
        .await?;
    info!(
        audit = "buyer_data_erased",
        tenant.id = %tenant, connection.id = %connection, order.id = %order,
        "erased the buyer data of order `{order}`"
    );
    Ok(StatusCode::NO_CONTENT)
}

/// The same words whether there is no such order or its buyer data is gone: neither is anyone else's business.
fn no_buyer() -> Problem {
    Problem::new(
        StatusCode::NOT_FOUND,
        "no-buyer-data",
        "There is no buyer data.",
        "It is kept while the order is open, then until 14 days after the latest delivery, or a day after a cancellation, and only of this tenant's orders.",
    )
}

/// Shows the buyer data of an order. Needs scope `buyer` besides `desk`.
///
/// It is kept only until the order is long delivered; after that there is none. The answer must not be stored.
#[utoipa::path(
    get, path = "/orders/{connection}/{order}/buyer", operation_id = "showBuyer", tag = "desk",
    responses(
        (status = 200, body = Buyer),
        (status = 404, description = "No such order of this tenant, or its buyer data is gone"),
    )
)]
pub async fn buyer(
    allowed: Result<Tenant<scope::DeskAndBuyer>, Problem>,
    caller: Caller,
    OrderKey { connection, order }: OrderKey,
    State(app): State<Arc<App>>,
) -> Answer<impl IntoResponse> {
    let now = Timestamp::now();
    let record = |look| {
        let (connection, order) = (connection.as_str(), order.as_str());
        audit::look(&caller.tenant, caller.author(), connection, order, look);
    };
    let tenant = allowed.inspect_err(|_| record(Look::BuyerDataRefused))?;
    let key = ConnectionKey::new(&tenant, &connection);
    let data = app.store.buyer(&key, &order, now).await?;
    let Some(data) = data else {
        record(Look::BuyerDataMissing);
        return Err(no_buyer());
    };
    record(Look::BuyerDataShown);
    let answer = Buyer {
        connection: connection.into(),
        order_id: order.into(),
        buyer: data.expose().clone(),
    };
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(answer)))
}
