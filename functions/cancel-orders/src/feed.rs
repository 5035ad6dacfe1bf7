//! The feed of a minute's cancellations, from its manifest to the moment when Amazon has it, and the resuming of what a stop
//! left behind.
//!
//! A cancellation says which feed carries it before Amazon is called. A feed whose submission has an unknown outcome gives its
//! cancellations back: to cancel a line twice is refused, and the order itself shows what became of it. Until it does, the
//! lines stay claimed.

use crate::App;
use jiff::Timestamp;
use stallkeeper::cancelling;
use stallkeeper::domain::cancellation::{Cancellation, FeedFailure};
use stallkeeper::domain::connection::Connection;
use stallkeeper::domain::feed::{CancelLine, Feed, FeedKind};
use stallkeeper::domain::ids::FeedId;
use stallkeeper::error::{Class, Error, Result};
use stallkeeper::seller_session::SellerSession;
use stallkeeper::small_feed::{Leftover, SmallFeeds, Submission};
use stallkeeper::sp_api::FeedType;
use stallkeeper::sp_api::cancellation_feed::{CancelMessage, cancellation_feed};
use stallkeeper::store::Written;
use tracing::info;

/// What a run sends with.
pub(crate) struct Sending<'a> {
    pub(crate) app: &'a App,
    pub(crate) connection: &'a Connection,
    pub(crate) seller: SellerSession<'a>,
}

impl Sending<'_> {
    pub(crate) fn feeds(&self) -> SmallFeeds<'_> {
        SmallFeeds {
            store: &self.app.store,
            amazon: &self.app.amazon,
            seller: &self.seller,
            checks: &self.app.checks,
            kind: FeedType::OrderAcknowledgement,
            role: "Inventory and Order Tracking",
        }
    }
}

/// Whether a person, or Amazon by closing the account, stopped all sending.
pub(crate) async fn is_frozen(sending: &Sending<'_>) -> Result<bool> {
    let connection = &sending.connection.key();
    let frozen = sending.app.store.is_frozen(connection).await?;
    if frozen {
        info!(connection.id = %connection, "cancelling for connection `{connection}` is frozen");
    }
    Ok(frozen)
}

/// Goes on with what earlier runs left behind: what Amazon cannot have, or may not have, is given back.
pub(crate) async fn resume(sending: &Sending<'_>) -> Result<()> {
    let (app, now) = (sending.app, Timestamp::now());
    let connection = &sending.connection.key();
    let feeds = sending.feeds();
    for feed in app.store.open_cancellation_feeds(connection).await? {
        let (failure, note) = match feeds.left_behind(&feed, now).await? {
            Some(Leftover::NotSent) => (
                FeedFailure::NotSent,
                "it was not submitted before the run ended",
            ),
            Some(Leftover::Unknown) => (
                FeedFailure::Unknown,
                "it is not known whether Amazon received it: it is sent again",
            ),
            None => continue,
        };
        cancelling::return_cancellations(&app.store, &feed, failure, note, now).await?;
    }
    Ok(())
}

/// Makes one feed of these cancellations and submits it; its calls were permitted. When what came to nothing is due again.
pub(crate) async fn send(
    sending: &Sending<'_>,
    due: Vec<Cancellation>,
) -> Result<Option<Timestamp>> {
    let app = sending.app;
    let feed = begin(sending, &due).await?;
    let carried = claim(app, &feed, due).await?;
    let document = match upload(sending, &carried).await {
        Ok(document) => document,
        Err(error) => return not_created(sending, &feed, error).await,
    };
    if is_frozen(sending).await? {
        let (failure, note) = (FeedFailure::NotSent, "sending is frozen");
        let now = Timestamp::now();
        cancelling::return_cancellations(&app.store, &feed, failure, note, now).await?;
        return Ok(None);
    }
    let feeds = sending.feeds();
    match feeds.submit(&feed, carried.len(), &document).await? {
        Submission::Submitted => Ok(None),
        Submission::NotCreated(error) => not_created(sending, &feed, error).await,
        Submission::Unknown => {
            let note = "Amazon's answer to its submission was lost: it is sent again";
            let (store, now) = (&app.store, Timestamp::now());
            cancelling::return_cancellations(store, &feed, FeedFailure::Unknown, note, now).await
        }
    }
}

/// A feed with its manifest, before anything is claimed for it.
async fn begin(sending: &Sending<'_>, due: &[Cancellation]) -> Result<Feed> {
    let (now, connection) = (Timestamp::now(), sending.connection);
    let id = FeedId::new(now, rand::random());
    let (kind, home) = (FeedKind::Cancellation, connection.marketplace);
    let feed = Feed::begun(connection.key(), id, kind, home, due.len(), now);
    sending.feeds().begin(&feed, &manifest(due)).await?;
    Ok(feed)
}

fn manifest(carried: &[Cancellation]) -> Vec<CancelLine> {
    let line = |it: &Cancellation| CancelLine {
        order: it.order_id.clone(),
        cancellation: it.id.clone(),
    };
    carried.iter().map(line).collect()
}

/// Says in each cancellation which feed carries it. One that somebody changed meanwhile stays in the manifest, and is not in
/// the document: what Amazon says of its number is nobody's.
async fn claim(app: &App, feed: &Feed, due: Vec<Cancellation>) -> Result<Vec<Cancellation>> {
    let mut carried = Vec::with_capacity(due.len());
    let all = due.len();
    for cancellation in due {
        let sent = cancellation.sent(&feed.id);
        if app.store.replace_cancellation(&sent).await? == Written::Done {
            carried.push(sent);
        }
    }
    if carried.len() < all {
        let lines = manifest(&carried);
        app.store.put_manifest_part(feed, 0, &lines).await?;
    }
    Ok(carried)
}

/// Uploads the document of these cancellations and returns its id.
async fn upload(sending: &Sending<'_>, carried: &[Cancellation]) -> Result<String> {
    let messages: Vec<CancelMessage<'_>> = carried
        .iter()
        .map(|it| CancelMessage {
            order: &it.order_id,
            lines: it.lines.iter().map(|line| line.line.as_str()).collect(),
            reason: it.reason,
        })
        .collect();
    let document = cancellation_feed(sending.seller.seller().await?, &messages)?;
    sending.feeds().upload(document).await
}

/// Amazon has no such feed. If that is only for now, its cancellations wait as they did; if Amazon refuses it for good, they
/// are tried ever later.
async fn not_created(
    sending: &Sending<'_>,
    feed: &Feed,
    error: Error,
) -> Result<Option<Timestamp>> {
    let (store, now) = (&sending.app.store, Timestamp::now());
    let failure = match error.class() {
        Class::Permanent => FeedFailure::NoEffect,
        _ => FeedFailure::NotSent,
    };
    let note = sending.feeds().refused(feed, &error);
    let due = cancelling::return_cancellations(store, feed, failure, &note, now).await?;
    match failure {
        FeedFailure::NoEffect => Ok(due),
        _ => Err(error),
    }
}
