//! Feeds, from the manifest to the moment when Amazon has them, and the resuming of those that a stop left behind. What
//! became of them is found out by `settle-feeds`.
//!
//! Whatever a stop interrupts is done again: an entry is taken out only once its line is in a manifest and its
//! listing is claimed, and a feed whose submission has an unknown outcome gives back all its lines.

mod build;
mod submit;

use crate::claim::{Target, put_back};
use crate::plan::Batch;
use crate::price::priced;
use crate::send_session::{AT_ONCE, SendSession, Stop};
use build::build;
use jiff::{SignedDuration, Timestamp};
use stallkeeper::domain::feed::{CHECK_LOST, Feed, FeedKind, FeedLine, FeedState, Overdue, SentBy};
use stallkeeper::domain::ids::AmazonSku;
use stallkeeper::error::{Class, Error, Result};
use stallkeeper::fan_out;
use stallkeeper::queue::FeedCheck;
use stallkeeper::store::{RoundSummary, Written};
use submit::submit;
use tracing::{error, info, warn};

/// A feed that Amazon did not bring to an end for so long is given up: it keeps the documents for 28 days.
const GIVEN_UP: SignedDuration = SignedDuration::from_hours(14 * 24);
/// How long the next feed waits after two that came to nothing; twice as long after each one more.
const FIRST_WAIT: SignedDuration = SignedDuration::from_mins(10);
const LONGEST_WAIT: SignedDuration = SignedDuration::from_hours(4);
/// So many feeds in a row that came to nothing are for a person.
const ALERTED_AFTER: u32 = 3;

/// Makes feeds of all batches, one after the other. Why it stopped before the end, or what one of them was refused for.
pub(crate) async fn send_all(
    session: &SendSession<'_>,
    batches: Vec<Batch>,
    summary: &mut RoundSummary,
) -> Result<Option<Stop>> {
    let mut stop = None;
    for batch in batches {
        if is_for_all(stop.as_ref()) {
            summary.waiting += batch.entries.len() as u64;
            continue;
        }
        // What cannot be submitted now is better not claimed now.
        let allowance = submit::allowance(session).await?;
        if allowance.is_some() {
            summary.waiting += batch.entries.len() as u64;
            stop = allowance;
            continue;
        }
        let feed = build::begin(session, &batch).await?;
        drop(batch);
        let stopped = match build(session, feed).await? {
            (_, Some(stop)) => Some(stop),
            (Some(feed), None) => submit(session, feed, true, summary).await?,
            (None, None) => None,
        };
        stop = stopped.or(stop);
    }
    Ok(stop)
}

/// Whether a stop of one feed is one of all: a refusal may be about its marketplace.
fn is_for_all(stop: Option<&Stop>) -> bool {
    !matches!(stop, None | Some(Stop::Refused(_)))
}

/// Goes on with what earlier runs left behind. Why it stopped before the end, or what one of them was refused for.
pub(crate) async fn resume(
    session: &SendSession<'_>,
    open: Vec<Feed>,
    summary: &mut RoundSummary,
) -> Result<Option<Stop>> {
    let (mut stop, mut failed) = (None, None);
    for feed in open {
        if is_for_all(stop.as_ref()) {
            break;
        }
        match resume_one(session, feed, summary).await {
            Ok(stopped) => stop = stopped.or(stop),
            Err(error) if error.class() == Class::AuthRevoked => return Err(error),
            // The others are none the worse for it.
            Err(error) => failed = failed.or(Some(error)),
        }
    }
    failed.map_or(Ok(stop), Err)
}

async fn resume_one(
    session: &SendSession<'_>,
    feed: Feed,
    summary: &mut RoundSummary,
) -> Result<Option<Stop>> {
    let settings = session.sending.settings();
    let overdue = feed.overdue(&settings.feed_ages, Timestamp::now());
    match feed.state {
        FeedState::Submitted => look_after(session, &feed, overdue).await.map(|()| None),
        FeedState::SetAside => look_later(session, feed).await.map(|()| None),
        FeedState::Submitting => {
            let note = "it is not known whether Amazon received it: its lines are sent again";
            give_back(session, feed, note).await.map(|()| None)
        }
        FeedState::Building | FeedState::Claimed if overdue != Overdue::None => {
            let note = "it could not be submitted in time";
            give_back(session, feed, note).await.map(|()| None)
        }
        FeedState::Building | FeedState::Claimed if is_unmanaged_price(session, &feed).await? => {
            let note = "prices of this marketplace are not set by Stallkeeper any more";
            give_back(session, feed, note).await.map(|()| None)
        }
        FeedState::Building => {
            info!(feed.id = %feed.id, "building of feed `{}` continues", feed.id);
            match build(session, feed).await? {
                (_, Some(stop)) => Ok(Some(stop)),
                (Some(feed), None) => submit(session, feed, false, summary).await,
                (None, None) => Ok(None),
            }
        }
        FeedState::Claimed => submit(session, feed, false, summary).await,
        FeedState::Settled | FeedState::Returned => Ok(None),
    }
}

/// Whether the feed's prices are not to be sent any more.
async fn is_unmanaged_price(session: &SendSession<'_>, feed: &Feed) -> Result<bool> {
    Ok(feed.kind == FeedKind::Price && !priced(session).await?.contains(&feed.marketplace))
}

/// The check of a feed queues itself until the feed is settled. What Amazon has had for too long goes again; and one
/// that should be done long since is looked at every two hours, in case its check was lost.
async fn look_after(session: &SendSession<'_>, feed: &Feed, overdue: Overdue) -> Result<()> {
    let now = Timestamp::now();
    if overdue != Overdue::None {
        error!(feed.id = %feed.id, connection.id = %feed.connection, ?overdue, "feed `{}` is stuck at Amazon", feed.id);
        let (store, settings) = (&session.app.store, session.sending.settings());
        let again = store.overdue_again(feed, overdue, settings, now).await?;
        if again.urgent {
            session.wake_urgent().await?;
        }
        return check(session, feed, 0).await;
    }
    let age = now.duration_since(feed.submitted_at.unwrap_or(feed.created_at));
    let round = i64::from(session.sending.settings().every_minutes) * 60;
    if age >= CHECK_LOST && age.as_secs() % CHECK_LOST.as_secs() < round {
        check(session, feed, 0).await?;
    }
    Ok(())
}

/// A feed that is set aside is looked at ever later, and given up in the end: what it still carries goes again.
async fn look_later(session: &SendSession<'_>, feed: Feed) -> Result<()> {
    let now = Timestamp::now();
    if now.duration_since(feed.created_at) >= GIVEN_UP {
        return give_back(session, feed, "Amazon never brought it to an end").await;
    }
    error!(feed.id = %feed.id, connection.id = %feed.connection, "feed `{}` is stuck at Amazon", feed.id);
    match feed.next_check_at {
        Some(at) if at > now => Ok(()),
        _ => check(session, &feed, 0).await,
    }
}

/// Since when feeds come to nothing one after the other, and until when the next one waits; the newest first.
fn returned_in_a_row(feeds: &[Feed]) -> (u32, Option<Timestamp>) {
    let of_listings = feeds.iter().filter(|feed| feed.kind.is_of_listings());
    let mut submitted = of_listings.filter(|feed| feed.submitted_at.is_some());
    let came_to_nothing =
        |feed: &&Feed| matches!(feed.state, FeedState::Returned | FeedState::SetAside);
    let row: Vec<&Feed> = submitted.by_ref().take_while(came_to_nothing).collect();
    let count = u32::try_from(row.len()).unwrap_or(u32::MAX);
    let Some(last) = row.first().filter(|_| count >= 2) else {
        return (count, None);
    };
    let wait = (FIRST_WAIT * (1 << (count - 2).min(5))).min(LONGEST_WAIT);
    (count, last.created_at.checked_add(wait).ok())
}

/// Whether feeds came to nothing so often that the next one waits: decreases do not wait with it.
pub(crate) async fn are_returned(session: &SendSession<'_>) -> Result<bool> {
    let connection = &session.key();
    let page = session
        .app
        .store
        .feed_page(connection, None, submit::PAGE)
        .await?;
    let (count, until) = returned_in_a_row(&page.feeds);
    if count >= ALERTED_AFTER {
        error!(connection.id = %connection, feeds = count, "feeds come to nothing again and again");
    }
    Ok(until.is_some_and(|until| until > Timestamp::now()))
}

/// Has `settle-feeds` look at a feed.
async fn check(session: &SendSession<'_>, feed: &Feed, delay_seconds: u32) -> Result<()> {
    let message = FeedCheck::Check {
        connection: feed.connection.clone(),
        feed: feed.id.clone(),
        hop: 0,
    };
    let checks = &session.app.checks;
    checks.send(&feed.connection, message, delay_seconds).await
}

fn target<'a>(feed: &Feed, sku: &'a AmazonSku) -> Target<'a> {
    Target {
        sku,
        part: feed.kind.part(feed.marketplace),
    }
}

/// All that was last sent by this feed is to be sent again, and what was patched while it may have been under way.
async fn give_back(session: &SendSession<'_>, mut feed: Feed, note: &str) -> Result<()> {
    warn!(feed.id = %feed.id, feed.state = feed.state.as_str(), "feed `{}` is given back: {note}", feed.id);
    let lines = session.app.store.manifest(&feed).await?;
    let by = SentBy::Feed(feed.id.clone());
    let skus: Vec<&AmazonSku> = lines.iter().map(|line: &FeedLine| &line.sku).collect();
    put_all_back(session, &feed, skus, |sent| *sent == by).await?;
    for () in Written::attempts_among_many() {
        let overtaken = feed.overtaken.iter().collect();
        put_all_back(session, &feed, overtaken, |_| true).await?;
        let closed = Feed {
            state: FeedState::Returned,
            note: Some(note.to_owned()),
            revision: feed.revision + 1,
            ..feed.clone()
        };
        match session.app.store.save_feed(&closed).await? {
            Written::Done => return Ok(()),
            Written::Conflict => feed = reload(session, &feed).await?,
        }
    }
    Err(Written::given_up("give a feed back"))
}

async fn put_all_back(
    session: &SendSession<'_>,
    feed: &Feed,
    skus: Vec<&AmazonSku>,
    lost: impl Fn(&SentBy) -> bool,
) -> Result<()> {
    let lost = &lost;
    let put = |sku| put_back(session, target(feed, sku), lost);
    let urgent = fan_out(skus, AT_ONCE, put).await?;
    if urgent.contains(&true) {
        // This round may end before it comes to them.
        session.wake_urgent().await?;
    }
    Ok(())
}

/// A feed as it is by now: an urgent patch noted a listing in it. Anything else means that another run took over.
async fn reload(session: &SendSession<'_>, feed: &Feed) -> Result<Feed> {
    let store = &session.app.store;
    let now = store
        .feed(&feed.connection, &feed.id)
        .await?
        .filter(|now| now.state == feed.state);
    now.ok_or_else(|| Error::retryable("go on with a feed", "another run took it over"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn feed(state: FeedState, minute: i64, submitted: bool) -> Feed {
        let at = Timestamp::from_second(minute * 60).unwrap();
        let mut feed = serde_json::json!({
            "tenant": "t", "connection": "c", "id": "F", "kind": "quantity", "marketplace": "UK",
            "state": state, "lines": 1, "parts": 1, "created_at": at, "accepted": 0, "refused": 0,
            "stuck": false, "revision": 1,
        });
        if submitted {
            feed["submitted_at"] = serde_json::json!(at);
        }
        serde_json::from_value(feed).unwrap()
    }

    #[test]
    fn feeds_that_come_to_nothing_one_after_the_other_let_the_next_one_wait_ever_longer() {
        let wait = |count: usize| {
            let mut feeds = vec![feed(FeedState::Returned, 0, true); count];
            // One that was never submitted says nothing.
            feeds.insert(0, feed(FeedState::Returned, 9, false));
            feeds.push(feed(FeedState::Settled, 0, true));
            feeds.push(feed(FeedState::Returned, 0, true));
            let (counted, until) = returned_in_a_row(&feeds);
            assert_eq!(counted as usize, count);
            until.map(|until| until.as_second() / 60)
        };
        let waits: Vec<_> = (0..9).map(wait).collect();
        let minutes = [10, 20, 40, 80, 160, 240, 240].map(Some);
        assert_eq!(waits[..2], [None, None]);
        assert_eq!(waits[2..], minutes);
    }
}
