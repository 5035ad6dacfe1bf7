//! What the code calls, read from its source: a graph by name and number of arguments.
//!
//! A method call leads to every method of `shared` with that name and as many arguments, whatever its type. So a
//! collision can only ask for too much, which the comparison with the template shows at once. Not followed are trait
//! methods that the compiler calls unseen (`From`, extractors); none of them may talk to AWS.

mod reader;

use reader::Reader;
pub(crate) use reader::fields_of;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::Path;

/// A function or method of the source, and what stands in its body.
#[derive(Debug, Default, Clone)]
pub(crate) struct Function {
    pub(crate) owner: Option<String>,
    pub(crate) name: String,
    /// Without `self`.
    arity: usize,
    pub(crate) calls: BTreeSet<Call>,
    /// Text literals of the body.
    pub(crate) literals: BTreeSet<String>,
    /// Last parts of field accesses through `tables`: `self.tables.orders` is `orders`.
    pub(crate) tables: BTreeSet<String>,
    /// Names given to `.index_name(..)`.
    pub(crate) indexes: BTreeSet<String>,
    /// Paths and methods of routes, as `.route("/x", get(..))` and `#[utoipa::path(..)]` tell them.
    pub(crate) routes: BTreeSet<(String, String)>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Call {
    Method {
        name: String,
        arity: usize,
    },
    /// A path, called or handed on: `Owner::name` or `name`.
    Path {
        owner: Option<String>,
        name: String,
    },
}

/// All functions of a crate, tests left out.
pub(crate) fn functions_of(crate_folder: &Path) -> Vec<Function> {
    let mut reader = Reader::default();
    for root in ["src/lib.rs", "src/main.rs"] {
        let path = crate_folder.join(root);
        if path.exists() {
            reader.read(&path, &crate_folder.join("src"));
        }
    }
    reader.found
}

/// The source of a crate of the workspace, read once.
pub(crate) struct Source {
    functions: Vec<Function>,
    by_name: HashMap<String, Vec<usize>>,
}

impl Source {
    pub(crate) fn read(crate_folder: &Path) -> Self {
        let functions = functions_of(crate_folder);
        let mut by_name: HashMap<String, Vec<usize>> = HashMap::new();
        for (index, function) in functions.iter().enumerate() {
            by_name
                .entry(function.name.clone())
                .or_default()
                .push(index);
        }
        Self { functions, by_name }
    }

    /// `roots` and all of this source that they reach.
    pub(crate) fn reached_from<'s>(&'s self, roots: &'s [Function]) -> Vec<&'s Function> {
        let mut reached: Vec<&Function> = roots.iter().collect();
        let mut seen = HashSet::new();
        let mut next = 0;
        while let Some(function) = reached.get(next) {
            next += 1;
            let callees = self
                .called_by(function)
                .into_iter()
                .filter(|callee| seen.insert(std::ptr::from_ref(*callee)));
            reached.extend(callees.collect::<Vec<_>>());
        }
        reached
    }

    /// The functions of this source that a function's calls may mean.
    pub(crate) fn called_by(&self, function: &Function) -> Vec<&Function> {
        let may_mean = |call: &Call| {
            let named = self
                .by_name
                .get(call.name())
                .into_iter()
                .flatten()
                .map(|index| &self.functions[*index]);
            named
                .filter(|candidate| call.means(function, candidate))
                .collect::<Vec<_>>()
        };
        function.calls.iter().flat_map(may_mean).collect()
    }
}

impl Call {
    fn name(&self) -> &str {
        let (Self::Method { name, .. } | Self::Path { name, .. }) = self;
        name
    }

    fn means(&self, caller: &Function, candidate: &Function) -> bool {
        match self {
            Self::Method { arity, .. } => candidate.owner.is_some() && *arity == candidate.arity,
            Self::Path { owner, .. } if owner.as_deref() == Some("Self") => {
                candidate.owner == caller.owner
            }
            Self::Path { owner, .. } => candidate.owner == *owner,
        }
    }
}

/// All Rust under some folders of the workspace, as text.
pub(crate) fn text_of(folders: &[&str]) -> String {
    let mut text = String::new();
    let mut waiting: Vec<_> = folders
        .iter()
        .map(|folder| super::workspace().join(folder))
        .collect();
    while let Some(path) = waiting.pop() {
        if path.is_dir() {
            waiting.extend(
                path.read_dir()
                    .expect("it can be read")
                    .flatten()
                    .map(|entry| entry.path()),
            );
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            text.push_str(&std::fs::read_to_string(&path).expect("it can be read"));
        }
    }
    text
}
