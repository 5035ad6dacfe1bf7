//! `confirm-shipments`: confirms every parcel that was handed over to Amazon, once, the most urgent first.
//!
//! It owns the calls of confirmShipment. A wake-up drains what is due of its connection, under a lease, within the seller's
//! limit; one seller's limit holds up no other. Before a call the dispatch is marked, so that after a lost answer the same
//! number goes again. It decides nothing about an order beyond what Amazon says of its dispatches, and never asks Amazon
//! about parcels with a label of Amazon's: its packages settle those.

mod amazons_clock;
mod carrier;
mod confirm;
mod drain;
mod labels;
mod rows;
mod settle;

pub use amazons_clock::AmazonsClock;

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use drain::{DrainOutcome, drain, only_report};
use jiff::Timestamp;
use stallkeeper::domain::connection::Connection;
use stallkeeper::domain::dispatch::HandOverRequest;
use stallkeeper::domain::ids::ConnectionKey;
use stallkeeper::error::{Class, Error, Result};
use stallkeeper::lambda::Inbox;
use stallkeeper::queue::{DispatchMessage, ParcelOfOrder, Queue};
use stallkeeper::sp_api::SpApi;
use stallkeeper::store::Store;
use stallkeeper::vault::Vault;
use std::time::{Duration, SystemTime};
use tracing::info;

/// How often a wake-up queues itself again; after that the connection's ticks go on.
const MOST_HOPS: u32 = 200;
/// How long a wake-up waits for another run of its connection.
const BUSY: Duration = Duration::from_secs(20);

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

/// Works on a batch of messages.
pub async fn handle(app: &App, event: SqsEvent, deadline: SystemTime) -> Result<SqsBatchResponse> {
    let work = |message| async move {
        match message {
            DispatchMessage::Confirm {
                connection,
                new,
                hop,
            } => confirm_due(app, &connection, new, hop, deadline).await,
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
                rows::store_row(app, &connection, &parcel.order_id, &request).await
            }
            DispatchMessage::Packages {
                connection,
                order_id,
            } => labels::settle_order(app, &connection, &order_id).await,
        }
    };
    Ok(app.inbox.each_message(event, work).await)
}

async fn confirm_due(
    app: &App,
    key: &ConnectionKey,
    new: Option<ParcelOfOrder>,
    hop: u32,
    deadline: SystemTime,
) -> Result<()> {
    let Some(connection) = app.store.connection(key).await? else {
        return Ok(());
    };
    // Paused, frozen or not authorised: what waits is in the table, and the connection's ticks go on with it.
    if !is_sending(app, &connection).await? {
        return only_report(app, &connection).await;
    }
    if let Some(new) = &new {
        labels::settle_parcel(app, key, new).await?;
    }
    let wait = match drain(app, &connection, new.as_ref(), deadline).await? {
        DrainOutcome::Done => return Ok(()),
        DrainOutcome::Later(wait) => wait,
        DrainOutcome::Busy => return busy(app, key, new.as_ref()).await,
    };
    if hop >= MOST_HOPS {
        return Ok(());
    }
    let again = DispatchMessage::Confirm {
        connection: key.clone(),
        new: None,
        hop: hop + 1,
    };
    // Rounded up: a wake-up that comes before its parcel is due finds nothing to do, and no other follows it.
    let seconds = wait.as_millis().div_ceil(1_000);
    let seconds = u32::try_from(seconds).unwrap_or(u32::MAX);
    app.dispatches.send(&connection.id, again, seconds).await
}

/// Whether its dispatches may be confirmed now.
async fn is_sending(app: &App, connection: &Connection) -> Result<bool> {
    let key = connection.key();
    if !connection.status.sends() {
        return Ok(false);
    }
    let frozen = app.store.is_frozen(&key).await?;
    if frozen {
        info!(connection.id = %key, "sending from connection `{key}` is frozen");
    }
    Ok(!frozen)
}

/// Another run has the connection. It may have looked before the new dispatch was there, so this wake-up comes again for
/// it; one without a dispatch of its own is not needed.
async fn busy(app: &App, key: &ConnectionKey, new: Option<&ParcelOfOrder>) -> Result<()> {
    let Some(ParcelOfOrder { order_id, parcel }) = new else {
        return Ok(());
    };
    let dispatch = app.store.dispatch(key, order_id, parcel).await?;
    if !dispatch.is_some_and(|dispatch| dispatch.is_due(Timestamp::now())) {
        return Ok(());
    }
    let class = Class::Throttled {
        retry_after: Some(BUSY),
    };
    let why = "another run works on the connection";
    Err(Error::new(class, "confirm a dispatch", why))
}
