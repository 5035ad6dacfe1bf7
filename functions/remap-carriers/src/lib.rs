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
mod rerun_all;
mod skus;
mod store_reading;

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use erase::{Erasure, erase_buyers};
use fetch::{Fetch, fetch_one};
use intake::{Reading, Rules};
use jiff::Timestamp;
use rerun::{Rerun, rerun_waiting};
use rerun_all::{RerunAll, rerun_all};
use skus::matched_marketplaces;
use stallkeeper::domain::connection::ConnectionStatus;
use stallkeeper::domain::ids::{ConnectionId, ConnectionKey};
use stallkeeper::domain::order::Version;
use stallkeeper::domain::term_tally::TermTally;
use stallkeeper::error::Result;
use stallkeeper::lambda::Inbox;
use stallkeeper::queue::{OrderMessage, Queue};
use stallkeeper::sp_api::{Dataset, RawOrder, SpApi, read_order};
use stallkeeper::store::Store;
use stallkeeper::vault::Vault;
use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex};
use std::time::SystemTime;
use store_reading::take_reading;
use tracing::warn;

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
                OrderMessage::RerunAll {
                    terms,
                    shard,
                    after,
                    hop,
                } => {
                    let rerun = RerunAll {
                        terms,
                        shard,
                        after,
                        hop,
                    };
                    rerun_all(app, rules, rerun, deadline).await
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

/// Counts the terms of the orders that were stored: once a batch for each week that they were bought in. What cannot be
/// written is kept for the next batch, since a message that came again would count nothing.
async fn count_terms(app: &App) {
    let counts = app.terms.lock().map(|mut terms| terms.take());
    for (tallied, counts) in counts.unwrap_or_default() {
        if let Err(error) = app.store.count_terms(&tallied, &counts).await {
            warn!(connection.id = %tallied.connection.id, error = error.chain(), "shipping terms could not be counted");
            if let Ok(mut terms) = app.terms.lock() {
                terms.add(tallied, counts);
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
        assert!(matches!(messages[3], OrderMessage::RerunAll { .. }));
    }
}
