//! Looking again at the orders that wait for a person, after a rule changed.

use crate::intake::look_again;
use crate::{App, RulesOfBatch, rules_of};
use jiff::Timestamp;
use stallkeeper::domain::ids::{ConnectionKey, OrderId};
use stallkeeper::domain::shipping_term::ShippingTerm;
use stallkeeper::error::{Error, Result};
use stallkeeper::queue::OrderMessage;
use stallkeeper::store::{WaitingKind, Written};
use std::time::{Duration, SystemTime};
use tracing::info;

/// Waiting orders that are looked at between two looks at the clock.
const RERUN_PAGE: i32 = 25;
/// What a page of waiting orders may take.
const PAGE_TIME: Duration = Duration::from_secs(15);
/// How often a re-run may queue itself again: a page each time would do for a million orders.
const MOST_HOPS: u32 = 1_000;

/// Whether the run is to end here, and another one to go on from there.
///
/// # Errors
/// Permanent if it has queued itself too often.
pub(crate) fn must_go_on_later(deadline: SystemTime, hop: u32) -> Result<bool> {
    let left = deadline.duration_since(SystemTime::now());
    let is_late = left.unwrap_or_default() < PAGE_TIME;
    if is_late && hop >= MOST_HOPS {
        let doing = "look again at waiting orders";
        return Err(Error::permanent(doing, "the hop limit is reached"));
    }
    Ok(is_late)
}

/// A re-run as its message says.
pub(crate) struct Rerun {
    pub(crate) connection: ConnectionKey,
    pub(crate) term: Option<ShippingTerm>,
    pub(crate) after: Option<String>,
    pub(crate) of: WaitingKind,
    pub(crate) hop: u32,
}

/// Looks again at a connection's waiting orders, page by page; queues itself if time runs out.
pub(crate) async fn rerun_waiting(
    app: &App,
    rules: &RulesOfBatch,
    mut rerun: Rerun,
    deadline: SystemTime,
) -> Result<()> {
    // What changed may have changed after this batch first read the rules.
    rules.lock().await.remove(&rerun.connection.id);
    loop {
        let page = app
            .store
            .waiting_orders(
                &rerun.connection,
                rerun.of,
                rerun.term.as_ref(),
                rerun.after.as_deref(),
                RERUN_PAGE,
            )
            .await?;
        for order in &page.orders {
            look_at(app, rules, &rerun.connection, order).await?;
        }
        let Some(next) = page.next else { return Ok(()) };
        rerun.after = Some(next);
        if must_go_on_later(deadline, rerun.hop)? {
            let Rerun {
                connection,
                term,
                after,
                of,
                hop,
            } = rerun;
            let group = connection.clone();
            return app
                .orders
                .send(
                    &group,
                    OrderMessage::Rerun {
                        connection,
                        term,
                        after,
                        of,
                        hop: hop + 1,
                    },
                    0,
                )
                .await;
        }
    }
}

/// Looks again at one order, whoever changes it meanwhile.
pub(crate) async fn look_at(
    app: &App,
    rules: &RulesOfBatch,
    connection: &ConnectionKey,
    order: &OrderId,
) -> Result<()> {
    for () in Written::attempts() {
        let Some(rules) = rules_of(app, rules, connection).await? else {
            return Ok(());
        };
        let Some(stored) = app.store.order(connection, order).await? else {
            return Ok(());
        };
        let Some((again, entry)) = look_again(&stored, &rules, Timestamp::now()) else {
            return Ok(());
        };
        if app.store.replace_order(&again, &entry).await? == Written::Done {
            info!(connection.id = %connection, order.id = %order, order.status = again.status.as_str(), "looked again at order `{order}`");
            return Ok(());
        }
    }
    Err(Written::given_up("look again at a waiting order"))
}
