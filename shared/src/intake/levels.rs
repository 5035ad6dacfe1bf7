//! Stock levels: judged against what is stored and against one another.

use super::{Refusal, Verdict};
use crate::domain::ids::{Sku, TenantId};
use crate::domain::stock::{Arrival, StockLevel};
use crate::error::Result;
use crate::queue::{LevelRow, Queue, StockChange};
use crate::store::Store;
use jiff::{SignedDuration, Timestamp};
use std::collections::HashMap;

/// Judges levels and queues those that are worth a write; returns once all are queued. The verdicts are in the order of
/// the rows.
pub async fn queue_levels(
    store: &Store,
    stock_changes: &Queue,
    tenant: &TenantId,
    rows: Vec<LevelRow>,
    now: Timestamp,
) -> Result<Vec<Verdict>> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let verdicts = level_verdicts(store, tenant, &rows, now).await?;
    let judged = rows.into_iter().zip(&verdicts);
    let changed = judged.filter(|(_, verdict)| **verdict == Verdict::Changed);
    let messages = StockChange::levels(tenant, changed.map(|(row, _)| row).collect())?;
    stock_changes.send_all(tenant, messages).await?;
    note_seen(store, tenant, now).await?;
    Ok(verdicts)
}

/// Notes that levels came, to the minute. Reads first: most calls come within the minute, and a read is cheaper.
async fn note_seen(store: &Store, tenant: &TenantId, now: Timestamp) -> Result<()> {
    let seen = store.stock_seen(tenant).await?;
    let recent = seen.is_some_and(|seen| now.duration_since(seen) < SignedDuration::from_mins(1));
    if recent {
        return Ok(());
    }
    store.note_stock_seen(tenant, now).await
}

/// Why a level that arrives is refused; `None` if the arrival is no reason to refuse it.
pub fn level_refusal(arrival: Arrival, stored: Option<&StockLevel>) -> Option<Refusal> {
    let (code, detail) = match arrival {
        Arrival::New | Arrival::Repeated => return None,
        Arrival::Older => ("older", "A level measured later is known."),
        Arrival::Conflict => (
            "conflict",
            "Another quantity was sent for the same moment. Count again, and send the result with a later moment.",
        ),
        Arrival::Ahead => (
            "ahead",
            "It was measured more than 5 minutes from now. Set the sender's clock right.",
        ),
    };
    let stored = stored.map_or_else(String::new, |stored| {
        format!(
            " What is stored: {} units, measured at {}.",
            stored.quantity, stored.measured_at
        )
    });
    Some(Refusal {
        field: (arrival != Arrival::Conflict).then(|| "measured_at".to_owned()),
        code,
        detail: format!("{detail}{stored}"),
    })
}

/// Half a read unit for each SKU.
async fn level_verdicts(
    store: &Store,
    tenant: &TenantId,
    rows: &[LevelRow],
    now: Timestamp,
) -> Result<Vec<Verdict>> {
    let skus: Vec<Sku> = rows.iter().map(|row| row.sku.clone()).collect();
    let stored = store.batch_get_levels(tenant, &skus).await?;
    let of_row = |row: &LevelRow| {
        let levels = &stored.get(&row.sku)?.levels;
        levels.get(&row.warehouse)
    };
    let mut verdicts: Vec<Verdict> = rows
        .iter()
        .map(|row| {
            let stored = of_row(row);
            verdict(row.level(now).arrival(stored, now), stored)
        })
        .collect();
    judge_among_one_another(rows, &mut verdicts, now);
    Ok(verdicts)
}

fn verdict(arrival: Arrival, stored: Option<&StockLevel>) -> Verdict {
    match level_refusal(arrival, stored) {
        Some(refusal) => Verdict::Refused(refusal),
        None if arrival == Arrival::New => Verdict::Changed,
        None => Verdict::Unchanged,
    }
}

/// Of several rows of one SKU and warehouse the one measured last is taken, and of two with the same moment the first.
fn judge_among_one_another(rows: &[LevelRow], verdicts: &mut [Verdict], now: Timestamp) {
    let mut best: HashMap<_, usize> = HashMap::new();
    for index in 0..rows.len() {
        if verdicts[index] != Verdict::Changed {
            continue;
        }
        let row = &rows[index];
        let key = (&row.sku, &row.warehouse);
        let Some(&other) = best.get(&key) else {
            best.insert(key, index);
            continue;
        };
        let taken = rows[other].level(now);
        let this = row.level(now);
        match this.arrival(Some(&taken), now) {
            Arrival::New => {
                verdicts[other] = verdict(Arrival::Older, Some(&this));
                best.insert(key, index);
            }
            arrival => verdicts[index] = verdict(arrival, Some(&taken)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(sku: &str, quantity: u32, second: i64) -> LevelRow {
        LevelRow {
            sku: sku.parse().unwrap(),
            warehouse: "LON".parse().unwrap(),
            quantity,
            measured_at: Timestamp::from_second(second).unwrap(),
        }
    }

    fn codes(rows: &[LevelRow]) -> Vec<&'static str> {
        let mut verdicts = vec![Verdict::Changed; rows.len()];
        let now = Timestamp::from_second(1_000).unwrap();
        judge_among_one_another(rows, &mut verdicts, now);
        let code = |verdict: &Verdict| match verdict {
            Verdict::Changed => "changed",
            Verdict::Unchanged => "unchanged",
            Verdict::Refused(refusal) => refusal.code,
        };
        verdicts.iter().map(code).collect()
    }

    #[test]
    fn of_rows_of_one_sku_in_one_call_the_one_measured_last_is_taken() {
        let rows = [
            row("A", 1, 10),
            row("B", 9, 10),
            row("A", 2, 30),
            row("A", 3, 20),
        ];
        assert_eq!(codes(&rows), ["older", "changed", "changed", "older"]);
    }

    #[test]
    fn the_same_row_twice_is_one_and_another_quantity_at_the_same_moment_is_refused() {
        let rows = [row("A", 1, 10), row("A", 1, 10), row("A", 2, 10)];
        assert_eq!(codes(&rows), ["changed", "unchanged", "conflict"]);
    }
}
