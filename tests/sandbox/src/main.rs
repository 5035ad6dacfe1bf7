//! The sandbox as a program of its own: `sandbox --help` says how to use it.

use std::{
    io::{self, Read, Write},
    path::PathBuf,
    process::ExitCode,
    thread,
};

use clap::Parser;
use sandbox::{Check, Options};
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::oneshot,
};

/// Plays Amazon's Selling Partner API on this machine: Login with Amazon, the consent page, Sellers,
/// Orders 2026-01-01, Listings Items, Feeds and Reports.
///
/// It prints one line of JSON with its address as soon as it listens, {"url": "http://127.0.0.1:PORT"},
/// and runs until it gets SIGTERM or Ctrl-C. All it knows is in memory. Everything is set up by the
/// endpoints under /_sandbox: GET /_sandbox lists them.
///
/// Point a client's SP-API, Login with Amazon and Seller Central addresses at that one URL. The
/// application amzn1.sp.solution.sandbox (client id amzn1.application-oa2-client.sandbox, secret
/// sandbox-secret) is there from the start.
#[derive(Parser)]
#[command(name = "sandbox")]
struct Arguments {
    /// Port on 127.0.0.1; 0 takes a free one.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Folder of Amazon's models: bundled-servers/models of the npm package
    /// @amazon-sp-api-release/sp-api-dev-mcp.
    #[arg(long, env = "SP_API_MODELS", required_unless_present = "unchecked")]
    models: Option<PathBuf>,
    /// Do not check requests against Amazon's models.
    #[arg(long)]
    unchecked: bool,
    /// How many times as fast as Amazon's the rate limits refill; their burst stays.
    #[arg(long, default_value_t = 1.0)]
    refill_factor: f64,
    /// End when standard input is closed, so that the sandbox never outlives who started it.
    #[arg(long)]
    exit_with_parent: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "sandbox: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<(), Box<dyn std::error::Error>> {
    let check = match arguments.models {
        Some(folder) if !arguments.unchecked => Check::Models(folder),
        _ => Check::Nothing,
    };
    let options = Options {
        port: arguments.port,
        check,
        refill_factor: arguments.refill_factor,
    };
    let running = sandbox::start(options).await?;
    writeln!(
        io::stdout(),
        "{}",
        serde_json::json!({ "url": running.url })
    )?;
    let mut terminated = signal(SignalKind::terminate())?;
    tokio::select! {
        _ = terminated.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
        () = parent_gone(arguments.exit_with_parent) => {}
    }
    Ok(())
}

/// Waits until standard input ends; for ever, if nobody asked for it.
async fn parent_gone(wanted: bool) {
    if !wanted {
        return std::future::pending().await;
    }
    let (ended, end) = oneshot::channel();
    // A thread of its own: tokio's standard input would keep the runtime from ending.
    thread::spawn(move || {
        let _ = io::copy(&mut io::stdin().lock().by_ref(), &mut io::sink());
        let _ = ended.send(());
    });
    let _ = end.await;
}
