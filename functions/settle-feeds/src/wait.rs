//! When to check again: with growing delay, and not for ever.

use crate::{App, Stage, overdue, settle};
use jiff::{SignedDuration, Timestamp};
use stallkeeper::domain::feed::{CHECK_LOST, Feed, FeedState};
use stallkeeper::error::Result;
use stallkeeper::queue::FeedCheck;
use tracing::{error, info};

/// How often a check queues itself again.
pub(crate) const MOST_HOPS: u32 = 200;
/// Seconds until a report that cannot be read is tried again, each time; then it is given up.
const READ_AGAIN: [u32; 3] = [5, 30, 120];

/// Seconds until the next look: a minute at first, a quarter of an hour at most.
pub(crate) fn delay(hop: u32) -> u32 {
    60u32.saturating_mul(1 << (hop / 2).min(4)).min(900)
}

/// Amazon is not done: looks again later, and notes what it reports if that is new. What Amazon has had for too long goes
/// again; a feed that is set aside is left to the rounds, which have it looked at ever later.
pub(crate) async fn look_again(app: &App, feed: &Feed, stage: Stage, note: &str) -> Result<()> {
    let hop = match stage {
        Stage::Asking { hop } => hop,
        Stage::Reading { .. } => 0,
    };
    let now = Timestamp::now();
    if feed.state == FeedState::SetAside {
        return app
            .store
            .change_open_feed(feed, |feed| {
                feed.next_check_at = Some(feed.next_check(now));
            })
            .await;
    }
    if feed.note.as_deref() != Some(note) && !feed.decreases_again {
        app.store
            .change_open_feed(feed, |feed| feed.note = Some(note.to_owned()))
            .await?;
    }
    let due = overdue::send_again(app, feed).await?;
    let age = now.duration_since(feed.created_at);
    let Some(due) = due.filter(|_| hop < MOST_HOPS) else {
        return Ok(());
    };
    // A first check of an older feed comes from a round, which sends the next one too.
    if hop == 0 && age > CHECK_LOST {
        return Ok(());
    }
    info!(feed.id = %feed.id, connection.id = %feed.connection, hop, "feed `{}` is not done: {note}", feed.id);
    let again = FeedCheck::Check {
        connection: feed.connection.clone(),
        feed: feed.id.clone(),
        hop: hop + 1,
    };
    let until_due = u32::try_from(due.duration_since(now).as_secs().max(1)).unwrap_or(u32::MAX);
    let delay = delay(hop).min(until_due);
    app.checks.send(&feed.connection, again, delay).await
}

/// The report cannot be read: tries again, and gives the feed up in the end.
pub(crate) async fn read_again(app: &App, feed: &Feed, stage: Stage, why: &str) -> Result<()> {
    match read_later(app, feed, stage).await? {
        true => Ok(()),
        false => settle::return_feed(app, feed, why.to_owned()).await,
    }
}

/// Has a report read again later; `false` if it was tried often enough.
pub(crate) async fn read_later(app: &App, feed: &Feed, stage: Stage) -> Result<bool> {
    let tries = match stage {
        Stage::Asking { .. } => 0,
        Stage::Reading { tries } => tries,
    };
    let delay = usize::try_from(tries)
        .ok()
        .and_then(|tries| READ_AGAIN.get(tries));
    let Some(delay) = delay else {
        return Ok(false);
    };
    let again = FeedCheck::ReadAgain {
        connection: feed.connection.clone(),
        feed: feed.id.clone(),
        tries: tries + 1,
    };
    app.checks.send(&feed.connection, again, *delay).await?;
    Ok(true)
}

/// Whether a feed that is waited for however long it takes is looked at again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Patience {
    /// It was looked at often enough.
    Over,
    /// A check that came twice, or beside the one that a run had made again: the other one goes on.
    Early,
    Waits {
        hop: u32,
        /// Amazon has had it for so long that an alarm is raised.
        stuck: bool,
    },
}

/// A feed that Amazon has had for so long is stuck, and waited for all the same, since the same feed again would come after it.
const STUCK: SignedDuration = SignedDuration::from_hours(4);
/// So much before its moment a check may come: clocks differ.
const EARLY: SignedDuration = SignedDuration::from_secs(10);

/// Whether Amazon, not done with a feed of cancellations or offers, is asked again.
pub(crate) fn patience(feed: &Feed, stage: Stage, now: Timestamp) -> Patience {
    let hop = match stage {
        Stage::Asking { hop } => hop,
        Stage::Reading { .. } => 0,
    };
    if hop >= MOST_HOPS {
        return Patience::Over;
    }
    if feed.next_check_at.is_some_and(|next| next > now + EARLY) {
        return Patience::Early;
    }
    let stuck = now.duration_since(feed.created_at) >= STUCK;
    if stuck {
        error!(feed.id = %feed.id, connection.id = %feed.connection, "feed `{}` is stuck at Amazon", feed.id);
    }
    Patience::Waits { hop, stuck }
}

/// Asks again later, and notes that.
pub(crate) async fn ask_later(
    app: &App,
    feed: &Feed,
    (hop, stuck): (u32, bool),
    note: &str,
    now: Timestamp,
) -> Result<()> {
    let again = FeedCheck::Check {
        connection: feed.connection.clone(),
        feed: feed.id.clone(),
        hop: hop + 1,
    };
    let delay = delay(hop);
    // Sent before it is noted: if both are not done, the message that is here comes again.
    app.checks.send(&feed.connection, again, delay).await?;
    let next = now + SignedDuration::from_secs(delay.into());
    app.store
        .change_open_feed(feed, |feed| {
            feed.note = Some(note.to_owned());
            feed.stuck = stuck;
            feed.next_check_at = Some(next);
        })
        .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_delay_grows_from_a_minute_to_a_quarter_of_an_hour() {
        let delays: Vec<u32> = (0..10).map(delay).collect();
        assert_eq!(delays, [60, 60, 120, 120, 240, 240, 480, 480, 900, 900]);
        assert_eq!(delay(u32::MAX), 900);
    }
}
