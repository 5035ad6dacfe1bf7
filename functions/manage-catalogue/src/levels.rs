//! Stock levels: compared with what is stored, and what is worth a write queued; nothing is written on the way in.

mod judge;
mod put;
mod show;
mod write;

use judge::{Verdict, judge};
pub(crate) use put::{__path_put, put};
pub(crate) use show::{__path_show, SkuStock, show};
pub(crate) use write::write;

use crate::App;
use jiff::{SignedDuration, Timestamp};
use stallkeeper::domain::ids::TenantId;
use stallkeeper::error::Result;
use stallkeeper::queue::{LevelRow, StockChange};
use stallkeeper::store::Store;

/// Compares rows that the platform queued itself with what is stored, and queues those that are worth a write: as the API
/// does. What is refused is noted, since nobody waits for an answer.
pub(crate) async fn sort_out(
    app: &App,
    tenant: &TenantId,
    rows: Vec<LevelRow>,
    now: Timestamp,
) -> Result<()> {
    let verdicts = judge(&app.store, tenant, &rows, now).await?;
    let mut fresh = Vec::new();
    for (row, verdict) in rows.into_iter().zip(verdicts) {
        match verdict {
            Verdict::Fresh => fresh.push(row),
            Verdict::Unchanged => {}
            Verdict::Refused(refusal) => {
                write::note_refused(&app.store, tenant, &row, &refusal, now).await?;
            }
        }
    }
    queue(app, tenant, fresh).await?;
    note_seen(&app.store, tenant, now).await
}

/// Notes that levels came, to the minute. Reads first: most calls come within the minute, and a read is cheaper.
async fn note_seen(store: &Store, tenant: &TenantId, now: Timestamp) -> Result<()> {
    let seen = store.stock_seen(tenant).await?;
    let fresh = seen.is_some_and(|seen| now.duration_since(seen) < SignedDuration::from_mins(1));
    if fresh {
        return Ok(());
    }
    store.note_stock_seen(tenant, now).await
}

/// Queues rows that were compared. Returns only when all are queued.
pub(crate) async fn queue(app: &App, tenant: &TenantId, rows: Vec<LevelRow>) -> Result<()> {
    let messages = StockChange::levels(tenant, rows)?;
    app.stock_changes.send_all(tenant, messages).await
}
