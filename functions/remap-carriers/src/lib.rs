//! `remap-carriers`: reads each order that Amazon reported, derives its shipping term, picks its courier service and
//! stores it; looks again at waiting orders when a rule changed.
//!
//! It writes buyer data first and the order last, conditionally: that write is the commit point, and every effect
//! beyond (events, reservations) follows from the table's stream. It calls Amazon only for an order that comes by its
//! id: too big for a message, read without all of its parts, or named by a notice.

mod erase;
mod fetch;
pub mod intake;
mod rerun;
mod skus;

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use erase::{Erasure, erase_buyers};
use fetch::{Fetch, fetch_one};
use intake::{Intake, Reading, Rules, take_in};
use jiff::Timestamp;
use rerun::{Rerun, rerun_waiting};
use skus::{matched_marketplaces, unknown_skus};
use stallkeeper::domain::connection::ConnectionStatus;
use stallkeeper::domain::ids::{ConnectionId, ConnectionKey};
use stallkeeper::domain::order::{
    AmazonStatus, OrderStatus, StoredOrder, Version, buyer_expires, is_closed,
};
use stallkeeper::domain::term_tally::TermTally;
use stallkeeper::error::Result;
use stallkeeper::lambda::Inbox;
use stallkeeper::queue::{OrderMessage, Queue};
use stallkeeper::sp_api::{Dataset, RawOrder, SpApi, read_order};
use stallkeeper::store::{BuyerRecord, ParkedMark, Store, Written};
use stallkeeper::vault::Vault;
use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex};
use std::time::SystemTime;
use tracing::{error, info, warn};

/// What the function works with.
pub struct App {
    pub store: Store,
    pub vault: Vault,
    pub amazon: SpApi,
    pub orders: Queue,
    pub inbox: Inbox,
    /// Unknown fields and values that this environment has logged, so that each is logged once.
    pub logged_unknown: Mutex<BTreeSet<String>>,
    /// Orders that were stored and whose shipping terms are to be counted.
    pub terms: Mutex<TermTally>,
}

/// The rules of the connections that a batch holds, read strongly once a batch.
type RulesOfBatch = tokio::sync::Mutex<HashMap<ConnectionId, Arc<Rules>>>;

/// Works on a batch of orders.
pub async fn handle(app: &App, event: SqsEvent, deadline: SystemTime) -> Result<SqsBatchResponse> {
    let rules = &RulesOfBatch::default();
    let response = app
        .inbox
        .each_message(event, |message| async move {
            match message {
                OrderMessage::Order {
                    connection,
                    fetched_at,
                    datasets,
                    order,
                    mended,
                } => {
                    let order = order.with_mended(mended);
                    let reading = reading(app, &order, &datasets, fetched_at)?;
                    take_reading(app, rules, &connection, reading).await
                }
                OrderMessage::OrderId {
                    connection,
                    order_id,
                    updated_at,
                    due,
                    tries,
                    noticed,
                } => {
                    let fetch = Fetch {
                        connection: &connection,
                        order: &order_id,
                        updated_at,
                        due,
                        tries,
                        noticed,
                    };
                    fetch_one(app, rules, fetch).await
                }
                OrderMessage::Rerun {
                    connection,
                    term,
                    after,
                    of,
                    hop,
                } => {
                    let rerun = Rerun {
                        connection,
                        term,
                        after,
                        of,
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
        .await;
    count_terms(app).await;
    Ok(response)
}

/// Counts the terms of the orders that were stored: once a batch for each term. What cannot be written is kept for the next
/// batch, since a message that came again would count nothing.
async fn count_terms(app: &App) {
    let counts = app.terms.lock().map(|mut terms| terms.take());
    for (tallied, count) in counts.unwrap_or_default() {
        if let Err(error) = app.store.count_term(&tallied, count).await {
            warn!(connection.id = %tallied.connection.id, error = error.chain(), "a shipping term could not be counted");
            if let Ok(mut terms) = app.terms.lock() {
                terms.add(tallied, count);
            }
        }
    }
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
        given: read.given,
        unreadable: read.unreadable,
        unknown_skus: BTreeSet::new(),
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

/// Stores a reading of a page. If parts of it are missing, the order is queued to be fetched before it is stored: stopped in
/// between, the message comes again.
async fn take_reading(
    app: &App,
    rules: &RulesOfBatch,
    connection: &ConnectionKey,
    mut reading: Reading,
) -> Result<()> {
    reading.unknown_skus = unknown_skus(app, rules, connection, &reading.order).await?;
    if reading.lacks_parts() {
        let stored = app.store.order(connection, &reading.order.id).await?;
        let Some(rules) = rules_of(app, rules, connection).await? else {
            return Ok(());
        };
        let now = Timestamp::now();
        if let Intake::Write { order, .. } =
            take_in(connection, &reading, stored.as_ref(), &rules, now)
            && !is_closed(order.status)
        {
            Fetch::for_missing(connection, &reading).later(app).await?;
        }
    }
    store_reading(app, rules, connection, reading).await
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
        let now = Timestamp::now();
        let intake = take_in(connection, &reading, stored.as_ref(), &rules_now, now);
        let (order, entry) = match intake {
            Intake::Write { order, entry } => (order, entry),
            Intake::Known => return mend_buyer(app, &reading, stored).await,
            Intake::NotWanted => return Ok(()),
        };
        write_buyer(app, &reading, &order, now).await?;
        let mark = parked_mark(&order);
        if let Some(mark) = &mark {
            app.store.mark_parked(connection, mark).await?;
        }
        let written = match &stored {
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
                let id = &order.order.id;
                return app.store.erase_buyer(&connection.id, id, now).await;
            }
            Written::Done => {
                if let Ok(mut terms) = app.terms.lock() {
                    terms.note(stored.as_ref(), &order);
                }
                report(connection, &order);
                return Ok(());
            }
        }
    }
    Err(Written::given_up("store an order"))
}

fn report(connection: &ConnectionKey, order: &StoredOrder) {
    let id = &order.order.id;
    let places = &order.requirements.unreadable;
    if !places.is_empty() || order.requirements.lines_missing {
        // The alarm `UnreadableRecords` counts these words.
        error!(connection.id = %connection.id, order.id = %id, ?places, "an order cannot be read; it is stored as far as it can be");
    }
    info!(connection.id = %connection.id, order.id = %id, order.status = order.status.as_str(), "stored order `{id}`");
}

/// Buyer data of a parked order is not kept; that of a closed one not much longer, and none is written that had to go at
/// once.
async fn write_buyer(
    app: &App,
    reading: &Reading,
    order: &StoredOrder,
    now: Timestamp,
) -> Result<()> {
    if order.status == OrderStatus::Parked {
        return Ok(());
    }
    let expires_at = buyer_expires(&order.order, order.status, order.buyer_until, now);
    let is_over = order.status == OrderStatus::Cancelled || expires_at <= now;
    if is_over || reading.buyer.is_empty() {
        return app
            .store
            .expire_buyer(&order.connection, &order.order.id, expires_at)
            .await;
    }
    let mut record = BuyerRecord {
        tenant: order.tenant.clone(),
        connection: order.connection.clone(),
        order_id: order.order.id.clone(),
        version: reading.version,
        data: reading.buyer.clone(),
        expires_at,
    };
    if !reading.holds_buyer() {
        let key = order.connection_key();
        let before = app.store.buyer(&key, &record.order_id, now).await?;
        if let Some(before) = before {
            record.data = record.data.completed_by(&before);
        }
    }
    app.store.put_buyer(&record, now).await
}

/// Nothing is new of the order; its buyer data may be gone all the same, or be there although the order is cancelled: a
/// reading that loses to a cancellation may have written it after the cancellation looked for any, in this run or in one
/// that was killed.
async fn mend_buyer(app: &App, reading: &Reading, stored: Option<StoredOrder>) -> Result<()> {
    let Some(stored) = stored else {
        return Ok(());
    };
    let now = Timestamp::now();
    if stored.status == OrderStatus::Cancelled {
        return write_buyer(app, reading, &stored, now).await;
    }
    if is_closed(stored.status) || reading.buyer.is_empty() {
        return Ok(());
    }
    let key = stored.connection_key();
    match app.store.buyer(&key, &stored.order.id, now).await? {
        Some(_) => Ok(()),
        None => write_buyer(app, reading, &stored, now).await,
    }
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
    let found = app.store.connection(connection).await?;
    let Some(found) = found.filter(|it| it.status != ConnectionStatus::Disconnected) else {
        return Ok(None);
    };
    let settings = app.store.settings(connection).await?;
    let matched = matched_marketplaces(&app.store, connection).await?;
    let rules_now = Rules::new(settings, found.orders_from).with_matched(matched);
    let read = Arc::new(rules_now);
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
