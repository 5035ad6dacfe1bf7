//! One feed of all cancellations of a connection that are due, under a lease, so that none is in two feeds.

use crate::App;
use crate::feed::{self, Sending};
use crate::look;
use jiff::{SignedDuration, Timestamp};
use stallkeeper::domain::cancellation::{Cancellation, CancellationState};
use stallkeeper::domain::connection::Connection;
use stallkeeper::domain::ids::ConnectionKey;
use stallkeeper::error::{Class, Result};
use stallkeeper::queue::CancellationMessage;
use stallkeeper::seller_session::SellerSession;
use std::time::{Duration, SystemTime};
use tracing::{error, info, warn};

/// The most cancellations in one feed: a minute has fewer, and a manifest of so many fits in one item.
const MOST: usize = 500;
/// How long a run has the connection's cancellations to itself; no run lasts longer.
const LEASED: SignedDuration = SignedDuration::from_mins(5);
/// What a feed from its first write to Amazon's answer may need.
const FEED_TIME: Duration = Duration::from_secs(30);
/// When a run that found the lease taken looks again.
const BUSY_SECONDS: u32 = 20;
/// The longest that a message waits.
const LONGEST_DELAY: i64 = 900;
/// How often a message may come again for what is not due yet.
const MOST_HOPS: u32 = 60;

/// Sends what is due. What cannot be sent now is in the table: switched on or authorised again, the connection is sent for.
pub(crate) async fn send(
    app: &App,
    connection: &ConnectionKey,
    hop: u32,
    deadline: SystemTime,
) -> Result<()> {
    let Some(connection) = app.store.connection(connection).await? else {
        return Ok(());
    };
    if !connection.status.sends() {
        info!(connection.id = %connection.id, "cancellations wait while the connection sends nothing");
        return Ok(());
    }
    let (key, owner) = (
        &connection.key(),
        &format!("{:032x}", rand::random::<u128>()),
    );
    let now = Timestamp::now();
    let until = now.saturating_add(LEASED).unwrap_or(now);
    if !app
        .store
        .lease_cancellations(key, owner, now, until)
        .await?
    {
        return again(app, key, hop, BUSY_SECONDS).await;
    }
    let sent = send_leased(app, &connection, deadline).await;
    app.store.release_cancellations(key, owner).await?;
    match sent? {
        Some(due) => {
            let wait = due.duration_since(Timestamp::now()).as_secs();
            let wait = u32::try_from(wait.clamp(1, LONGEST_DELAY)).unwrap_or(900);
            again(app, key, hop, wait).await
        }
        None => Ok(()),
    }
}

async fn again(app: &App, connection: &ConnectionKey, hop: u32, seconds: u32) -> Result<()> {
    if hop >= MOST_HOPS {
        warn!(connection.id = %connection, "cancellations wait for longer than a message may; the next one sends them");
        return Ok(());
    }
    let again = CancellationMessage::Send {
        connection: connection.clone(),
        hop: hop + 1,
    };
    app.cancellations.send(connection, again, seconds).await
}

/// When more is due, if anything.
async fn send_leased(
    app: &App,
    connection: &Connection,
    deadline: SystemTime,
) -> Result<Option<Timestamp>> {
    let sending = &Sending {
        app,
        connection,
        seller: SellerSession::new(&app.store, &app.vault, &app.amazon, connection),
    };
    feed::resume(sending).await?;
    let (due, next) = waiting(app, &connection.key()).await?;
    let (doubted, due): (Vec<_>, Vec<_>) = due
        .into_iter()
        .partition(|it| it.state == CancellationState::Unknown);
    let mut later = next;
    // What waits while sending is frozen is in the table, and the connection's ticks go on with it.
    if !due.is_empty() && !feed::is_frozen(sending).await? {
        let left = deadline.duration_since(SystemTime::now());
        if left.unwrap_or_default() < FEED_TIME {
            return Ok(Some(Timestamp::now()));
        }
        sending.feeds().permits().await?;
        let again = feed::send(sending, due).await?;
        later = later.into_iter().chain(again).min();
    }
    for cancellation in doubted {
        let again = look::look(sending, &cancellation).await?;
        later = later.into_iter().chain(again).min();
    }
    Ok(later)
}

/// The cancellations that are due, and when the first of the others will be.
async fn waiting(
    app: &App,
    connection: &ConnectionKey,
) -> Result<(Vec<Cancellation>, Option<Timestamp>)> {
    let now = Timestamp::now();
    let most = i32::try_from(MOST).unwrap_or(i32::MAX);
    let pending = app.store.pending_cancellations(connection, most).await?;
    let more = pending.len() >= MOST;
    let (mut due, mut next) = (Vec::new(), more.then_some(now));
    for (order, id) in pending {
        let found = match app.store.cancellation(connection, &order, &id).await {
            Err(error) if error.class() == Class::Permanent => {
                error!(connection.id = %connection.id, order.id = %order, cancellation = %id, error = error.chain(), "cancellation `{id}` cannot be read; the others go on");
                continue;
            }
            found => found?,
        };
        match found {
            Some(cancellation) if cancellation.is_due(now) => {
                let shown = look::is_shown(app, &cancellation, now).await?;
                due.extend((!shown).then_some(cancellation));
            }
            Some(cancellation) if cancellation.is_waiting() => {
                next = next.into_iter().chain([cancellation.due_at]).min();
            }
            // The index lags behind: it is in a feed already.
            _ => {}
        }
    }
    Ok((due, next))
}
