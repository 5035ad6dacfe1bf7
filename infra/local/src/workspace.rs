//! Where everything is: the one place that spells a path of the checkout or of `target/local`. It
//! never creates anything.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

/// What the root of a checkout has, and no folder within one.
const MARK: &str = "infra/template.yaml";

/// The checkout that the command was started in.
#[derive(Clone, Debug)]
pub(crate) struct Workspace {
    root: PathBuf,
    purpose: &'static str,
}

impl Workspace {
    /// `purpose` is the command at work: each has logs of its own.
    ///
    /// The root is found when the command runs, not when it was built: a copied checkout brings
    /// along a binary that was built elsewhere. Cargo names its crate's folder; without cargo, it
    /// is looked for upwards from the current folder.
    pub(crate) fn here(purpose: &'static str) -> Result<Self> {
        let start = match env::var_os("CARGO_MANIFEST_DIR") {
            Some(crate_folder) => PathBuf::from(crate_folder),
            None => env::current_dir()?,
        };
        let root = root_above(&start).with_context(|| {
            format!(
                "There is no checkout of Stallkeeper in or above {}.",
                start.display()
            )
        })?;
        Ok(Self { root, purpose })
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    pub(crate) fn template(&self) -> PathBuf {
        self.root.join(MARK)
    }

    /// The API's description, of all functions.
    pub(crate) fn openapi(&self) -> PathBuf {
        self.root.join("infra/openapi.json")
    }

    pub(crate) fn sample_event(&self, function: &str) -> PathBuf {
        self.root.join("events").join(format!("{function}.json"))
    }

    /// Files of this crate that are not Rust: the launcher, the deployment, the pins.
    pub(crate) fn tool(&self, name: &str) -> PathBuf {
        self.root.join("infra/local").join(name)
    }

    /// All that `cargo dev` makes for itself; deleting it costs a set-up and nothing else.
    pub(crate) fn local(&self) -> PathBuf {
        self.root.join("target/local")
    }

    pub(crate) fn python(&self) -> PathBuf {
        self.local().join("venv/bin/python")
    }

    /// A program that only the checks need.
    pub(crate) fn checker(&self, program: &str) -> PathBuf {
        self.local().join("checks-venv/bin").join(program)
    }

    /// npm's packages of the clients that others use against Amazon.
    pub(crate) fn clients(&self) -> PathBuf {
        self.local().join("clients/node_modules")
    }

    pub(crate) fn models(&self) -> PathBuf {
        self.local().join("models")
    }

    pub(crate) fn logs(&self) -> PathBuf {
        self.local().join("logs").join(self.purpose)
    }

    /// What each function printed in the last run.
    pub(crate) fn function_logs(&self) -> PathBuf {
        self.logs().join("functions")
    }

    /// Where the template's `CodeUri` of a function points.
    pub(crate) fn artefact(&self, function: &str) -> PathBuf {
        self.root.join("target/lambda").join(function)
    }

    /// What a running `up` says about itself.
    pub(crate) fn up_file(&self) -> PathBuf {
        self.local().join("up.json")
    }
}

fn root_above(start: &Path) -> Option<PathBuf> {
    let root = start.ancestors().find(|folder| folder.join(MARK).is_file());
    root.map(Path::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copied_checkout_is_found_from_any_of_its_folders() {
        let copy = env::temp_dir().join(format!("stallkeeper-copy-{}", std::process::id()));
        let inside = copy.join("infra/local/src");
        std::fs::create_dir_all(&inside).unwrap();
        assert_eq!(root_above(&inside), None);
        std::fs::write(copy.join(MARK), "").unwrap();
        assert_eq!(root_above(&inside), Some(copy.clone()));
        assert_eq!(root_above(&copy), Some(copy.clone()));
        std::fs::remove_dir_all(copy).unwrap();
    }
}
