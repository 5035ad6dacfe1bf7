//! Starts processes below a guard and ends them when their handle is dropped: after success,
//! after an error, on a panic, on a signal.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use tokio::process::{Child as Process, ChildStdin, ChildStdout, Command};

/// A little longer than a guard takes at most.
const GRACE: Duration = Duration::from_secs(4);

/// The variables that a tool needs from the developer's shell; the rest stays out of the
/// emulator and so out of the functions, which would inherit it.
const KEPT_VARIABLES: [&str; 6] = [
    "PATH",
    "HOME",
    "LANG",
    "LC_ALL",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
];

/// A process that lives no longer than this value.
pub(crate) struct Child {
    process: Process,
    lifeline: Option<ChildStdin>,
    ended: bool,
}

impl Child {
    pub(crate) fn take_stdout(&mut self) -> Result<ChildStdout> {
        self.process
            .stdout
            .take()
            .context("the output of the process was not captured")
    }

    pub(crate) async fn wait(&mut self) -> Result<ExitStatus> {
        let status = self.process.wait().await?;
        self.ended = true;
        Ok(status)
    }

    /// Whether it is over already, which a server never should be.
    pub(crate) fn has_ended(&mut self) -> bool {
        matches!(self.process.try_wait(), Ok(Some(_)))
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // The guard sees its pipe close, ends the process and then itself.
        self.lifeline.take();
        let deadline = Instant::now() + GRACE;
        while !self.ended && !self.has_ended() && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

/// This very program, even when cargo has meanwhile put a newer one in its place.
pub(crate) fn own_executable() -> Result<PathBuf> {
    if cfg!(target_os = "linux") {
        return Ok(PathBuf::from("/proc/self/exe"));
    }
    std::env::current_exe().context("cannot find the path of `cargo dev` itself")
}

/// A command that will run below a guard.
pub(crate) struct Guarded(Command);

impl Guarded {
    pub(crate) fn new(program: impl AsRef<OsStr>) -> Result<Self> {
        let mut command = Command::new(own_executable()?);
        command.arg0("cargo-dev");
        command
            .args(["guard", "--"])
            .arg(program)
            .process_group(0)
            .stdin(Stdio::piped());
        Ok(Self(command))
    }

    /// Keeps the caller's environment out, except what any program needs to start.
    pub(crate) fn clean_environment(mut self) -> Self {
        self.0.env_clear();
        self.envs(kept(std::env::vars()))
    }

    pub(crate) fn args(mut self, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Self {
        self.0.args(arguments);
        self
    }

    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.0.env(name, value);
        self
    }

    pub(crate) fn envs<V: AsRef<OsStr>>(
        mut self,
        all: impl IntoIterator<Item = (String, V)>,
    ) -> Self {
        self.0.envs(all);
        self
    }

    pub(crate) fn folder(mut self, folder: &Path) -> Self {
        self.0.current_dir(folder);
        self
    }

    pub(crate) fn stdout(mut self, stdout: impl Into<Stdio>) -> Self {
        self.0.stdout(stdout);
        self
    }

    pub(crate) fn stderr(mut self, stderr: impl Into<Stdio>) -> Self {
        self.0.stderr(stderr);
        self
    }

    pub(crate) fn spawn(mut self) -> Result<Child> {
        let mut process = self.0.spawn().context("cannot start a guarded process")?;
        let lifeline = process.stdin.take();
        Ok(Child {
            process,
            lifeline,
            ended: false,
        })
    }

    pub(crate) async fn status(self) -> Result<ExitStatus> {
        self.spawn()?.wait().await
    }
}

fn kept(variables: impl Iterator<Item = (String, String)>) -> Vec<(String, String)> {
    variables
        .filter(|(name, _)| KEPT_VARIABLES.contains(&name.as_str()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clean_environment_holds_no_variable_of_the_developer() {
        let shell = [
            ("PATH", "/bin"),
            ("AWS_PROFILE", "production"),
            ("HOME", "/home/a"),
            ("GITHUB_TOKEN", "x"),
        ];
        let shell = shell.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let names: Vec<String> = kept(shell.into_iter())
            .into_iter()
            .map(|(name, _)| name)
            .collect();
        assert_eq!(names, ["PATH", "HOME"]);
    }
}
