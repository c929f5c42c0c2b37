//! Writes the programs of the pages and of the notebook: one module for each, with a function that runs the
//! cells one after the other.

#[path = "src/notebook.rs"]
mod notebook;
#[path = "src/page.rs"]
mod page;

use std::fmt::Write;
use std::path::Path;
use std::{env, fs};

fn main() {
    let pages = Path::new("pages");
    println!("cargo::rerun-if-changed=pages");
    println!("cargo::rerun-if-changed=../README.md");
    println!("cargo::rerun-if-changed={}", notebook::PATH);
    let summary = fs::read_to_string(pages.join("SUMMARY.md")).expect("pages/SUMMARY.md");
    let pages = page::names(&summary).map(|name| {
        let path = pages.join(format!("{name}.md"));
        let cells = page::parts(&read(&path)).and_then(|parts| page::cells(&parts));
        (
            name,
            cells.unwrap_or_else(|error| panic!("{}: {error}", path.display())),
        )
    });
    let cells = notebook::programs(&read(Path::new(notebook::PATH)));
    let cells = cells.unwrap_or_else(|error| panic!("{}: {error}", notebook::PATH));
    let notebook = (
        notebook::NAME,
        cells.into_iter().map(|cell| (cell, false)).collect(),
    );
    let mut programs = String::from("pub(crate) const FILE: &str = file!();\n");
    let mut table = String::new();
    for (name, cells) in pages.chain([notebook]).filter(|(_, cells)| !cells.is_empty()) {
        let module = name.replace(['/', '-', '.'], "_").to_lowercase();
        let _ = writeln!(table, "({name:?}, {module}::run),");
        let _ = writeln!(programs, "mod {module} {{\npub(crate) fn run() {{");
        for (code, panics) in cells {
            // The line of the file that holds the first line of the cell's code. The lines of panics are
            // counted from it.
            let _ = match (panics, code.contains("fn main()")) {
                (true, _) => writeln!(programs, "crate::panics(line!() + 1, || {{\n{code}}});"),
                (false, true) => writeln!(programs, "crate::cell(line!() + 1); {{\n{code}main();\n}}"),
                (false, false) => writeln!(programs, "crate::cell(line!() + 1);\n{code}"),
            };
        }
        let _ = writeln!(programs, "}}\n}}");
    }
    let _ = writeln!(
        programs,
        "pub(crate) const PAGES: &[(&str, fn())] = &[\n{table}];"
    );
    let out = env::var("OUT_DIR").expect("cargo sets OUT_DIR");
    fs::write(Path::new(&out).join("pages.rs"), programs).expect("OUT_DIR can be written to");
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
