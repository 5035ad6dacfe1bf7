//! One run over the dispatches of a connection that wait: the most urgent first, as many as the seller's limit and the
//! time allow.

use crate::App;
use crate::confirm::{Confirmed, Run};
use crate::labels;
use jiff::{SignedDuration, Timestamp};
use stallkeeper::domain::connection::Connection;
use stallkeeper::error::Result;
use stallkeeper::queue::ParcelOfOrder;
use stallkeeper::seller_session::{SellerSession, Waiting};
use stallkeeper::store::PendingDispatch;
use std::time::{Duration, SystemTime};
use tracing::info;

/// How long a run has a connection's dispatches to itself; longer than the function may take.
const LEASE: SignedDuration = SignedDuration::from_secs(90);
/// What one more call may need at the end: Amazon's slowest answer, and settling it.
const CALL_TIME: Duration = Duration::from_secs(28);
/// The longest that a call waits for the limit within a run.
const LONGEST_WAIT: Duration = Duration::from_secs(2);
/// How many that are due are listed at a time.
const PAGE: i32 = 200;

/// How a run ended that did not fail.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum DrainOutcome {
    Done,
    /// Some are left for later: the limit is reached, time ran out, or an answer was lost.
    Later(Duration),
    /// Another run has the connection.
    Busy,
}

pub(crate) async fn drain(
    app: &App,
    connection: &Connection,
    new: Option<&ParcelOfOrder>,
    deadline: SystemTime,
) -> Result<DrainOutcome> {
    let key = &connection.key();
    let owner = ulid::Ulid::generate().to_string();
    let now = Timestamp::now();
    let until = now.saturating_add(LEASE).unwrap_or(now);
    let store = &app.store;
    if !store.lease_dispatches(key, &owner, now, until).await? {
        return Ok(DrainOutcome::Busy);
    }
    let until = deadline.checked_sub(CALL_TIME).unwrap_or(deadline);
    let run = Run {
        app,
        connection,
        session: SellerSession::new(store, &app.vault, &app.amazon, connection),
        waiting: Waiting::For {
            longest: LONGEST_WAIT,
            until,
        },
    };
    let drained = work(&run, new, until).await;
    store.release_dispatches(key, &owner).await?;
    drained
}

async fn work(
    run: &Run<'_>,
    new: Option<&ParcelOfOrder>,
    until: SystemTime,
) -> Result<DrainOutcome> {
    let app = run.app;
    let key = &run.connection.key();
    labels::settle_overdue(app, key).await?;
    let mut wait: Option<Duration> = None;
    loop {
        let now = Timestamp::now();
        let pending = app.store.pending_dispatches(key, now, PAGE).await?;
        report_oldest(run.connection, &pending);
        let mut due = due(&pending, now);
        let is_full = usize::try_from(PAGE).is_ok_and(|page| due.len() >= page);
        due.extend(new.filter(|new| !due.contains(new)).cloned());
        let mut moved = 0;
        for parcel in &due {
            if SystemTime::now() >= until {
                return Ok(DrainOutcome::Later(Duration::ZERO));
            }
            match run.confirm(parcel).await? {
                Confirmed::Settled => moved += 1,
                Confirmed::NotDue => {}
                Confirmed::Later(after) => {
                    moved += 1;
                    wait = Some(wait.map_or(after, |wait| wait.min(after)));
                }
                Confirmed::Limited(after) => return Ok(DrainOutcome::Later(after)),
            }
        }
        if moved == 0 || !is_full {
            return Ok(wait.map_or(DrainOutcome::Done, DrainOutcome::Later));
        }
    }
}

/// Those that are due, in their order.
fn due(pending: &[PendingDispatch], now: Timestamp) -> Vec<ParcelOfOrder> {
    let due = pending.iter().filter(|it| it.due_at <= now);
    due.map(|it| ParcelOfOrder {
        order_id: it.order.clone(),
        parcel: it.parcel.clone(),
    })
    .collect()
}

/// Reports how long parcels wait of a connection that nothing is sent from now.
pub(crate) async fn only_report(app: &App, connection: &Connection) -> Result<()> {
    let key = connection.key();
    let now = Timestamp::now();
    let pending = app.store.pending_dispatches(&key, now, PAGE).await?;
    report_oldest(connection, &pending);
    Ok(())
}

/// For the alarm: how long the oldest has been with its carrier without Amazon's word.
fn report_oldest(connection: &Connection, pending: &[PendingDispatch]) {
    let now = Timestamp::now();
    let handed_over = pending.iter().map(|it| it.handed_over_at);
    let Some(oldest) = handed_over.filter(|at| *at <= now).min() else {
        return;
    };
    let unconfirmed_seconds = now.duration_since(oldest).as_secs();
    let id = &connection.id;
    info!(connection.id = %id, unconfirmed_seconds, "the oldest unconfirmed hand-over of connection `{id}` is {unconfirmed_seconds} s old");
}
