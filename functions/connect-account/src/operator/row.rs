//! A connection as an operator sees it: whose it is, what state it is in, and what is to be done next. No link that only the
//! seller's browser may open, and nothing of any buyer.

use super::cursor::CursorState;
use crate::App;
use crate::connections::answer::ConnectionAnswer;
use crate::setup::{ExpiryClock, Step, Stored, clocks, steps};
use jiff::Timestamp;
use serde::Serialize;
use stallkeeper::api::Answer;
use stallkeeper::domain::connection::Connection;
use stallkeeper::domain::ids::TenantId;
use stallkeeper::domain::marketplace::Marketplace;
use stallkeeper::domain::stock_settings::StockPlan;
use stallkeeper::store::RoundSummary;
use utoipa::ToSchema;

/// Whose the orders of a connection are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum OrdersMode {
    /// All are only watched.
    Shadow,
    /// Those bought from the take-over moment on are ours.
    Live,
}

/// Whether stock is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum StockMode {
    /// Nothing is computed.
    Off,
    /// Everything is computed and shown, nothing is sent.
    Shadow,
    /// Stock is sent, unless the connection is paused or frozen.
    Live,
}

impl StockMode {
    fn of(plan: &StockPlan) -> Self {
        match plan.in_force() {
            None => Self::Off,
            Some(published) if published.shadow => Self::Shadow,
            Some(_) => Self::Live,
        }
    }
}

/// A connection of any tenant.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ConnectionOfTenant)]
pub(crate) struct ConnectionOfTenant {
    tenant: TenantId,
    #[serde(flatten)]
    connection: ConnectionAnswer,
    /// The marketplaces that are switched on.
    marketplaces_on: Vec<Marketplace>,
    orders: OrdersMode,
    stock: StockMode,
    /// Somebody or Amazon froze what is sent.
    frozen: bool,
    cursor: CursorState,
    /// What the last round of stock did; without `at`: there was none yet.
    last_round: RoundSummary,
    /// Why Amazon would let nothing be sent in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_round_failed: Option<String>,
    /// When Amazon's listings were last matched with the catalogue.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_matching_at: Option<Timestamp>,
    /// Why they could not be matched since.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_matching_failed: Option<String>,
    /// What must be renewed, and by when.
    clocks: Vec<ExpiryClock>,
    /// The first step of setting it up that is not done; absent: all are.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_step: Option<Step>,
}

impl ConnectionOfTenant {
    pub(super) async fn of(
        app: &App,
        connection: Connection,
        secret_stored_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Answer<Self> {
        let stored = Stored::of(app, &connection, now).await?;
        let round = app.store.round(&connection.key()).await?.state;
        let to_do = steps(&stored.facts(&connection, None));
        let mut to_do = to_do.into_iter().filter(|step| !step.done);
        Ok(Self {
            tenant: connection.tenant.clone(),
            marketplaces_on: stored.marketplaces_on().collect(),
            orders: match connection.orders_from {
                None => OrdersMode::Shadow,
                Some(_) => OrdersMode::Live,
            },
            stock: StockMode::of(&stored.plan),
            frozen: stored.plan.frozen.is_some(),
            cursor: CursorState::of(stored.cursor.as_ref(), now),
            last_round: round.last,
            last_round_failed: round.failed,
            last_matching_at: stored.matching.done_at,
            last_matching_failed: stored.matching.failed.clone(),
            clocks: clocks(&connection, secret_stored_at, now),
            next_step: to_do.next(),
            connection: (&connection).into(),
        })
    }
}
