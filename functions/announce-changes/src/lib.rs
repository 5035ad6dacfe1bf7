//! `announce-changes`: the outbox. What really changed in the tables becomes events on the bus and reservations of stock,
//! and schedules are repaired.
//!
//! Woken by the streams of connections, orders and the catalogue, it is the only writer to the bus: a function that stores
//! something announces nothing, so an event tells of what is stored, and what is stored is told. Events are decided from
//! the images alone; schedules follow what the connections table says now, and reservations what a listing is tied to
//! now. It never sees buyer data: the images and the bodies of orders hold none.
//!
//! **Delivered at least once, in order per order.** A batch that fails comes again whole, and with it events that were
//! sent already. An event's `detail.id` is the same each time, so that consumers can drop what they have seen.

pub mod ask;
pub mod bus;
pub mod changes;
pub mod event;
pub mod record;
mod reservations;
pub mod stock_changes;
#[cfg(test)]
mod tests;
mod ties;

pub use bus::Bus;
pub use changes::{changes, connection_changes};
pub use event::Event;
pub use record::StreamEvent;

use ask::Told;
use event::{Detail, EventType};
use jiff::Timestamp;
use serde::Serialize;
use stallkeeper::domain::connection::Connection;
use stallkeeper::domain::ids::{ConnectionId, OrderId, TenantId};
use stallkeeper::error::{Class, Result};
use stallkeeper::queue::Queue;
use stallkeeper::schedule::Schedules;
use stallkeeper::store::Store;
use stallkeeper::store::stream::Change;
use std::collections::BTreeMap;
use stock_changes::{feed_changes, listing_changes, offer_changes, round_changes};
use tracing::{error, info, warn};

/// What the function works with.
pub struct App {
    pub bus: Bus,
    pub schedules: Schedules,
    pub store: Store,
    /// Where recomputes of what a reservation touches are queued.
    pub changes: Queue,
}

/// What came of a batch.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Announced {
    pub events: usize,
    pub schedules: usize,
    /// SKUs whose recompute was queued, since what is reserved of them changed.
    pub reserved: usize,
    /// Records that cannot be read and never will be.
    pub skipped: usize,
}

/// Announces a batch of stream records, all or nothing. Stock comes first: an order that is not reserved is sold twice.
///
/// # Errors
/// Whatever the tables, the bus or the scheduler refused: the batch comes again. The batch is failed as a whole rather than by
/// `batchItemFailures`: the checkpoint of a stream can only ever stand at one place, so all after the first failure
/// comes again either way, and the event source splits a failing batch by itself (`BisectBatchOnFunctionError`).
pub async fn handle(app: &App, batch: StreamEvent) -> Result<Announced> {
    let work = read(batch)?;
    let reserved = reservations::reserve(app, work.orders.values()).await?;
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
        reserved,
        skipped: work.skipped,
    };
    info!(
        events = announced.events,
        schedules = announced.schedules,
        reserved = announced.reserved,
        records.skipped = announced.skipped,
        "announced a batch"
    );
    Ok(announced)
}

/// What a batch asks for.
#[derive(Default)]
struct Work {
    events: Vec<Event>,
    /// What is told of each order.
    orders: BTreeMap<(ConnectionId, OrderId), Told>,
    /// Connections whose status or published settings changed. To what, the table says better than an image that may be hours old.
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
            Change::Order { row, whole } => {
                self.events
                    .extend(changes(row.old.as_deref(), &row.new, at));
                let is_new = row.old.is_none();
                let key = (row.new.row.connection, row.new.row.order_id);
                match self.orders.get_mut(&key) {
                    Some(told) => told.then(whole),
                    None => {
                        self.orders.insert(key, Told::new(whole, is_new));
                    }
                }
            }
            Change::Connection { old, new } => self.add_connection(old, new, at),
            Change::Listing(images) => self.events.extend(listing_changes(&images, at)),
            Change::Offer(images) => self.events.extend(offer_changes(&images, at)),
            Change::Feed(images) => self.events.extend(feed_changes(&images, at)),
            Change::Rejected(row) => self.events.push(Event::stock_rejected(&row, at)),
            Change::Round {
                tenant,
                connection,
                images,
            } => {
                let events = round_changes(&tenant, &connection, &images, at);
                self.events.extend(events);
            }
            Change::StockPlan {
                tenant,
                connection,
                old,
                new,
            } => {
                if old != new {
                    self.schedules.insert(connection, tenant);
                }
            }
            Change::Other => {}
        }
    }

    fn add_connection(
        &mut self,
        old: Option<Box<Connection>>,
        new: Option<Box<Connection>>,
        at: Option<Timestamp>,
    ) {
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
}
