//! What Amazon sent as an order and nobody can store: shown, so that a person can look it up in Seller Central.

use crate::App;
use axum::Json;
use axum::extract::State;
use serde::Serialize;
use stallkeeper::api::scope::Connections;
use stallkeeper::api::{Answer, TenantConnection};
use stallkeeper::store::UnreadableOrder;
use std::sync::Arc;
use utoipa::ToSchema;

/// How many an answer shows.
const MOST: usize = 200;

/// What has no id to be stored by, the latest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UnreadableOrders {
    /// The latest 200.
    orders: Vec<UnreadableOrder>,
    /// How many there are in all.
    count: usize,
}

/// List what Amazon sent as orders and could not be stored, since it has no usable id.
///
/// Kept for 90 days after it was last sent, without its content. An order that has an id and cannot be read otherwise is
/// not here: it waits in `pending_review`, with reason `unreadable`.
#[utoipa::path(get, path = "/connections/{connection}/unreadable-orders", operation_id = "listUnreadableOrders", tag = "connections",
    responses(
        (status = 200, body = UnreadableOrders),
    ))]
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    connection: TenantConnection<Connections>,
) -> Answer<Json<UnreadableOrders>> {
    let mut orders = app.store.unreadable_orders(&connection.key()).await?;
    let count = orders.len();
    orders.truncate(MOST);
    Ok(Json(UnreadableOrders { orders, count }))
}
