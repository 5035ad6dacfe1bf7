//! `cargo dev`: Stallkeeper on this machine.
//!
//! It owns how a local run is set up, started, used and ended. It never defines anything of the
//! system again: functions, tables, queues and rights come from `infra/template.yaml`.

// A command-line tool prints its results.
#![allow(clippy::print_stdout)]

use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::Parser as _;
use tokio::signal::unix::{SignalKind, signal};

mod addresses;
mod api;
mod artefacts;
mod bench;
mod checks;
mod child;
mod cli;
mod cloud;
mod console;
mod demo;
mod emulator;
mod generate;
mod guard;
mod invoke;
mod issuer;
mod replay;
mod setup;
mod up;
mod workspace;

use cli::{Cli, Command, DemoArgs};
use cloud::{Cloud, CloudOptions};
use console::Console;
use workspace::Workspace;

#[tokio::main]
async fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Guard { command } => guard::run(&command).await,
        command => tokio::select! {
            outcome = run(command) => outcome.map(|()| ExitCode::SUCCESS),
            signal = stopped() => signal.map(|()| ExitCode::from(130)),
        },
    };
    outcome.unwrap_or_else(|problem| {
        eprintln!("\n{problem:#}");
        ExitCode::FAILURE
    })
}

async fn run(command: Command) -> Result<()> {
    let (workspace, console) = (Workspace::here(purpose(&command))?, Console::new());
    match command {
        Command::Demo(arguments) => demo(&workspace, &console, &arguments).await,
        Command::Up => up::up(&workspace, &console).await,
        Command::Down => up::down(&workspace, &console).await,
        Command::Supervise => up::supervise(&workspace, &console).await,
        Command::Test(arguments) => checks::run(&workspace, &console, &arguments).await,
        Command::Generate => generate::run(&workspace).await,
        Command::Bench(arguments) => bench::run(&workspace, &arguments).await,
        Command::Invoke(arguments) => invoke::run(&workspace, &arguments).await,
        Command::Replay(arguments) => replay::run(&workspace, &console, &arguments).await,
        Command::Guard { .. } => bail!("a guard runs alone"),
    }
}

fn purpose(command: &Command) -> &'static str {
    match command {
        Command::Demo(_) => "demo",
        Command::Test(_) => "test",
        Command::Up | Command::Down | Command::Supervise => "up",
        Command::Generate
        | Command::Bench(_)
        | Command::Invoke(_)
        | Command::Replay(_)
        | Command::Guard { .. } => "other",
    }
}

async fn demo(workspace: &Workspace, console: &Console, arguments: &DemoArgs) -> Result<()> {
    let options = CloudOptions {
        refill_factor: arguments.refill_factor(),
        ..CloudOptions::default()
    };
    let cloud = Cloud::start(workspace, console, &options).await?;
    demo::run(&cloud, console, arguments).await
}

/// Ctrl-C or a polite request to end; what runs is dropped, and with it all it started.
async fn stopped() -> Result<()> {
    let (mut terminate, mut hang_up) = (
        signal(SignalKind::terminate())?,
        signal(SignalKind::hangup())?,
    );
    tokio::select! {
        result = tokio::signal::ctrl_c() => result?,
        _ = terminate.recv() => {}
        _ = hang_up.recv() => {}
    }
    eprintln!("\nStopping; nothing is left running.");
    Ok(())
}
