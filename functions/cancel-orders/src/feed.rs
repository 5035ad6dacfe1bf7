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
use stallkeeper::domain::feed::{CancelLine, Feed, FeedKind, FeedState};
use stallkeeper::domain::ids::FeedId;
use stallkeeper::error::{Class, Error, Result};
use stallkeeper::queue::FeedCheck;
use stallkeeper::seller_session::{CallOutcome, SellerSession};
use stallkeeper::sp_api::cancellation_feed::{CancelMessage, cancellation_feed};
use stallkeeper::sp_api::{Account, FeedType, Operation, SpApi, refusal};
use stallkeeper::store::Written;
use tracing::{info, warn};

const KIND: FeedType = FeedType::OrderAcknowledgement;
/// Calls of `createFeed` that are left to the feeds of stock, whose decreases are urgent.
const RESERVE: u32 = 2;
/// How long to wait before asking Amazon how far it is.
const FIRST_CHECK_SECONDS: u32 = 60;

/// What a run sends with.
pub(crate) struct Sending<'a> {
    pub(crate) app: &'a App,
    pub(crate) connection: &'a Connection,
    pub(crate) seller: SellerSession<'a>,
}

/// Takes the calls of a feed out of Amazon's limits.
///
/// # Errors
/// Throttled if the limits have no room for it now: the message waits.
pub(crate) async fn permits(sending: &Sending<'_>) -> Result<()> {
    let seller = &sending.seller;
    seller.spare_permit(Operation::CreateFeed, RESERVE).await?;
    seller.permit(Operation::CreateFeedDocument).await
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
    for feed in app.store.open_cancellation_feeds(connection).await? {
        match feed.state {
            FeedState::Building | FeedState::Claimed => {
                let note = "it was not submitted before the run ended";
                let failure = FeedFailure::NotSent;
                cancelling::return_cancellations(&app.store, &feed, failure, note, now).await?;
            }
            FeedState::Submitting => {
                let note = "it is not known whether Amazon received it: it is sent again";
                let failure = FeedFailure::Unknown;
                cancelling::return_cancellations(&app.store, &feed, failure, note, now).await?;
            }
            FeedState::Submitted if feed.is_forgotten(now) => {
                check(app, &feed, 0).await?;
                let looked = |feed: &mut Feed| feed.next_check_at = Some(now);
                app.store.change_open_feed(&feed, looked).await?;
            }
            _ => {}
        }
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
    let submitting = Feed {
        state: FeedState::Submitting,
        lines: u32::try_from(carried.len()).unwrap_or(u32::MAX),
        submitted_at: Some(Timestamp::now()),
        revision: feed.revision + 1,
        ..feed
    };
    if app.store.save_feed(&submitting).await? == Written::Conflict {
        return Err(Error::retryable("submit a feed", "another run has it"));
    }
    create(sending, submitting, &document).await
}

/// A feed with its manifest, before anything is claimed for it.
async fn begin(sending: &Sending<'_>, due: &[Cancellation]) -> Result<Feed> {
    let (store, now) = (&sending.app.store, Timestamp::now());
    let feed = Feed {
        connection: sending.connection.key(),
        id: FeedId::new(now, rand::random()),
        kind: FeedKind::Cancellation,
        marketplace: sending.connection.marketplace,
        state: FeedState::Building,
        lines: u32::try_from(due.len()).unwrap_or(u32::MAX),
        parts: 1,
        created_at: now,
        amazon_id: None,
        submitted_at: None,
        applied_at: None,
        accepted: 0,
        refused: 0,
        note: None,
        stuck: false,
        decreases_again: false,
        next_check_at: None,
        overtaken: Vec::new(),
        revision: 1,
    };
    // The manifest comes first: with the feed its cancellations can be found.
    store.put_manifest_part(&feed, 0, &manifest(due)).await?;
    if store.save_feed(&feed).await? == Written::Conflict {
        return Err(Error::retryable("store a feed", "its name is taken"));
    }
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
    let create = async |amazon: &SpApi, account: Account<'_>| {
        amazon.create_feed_document(&account, KIND).await
    };
    let operation = Operation::CreateFeedDocument;
    let made = sending.seller.call_permitted(operation, create).await?;
    let address = made.or_throttled()?.value;
    let amazon = &sending.app.amazon;
    amazon.upload_feed_document(&address, document).await?;
    Ok(address.document_id)
}

/// Calls `createFeed` for a feed that is marked as submitting.
async fn create(sending: &Sending<'_>, feed: Feed, document: &str) -> Result<Option<Timestamp>> {
    let create = async |amazon: &SpApi, account: Account<'_>| {
        let create = amazon.create_feed(&account, KIND, feed.marketplace, document);
        create.await
    };
    let outcome = sending
        .seller
        .call_permitted(Operation::CreateFeed, create)
        .await;
    match outcome.and_then(CallOutcome::or_throttled) {
        Ok(answer) => {
            // The check comes first: if it were lost, nobody would look for the verdict for hours.
            check(sending.app, &feed, FIRST_CHECK_SECONDS).await?;
            let submitted = Feed {
                state: FeedState::Submitted,
                amazon_id: Some(answer.value),
                revision: feed.revision + 1,
                ..feed
            };
            let _ = sending.app.store.save_feed(&submitted).await?;
            info!(feed.id = %submitted.id, feed.lines = submitted.lines, "feed `{}` of cancellations is submitted", submitted.id);
            Ok(None)
        }
        Err(error) if error.is_throttled() || certainly_not_created(&error) => {
            not_created(sending, &feed, error).await
        }
        Err(error) => {
            warn!(feed.id = %feed.id, error = error.chain(), "Amazon's answer to a feed of cancellations is lost");
            let note = "Amazon's answer to its submission was lost: it is sent again";
            let (store, now) = (&sending.app.store, Timestamp::now());
            cancelling::return_cancellations(store, &feed, FeedFailure::Unknown, note, now).await
        }
    }
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
    let note = match refusal(&error) {
        Some(refusal) => format!(
            "Amazon answered {} with {}; the app may lack the role Inventory and Order Tracking",
            refusal.operation, refusal.status
        ),
        None => "Amazon did not take it".to_owned(),
    };
    warn!(feed.id = %feed.id, error = error.chain(), "Amazon did not take a feed of cancellations");
    let due = cancelling::return_cancellations(store, feed, failure, &note, now).await?;
    match failure {
        FeedFailure::NoEffect => Ok(due),
        _ => Err(error),
    }
}

/// Amazon said no, or was never asked.
fn certainly_not_created(error: &Error) -> bool {
    refusal(error)
        .is_some_and(|refusal| (400..500).contains(&refusal.status) && refusal.status != 408)
}

/// Has `settle-feeds` look at a feed.
async fn check(app: &App, feed: &Feed, delay_seconds: u32) -> Result<()> {
    let message = FeedCheck::Check {
        connection: feed.connection.clone(),
        feed: feed.id.clone(),
        hop: 0,
    };
    app.checks
        .send(&feed.connection, message, delay_seconds)
        .await
}
