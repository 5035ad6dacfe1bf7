//! What an order may cost. Counts alone, never times; one that is over its budget is shown as such and fails nothing.

use crate::meter::write_and_read;
use crate::report::Phase;
use comfy_table::{Cell, CellAlignment, Table, presets};
use serde::Serialize;

/// Searches for a thousand new orders.
const SEARCHES_A_THOUSAND: f64 = 12.0;
/// Write units of a new order, of each of its lines' reservation, and of its event that is kept.
const ORDER: f64 = 5.0;
const RESERVATION: f64 = 2.0;
const KEPT_EVENT: f64 = 1.0;
/// Computes what listings are to have after a reservation: its writes are stock's, as `bench stock` counts them.
const OF_STOCK: &str = "compute-listings";
/// Writes its cursor with each sweep, whatever that finds.
const OF_SWEEPS: &str = "poll-orders";

/// A count beside what it may be at most.
#[derive(Debug, Serialize)]
pub(super) struct Budget {
    phase: String,
    what: &'static str,
    at_most: f64,
    counted: f64,
    is_over: bool,
}

impl Budget {
    fn of(phase: &Phase, what: &'static str, at_most: f64, counted: f64) -> Self {
        Self {
            phase: phase.name.clone(),
            what,
            at_most,
            counted,
            // Less than what the table shows.
            is_over: counted > at_most + 0.005,
        }
    }
}

/// Of new orders with so many lines each.
pub(super) fn of_new(phase: &Phase, lines_each: f64) -> [Budget; 2] {
    let searches = calls(phase, "searchOrders") * 1_000.0 / f64::from(phase.changed.max(1));
    let most = ORDER + RESERVATION * lines_each + KEPT_EVENT;
    let writes = writes_without(phase, &[OF_STOCK]);
    [
        Budget::of(
            phase,
            "searchOrders a thousand",
            SEARCHES_A_THOUSAND,
            searches,
        ),
        Budget::of(phase, "write units an order, stock apart", most, writes),
    ]
}

pub(super) fn of_unchanged(phase: &Phase) -> Budget {
    let writes = writes_without(phase, &[OF_STOCK, OF_SWEEPS]);
    Budget::of(
        phase,
        "write units an order, the sweep's own apart",
        0.0,
        writes,
    )
}

pub(super) fn of_dispatched(phase: &Phase) -> Budget {
    let confirmed = calls(phase, "confirmShipment") / f64::from(phase.changed.max(1));
    Budget::of(phase, "confirmShipment a parcel", 1.0, confirmed)
}

fn calls(phase: &Phase, operation: &str) -> f64 {
    let count = phase.sp_api_calls.get(operation).copied();
    count.unwrap_or_default() as f64
}

/// Write units a change, but for these functions'.
fn writes_without(phase: &Phase, apart: &[&str]) -> f64 {
    let functions = phase.functions.iter();
    let counted = functions.filter(|(name, _)| !apart.contains(&name.as_str()));
    let units = counted.fold(0.0, |all, (_, effort)| {
        all + write_and_read(&effort.units).0
    });
    units / f64::from(phase.changed.max(1))
}

pub(super) fn budgets_table(budgets: &[Budget]) -> Table {
    let mut table = Table::new();
    table
        .load_style(presets::UTF8_BORDERS_ONLY)
        .set_header(["Budget", "What", "At most", "Counted", ""]);
    for budget in budgets {
        let number =
            |number: f64| Cell::new(format!("{number:.2}")).set_alignment(CellAlignment::Right);
        let over = if budget.is_over { "over" } else { "" };
        table.add_row([
            Cell::new(&budget.phase),
            Cell::new(budget.what),
            number(budget.at_most),
            number(budget.counted),
            Cell::new(over),
        ]);
    }
    table
}
