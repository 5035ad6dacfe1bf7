//! The end of a feed that cancels orders: each cancellation is settled with its order, or goes back to be sent again.

mod verdicts;

use crate::feedback::{FeedReader, Feedback};
use crate::wait::Patience;
use crate::{App, Stage, wait};
use jiff::Timestamp;
use stallkeeper::cancelling;
use stallkeeper::domain::cancellation::{CancelVerdict, FeedFailure};
use stallkeeper::domain::connection::Connection;
use stallkeeper::domain::feed::{CancelLine, Feed, FeedState};
use stallkeeper::error::Result;
use stallkeeper::queue::CancellationMessage;
use stallkeeper::sp_api::cancellation_report::CancellationReport;
use tracing::info;
use verdicts::{MessageVerdict, verdict};

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
    let now = Timestamp::now();
    let (hop, stuck) = match wait::patience(feed, stage, now) {
        Patience::Waits { hop, stuck } => (hop, stuck),
        Patience::Early => return Ok(()),
        Patience::Over => {
            let note = "Amazon never brought it to an end";
            return give_back(app, feed, FeedFailure::Unknown, note).await;
        }
    };
    if stuck && !feed.stuck {
        let note =
            "Amazon has had the feed with it for hours and gives no result: it is waited for";
        cancelling::note_cancellations(&app.store, feed, note).await?;
    }
    wait::ask_later(app, feed, (hop, stuck), note, now).await
}

/// The report cannot be read: tries again, and gives the feed back in the end.
async fn read_again(app: &App, feed: &Feed, stage: Stage, why: &str) -> Result<()> {
    match wait::read_later(app, feed, stage).await? {
        true => Ok(()),
        false => give_back(app, feed, FeedFailure::Unknown, why).await,
    }
}
