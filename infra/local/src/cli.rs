//! The command line of `cargo dev`, and what its help teaches.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

const LEARN: &str = "\
Start here:
  cargo dev demo                    watch a seller connect, its orders find their couriers, its stock and prices go out
  cargo dev up                      leave the local cloud running, to try things by hand
  cargo dev invoke poll-orders      run one function of it with events/poll-orders.json
  cargo dev test                    everything that CI checks
  cargo dev bench stock             what it costs, counted; also bench prices, orders, desk, start

The first run sets up a Python environment and Amazon's API models under target/local and builds
the functions: some minutes. Later runs take seconds. Rust, Python 3.10 and Node.js are all it
needs. The local cloud runs infra/template.yaml as it is, with IAM enforced, on 127.0.0.1 alone.";

/// Runs Stallkeeper on this machine: real functions, the real template, a sandbox for Amazon.
#[derive(Debug, Parser)]
#[command(name = "cargo dev", bin_name = "cargo dev", after_help = LEARN, arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Connect sellers, fetch their orders, keep their stock and prices in step, and compare both sides
    Demo(DemoArgs),
    /// Leave the local cloud running in the background, and print its addresses and a token
    Up,
    /// End what `up` left running
    Down,
    /// Run every check and every test, as CI does
    Test(TestArgs),
    /// Write infra/openapi.json and the template's routes from what the functions say of theirs
    Generate,
    /// Measure what stock, prices and orders cost (bench stock, prices, orders, desk), and a cold start (bench start)
    Bench(BenchArgs),
    /// Run one function of the running local cloud with an event, and print its answer and logs
    Invoke(InvokeArgs),
    /// Send a queue's dead letters back to the queue they came from
    Replay(ReplayArgs),
    /// What `up` leaves running
    #[command(hide = true)]
    Supervise,
    /// Runs a command that must not outlive its parent
    #[command(hide = true)]
    Guard {
        #[arg(last = true, required = true)]
        command: Vec<OsString>,
    },
}

#[derive(Clone, Debug, Args)]
pub(crate) struct DemoArgs {
    /// Orders that buyers place on Amazon's side; of more than 500, Amazon's limits refill faster
    #[arg(long, default_value_t = 120)]
    pub(crate) orders: u32,
    /// SKUs that the sellers list, between them, beside twenty products whose prices are set
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(20..=100_000))]
    pub(crate) skus: u32,
    /// The same seed gives the same orders
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Also write the result as JSON to this file
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
}

impl DemoArgs {
    /// Orders that Amazon's limit lets two sellers fetch within minutes: twenty pages each, then one every three minutes.
    const AT_ONCE: u32 = 500;

    /// More orders are those of many hours, in which Amazon would have allowed as many calls more: its limits refill by so much
    /// faster.
    pub(crate) fn refill_factor(&self) -> Option<f64> {
        (self.orders > Self::AT_ONCE).then(|| f64::from(self.orders) / 100.0)
    }
}

#[derive(Debug, Args)]
#[command(after_help = "\
cargo dev bench stock --json FILE counts for 100,000 listings with none, a hundredth and all of them
changed; --listings N takes fewer. cargo dev bench prices changes and publishes price rules; --products N
takes fewer. cargo dev bench orders takes orders in, cargo dev
bench start starts a release of poll-orders, both beside a Python peer. --help after any explains it.")]
pub(crate) struct BenchArgs {
    /// What is measured, and its options: stock …, prices …, orders …, desk … or start …
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, required = true)]
    pub(crate) rest: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct TestArgs {
    /// Run only this part
    #[arg(long)]
    pub(crate) only: Option<Part>,
    /// Passed on to the tests, such as a part of a test's name
    #[arg(last = true)]
    pub(crate) filter: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Part {
    /// Formatting, clippy and the template
    Lint,
    /// Tests that need no local cloud
    Unit,
    /// Journeys through the deployed stack
    E2e,
    /// Requests to the deployed API, generated from its own description
    Api,
}

#[derive(Debug, Args)]
pub(crate) struct InvokeArgs {
    /// Its folder under functions/, such as poll-orders
    pub(crate) function: String,
    /// A JSON event [default: events/<FUNCTION>.json]
    pub(crate) event: Option<PathBuf>,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Without --stack it works on the local cloud that `cargo dev up` left running. With --stack, or
with a queue's whole URL, it works on AWS as your environment points to it (AWS_PROFILE,
AWS_REGION, …; with single sign-on: eval \"$(aws configure export-credentials --format env)\").")]
pub(crate) struct ReplayArgs {
    /// The queue whose dead letters go back, such as orders or order-ticks; or its dead-letter queue's URL
    pub(crate) queue: String,
    /// Show ids, class and reason of the dead letters, and leave them where they are
    #[arg(long)]
    pub(crate) peek: bool,
    /// A stack on AWS
    #[arg(long, value_name = "NAME")]
    pub(crate) stack: Option<String>,
}
