//! What is still to do until a connection's orders find their couriers.

mod notices;
mod orders_read;
mod steps;

use crate::App;
use crate::base::Base;
use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use notices::Notices;
use orders_read::OrdersRead;
use serde::Serialize;
use stallkeeper::api::scope::Connections;
use stallkeeper::api::{Answer, TenantConnection};
use stallkeeper::domain::connection::{Connection, ConnectionStatus};
use std::sync::Arc;
use steps::{ExpiryClock, Facts, Step, clocks, steps};
use utoipa::ToSchema;

/// What is set up, and what is missing.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Setup {
    status: ConnectionStatus,
    /// The seller who has authorised and waits to be confirmed.
    #[serde(skip_serializing_if = "Option::is_none")]
    seller_to_confirm: Option<String>,
    /// In the order in which they are taken.
    steps: Vec<Step>,
    /// What must be renewed, and by when.
    clocks: Vec<ExpiryClock>,
    orders: OrdersRead,
    notices: Notices,
    /// How many orders Amazon sent of late that could not be stored: see `unreadable-orders` of the connection.
    unreadable_orders: usize,
}

/// Show what is done and what is still to do.
#[utoipa::path(get, path = "/connections/{connection}/setup", operation_id = "showSetup", tag = "connections",
    responses(
        (status = 200, body = Setup),
    ))]
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    connection: TenantConnection<Connections>,
    base: Base,
) -> Answer<Json<Setup>> {
    let now = Timestamp::now();
    let waiting = app.seller_to_confirm(&connection, now).await?;
    let settings = app.store.settings(&connection.key()).await?;
    let link = if connection.status == ConnectionStatus::Disconnected {
        None
    } else {
        app.link(&connection, &base, now).await?
    };
    let plan = app.store.stock_plan(&connection.key()).await?;
    let matching = app.store.matching(&connection.key()).await?;
    let facts = Facts {
        connection: &connection,
        link: link.map(Into::into),
        waiting: waiting.clone(),
        marketplaces_on: settings
            .marketplaces
            .iter()
            .filter(|store| store.active)
            .map(|store| store.marketplace.country())
            .collect(),
        couriers: settings.couriers.len(),
        services: settings
            .couriers
            .iter()
            .map(|courier| courier.services.len())
            .sum(),
        mappings: settings.mappings.len(),
        plan: &plan,
        matching: &matching,
    };
    let key = &connection.key();
    let cursor = app.store.order_cursor(key).await?;
    let back_fill = app.store.back_fill(key).await?;
    // The setup page must show even if the operator has not filled in the app's secret yet.
    let stored_at = app.vault.app().await.ok().and_then(|app| app.stored_at);
    Ok(Json(Setup {
        status: connection.status,
        seller_to_confirm: waiting,
        steps: steps(&facts),
        clocks: clocks(&connection, stored_at, now),
        orders: OrdersRead::of(cursor.as_deref(), &back_fill, now),
        notices: Notices::of(
            &app.store.notice_settings(key).await?,
            app.store.heard_at(key).await?,
        ),
        unreadable_orders: app.store.unreadable_orders(&connection.key()).await?.len(),
    }))
}

impl App {
    async fn seller_to_confirm(
        &self,
        connection: &Connection,
        now: Timestamp,
    ) -> Answer<Option<String>> {
        let attempt = self.store.authorisation_attempt(&connection.key()).await?;
        let Some(attempt) = attempt else {
            return Ok(None);
        };
        let state = self.store.oauth_state(&attempt.digest, now).await?;
        Ok(state.and_then(|state| state.seller).map(String::from))
    }
}
