//! Decreases that wait for no round: patched at once, whatever feed is under way, under a lease of their own.

use crate::App;
use crate::brake::{is_released, judge, judge_and_count};
use crate::leased::{until, while_leased};
use crate::look::look_first;
use crate::patch::{Unsubmitted, patch_all};
use crate::round::URGENT_TIME;
use crate::send_session::{SendSession, Stop};
use jiff::{SignedDuration, Timestamp};
use stallkeeper::error::{Class, Error, Result};
use stallkeeper::sending::Sending;
use stallkeeper::store::{HeldRound, RoundSummary, Written};
use std::collections::HashSet;
use std::time::SystemTime;
use tracing::{info, warn};

/// How often a message waits for another run before the next round takes it; together longer than a lease.
pub(crate) const MOST_HOPS: u32 = 20;
/// How long a message waits for another run.
pub(crate) const BUSY_SECONDS: u32 = 5;

/// How long a message waits at least that was refused.
const REFUSED_SECONDS: u32 = 30;
/// The longest that a message can wait.
const LONGEST_DELAY: u32 = 900;

/// How a run ended that did not fail.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum UrgentOutcome {
    Done,
    /// Another run has the lease, and may have looked before this message was sent.
    Busy,
    OutOfTime,
    /// Amazon refused some for now: they are tried again after so many seconds.
    Refused(u32),
    /// More than go by patch, or one that no patch can name: a round sends them by feed.
    ForRound,
}

/// Patches all urgent entries of a connection. `again`: for a message that queued itself.
pub(crate) async fn run(
    app: &App,
    sending: &Sending,
    deadline: SystemTime,
    again: bool,
) -> Result<UrgentOutcome> {
    let owner = ulid::Ulid::generate().to_string();
    let connection = &sending.connection.key();
    let store = &app.store;
    let lease = async || {
        let now = Timestamp::now();
        store
            .lease_urgent(connection, &owner, now, until(now))
            .await
    };
    if !lease().await? {
        return Ok(UrgentOutcome::Busy);
    }
    let sent = while_leased(&lease, send(app, sending, deadline, again)).await;
    store.release_urgent(connection, &owner).await?;
    sent
}

async fn send(
    app: &App,
    sending: &Sending,
    deadline: SystemTime,
    again: bool,
) -> Result<UrgentOutcome> {
    let connection = &sending.connection.key();
    let store = &app.store;
    let mut entries = store.to_send(connection, true).await?;
    entries.retain(|entry| entry.urgent && entry.price_on.is_none());
    if entries.is_empty() {
        return Ok(UrgentOutcome::Done);
    }
    let session = SendSession::new(app, sending, deadline).await?;
    let gate = session.gate(HashSet::new());
    let due = entries.iter().filter_map(|entry| entry.next_at).min();
    entries.retain(|entry| gate.allows(entry));
    if entries.is_empty() {
        let wait = due.map(|at| at.duration_since(Timestamp::now()));
        let wait = wait.filter(|_| again);
        return Ok(wait.map_or(UrgentOutcome::Done, refused_for));
    }
    let all = entries.len();
    entries.retain(|entry| entry.sku.fits_in_an_address());
    entries.sort_by_key(|entry| (entry.tries, entry.at));
    entries.truncate(app.patch_most);
    let for_round = entries.len() < all;
    let round = store.round(connection).await?;
    if round.held_whole().is_some() && !is_released(&round, Timestamp::now()) {
        info!(connection.id = %connection, "urgent decreases of connection `{connection}` wait, since its round is held");
        return Ok(UrgentOutcome::Done);
    }
    if let Some(held) = judge(&session, &round, &entries).await? {
        hold(&session, held).await?;
        return Ok(UrgentOutcome::Done);
    }
    let looked = look_first(&session, entries, URGENT_TIME).await?;
    if let Some(held) = judge_and_count(&session, &round, &looked.counted()).await? {
        hold(&session, held).await?;
        return Ok(UrgentOutcome::Done);
    }
    let open = store.open_feeds(connection).await?;
    let unsubmitted = Unsubmitted::read(&session, &open).await?;
    let mut summary = RoundSummary {
        refused: looked.refused,
        ..RoundSummary::default()
    };
    let mut patches = patch_all(&session, &looked.clear, &unsubmitted, &mut summary).await?;
    patches.wait_at_most(looked.retry);
    patches.stop = patches.stop.or(looked.stop);
    let (unsure, stop) = (patches.unsure, patches.stop);
    let (patched, refused) = (summary.patched, summary.refused);
    let order_cursor_age_seconds = session.exposure_seconds();
    info!(connection.id = %connection, patched, refused, unsure, ?stop, order_cursor_age_seconds, "urgent decreases of connection `{connection}`");
    match stop {
        Some(Stop::OutOfTime) => Ok(UrgentOutcome::OutOfTime),
        Some(Stop::Limited) => Err(Error::new(
            Class::Throttled { retry_after: None },
            "send an urgent decrease",
            "Amazon's limit is reached",
        )),
        // The next round reports it to a person.
        Some(Stop::SwitchedOff | Stop::Refused(_)) => Ok(UrgentOutcome::Done),
        None if unsure > 0 => Err(Error::retryable(
            "send an urgent decrease",
            "a patch may or may not have arrived",
        )),
        None if for_round => Ok(UrgentOutcome::ForRound),
        None => Ok(patches
            .refused_wait
            .map_or(UrgentOutcome::Done, refused_for)),
    }
}

/// They do not wait for a round, which may be a day away: for as long as a message can wait, at least.
fn refused_for(wait: SignedDuration) -> UrgentOutcome {
    let seconds = u32::try_from(wait.as_secs()).unwrap_or(LONGEST_DELAY);
    UrgentOutcome::Refused((seconds + REFUSED_SECONDS).min(LONGEST_DELAY))
}

/// Holds the rounds of the connection, unless a person has just released them.
async fn hold(session: &SendSession<'_>, held: HeldRound) -> Result<()> {
    let connection = &session.key();
    let store = &session.app.store;
    warn!(connection.id = %connection, held.zeros, held.matched, "urgent decreases of connection `{connection}` are held for a person");
    for () in Written::attempts() {
        let mut round = store.round(connection).await?;
        if round.held_whole().is_some() || is_released(&round, Timestamp::now()) {
            return Ok(());
        }
        round.tenant = Some(connection.tenant.clone());
        round.connection = Some(connection.id.clone());
        round.held = Some(held.clone());
        if store.save_leased(connection, &mut round).await? == Written::Done {
            return Ok(());
        }
    }
    Err(Written::given_up("hold the rounds of a connection"))
}
