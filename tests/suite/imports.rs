//! Draws the imports between the files of each crate. No files may import one another in a circle, other than
//! those named here.
//!
//! The root of a crate (`lib` or `main`) imports its modules. A file that imports a name from the root
//! (`crate::Array`) makes a circle: the name has a module of its own, or is another crate's.
//!
//! A file and the files in its folder may import one another: `plot` and `plot/axis`. Such a circle stays in
//! the folder.
//!
//! `cargo test --workspace --release --test suite imports -- --nocapture` prints each file with the files
//! that it imports.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The sources of every crate.
const CRATES: &[&str] = &[
    "backends/math/src",
    "backends/program/src",
    "backends/burn/src",
    "backends/import/src",
    "backends/cpu/src",
    "backends/src",
    "core/src",
    "random/src",
    "src",
    "book/src",
    "fuzz/src",
];

/// A crate, the files of a circle, and the reason for it.
const CIRCLES: &[(&str, &[&str], &str)] = &[
    (
        "backends/program/src",
        &["infer", "op", "program"],
        "an op holds programs, and a program is built of ops whose types are inferred",
    ),
    (
        "core/src",
        &[
            "ad/backward",
            "ad/forward",
            "ad/partial",
            "ad/plain",
            "ad/rules",
            "ad/scan",
        ],
        "the rule of an op that holds programs is their derivative",
    ),
    (
        "core/src",
        &[
            "vmap/batch",
            "vmap/contract",
            "vmap/control",
            "vmap/guarded",
            "vmap/index",
            "vmap/rules",
        ],
        "the rule of a loop is that of its body, in which there are loops",
    ),
];

/// The files that each file imports, by their paths without `.rs`.
type Imports = BTreeMap<String, BTreeSet<String>>;

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder of the repository");
    let paths = entries.map(|entry| entry.expect("a file").path());
    let (folders, files): (Vec<PathBuf>, Vec<PathBuf>) = paths.partition(|path| path.is_dir());
    let files = files
        .into_iter()
        .filter(|path| path.extension().is_some_and(|end| end == "rs"));
    files
        .chain(folders.iter().flat_map(|folder| rust_files(folder)))
        .collect()
}

/// Returns the name of a file's module.
fn module(root: &Path, file: &Path) -> String {
    let name = file
        .strip_prefix(root)
        .expect("a file of the crate")
        .with_extension("");
    let name = name.to_str().expect("names of letters").replace('\\', "/");
    name.strip_suffix("/mod").map_or(name.clone(), str::to_string)
}

/// Returns a source without its comments and its unit tests.
fn code(file: &Path) -> String {
    let text = fs::read_to_string(file).expect("a text");
    let text = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
    let lines = text
        .lines()
        .map(|line| line.split("//").next().unwrap_or_default());
    lines.collect::<Vec<_>>().join("\n")
}

/// Returns the paths that a source names from `crate`, `super` or a module of its own. Braces are written
/// out. A path from `$crate` is the user's, who expands the macro.
fn paths(code: &str, own: &[&str]) -> Vec<Vec<String>> {
    let mut paths = vec![];
    for start in ["crate", "super"].iter().chain(own) {
        for (at, _) in code.match_indices(&format!("{start}::")) {
            let is_start = !code[..at].ends_with(|c: char| c.is_alphanumeric() || "_:$".contains(c));
            if is_start {
                written_out(&code[at..], &mut vec![], &mut paths);
            }
        }
    }
    paths
}

/// Reads a path, and returns the rest of the text.
fn written_out<'a>(text: &'a str, before: &mut Vec<String>, paths: &mut Vec<Vec<String>>) -> &'a str {
    let text = text.trim_start();
    if let Some(mut inside) = text.strip_prefix('{') {
        loop {
            inside = written_out(inside, before, paths).trim_start();
            match inside.strip_prefix(',') {
                Some(rest) if !rest.trim_start().starts_with('}') => inside = rest,
                Some(rest) => return rest.trim_start().strip_prefix('}').unwrap_or(rest),
                None => return inside.strip_prefix('}').unwrap_or(inside),
            }
        }
    }
    let end = text
        .find(|c: char| !c.is_alphanumeric() && c != '_')
        .unwrap_or(text.len());
    let (name, mut rest) = text.split_at(end);
    before.push(name.to_string());
    match rest.strip_prefix("::") {
        Some(more) if end > 0 => rest = written_out(more, before, paths),
        _ => {
            paths.push(before.clone());
            if let Some(renamed) = rest.trim_start().strip_prefix("as ") {
                rest = renamed.trim_start_matches(|c: char| c.is_alphanumeric() || c == '_' || c == ' ');
            }
        }
    }
    before.pop();
    rest
}

/// Returns the imports of a crate: all but those of a file from its own folder, and all.
fn imports(root: &Path) -> [Imports; 2] {
    let files = rust_files(root);
    let modules: BTreeSet<String> = files.iter().map(|file| module(root, file)).collect();
    let main = ["lib", "main"].into_iter().find(|main| modules.contains(*main));
    let main = main.expect("the root of a crate");
    let mut imports = [Imports::new(), Imports::new()];
    for file in &files {
        let from = module(root, file);
        let code = code(file);
        let is_root = ["lib", "main"].contains(&&from[..]);
        let here: Vec<&str> = from.split('/').filter(|_| !is_root).collect();
        let own = |to: &&str| match is_root {
            true => code.contains(&format!("mod {to};")),
            false => to.rsplit_once('/').is_some_and(|(folder, _)| folder == from),
        };
        let own: Vec<&str> = modules.iter().map(String::as_str).filter(own).collect();
        let mut add = |to: &str, is_across: bool| {
            for imports in &mut imports[usize::from(!is_across)..] {
                imports.entry(from.clone()).or_default().insert(to.to_string());
            }
        };
        if is_root {
            own.iter().for_each(|to| add(to, true));
        }
        let names: Vec<&str> = own.iter().filter_map(|to| to.rsplit('/').next()).collect();
        for path in paths(&code, &names) {
            let up = path.iter().take_while(|part| *part == "super").count();
            let mut full: Vec<&str> = match &path[0][..] {
                "crate" => vec![],
                _ => here[..here.len().saturating_sub(up)].to_vec(),
            };
            let start = if path[0] == "crate" { 1 } else { up };
            full.extend(path[start..].iter().map(String::as_str));
            // The longest beginning of the path that is a file. The rest of the path is an item in that file.
            // A path without such a beginning names an item of the root.
            let to = (1..=full.len())
                .rev()
                .map(|n| full[..n].join("/"))
                .find(|to| modules.contains(to))
                .unwrap_or_else(|| main.to_string());
            if to != from {
                add(&to, path[0] == "crate" || !own.contains(&&to[..]));
            }
        }
    }
    imports
}

/// Returns the files that a file imports, directly and through other files.
fn reached<'a>(imports: &'a Imports, from: &'a str) -> BTreeSet<&'a str> {
    let mut reached = BTreeSet::new();
    let mut open = vec![from];
    while let Some(file) = open.pop() {
        for to in imports.get(file).into_iter().flatten() {
            if reached.insert(&to[..]) {
                open.push(to);
            }
        }
    }
    reached
}

/// Returns the groups of files that import one another in a circle.
fn circles(imports: &Imports) -> BTreeSet<Vec<&str>> {
    let leads: BTreeMap<&str, BTreeSet<&str>> = imports
        .keys()
        .map(|file| (&file[..], reached(imports, file)))
        .collect();
    let circle = |file: &&str| -> Vec<&str> {
        let others = leads[file].iter().copied();
        others
            .filter(|other| leads.get(other).is_some_and(|back| back.contains(file)))
            .collect()
    };
    leads
        .keys()
        .map(circle)
        .filter(|circle| !circle.is_empty())
        .collect()
}

#[test]
fn files_import_in_one_direction() {
    let home = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    let mut seen = 0;
    for root in CRATES {
        let [imports, all] = imports(&home.join(root));
        println!("{root}");
        for (from, to) in &imports {
            println!(
                "  {from} -> {}",
                to.iter().cloned().collect::<Vec<_>>().join(", ")
            );
            seen += to.len();
        }
        let allowed: BTreeSet<Vec<&str>> = CIRCLES
            .iter()
            .filter(|(of, ..)| of == root)
            .map(|(_, files, _)| files.to_vec())
            .collect();
        assert_eq!(
            circles(&imports),
            allowed,
            "circles of imports in {root}: import what both need from a file of its own"
        );
        let folders = |files: &Vec<&str>| -> BTreeSet<String> {
            let first = files
                .iter()
                .map(|file| file.split('/').next().unwrap_or_default());
            first.map(str::to_string).collect()
        };
        let named: BTreeSet<BTreeSet<String>> = allowed.iter().map(folders).collect();
        for circle in circles(&all) {
            let found = folders(&circle);
            assert!(
                found.len() == 1 || named.contains(&found),
                "{circle:?} in {root}: a circle stays in one folder"
            );
        }
    }
    assert!(seen > 500, "only {seen} imports were found");
}

#[test]
fn paths_are_read_as_they_are_written() {
    let code = "use crate::{Buffer, plan::{view::{View, pull}, fuse}, memory as m,};\nlet x = super::run::CHUNK; other_crate::no; $crate::no; own::f(not::own::f);";
    let found: Vec<String> = paths(code, &["own"]).iter().map(|path| path.join("::")).collect();
    assert_eq!(
        found,
        [
            "crate::Buffer",
            "crate::plan::view::View",
            "crate::plan::view::pull",
            "crate::plan::fuse",
            "crate::memory",
            "super::run::CHUNK",
            "own::f",
        ]
    );
}

#[test]
fn a_circle_is_found() {
    let of = |edges: &[(&str, &str)]| {
        let mut imports = Imports::new();
        for (from, to) in edges {
            imports
                .entry(from.to_string())
                .or_default()
                .insert(to.to_string());
        }
        imports
    };
    let line = of(&[("a", "b"), ("b", "c"), ("a", "c")]);
    assert!(circles(&line).is_empty());
    let circle = of(&[("a", "b"), ("b", "c"), ("c", "b"), ("c", "d")]);
    assert_eq!(circles(&circle).into_iter().collect::<Vec<_>>(), [vec!["b", "c"]]);
}
