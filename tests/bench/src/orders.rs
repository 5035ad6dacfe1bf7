//! An order's life, counted; then the steps of its intake that need no table, alone, beside the same steps in Python.

mod budget;
mod phases;
mod steps;

use crate::OrdersArguments;
use crate::report::{Phase, Price, phases_table, prices_table, writes_table};
use crate::seller::MARKETPLACE;
use crate::shop::Shop;
use anyhow::Result;
use budget::{Budget, budgets_table};
use comfy_table::{Cell, CellAlignment, Table, presets};
use jiff::Timestamp;
use phases::{Life, life};
use remap_carriers::intake::Rules;
use serde::Serialize;
use std::io::Write as _;
use steps::{STEPS, Steps, per_second_and_core};

/// What the seller lists.
const LISTINGS: u32 = 1_000;

#[derive(Debug, Serialize)]
struct Report {
    orders_stored: u32,
    orders_per_second: f64,
    phases: Vec<Phase>,
    budgets: Vec<Budget>,
    /// For a million orders, by phase.
    prices: Vec<Price>,
    steps: Steps,
    python: Steps,
    /// Through all steps, tables and queues apart.
    orders_per_second_and_core: f64,
}

pub(crate) async fn run(arguments: &OrdersArguments) -> Result<()> {
    let (mut shop, _child) = Shop::open(LISTINGS, &[MARKETPLACE]).await?;
    let Life {
        phases,
        budgets,
        orders_per_second,
        orders,
    } = life(&mut shop, arguments.orders).await?;
    shop.bar.set_message("each step alone");
    steps::save_page(orders)?;
    let settings = shop.bench.functions.store.settings(&shop.connection);
    let rules = Rules::new(settings.await?, Some(Timestamp::UNIX_EPOCH));
    let steps = steps::steps(&shop.connection, &rules)?;
    let python = match arguments.no_peer {
        true => Steps::new(),
        false => {
            shop.bar.set_message("the same steps in Python");
            steps::python().await?
        }
    };
    shop.bar.finish_and_clear();
    let report = Report {
        orders_stored: phases.first().map_or(0, |phase| phase.changed),
        orders_per_second,
        prices: phases.iter().map(Price::of).collect(),
        phases,
        budgets,
        orders_per_second_and_core: per_second_and_core(&steps),
        steps,
        python,
    };
    if let Some(file) = &arguments.json {
        std::fs::write(file, serde_json::to_string_pretty(&report)?)?;
    }
    report.print()
}

impl Report {
    fn print(&self) -> Result<()> {
        let mut steps = Table::new();
        steps.load_style(presets::UTF8_BORDERS_ONLY).set_header([
            "Step",
            "µs an order",
            "in Python",
        ]);
        for (name, text) in STEPS {
            let cell = |steps: &Steps| {
                let time = steps.get(name).map(|time| format!("{time:.1}"));
                Cell::new(time.unwrap_or("–".to_owned())).set_alignment(CellAlignment::Right)
            };
            steps.add_row([Cell::new(text), cell(&self.steps), cell(&self.python)]);
        }
        let mut out = std::io::stdout().lock();
        writeln!(
            out,
            "{} orders stored, {:.0} a second\n{}\n{}\n{}\n{}\n{steps}\nremap-carriers without tables and queues: {:.0} orders a second and core",
            self.orders_stored,
            self.orders_per_second,
            phases_table(&self.phases),
            writes_table(&self.phases),
            budgets_table(&self.budgets),
            prices_table(&self.prices),
            self.orders_per_second_and_core
        )?;
        Ok(())
    }
}
