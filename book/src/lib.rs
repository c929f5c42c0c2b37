//! Runs the programs of the book's pages, and writes their output into the pages or compares it.
//!
//! `pages` holds Markdown for mdBook. The blocks in `rust` of a page are one program, which `build.rs`
//! compiles. A block of `text` below a block in `rust` holds its output. A block of `console` holds a command
//! that runs an example, and the output of the example. Comments of HTML mark the code and the tables that
//! are included from other files. Figures are files that the programs write.
//!
//! The notebook in `examples/notebook` is one more program, and its outputs are in the notebook.

mod include;
mod notebook;
mod outputs;
mod page;

use include::read;
use page::{Part, Role, links};
use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::{env, fs};

/// The line that a page's program prints between two cells.
pub const END_OF_CELL: &str = "\u{1}";

/// The pages of the book, and the program that runs them.
pub struct Book {
    /// The names of the pages in the order of SUMMARY.md: paths without `.md`.
    pub names: Vec<String>,
    pages: PathBuf,
    /// The path of `kiln-book`, which holds the programs of the pages.
    program: PathBuf,
}

impl Book {
    /// Opens the book that this crate was built from. `program` is the path of `kiln-book`.
    ///
    /// # Errors
    /// Returns an error if the list of pages cannot be read.
    pub fn open(program: impl Into<PathBuf>) -> Result<Book, String> {
        let pages = Path::new(env!("CARGO_MANIFEST_DIR")).join("pages");
        let pages = fs::canonicalize(&pages).map_err(|error| format!("{}: {error}", pages.display()))?;
        let summary = read(&pages.join("SUMMARY.md"))?;
        let names = page::names(&summary).map(String::from).collect();
        Ok(Book {
            names,
            pages,
            program: program.into(),
        })
    }

    /// Writes the included text, the output and the figures of the programs into the pages that are named, or
    /// into all pages and the notebook if none is.
    ///
    /// # Errors
    /// Returns the error of the first page that does not run, or the name that no page has.
    pub fn update(&self, names: &[&str]) -> Result<(), String> {
        if let Some(other) = names
            .iter()
            .find(|name| !self.names.iter().any(|page| page == *name))
        {
            return Err(format!("no page {other} in SUMMARY.md"));
        }
        let chosen = |name: &&String| names.is_empty() || names.contains(&name.as_str());
        if names.is_empty() {
            write(&notebook_path(), self.run_notebook()?.as_bytes())?;
        }
        for name in self.names.iter().filter(chosen) {
            let fresh = self.run(name)?;
            write(&self.path(name), fresh.text.as_bytes())?;
            for (file, content) in &fresh.figures {
                write(&self.folder(name).join(file), content)?;
            }
        }
        Ok(())
    }

    /// Returns the differences between a page and the output and figures of its program. A page that is up to
    /// date has none.
    ///
    /// # Errors
    /// Returns an error if the page does not run.
    pub fn stale(&self, name: &str) -> Result<Vec<String>, String> {
        let fresh = self.run(name)?;
        let path = self.path(name);
        let mut stale = Vec::new();
        let text = read(&path)?;
        stale.extend(difference(&path, &text, &fresh.text));
        for shown in links(&text).filter(|link| link.ends_with(".svg")) {
            if !fresh.figures.iter().any(|(file, _)| file == shown) {
                stale.push(format!("{}: {shown} is shown and not drawn", path.display()));
            }
        }
        for (file, content) in &fresh.figures {
            let path = self.folder(name).join(file);
            if fs::read(&path).ok().as_ref() != Some(content) {
                stale.push(format!("{} is not what the page draws", path.display()));
            }
        }
        Ok(stale)
    }

    /// Returns the first difference between the notebook and the outputs of its cells.
    ///
    /// # Errors
    /// Returns an error if the notebook does not run.
    pub fn stale_notebook(&self) -> Result<Option<String>, String> {
        let path = notebook_path();
        Ok(difference(&path, &read(&path)?, &self.run_notebook()?))
    }

    /// Runs the notebook, and returns it with the present outputs.
    fn run_notebook(&self) -> Result<String, String> {
        let text = read(&notebook_path())?;
        let (printed, _) = self.run_cells(notebook::NAME, notebook::programs(&text)?.len())?;
        outputs::with_outputs(&text, &printed)
    }

    /// Runs the program of a page. Returns the page with the present output, and the files that the program
    /// writes.
    fn run(&self, name: &str) -> Result<Fresh, String> {
        let in_page = |error: String| format!("{}: {error}", self.path(name).display());
        let text = include::fill(&read(&self.path(name))?, &self.folder(name)).map_err(in_page)?;
        let parts = page::parts(&text).map_err(in_page)?;
        let (outputs, figures) = match page::cells(&parts).map_err(in_page)?.len() {
            0 => (vec![], vec![]),
            cells => self.run_cells(name, cells).map_err(in_page)?,
        };
        let mut outputs = outputs.into_iter();
        let mut fresh: Vec<Part> = Vec::new();
        // The output of the last program, until its block is written.
        let mut printed = Printed::default();
        let mut parts = parts.into_iter();
        while let Some(part) = parts.next() {
            let Part::Block { info, text } = &part else {
                fresh.push(part);
                continue;
            };
            match page::role(info).map_err(in_page)? {
                Role::Cell { panics } => {
                    printed = Printed {
                        text: outputs.next().unwrap_or_default(),
                        info: if panics { "text,message" } else { "text" },
                    };
                    fresh.push(part);
                }
                Role::CompileError => {
                    printed = Printed {
                        text: compile_error(text).map_err(in_page)?,
                        info: "text,message",
                    };
                    fresh.push(part);
                }
                Role::Output => printed.show(&mut fresh),
                Role::Console => fresh.push(Part::Block {
                    text: run_command(text).map_err(in_page)?,
                    info: info.clone(),
                }),
                Role::Input => fresh.push(part),
            }
            if !has_a_place(parts.as_slice()) {
                printed.show(&mut fresh);
            }
        }
        Ok(Fresh {
            text: join(&fresh),
            figures,
        })
    }

    /// Runs the program of a page. Returns the output of each cell, and the files that the program writes, by
    /// name.
    fn run_cells(&self, name: &str, cells: usize) -> Result<(Vec<String>, Files), String> {
        let (output, figures) = in_a_folder(|folder| {
            let output = run(Command::new(&self.program)
                .args(["run", name])
                .current_dir(folder))?;
            Ok((output, figures(folder)?))
        })?;
        let printed: Vec<String> = output
            .split(&format!("{END_OF_CELL}\n"))
            .map(String::from)
            .collect();
        if let Some(text) = printed
            .iter()
            .find(|text| text.contains("```") || !text.is_empty() && !text.ends_with('\n'))
        {
            return Err(format!(
                "no block can hold what ends in the middle of a line, or has a fence in it: {text}"
            ));
        }
        if printed.len() != cells {
            return Err(format!(
                "{} cells, and a program of {}: build anew",
                cells,
                printed.len()
            ));
        }
        Ok((printed, figures))
    }

    /// Returns links and images of the book whose target does not exist, and files of the book that no link
    /// leads to.
    ///
    /// # Errors
    /// Returns an error if a page cannot be read.
    pub fn broken_links(&self) -> Result<Vec<String>, String> {
        let mut broken = Vec::new();
        let mut reached: BTreeSet<PathBuf> = BTreeSet::new();
        let own = self.names.iter().map(|name| self.path(name));
        for page in own.chain([self.pages.join("SUMMARY.md")]) {
            reached.insert(page.clone());
            let text = read(&page)?;
            for link in links(&text).chain(include::included(&text)) {
                let file = link.split('#').next().unwrap_or_default();
                if link.contains("://") || file.is_empty() {
                    continue;
                }
                let target = page.parent().expect("in the folder of pages").join(file);
                match fs::canonicalize(&target) {
                    Ok(target) => drop(reached.insert(target)),
                    Err(_) => broken.push(format!("{}: {link}", page.display())),
                }
            }
        }
        let mut folders = vec![self.pages.clone()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))? {
                let path = entry.map_err(|error| error.to_string())?.path();
                if path.is_dir() {
                    folders.push(path);
                } else if !reached.contains(&path) {
                    broken.push(format!("nothing leads to {}", path.display()));
                }
            }
        }
        Ok(broken)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.pages.join(format!("{name}.md"))
    }

    /// Returns the folder of a page, which holds its figures.
    fn folder(&self, name: &str) -> PathBuf {
        let path = self.path(name);
        path.parent().expect("in the folder of pages").to_path_buf()
    }
}

/// The names of files, and their contents.
type Files = Vec<(String, Vec<u8>)>;

/// A page with the present output of its program, and its figures.
struct Fresh {
    text: String,
    figures: Files,
}

/// The output of a program, and the language of the block that it belongs in.
#[derive(Default)]
struct Printed {
    text: String,
    info: &'static str,
}

impl Printed {
    /// Writes the output, unless it is empty or is written already.
    fn show(&mut self, fresh: &mut Vec<Part>) {
        if !self.text.is_empty() {
            fresh.push(Part::Block {
                info: self.info.into(),
                text: std::mem::take(&mut self.text),
            });
        }
    }
}

/// Returns true if a block of output comes before the next program. The output of the program goes there.
/// Without such a block it goes right below the program.
fn has_a_place(rest: &[Part]) -> bool {
    let mut roles = rest.iter().filter_map(|part| match part {
        Part::Block { info, .. } => page::role(info).ok(),
        Part::Prose(_) => None,
    });
    let next = roles.find(|role| matches!(role, Role::Output | Role::Cell { .. } | Role::CompileError));
    next == Some(Role::Output)
}

/// Runs the first line of a block, `$ cargo run --release --example <name> -- <arguments>`. The example is
/// built with the whole workspace, as the tests build it. Returns the block with the standard output of the
/// example. Standard error, such as a progress bar, is left out.
fn run_command(text: &str) -> Result<String, String> {
    let line = text.lines().next().unwrap_or_default();
    let mut words = line.split_whitespace();
    if !["$", "cargo", "run", "--release", "--example"]
        .iter()
        .all(|&word| words.next() == Some(word))
    {
        return Err(format!("{line:?} does not run an example"));
    }
    let name = words
        .next()
        .ok_or_else(|| format!("{line:?} does not run an example"))?;
    let mut build = Command::new("cargo");
    build.args(["build", "--quiet", "--workspace", "--release", "--example", name]);
    run(build.current_dir(env!("CARGO_MANIFEST_DIR")))?;
    let program = built(&format!("release/examples/{name}"))?
        .ok_or_else(|| format!("the example {name} is not where cargo puts it"))?;
    let arguments = words.skip_while(|word| *word == "--");
    Ok(format!("{line}\n{}", run(Command::new(program).args(arguments))?))
}

/// Finds what cargo put at a path, from one of the folders that this program is in.
fn built(path: &str) -> Result<Option<PathBuf>, String> {
    let here = env::current_exe().map_err(|error| error.to_string())?;
    let mut places = here.ancestors().map(|folder| folder.join(path));
    Ok(places.find(|place| place.exists()))
}

/// Returns the errors that rustc prints for a program that must not compile. The program is linked with the
/// library that was built last.
fn compile_error(code: &str) -> Result<String, String> {
    let deps = built("deps")?.ok_or("no folder of libraries beside this program")?;
    let entries = fs::read_dir(&deps).map_err(|error| error.to_string())?;
    let library = entries
        .flatten()
        .filter(|entry| {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            name.starts_with("libkiln-") && name.ends_with(".rlib")
        })
        .max_by_key(|entry| entry.metadata().and_then(|data| data.modified()).ok())
        .ok_or("kiln is not built")?;
    in_a_folder(|folder| {
        write(&folder.join("main.rs"), code.as_bytes())?;
        let mut command = Command::new("rustc");
        // The long form of errors changes from one compiler to the next. The short form does not.
        command.args("--edition=2024 --emit=metadata -Awarnings --error-format=short main.rs".split(' '));
        command.args(["-L", &format!("dependency={}", deps.display())]);
        command.args(["--extern", &format!("kiln={}", library.path().display())]);
        let done = command
            .current_dir(folder)
            .output()
            .map_err(|error| format!("rustc: {error}"))?;
        if done.status.success() {
            return Err(format!("this was not to compile:\n{code}"));
        }
        let text = String::from_utf8_lossy(&done.stderr);
        let errors = text.lines().filter(|line| line.starts_with("main.rs:"));
        Ok(errors.map(|line| format!("src/{line}\n")).collect())
    })
}

/// Calls `f` with a new folder, and removes the folder afterwards.
fn in_a_folder<T>(f: impl FnOnce(&Path) -> Result<T, String>) -> Result<T, String> {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let folder = env::temp_dir().join(format!("kiln-book-{}-{number}", std::process::id()));
    let in_folder = |error| format!("{}: {error}", folder.display());
    fs::create_dir_all(&folder).map_err(in_folder)?;
    let done = f(&folder);
    fs::remove_dir_all(&folder).map_err(in_folder)?;
    done
}

/// Runs a command that must succeed, and returns its output.
fn run(command: &mut Command) -> Result<String, String> {
    let done = command
        .output()
        .map_err(|error| format!("{command:?}: {error}"))?;
    let text = String::from_utf8_lossy(&done.stdout);
    if !done.status.success() {
        return Err(format!(
            "{command:?}: {}\n{text}{}",
            done.status,
            String::from_utf8_lossy(&done.stderr)
        ));
    }
    Ok(text.into_owned())
}

fn notebook_path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(notebook::PATH)
}

/// Returns the first line of a file that differs from the present output.
fn difference(path: &Path, text: &str, fresh: &str) -> Option<String> {
    let differing = text.lines().zip(fresh.lines()).position(|(a, b)| a != b);
    let shorter = (text != fresh).then(|| text.lines().count().min(fresh.lines().count()));
    let at = differing.or(shorter)?;
    let line = |text: &str| text.lines().nth(at).unwrap_or("the end of the page").to_string();
    Some(format!(
        "{}:{}\n    has     {}\n    prints  {}",
        path.display(),
        at + 1,
        line(text),
        line(fresh)
    ))
}

/// Joins parts to a page.
fn join(parts: &[Part]) -> String {
    let mut page = String::new();
    for part in parts {
        match part {
            Part::Prose(text) => page.push_str(text),
            Part::Block { info, text } => {
                let _ = write!(page, "```{info}\n{text}```\n");
            }
        }
    }
    page
}

/// Reads the figures in a folder.
fn figures(folder: &Path) -> Result<Files, String> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(|error| error.to_string())? {
        let path = entry.map_err(|error| error.to_string())?.path();
        if path.extension().is_none_or(|extension| extension != "svg") {
            continue;
        }
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        files.push((
            name,
            fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))?,
        ));
    }
    files.sort();
    Ok(files)
}

fn write(path: &Path, content: &[u8]) -> Result<(), String> {
    fs::write(path, content).map_err(|error| format!("{}: {error}", path.display()))
}
