//! Included text: lines of other files that `update` writes into the pages, so that the Markdown of a page is
//! complete.

use std::fs;
use std::path::Path;

const BEGIN: &str = "<!-- include ";
const END: &str = "<!-- end of include -->";

/// Returns the files that a page includes, as paths from the folder of the page.
pub(crate) fn included(page: &str) -> impl Iterator<Item = &str> {
    page.lines()
        .filter_map(target)
        .map(|target| target.split_once(':').map_or(target, |(file, _)| file))
}

/// Returns a page with the present text of all files that it includes.
///
/// `<!-- include ../examples/newton.rs:newton -->` begins a region, and `<!-- end of include -->` ends it.
/// The region holds the lines of the file between `ANCHOR: newton` and `ANCHOR_END: newton`, or the whole
/// file if no anchor is given. Markdown is included as it is, and other files as a block of code.
///
/// # Errors
/// Returns an error if a file or an anchor does not exist, or a region does not end.
pub(crate) fn fill(page: &str, folder: &Path) -> Result<String, String> {
    let mut filled = String::new();
    let mut lines = page.split_inclusive('\n');
    while let Some(line) = lines.next() {
        filled.push_str(line);
        let Some(target) = target(line) else { continue };
        lines
            .find(|line| line.trim_end() == END)
            .ok_or_else(|| format!("{} does not end", line.trim_end()))?;
        filled = filled + &text(folder, target)? + END + "\n";
    }
    Ok(filled)
}

/// Returns the file and the anchor of a line that begins a region.
fn target(line: &str) -> Option<&str> {
    line.trim_end().strip_prefix(BEGIN)?.strip_suffix(" -->")
}

/// Returns the text of a file, or of an anchor in it, as Markdown.
fn text(folder: &Path, target: &str) -> Result<String, String> {
    let (file, anchor) = target.split_once(':').unwrap_or((target, ""));
    let content = read(&folder.join(file))?;
    let lines: Vec<&str> = match anchor {
        "" => content.lines().collect(),
        _ => between(&content, anchor).ok_or_else(|| format!("no anchor {anchor} in {file}"))?,
    };
    let written = lines.iter().filter(|line| !line.is_empty());
    let indent = written.map(|line| line.len() - line.trim_start().len()).min();
    let dedented = |line: &&str| format!("{}\n", line.get(indent.unwrap_or(0)..).unwrap_or_default());
    let text: String = lines.iter().map(dedented).collect();
    Ok(match file.ends_with(".md") {
        true => text,
        false => format!("```rust,ignore\n{text}```\n"),
    })
}

/// Returns the lines between the two comments of an anchor.
fn between<'a>(content: &'a str, anchor: &str) -> Option<Vec<&'a str>> {
    let mut lines = content.lines();
    lines.find(|line| line.ends_with(&format!("// ANCHOR: {anchor}")))?;
    let rest: Vec<&str> = lines.collect();
    let end = rest
        .iter()
        .position(|line| line.ends_with(&format!("// ANCHOR_END: {anchor}")))?;
    Some(rest[..end].to_vec())
}

/// Returns the text of a file.
pub(crate) fn read(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::fill;
    use std::path::Path;

    fn filled(page: &str) -> Result<String, String> {
        fill(page, Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/pages")))
    }

    #[test]
    fn a_region_holds_the_lines_of_its_file() {
        let page = "before\n<!-- include ../../examples/kesten.rs:simulate -->\nold\n<!-- end of include -->\nafter\n";
        let once = filled(page).unwrap();
        assert!(
            once.starts_with(
                "before\n<!-- include ../../examples/kesten.rs:simulate -->\n```rust,ignore\nlet "
            ),
            "{once}"
        );
        assert!(
            once.ends_with(";\n```\n<!-- end of include -->\nafter\n") && !once.contains("ANCHOR"),
            "{once}"
        );
        assert_eq!(filled(&once).unwrap(), once);
    }

    #[test]
    fn what_is_missing_is_an_error() {
        for page in [
            "<!-- include ../../examples/kesten.rs -->\n",
            "<!-- include ../../examples/no.rs -->\n<!-- end of include -->\n",
            "<!-- include ../../examples/kesten.rs:no -->\n<!-- end of include -->\n",
        ] {
            assert!(filled(page).is_err(), "{page}");
        }
    }
}
