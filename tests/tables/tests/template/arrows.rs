//! Who may use whom: the modules of `shared` as the table in its `lib.rs` says, and no function another function.

use crate::workspace;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Each module of `shared` with the modules that it uses.
type Arrows = BTreeMap<String, BTreeSet<String>>;

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("it is a folder");
    entries
        .map(|entry| entry.expect("it can be read").path())
        .collect()
}

fn words(text: &str) -> impl Iterator<Item = String> {
    let quoted = text.split('`').skip(1).step_by(2);
    quoted.map(str::to_owned)
}

/// The table in `lib.rs`, from top to bottom.
fn promised() -> Vec<(String, BTreeSet<String>)> {
    let text = read(&workspace().join("shared/src/lib.rs"));
    let rows = text.lines().filter_map(|line| line.strip_prefix("//! | `"));
    rows.map(|row| {
        let (module, uses) = row.split_once("` |").expect("a row names what it uses");
        (module.to_owned(), words(uses).collect())
    })
    .collect()
}

/// The arrows of the source: all that follows `crate::` in its code.
fn found() -> Arrows {
    let mut arrows = Arrows::new();
    for path in entries(&workspace().join("shared/src")) {
        let module = path.file_stem().unwrap_or_default();
        let module = module.to_string_lossy().into_owned();
        if module != "lib" {
            collect(&path, &module, arrows.entry(module.clone()).or_default());
        }
    }
    arrows
}

fn collect(path: &Path, module: &str, uses: &mut BTreeSet<String>) {
    if path.is_dir() {
        for path in entries(path) {
            collect(&path, module, uses);
        }
        return;
    }
    if path.extension().is_none_or(|it| it != "rs") {
        return;
    }
    let text = read(path);
    let code = text.lines().map(str::trim_start);
    for line in code.filter(|line| !line.starts_with("//")) {
        for (_, used) in line
            .match_indices("crate::")
            .map(|(at, it)| line.split_at(at + it.len()))
        {
            let end = used.find(|it: char| !it.is_alphanumeric() && it != '_');
            match &used[..end.unwrap_or(used.len())] {
                "" => panic!(
                    "{}: name one module after `crate::`: {line}",
                    path.display()
                ),
                own if own == module => {}
                // `lib.rs` hands on the error, its class and the result.
                "Class" | "Error" | "Result" => _ = uses.insert("error".into()),
                other => _ = uses.insert(other.to_owned()),
            }
        }
    }
}

#[test]
fn the_modules_of_shared_use_each_other_as_lib_rs_says_and_no_otherwise() {
    let promised = promised();
    let modules: Vec<&String> = promised.iter().map(|(module, _)| module).collect();
    for (place, (module, uses)) in promised.iter().enumerate() {
        let below: BTreeSet<&String> = modules[place + 1..].iter().copied().collect();
        let up: Vec<&String> = uses.iter().filter(|it| !below.contains(it)).collect();
        assert!(
            up.is_empty(),
            "`{module}` may only use what is below it: {up:?}"
        );
    }
    let promised: Arrows = promised.into_iter().collect();
    assert_eq!(
        found(),
        promised,
        "left: the source, right: the table in lib.rs"
    );
}

#[test]
fn no_function_depends_on_another() {
    let folders = entries(&workspace().join("functions"));
    let names: Vec<&str> = folders
        .iter()
        .map(|it| it.file_name().unwrap().to_str().unwrap())
        .collect();
    for folder in &folders {
        let manifest = read(&folder.join("Cargo.toml"));
        let dependencies = manifest
            .lines()
            .filter_map(|line| line.split(['.', ' ', '=']).next());
        for dependency in dependencies {
            assert!(
                !names.contains(&dependency),
                "{}: {dependency}",
                folder.display()
            );
        }
    }
}
