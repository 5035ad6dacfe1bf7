//! What the end of a feed makes of the cancellations in it.
//!
//! Shared by the function that sends them and the one that settles them. Idempotent: a cancellation that another feed carries by now, or that is settled, stays as it is.

use crate::domain::cancellation::{
    CancelVerdict, CancelWords, Cancellation, CancellationState, FeedFailure, Returned, Settled,
};
use crate::domain::feed::{CancelLine, Feed, FeedState};
use crate::domain::ids::ConnectionKey;
use crate::domain::order::StoredOrder;
use crate::error::Result;
use crate::store::{Store, Written};
use jiff::Timestamp;
use tracing::{error, warn};

/// Gives back what a feed still carries, and closes it; returns when the first of them is due again.
///
/// # Errors
/// As the tables answer; what was given back before stays so.
pub async fn return_cancellations(
    store: &Store,
    feed: &Feed,
    failure: FeedFailure,
    note: &str,
    now: Timestamp,
) -> Result<Option<Timestamp>> {
    let lines: Vec<CancelLine> = store.manifest_part(feed, 0).await?;
    let mut due = None;
    for line in &lines {
        let again = return_cancellation(store, feed, line, failure, note, now).await?;
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
    failure: FeedFailure,
    note: &str,
    now: Timestamp,
) -> Result<Option<Timestamp>> {
    for () in Written::attempts() {
        let found = find_cancellation(store, &feed.connection, line).await?;
        let Some(cancellation) = found.filter(|it| it.is_carried_by(&feed.id)) else {
            return Ok(None);
        };
        let (written, due) = match cancellation.returned(failure, note, now) {
            Returned::Again(again) => (store.replace_cancellation(&again).await?, Some(again)),
            Returned::GivenUp(last) => {
                let Some(order) = store.order(&feed.connection, &line.order).await? else {
                    return Ok(None);
                };
                error!(feed.id = %feed.id, order.id = %line.order, cancellation.id = %line.cancellation, "a cancellation was sent in vain again and again");
                let Some(settled) = last.settle(&order, &no_verdict(&last, note, now), now) else {
                    return Ok(None);
                };
                (
                    write_settled(store, &settled).await?,
                    Some(settled.cancellation),
                )
            }
        };
        if written == Written::Done {
            return Ok(due.filter(Cancellation::is_waiting).map(|it| it.due_at));
        }
    }
    Err(Written::given_up("give a cancellation back"))
}

/// Amazon never gave a verdict: a person decides what becomes of the lines.
fn no_verdict(cancellation: &Cancellation, note: &str, now: Timestamp) -> CancelVerdict {
    let words = CancelWords {
        at: now,
        code: "no_verdict".to_owned(),
        message: format!("Amazon gave no verdict, however often it was asked: {note}"),
    };
    let lines = cancellation.lines.iter();
    CancelVerdict::Refused(lines.map(|it| (it.line.clone(), words.clone())).collect())
}

/// Says in each cancellation that a feed still carries what keeps it from its end.
///
/// # Errors
/// As the tables answer.
pub async fn note_cancellations(store: &Store, feed: &Feed, note: &str) -> Result<()> {
    let lines: Vec<CancelLine> = store.manifest_part(feed, 0).await?;
    for line in &lines {
        let found = find_cancellation(store, &feed.connection, line).await?;
        if let Some(carried) = found.filter(|it| it.is_carried_by(&feed.id)) {
            // Changed meanwhile, it is settled or another feed's.
            let _ = store.replace_cancellation(&carried.noted(note)).await?;
        }
    }
    Ok(())
}

/// Settles a cancellation by Amazon's verdict, with its order, unless it is no longer this feed's. When it goes on, if that
/// is not its end.
///
/// # Errors
/// As the tables answer; retryable if the order changes again and again.
pub async fn settle_cancellation(
    store: &Store,
    feed: &Feed,
    line: &CancelLine,
    now: Timestamp,
    verdict: impl Fn(&Cancellation) -> CancelVerdict,
) -> Result<Option<Timestamp>> {
    let settled = settle_cancellation_as(store, &feed.connection, line, |cancellation, order| {
        let is_its = cancellation.is_carried_by(&feed.id);
        let settled = cancellation.settle(order, &verdict(cancellation), now);
        settled.filter(|_| is_its)
    });
    let settled = settled.await?.filter(Cancellation::is_waiting);
    Ok(settled.map(|it| it.due_at))
}

/// Settles a cancellation with its order, as `settle` says; what was written.
///
/// # Errors
/// As [`settle_cancellation`].
pub async fn settle_cancellation_as(
    store: &Store,
    connection: &ConnectionKey,
    line: &CancelLine,
    settle: impl Fn(&Cancellation, &StoredOrder) -> Option<Settled>,
) -> Result<Option<Cancellation>> {
    for () in Written::attempts() {
        let Some(cancellation) = find_cancellation(store, connection, line).await? else {
            return Ok(None);
        };
        let Some(order) = store.order(connection, &line.order).await? else {
            return Ok(None);
        };
        let Some(settled) = settle(&cancellation, &order) else {
            return Ok(None);
        };
        if write_settled(store, &settled).await? == Written::Done {
            return Ok(Some(settled.cancellation));
        }
    }
    Err(Written::given_up("settle a cancellation"))
}

async fn write_settled(store: &Store, settled: &Settled) -> Result<Written> {
    let cancellation = &settled.cancellation;
    if cancellation.state == CancellationState::Unknown {
        warn!(order.id = %cancellation.order_id, cancellation.id = %cancellation.id, "Amazon refuses a cancellation that an earlier feed may have carried out; its lines stay claimed");
    }
    match &settled.order {
        Some((order, entry)) => store.write_cancellation(cancellation, order, entry).await,
        None => store.replace_cancellation(cancellation).await,
    }
}

async fn find_cancellation(
    store: &Store,
    connection: &ConnectionKey,
    line: &CancelLine,
) -> Result<Option<Cancellation>> {
    store
        .cancellation(connection, &line.order, &line.cancellation)
        .await
}
