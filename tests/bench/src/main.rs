//! What the stock half costs: calls, capacity units, messages, milliseconds and megabytes, counted and never asserted.
//!
//! The functions run in this process, so that their memory can be told from all else; tables, queues and Amazon's
//! sandbox run in a child process, behind a meter that adds up what DynamoDB says each request consumed.

mod aws;
mod functions;
mod lines;
mod meter;
mod queues;
mod report;
mod stock;
mod world;

use anyhow::Result;
use clap::{Parser, Subcommand};
use peak_alloc::PeakAlloc;
use std::path::PathBuf;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

#[derive(Debug, Parser)]
#[command(name = "cargo dev bench", bin_name = "cargo dev bench")]
struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// From a stock level to the settled line, with none, a hundredth and all of the listings changed
    Stock(StockArguments),
    /// What the functions call: tables, queues, Amazon
    #[command(hide = true)]
    World,
}

#[derive(Clone, Debug, clap::Args)]
struct StockArguments {
    /// Listings that the seller has
    #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(u32).range(1_000..=999_999))]
    listings: u32,
    /// Lines of the report whose reading is measured alone
    #[arg(long, default_value_t = 1_000_000)]
    report_lines: u32,
    /// Also write the result as JSON to this file
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> Result<()> {
    match Arguments::parse().what {
        What::Stock(arguments) => stock::run(&arguments).await,
        What::World => world::serve().await,
    }
}
