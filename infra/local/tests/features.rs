//! `cargo dev` is compiled alone, before all the rest. With other features than the rest asks for,
//! most dependencies would be compiled twice: minutes on a first run.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
// What a dependency is asked for differs by system; the list is kept for the one that CI runs on.
#![cfg(target_os = "linux")]

use std::collections::BTreeSet;
use std::process::Command;

/// The packages that a selection compiles, each with its features.
fn compiled(selection: &[&str]) -> BTreeSet<String> {
    let output = Command::new(env!("CARGO"))
        .args([
            "tree",
            "--offline",
            "--prefix",
            "none",
            "--format",
            "{p} {f}",
        ])
        .args(selection)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let lines = String::from_utf8(output.stdout).unwrap();
    lines
        .lines()
        .map(|line| line.trim_end_matches(" (*)").to_owned())
        .collect()
}

#[test]
fn cargo_dev_shares_its_dependencies_with_the_rest() {
    let alone = compiled(&["--package", "local", "--edges", "normal,build"]);
    let together = compiled(&["--workspace", "--edges", "normal,build,dev"]);
    let twice: Vec<&String> = alone.difference(&together).collect();
    assert!(
        twice.is_empty(),
        "compiled twice: {twice:#?}\nGive them in infra/local/Cargo.toml the features they have in `cargo tree --workspace`."
    );
}
