//! `settle-feeds`: asks Amazon what became of a feed, with growing delay, and settles each of its lines.
//!
//! A line is accepted when its feed is settled and the line not refused; what is refused carries Amazon's code and
//! words. If it cannot be known what became of a feed, all that it still carries goes back to be sent. It computes no
//! wanted value, sends nothing to Amazon, and leaves a line alone that something newer has overtaken. Feeds that cancel orders
//! end in `cancellations`, those that make offers in `offers`.

mod cancellations;
mod feedback;
mod offers;
mod overdue;
mod report;
mod settle;
mod wait;

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use feedback::{FeedReader, Feedback};
use stallkeeper::domain::connection::Connection;
use stallkeeper::domain::feed::{Feed, FeedKind, FeedState};
use stallkeeper::error::Result;
use stallkeeper::lambda::Inbox;
use stallkeeper::queue::{FeedCheck, Queue};
use stallkeeper::sp_api::SpApi;
use stallkeeper::store::Store;
use stallkeeper::vault::Vault;
use std::time::SystemTime;

/// What the function works with.
pub struct App {
    pub store: Store,
    pub vault: Vault,
    pub amazon: SpApi,
    /// The queue that wakes it, to look again.
    pub checks: Queue,
    /// Woken if what goes back is urgent.
    pub ticks: Queue,
    /// Woken for cancellations that are to be sent again.
    pub cancellations: Queue,
    /// Woken once a feed of offers is done.
    pub offer_jobs: Queue,
    pub inbox: Inbox,
}

/// How far the looking has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Amazon was asked so many times whether it is done.
    Asking { hop: u32 },
    /// Amazon is done; its report was tried so many times.
    Reading { tries: u32 },
}

/// Works on a batch of messages.
pub async fn handle(app: &App, event: SqsEvent, _deadline: SystemTime) -> Result<SqsBatchResponse> {
    let work = |message| async move {
        let (connection, feed, stage) = match message {
            FeedCheck::Check {
                connection,
                feed,
                hop,
            } => (connection, feed, Stage::Asking { hop }),
            FeedCheck::ReadAgain {
                connection,
                feed,
                tries,
            } => (connection, feed, Stage::Reading { tries }),
        };
        let Some(connection) = app.store.connection(&connection).await? else {
            return Ok(());
        };
        let found = match app.store.feed(&connection.key(), &feed).await? {
            None => app.store.offer_feed(&connection.key(), &feed).await?,
            found => found,
        };
        match found {
            Some(feed) if connection.status.fetches_orders() => {
                look(app, &connection, &feed, stage).await
            }
            // Switched on again, the rounds have it looked at.
            _ => Ok(()),
        }
    };
    Ok(app.inbox.each_message(event, work).await)
}

/// Looks once. A feed that is settled already, or not submitted, is left alone. Whatever keeps Amazon's answer away, what
/// Amazon has had for too long goes again.
async fn look(app: &App, connection: &Connection, feed: &Feed, stage: Stage) -> Result<()> {
    let (FeedState::Submitted | FeedState::SetAside, Some(amazon_id)) =
        (feed.state, &feed.amazon_id)
    else {
        return Ok(());
    };
    match feed.kind {
        FeedKind::Cancellation => {
            return cancellations::look(app, connection, feed, amazon_id, stage).await;
        }
        FeedKind::Offer => return offers::look(app, connection, feed, amazon_id, stage).await,
        FeedKind::Quantity | FeedKind::Price | FeedKind::End => {}
    }
    let looked = ask(app, connection, feed, amazon_id, stage).await;
    if looked.is_err() {
        overdue::send_again(app, feed).await?;
    }
    looked
}

async fn ask(
    app: &App,
    connection: &Connection,
    feed: &Feed,
    amazon_id: &str,
    stage: Stage,
) -> Result<()> {
    let reader = FeedReader::new(app, connection);
    match reader.feed(amazon_id).await? {
        Feedback::Wait(note) => wait::look_again(app, feed, stage, &note).await,
        Feedback::Unknown(why) => wait::read_again(app, feed, stage, &why).await,
        Feedback::Returned(note) => settle::return_feed(app, feed, note).await,
        Feedback::Fatal { report: None } => settle::by_fatal_end(app, feed, None).await,
        Feedback::Fatal { report } => {
            let report = reader.report(report.as_deref()).await?;
            settle::by_fatal_end(app, feed, report.ok().as_ref()).await
        }
        Feedback::Done { report, applied_at } => match reader.report(report.as_deref()).await? {
            Ok(verdicts) => settle::by_report(app, feed, &verdicts, applied_at).await,
            Err(why) => wait::read_again(app, feed, stage, &why).await,
        },
    }
}
