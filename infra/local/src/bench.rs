//! `bench`: what it costs and how fast it is, measured by `tests/bench` in a release build.

use anyhow::{Result, bail};

use crate::child::Guarded;
use crate::cli::BenchArgs;
use crate::workspace::Workspace;

pub(crate) async fn run(workspace: &Workspace, arguments: &BenchArgs) -> Result<()> {
    let cargo = Guarded::new("cargo")?
        .args(["run", "--release", "--package", "bench", "--"])
        .args(&arguments.rest);
    let mut process = cargo.folder(workspace.root()).spawn()?;
    if process.wait().await?.success() {
        return Ok(());
    }
    bail!("The benchmark failed.");
}
