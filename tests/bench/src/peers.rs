//! The Python peers' environment: pinned packages, checked by hash, in a virtual environment under `target/bench`. Once
//! they are installed, the peers need no network.

use anyhow::{Context as _, Result, ensure};
use std::path::{Path, PathBuf};
use tokio::process::Command;

const REQUIREMENTS: &str = "tests/bench/peers/requirements.txt";

/// A peer's script, from the root of the checkout, where `cargo dev bench` starts us.
pub(crate) fn script(name: &str) -> String {
    format!("tests/bench/peers/{name}.py")
}

/// The interpreter of the peers; installs what they need the first time.
pub(crate) async fn python() -> Result<PathBuf> {
    let folder = Path::new("target/bench/venv");
    let (python, installed) = (folder.join("bin/python"), folder.join("installed.txt"));
    let wanted = std::fs::read(REQUIREMENTS).context("start it by `cargo dev bench`")?;
    if std::fs::read(&installed).is_ok_and(|have| have == wanted) {
        return Ok(python);
    }
    eprintln!("The Python peer's packages, once");
    let venv = ["-m", "venv", "--clear", "target/bench/venv"];
    run(Command::new("python3").args(venv)).await?;
    let install = [
        "-m",
        "pip",
        "install",
        "--quiet",
        "--require-hashes",
        "--no-deps",
        "--only-binary=:all:",
        "--disable-pip-version-check",
        "-r",
    ];
    run(Command::new(&python).args(install).arg(REQUIREMENTS)).await?;
    std::fs::write(installed, wanted)?;
    Ok(python)
}

/// Runs a command to its end; what it says on standard error is seen.
pub(crate) async fn run(command: &mut Command) -> Result<Vec<u8>> {
    let output = command
        .stderr(std::process::Stdio::inherit())
        .output()
        .await
        .with_context(|| format!("{:?} did not start", command.as_std()))?;
    ensure!(output.status.success(), "{:?} failed", command.as_std());
    Ok(output.stdout)
}
