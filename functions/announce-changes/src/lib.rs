//! `announce-changes`: the outbox. What really changed in the tables becomes events on the bus, and schedules are
//! repaired.
//!
//! Woken by the streams of connections and orders, it is the only writer to the bus: a function that stores something
//! announces nothing, so an event tells of what is stored, and what is stored is told. Events are
//! decided from the images alone; of the tables it reads only connections, whose present status a schedule follows. It
//! never sees buyer data: the images hold none, and bodies stay closed.
//!
//! **Delivered at least once, in order per order.** A batch that fails comes again whole, and with it events that were
//! sent already. An event's `detail.id` is the same each time, so that consumers can drop what they have seen.

pub mod bus;
pub mod changes;
pub mod event;
pub mod record;
#[cfg(test)]
mod tests;

pub use bus::Bus;
pub use changes::{changes, connection_changes};
pub use event::Event;
pub use record::StreamEvent;

use event::{Detail, EventType};
use serde::Serialize;
use stallkeeper::domain::connection::Connection;
use stallkeeper::domain::ids::{ConnectionId, TenantId};
use stallkeeper::error::{Class, Result};
use stallkeeper::schedule::Schedules;
use stallkeeper::store::Store;
use stallkeeper::store::stream::Change;
use std::collections::BTreeMap;
use tracing::{error, info, warn};

/// What the function works with.
pub struct App {
    pub bus: Bus,
    pub schedules: Schedules,
    pub store: Store,
}

/// What came of a batch.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Announced {
    pub events: usize,
    pub schedules: usize,
    /// Records that cannot be read and never will be.
    pub skipped: usize,
}

/// Announces a batch of stream records, all or nothing.
///
/// # Errors
/// Whatever the bus or the scheduler refused: the batch comes again. The batch is failed as a whole rather than by
/// `batchItemFailures`: the checkpoint of a stream can only ever stand at one place, so all after the first failure
/// comes again either way, and the event source splits a failing batch by itself (`BisectBatchOnFunctionError`).
pub async fn handle(app: &App, batch: StreamEvent) -> Result<Announced> {
    let work = read(batch)?;
    app.bus.put(&work.events).await?;
    for event in &work.events {
        if let Detail::Connection(lost) = &event.detail
            && event.kind == EventType::ConnectionNeedsReauthorisation
        {
            // The alarm `RevokedConnections` counts these words.
            warn!(connection.id = %lost.connection, "a seller must authorise again: connection `{}`", lost.connection);
        }
    }
    for (id, tenant) in &work.schedules {
        app.schedules.follow_latest(&app.store, tenant, id).await?;
    }
    let announced = Announced {
        events: work.events.len(),
        schedules: work.schedules.len(),
        skipped: work.skipped,
    };
    info!(
        events = announced.events,
        schedules = announced.schedules,
        records.skipped = announced.skipped,
        "announced a batch"
    );
    Ok(announced)
}

/// What a batch asks for.
#[derive(Default)]
struct Work {
    events: Vec<Event>,
    /// Connections whose status changed. To what, the table says better than an image that may be hours old.
    schedules: BTreeMap<ConnectionId, TenantId>,
    skipped: usize,
}

/// Reads a batch. A record that cannot be read is told to a person by the log and left out: failing the batch for it
/// would hold up every order behind it until the event source gives up, and not make it readable. (What the event
/// source's own on-failure queue is for: the bus or the scheduler being away longer than the retries last.)
fn read(batch: StreamEvent) -> Result<Work> {
    let mut work = Work::default();
    for record in batch.records {
        match record::read(record) {
            Ok(read) => work.add(read),
            Err(failure) if failure.class() == Class::Permanent => {
                error!(
                    error.class = failure.class().name(),
                    error = failure.chain(),
                    "a stream record cannot be read; what it tells is not announced"
                );
                work.skipped += 1;
            }
            Err(failure) => return Err(failure),
        }
    }
    Ok(work)
}

impl Work {
    fn add(&mut self, record::Read { at, change }: record::Read) {
        match change {
            Change::Order { old, new } => {
                self.events.extend(changes(old.as_deref(), &new, at));
            }
            Change::Connection { old, new } => {
                if let Some(new) = &new {
                    self.events
                        .extend(connection_changes(old.as_deref(), new, at));
                }
                let status = |connection: &Option<Box<Connection>>| {
                    connection.as_ref().map(|connection| connection.status)
                };
                if status(&old) != status(&new)
                    && let Some(either) = new.or(old)
                {
                    self.schedules.insert(either.id, either.tenant);
                }
            }
            Change::Other => {}
        }
    }
}
