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
use stallkeeper::domain::marketplace::Marketplace;
use stallkeeper::domain::stock_settings::StockPlan;
use stallkeeper::store::{Cursor, Matching, Settings};
use std::sync::Arc;
pub(crate) use steps::{ExpiryClock, Facts, Step, clocks, steps};
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
    let stored = Stored::of(&app, &connection, now).await?;
    let link = if connection.status == ConnectionStatus::Disconnected {
        None
    } else {
        app.link(&connection, &base, now).await?
    };
    let key = &connection.key();
    let back_fill = app.store.back_fill(key).await?;
    Ok(Json(Setup {
        status: connection.status,
        steps: steps(&stored.facts(&connection, link.map(Into::into))),
        seller_to_confirm: stored.waiting,
        clocks: clocks(&connection, app.secret_stored_at().await, now),
        orders: OrdersRead::of(stored.cursor.as_ref(), &back_fill, now),
        notices: Notices::of(
            &app.store.notice_settings(key).await?,
            app.store.heard_at(key).await?,
        ),
        unreadable_orders: app.store.unreadable_orders(key).await?.len(),
    }))
}

/// What is stored of a connection, as far as its steps depend on it.
pub(crate) struct Stored {
    /// The seller who has authorised and waits to be confirmed.
    waiting: Option<String>,
    pub(crate) settings: Settings,
    pub(crate) plan: StockPlan,
    pub(crate) matching: Matching,
    pub(crate) cursor: Option<Cursor>,
}

impl Stored {
    pub(crate) async fn of(app: &App, connection: &Connection, now: Timestamp) -> Answer<Self> {
        let (store, key) = (&app.store, &connection.key());
        let (waiting, settings, plan, matching, cursor) = futures::join!(
            app.seller_to_confirm(connection, now),
            store.settings(key),
            store.stock_plan(key),
            store.matching(key),
            store.order_cursor(key),
        );
        Ok(Self {
            waiting: waiting?,
            settings: settings?,
            plan: plan?,
            matching: matching?.state,
            cursor: cursor?.map(|cursor| cursor.state),
        })
    }

    /// The marketplaces that are switched on.
    pub(crate) fn marketplaces_on(&self) -> impl Iterator<Item = Marketplace> {
        let on = self.settings.marketplaces.iter().filter(|it| it.active);
        on.map(|settings| settings.marketplace)
    }

    /// `link`: to authorise, if one is open.
    pub(crate) fn facts<'a>(
        &'a self,
        connection: &'a Connection,
        link: Option<String>,
    ) -> Facts<'a> {
        let couriers = &self.settings.couriers;
        Facts {
            connection,
            link,
            waiting: self.waiting.clone(),
            marketplaces_on: self.marketplaces_on().map(Marketplace::country).collect(),
            couriers: couriers.len(),
            services: couriers.iter().map(|it| it.services.len()).sum(),
            mappings: self.settings.mappings.len(),
            plan: &self.plan,
            matching: &self.matching,
        }
    }
}

impl App {
    /// When the secret of the deployment's app was stored. What is set up must show even if the operator has not filled it in
    /// yet.
    pub(crate) async fn secret_stored_at(&self) -> Option<Timestamp> {
        self.vault.app().await.ok().and_then(|app| app.stored_at)
    }

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
