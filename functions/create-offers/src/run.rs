//! One run of a connection's offers, under a lease, so that none is in two feeds.

use crate::making::{Making, Offering};
use crate::{App, feed, follow, make, selected};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use stallkeeper::domain::ids::{ConnectionKey, Sku};
use stallkeeper::domain::new_offer::{NewOffer, NewOfferState};
use stallkeeper::error::{Class, Result};
use stallkeeper::fan_out;
use stallkeeper::queue::OfferJob;
use stallkeeper::store::{Leased, OfferRun};
use std::time::SystemTime;
use tracing::{error, warn};

/// How long a run has the connection's offers to itself; no run lasts longer.
const LEASED: SignedDuration = SignedDuration::from_mins(6);
/// When a run that found the lease taken looks again.
const BUSY_SECONDS: u32 = 30;
/// When a run goes on that met a limit of Amazon's.
const LIMITED_SECONDS: u32 = 120;
/// How often a run may queue itself again before the ticks must take over.
const MOST_HOPS: u32 = 60;
/// Offers that are made at a time: as many as go into one feed.
const BATCH: i32 = 100;
/// Offers that are looked at in one go.
const MOST_DUE: i32 = 500;
const AT_ONCE: usize = 16;

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RunOutcome {
    Done,
    /// Time ran out, or Amazon's limit is reached: after so many seconds it goes on.
    Again(u32),
}

/// Goes on with all that is to be done now.
pub(crate) async fn run(
    app: &App,
    key: &ConnectionKey,
    hop: u32,
    deadline: SystemTime,
) -> Result<()> {
    let Some(offering) = Offering::load(app, key).await? else {
        return wait_for_tick(app, key).await;
    };
    let owner = &format!("{:032x}", rand::random::<u128>());
    let now = Timestamp::now();
    let until = now.saturating_add(LEASED).unwrap_or(now);
    let Some(mut leased) = app.store.lease_offers(key, owner, now, until).await? else {
        return again(app, key, hop, BUSY_SECONDS).await;
    };
    if !offering.settings.on {
        // No tick is to wake it: switching on does.
        leased.next_at = None;
        let _ = app.store.give_back(key, &mut leased).await?;
        return Ok(());
    }
    let making = Making::new(app, &offering, deadline);
    let outcome = work(&making, &mut leased).await;
    let next = next_at(&making, &leased).await;
    // If this fails the lease runs out, and the ticks find what is due as the run before left it.
    leased.next_at = next.unwrap_or(Some(now));
    let _ = app.store.give_back(key, &mut leased).await?;
    match outcome {
        Ok(RunOutcome::Done) => Ok(()),
        Ok(RunOutcome::Again(seconds)) => again(app, key, hop, seconds).await,
        Err(error) if error.is_throttled() => again(app, key, hop, LIMITED_SECONDS).await,
        Err(error) => Err(error),
    }
}

/// Has the first tick that may send go on with what waits while nothing is sent.
async fn wait_for_tick(app: &App, key: &ConnectionKey) -> Result<()> {
    if !app.store.offer_settings(key).await?.on {
        return Ok(());
    }
    let owner = &format!("{:032x}", rand::random::<u128>());
    let now = Timestamp::now();
    let until = now.saturating_add(LEASED).unwrap_or(now);
    // A run that has the lease says itself when something is due.
    if let Some(mut leased) = app.store.lease_offers(key, owner, now, until).await? {
        leased.next_at = Some(now);
        let _ = app.store.give_back(key, &mut leased).await?;
    }
    Ok(())
}

async fn again(app: &App, key: &ConnectionKey, hop: u32, seconds: u32) -> Result<()> {
    if hop >= MOST_HOPS {
        warn!(connection.id = %key, "offers wait for longer than a message may; a tick goes on with them");
        return Ok(());
    }
    let job = OfferJob::Run {
        connection: key.clone(),
        hop: hop + 1,
    };
    app.jobs.send(key, job, seconds).await
}

async fn work(making: &Making<'_>, leased: &mut Leased<OfferRun>) -> Result<RunOutcome> {
    feed::resume(making).await?;
    selected::want_selected(making, leased).await?;
    loop {
        if making.is_late() {
            return Ok(RunOutcome::Again(0));
        }
        match making.may_go_on().await? {
            Some(true) => {}
            Some(false) => return Ok(RunOutcome::Again(0)),
            None => return Ok(RunOutcome::Done),
        }
        let now = Timestamp::now();
        let a_day = making.offering.settings.a_day;
        let left = leased.left(a_day, today(now));
        let mut batch = due(making, left, now).await?;
        let room = i32::try_from(left).unwrap_or(BATCH).min(BATCH);
        let room = room.saturating_sub(i32::try_from(batch.len()).unwrap_or(BATCH));
        if room > 0 {
            batch.extend(in_turn(making, room).await?);
        }
        if batch.is_empty() {
            return Ok(RunOutcome::Done);
        }
        match make::make(making, leased, batch).await? {
            RunOutcome::Done => {}
            again => return Ok(again),
        }
    }
}

/// What is due: what is accepted is looked for; of what goes again, as many as may be sent today.
async fn due(making: &Making<'_>, left: u32, now: Timestamp) -> Result<Vec<NewOffer>> {
    let (store, key) = (&making.app.store, &making.key());
    let due = store.due_new_offers(key, now, MOST_DUE).await?;
    let due = load(making, due).await?.into_iter();
    let (followed, mut made): (Vec<_>, Vec<_>) = due.partition(|offer| {
        matches!(
            offer.state,
            NewOfferState::Accepted | NewOfferState::SeenInReport
        )
    });
    follow::follow(making, followed, now).await?;
    let most = usize::try_from(left.min(BATCH.unsigned_abs())).unwrap_or_default();
    let later = made.split_off(most.min(made.len()));
    if left == 0 {
        let tomorrow = tomorrow(now);
        for offer in later {
            // Changed meanwhile, it is another run's or a person's.
            let _ = store
                .put_new_offer(&offer.not_before(tomorrow), Some(&offer))
                .await?;
        }
    }
    Ok(made)
}

async fn in_turn(making: &Making<'_>, most: i32) -> Result<Vec<NewOffer>> {
    let store = &making.app.store;
    let skus = store.new_offers_in_turn(&making.key(), most).await?;
    load(making, skus).await
}

async fn load(making: &Making<'_>, skus: Vec<Sku>) -> Result<Vec<NewOffer>> {
    let (store, key) = (&making.app.store, &making.key());
    // One that cannot be read holds up no other.
    let get = |sku: Sku| async move {
        match store.new_offer(key, &sku).await {
            Err(error) if error.class() == Class::Permanent => {
                error!(connection.id = %key, error = error.chain(), "an offer that is to be made cannot be read");
                Ok(None)
            }
            other => other,
        }
    };
    let found = fan_out(skus, AT_ONCE, get).await?;
    Ok(found.into_iter().flatten().collect())
}

/// When something is to be done next.
async fn next_at(making: &Making<'_>, run: &OfferRun) -> Result<Option<Timestamp>> {
    let (store, key, now) = (&making.app.store, &making.key(), Timestamp::now());
    let due = store.next_new_offer(key).await?;
    let turn = !store.new_offers_in_turn(key, 1).await?.is_empty();
    let may_send = run.left(making.offering.settings.a_day, today(now)) > 0;
    let turn = turn.then(|| if may_send { now } else { tomorrow(now) });
    let selected = selected::next_at(making, run, now);
    Ok(due.into_iter().chain(turn).chain(selected).min())
}

pub(crate) fn today(now: Timestamp) -> jiff::civil::Date {
    now.to_zoned(TimeZone::UTC).date()
}

pub(crate) fn tomorrow(now: Timestamp) -> Timestamp {
    let next = today(now).tomorrow().ok();
    let midnight = next.and_then(|day| day.to_zoned(TimeZone::UTC).ok());
    midnight.map_or(now, |midnight| midnight.timestamp())
}
