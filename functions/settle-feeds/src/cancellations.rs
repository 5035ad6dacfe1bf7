//! The end of a feed that cancels orders: each cancellation is settled with its order, or goes back to be sent again.

mod verdicts;

use crate::feedback::{FeedReader, Feedback};
use crate::{App, Stage, wait};
use jiff::{SignedDuration, Timestamp};
use stallkeeper::cancelling;
use stallkeeper::domain::cancellation::{CancelVerdict, FeedFailure};
use stallkeeper::domain::connection::Connection;
use stallkeeper::domain::feed::{CancelLine, Feed, FeedState};
use stallkeeper::error::Result;
use stallkeeper::queue::{CancellationMessage, FeedCheck};
use stallkeeper::sp_api::cancellation_report::CancellationReport;
use tracing::{error, info};
use verdicts::{MessageVerdict, verdict};

/// A feed that Amazon has had for so long is stuck: an alarm is raised, and it is waited for all the same, since the same feed
/// again would come after it.
const STUCK: SignedDuration = SignedDuration::from_hours(4);
/// So much before its moment a check may come: clocks differ.
const EARLY: SignedDuration = SignedDuration::from_secs(10);

/// Looks once whether Amazon is done with a feed.
pub(crate) async fn look(
    app: &App,
    connection: &Connection,
    feed: &Feed,
    amazon_id: &str,
    stage: Stage,
) -> Result<()> {
    let reader = FeedReader::new(app, connection);
    match reader.feed(amazon_id).await? {
        Feedback::Wait(note) => look_again(app, feed, stage, &note).await,
        Feedback::Unknown(why) => read_again(app, feed, stage, &why).await,
        Feedback::Returned(note) => give_back(app, feed, FeedFailure::NoEffect, &note).await,
        Feedback::Fatal { report } => {
            let report = reader.cancellation_report(report.as_deref()).await?;
            match report {
                Ok(report) if verdicts::refuses_all(&report) => {
                    by_report(app, feed, &report, Timestamp::now()).await
                }
                _ => {
                    let note = "Amazon stopped processing it";
                    give_back(app, feed, FeedFailure::Unknown, note).await
                }
            }
        }
        Feedback::Done { report, applied_at } => {
            match reader.cancellation_report(report.as_deref()).await? {
                Ok(report) => by_report(app, feed, &report, applied_at).await,
                Err(why) => read_again(app, feed, stage, &why).await,
            }
        }
    }
}

/// Settles each cancellation by Amazon's report. What the report leaves open goes on later.
async fn by_report(
    app: &App,
    feed: &Feed,
    report: &CancellationReport,
    applied_at: Timestamp,
) -> Result<()> {
    let (store, now) = (&app.store, Timestamp::now());
    let lines: Vec<CancelLine> = store.manifest_part(feed, 0).await?;
    let (mut accepted, mut refused, mut again) = (0, 0, None);
    for (number, line) in (1..).zip(&lines) {
        let due = match verdict(report, number, lines.len()) {
            MessageVerdict::Unknown => {
                let note = "Amazon's report does not say what became of it";
                let failure = FeedFailure::Unknown;
                cancelling::return_cancellation(store, feed, line, failure, note, now).await?
            }
            MessageVerdict::Accepted => {
                accepted += 1;
                let of = |_: &_| CancelVerdict::Accepted;
                cancelling::settle_cancellation(store, feed, line, now, of).await?
            }
            MessageVerdict::Refused(said) => {
                refused += 1;
                let of = |it: &_| verdicts::of_lines(it, &said, now);
                cancelling::settle_cancellation(store, feed, line, now, of).await?
            }
        };
        again = again.into_iter().chain(due).min();
    }
    store
        .change_open_feed(feed, |feed| {
            feed.state = FeedState::Settled;
            feed.applied_at = Some(applied_at);
            feed.accepted = accepted;
            feed.refused = refused;
            feed.note = None;
        })
        .await?;
    info!(feed.id = %feed.id, connection.id = %feed.connection, lines.accepted = accepted, lines.refused = refused, "settled feed `{}` of cancellations", feed.id);
    go_on(app, feed, again, now).await
}

/// It is not known what became of it, or nothing did: its cancellations go again, ever later.
async fn give_back(app: &App, feed: &Feed, failure: FeedFailure, note: &str) -> Result<()> {
    let now = Timestamp::now();
    let due = cancelling::return_cancellations(&app.store, feed, failure, note, now).await?;
    go_on(app, feed, due, now).await
}

/// Has what is not settled gone on with, once it is due.
async fn go_on(app: &App, feed: &Feed, due: Option<Timestamp>, now: Timestamp) -> Result<()> {
    let Some(due) = due else { return Ok(()) };
    let connection = &feed.connection;
    let message = CancellationMessage::Send {
        connection: connection.clone(),
        hop: 0,
    };
    let wait = due.duration_since(now).as_secs().clamp(1, 900);
    let wait = u32::try_from(wait).unwrap_or(900);
    app.cancellations.send(connection, message, wait).await
}

/// Amazon is not done: looks again later, and gives it back in the end.
async fn look_again(app: &App, feed: &Feed, stage: Stage, note: &str) -> Result<()> {
    let hop = match stage {
        Stage::Asking { hop } => hop,
        Stage::Reading { .. } => 0,
    };
    if hop >= wait::MOST_HOPS {
        let note = "Amazon never brought it to an end";
        return give_back(app, feed, FeedFailure::Unknown, note).await;
    }
    let now = Timestamp::now();
    // A check that came twice, or beside the one that a run had made again: the other one goes on.
    if feed.next_check_at.is_some_and(|next| next > now + EARLY) {
        return Ok(());
    }
    let stuck = now.duration_since(feed.created_at) >= STUCK;
    if stuck {
        error!(feed.id = %feed.id, connection.id = %feed.connection, "feed `{}` is stuck at Amazon", feed.id);
    }
    if stuck && !feed.stuck {
        let note =
            "Amazon has had the feed with it for hours and gives no result: it is waited for";
        cancelling::note_cancellations(&app.store, feed, note).await?;
    }
    let again = FeedCheck::Check {
        connection: feed.connection.clone(),
        feed: feed.id.clone(),
        hop: hop + 1,
    };
    let delay = wait::delay(hop);
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

/// The report cannot be read: tries again, and gives the feed back in the end.
async fn read_again(app: &App, feed: &Feed, stage: Stage, why: &str) -> Result<()> {
    match wait::read_later(app, feed, stage).await? {
        true => Ok(()),
        false => give_back(app, feed, FeedFailure::Unknown, why).await,
    }
}
