//! A page: Markdown whose blocks of code are one program, each followed by what it prints.

/// A part of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// Anything that is not a block of code.
    Prose(String),
    /// A block of code, without its fences.
    Block {
        /// What stands behind the opening fence: the language and attributes.
        info: String,
        /// The lines, each with its end.
        text: String,
    },
}

/// What a block is to the book.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// A piece of the page's program.
    Cell {
        /// True if it is to end in a panic, whose message is then shown.
        panics: bool,
    },
    /// A program of its own that does not compile; what the compiler says is then shown.
    CompileError,
    /// Lines of a file elsewhere in the repository, by mdBook's `{{#include}}`.
    Include,
    /// A command of the shell and what it prints.
    Console,
    /// What the program before it prints, or the compiler about it.
    Output,
    /// What is typed by hand because it is input: a command without output, a manifest, the same in Python.
    Input,
}

/// The pages of a book by its summary: paths without `.md`.
pub(crate) fn names(summary: &str) -> impl Iterator<Item = &str> {
    links(summary).filter_map(|link| link.strip_suffix(".md"))
}

/// The targets of Markdown's links and images.
pub(crate) fn links(text: &str) -> impl Iterator<Item = &str> {
    let ends = text.split("](").skip(1);
    ends.filter_map(|rest| rest.split_once(')').map(|(link, _)| link))
}

/// Takes a page apart.
///
/// # Errors
/// A block that does not end.
pub(crate) fn parts(page: &str) -> Result<Vec<Part>, String> {
    let mut parts = Vec::new();
    let mut prose = String::new();
    let mut lines = page.split_inclusive('\n');
    while let Some(line) = lines.next() {
        let Some(info) = line.strip_prefix("```") else {
            prose.push_str(line);
            continue;
        };
        if !prose.is_empty() {
            parts.push(Part::Prose(std::mem::take(&mut prose)));
        }
        let mut text = String::new();
        loop {
            match lines.next() {
                None => return Err(format!("the block that begins with {line:?} does not end")),
                Some("```\n" | "```") => break,
                Some(line) => text.push_str(line),
            }
        }
        parts.push(Part::Block {
            info: info.trim_end().into(),
            text,
        });
    }
    if !prose.is_empty() {
        parts.push(Part::Prose(prose));
    }
    Ok(parts)
}

/// What a block is, by its language and content.
///
/// # Errors
/// A language that the book has no use for.
pub(crate) fn role(info: &str, text: &str) -> Result<Role, String> {
    if text.starts_with("{{#include ") {
        return Ok(Role::Include);
    }
    match info {
        "rust" => Ok(Role::Cell { panics: false }),
        "rust,should_panic" => Ok(Role::Cell { panics: true }),
        "rust,compile_fail" => Ok(Role::CompileError),
        "text" | "text,message" => Ok(Role::Output),
        "console" => Ok(Role::Console),
        "sh" | "toml" | "python" => Ok(Role::Input),
        _ => Err(format!(
            "a block of {info:?}: the book has rust, text, console, sh, toml and python"
        )),
    }
}

/// The code of a cell: lines that mdBook hides are part of the program.
pub(crate) fn code(text: &str) -> String {
    let shown = |line: &str| match line.trim_end() {
        "#" => "\n".to_string(),
        _ => line.strip_prefix("# ").unwrap_or(line).to_string(),
    };
    text.split_inclusive('\n').map(shown).collect()
}

/// The cells of a page in order, with whether each is to panic.
///
/// # Errors
/// What [`role`] refuses.
pub(crate) fn cells(parts: &[Part]) -> Result<Vec<(String, bool)>, String> {
    let mut cells = Vec::new();
    for part in parts {
        if let Part::Block { info, text } = part
            && let Role::Cell { panics } = role(info, text)?
        {
            cells.push((code(text), panics));
        }
    }
    Ok(cells)
}
