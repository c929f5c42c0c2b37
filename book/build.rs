//! Writes the programs of the pages: one module for each page, with a function that runs the page's cells one
//! after the other.

#[path = "src/page.rs"]
mod page;

use std::fmt::Write;
use std::path::Path;
use std::{env, fs};

fn main() {
    let pages = Path::new("pages");
    println!("cargo::rerun-if-changed=pages");
    println!("cargo::rerun-if-changed=../README.md");
    let summary = fs::read_to_string(pages.join("SUMMARY.md")).expect("pages/SUMMARY.md");
    let mut programs = String::from("pub(crate) const FILE: &str = file!();\n");
    let mut table = String::new();
    for name in page::names(&summary) {
        let text = fs::read_to_string(pages.join(format!("{name}.md")))
            .unwrap_or_else(|error| panic!("pages/{name}.md: {error}"));
        let cells = page::parts(&text).and_then(|parts| page::cells(&parts));
        let cells = cells.unwrap_or_else(|error| panic!("pages/{name}.md: {error}"));
        if cells.is_empty() {
            continue;
        }
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
