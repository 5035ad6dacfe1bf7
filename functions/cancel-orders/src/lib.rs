//! `cancel-orders`: cancels lines at Amazon that will not be shipped, by a feed of what came within a minute.
//!
//! It owns a cancellation from the moment it is stored until Amazon has the feed that carries it; what Amazon says to it is
//! found out by `settle-feeds`. It decides nothing about an order: whether a line may be cancelled was decided with the
//! order's revision, before a message came here.

mod feed;
mod look;
mod send;
mod sold_out;

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use stallkeeper::domain::cancellation::CancellationId;
use stallkeeper::domain::ids::{ConnectionKey, OrderId};
use stallkeeper::error::Result;
use stallkeeper::lambda::Inbox;
use stallkeeper::queue::{CancellationMessage, Queue};
use stallkeeper::sp_api::SpApi;
use stallkeeper::store::Store;
use stallkeeper::vault::Vault;
use std::time::SystemTime;

/// How long a cancellation waits for others, so that a minute's are one feed.
const GATHERED_SECONDS: u32 = 60;

/// What the function works with.
pub struct App {
    pub store: Store,
    pub vault: Vault,
    pub amazon: SpApi,
    /// The queue that wakes it: what is gathered, and what waits, comes again.
    pub cancellations: Queue,
    /// Where feeds are looked after once Amazon has them.
    pub checks: Queue,
    /// Where the recomputes of what is sold out are queued.
    pub stock_changes: Queue,
    pub inbox: Inbox,
}

/// Works on a batch of messages.
pub async fn handle(app: &App, event: SqsEvent, deadline: SystemTime) -> Result<SqsBatchResponse> {
    let work = |message| async move {
        match message {
            CancellationMessage::Requested {
                connection,
                order,
                cancellation,
            } => requested(app, &connection, &order, &cancellation).await,
            CancellationMessage::Send { connection, hop } => {
                send::send(app, &connection, hop, deadline).await
            }
        }
    };
    Ok(app.inbox.each_message(event, work).await)
}

/// What follows from a cancellation at once: stock that does not exist is not sold again. Then the feed. Idempotent.
async fn requested(
    app: &App,
    connection: &ConnectionKey,
    order: &OrderId,
    id: &CancellationId,
) -> Result<()> {
    let Some(cancellation) = app.store.cancellation(connection, order, id).await? else {
        return Ok(());
    };
    sold_out::note(app, &cancellation).await?;
    let gathered = CancellationMessage::Send {
        connection: connection.clone(),
        hop: 0,
    };
    app.cancellations
        .send(connection, gathered, GATHERED_SECONDS)
        .await
}

#[cfg(test)]
mod tests {
    use super::*;
    use stallkeeper::queue::Versioned;

    #[test]
    fn the_sample_event_holds_a_cancellation_and_a_feed_that_is_due() {
        let event: SqsEvent =
            serde_json::from_str(include_str!("../../../events/cancel-orders.json")).unwrap();
        let message = |record: usize| {
            let body = event.records[record].body.as_deref().unwrap();
            let message: Versioned<CancellationMessage> = serde_json::from_str(body).unwrap();
            message.open().unwrap()
        };
        assert!(matches!(message(0), CancellationMessage::Requested { .. }));
        assert!(matches!(
            message(1),
            CancellationMessage::Send { hop: 0, .. }
        ));
    }
}
