//! `reserve-stock`: keeps, for each line of each order, what it holds of which product, and has the stock recomputed that
//! this touches.
//!
//! Woken by the stream of orders, and by nothing else: protection from overselling depends on no other system than the
//! tables and one queue. It never announces anything, and never sees buyer data: the images of orders hold none.
//!
//! **Delivered at least once, in order per order.** A batch that fails comes again whole, and does the same again.

pub mod demand;
mod reserve;
#[cfg(test)]
mod tests;
mod ties;

use demand::OrderChanges;
use serde::Serialize;
use stallkeeper::domain::ids::{ConnectionId, OrderId};
use stallkeeper::error::Result;
use stallkeeper::lambda::stream::{StreamEvent, readable};
use stallkeeper::queue::Queue;
use stallkeeper::store::Store;
use stallkeeper::store::stream::Change;
use std::collections::BTreeMap;
use tracing::info;

/// What the function works with.
pub struct App {
    pub store: Store,
    /// Where recomputes of what a reservation touches are queued.
    pub changes: Queue,
}

/// The outcome of a batch.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct BatchOutcome {
    pub orders: usize,
    /// SKUs whose recompute was queued, since what is reserved of them changed.
    pub recomputed: usize,
    /// Records that cannot be read and never will be.
    pub skipped: usize,
}

/// Reserves what the orders of a batch of stream records ask for, all or nothing.
///
/// # Errors
/// Whatever the tables or the queue refused: the batch comes again.
pub async fn handle(app: &App, batch: StreamEvent) -> Result<BatchOutcome> {
    let (records, skipped) = readable(batch)?;
    let mut orders: BTreeMap<(ConnectionId, OrderId), OrderChanges> = BTreeMap::new();
    for record in records {
        let Change::Order { row, whole } = record.change else {
            continue;
        };
        let is_new = row.old.is_none();
        let key = (row.new.row.connection, row.new.row.order_id);
        match orders.get_mut(&key) {
            Some(changes) => changes.then(whole),
            None => {
                orders.insert(key, OrderChanges::new(whole, is_new));
            }
        }
    }
    let recomputed = reserve::reserve(app, orders.values()).await?;
    let outcome = BatchOutcome {
        orders: orders.len(),
        recomputed,
        skipped,
    };
    info!(
        orders = outcome.orders,
        skus.recomputed = outcome.recomputed,
        records.skipped = outcome.skipped,
        "reserved the stock of a batch of orders"
    );
    Ok(outcome)
}
