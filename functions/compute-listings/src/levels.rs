//! Writes levels that came by the queue, and returns which SKUs are to be recomputed.

use crate::{App, CONCURRENCY, refused};
use jiff::Timestamp;
use serde_json::Value;
use stallkeeper::domain::ids::{Sku, TenantId};
use stallkeeper::domain::row::RowCode;
use stallkeeper::domain::stock::Arrival;
use stallkeeper::error::Result;
use stallkeeper::fan_out;
use stallkeeper::intake::{ReadRow, Refusal, Verdict, level_remark, queue_levels, read_level};
use stallkeeper::queue::LevelRow;
use stallkeeper::store::{LevelWritten, Store};
use std::collections::{BTreeMap, BTreeSet};

/// Compares rows that the platform queued itself with what is stored, and queues those that are worth a write, as the API
/// does. What is refused, or not taken as it came, is noted, since nobody waits for an answer.
pub(crate) async fn compare(
    app: &App,
    tenant: &TenantId,
    rows: Vec<Value>,
    now: Timestamp,
) -> Result<()> {
    let (store, queue) = (&app.store, &app.stock_changes);
    let read = refused::readable(store, tenant, rows, read_level, now).await?;
    let rows = read.iter().map(|read| read.row.clone()).collect();
    let verdicts = queue_levels(store, queue, tenant, rows, now).await?;
    for (ReadRow { row, mut remarks }, verdict) in read.into_iter().zip(verdicts) {
        match verdict {
            Verdict::Refused(refusal) => remarks.push(refusal),
            // A conflict is noted as the level is written.
            Verdict::Adjusted(remark) if remark.code != RowCode::Conflict => remarks.push(remark),
            _ => {}
        }
        note(store, tenant, &row, remarks, now).await?;
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
    let arrival = match &written {
        LevelWritten::Lowered(stored) => Some((Arrival::Lower, Some(*stored))),
        LevelWritten::Refused(arrival @ (Arrival::Conflict | Arrival::Ahead), stored) => {
            Some((*arrival, *stored))
        }
        _ => None,
    };
    let remark = arrival.and_then(|(arrival, stored)| level_remark(arrival, stored.as_ref()));
    note(store, tenant, row, remark.into_iter().collect(), now).await?;
    Ok(!matches!(
        written,
        LevelWritten::Remeasured | LevelWritten::Refused(Arrival::Conflict | Arrival::Ahead, _)
    ))
}

/// Notes what is to be said of a row. Nothing is noted if a newer one is known.
async fn note(
    store: &Store,
    tenant: &TenantId,
    row: &LevelRow,
    mut remarks: Vec<Refusal>,
    now: Timestamp,
) -> Result<()> {
    remarks.retain(|remark| remark.code != RowCode::Older);
    if remarks.is_empty() {
        return Ok(());
    }
    let level = format!(
        " (warehouse {}, {} units, measured at {})",
        row.warehouse, row.quantity, row.measured_at
    );
    refused::note(store, tenant, &row.sku, &remarks, &level, now).await
}
