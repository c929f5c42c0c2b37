//! The words of rustc for common mistakes, and lines that compile.
//!
//! Each file of `tests/rustc` is a program that does not compile. Beside it is the text that rustc prints, as
//! far as it is kiln's. `KILN_RUSTC=update` writes the texts. The crate trybuild would build Burn again, in a
//! folder and a profile of its own. Here rustc reads the library that this program is linked with.

use kiln::prelude::*;
use kiln::{DType, grad, lax, numpy as np};
use serde_json::Value;
use std::env;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Returns the library kiln that was built last.
fn library(deps: &Path) -> PathBuf {
    let files = fs::read_dir(deps).expect("the folder of this program").flatten();
    let is_kiln = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with("libkiln-") && name.ends_with(".rlib")
    };
    let built = |path: &PathBuf| path.metadata().and_then(|data| data.modified()).ok();
    let libraries = files.map(|file| file.path()).filter(is_kiln);
    libraries.max_by_key(built).expect("kiln is built")
}

/// Returns the errors of a program as short text: messages, the labels within the program, and notes.
fn errors(program: &Path) -> String {
    let here = env::current_exe().expect("the path of this program");
    let deps = here.parent().expect("a folder");
    let stem = program.file_stem().expect("the name of a program");
    let to = Path::new(env!("CARGO_TARGET_TMPDIR")).join(stem);
    // The folder of the package is within that of the toolchain file, which chooses this rustc.
    let output = Command::new(env::var_os("RUSTC").unwrap_or("rustc".into()))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args("--edition=2024 --crate-type=bin --emit=metadata -Awarnings --error-format=json".split(' '))
        .args(["-o", &to.with_extension("rmeta").to_string_lossy()])
        .args(["-L", &format!("dependency={}", deps.display())])
        .args(["--extern", &format!("kiln={}", library(deps).display())])
        .arg(program)
        .output()
        .expect("rustc runs");
    let text = String::from_utf8(output.stderr).expect("rustc writes UTF-8");
    let mut shown = String::new();
    for line in text.lines().filter(|line| line.starts_with('{')) {
        let error: Value = serde_json::from_str(line).expect("rustc writes JSON");
        show(&error, program, &mut shown);
    }
    shown
}

fn show(error: &Value, program: &Path, shown: &mut String) {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_string();
    let spans = error["spans"].as_array().expect("a list");
    // The last words of rustc have no place.
    if spans.is_empty() {
        return;
    }
    let code = text(&error["code"]["code"]);
    let _ = writeln!(shown, "error[{code}]: {}", text(&error["message"]));
    let own = spans
        .iter()
        .filter(|span| span["file_name"] == *program.to_string_lossy());
    for span in own {
        let code = text(&span["text"][0]["text"]);
        let (line, label) = (&span["line_start"], text(&span["label"]));
        let _ = writeln!(shown, "  {line}: {}: {label}", code.trim());
    }
    for child in error["children"].as_array().expect("a list") {
        let message = text(&child["message"]);
        // Lists of implementations and bounds are long, and change with the library.
        let is_long = [
            "the following other types",
            "the following types",
            "required ",
            "the trait ",
            "for that trait",
        ];
        if !is_long.iter().any(|start| message.starts_with(start)) {
            let _ = writeln!(shown, "  {}: {message}", text(&child["level"]));
        }
        for span in child["spans"].as_array().expect("a list") {
            if let Some(instead) = span["suggested_replacement"].as_str() {
                let _ = writeln!(shown, "    {instead}");
            }
        }
    }
    shown.push('\n');
}

#[test]
fn rustc_says_what_to_write() {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/rustc"));
    let mut wrong = vec![];
    for name in ["arguments", "names", "sealed", "trees"] {
        let found = errors(&folder.join(name).with_extension("rs"));
        let file = folder.join(name).with_extension("txt");
        if env::var("KILN_RUSTC").is_ok_and(|mode| mode == "update") {
            fs::write(&file, &found).expect("the folder can be written to");
        }
        let wanted = fs::read_to_string(&file).unwrap_or_default();
        if found != wanted {
            wrong.push(format!("{name} is\n{found}\nnot\n{wanted}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn ranges_are_bounds_and_any_integer_is_a_count() {
    let n: u8 = 3;
    assert_eq!(np::arange(1..n + 1).to_string(), "[1 2 3]");
    assert_eq!(np::arange(1..=3_i64).to_string(), "[1 2 3]");
    assert_eq!(np::arange(n..=2).to_string(), "[]");
    assert_eq!(np::arange(0.0..1.5).to_string(), "[0. 1.]");
    assert_eq!(np::arange(2..4).dtype(), DType::I32);
    for (ones, line) in [
        (np::ones(n), np::linspace(0, 1, n)),
        (np::ones(3_u64), np::linspace(0, 1, 3_i16)),
    ] {
        assert_eq!((ones + line).to_string(), "[1.  1.5 2. ]");
    }
    assert_eq!(np::identity(n).shape()[..], [3, 3]);
}

/// `jnp.array([[1, x], [-x, 1.5]])` of a float32 `x`, and of vectors.
#[test]
fn lists_of_arrays_and_numbers_are_arrays() {
    let rotation = |x: Array| np::array([[1.into(), x.clone()], [-x, 1.5.into()]]);
    let found = rotation(2.0_f32.into());
    assert_eq!(found.to_string(), "[[ 1.   2. ]\n [-2.   1.5]]");
    assert_eq!(jit(rotation)(2.0.into()).to_string(), found.to_string());
    assert_eq!(
        grad(|x: Array| rotation(x).prod())(2.0.into()).to_string(),
        "-6.0"
    );
    let (x, y) = (np::arange(2), np::array([0.5, 1.5]));
    let both = np::array([&x, &y]);
    assert_eq!(both.to_string(), "[[0.  1. ]\n [0.5 1.5]]");
    assert_eq!(np::array(vec![[&x, &x], [&y, &y]]).shape()[..], [2, 2, 2]);
    assert_eq!(Array::from([x.clone(), x.clone()]).dtype(), DType::I32);
    assert_eq!(np::array(&y).to_string(), y.to_string());
    assert_eq!(np::array(Vec::<Array>::new()).shape()[..], [0]);
    assert_eq!(y.index([x.index(1), x.index(0)]).to_string(), "[1.5 0.5]");
}

/// As in JAX, a loop over an array takes its parts along the first axis, also in a trace.
#[test]
fn loops_go_along_the_first_axis() {
    let x = np::array([[1, 2], [3, 4]]);
    let rows: Vec<String> = (&x).into_iter().map(|row| row.to_string()).collect();
    assert_eq!(rows, ["[1 2]", "[3 4]"]);
    let last = x.clone().into_iter().next_back().expect("two rows");
    assert_eq!(last.to_string(), "[3 4]");
    let total = |x: Array| {
        let mut total = Array::from(0);
        for row in &x {
            total = 2 * total + row;
        }
        total
    };
    assert_eq!(total(x.clone()).to_string(), "[5 8]");
    assert_eq!(jit(total)(x).to_string(), "[5 8]");
}

#[test]
fn arrays_may_be_captured_by_a_closure_that_may_panic() {
    let x = np::ones(3);
    let length = std::panic::catch_unwind(|| x.len());
    assert_eq!(length.ok(), Some(3));
    let loops = std::panic::catch_unwind(|| lax::fori_loop(0, 3, |_, y: Array| y + &x, x.clone()));
    assert_eq!(loops.expect("no panic").to_string(), "[4. 4. 4.]");
}
