//! Judges levels that arrive, against what is stored and against one another. Decides; writes nothing.

use jiff::Timestamp;
use stallkeeper::domain::ids::{Sku, TenantId};
use stallkeeper::domain::stock::{Arrival, StockLevel};
use stallkeeper::error::Result;
use stallkeeper::queue::LevelRow;
use stallkeeper::store::Store;
use std::collections::HashMap;

/// What is to become of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Worth a write.
    Fresh,
    /// Stored already, or once more in the same call.
    Unchanged,
    Refused(Refusal),
}

/// Why a row is not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// Stable, for programs: `older`, `conflict`, `ahead`.
    pub(crate) code: &'static str,
    pub(crate) detail: String,
}

impl Refusal {
    /// `None` where the arrival is no reason to refuse it.
    pub(crate) fn of(arrival: Arrival, stored: Option<&StockLevel>) -> Option<Self> {
        let stands = stored.map_or_else(String::new, |stored| {
            format!(
                " What stands: {} units, measured at {}.",
                stored.quantity, stored.measured_at
            )
        });
        let (code, detail) = match arrival {
            Arrival::New | Arrival::Repeated => return None,
            Arrival::Older => ("older", "A level measured later is known."),
            Arrival::Conflict => (
                "conflict",
                "Another quantity was told for the same moment. Count again, and send what holds with a later moment.",
            ),
            Arrival::Ahead => (
                "ahead",
                "It was measured more than 5 minutes from now. Set the sender's clock right.",
            ),
        };
        Some(Self {
            code,
            detail: format!("{detail}{stands}"),
        })
    }
}

/// Judges rows, in their order. Half a read unit for each SKU.
pub(crate) async fn judge(
    store: &Store,
    tenant: &TenantId,
    rows: &[LevelRow],
    now: Timestamp,
) -> Result<Vec<Verdict>> {
    let skus: Vec<Sku> = rows.iter().map(|row| row.sku.clone()).collect();
    let stored = store.levels_glance(tenant, &skus).await?;
    let of_row = |row: &LevelRow| {
        let levels = &stored.get(&row.sku)?.levels;
        levels.get(&row.warehouse)
    };
    let mut verdicts: Vec<Verdict> = rows
        .iter()
        .map(|row| {
            let stored = of_row(row);
            verdict(level(row, now).arrival(stored, now), stored)
        })
        .collect();
    judge_among_one_another(rows, &mut verdicts, now);
    Ok(verdicts)
}

fn verdict(arrival: Arrival, stored: Option<&StockLevel>) -> Verdict {
    match Refusal::of(arrival, stored) {
        Some(refusal) => Verdict::Refused(refusal),
        None if arrival == Arrival::New => Verdict::Fresh,
        None => Verdict::Unchanged,
    }
}

pub(crate) fn level(row: &LevelRow, now: Timestamp) -> StockLevel {
    StockLevel {
        quantity: row.quantity,
        measured_at: row.measured_at,
        received_at: now,
    }
}

/// Of several rows of one SKU and warehouse the one measured last is taken, and of two with the same moment the first.
fn judge_among_one_another(rows: &[LevelRow], verdicts: &mut [Verdict], now: Timestamp) {
    let mut best: HashMap<_, usize> = HashMap::new();
    for index in 0..rows.len() {
        if verdicts[index] != Verdict::Fresh {
            continue;
        }
        let row = &rows[index];
        let key = (&row.sku, &row.warehouse);
        let Some(&other) = best.get(&key) else {
            best.insert(key, index);
            continue;
        };
        let taken = level(&rows[other], now);
        let this = level(row, now);
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
        let mut verdicts = vec![Verdict::Fresh; rows.len()];
        let now = Timestamp::from_second(1_000).unwrap();
        judge_among_one_another(rows, &mut verdicts, now);
        let code = |verdict: &Verdict| match verdict {
            Verdict::Fresh => "fresh",
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
        assert_eq!(codes(&rows), ["older", "fresh", "fresh", "older"]);
    }

    #[test]
    fn the_same_row_twice_is_one_and_another_quantity_at_the_same_moment_is_told() {
        let rows = [row("A", 1, 10), row("A", 1, 10), row("A", 2, 10)];
        assert_eq!(codes(&rows), ["fresh", "unchanged", "conflict"]);
    }
}
