//! `kiln-book run <page>` runs the program of a page. `kiln-book update` writes the output of all programs
//! into the pages, and `kiln-book update <page> ..` that of some.

use kiln_book::{Book, END_OF_CELL};
use std::panic::{self, AssertUnwindSafe};
use std::process::ExitCode;
use std::sync::atomic::{AtomicU32, Ordering};

#[allow(
    unused,
    clippy::all,
    reason = "build.rs writes it from pages/*.md, for readers and not for clippy"
)]
mod programs {
    include!(concat!(env!("OUT_DIR"), "/pages.rs"));
}

/// The line of the file of all programs at which the current cell begins.
static FIRST_LINE: AtomicU32 = AtomicU32::new(0);

/// Begins the cell of a page whose first line has this number in the file of all programs.
fn cell(first_line: u32) {
    if FIRST_LINE.swap(first_line, Ordering::Relaxed) != 0 {
        println!("{END_OF_CELL}");
    }
}

/// Runs a cell that must panic.
fn panics(first_line: u32, cell: impl FnOnce()) {
    self::cell(first_line);
    if panic::catch_unwind(AssertUnwindSafe(cell)).is_ok() {
        eprintln!("the cell that ends here was to panic, and did not");
        std::process::exit(1);
    }
}

/// Prints a panic to standard output, nearly as the standard library prints it. The number of the thread and
/// the memory of the machine are left out. Lines are counted from the beginning of the cell, not of the file
/// of all programs. A place within kiln has no line, because it says nothing to readers.
fn show(info: &panic::PanicHookInfo<'_>) {
    let message = info.payload_as_str().unwrap_or("a panic without a text");
    let place = info.location().expect("every panic has a place");
    let place = match place.file() == programs::FILE {
        true => place.to_string(),
        false => place.file().to_string(),
    };
    let message = match message.split_once(": at most ") {
        Some((before, after)) if after.ends_with(" can be allocated") => {
            format!("{before}: at most ... can be allocated")
        }
        _ => message.to_string(),
    };
    let text = format!("thread 'main' panicked at {place}:\n{message}");
    let file = format!("{}:", programs::FILE);
    let mut parts = text.split(&file);
    let mut shown = parts.next().unwrap_or_default().to_string();
    for part in parts {
        let digits = part.bytes().take_while(u8::is_ascii_digit).count();
        let line: u32 = part[..digits].parse().unwrap_or(0);
        let line = 1 + line.saturating_sub(FIRST_LINE.load(Ordering::Relaxed));
        shown += &format!("src/main.rs:{line}{}", &part[digits..]);
    }
    println!("{shown}");
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match arguments[..] {
        ["run", name] => match programs::PAGES.iter().find(|(page, _)| *page == name) {
            Some((_, run)) => {
                panic::set_hook(Box::new(show));
                run();
                Ok(())
            }
            None => Err(format!("no page {name} with a program")),
        },
        ["update", ref names @ ..] => std::env::current_exe()
            .map_err(|error| error.to_string())
            .and_then(|program| Book::open(program)?.update(names)),
        _ => Err("kiln-book run <page>, or kiln-book update [<page> ..]".into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
