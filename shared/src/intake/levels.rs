//! Stock levels: judged against what is stored and against one another.

use super::{Refusal, Verdict};
use crate::domain::ids::{Sku, TenantId};
use crate::domain::row::RowCode;
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
    mut rows: Vec<LevelRow>,
    now: Timestamp,
) -> Result<Vec<Verdict>> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let verdicts = level_verdicts(store, tenant, &mut rows, now).await?;
    let judged = rows.into_iter().zip(&verdicts);
    let changed = judged.filter(|(_, verdict)| verdict.is_queued());
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

/// What is to be said of a level that arrives: why it is refused, or that it is in conflict with what is stored. `None` if
/// there is nothing to say.
pub fn level_remark(arrival: Arrival, stored: Option<&StockLevel>) -> Option<Refusal> {
    let (code, detail) = match arrival {
        Arrival::New | Arrival::Repeated => return None,
        Arrival::Older => (RowCode::Older, "A level measured later is known."),
        Arrival::Lower | Arrival::Conflict => (
            RowCode::Conflict,
            "Another quantity was sent for the same moment: the lower one holds. Count again, and send the result with a later moment.",
        ),
        Arrival::Ahead => (
            RowCode::Ahead,
            "It was measured more than 5 minutes from now. Set the sender's clock right.",
        ),
    };
    let stored = stored.map_or_else(String::new, |stored| {
        format!(
            " The other: {} units, measured at {}.",
            stored.quantity, stored.measured_at
        )
    });
    Some(Refusal {
        field: (code != RowCode::Conflict).then(|| "measured_at".to_owned()),
        code,
        detail: format!("{detail}{stored}"),
    })
}

/// Half a read unit for each SKU. A row that is taken as of another moment gets that moment.
async fn level_verdicts(
    store: &Store,
    tenant: &TenantId,
    rows: &mut [LevelRow],
    now: Timestamp,
) -> Result<Vec<Verdict>> {
    let skus: Vec<Sku> = rows.iter().map(|row| row.sku.clone()).collect();
    let stored = store.batch_get_levels(tenant, &skus).await?;
    let of_row = |row: &LevelRow| {
        let levels = &stored.get(&row.sku)?.levels;
        levels.get(&row.warehouse)
    };
    let mut verdicts: Vec<Verdict> = rows
        .iter_mut()
        .map(|row| judge(row, of_row(row), now))
        .collect();
    judge_among_one_another(rows, &mut verdicts, now);
    Ok(verdicts)
}

fn judge(row: &mut LevelRow, stored: Option<&StockLevel>, now: Timestamp) -> Verdict {
    let arrival = row.level(now).arrival(stored, now);
    match (arrival, stored) {
        (Arrival::Ahead, Some(stored)) if row.quantity < stored.quantity => ahead(row, stored),
        _ => verdict(arrival, stored),
    }
}

/// The sender's clock is wrong, so nobody knows when it counted; but fewer than what is stored are safe to believe. They are
/// taken as counted right after what is stored, so that no reservation since is taken for counted.
fn ahead(row: &mut LevelRow, stored: &StockLevel) -> Verdict {
    let Some(mut refusal) = level_remark(Arrival::Ahead, Some(stored)) else {
        return Verdict::Unchanged;
    };
    let right_after = stored.measured_at + SignedDuration::from_millis(1);
    row.measured_at = right_after;
    refusal.detail = format!(
        "{} It is lower, so it was taken as measured at {right_after}.",
        refusal.detail
    );
    Verdict::Adjusted(refusal)
}

fn verdict(arrival: Arrival, stored: Option<&StockLevel>) -> Verdict {
    match level_remark(arrival, stored) {
        Some(remark) if arrival.is_taken() => Verdict::Adjusted(remark),
        Some(refusal) => Verdict::Refused(refusal),
        None if arrival.is_taken() => Verdict::Changed,
        None => Verdict::Unchanged,
    }
}

/// Of several rows of one SKU and warehouse the one measured last is taken, and of two with the same moment the lower.
fn judge_among_one_another(rows: &[LevelRow], verdicts: &mut [Verdict], now: Timestamp) {
    let mut best: HashMap<_, usize> = HashMap::new();
    for index in 0..rows.len() {
        if !verdicts[index].is_queued() {
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
            Arrival::Lower => {
                verdicts[other] = verdict(Arrival::Conflict, Some(&this));
                verdicts[index] = verdict(Arrival::Lower, Some(&taken));
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
            Verdict::Adjusted(_) => "adjusted",
            Verdict::Unchanged => "unchanged",
            Verdict::Refused(refusal) => refusal.code.as_str(),
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
    fn the_same_row_twice_is_one_and_of_two_counts_of_one_moment_the_lower_holds() {
        let rows = [row("A", 1, 10), row("A", 1, 10), row("A", 2, 10)];
        assert_eq!(codes(&rows), ["changed", "unchanged", "conflict"]);
        let rows = [row("A", 2, 10), row("A", 0, 10), row("A", 1, 10)];
        assert_eq!(codes(&rows), ["conflict", "adjusted", "conflict"]);
    }

    #[test]
    fn of_a_sender_whose_clock_is_ahead_only_what_is_lower_is_taken() {
        let now = Timestamp::from_second(1_000).unwrap();
        let stored = row("A", 5, 10).level(now);
        let mut higher = row("A", 6, 9_999);
        let verdict = judge(&mut higher, Some(&stored), now);
        assert!(matches!(verdict, Verdict::Refused(refusal) if refusal.code == RowCode::Ahead));
        let mut lower = row("A", 4, 9_999);
        let verdict = judge(&mut lower, Some(&stored), now);
        assert!(matches!(verdict, Verdict::Adjusted(remark) if remark.code == RowCode::Ahead));
        assert_eq!(lower.measured_at.as_millisecond(), 10_001);
        let taken = lower.level(now);
        let mut again = row("A", 4, 9_999);
        let verdict = judge(&mut again, Some(&taken), now);
        assert!(matches!(verdict, Verdict::Refused(_)));
    }
}
