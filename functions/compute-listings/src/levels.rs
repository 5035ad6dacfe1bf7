//! Writes levels that came by the queue, and returns which SKUs are to be recomputed.

use crate::{App, CONCURRENCY};
use jiff::Timestamp;
use stallkeeper::domain::ids::{Sku, TenantId};
use stallkeeper::domain::stock::Arrival;
use stallkeeper::error::Result;
use stallkeeper::fan_out;
use stallkeeper::intake::{Refusal, Verdict, level_refusal, queue_levels};
use stallkeeper::queue::LevelRow;
use stallkeeper::store::{LevelWritten, Store};
use std::collections::{BTreeMap, BTreeSet};

/// Compares rows that the platform queued itself with what is stored, and queues those that are worth a write, as the API
/// does. What is refused is noted, since nobody waits for an answer.
pub(crate) async fn compare(
    app: &App,
    tenant: &TenantId,
    rows: Vec<LevelRow>,
    now: Timestamp,
) -> Result<()> {
    let (store, queue) = (&app.store, &app.stock_changes);
    let verdicts = queue_levels(store, queue, tenant, rows.clone(), now).await?;
    for (row, verdict) in rows.iter().zip(verdicts) {
        if let Verdict::Refused(refusal) = verdict {
            note_refused(store, tenant, row, &refusal, now).await?;
        }
    }
    Ok(())
}

/// Stores levels that are newer than what is stored. Returns the SKUs to recompute.
pub(crate) async fn write(
    store: &Store,
    tenant: &TenantId,
    rows: Vec<LevelRow>,
    now: Timestamp,
) -> Result<BTreeSet<Sku>> {
    let mut by_sku: BTreeMap<Sku, Vec<LevelRow>> = BTreeMap::new();
    for row in rows {
        by_sku.entry(row.sku.clone()).or_default().push(row);
    }
    let touched: Vec<Option<Sku>> = fan_out(by_sku, CONCURRENCY, |(sku, rows)| async move {
        let mut touched = false;
        for row in rows {
            touched |= write_one(store, tenant, &row, now).await?;
        }
        Ok(touched.then_some(sku))
    })
    .await?;
    Ok(touched.into_iter().flatten().collect())
}

/// Whether the SKU is to be recomputed: also for a level that is stored already, since an earlier try may have written it
/// and stopped; and for an older one, since the newer one may have found nothing changed by then.
async fn write_one(
    store: &Store,
    tenant: &TenantId,
    row: &LevelRow,
    now: Timestamp,
) -> Result<bool> {
    let level = row.level(now);
    let written = store
        .write_level(tenant, &row.sku, &row.warehouse, &level)
        .await?;
    Ok(match written {
        LevelWritten::Changed => true,
        LevelWritten::Remeasured => false,
        LevelWritten::Refused(arrival @ (Arrival::Conflict | Arrival::Ahead), stored) => {
            if let Some(refusal) = level_refusal(arrival, stored.as_ref()) {
                note_refused(store, tenant, row, &refusal, now).await?;
            }
            false
        }
        LevelWritten::Refused(..) => true,
    })
}

/// Notes why a row was refused. Nothing is noted if a newer one is known.
async fn note_refused(
    store: &Store,
    tenant: &TenantId,
    row: &LevelRow,
    refusal: &Refusal,
    now: Timestamp,
) -> Result<()> {
    if refusal.code == "older" {
        return Ok(());
    }
    let reason = format!(
        "{} (warehouse {}, {} units, measured at {})",
        refusal.detail, row.warehouse, row.quantity, row.measured_at
    );
    store.note_rejected(tenant, &row.sku, &reason, now).await
}
