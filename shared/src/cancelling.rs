//! What the end of a feed makes of the cancellations in it.
//!
//! Shared by the function that sends them and the one that settles them. Idempotent: a cancellation that another feed carries by now, or that is settled, stays as it is.

use crate::domain::cancellation::{CancelVerdict, CancelWords, Cancellation};
use crate::domain::feed::{CancelLine, Feed, FeedState};
use crate::error::Result;
use crate::store::{Store, Written};
use jiff::Timestamp;
use tracing::error;

/// Gives back what a feed still carries, and closes it; returns when the first of them is due again.
///
/// `counts`: Amazon may have had it, or refused it, so that its cancellations go again ever later, and not for ever.
///
/// # Errors
/// As the tables answer; what was given back before stays so.
pub async fn return_cancellations(
    store: &Store,
    feed: &Feed,
    note: &str,
    counts: bool,
    now: Timestamp,
) -> Result<Option<Timestamp>> {
    let lines: Vec<CancelLine> = store.manifest_part(feed, 0).await?;
    let mut due = None;
    for line in &lines {
        let again = return_cancellation(store, feed, line, note, counts, now).await?;
        due = due.into_iter().chain(again).min();
    }
    store
        .change_open_feed(feed, |feed| {
            feed.state = FeedState::Returned;
            feed.note = Some(note.to_owned());
        })
        .await?;
    Ok(due)
}

/// Gives back one cancellation of a feed, unless it is no longer this feed's. When it is due again.
///
/// # Errors
/// As [`return_cancellations`].
pub async fn return_cancellation(
    store: &Store,
    feed: &Feed,
    line: &CancelLine,
    note: &str,
    counts: bool,
    now: Timestamp,
) -> Result<Option<Timestamp>> {
    for () in Written::attempts() {
        let Some(cancellation) = cancellation_in(store, feed, line).await? else {
            return Ok(None);
        };
        let again = match counts {
            true => cancellation.again(now),
            false => Some(cancellation.unsent()),
        };
        let Some(again) = again else {
            return give_up(store, feed, line, note, now).await.map(|()| None);
        };
        if store.replace_cancellation(&again).await? == Written::Done {
            return Ok(Some(again.due_at));
        }
    }
    Err(Written::given_up("give a cancellation back"))
}

/// Amazon never gave a verdict: its lines are open again, and a person decides.
async fn give_up(
    store: &Store,
    feed: &Feed,
    line: &CancelLine,
    note: &str,
    now: Timestamp,
) -> Result<()> {
    error!(feed.id = %feed.id, order.id = %line.order, cancellation.id = %line.cancellation, "a cancellation was sent in vain again and again");
    let words = CancelWords {
        at: now,
        code: "no_verdict".to_owned(),
        message: format!("Amazon gave no verdict, however often it was asked: {note}"),
    };
    settle_cancellation(store, feed, line, now, |cancellation| {
        let lines = cancellation.lines.iter();
        CancelVerdict::Refused(lines.map(|it| (it.line.clone(), words.clone())).collect())
    })
    .await
}

/// Settles a cancellation by Amazon's verdict, with its order, unless it is no longer this feed's.
///
/// # Errors
/// As the tables answer; retryable if the order changes again and again.
pub async fn settle_cancellation(
    store: &Store,
    feed: &Feed,
    line: &CancelLine,
    now: Timestamp,
    verdict: impl Fn(&Cancellation) -> CancelVerdict,
) -> Result<()> {
    for () in Written::attempts() {
        let Some(cancellation) = cancellation_in(store, feed, line).await? else {
            return Ok(());
        };
        let Some(order) = store.order(&feed.connection, &line.order).await? else {
            return Ok(());
        };
        let Some(settled) = cancellation.settle(&order, &verdict(&cancellation), now) else {
            return Ok(());
        };
        let written = match &settled.order {
            Some((order, entry)) => {
                let cancellation = &settled.cancellation;
                store.write_cancellation(cancellation, order, entry).await?
            }
            None => store.replace_cancellation(&settled.cancellation).await?,
        };
        if written == Written::Done {
            return Ok(());
        }
    }
    Err(Written::given_up("settle a cancellation"))
}

/// The cancellation, if this feed still carries it.
async fn cancellation_in(
    store: &Store,
    feed: &Feed,
    line: &CancelLine,
) -> Result<Option<Cancellation>> {
    let id = &line.cancellation;
    let found = store
        .cancellation(&feed.connection, &line.order, id)
        .await?;
    Ok(found.filter(|it| it.is_carried_by(&feed.id)))
}
