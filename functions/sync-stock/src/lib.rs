//! `sync-stock`: sends what differs between wanted and predicted live, few by patch and many by feed.
//!
//! It owns the rounds of a connection, from what may have to be sent to a feed that Amazon has; what became of a feed is
//! found out by `settle-feeds`. It never computes what is wanted, never sends to a listing that is not matched, and never
//! sends anything that a person has stopped.

mod brake;
mod claim;
mod denials;
mod ends;
mod feed;
mod holds;
mod leased;
mod look;
mod patch;
mod plan;
mod price;
mod round;
mod send_session;
mod urgent;

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use jiff::Timestamp;
use round::RoundOutcome;
use stallkeeper::domain::ids::ConnectionKey;
use stallkeeper::error::{Error, Result};
use stallkeeper::lambda::Inbox;
use stallkeeper::queue::{OfferJob, Queue, StockTick};
use stallkeeper::sending::Sending;
use stallkeeper::sp_api::SpApi;
use stallkeeper::store::Store;
use stallkeeper::vault::Vault;
use std::time::SystemTime;
use tracing::warn;
use urgent::UrgentOutcome;

/// Up to so many differences go by patches, whose answer is the verdict; more go by feed. At five patches a second this
/// is a minute.
pub const PATCH_MOST: usize = 300;
/// How often a tick may queue itself again before the schedule must take over.
const MOST_HOPS: u32 = 50;

/// What the function works with.
pub struct App {
    pub store: Store,
    pub vault: Vault,
    pub amazon: SpApi,
    pub ticks: Queue,
    pub checks: Queue,
    /// Woken for offers that are to be made, whatever made them wait.
    pub offer_jobs: Queue,
    pub inbox: Inbox,
    /// See [`PATCH_MOST`].
    pub patch_most: usize,
}

/// Works on a batch of messages; stops between two calls of Amazon when `deadline` is near.
pub async fn handle(app: &App, event: SqsEvent, deadline: SystemTime) -> Result<SqsBatchResponse> {
    let work = |message| async move {
        match message {
            StockTick::Tick { connection, hop } => {
                match tick(app, connection, hop, deadline).await {
                    Err(error) if error.is_throttled() => {
                        skip(&error);
                        Ok(())
                    }
                    other => other,
                }
            }
            StockTick::Urgent { connection, hop } => {
                urgent_tick(app, connection, hop, deadline).await
            }
        }
    };
    Ok(app.inbox.each_message(event, work).await)
}

/// The schedule's next tick goes on. Were this one to wait for the limit as other messages do, a limit that lasts
/// would gather one waiting tick more with every tick.
fn skip(error: &Error) {
    warn!(
        error.class = error.class().name(),
        error = error.chain(),
        "a tick met a limit and is left to the next one"
    );
}

async fn tick(app: &App, connection: ConnectionKey, hop: u32, deadline: SystemTime) -> Result<()> {
    let Some(sending) = Sending::load(&app.store, &connection).await? else {
        return Ok(());
    };
    if hop == 0 {
        // Stock goes first: the next tick wakes them.
        if let Err(error) = wake_offers(app, &sending).await {
            warn!(
                error.class = error.class().name(),
                error = error.chain(),
                "the offers of a connection were not woken"
            );
        }
    }
    match round::run(app, &sending, hop, deadline).await? {
        RoundOutcome::OutOfTime if hop < MOST_HOPS => {
            let again = StockTick::Tick {
                connection: connection.clone(),
                hop: hop + 1,
            };
            app.ticks.send(&connection, again, 0).await
        }
        _ => Ok(()),
    }
}

/// A tick is also the clock of the connection's offers that are to be made: what was not due, or waited while nothing was sent,
/// goes on by it.
async fn wake_offers(app: &App, sending: &Sending) -> Result<()> {
    let key = sending.connection.key();
    let next = app.store.offer_run(&key).await?.next_at;
    if sending.shadow() || next.is_none_or(|next| next > Timestamp::now()) {
        return Ok(());
    }
    let job = OfferJob::Run {
        connection: key.clone(),
        hop: 0,
    };
    app.offer_jobs.send(&key, job, 0).await
}

async fn urgent_tick(
    app: &App,
    connection: ConnectionKey,
    hop: u32,
    deadline: SystemTime,
) -> Result<()> {
    let Some(sending) = Sending::load(&app.store, &connection).await? else {
        return Ok(());
    };
    if sending.shadow() {
        return Ok(());
    }
    let (again, delay) = match urgent::run(app, &sending, deadline, hop > 0).await? {
        UrgentOutcome::Done => return Ok(()),
        UrgentOutcome::Busy if hop < urgent::MOST_HOPS => (
            StockTick::Urgent {
                connection: connection.clone(),
                hop: hop + 1,
            },
            urgent::BUSY_SECONDS,
        ),
        UrgentOutcome::Refused(seconds) if hop < urgent::MOST_HOPS => (
            StockTick::Urgent {
                connection: connection.clone(),
                hop: hop + 1,
            },
            seconds,
        ),
        UrgentOutcome::OutOfTime if hop < urgent::MOST_HOPS => (
            StockTick::Urgent {
                connection: connection.clone(),
                hop: hop + 1,
            },
            0,
        ),
        // A round sends many by feed; if messages have chased a lease for long, it looks at all.
        UrgentOutcome::ForRound
        | UrgentOutcome::Busy
        | UrgentOutcome::OutOfTime
        | UrgentOutcome::Refused(_) => (
            StockTick::Tick {
                connection: connection.clone(),
                hop: 0,
            },
            0,
        ),
    };
    app.ticks.send(&connection, again, delay).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use stallkeeper::queue::Versioned;

    #[test]
    fn the_sample_event_holds_a_tick_and_an_urgent_decrease() {
        let event: SqsEvent =
            serde_json::from_str(include_str!("../../../events/sync-stock.json")).unwrap();
        let message = |record: usize| {
            let body = event.records[record].body.as_deref().unwrap();
            let message: Versioned<StockTick> = serde_json::from_str(body).unwrap();
            message.open().unwrap()
        };
        assert!(matches!(message(0), StockTick::Tick { hop: 0, .. }));
        assert!(matches!(message(1), StockTick::Urgent { hop: 0, .. }));
    }
}
