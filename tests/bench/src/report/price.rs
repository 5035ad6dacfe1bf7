//! What a million of something costs on AWS, by list prices. Amazon's own API costs nothing.

use super::Phase;
use crate::meter::write_and_read;
use comfy_table::{Cell, CellAlignment, Table, presets};
use serde::Serialize;

/// The functions' memory in the template, in GB.
const MEMORY_GB: f64 = 0.25;

/// US dollars: list prices of us-east-1, on demand, without a free tier. Other regions differ by some ten per cent.
struct ListPrices {
    /// A million write units, read units, requests to a queue, events on a bus.
    write_units: f64,
    read_units: f64,
    queue_requests: f64,
    events: f64,
    /// A million invocations, and a GB-second, on arm64.
    invocations: f64,
    gb_second: f64,
}

const LIST: ListPrices = ListPrices {
    write_units: 0.625,
    read_units: 0.125,
    queue_requests: 0.40,
    events: 1.00,
    invocations: 0.20,
    gb_second: 0.000_013_333_4,
};

/// US dollars for a million orders of a phase.
#[derive(Debug, Serialize)]
pub(crate) struct Price {
    phase: String,
    tables: f64,
    queues: f64,
    events: f64,
    /// By the milliseconds of this machine.
    functions: f64,
}

impl Price {
    pub(crate) fn of(phase: &Phase) -> Self {
        let (writes, reads) = write_and_read(&phase.units);
        let each = |count: f64| count / f64::from(phase.changed.max(1));
        let queue: u64 = phase.queue_requests.values().sum();
        let invocations: u64 = phase.functions.values().map(|one| one.invocations).sum();
        let milliseconds: f64 = phase.functions.values().map(|one| one.milliseconds).sum();
        let seconds = each(milliseconds) / 1_000.0;
        Self {
            phase: phase.name.clone(),
            tables: each(writes) * LIST.write_units + each(reads) * LIST.read_units,
            queues: each(queue as f64) * LIST.queue_requests,
            events: each(phase.events as f64) * LIST.events,
            functions: each(invocations as f64) * LIST.invocations
                + seconds * MEMORY_GB * LIST.gb_second * 1e6,
        }
    }

    fn parts(&self) -> [f64; 4] {
        [self.tables, self.queues, self.events, self.functions]
    }
}

pub(crate) fn prices_table(prices: &[Price]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_BORDERS_ONLY).set_header([
        "USD a million",
        "Tables",
        "Queues",
        "Events",
        "Functions",
        "Together",
    ]);
    for price in prices {
        let parts = price.parts();
        let cells = parts.iter().copied().chain([parts.iter().sum()]);
        let cells =
            cells.map(|usd| Cell::new(format!("{usd:.2}")).set_alignment(CellAlignment::Right));
        table.add_row(std::iter::once(Cell::new(&price.phase)).chain(cells));
    }
    table
}
