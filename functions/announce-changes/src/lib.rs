//! `announce-changes`: the outbox. What really changed in the tables becomes events on the bus, and schedules are
//! repaired.
//!
//! Woken by the streams of connections, orders and the catalogue, it is the only writer to the bus: a function that stores
//! something announces nothing, so every event is about something stored, and everything stored is announced. Events are
//! decided from the images alone; schedules follow what the connections table says now. It never sees buyer data: the
//! images and the bodies of orders hold none.
//!
//! **Delivered at least once, in order per order.** A batch that fails comes again whole, and with it events that were
//! sent already. An event's `detail.id` is the same each time, so that consumers can drop what they have seen.

pub mod bus;
pub mod cancellation_changes;
pub mod changes;
pub mod dispatch_changes;
pub mod event;
pub mod risk_changes;
pub mod selling_changes;
pub mod stock_changes;
#[cfg(test)]
mod tests;

pub use bus::Bus;
pub use changes::{changes, connection_changes, line_changes};
pub use event::Event;

use cancellation_changes::cancellation_changes;
use dispatch_changes::{dispatch_changes, shows_other_packages};
use event::Happened;
use jiff::{SignedDuration, Timestamp};
use risk_changes::risk_change;
use selling_changes::{category_asks, new_offer_changes};
use serde::Serialize;
use stallkeeper::domain::connection::Connection;
use stallkeeper::domain::ids::{ConnectionKey, OrderId};
use stallkeeper::domain::order::Risk;
use stallkeeper::error::{Error, Result};
use stallkeeper::fan_out;
use stallkeeper::lambda::stream::{Changed, StreamEvent, readable};
use stallkeeper::queue::{DispatchMessage, Queue};
use stallkeeper::schedule::Schedules;
use stallkeeper::store::stream::Change;
use stallkeeper::store::{EventsOfChange, KeptEvent, Store};
use std::collections::BTreeSet;
use std::ops::Range;
use stock_changes::{
    feed_changes, given_up, hold_changed, listing_changes, matching_changes, offer_changes,
    rejected, round_changes,
};
use tracing::{info, warn};

/// How many changes' events are kept side by side.
const AT_ONCE: usize = 10;

/// What the function works with.
pub struct App {
    pub bus: Bus,
    pub schedules: Schedules,
    pub store: Store,
    /// An order that is to be shipped within this time is at risk.
    pub at_risk_before: SignedDuration,
    /// Woken if Amazon shows other packages of an order whose dispatches only they can confirm.
    pub dispatches: Queue,
}

/// The outcome of a batch.
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
/// Whatever the tables, the bus or the scheduler refused: the batch comes again. The batch is failed as a whole rather than by
/// `batchItemFailures`: a stream has only one checkpoint, so everything after the first failure
/// comes again either way, and the event source splits a failing batch by itself (`BisectBatchOnFunctionError`).
pub async fn handle(app: &App, batch: StreamEvent) -> Result<Announced> {
    let (changes, skipped) = readable(batch)?;
    let mut work = Work {
        at_risk_before: app.at_risk_before,
        ..Work::default()
    };
    for changed in changes {
        work.add(changed);
    }
    fan_out(work.kept()?, AT_ONCE, |change: EventsOfChange| async move {
        // Of each put, not of the batch: a reader may pass the moment at which a long batch began.
        app.store.keep_events(&change, Timestamp::now()).await
    })
    .await?;
    app.bus.put(&work.events).await?;
    for event in &work.events {
        if let Happened::ConnectionNeedsReauthorisation { connection, .. } = &event.detail.happened
        {
            // The alarm `RevokedConnections` counts these words.
            warn!(connection.id = %connection, "a seller must authorise again: connection `{connection}`");
        }
        if let Happened::OrderAtRisk(order) = &event.detail.happened
            && order.risk == Risk::AutoCancel
        {
            let id = &order.order.order.order_id;
            // The alarm `AutoCancelsAhead` counts these words.
            warn!(order.id = %id, "Amazon is about to cancel an order by itself: `{id}`");
        }
    }
    for (connection, order) in &work.packages {
        let (connection, order_id) = (connection.clone(), order.clone());
        let group = connection.id.clone();
        let message = DispatchMessage::Packages {
            connection,
            order_id,
        };
        app.dispatches.send(&group, message, 0).await?;
    }
    for connection in &work.schedules {
        app.schedules.follow_latest(&app.store, connection).await?;
    }
    let announced = Announced {
        events: work.events.len(),
        schedules: work.schedules.len(),
        skipped,
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
    at_risk_before: SignedDuration,
    events: Vec<Event>,
    /// Which of them one change made.
    events_of_changes: Vec<Range<usize>>,
    /// Connections whose status or published settings changed. The table holds their current ones; an image may be hours old.
    schedules: BTreeSet<ConnectionKey>,
    /// Orders with a label of Amazon's whose packages changed.
    packages: BTreeSet<(ConnectionKey, OrderId)>,
}

impl Work {
    fn add(&mut self, changed: Changed) {
        let before = self.events.len();
        self.add_change(changed);
        let after = self.events.len();
        if after > before {
            self.events_of_changes.push(before..after);
        }
    }

    /// The events, by the change that made them, as they are kept for 14 days.
    fn kept(&self) -> Result<Vec<EventsOfChange>> {
        let kept = |event: &Event| {
            let detail = serde_json::to_value(&event.detail);
            Ok(KeptEvent {
                kind: event.kind().to_owned(),
                time: event.at,
                detail: detail.map_err(|error| Error::permanent("encode an event", error))?,
            })
        };
        let changes = self.events_of_changes.iter().filter_map(|range| {
            let events = self.events.get(range.clone())?;
            Some((events.first()?, events))
        });
        let change = |(first, events): (&Event, &[Event])| {
            Ok(EventsOfChange {
                tenant: first.detail.tenant.clone(),
                at: first.at,
                id: first.id().to_owned(),
                events: events.iter().map(kept).collect::<Result<_>>()?,
            })
        };
        changes.map(change).collect()
    }

    fn add_change(&mut self, Changed { at, change }: Changed) {
        match change {
            Change::Order { row, whole } => {
                let (old, new) = (row.old.as_deref(), &*row.new);
                self.events.extend(changes(old, new, &whole.new, at));
                self.events.extend(line_changes(old, new, &whole, at));
                let risk = risk_change(old, new, &whole, at, self.at_risk_before);
                self.events.extend(risk);
                if shows_other_packages(&whole) {
                    let order = &whole.new;
                    let id = order.order.id.clone();
                    self.packages.insert((order.connection_key(), id));
                }
            }
            Change::Dispatch(images) => self.events.extend(dispatch_changes(&images, at)),
            Change::Cancellation(images) => {
                self.events.extend(cancellation_changes(&images, at));
            }
            Change::Connection { old, new } => self.add_connection(old, new, at),
            Change::Listing(images) => self.events.extend(listing_changes(&images, at)),
            Change::Offer(images) => self.events.extend(offer_changes(&images, at)),
            Change::NewOffer(images) => self.events.extend(new_offer_changes(&images, at)),
            Change::CategoryAsks(asked) => self.events.push(category_asks(asked, at)),
            Change::Feed(images) => self.events.extend(feed_changes(&images, at)),
            Change::GivenUp(units) => self.events.push(given_up(units, at)),
            Change::Hold(entry) => self.events.push(hold_changed(entry, at)),
            Change::Rejected(row) => self.events.push(rejected(row, at)),
            Change::Round { connection, images } => {
                let events = round_changes(&connection, &images, at);
                self.events.extend(events);
            }
            Change::Matching { connection, images } => {
                let events = matching_changes(&connection, &images, at);
                self.events.extend(events);
            }
            Change::StockPlan {
                connection,
                old,
                new,
            } => {
                if old != new {
                    self.schedules.insert(connection);
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
            self.schedules.insert(either.key());
        }
    }
}
