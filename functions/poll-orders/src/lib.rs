//! `poll-orders`: sweeps Amazon's changed orders, connection by connection, and queues each, whole. Amazon's notices bring
//! some of them sooner.
//!
//! It owns the cursor of orders and the limit of searchOrders. It never reads what an order says beyond its id and the
//! moment of its last change, and never moves the cursor past anything that is not queued. A notice is a hint: what it
//! says is asked for again, and nothing is lost if it never comes.

mod at_risk;
pub mod clock;
mod notices;
mod run;
pub mod silence;
pub mod sweep;

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use jiff::{SignedDuration, Timestamp};
pub use notices::Storms;
use run::{RunOutcome, poll};
use stallkeeper::domain::connection::Connection;
use stallkeeper::domain::feed::CHECK_LOST;
use stallkeeper::error::{Error, Result};
use stallkeeper::lambda::Inbox;
use stallkeeper::queue::{CancellationMessage, DispatchMessage, Queue, TickMessage};
use stallkeeper::schedule::Schedules;
use stallkeeper::sp_api::SpApi;
use stallkeeper::store::Store;
use stallkeeper::vault::Vault;
use std::time::SystemTime;
use tracing::{error, warn};

/// How often a tick may queue itself again before only the schedule continues.
const MOST_HOPS: u32 = 50;
/// A cancellation that is due for so long is sent by no message any more.
const MESSAGE_ON_ITS_WAY: SignedDuration = SignedDuration::from_mins(3);

/// What the function works with.
pub struct App {
    pub store: Store,
    pub vault: Vault,
    pub amazon: SpApi,
    pub schedules: Schedules,
    pub orders: Queue,
    pub ticks: Queue,
    /// Woken for dispatches that wait, whatever made them wait.
    pub dispatches: Queue,
    pub feed_checks: Queue,
    /// Woken for cancellations that wait, whatever made them wait.
    pub cancellations: Queue,
    pub inbox: Inbox,
    /// An order that is to be shipped within this time is at risk.
    pub at_risk_before: SignedDuration,
    /// Absent, Amazon is not asked for notices.
    pub notices: Option<NoticesInbox>,
    /// Storms of notices that this environment knows of.
    pub storms: Storms,
}

/// Where Amazon's notices come in.
pub struct NoticesInbox {
    pub inbox: Inbox,
    /// The queue's, which Amazon sends to.
    pub queue_arn: String,
    /// Amazon is asked for notices of listings, too.
    pub listing_notices: bool,
}

/// Works on a batch of ticks or of notices; a sweep stops between two pages when `deadline` is near.
pub async fn handle(app: &App, event: SqsEvent, deadline: SystemTime) -> Result<SqsBatchResponse> {
    let first = event.records.first();
    let queue = first.and_then(|record| record.event_source_arn.as_deref());
    let notices = app.notices.as_ref();
    if let Some(notices) = notices.filter(|it| queue == Some(it.queue_arn.as_str())) {
        let work = |body: String| async move { notices::take(app, &body).await };
        return Ok(notices.inbox.each_body(event, work).await);
    }
    let work = |tick| async move {
        match sweep_at(app, tick, deadline).await {
            Err(error) if error.is_throttled() => {
                skip(&error);
                Ok(())
            }
            other => other,
        }
    };
    Ok(app.inbox.each_message(event, work).await)
}

/// The schedule's next tick continues. If this one waited for the limit as other messages do, a lasting limit would
/// gather one more waiting tick with every tick.
fn skip(error: &Error) {
    warn!(
        error.class = error.class().name(),
        error = error.chain(),
        "a tick met a limit and is left to the next one"
    );
}

async fn sweep_at(app: &App, tick: TickMessage, deadline: SystemTime) -> Result<()> {
    let TickMessage::Tick {
        connection: key,
        hop,
    } = tick;
    let found = app.store.connection(&key).await?;
    let Some(connection) = found.filter(|it| it.status.fetches_orders()) else {
        let schedules = &app.schedules;
        return schedules.follow_latest(&app.store, &key).await;
    };
    wake_dispatches(app, &connection).await?;
    wake_cancellations(app, &connection).await?;
    watch_ship_by(app, &connection, deadline).await;
    let outcome = poll(app, &connection, deadline).await?;
    if outcome == RunOutcome::OutOfTime && hop < MOST_HOPS {
        let next = TickMessage::Tick {
            connection: key,
            hop: hop + 1,
        };
        app.ticks.send(&connection.id, next, 0).await?;
    }
    Ok(())
}

/// A tick is also the clock of the connection's dispatches: what was not due, or waited while the connection was paused,
/// frozen or not authorised, goes on by it.
async fn wake_dispatches(app: &App, connection: &Connection) -> Result<()> {
    let key = connection.key();
    // Also while it is paused: how long parcels wait is watched all the same.
    let now = Timestamp::now();
    if !app.store.has_pending_dispatches(&key, now).await? {
        return Ok(());
    }
    let message = DispatchMessage::Confirm {
        connection: key,
        new: None,
        hop: 0,
    };
    app.dispatches.send(&connection.id, message, 0).await
}

/// And of the tenant's ship-by moments. One that fails keeps no order from coming in, and is tried again with the next tick.
async fn watch_ship_by(app: &App, connection: &Connection, deadline: SystemTime) {
    let tenant = &connection.tenant;
    if let Err(error) = at_risk::watch(app, tenant, deadline).await {
        error!(tenant.id = %tenant, error.class = error.class().name(), error = error.chain(), "could not look for orders at risk");
    }
}

/// And of its cancellations: those that are due, and those in a feed whose check may be lost.
async fn wake_cancellations(app: &App, connection: &Connection) -> Result<()> {
    let (store, key, now) = (&app.store, connection.key(), Timestamp::now());
    if !connection.status.sends() {
        return Ok(());
    }
    // What came just now has a message on its way.
    let (due, old) = (now - MESSAGE_ON_ITS_WAY, now - CHECK_LOST);
    let waits = store.has_due_cancellations(&key, due).await?
        || store.has_open_cancellation_feed(&key, old).await?;
    if !waits {
        return Ok(());
    }
    let message = CancellationMessage::Send {
        connection: key,
        hop: 0,
    };
    app.cancellations.send(&connection.id, message, 0).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use stallkeeper::queue::Versioned;
    use stallkeeper::sp_api::{NoticeContent, read_notice};

    #[test]
    fn the_sample_event_of_notices_holds_one_of_each_kind_that_amazon_queues() {
        let sample = include_str!("../../../events/poll-orders-notices.json");
        let event: SqsEvent = serde_json::from_str(sample).unwrap();
        let kinds: Vec<_> = event
            .records
            .iter()
            .map(|record| {
                read_notice(record.body.as_deref().unwrap())
                    .unwrap()
                    .content
            })
            .collect();
        assert!(matches!(
            kinds[..],
            [
                NoticeContent::Order { .. },
                NoticeContent::Feed(_),
                NoticeContent::Account(_)
            ]
        ));
    }

    #[test]
    fn the_sample_event_holds_a_tick() {
        let event: SqsEvent =
            serde_json::from_str(include_str!("../../../events/poll-orders.json")).unwrap();
        let body = event.records[0].body.as_deref().unwrap();
        let message: Versioned<TickMessage> = serde_json::from_str(body).unwrap();
        assert!(matches!(
            message.open().unwrap(),
            TickMessage::Tick { hop: 0, .. }
        ));
    }
}
