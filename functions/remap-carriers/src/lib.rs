//! `remap-carriers`: reads each order that Amazon reported, derives its shipping term, picks its courier service and
//! stores it; looks again at waiting orders when a rule changed.
//!
//! It writes buyer data first and the order last, conditionally: that write is the commit point, and every effect
//! beyond (events, reservations) follows from the table's stream. It calls Amazon only for an order that was too
//! big for a message.

mod erase;
mod fetch;
pub mod intake;
mod rerun;

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use erase::{Erasure, erase_buyers};
use fetch::fetch_one;
use intake::{Intake, Reading, Rules, buyer_expires, take_in};
use jiff::Timestamp;
use rerun::{Rerun, rerun_waiting};
use stallkeeper::domain::connection::ConnectionStatus;
use stallkeeper::domain::ids::{ConnectionId, ConnectionKey};
use stallkeeper::domain::order::{AmazonStatus, OrderStatus, StoredOrder, Version};
use stallkeeper::error::Result;
use stallkeeper::lambda::Inbox;
use stallkeeper::queue::{OrderMessage, Queue};
use stallkeeper::sp_api::{Dataset, RawOrder, SpApi, read_order};
use stallkeeper::store::{BuyerRecord, ParkedMark, Store, Written};
use stallkeeper::vault::Vault;
use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex};
use std::time::SystemTime;
use tracing::{info, warn};

/// What the function works with.
pub struct App {
    pub store: Store,
    pub vault: Vault,
    pub amazon: SpApi,
    pub orders: Queue,
    pub inbox: Inbox,
    /// Unknown fields and values that this environment has logged, so that each is logged once.
    pub logged_unknown: Mutex<BTreeSet<String>>,
}

/// The rules of the connections that a batch holds, read strongly once a batch.
type RulesOfBatch = tokio::sync::Mutex<HashMap<ConnectionId, Arc<Rules>>>;

/// Works on a batch of orders.
pub async fn handle(app: &App, event: SqsEvent, deadline: SystemTime) -> Result<SqsBatchResponse> {
    let rules = &RulesOfBatch::default();
    Ok(app
        .inbox
        .each_message(event, |message| async move {
            match message {
                OrderMessage::Order {
                    connection,
                    fetched_at,
                    datasets,
                    order,
                } => {
                    let reading = reading(app, &order, &datasets, fetched_at)?;
                    store_reading(app, rules, &connection, reading).await
                }
                OrderMessage::OrderId {
                    connection,
                    order_id,
                    updated_at,
                } => fetch_one(app, rules, &connection, &order_id, updated_at).await,
                OrderMessage::Rerun {
                    connection,
                    term,
                    after,
                    hop,
                } => {
                    let rerun = Rerun {
                        connection,
                        term,
                        after,
                        hop,
                    };
                    rerun_waiting(app, rules, rerun, deadline).await
                }
                OrderMessage::EraseBuyers {
                    connection,
                    status,
                    after,
                    hop,
                } => {
                    let erasure = Erasure {
                        connection,
                        status,
                        after,
                        hop,
                    };
                    erase_buyers(app, erasure, deadline).await
                }
            }
        })
        .await)
}

fn reading(
    app: &App,
    raw: &RawOrder,
    datasets: &[Dataset],
    fetched_at: Timestamp,
) -> Result<Reading> {
    let read = read_order(raw)?;
    log_unknown(app, &read.unknown);
    let version = Version {
        updated_at: read.order.updated_at,
        datasets: u8::try_from(datasets.len()).unwrap_or(u8::MAX),
        fetched_at,
    };
    Ok(Reading {
        order: read.order,
        buyer: read.buyer,
        version,
        datasets: datasets.to_vec(),
        content_hash: raw.content_hash(),
    })
}

/// Amazon adds fields and values without notice: each is logged once, and nothing fails on one.
fn log_unknown(app: &App, unknown: &BTreeSet<String>) {
    let Ok(mut logged) = app.logged_unknown.lock() else {
        return;
    };
    for name in unknown {
        if logged.len() < 1_000 && logged.insert(name.clone()) {
            warn!(
                amazon.unknown = name,
                "Amazon sent `{name}`, which this release does not know"
            );
        }
    }
}

/// Stores a reading, whatever else is written meanwhile.
async fn store_reading(
    app: &App,
    rules: &RulesOfBatch,
    connection: &ConnectionKey,
    reading: Reading,
) -> Result<()> {
    for () in Written::attempts() {
        let Some(rules_now) = rules_of(app, rules, connection).await? else {
            return Ok(());
        };
        let stored = app.store.order(connection, &reading.order.id).await?;
        let intake = take_in(
            connection,
            &reading,
            stored.as_ref(),
            &rules_now,
            Timestamp::now(),
        );
        let (order, entry) = match intake {
            Intake::Write { order, entry } => (order, entry),
            Intake::Known => return forget_buyer_of_cancelled(app, stored).await,
            Intake::NotWanted => return Ok(()),
        };
        write_buyer(app, &reading, &order).await?;
        let mark = parked_mark(&order);
        if let Some(mark) = &mark {
            app.store.mark_parked(connection, mark).await?;
        }
        let written = match stored {
            None => app.store.insert_order(&order).await?,
            Some(_) => app.store.replace_order(&order, &entry).await?,
        };
        match written {
            Written::Conflict => continue,
            Written::Done
                if order.status == OrderStatus::Parked
                    && switched_on_meanwhile(app, &order).await? =>
            {
                rules.lock().await.remove(&connection.id);
                if let Some(mark) = &mark {
                    app.store.forget_parked(connection, mark).await?;
                }
            }
            // Disconnecting writes the status first and erases then; this writes first and looks then: one sees the other.
            Written::Done if is_disconnected(app, connection).await? => {
                return app.store.erase_buyer(&connection.id, &order.order.id).await;
            }
            Written::Done => {
                info!(connection.id.id = %&connection.id, order.id = %order.order.id, order.status = order.status.as_str(), "stored order `{}`", order.order.id);
                return Ok(());
            }
        }
    }
    Err(Written::given_up("store an order"))
}

/// Buyer data of a parked order is not kept; that of a cancelled one not much longer.
async fn write_buyer(app: &App, reading: &Reading, order: &StoredOrder) -> Result<()> {
    let expires_at = buyer_expires(&order.order, order.status);
    if order.status == OrderStatus::Parked {
        return Ok(());
    }
    if order.status == OrderStatus::Cancelled || reading.buyer.is_empty() {
        return app
            .store
            .expire_buyer(&order.connection, &order.order.id, expires_at)
            .await;
    }
    app.store
        .put_buyer(&BuyerRecord {
            tenant: order.tenant.clone(),
            connection: order.connection.clone(),
            order_id: order.order.id.clone(),
            version: reading.version,
            data: reading.buyer.clone(),
            whole: reading.holds_buyer(),
            expires_at,
        })
        .await
}

/// A reading that loses to a cancellation may have written its buyer data after the cancellation looked for any, in
/// this run or in one that was killed.
async fn forget_buyer_of_cancelled(app: &App, stored: Option<StoredOrder>) -> Result<()> {
    let Some(stored) = stored.filter(|stored| stored.status == OrderStatus::Cancelled) else {
        return Ok(());
    };
    let expires_at = buyer_expires(&stored.order, stored.status);
    app.store
        .expire_buyer(&stored.connection, &stored.order.id, expires_at)
        .await
}

/// How far back switching its marketplace on must reach for an order; not for one that nobody will ship any more.
fn parked_mark(order: &StoredOrder) -> Option<ParkedMark> {
    let over = matches!(
        order.order.amazon_status,
        Some(AmazonStatus::Shipped | AmazonStatus::Cancelled | AmazonStatus::Unfulfillable)
    );
    (order.status == OrderStatus::Parked && !over).then(|| ParkedMark {
        marketplace_id: order
            .order
            .marketplace_id
            .clone()
            .unwrap_or_else(|| "-".into()),
        oldest_updated_at: order.order.updated_at,
    })
}

/// Whether the marketplace was switched on between reading the rules and parking the order. Switching it on writes the
/// settings first and then looks for parked orders; this parks first and then reads the settings: one of the two sees
/// the other.
async fn switched_on_meanwhile(app: &App, order: &StoredOrder) -> Result<bool> {
    let Some(marketplace) = order.order.marketplace() else {
        return Ok(false);
    };
    Ok(app
        .store
        .marketplace(&order.connection_key(), marketplace)
        .await?
        .active)
}

async fn is_disconnected(app: &App, connection: &ConnectionKey) -> Result<bool> {
    let connection = app.store.connection(connection).await?;
    Ok(connection.is_none_or(|it| it.status == ConnectionStatus::Disconnected))
}

/// `None`: the connection is disconnected, and nothing of it comes back.
async fn rules_of(
    app: &App,
    rules: &RulesOfBatch,
    connection: &ConnectionKey,
) -> Result<Option<Arc<Rules>>> {
    let mut known = rules.lock().await;
    if let Some(rules) = known.get(&connection.id) {
        return Ok(Some(rules.clone()));
    }
    if is_disconnected(app, connection).await? {
        return Ok(None);
    }
    let read = Arc::new(Rules::new(app.store.settings(connection).await?));
    known.insert(connection.id.clone(), read.clone());
    Ok(Some(read))
}

#[cfg(test)]
mod tests {
    use super::*;
    use stallkeeper::queue::Versioned;

    #[test]
    fn the_sample_event_holds_one_message_of_each_kind() {
        let event: SqsEvent =
            serde_json::from_str(include_str!("../../../events/remap-carriers.json")).unwrap();
        let messages: Vec<OrderMessage> = event
            .records
            .iter()
            .map(|record| {
                serde_json::from_str::<Versioned<_>>(record.body.as_deref().unwrap())
                    .unwrap()
                    .open()
                    .unwrap()
            })
            .collect();
        assert!(
            matches!(&messages[0], OrderMessage::Order { order, .. } if read_order(order).is_ok())
        );
        assert!(matches!(messages[1], OrderMessage::OrderId { .. }));
        assert!(matches!(messages[2], OrderMessage::Rerun { .. }));
    }
}
