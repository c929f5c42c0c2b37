//! Checks the comments and the lengths of the repository's Rust files.
//!
//! CONTRIBUTING.md has the rules for words. Each test lists all places that break its rule.

use std::fs;
use std::path::{Path, PathBuf};

/// The most characters of a comment line, with its indent.
const COLUMNS: usize = 110;

/// The most lines of code of a source file.
const LINES: usize = 400;

/// The words that no comment begins with. A comment says who does what.
const WORDS: [&str; 5] = ["What", "Which", "Where", "Whether", "How"];

/// A source file with more than [`LINES`] lines of code, the most lines that it may have, and the reason.
const LONG: &[(&str, usize, &str)] = &[(
    "backends/cpu/src/loops/small/layout.rs",
    475,
    "code generation replaces it",
)];

/// A Rust file of the repository.
struct Source {
    /// The path from the root of the repository, with `/` between folders.
    path: String,
    text: String,
}

/// A line of a comment.
struct Line<'a> {
    /// The number of the line in its file, from 1.
    number: usize,
    whole: &'a str,
    /// The text after the marker, without spaces around it.
    text: &'a str,
    /// True for the first line of a comment, a paragraph or a list item.
    begins: bool,
    /// True inside of a code fence, and for the fence.
    is_code: bool,
}

/// Returns the Rust files in a folder and in the folders within, without those that cargo builds.
fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder of the repository");
    let mut files = vec![];
    for entry in entries {
        let path = entry.expect("a file").path();
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if path.is_dir() {
            if name != "target" && !name.starts_with('.') {
                files.extend(rust_files(&path));
            }
        } else if name.ends_with(".rs") {
            files.push(path);
        }
    }
    files
}

/// Reads the Rust files of the repository, in the order of their paths.
fn sources() -> Vec<Source> {
    let home = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    let mut files = rust_files(home);
    files.sort();
    let source = |file: &PathBuf| {
        let path = file.strip_prefix(home).expect("a file of the repository");
        Source {
            path: path.to_str().expect("names of letters").replace('\\', "/"),
            text: fs::read_to_string(file).expect("a text"),
        }
    };
    let sources: Vec<Source> = files.iter().map(source).collect();
    assert!(sources.len() > 300, "only {} files were found", sources.len());
    sources
}

/// Returns the rest of a list item, without its marker.
fn item(text: &str) -> Option<&str> {
    text.strip_prefix("- ").or_else(|| text.strip_prefix("* "))
}

fn is_heading(text: &str) -> bool {
    text.starts_with('#') && text.trim_start_matches('#').starts_with(' ')
}

/// Returns the lines of the comments in a source. A comment that follows code on its line is left out.
fn comments(source: &str) -> Vec<Line<'_>> {
    let mut lines = vec![];
    let (mut last_marker, mut in_code, mut in_paragraph) = ("", false, false);
    for (at, whole) in source.lines().enumerate() {
        let line = whole.trim_start();
        let Some(rest) = line.strip_prefix("//") else {
            last_marker = "";
            continue;
        };
        let rest = rest.strip_prefix(['/', '!']).unwrap_or(rest);
        let marker = &line[..line.len() - rest.len()];
        if marker != last_marker {
            (last_marker, in_code, in_paragraph) = (marker, false, false);
        }
        let text = rest.trim();
        let is_fence = text.starts_with("```");
        let is_code = in_code || is_fence;
        in_code = in_code != is_fence;
        lines.push(Line {
            number: at + 1,
            whole,
            text,
            begins: !is_code && (!in_paragraph || item(text).is_some()),
            is_code,
        });
        in_paragraph = !is_code && !text.is_empty() && !is_heading(text);
    }
    lines
}

fn begins_with_a_question(line: &Line) -> bool {
    let text = item(line.text).unwrap_or(line.text);
    let word = text
        .split(|c: char| !c.is_alphanumeric())
        .next()
        .unwrap_or_default();
    line.begins && WORDS.contains(&word)
}

/// Returns true if a line can be broken and must be. Rows of tables cannot.
fn is_too_long(line: &Line) -> bool {
    let can_break = !line.is_code && !line.text.starts_with('|') && pieces(line.text) > 1;
    can_break && line.whole.chars().count() > COLUMNS
}

/// Returns the number of pieces of a text between which a line may end. A code span and a link are one piece.
fn pieces(text: &str) -> usize {
    let text = item(text).unwrap_or(text);
    // The definition of a link, `[name]: target`.
    let mut rest = match text.split_once("]: ") {
        Some((name, target)) if name.starts_with('[') => target,
        _ => text,
    };
    let mut plain = String::new();
    while let Some(at) = rest.find(['`', '[']) {
        plain.push_str(&rest[..at]);
        let end = match span(&rest[at..]) {
            Some(length) => {
                plain.push('x');
                at + length
            }
            None => {
                plain.push_str(&rest[at..=at]);
                at + 1
            }
        };
        rest = &rest[end..];
    }
    plain.push_str(rest);
    plain.split_whitespace().count()
}

/// Returns the length of the code span or the link at the beginning of a text.
fn span(text: &str) -> Option<usize> {
    if let Some(code) = text.strip_prefix('`') {
        return code.find('`').map(|end| end + 2);
    }
    let end = closed(text, '[', ']')?;
    let target = &text[end..];
    match target.chars().next()? {
        '(' => Some(end + closed(target, '(', ')')?),
        '[' => Some(end + closed(target, '[', ']')?),
        _ => None,
    }
}

/// Returns the length of the brackets at the beginning of a text, with their content. Brackets in code spans
/// do not count.
fn closed(text: &str, open: char, close: char) -> Option<usize> {
    let (mut depth, mut in_code) = (0, false);
    for (at, c) in text.char_indices() {
        in_code ^= c == '`';
        if !in_code && c == open {
            depth += 1;
        } else if !in_code && c == close {
            depth -= 1;
            if depth == 0 {
                return Some(at + c.len_utf8());
            }
        }
    }
    None
}

/// Returns true for the files of tests, which may have any length.
fn is_test(path: &str) -> bool {
    path.starts_with("tests/") || path.contains("/tests/") || path.ends_with("/tests.rs")
}

/// Returns the number of lines that are neither blank nor a comment. The unit tests at the end do not count.
fn lines_of_code(source: &str) -> usize {
    let code = source
        .rsplit_once("\n#[cfg(test)]\nmod ")
        .map_or(source, |(code, _)| code);
    code.lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with("//"))
        .count()
}

/// Returns the places of the comment lines for which `breaks` returns true.
fn found(breaks: fn(&Line) -> bool) -> Vec<String> {
    let mut found = vec![];
    for source in sources() {
        let lines = comments(&source.text);
        let places = lines.iter().filter(|line| breaks(line));
        found.extend(places.map(|line| format!("{}:{}: {}", source.path, line.number, line.text)));
    }
    found
}

#[test]
fn comments_say_who_does_what() {
    let found = found(begins_with_a_question);
    assert!(
        found.is_empty(),
        "{} comments begin with one of {WORDS:?}; begin with the verb, or name the thing:\n{}",
        found.len(),
        found.join("\n")
    );
}

#[test]
fn comments_fit_on_their_lines() {
    let found = found(is_too_long);
    assert!(
        found.is_empty(),
        "{} lines of comments have more than {COLUMNS} characters:\n{}",
        found.len(),
        found.join("\n")
    );
}

/// `unwrap` shows the `Debug` of an error, which must be the text for users.
#[test]
fn the_debug_of_every_error_is_its_display() {
    const IMPLS: [&str; 2] = ["impl std::error::Error for ", "impl Error for "];
    let mut found = 0;
    for Source { path, text } in sources() {
        let implemented = |line| IMPLS.iter().find_map(|start| str::strip_prefix(line, start));
        for error in text.lines().filter_map(implemented) {
            let name = error.split(' ').next().expect("a name");
            let call = format!("debug_by_display!({name});");
            assert!(text.contains(&call), "{path}: {call} is missing");
            found += 1;
        }
    }
    assert!(found >= 13, "only {found} errors were found");
}

#[test]
fn source_files_are_short() {
    let sources = sources();
    let mut wrong = vec![];
    for source in sources.iter().filter(|source| !is_test(&source.path)) {
        let lines = lines_of_code(&source.text);
        let named = LONG.iter().find(|(path, ..)| *path == source.path);
        let most = named.map_or(LINES, |(_, most, _)| *most);
        if lines > most {
            wrong.push(format!(
                "{}: {lines} lines of code, at most {most}: split it, or name it in LONG with a reason",
                source.path
            ));
        }
        if named.is_some() && lines <= LINES {
            wrong.push(format!(
                "{}: {lines} lines of code: take it out of LONG",
                source.path
            ));
        }
    }
    for (path, ..) in LONG {
        if !sources.iter().any(|source| source.path == *path) {
            wrong.push(format!("{path}: there is no such file: take it out of LONG"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn paragraphs_begin_after_blank_lines_headings_and_fences() {
    let source = "//! One\n//! two.\n//!\n//! Three.\n//! # Four\n//! Five.\n//! ```\n//! six\n//! ```\n//! Seven.\n\
                  code(); // eight\n// Nine.\n/// Ten.\n/// - Eleven\n///   twelve.\n";
    let lines = comments(source);
    let begun: Vec<&str> = lines
        .iter()
        .filter(|line| line.begins && !line.text.is_empty())
        .map(|line| line.text)
        .collect();
    assert_eq!(
        begun,
        ["One", "Three.", "Five.", "Seven.", "Nine.", "Ten.", "- Eleven"]
    );
    let code: Vec<usize> = lines
        .iter()
        .filter(|line| line.is_code)
        .map(|line| line.number)
        .collect();
    assert_eq!(code, [7, 8, 9]);
}

#[test]
fn questions_are_found_at_the_beginning() {
    let begin = |text: &str| begins_with_a_question(&comments(text)[0]);
    assert!(begin("/// What is made.") && begin("// How?") && begin("//! - Which of them."));
    assert!(!begin("/// Whatever.") && !begin("// `What`") && !begin("//! Returns what is made."));
}

#[test]
fn code_spans_and_links_are_not_broken() {
    assert_eq!(pieces("one two three"), 3);
    assert_eq!(pieces("`a b` [c d](e f), [g h][i]"), 3);
    assert_eq!(pieces("on [0, 1) and `open"), 5);
    assert_eq!(pieces("- [a `]` b](c(d))"), 1);
    assert_eq!(pieces("[name]: https://example.com"), 1);
}

#[test]
fn unit_tests_and_comments_are_no_code() {
    let source =
        "//! Doc.\n\nfn f() {}\n    // Comment.\nfn g() {} // code\n\n#[cfg(test)]\nmod tests {\n}\n";
    assert_eq!(lines_of_code(source), 2);
    assert!(is_test("tests/a.rs") && is_test("core/tests/a.rs") && is_test("core/src/vmap/tests.rs"));
    assert!(!is_test("core/src/vmap/mod.rs"));
}
