//! `up` and `down`: a local cloud that runs in the background. The supervisor holds it and
//! writes down where it is; a command that joins or ends it first asks that address which run it is, so
//! a process number that meanwhile belongs to someone else is never touched.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, setsid};
use serde::{Deserialize, Serialize};
use tokio::fs;

use crate::addresses::{Addresses, TENANT_SCOPES};
use crate::child::own_executable;
use crate::cloud::{Cloud, CloudOptions};
use crate::console::Console;
use crate::setup::last_lines;
use crate::workspace::Workspace;

const STARTS_WITHIN: Duration = Duration::from_secs(300);
const ENDS_WITHIN: Duration = Duration::from_secs(20);
const TENANT: &str = "demo";

/// What the supervisor says of itself in `target/local/up.json`.
#[derive(Debug, Serialize, Deserialize)]
struct Running {
    pid: i32,
    run: String,
    addresses: Addresses,
}

pub(crate) async fn up(workspace: &Workspace, console: &Console) -> Result<()> {
    if let Some(running) = running(workspace).await {
        console.say("The local cloud is running already; `cargo dev down` ends it.\n");
        return welcome(&running.addresses).await;
    }
    Cloud::prepare(workspace, console, &CloudOptions::default()).await?;
    let step = console.step("Starting and deploying");
    let running = start_supervisor(workspace).await?;
    step.done();
    welcome(&running.addresses).await
}

pub(crate) async fn down(workspace: &Workspace, console: &Console) -> Result<()> {
    let Some(running) = running(workspace).await else {
        let _ = fs::remove_file(workspace.up_file()).await;
        console.say("Nothing is running.");
        return Ok(());
    };
    let pid = Pid::from_raw(running.pid);
    kill(pid, Signal::SIGTERM).context("cannot end the local cloud")?;
    let deadline = Instant::now() + ENDS_WITHIN;
    while workspace.up_file().exists() && kill(pid, None).is_ok() {
        if Instant::now() > deadline {
            bail!(
                "The local cloud (process {pid}) does not end; see {}",
                workspace.logs().join("up.log").display()
            );
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    console.say("The local cloud has ended; nothing of it is left running.");
    Ok(())
}

/// The addresses of the local cloud that `up` left running.
pub(crate) async fn join(workspace: &Workspace) -> Result<Addresses> {
    let running = running(workspace)
        .await
        .context("no local cloud is running; `cargo dev up` starts one")?;
    Ok(running.addresses)
}

/// The background half of `up`: holds the cloud until it is stopped.
pub(crate) async fn supervise(workspace: &Workspace, console: &Console) -> Result<()> {
    // Away from the terminal that started it, so that closing that ends nothing.
    setsid().context("cannot leave the terminal")?;
    let cloud = Cloud::start(workspace, console, &CloudOptions::default()).await?;
    let running = Running {
        pid: i32::try_from(std::process::id())?,
        run: cloud.run.clone(),
        addresses: cloud.addresses.clone(),
    };
    let file = StateFile::write(workspace.up_file(), &running)?;
    // Dropped in this order: the file is there until the last process has gone.
    let _held = (cloud, file);
    std::future::pending().await
}

/// Removed when the supervisor ends.
struct StateFile(PathBuf);

impl StateFile {
    fn write(path: PathBuf, running: &Running) -> Result<Self> {
        // A reader finds all of it or nothing.
        let fresh = path.with_extension("new");
        std::fs::write(&fresh, serde_json::to_string_pretty(running)?)?;
        std::fs::rename(&fresh, &path)?;
        Ok(Self(path))
    }
}

impl Drop for StateFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

async fn read(workspace: &Workspace) -> Option<Running> {
    let text = fs::read_to_string(workspace.up_file()).await.ok()?;
    serde_json::from_str(&text).ok()
}

/// What is written down, if it still answers and says that it is that run.
async fn running(workspace: &Workspace) -> Option<Running> {
    let running = read(workspace).await?;
    let client = reqwest::Client::builder()
        .timeout(Duration::from_secs(2))
        .build()
        .ok()?;
    let answer = client
        .get(format!("{}/run", running.addresses.issuer_url))
        .send()
        .await
        .ok()?;
    (answer.text().await.ok()? == running.run).then_some(running)
}

/// A supervisor that is not up yet; ended with this value unless it got there.
struct Starting {
    process: Child,
    arrived: bool,
}

impl Drop for Starting {
    fn drop(&mut self) {
        if let (false, Ok(pid)) = (self.arrived, i32::try_from(self.process.id())) {
            let _ = kill(Pid::from_raw(pid), Signal::SIGTERM);
            let _ = self.process.wait();
        }
    }
}

async fn start_supervisor(workspace: &Workspace) -> Result<Running> {
    let _ = fs::remove_file(workspace.up_file()).await;
    let log = workspace.logs().join("up.log");
    let file = std::fs::File::create(&log)?;
    let process = Command::new(own_executable()?)
        .arg("supervise")
        .current_dir(workspace.root())
        .stdin(Stdio::null())
        .stdout(file.try_clone()?)
        .stderr(file)
        .spawn()?;
    let mut starting = Starting {
        process,
        arrived: false,
    };
    let deadline = Instant::now() + STARTS_WITHIN;
    loop {
        if let Some(running) = running(workspace).await {
            starting.arrived = true;
            return Ok(running);
        }
        if starting.process.try_wait()?.is_some() || Instant::now() > deadline {
            bail!(
                "The local cloud did not come up.\n{}",
                last_lines(&log, 30).await
            );
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn welcome(addresses: &Addresses) -> Result<()> {
    let token = addresses.token(TENANT, TENANT_SCOPES).await?;
    let Addresses {
        api_url,
        endpoint,
        sandbox_url,
        issuer_url,
        region,
        ..
    } = addresses;
    println!(
        "
API      {api_url}
AWS      {endpoint} (region {region}, key and secret `test`)
Amazon   {sandbox_url}/_sandbox (the sandbox that plays it)
Tokens   {issuer_url}/token (POST {{\"tenant\", \"scope\"}})
Logs     {}

A token for tenant `{TENANT}`, good for a day and for this run alone:

TOKEN={token}

Try:
  curl -H \"Authorization: Bearer $TOKEN\" {api_url}/connections
  cargo dev invoke poll-orders
  cargo dev replay orders --peek

It runs in the background until `cargo dev down`.",
        addresses.logs.display()
    );
    Ok(())
}
