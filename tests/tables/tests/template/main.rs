//! The template against the code and the house rules: each function is granted what its code calls and nothing else,
//! is given the variables it reads, and serves the routes the API has; queues, logs, tables and alarms are complete.
//!
//! What a function calls is found in its source (`source.rs`), so a new call without its grant fails here and not in
//! an account. Names decide there, not types: the run of the real functions with IAM enforced is the second net.

mod arrows;
mod document;
mod event_bridge;
mod generated;
mod grants;
mod needs;
mod queues;
mod routes;
mod rules;
mod source;

use std::path::{Path, PathBuf};

/// The workspace, seen from this crate.
fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}
