//! What a change owes to the other functions: a tick, another look at waiting orders, listings to be computed anew.

use crate::App;
use futures::{StreamExt as _, TryStreamExt as _};
use stallkeeper::domain::connection::{Connection, ConnectionStatus};
use stallkeeper::domain::ids::{ConnectionId, TenantId};
use stallkeeper::domain::shipping_term::ShippingTerm;
use stallkeeper::domain::stock_settings::StockPlan;
use stallkeeper::error::Result;
use stallkeeper::queue::{ListingJob, OrderMessage, StockTick, TickMessage};

/// Connections that are told at a time.
const CONCURRENCY: usize = 8;

impl App {
    /// Makes the schedules follow a connection that was just written, lets it fetch now rather than in five minutes, and
    /// catch up on what was not computed or sent while it was off.
    pub(crate) async fn follow(&self, connection: &Connection) -> Result<()> {
        self.schedules
            .follow_latest(&self.store, &connection.tenant, &connection.id)
            .await?;
        self.tick(connection).await?;
        let plan = self
            .store
            .stock_plan(&connection.tenant, &connection.id)
            .await?;
        self.recompute_all(connection, &plan).await?;
        self.stock_tick(connection, &plan).await
    }

    /// Lets every listing of a connection be computed anew, where its stock is computed at all.
    pub(crate) async fn recompute_all(
        &self,
        connection: &Connection,
        plan: &StockPlan,
    ) -> Result<()> {
        if plan.in_force().is_none() || !connection.status.fetches_orders() {
            return Ok(());
        }
        let job = ListingJob::RecomputeAll {
            tenant: connection.tenant.clone(),
            connection: connection.id.clone(),
            after: None,
            hop: 0,
        };
        self.listing_jobs.send(&connection.id, job, 0).await
    }

    /// Queues a round now rather than in some minutes, where the connection sends stock.
    pub(crate) async fn stock_tick(&self, connection: &Connection, plan: &StockPlan) -> Result<()> {
        if plan.in_force().is_none() || !connection.status.sends() {
            return Ok(());
        }
        let tick = StockTick::Tick {
            tenant: connection.tenant.clone(),
            connection: connection.id.clone(),
            hop: 0,
        };
        self.stock_ticks.send(&connection.id, tick, 0).await
    }

    /// Queues a tick, where the connection fetches orders.
    pub(crate) async fn tick(&self, connection: &Connection) -> Result<()> {
        if !connection.status.fetches_orders() {
            return Ok(());
        }
        let tick = TickMessage::Tick {
            tenant: connection.tenant.clone(),
            connection: connection.id.clone(),
            hop: 0,
        };
        self.ticks.send(&connection.id, tick, 0).await
    }

    /// Lets the waiting orders of every connection of the tenant be looked at again; see [`Self::rerun`].
    pub(crate) async fn rerun_all(
        &self,
        tenant: &TenantId,
        term: Option<&ShippingTerm>,
    ) -> Result<()> {
        let connections = self.store.connections(tenant).await?;
        futures::stream::iter(
            connections
                .iter()
                .filter(|connection| may_hold_orders(connection)),
        )
        .map(Ok)
        .try_for_each_concurrent(CONCURRENCY, |connection| {
            self.rerun(tenant, &connection.id, term)
        })
        .await
    }

    /// Lets the waiting orders of a connection be looked at again: at once, and once more a little later for those
    /// that were being stored by the rules of a moment ago.
    pub(crate) async fn rerun(
        &self,
        tenant: &TenantId,
        connection: &ConnectionId,
        term: Option<&ShippingTerm>,
    ) -> Result<()> {
        for delay_seconds in [0, self.config.rerun_delay_seconds] {
            let rerun = OrderMessage::Rerun {
                tenant: tenant.clone(),
                connection: connection.clone(),
                term: term.cloned(),
                after: None,
                hop: 0,
            };
            self.orders.send(connection, rerun, delay_seconds).await?;
        }
        Ok(())
    }
}

/// Whether orders can wait here for a courier that somebody will still send.
fn may_hold_orders(connection: &Connection) -> bool {
    !matches!(
        connection.status,
        ConnectionStatus::AwaitingAuthorisation | ConnectionStatus::Disconnected
    )
}
