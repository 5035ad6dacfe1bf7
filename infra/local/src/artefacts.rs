//! Builds the functions that the template names, for this machine, and lays each out as AWS wants
//! it: `target/lambda/<function>/bootstrap`. Builds the sandbox in the same call to cargo. It
//! knows no function by name: the template's `CodeUri` lines say which there are.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;
use tokio::fs;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Command;

use crate::child::Guarded;
use crate::console::{Console, Step};
use crate::setup::last_lines;
use crate::workspace::Workspace;

const SANDBOX: &str = "sandbox";
/// Cargo chooses a dependency's features by all that is asked for at once. With the whole workspace
/// and a test among it, however small, they are those of `cargo test --workspace`, and nothing is
/// compiled twice.
const SAME_AS_TESTS: [&str; 3] = ["--workspace", "--test", "kill"];

/// What a build left, ready to run.
#[derive(Debug)]
pub(crate) struct Artefacts {
    pub(crate) sandbox: PathBuf,
}

pub(crate) async fn build(
    workspace: &Workspace,
    console: &Console,
    variables: &[(String, String)],
) -> Result<Artefacts> {
    let template = fs::read_to_string(workspace.template())
        .await
        .context("there is no infra/template.yaml")?;
    let functions = functions_of(&template);
    let step = console.step("Functions and sandbox");
    let built = cargo_build(workspace, &functions, variables, &step).await?;
    for function in &functions {
        let binary = built
            .get(function)
            .with_context(|| format!("cargo built no binary `{function}`"))?;
        lay_out(binary, &workspace.artefact(function)).await?;
    }
    let sandbox = built
        .get(SANDBOX)
        .context("cargo built no binary `sandbox`")?
        .clone();
    step.done();
    Ok(Artefacts { sandbox })
}

/// The folders under `target/lambda` that the template's functions are taken from.
fn functions_of(template: &str) -> Vec<String> {
    let lines = template
        .lines()
        .filter_map(|line| line.trim().strip_prefix("CodeUri:"));
    let mut names: Vec<String> = lines
        .filter_map(|path| path.trim().strip_prefix("../target/lambda/"))
        .map(str::to_owned)
        .collect();
    names.sort();
    names.dedup();
    names
}

/// One line of `cargo build --message-format=json`.
#[derive(Deserialize)]
struct Message {
    target: Option<Target>,
    executable: Option<PathBuf>,
}

#[derive(Deserialize)]
struct Target {
    name: String,
}

async fn cargo_build(
    workspace: &Workspace,
    functions: &[String],
    variables: &[(String, String)],
    step: &Step,
) -> Result<BTreeMap<String, PathBuf>> {
    let log = workspace.logs().join("build.log");
    fs::create_dir_all(workspace.logs()).await?;
    let binaries = functions
        .iter()
        .map(String::as_str)
        .chain([SANDBOX])
        .flat_map(|name| ["--bin", name]);
    let mut cargo = Guarded::new("cargo")?
        .args(["build", "--message-format=json-render-diagnostics"])
        .args(SAME_AS_TESTS)
        .args(binaries)
        .envs(variables.iter().cloned())
        .folder(workspace.root())
        .stdout(Stdio::piped())
        .stderr(std::fs::File::create(&log)?)
        .spawn()?;
    let mut lines = BufReader::new(cargo.take_stdout()?).lines();
    let mut built = BTreeMap::new();
    let mut count = 0;
    while let Some(line) = lines.next_line().await? {
        let Ok(Message {
            target: Some(target),
            executable,
        }) = serde_json::from_str(&line)
        else {
            continue;
        };
        count += 1;
        step.detail(&format!(
            "{count} crates and build scripts, {} last",
            target.name
        ));
        if let Some(executable) = executable {
            built.insert(target.name, executable);
        }
    }
    if !cargo.wait().await?.success() {
        bail!(
            "The functions do not build.\n{}",
            last_lines(&log, 60).await
        );
    }
    Ok(built)
}

/// Copies a binary that changed, without its symbols if `strip` is installed.
async fn lay_out(binary: &Path, folder: &Path) -> Result<()> {
    let bootstrap = folder.join("bootstrap");
    if is_newer(&bootstrap, binary).await {
        return Ok(());
    }
    fs::create_dir_all(folder).await?;
    let fresh = folder.join(".bootstrap");
    fs::copy(binary, &fresh).await?;
    // Only makes it smaller; a machine without binutils runs the function all the same.
    let _ = Command::new("strip").arg(&fresh).output().await;
    fs::rename(&fresh, &bootstrap).await?;
    Ok(())
}

async fn is_newer(copy: &Path, original: &Path) -> bool {
    let (Ok(copy), Ok(original)) = (fs::metadata(copy).await, fs::metadata(original).await) else {
        return false;
    };
    matches!((copy.modified(), original.modified()), (Ok(copied), Ok(made)) if copied > made)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_template_says_which_functions_there_are() {
        let template = "
  PollOrdersFunction:
    Properties:
      CodeUri: ../target/lambda/poll-orders
  DeskOrdersFunction:
      CodeUri: ../target/lambda/desk-orders
";
        assert_eq!(functions_of(template), ["desk-orders", "poll-orders"]);
    }
}
