//! `cargo dev` and `cargo test -p X` compile a member alone. If that asked for other features than the
//! whole workspace does, dependencies would be compiled twice: minutes on a first run.

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

/// The names of the workspace's members.
fn members() -> Vec<String> {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--offline", "--workspace", "--depth", "0"])
        .args(["--prefix", "none", "--format", "{p}"])
        .output()
        .unwrap();
    let lines = String::from_utf8(output.stdout).unwrap();
    lines
        .lines()
        .filter_map(|line| Some(line.split_once(' ')?.0.to_owned()))
        // It is only ever built for another member.
        .filter(|member| member != "features")
        .collect()
}

/// What is compiled for a member alone but not for the whole workspace.
fn compiled_again(member: &str, edges: &str, together: &BTreeSet<String>) -> Vec<String> {
    let alone = compiled(&["--package", member, "--edges", edges]);
    let again = alone.difference(together);
    again
        .map(|package| format!("{member}: {package}"))
        .collect()
}

/// All, and without what is built for build scripts and macros: there a package may have the features that it lacks in
/// the functions.
const EDGES: [&str; 2] = ["normal,dev,build", "normal,dev,no-proc-macro"];

#[test]
fn a_member_alone_shares_its_dependencies_with_the_whole_workspace() {
    let members = members();
    assert!(members.len() > 10, "{members:?}");
    let mut again = Vec::new();
    for edges in EDGES {
        let together = compiled(&["--workspace", "--edges", edges]);
        let of_member = |member: &String| compiled_again(member, edges, &together);
        again.extend(members.iter().flat_map(of_member));
        let without_tests = edges.replace(",dev", "");
        again.extend(compiled_again("local", &without_tests, &together));
    }
    assert!(
        again.is_empty(),
        "compiled twice: {again:#?}\nGive them in infra/features/Cargo.toml the features they have in `cargo tree --workspace`."
    );
}
