//! A page: Markdown whose blocks of code are one program. The output of each block stands below it.

/// A part of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// Anything that is not a block of code.
    Prose(String),
    /// A block of code, without its fences.
    Block {
        /// The text after the opening fence: the language and attributes.
        info: String,
        /// The lines, each with its line break.
        text: String,
    },
}

/// The role of a block in the book.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// A piece of the page's program.
    Cell {
        /// True if the cell must panic. The page then shows the message of the panic.
        panics: bool,
    },
    /// A program of its own that must not compile. The page then shows the errors of the compiler.
    CompileError,
    /// A command of the shell, and its output.
    Console,
    /// The output of the program above, or the compiler's errors.
    Output,
    /// Input that is typed by hand: a command without output, a manifest, the same code in Python, code of an
    /// example.
    Input,
}

/// Returns the names of the pages: those of the summary, and the repository's README. A name is a path
/// without `.md`.
pub(crate) fn names(summary: &str) -> impl Iterator<Item = &str> {
    let pages = links(summary).filter_map(|link| link.strip_suffix(".md"));
    pages.chain(["../../README"])
}

/// Returns the targets of the links and images in a Markdown text.
pub(crate) fn links(text: &str) -> impl Iterator<Item = &str> {
    let ends = text.split("](").skip(1);
    ends.filter_map(|rest| rest.split_once(')').map(|(link, _)| link))
}

/// Splits a page into its parts.
///
/// # Errors
/// Returns an error if a block does not end.
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

/// Returns the role of a block, by its language.
///
/// # Errors
/// Returns an error if the book has no use for the language.
pub(crate) fn role(info: &str) -> Result<Role, String> {
    match info {
        "rust" => Ok(Role::Cell { panics: false }),
        "rust,should_panic" => Ok(Role::Cell { panics: true }),
        "rust,compile_fail" => Ok(Role::CompileError),
        "text" | "text,message" => Ok(Role::Output),
        "console" => Ok(Role::Console),
        "sh" | "toml" | "python" | "rust,ignore" => Ok(Role::Input),
        _ => Err(format!(
            "a block of {info:?}: the book has rust, text, console, sh, toml, python and rust,ignore"
        )),
    }
}

/// Returns the cells of a page in order. The flag of a cell is true if the cell must panic.
///
/// # Errors
/// Returns the error of [`role`] for a block that has no role.
pub(crate) fn cells(parts: &[Part]) -> Result<Vec<(String, bool)>, String> {
    let mut cells = Vec::new();
    for part in parts {
        if let Part::Block { info, text } = part
            && let Role::Cell { panics } = role(info)?
        {
            cells.push((text.clone(), panics));
        }
    }
    Ok(cells)
}
