//! Erasing the buyer data of all orders of a connection, when a person asks for it.

use crate::App;
use jiff::Timestamp;
use stallkeeper::domain::ids::ConnectionKey;
use stallkeeper::domain::order::OrderStatus;
use stallkeeper::error::{Error, Result};
use stallkeeper::fan_out;
use stallkeeper::queue::OrderMessage;
use stallkeeper::store::{ListedOrder, OrderFilter};
use std::time::{Duration, SystemTime};
use tracing::info;

/// Orders that are erased between two looks at the clock.
const PAGE: i32 = 200;
/// Deletions side by side.
const AT_ONCE: usize = 16;
/// What a page may take.
const PAGE_TIME: Duration = Duration::from_secs(15);
/// How often an erasure may queue itself again: a page each time would do for a million orders.
const MOST_HOPS: u32 = 5_000;

/// An erasure as its message says.
pub(crate) struct Erasure {
    pub(crate) connection: ConnectionKey,
    pub(crate) status: OrderStatus,
    pub(crate) after: Option<String>,
    pub(crate) hop: u32,
}

/// Erases page by page, status by status; queues itself if time runs out. The statuses are in the order of an order's life,
/// so that one that moves on meanwhile is met later. Doing it again does no harm.
pub(crate) async fn erase_buyers(
    app: &App,
    mut erasure: Erasure,
    deadline: SystemTime,
) -> Result<()> {
    let from = erasure.status;
    for &status in OrderStatus::ALL.iter().filter(|status| **status >= from) {
        erasure.status = status;
        loop {
            let is_late = deadline
                .duration_since(SystemTime::now())
                .is_ok_and(|left| left < PAGE_TIME);
            if is_late {
                return later(app, erasure).await;
            }
            erasure.after = erase_page(app, &erasure).await?;
            if erasure.after.is_none() {
                break;
            }
        }
    }
    let id = &erasure.connection.id;
    info!(connection.id = %id, "the buyer data of connection `{id}` is erased");
    Ok(())
}

/// Where the next page begins.
async fn erase_page(app: &App, erasure: &Erasure) -> Result<Option<String>> {
    let key = &erasure.connection;
    let filter = OrderFilter {
        connection: Some(key.id.clone()),
        ..OrderFilter::default()
    };
    let after = erasure.after.as_deref();
    let page = app
        .store
        .orders_by_status(&key.tenant, erasure.status, &filter, after, PAGE)
        .await?;
    let now = Timestamp::now();
    let erase = |listed: ListedOrder| async move {
        app.store
            .erase_buyer(&key.id, &listed.row.order_id, now)
            .await
    };
    fan_out(page.rows, AT_ONCE, erase).await?;
    Ok(page.next)
}

async fn later(app: &App, erasure: Erasure) -> Result<()> {
    let Erasure {
        connection,
        status,
        after,
        hop,
    } = erasure;
    if hop >= MOST_HOPS {
        let error = "the hop limit is reached";
        return Err(Error::permanent("erase buyer data", error));
    }
    let group = connection.clone();
    let message = OrderMessage::EraseBuyers {
        connection,
        status,
        after,
        hop: hop + 1,
    };
    app.orders.send(&group, message, 0).await
}
