//! What `cargo dev` started ends with it, even when it is killed and can end nothing itself.

use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};
use tokio::process::Command;

/// Stands for the tool: starts a process below a guard, holds the guard's pipe, and waits.
const TOOL: &str = r#"
rm -f "$1" && mkfifo "$1"
"$0" guard -- sh -c 'sleep 600 & echo started; wait' <"$1" &
exec 3>"$1"
exec sleep 600 >/dev/null
"#;

#[tokio::test]
async fn a_killed_tool_leaves_no_process() {
    let pipe = format!(
        "{}/lifeline-{}",
        env!("CARGO_TARGET_TMPDIR"),
        std::process::id()
    );
    let mut tool = Command::new("sh")
        .args(["-c", TOOL, env!("CARGO_BIN_EXE_local"), &pipe])
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut output = BufReader::new(tool.stdout.take().unwrap());
    let mut line = String::new();
    output.read_line(&mut line).await.unwrap();
    assert_eq!(line, "started\n");

    tool.start_kill().unwrap();

    // The output closes when the last of guard, shell and `sleep` is gone.
    let mut rest = Vec::new();
    tokio::time::timeout(Duration::from_secs(20), output.read_to_end(&mut rest))
        .await
        .expect("a process outlived the tool")
        .unwrap();
    std::fs::remove_file(pipe).unwrap();
}
