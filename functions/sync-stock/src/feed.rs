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
use stallkeeper::domain::feed::{Feed, FeedKind, FeedLine, FeedState, SentBy};
use stallkeeper::domain::ids::AmazonSku;
use stallkeeper::error::{Error, Result};
use stallkeeper::fan_out;
use stallkeeper::queue::FeedCheck;
use stallkeeper::store::{RoundSummary, Written};
use submit::submit;
use tracing::{info, warn};

/// A feed that could not be submitted for so long has outdated values: its lines are claimed again.
const TOO_OLD: SignedDuration = SignedDuration::from_hours(6);
/// How old a submitted feed is before its checks are taken for lost.
const CHECK_LOST: SignedDuration = SignedDuration::from_hours(2);

/// Makes feeds of all batches, one after the other.
pub(crate) async fn send_all(
    session: &SendSession<'_>,
    batches: Vec<Batch>,
    summary: &mut RoundSummary,
) -> Result<Option<Stop>> {
    let mut stop = None;
    for batch in batches {
        if stop.is_some() {
            summary.waiting += batch.entries.len() as u64;
            continue;
        }
        // What cannot be submitted now is better not claimed now.
        stop = submit::allowance(session).await?;
        if stop.is_some() {
            summary.waiting += batch.entries.len() as u64;
            continue;
        }
        let feed = build::begin(session, &batch).await?;
        drop(batch);
        stop = match build(session, feed).await? {
            (_, Some(stop)) => Some(stop),
            (Some(feed), None) => submit(session, feed, true, summary).await?,
            (None, None) => None,
        };
    }
    Ok(stop)
}

/// Goes on with what earlier runs left behind. Why it stopped before the end.
pub(crate) async fn resume(
    session: &SendSession<'_>,
    open: Vec<Feed>,
    summary: &mut RoundSummary,
) -> Result<Option<Stop>> {
    for feed in open {
        let stop = match feed.state {
            FeedState::Submitted => {
                look_after(session, &feed).await?;
                None
            }
            FeedState::Submitting => {
                let note = "it is not known whether Amazon received it: its lines are sent again";
                give_back(session, feed, note).await?;
                None
            }
            FeedState::Building | FeedState::Claimed if is_older(&feed, TOO_OLD) => {
                give_back(session, feed, "it could not be submitted in time").await?;
                None
            }
            FeedState::Building | FeedState::Claimed
                if is_unmanaged_price(session, &feed).await? =>
            {
                give_back(
                    session,
                    feed,
                    "prices of this marketplace are not set by Stallkeeper any more",
                )
                .await?;
                None
            }
            FeedState::Building => {
                info!(feed.id = %feed.id, "building of feed `{}` continues", feed.id);
                match build(session, feed).await? {
                    (_, Some(stop)) => Some(stop),
                    (Some(feed), None) => submit(session, feed, false, summary).await?,
                    (None, None) => None,
                }
            }
            FeedState::Claimed => submit(session, feed, false, summary).await?,
            FeedState::Settled | FeedState::Returned => None,
        };
        if stop.is_some() {
            return Ok(stop);
        }
    }
    Ok(None)
}

fn is_older(feed: &Feed, than: SignedDuration) -> bool {
    Timestamp::now().duration_since(feed.created_at) > than
}

/// Whether the feed's prices are not to be sent any more.
async fn is_unmanaged_price(session: &SendSession<'_>, feed: &Feed) -> Result<bool> {
    Ok(feed.kind == FeedKind::Price && !priced(session).await?.contains(&feed.marketplace))
}

/// The check of a feed queues itself until the feed is settled. One that is stuck is looked at with each round; one that
/// should be done long since every two hours.
async fn look_after(session: &SendSession<'_>, feed: &Feed) -> Result<()> {
    let age = Timestamp::now().duration_since(feed.submitted_at.unwrap_or(feed.created_at));
    let round = i64::from(session.sending.settings().every_minutes) * 60;
    let due = age >= CHECK_LOST && age.as_secs() % CHECK_LOST.as_secs() < round;
    if feed.stuck || due {
        check(session, feed, 0).await?;
    }
    Ok(())
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
        price_on: (feed.kind == FeedKind::Price).then_some(feed.marketplace),
    }
}

/// All that was last sent by this feed is to be sent again, and what was patched while it may have been under way.
async fn give_back(session: &SendSession<'_>, mut feed: Feed, note: &str) -> Result<()> {
    warn!(feed.id = %feed.id, feed.state = feed.state.as_str(), "feed `{}` is given back: {note}", feed.id);
    let lines = session.app.store.manifest(&feed).await?;
    let by = SentBy::Feed(feed.id.clone());
    let skus: Vec<&AmazonSku> = lines.iter().map(|line: &FeedLine| &line.sku).collect();
    put_all_back(session, &feed, skus, |sent| *sent == by).await?;
    loop {
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
