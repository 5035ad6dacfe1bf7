//! `confirm-shipments`: confirms every parcel that was handed over to Amazon, once, the most urgent first.
//!
//! It owns the calls of confirmShipment. The wake-ups of a batch are taken together: what is due of their connections is
//! confirmed, the earliest ship-by of all sellers next, each connection under a lease and within its seller's limit; one
//! seller's limit holds up no other. Before a call the dispatch is marked, so that after a lost answer the same
//! number goes again. It decides nothing about an order beyond what Amazon says of its dispatches, and never asks Amazon
//! about parcels with a label of Amazon's: its packages settle those.

mod amazons_clock;
mod carrier;
mod confirm;
mod drain;
mod labels;
mod permits;
mod rows;
mod settle;
mod turns;
mod wake;

pub use amazons_clock::AmazonsClock;

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use drain::AT_ONCE;
use futures::stream::{self, StreamExt as _};
use stallkeeper::domain::dispatch::HandOverRequest;
use stallkeeper::error::Result;
use stallkeeper::lambda::Inbox;
use stallkeeper::queue::{DispatchMessage, Queue};
use stallkeeper::sp_api::SpApi;
use stallkeeper::store::Store;
use stallkeeper::vault::Vault;
use std::time::SystemTime;
use wake::{WakeUp, confirm_due};

/// What the function works with.
pub struct App {
    pub store: Store,
    pub vault: Vault,
    pub amazon: SpApi,
    pub clock: AmazonsClock,
    /// The queue that wakes it, to go on later.
    pub dispatches: Queue,
    pub inbox: Inbox,
}

/// Works on a batch of messages: first what is to be stored, then what is due of all their connections together.
pub async fn handle(app: &App, event: SqsEvent, deadline: SystemTime) -> Result<SqsBatchResponse> {
    let work = |messages| work(app, messages, deadline);
    Ok(app.inbox.all_messages(event, work).await)
}

async fn work(app: &App, messages: Vec<DispatchMessage>, deadline: SystemTime) -> Vec<Result<()>> {
    let stored: Vec<Result<Option<WakeUp>>> = stream::iter(messages)
        .map(|message| store(app, message))
        .buffered(AT_ONCE)
        .collect()
        .await;
    let wakes = stored.iter().flatten().flatten();
    let ended = confirm_due(app, wakes, deadline).await;
    let outcome = |stored: Result<Option<WakeUp>>| match stored? {
        None => Ok(()),
        Some(wake) => ended.outcome_of(&wake),
    };
    stored.into_iter().map(outcome).collect()
}

/// Stores what a message says; whether something of its connection may be due then.
async fn store(app: &App, message: DispatchMessage) -> Result<Option<WakeUp>> {
    match message {
        DispatchMessage::Confirm {
            connection,
            new,
            hop,
        } => Ok(Some(WakeUp {
            connection,
            new,
            hop,
        })),
        DispatchMessage::HandOver {
            connection,
            parcel,
            hand_over,
            asked_at,
        } => {
            let request = HandOverRequest {
                parcel: parcel.parcel,
                content: *hand_over,
                asked_at,
            };
            rows::store_row(app, &connection, parcel.order_id, &request).await
        }
        DispatchMessage::Packages {
            connection,
            order_id,
        } => {
            labels::settle_order(app, &connection, &order_id).await?;
            Ok(None)
        }
    }
}
