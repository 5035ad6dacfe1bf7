//! Ends what `cargo dev` started, however `cargo dev` itself ends.
//!
//! Every child runs below a guard: this same binary, which puts it into a process group of its own
//! and reads a pipe that only the parent holds open. When the parent ends, even by `kill -9`, the
//! pipe closes and the guard ends that whole group: the emulator and the function environments it
//! spawned. It never looks for processes by name.

use std::ffi::OsString;
use std::os::fd::AsFd as _;
use std::process::{ExitCode, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use tokio::io::AsyncReadExt as _;
use tokio::net::unix::pipe::Receiver;
use tokio::process::{Child, Command};
use tokio::signal::unix::{SignalKind, signal};

/// How long a group may take to end by itself before it is made to.
const GRACE: Duration = Duration::from_secs(2);

/// Runs a command until it ends or the parent does.
pub(crate) async fn run(command: &[OsString]) -> Result<ExitCode> {
    let [program, arguments @ ..] = command else {
        anyhow::bail!("a guard needs a command");
    };
    // From here on these signals reach the handlers below instead of ending the guard first.
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut hang_up = signal(SignalKind::hangup())?;
    let mut child = Command::new(program)
        .args(arguments)
        .process_group(0)
        .stdin(Stdio::null())
        .spawn()
        .with_context(|| format!("cannot start {}", program.display()))?;
    let group = child
        .id()
        .and_then(|id| i32::try_from(id).ok())
        .map(Pid::from_raw);
    let group = group.context("the process ended before it could be guarded")?;
    tokio::select! {
        status = child.wait() => {
            // What it left behind goes with it.
            let _ = killpg(group, Signal::SIGKILL);
            let code = status?.code().and_then(|code| u8::try_from(code).ok());
            return Ok(code.map_or(ExitCode::FAILURE, ExitCode::from));
        }
        () = parent_ended() => {}
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
        _ = hang_up.recv() => {}
    }
    end(&mut child, group).await;
    Ok(ExitCode::FAILURE)
}

/// Nothing is ever written to the pipe: the first answer is its end.
async fn parent_ended() {
    let mut byte = [0];
    if let Ok(mut pipe) = lifeline() {
        let _ = pipe.read(&mut byte).await;
    }
}

/// Standard input as a pipe: reading tokio's own `stdin` would hold up the end of this process.
fn lifeline() -> Result<Receiver> {
    Ok(Receiver::from_owned_fd(
        std::io::stdin().as_fd().try_clone_to_owned()?,
    )?)
}

async fn end(child: &mut Child, group: Pid) {
    let _ = killpg(group, Signal::SIGTERM);
    let _ = tokio::time::timeout(GRACE, child.wait()).await;
    let _ = killpg(group, Signal::SIGKILL);
}
