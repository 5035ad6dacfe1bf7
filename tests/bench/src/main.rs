//! What it costs: calls, capacity units, messages, milliseconds and megabytes, counted and never asserted.
//!
//! The functions run in this process, so that their memory is measured apart from all else; tables, queues and Amazon's
//! sandbox run in a child process, behind a meter that adds up what DynamoDB says each request consumed.

mod aws;
mod desk;
mod functions;
mod lines;
mod meter;
mod orders;
mod peers;
mod prices;
mod queues;
mod report;
mod seller;
mod shop;
mod start;
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
    /// A price rule that is changed and published: no price, a hundredth and all of the prices changed
    Prices(PricesArguments),
    /// Orders through the intake, and its steps beside Python's
    Orders(OrdersArguments),
    /// Pages of the desk's lists over many orders, and a walk through them while orders change
    Desk(DeskArguments),
    /// Cold starts of a release function beside a Python one, with Lambda's share of a processor
    Start(StartArguments),
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

#[derive(Clone, Debug, clap::Args)]
struct PricesArguments {
    /// Products that the seller has, each offered on four marketplaces
    #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(u32).range(20..=999_999))]
    products: u32,
    /// Also write the result as JSON to this file
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

#[derive(Clone, Debug, clap::Args)]
struct StartArguments {
    /// Starts of each, of which the median counts
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    starts: u32,
    /// The function's memory in MB, which its share of a processor follows
    #[arg(long, default_value_t = 256, value_parser = clap::value_parser!(u32).range(128..=1_769))]
    memory: u32,
    /// Also build and start a release whose TLS library gathers jitter entropy
    #[arg(long)]
    jitter: bool,
    /// Also start this program, such as poll-orders of another release
    #[arg(long, value_name = "PROGRAM")]
    against: Option<PathBuf>,
    /// Leave the Python peer out
    #[arg(long)]
    no_peer: bool,
    /// Also write the result as JSON to this file
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

#[derive(Clone, Debug, clap::Args)]
struct OrdersArguments {
    /// Orders that the seller has; those that Amazon fulfils are not fetched
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(100..=1_500))]
    orders: u32,
    /// Leave the Python peer out
    #[arg(long)]
    no_peer: bool,
    /// Also write the result as JSON to this file
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

#[derive(Clone, Debug, clap::Args)]
struct DeskArguments {
    /// Orders of all tenants, four fifths of them open
    #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(u32).range(1_000..=1_000_000))]
    orders: u32,
    /// Also write the result as JSON to this file
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> Result<()> {
    match Arguments::parse().what {
        What::Stock(arguments) => stock::run(&arguments).await,
        What::Prices(arguments) => prices::run(&arguments).await,
        What::Orders(arguments) => orders::run(&arguments).await,
        What::Desk(arguments) => desk::run(&arguments).await,
        What::Start(arguments) => start::run(&arguments).await,
        What::World => world::serve().await,
    }
}

/// The middle value, or the lower of the two in the middle.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len().saturating_sub(1) / 2;
    values.get(middle).copied().unwrap_or_default()
}
