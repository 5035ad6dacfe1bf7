//! Where everything lies: the one place that spells a path of the checkout or of `target/local`.
//! It never creates or reads anything.

use std::path::{Path, PathBuf};

/// The checkout this binary was built from.
#[derive(Clone, Debug)]
pub(crate) struct Workspace {
    root: PathBuf,
    purpose: &'static str,
}

impl Workspace {
    /// `purpose` is the command at work: each has logs of its own.
    pub(crate) fn here(purpose: &'static str) -> Self {
        let crate_folder = Path::new(env!("CARGO_MANIFEST_DIR"));
        let root = crate_folder.ancestors().nth(2).unwrap_or(crate_folder);
        Self {
            root: root.to_owned(),
            purpose,
        }
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    pub(crate) fn template(&self) -> PathBuf {
        self.root.join("infra/template.yaml")
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
