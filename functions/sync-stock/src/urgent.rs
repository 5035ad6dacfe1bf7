//! Decreases that wait for no round: patched at once, whatever feed is under way, under a lease of their own.

use crate::App;
use crate::brake::{is_released, judge};
use crate::going::Going;
use crate::outgoing::{Outgoing, Stop};
use crate::patch::{Unsubmitted, patch_all};
use crate::round::LEASE;
use jiff::Timestamp;
use stallkeeper::error::{Class, Error, Result};
use stallkeeper::store::{Held, Round, RoundSummary, Written};
use std::time::SystemTime;
use tracing::{info, warn};

/// How often a message waits for another run before it is left to the next round; together longer than a lease.
pub(crate) const MOST_HOPS: u32 = 70;
/// How long a message waits for another run.
pub(crate) const BUSY_SECONDS: u32 = 5;

/// How a run ended that did not fail.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum End {
    Done,
    /// Another run has the lease, and may have looked before this message was sent.
    Busy,
    OutOfTime,
    /// More than go by patch: a round sends them by feed.
    TooMany,
}

/// Patches all urgent entries of a connection.
pub(crate) async fn run(app: &App, going: &Going, deadline: SystemTime) -> Result<End> {
    let owner = ulid::Ulid::generate().to_string();
    let now = Timestamp::now();
    let until = now.saturating_add(LEASE).unwrap_or(now);
    let connection = &going.connection.key();
    let store = &app.store;
    if !store.lease_urgent(connection, &owner, now, until).await? {
        return Ok(End::Busy);
    }
    let sent = send(app, going, deadline).await;
    store.release_urgent(connection, &owner).await?;
    sent
}

async fn send(app: &App, going: &Going, deadline: SystemTime) -> Result<End> {
    let connection = &going.connection.key();
    let store = &app.store;
    let mut entries = store.to_send(connection, true).await?;
    entries.retain(|entry| entry.urgent && entry.price_on.is_none());
    if entries.is_empty() {
        return Ok(End::Done);
    }
    entries.sort_by_key(|entry| entry.at);
    let too_many = entries.len() > app.patch_most;
    entries.truncate(app.patch_most);
    let out = Outgoing::new(app, going, deadline).await?;
    let round = store.round(connection).await?;
    if round.held.is_some() && !is_released(&round, Timestamp::now()) {
        info!(connection.id = %connection, "urgent decreases of connection `{connection}` wait, since its round is held");
        return Ok(End::Done);
    }
    if let Some(held) = judge(&out, &round, &entries).await? {
        hold(&out, held).await?;
        return Ok(End::Done);
    }
    let open = store.open_feeds(connection).await?;
    let unsubmitted = Unsubmitted::read(&out, &open).await?;
    let mut summary = RoundSummary::default();
    let (unsure, stop) = patch_all(&out, &entries, &unsubmitted, &mut summary).await?;
    let (patched, refused) = (summary.patched, summary.refused);
    let order_cursor_age_seconds = out.exposure_seconds();
    info!(connection.id = %connection, patched, refused, unsure, ?stop, order_cursor_age_seconds, "urgent decreases of connection `{connection}`");
    match stop {
        Some(Stop::OutOfTime) => Ok(End::OutOfTime),
        Some(Stop::Limited) => Err(Error::new(
            Class::Throttled { retry_after: None },
            "send an urgent decrease",
            "Amazon's limit is reached",
        )),
        // The next round tells a person.
        Some(Stop::SwitchedOff | Stop::Refused(_)) => Ok(End::Done),
        None if unsure > 0 => Err(Error::retryable(
            "send an urgent decrease",
            "a patch may or may not have arrived",
        )),
        None if too_many => Ok(End::TooMany),
        None => Ok(End::Done),
    }
}

/// Holds the rounds of the connection, unless a person has just released them.
async fn hold(out: &Outgoing<'_>, held: Held) -> Result<()> {
    let connection = &out.key();
    let store = &out.app.store;
    warn!(connection.id = %connection, held.zeros, held.matched, "urgent decreases of connection `{connection}` are held for a person");
    loop {
        let round = store.round(connection).await?;
        if round.held.is_some() || is_released(&round, Timestamp::now()) {
            return Ok(());
        }
        let round = Round {
            tenant: Some(connection.tenant.clone()),
            connection: Some(connection.id.clone()),
            held: Some(held.clone()),
            revision: round.revision + 1,
            ..round
        };
        if store.save_round(connection, &round).await? == Written::Done {
            return Ok(());
        }
    }
}
