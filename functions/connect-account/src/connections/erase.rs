//! Erasing buyer data on request: of one connection, or of all connections of the tenant.

use crate::App;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use stallkeeper::api::scope::ConnectionsAndBuyer;
use stallkeeper::api::{Answer, Tenant, TenantConnection};
use stallkeeper::domain::ids::ConnectionKey;
use stallkeeper::queue::OrderMessage;
use std::sync::Arc;
use tracing::info;
use utoipa::ToSchema;

/// What is being erased, and what is not.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ErasureSummary {
    /// The connections whose orders lose their buyer data.
    connections: Vec<String>,
    /// What may bring buyer data again.
    comes_again: &'static str,
    /// What stays, and for how long.
    retained: [&'static str; 2],
}

impl ErasureSummary {
    fn of(connections: &[ConnectionKey]) -> Self {
        Self {
            connections: connections.iter().map(|it| it.id.to_string()).collect(),
            comes_again: "A connection that is not disconnected reads an order again when it changes at Amazon, with its buyer.",
            retained: [
                "orders without buyer data: 18 months from the order on",
                "orders with buyer data that wait in the queue or its dead letters: at most 14 days",
            ],
        }
    }
}

/// Erase the buyer data of all orders of a connection. Needs scope `buyer` besides `connections`; audited.
///
/// It is queued, and done within minutes; asking again does no harm. Also after the connection was disconnected.
#[utoipa::path(delete, path = "/connections/{connection}/buyers", operation_id = "eraseBuyersOfConnection", tag = "connections",
    responses((status = 202, description = "Queued", body = ErasureSummary)))]
pub(crate) async fn of_connection(
    State(app): State<Arc<App>>,
    connection: TenantConnection<ConnectionsAndBuyer>,
) -> Answer<(StatusCode, Json<ErasureSummary>)> {
    app.erase_buyers(&[connection.key()]).await
}

/// Erase the buyer data of all orders of the tenant. Needs scope `buyer` besides `connections`; audited.
///
/// As for one connection.
#[utoipa::path(delete, path = "/buyers", operation_id = "eraseBuyers", tag = "connections",
    responses((status = 202, description = "Queued", body = ErasureSummary)))]
pub(crate) async fn of_tenant(
    State(app): State<Arc<App>>,
    tenant: Tenant<ConnectionsAndBuyer>,
) -> Answer<(StatusCode, Json<ErasureSummary>)> {
    let connections = app.store.connections(&tenant).await?;
    let keys: Vec<ConnectionKey> = connections.iter().map(|it| it.key()).collect();
    app.erase_buyers(&keys).await
}

impl App {
    async fn erase_buyers(
        &self,
        connections: &[ConnectionKey],
    ) -> Answer<(StatusCode, Json<ErasureSummary>)> {
        for key in connections {
            let message = OrderMessage::erase_buyers(key.clone());
            self.orders.send(key, message, 0).await?;
            info!(audit = "buyers_erased", tenant.id = %key.tenant, connection.id = %key.id, "the buyer data of connection `{}` is to be erased", key.id);
        }
        let summary = ErasureSummary::of(connections);
        Ok((StatusCode::ACCEPTED, Json(summary)))
    }
}
