//! Files that follow from the code: `cargo dev generate` writes them, every other run only compares.

use std::path::{Path, PathBuf};

/// The repository's root, where the paths of generated files begin.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Whether a file, by its path in the repository, holds this; `cargo dev generate` writes it first.
#[track_caller]
pub fn is_current(path: &str, content: &str) {
    let file = root().join(path);
    if std::env::var_os("STALLKEEPER_GENERATE").is_some() {
        std::fs::write(&file, content).unwrap();
    }
    let current = std::fs::read_to_string(&file).unwrap_or_default() == content;
    assert!(current, "{path} is stale: run `cargo dev generate`");
}
