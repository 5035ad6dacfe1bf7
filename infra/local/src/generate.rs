//! `generate`: what follows from the functions' own description of their routes. The tests that
//! compare it write it here.

use anyhow::{Result, bail};

use crate::child::Guarded;
use crate::workspace::Workspace;

pub(crate) async fn run(workspace: &Workspace) -> Result<()> {
    let tests = Guarded::new("cargo")?
        .args(["test", "--workspace"])
        .args(["--test", "document", "--test", "template"])
        .args(["--", "generated"])
        .env("STALLKEEPER_GENERATE", "1")
        .folder(workspace.root());
    if tests.spawn()?.wait().await?.success() {
        return Ok(());
    }
    bail!("The files could not be generated.");
}
