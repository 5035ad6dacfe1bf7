//! The child process: the template's tables in memory behind the meter, queues and keys, and Amazon's sandbox.

use crate::{aws, meter};
use anyhow::{Context as _, Result};
use sandbox::{Check, Options};
use serde::{Deserialize, Serialize};
use std::process::Stdio;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};
use tokio::process::{Child, Command};

/// Limits of Amazon's refill so much faster, so that a benchmark waits for nothing but our own limits.
pub(crate) const REFILL_FACTOR: f64 = 1_000.0;

/// Where everything is.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Addresses {
    /// DynamoDB through the meter.
    pub(crate) dynamodb: String,
    /// The same past the meter, for looks of our own.
    pub(crate) unmetered: String,
    /// Queues, key and secret.
    pub(crate) aws: String,
    pub(crate) amazon: String,
    pub(crate) connections: String,
    pub(crate) catalogue: String,
    pub(crate) orders: String,
    pub(crate) buyers: String,
    pub(crate) events: String,
}

/// Serves until standard input is closed, so that it never outlives who started it.
pub(crate) async fn serve() -> Result<()> {
    let tables = tables::embedded_without_streams().await;
    let options = Options {
        check: Check::Nothing,
        refill_factor: REFILL_FACTOR,
        ..Options::default()
    };
    let amazon = sandbox::start(options).await?;
    let addresses = Addresses {
        dynamodb: meter::before(&tables.endpoint).await?,
        unmetered: tables.endpoint.clone(),
        aws: aws::serve().await?,
        amazon: amazon.url.clone(),
        connections: tables.name("ConnectionsTable").to_owned(),
        catalogue: tables.name("CatalogueTable").to_owned(),
        orders: tables.name("OrdersTable").to_owned(),
        buyers: tables.name("BuyersTable").to_owned(),
        events: tables.name("EventsTable").to_owned(),
    };
    let mut out = std::io::stdout();
    std::io::Write::write_all(&mut out, serde_json::to_string(&addresses)?.as_bytes())?;
    std::io::Write::write_all(&mut out, b"\n")?;
    let mut nothing = [0; 1];
    let _closed = tokio::io::stdin().read(&mut nothing).await;
    Ok(())
}

/// Starts the child; it ends when `Child` is dropped.
pub(crate) async fn start() -> Result<(Child, Addresses)> {
    let mut child = Command::new(std::env::current_exe()?)
        .arg("world")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let out = child.stdout.take().context("the child has no output")?;
    let line = BufReader::new(out).lines().next_line().await?;
    let addresses = serde_json::from_str(&line.context("the child ended at once")?)?;
    Ok((child, addresses))
}
