//! What a connection that was just written starts: its schedules, and what was neither fetched nor sent while it was off.

use crate::App;
use jiff::Timestamp;
use stallkeeper::domain::connection::{Connection, ConnectionStatus};
use stallkeeper::error::Result;
use stallkeeper::queue::TickMessage;

impl App {
    /// Makes the schedules follow a connection that was just written, lets it fetch now rather than in five minutes (the
    /// first time with what is open from before), and
    /// catch up on what was not computed or sent while it was off.
    pub(crate) async fn follow(&self, connection: &Connection) -> Result<()> {
        let key = &connection.key();
        self.begin_first_read(connection, connection.status).await?;
        self.schedules.follow_latest(&self.store, key).await?;
        self.tick(connection).await?;
        let plan = self.store.stock_plan(key).await?;
        self.listing_jobs.recompute_all(connection, &plan).await?;
        self.stock_ticks.begin_round(connection, &plan).await
    }

    /// Queues the first read of a connection that fetches orders in this status, once.
    pub(crate) async fn begin_first_read(
        &self,
        connection: &Connection,
        status: ConnectionStatus,
    ) -> Result<()> {
        if !status.fetches_orders() {
            return Ok(());
        }
        let key = &connection.key();
        self.store.begin_first_read(key, Timestamp::now()).await
    }

    /// Queues a tick, if the connection fetches orders.
    pub(crate) async fn tick(&self, connection: &Connection) -> Result<()> {
        if !connection.status.fetches_orders() {
            return Ok(());
        }
        let tick = TickMessage::Tick {
            connection: connection.key(),
            hop: 0,
        };
        self.ticks.send(&connection.id, tick, 0).await
    }
}
