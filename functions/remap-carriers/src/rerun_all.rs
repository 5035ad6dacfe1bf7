//! Looking again at the orders of all tenants that wait for a person, after an operator's default changed.
//!
//! They are found in the index of what a desk must see of all tenants, which holds open orders only: each is read once as a row of
//! the index, and those of the terms that changed as a whole. Rules of which tenant's mapping wins are not here: each order is
//! decided by its connection's rules, as always.

use crate::rerun::{look_at, must_go_on_later};
use crate::{App, RulesOfBatch};
use stallkeeper::domain::ids::{ConnectionKey, OrderId};
use stallkeeper::domain::order::OrderStatus;
use stallkeeper::domain::shipping_term::ShippingTerm;
use stallkeeper::error::{Class, Result};
use stallkeeper::queue::{Deployment, OrderMessage};
use stallkeeper::store::{ListedOrder, OrderFilter, OrderPartition};
use std::collections::BTreeSet;
use std::time::SystemTime;
use tracing::error;

/// Rows that are read between two looks at the clock: each may be an order whose connection's rules must be read too.
const PAGE: i32 = 25;
/// Connections whose rules are kept at a time: each has all defaults too, and memory is small.
const MOST_RULES: usize = 20;

/// A re-run over all tenants as its message says.
pub(crate) struct RerunAll {
    pub(crate) terms: BTreeSet<ShippingTerm>,
    pub(crate) shard: usize,
    pub(crate) after: Option<String>,
    pub(crate) hop: u32,
}

/// Looks again at the waiting orders of all tenants whose term falls back to one that changed, page by page; queues itself if
/// time runs out. Doing it twice does no harm.
pub(crate) async fn rerun_all(
    app: &App,
    rules: &RulesOfBatch,
    mut rerun: RerunAll,
    deadline: SystemTime,
) -> Result<()> {
    // The default may have changed after this batch first read the rules.
    rules.lock().await.clear();
    let filter = OrderFilter {
        statuses: vec![OrderStatus::PendingReview],
        ..OrderFilter::default()
    };
    let shards = OrderPartition::open(None);
    while let Some(shard) = shards.get(rerun.shard) {
        let after = rerun.after.as_deref();
        let page = app.store.orders_in(shard, &filter, after, PAGE).await?;
        for order in page.rows.iter().filter(|it| rerun.is_about(it)) {
            let connection = ConnectionKey::new(&order.tenant, &order.row.connection);
            forget_some(rules, &connection).await;
            look_at_one(app, rules, &connection, &order.row.order_id).await?;
        }
        rerun.after = page.next;
        if rerun.after.is_none() {
            rerun.shard += 1;
        }
        if rerun.shard < shards.len() && must_go_on_later(deadline, rerun.hop)? {
            return app.orders.send(&Deployment, rerun.next(), 0).await;
        }
    }
    Ok(())
}

/// As [`look_at`]; what cannot be read of one tenant is for a person, and holds up no other tenant's orders.
async fn look_at_one(
    app: &App,
    rules: &RulesOfBatch,
    connection: &ConnectionKey,
    order: &OrderId,
) -> Result<()> {
    match look_at(app, rules, connection, order).await {
        Err(error) if error.class() == Class::Permanent => {
            error!(connection.id = %connection.id, order.id = %order, error = error.chain(), "a waiting order could not be looked at again");
            Ok(())
        }
        looked => looked.map(drop),
    }
}

/// Makes room for the rules of one connection more.
async fn forget_some(rules: &RulesOfBatch, connection: &ConnectionKey) {
    let mut known = rules.lock().await;
    if known.len() >= MOST_RULES && !known.contains_key(&connection.id) {
        known.clear();
    }
}

impl RerunAll {
    fn is_about(&self, order: &ListedOrder) -> bool {
        let term = order.row.term.as_deref().and_then(|term| term.parse().ok());
        term.is_some_and(|term: ShippingTerm| term.falls_back_to(&self.terms))
    }

    /// The message that goes on from here.
    fn next(self) -> OrderMessage {
        OrderMessage::RerunAll {
            terms: self.terms,
            shard: self.shard,
            after: self.after,
            hop: self.hop + 1,
        }
    }
}
