//! Writes levels that came by the queue, and tells which SKUs are to be recomputed.

use super::judge::{Refusal, level};
use crate::changes::CONCURRENCY;
use futures::{StreamExt as _, TryStreamExt as _};
use jiff::Timestamp;
use stallkeeper::domain::ids::{Sku, TenantId};
use stallkeeper::domain::stock::Arrival;
use stallkeeper::error::Result;
use stallkeeper::queue::LevelRow;
use stallkeeper::store::{LevelWritten, Store};
use std::collections::{BTreeMap, BTreeSet};

/// Stores levels where they are newer than what is stored. The SKUs that a recompute is owed for.
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
    let touched: Vec<Option<Sku>> = futures::stream::iter(by_sku)
        .map(|(sku, rows)| async move {
            let mut owed = false;
            for row in rows {
                owed |= write_one(store, tenant, &row, now).await?;
            }
            Ok(owed.then_some(sku))
        })
        .buffer_unordered(CONCURRENCY)
        .try_collect()
        .await?;
    Ok(touched.into_iter().flatten().collect())
}

/// Whether a recompute is owed. It is for what stands already, too: an earlier try may have written it and stopped; and
/// for what is older, since the newer one may have found nothing changed by then.
async fn write_one(
    store: &Store,
    tenant: &TenantId,
    row: &LevelRow,
    now: Timestamp,
) -> Result<bool> {
    let level = level(row, now);
    let written = store
        .write_level(tenant, &row.sku, &row.warehouse, &level)
        .await?;
    Ok(match written {
        LevelWritten::Changed => true,
        LevelWritten::Remeasured => false,
        LevelWritten::Refused(arrival @ (Arrival::Conflict | Arrival::Ahead), stored) => {
            if let Some(refusal) = Refusal::of(arrival, stored.as_ref()) {
                note_refused(store, tenant, row, &refusal, now).await?;
            }
            false
        }
        LevelWritten::Refused(..) => true,
    })
}

/// Leaves a note of a row that nobody waits for; that a newer one is known needs none.
pub(super) async fn note_refused(
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
