//! The emulator of AWS: one Python process, started by `launcher.py`, with IAM enforced, on
//! loopback alone. It knows nothing of the stack.

use std::net::TcpListener;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use tokio::fs;

use crate::child::{Child, Guarded};
use crate::setup::last_lines;
use crate::workspace::Workspace;

pub(crate) const REGION: &str = "eu-west-1";
/// The emulator's own root user. It opens nothing anywhere else.
pub(crate) const ROOT_KEY: &str = "test";

const READY_WITHIN: Duration = Duration::from_secs(60);

pub(crate) struct Emulator {
    pub(crate) endpoint: String,
    pub(crate) api_url: String,
    _process: Child,
}

impl Emulator {
    pub(crate) async fn start(workspace: &Workspace, scratch: &Path) -> Result<Self> {
        let [port, api_port] = free_ports()?;
        let endpoint = format!("http://127.0.0.1:{port}");
        let log = workspace.logs().join("cloud.log");
        let file = std::fs::File::create(&log)?;
        let function_logs = workspace.function_logs();
        let _ = fs::remove_dir_all(&function_logs).await;
        fs::create_dir_all(&function_logs).await?;
        let mut process = Guarded::new(workspace.python())?
            .args([Path::new("-u"), &workspace.tool("launcher.py")])
            .clean_environment()
            .envs(settings(port, api_port, &endpoint))
            .env("TMPDIR", scratch)
            .env("FUNCTION_LOGS", function_logs)
            .folder(scratch)
            .stdout(file.try_clone()?)
            .stderr(file)
            .spawn()?;
        wait_until_ready(&endpoint, &mut process, &log).await?;
        Ok(Self {
            endpoint,
            api_url: format!("http://127.0.0.1:{api_port}"),
            _process: process,
        })
    }
}

fn settings(port: u16, api_port: u16, endpoint: &str) -> Vec<(String, String)> {
    let (port, api_port) = (port.to_string(), api_port.to_string());
    let settings = [
        ("GATEWAY_PORT", port.as_str()),
        ("API_PORT", &api_port),
        ("BIND_HOST", "127.0.0.1"),
        ("MINISTACK_HOST", "127.0.0.1"),
        ("MINISTACK_REGION", REGION),
        ("AUTH", "true"),
        // Else functions get no endpoint.
        ("AWS_ENDPOINT_URL", endpoint),
        ("AWS_ACCESS_KEY_ID", ROOT_KEY),
        ("AWS_SECRET_ACCESS_KEY", ROOT_KEY),
        // These would listen on every interface.
        ("IOT_MTLS_ENABLED", "0"),
        ("SFTP_ENABLED", "0"),
        // Nor does it look for a container engine.
        ("DOCKER_HOST", "unix:///nonexistent"),
        ("PYTHONUNBUFFERED", "1"),
        ("LOG_LEVEL", "WARNING"),
    ];
    settings
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec()
}

/// Ports nobody listens on; held together so that they differ.
fn free_ports() -> Result<[u16; 2]> {
    let (first, second) = (
        TcpListener::bind("127.0.0.1:0")?,
        TcpListener::bind("127.0.0.1:0")?,
    );
    Ok([first.local_addr()?.port(), second.local_addr()?.port()])
}

async fn wait_until_ready(endpoint: &str, process: &mut Child, log: &Path) -> Result<()> {
    let client = reqwest::Client::new();
    let url = format!("{endpoint}/_ministack/ready");
    let deadline = Instant::now() + READY_WITHIN;
    loop {
        if client
            .get(&url)
            .send()
            .await
            .is_ok_and(|answer| answer.status().is_success())
        {
            return Ok(());
        }
        if process.has_ended() || Instant::now() > deadline {
            bail!(
                "The local cloud did not start.\n{}",
                last_lines(log, 20).await
            );
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
}

/// A folder for one run's files, and the removal of those that a killed run left.
pub(crate) async fn scratch_folder(workspace: &Workspace) -> Result<Scratch> {
    let runs = workspace.local().join("runs");
    fs::create_dir_all(&runs).await?;
    let mut old = fs::read_dir(&runs).await?;
    while let Some(entry) = old.next_entry().await? {
        let owner = entry
            .file_name()
            .to_str()
            .and_then(|name| name.parse().ok());
        let alive = owner.is_some_and(|pid| {
            nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), None).is_ok()
        });
        if !alive {
            let _ = fs::remove_dir_all(entry.path()).await;
        }
    }
    let folder = runs.join(std::process::id().to_string());
    fs::create_dir_all(&folder)
        .await
        .with_context(|| format!("cannot make {}", folder.display()))?;
    Ok(Scratch(folder))
}

/// Removed with this value.
pub(crate) struct Scratch(std::path::PathBuf);

impl Scratch {
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
