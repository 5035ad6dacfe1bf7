//! `test`: everything that CI checks, in the order in which it fails fastest.

use std::io::Write as _;
use std::path::Path;

use anyhow::{Result, bail};
use tokio::io::{AsyncBufReadExt as _, BufReader};

use crate::api;
use crate::child::Guarded;
use crate::cli::{Part, TestArgs};
use crate::cloud::{Cloud, CloudOptions};
use crate::console::Console;
use crate::setup;
use crate::workspace::Workspace;

/// Clippy as the compiler of our own crates: what it has checked is what the tests run, and nothing is compiled twice.
/// This is how `cargo clippy` itself calls it, which can only check. A run without the lint part compiles as cargo does by
/// hand, and uses what that left.
const CLIPPY: [(&str, &str); 2] = [
    ("RUSTC_WORKSPACE_WRAPPER", "clippy-driver"),
    ("CLIPPY_ARGS", "--deny__CLIPPY_HACKERY__warnings"),
];
/// The environment variable that says where the end-to-end tests find everything.
const ADDRESSES: &str = "STALLKEEPER_LOCAL";
const MODELS: &str = "SP_API_MODELS";
/// Where the sandbox's tests find the clients of others: a Python that has one, and npm's packages.
const CLIENTS: [&str; 2] = ["SP_API_CLIENTS_PYTHON", "SP_API_CLIENTS_NODE"];

pub(crate) async fn run(
    workspace: &Workspace,
    console: &Console,
    arguments: &TestArgs,
) -> Result<()> {
    let wanted = |part| arguments.only.is_none_or(|only| only == part);
    let checks = Checks {
        workspace,
        console,
        clippy: wanted(Part::Lint),
    };
    {
        let _alone = setup::alone(workspace, console).await?;
        tokio::try_join!(
            setup::prepare(workspace, console),
            setup::prepare_checks(workspace, console)
        )?;
    }
    if wanted(Part::Lint) {
        checks.lint().await?;
    }
    if wanted(Part::Unit) {
        checks.unit(&arguments.filter).await?;
    }
    if wanted(Part::E2e) || wanted(Part::Api) {
        let options = CloudOptions {
            build_variables: checks.compiler(),
            ..CloudOptions::default()
        };
        let cloud = Cloud::start(workspace, console, &options).await?;
        if wanted(Part::E2e) {
            checks.end_to_end(&cloud, &arguments.filter).await?;
        }
        // Last: it also freezes and unfreezes the whole deployment.
        if wanted(Part::Api) {
            checks.api(&cloud).await?;
        }
    }
    console.say("Everything passed.");
    Ok(())
}

struct Checks<'a> {
    workspace: &'a Workspace,
    console: &'a Console,
    clippy: bool,
}

impl Checks<'_> {
    /// What cargo compiles our own crates with.
    fn compiler(&self) -> Vec<(String, String)> {
        let variables = CLIPPY.iter().filter(|_| self.clippy);
        variables
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    }

    fn cargo(&self, arguments: &[&str]) -> Result<Guarded> {
        Ok(Guarded::new("cargo")?.args(arguments).envs(self.compiler()))
    }

    async fn lint(&self) -> Result<()> {
        self.step("Formatting", self.cargo(&["fmt", "--all", "--check"])?)
            .await?;
        let cfn_lint = Guarded::new(self.workspace.checker("cfn-lint"))?;
        self.step("Template", cfn_lint.args([self.workspace.template()]))
            .await?;
        let validator = Guarded::new(self.workspace.checker("openapi-spec-validator"))?;
        self.step(
            "OpenAPI document",
            validator.args([self.workspace.openapi()]),
        )
        .await?;
        let python = Guarded::new(self.workspace.python())?.args(["-m", "unittest", "test_deploy"]);
        self.step_in("Deployment script", python, &self.workspace.tool(""))
            .await?;
        let build = self.cargo(&["test", "--no-run", "--workspace"])?;
        self.step("Clippy and build", build).await
    }

    async fn unit(&self, filter: &[String]) -> Result<()> {
        let tests = self
            .cargo(&[
                "test",
                "--no-fail-fast",
                "--workspace",
                "--exclude",
                "e2e",
                "--",
            ])?
            .args(filter);
        self.step(
            "Tests that need no cloud",
            tests
                .env(MODELS, self.workspace.models())
                .env(CLIENTS[0], self.workspace.checker("python"))
                .env(CLIENTS[1], self.workspace.clients()),
        )
        .await
    }

    async fn end_to_end(&self, cloud: &Cloud, filter: &[String]) -> Result<()> {
        let tests = self
            .cargo(&["test", "--workspace", "--test", "e2e", "--"])?
            .args(filter)
            .env(MODELS, self.workspace.models())
            .env(ADDRESSES, cloud.describe()?);
        self.step("End-to-end tests", tests).await
    }

    async fn api(&self, cloud: &Cloud) -> Result<()> {
        let requests = api::generated_requests(self.workspace, &cloud.addresses).await?;
        self.step("API as described", requests).await
    }

    async fn step(&self, name: &str, command: Guarded) -> Result<()> {
        self.step_in(name, command, self.workspace.root()).await
    }

    /// Runs one check; its output goes to a log, and to the screen when it fails.
    async fn step_in(&self, name: &str, command: Guarded, folder: &Path) -> Result<()> {
        let step = self.console.step(name);
        let path = self.workspace.logs().join(format!(
            "test-{}.log",
            name.to_lowercase().replace(' ', "-")
        ));
        let mut log = std::fs::File::create(&path)?;
        let (read, write) = std::io::pipe()?;
        let mut process = command
            .folder(folder)
            .stdout(write.try_clone()?)
            .stderr(write)
            .spawn()?;
        let mut lines = BufReader::new(tokio::net::unix::pipe::Receiver::from_owned_fd(
            read.into(),
        )?)
        .lines();
        while let Some(line) = lines.next_line().await? {
            writeln!(log, "{line}")?;
            step.detail(&line);
        }
        if process.wait().await?.success() {
            step.done();
            return Ok(());
        }
        drop(step);
        eprintln!("{}", setup::last_lines(&path, 200).await);
        bail!("{name}: failed. All of the output: {}", path.display());
    }
}
