//! What a change of settings wakes in the other functions: a tick, another look at waiting orders, a recompute of
//! listings. Each does nothing if the connection has no use for it.

use super::{Deployment, ListingJob, OrderMessage, Queue, StockTick};
use crate::domain::connection::{Connection, ConnectionStatus};
use crate::domain::ids::ConnectionKey;
use crate::domain::shipping_term::ShippingTerm;
use crate::domain::stock_settings::StockPlan;
use crate::error::Result;
use crate::store::WaitingKind;

impl Queue {
    /// To `listing-jobs`: recompute every listing of a connection, if its stock is computed at all.
    ///
    /// # Errors
    /// As [`Queue::send`].
    pub async fn recompute_all(&self, connection: &Connection, plan: &StockPlan) -> Result<()> {
        if plan.in_force().is_none() || !connection.status.fetches_orders() {
            return Ok(());
        }
        let job = ListingJob::RecomputeAll {
            connection: connection.key(),
            after: None,
            hop: 0,
        };
        self.send(&connection.id, job, 0).await
    }

    /// To `stock-ticks`: begin a round now rather than in some minutes, if the connection sends stock.
    ///
    /// # Errors
    /// As [`Queue::send`].
    pub async fn begin_round(&self, connection: &Connection, plan: &StockPlan) -> Result<()> {
        if plan.in_force().is_none() || !connection.status.sends() {
            return Ok(());
        }
        let tick = StockTick::Tick {
            connection: connection.key(),
            hop: 0,
        };
        self.send(&connection.id, tick, 0).await
    }

    /// To `orders`: look again at the waiting orders of a connection: at once, and once more after `later_seconds` for
    /// those that were being stored by the rules of a moment ago.
    ///
    /// # Errors
    /// As [`Queue::send`].
    pub async fn rerun(
        &self,
        connection: &ConnectionKey,
        term: Option<&ShippingTerm>,
        later_seconds: u32,
    ) -> Result<()> {
        self.rerun_of(WaitingKind::PendingReview, connection, term, later_seconds)
            .await
    }

    /// As [`Self::rerun`], for the orders of all tenants whose term falls back to one of these.
    ///
    /// # Errors
    /// As [`Queue::send`].
    pub async fn rerun_all(&self, terms: &[ShippingTerm], later_seconds: u32) -> Result<()> {
        for delay_seconds in [0, later_seconds] {
            let rerun = OrderMessage::RerunAll {
                terms: terms.iter().cloned().collect(),
                shard: 0,
                after: None,
                hop: 0,
            };
            self.send(&Deployment, rerun, delay_seconds).await?;
        }
        Ok(())
    }

    /// As [`Self::rerun`], for orders of another kind.
    ///
    /// # Errors
    /// As [`Queue::send`].
    pub async fn rerun_of(
        &self,
        of: WaitingKind,
        connection: &ConnectionKey,
        term: Option<&ShippingTerm>,
        later_seconds: u32,
    ) -> Result<()> {
        for delay_seconds in [0, later_seconds] {
            let rerun = OrderMessage::Rerun {
                connection: connection.clone(),
                term: term.cloned(),
                after: None,
                of,
                hop: 0,
            };
            self.send(&connection.id, rerun, delay_seconds).await?;
        }
        Ok(())
    }
}

/// Whether orders can wait here for a courier that somebody will still send.
pub fn may_hold_orders(connection: &Connection) -> bool {
    !matches!(
        connection.status,
        ConnectionStatus::AwaitingAuthorisation | ConnectionStatus::Disconnected
    )
}
