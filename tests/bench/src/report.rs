//! The result: JSON for programs, a table for people.

mod price;

pub(crate) use price::{Price, prices_table};

use crate::lines::Speed;
use crate::meter::{Sums, write_and_read, writes_by_place};
use crate::queues::Effort;
use anyhow::Result;
use comfy_table::{Cell, CellAlignment, ContentArrangement, Table, presets};
use serde::Serialize;
use std::collections::BTreeMap;
use std::io::Write as _;

#[derive(Debug, Serialize)]
pub(crate) struct Phase {
    pub(crate) name: String,
    pub(crate) changed: u32,
    pub(crate) sp_api_calls: BTreeMap<String, u64>,
    /// By DynamoDB operation.
    pub(crate) units: Sums,
    pub(crate) queue_requests: BTreeMap<String, u64>,
    /// Put onto the bus.
    pub(crate) events: u64,
    pub(crate) functions: BTreeMap<String, Effort>,
}

#[derive(Debug, Serialize)]
pub(crate) struct Report {
    pub(crate) listings: u32,
    pub(crate) phases: Vec<Phase>,
    /// Building a feed, on one core.
    pub(crate) feed: Speed,
    /// Reading a listings report, on one core.
    pub(crate) report: Speed,
}

impl Report {
    pub(crate) fn print(&self) -> Result<()> {
        let mut out = std::io::stdout().lock();
        writeln!(
            out,
            "{} listings\n{}",
            self.listings,
            phases_table(&self.phases)
        )?;
        for (name, speed) in [("feed built", &self.feed), ("report read", &self.report)] {
            let Speed {
                lines,
                lines_per_second,
                peak_mb,
                ..
            } = speed;
            writeln!(
                out,
                "{name}: {lines} lines at {lines_per_second} a second and core, {peak_mb:.1} MB"
            )?;
        }
        Ok(())
    }
}

pub(crate) fn phases_table(phases: &[Phase]) -> Table {
    let mut table = Table::new();
    table
        .load_style(presets::UTF8_BORDERS_ONLY)
        .set_content_arrangement(ContentArrangement::Disabled)
        .set_header([
            "Phase",
            "Changed",
            "SP-API",
            "Write units",
            "a change",
            "Read units",
            "a change",
            "Queue",
            "Events",
            "Lambda s",
            "Peak MB",
        ]);
    for phase in phases {
        table.add_row(phase.cells());
    }
    table
}

/// Where a change's write units go, by phase: function, table and index, and the operation. A transaction counts twice.
pub(crate) fn writes_table(phases: &[Phase]) -> Table {
    let mut rows: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    for (n, phase) in phases.iter().enumerate() {
        for (function, effort) in &phase.functions {
            for (place, units) in writes_by_place(&effort.units) {
                let row = rows.entry(format!("{function}: {place}"));
                let row = row.or_insert_with(|| vec![0.0; phases.len()]);
                row[n] += units / f64::from(phase.changed.max(1));
            }
        }
    }
    let mut table = Table::new();
    let names = phases.iter().map(|phase| phase.name.as_str());
    table
        .load_style(presets::UTF8_BORDERS_ONLY)
        .set_content_arrangement(ContentArrangement::Disabled)
        .set_header(std::iter::once("Write units a change").chain(names));
    for (place, units) in rows {
        let cells = units
            .into_iter()
            .map(|units| Cell::new(format!("{units:.2}")).set_alignment(CellAlignment::Right));
        table.add_row(std::iter::once(Cell::new(place)).chain(cells));
    }
    table
}

impl Phase {
    fn cells(&self) -> Vec<Cell> {
        let (writes, reads) = write_and_read(&self.units);
        let each = |units: f64| match self.changed {
            0 => "–".to_owned(),
            changed => format!("{:.2}", units / f64::from(changed)),
        };
        let calls: u64 = self.sp_api_calls.values().sum();
        let queue: u64 = self.queue_requests.values().sum();
        let milliseconds: f64 = self.functions.values().map(|one| one.milliseconds).sum();
        let peak = self
            .functions
            .values()
            .map(|one| one.peak_mb)
            .fold(0.0, f32::max);
        let numbers = [
            self.changed.to_string(),
            calls.to_string(),
            format!("{writes:.0}"),
            each(writes),
            format!("{reads:.0}"),
            each(reads),
            queue.to_string(),
            self.events.to_string(),
            format!("{:.1}", milliseconds / 1_000.0),
            format!("{peak:.0}"),
        ];
        let numbers = numbers.map(|number| Cell::new(number).set_alignment(CellAlignment::Right));
        std::iter::once(Cell::new(&self.name))
            .chain(numbers)
            .collect()
    }
}
