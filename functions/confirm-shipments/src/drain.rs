//! A run over the dispatches that wait of several connections: the most urgent of all first, as many as the sellers' limits
//! and the time allow.

use crate::App;
use crate::confirm::{Confirmed, Run};
use crate::labels;
use crate::permits::Permits;
use crate::turns::{End, Turn, take_turns};
use futures::stream::{self, StreamExt as _};
use jiff::{SignedDuration, Timestamp};
use stallkeeper::domain::connection::Connection;
use stallkeeper::domain::ids::ConnectionKey;
use stallkeeper::error::{Class, Error, Result};
use stallkeeper::queue::ParcelOfOrder;
use stallkeeper::seller_session::SellerSession;
use stallkeeper::store::PendingDispatch;
use std::collections::{BTreeSet, VecDeque};
use std::time::{Duration, SystemTime};
use tracing::{error, info};

/// How long a run has a connection's dispatches to itself; longer than the function may take.
const LEASE: SignedDuration = SignedDuration::from_secs(90);
/// What one more call may need at the end: Amazon's slowest answer, and settling it.
const CALL_TIME: Duration = Duration::from_secs(28);
/// The longest that a connection waits for its limit within a run.
const LONGEST_WAIT: Duration = Duration::from_secs(3);
/// How many that are due are listed.
const PAGE: i32 = 200;
/// Connections that are worked on side by side; so many calls of Amazon too, one a connection.
pub(crate) const AT_ONCE: usize = 5;

/// How a connection's part of a run ended that did not fail.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum DrainOutcome {
    Done,
    /// Some are left for later: the limit is reached, time ran out, or an answer was lost.
    Later(Duration),
    /// Another run has the connection. It may have looked before these of the new ones were there.
    Busy(BTreeSet<ParcelOfOrder>),
}

/// A connection that sends, and the dispatches that are new to it: the list of those that wait may not have them yet.
pub(crate) struct Due {
    pub(crate) connection: Connection,
    pub(crate) new: BTreeSet<ParcelOfOrder>,
}

/// Confirms what is due; how each connection's part ended.
pub(crate) async fn drain(
    app: &App,
    all: &[Due],
    deadline: SystemTime,
) -> Vec<(ConnectionKey, Result<DrainOutcome>)> {
    let owner = &ulid::Ulid::generate().to_string();
    let opened = stream::iter(all)
        .map(|due| async move { (due.connection.key(), open(app, due, owner).await) })
        .buffered(AT_ONCE)
        .collect::<Vec<_>>();
    let (mut ended, mut shares, mut queues) = (Vec::new(), Vec::new(), Vec::new());
    for (key, opened) in opened.await {
        match opened {
            Ok(Opened::Leased(share, queue)) => {
                shares.push(*share);
                queues.push(queue);
            }
            Ok(Opened::Ended(outcome)) => ended.push((key, Ok(outcome))),
            Err(error) => ended.push((key, Err(error))),
        }
    }
    let until = deadline.checked_sub(CALL_TIME).unwrap_or(deadline);
    let is_over = || SystemTime::now() >= until;
    let turn = async |place: usize, next: &PendingDispatch| shares[place].turn(next).await;
    let ends = take_turns(queues, AT_ONCE, is_over, turn).await;
    for (share, end) in shares.iter().zip(ends) {
        let key = share.run.connection.key();
        ended.push((key, share.close(end, owner).await));
    }
    ended
}

enum Opened<'a> {
    /// With what is due, the most urgent first.
    Leased(Box<Share<'a>>, VecDeque<PendingDispatch>),
    Ended(DrainOutcome),
}

/// A connection's part of the run, which has it to itself.
struct Share<'a> {
    run: Run<'a>,
    /// More may be due than was listed.
    is_full: bool,
}

async fn open<'a>(app: &'a App, due: &'a Due, owner: &str) -> Result<Opened<'a>> {
    let key = &due.connection.key();
    labels::settle_overdue(app, key).await?;
    let now = Timestamp::now();
    let pending = app.store.pending_dispatches(key, now, PAGE).await?;
    report_oldest(&due.connection, &pending);
    let mut queue: Vec<PendingDispatch> = pending;
    queue.retain(|it| it.due_at <= now);
    let is_full = usize::try_from(PAGE).is_ok_and(|page| queue.len() >= page);
    queue.extend(unlisted(app, key, &due.new, &queue).await?);
    queue.sort_unstable();
    // Nothing is due: an earlier run came first, and no lease is needed.
    if queue.is_empty() {
        return Ok(Opened::Ended(DrainOutcome::Done));
    }
    let until = now.saturating_add(LEASE).unwrap_or(now);
    if !app.store.lease_dispatches(key, owner, now, until).await? {
        let due = still_due(app, key, &due.new).await?;
        let due = due.iter().map(parcel_of).collect();
        return Ok(Opened::Ended(DrainOutcome::Busy(due)));
    }
    let (store, connection) = (&app.store, &due.connection);
    let run = Run {
        app,
        connection,
        session: SellerSession::new(store, &app.vault, &app.amazon, connection),
        permits: Permits::for_calls(queue.len()),
    };
    let share = Box::new(Share { run, is_full });
    Ok(Opened::Leased(share, queue.into()))
}

/// Those of the new ones that are due, and not in the list.
async fn unlisted(
    app: &App,
    key: &ConnectionKey,
    new: &BTreeSet<ParcelOfOrder>,
    listed: &[PendingDispatch],
) -> Result<Vec<PendingDispatch>> {
    let listed: BTreeSet<ParcelOfOrder> = listed.iter().map(parcel_of).collect();
    still_due(app, key, &(new - &listed)).await
}

async fn still_due(
    app: &App,
    key: &ConnectionKey,
    parcels: &BTreeSet<ParcelOfOrder>,
) -> Result<Vec<PendingDispatch>> {
    let mut due = Vec::new();
    for parcel in parcels {
        let read = app
            .store
            .dispatch(key, &parcel.order_id, &parcel.parcel)
            .await;
        let dispatch = match read {
            Ok(dispatch) => dispatch.filter(|dispatch| dispatch.is_due(Timestamp::now())),
            Err(error) => pass_over(key, parcel, error).map(|()| None)?,
        };
        due.extend(dispatch.map(|dispatch| PendingDispatch::of(&dispatch)));
    }
    Ok(due)
}

/// Says that a parcel cannot be read, and lets the others go on; any other failure stays one.
pub(crate) fn pass_over(
    connection: &ConnectionKey,
    ParcelOfOrder { order_id, parcel }: &ParcelOfOrder,
    error: Error,
) -> Result<()> {
    if error.class() != Class::Permanent {
        return Err(error);
    }
    error!(connection.id = %connection.id, order.id = %order_id, %parcel, error = error.chain(), "parcel `{parcel}` cannot be read; the others go on");
    Ok(())
}

impl Share<'_> {
    async fn turn(&self, next: &PendingDispatch) -> Turn<Result<Duration>> {
        // Boxed, as the futures of a run nest deeper than the compiler looks.
        match Box::pin(self.run.confirm(&parcel_of(next))).await {
            Ok(Confirmed::Settled | Confirmed::NotDue) => Turn::Done(None),
            Ok(Confirmed::Later(after)) => Turn::Done(Some(after)),
            Ok(Confirmed::Limited(wait)) if wait <= LONGEST_WAIT => Turn::Wait(wait),
            Ok(Confirmed::Limited(wait)) => Turn::Leave(Ok(wait)),
            Err(error) => {
                let passed = pass_over(&self.run.connection.key(), &parcel_of(next), error);
                passed.map_or_else(|error| Turn::Leave(Err(error)), |()| Turn::Done(None))
            }
        }
    }

    async fn close(&self, end: End<Result<Duration>>, owner: &str) -> Result<DrainOutcome> {
        let key = self.run.connection.key();
        self.run.app.store.release_dispatches(&key, owner).await?;
        Ok(match end {
            End::Through(_) if self.is_full => DrainOutcome::Later(Duration::ZERO),
            End::Through(again) => again.map_or(DrainOutcome::Done, DrainOutcome::Later),
            End::OutOfTime => DrainOutcome::Later(Duration::ZERO),
            End::Left(wait) => DrainOutcome::Later(wait?),
        })
    }
}

fn parcel_of(pending: &PendingDispatch) -> ParcelOfOrder {
    ParcelOfOrder {
        order_id: pending.order.clone(),
        parcel: pending.parcel.clone(),
    }
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
