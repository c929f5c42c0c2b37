//! Bad input panics at the user's own line. The message names the function and the fact, and often says what
//! to do.
//!
//! Each file has the messages of one area.

mod control_flow;
mod creation;
mod draws;
mod elementwise;
mod indices;
mod keywords;
mod matrices;
mod plots;
mod pytrees;
mod reductions;
mod shapes;
mod texts;
mod transforms;

use kiln::numpy as np;
use kiln::prelude::*;
use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;

/// A panic: file, line, message.
type Panic = (String, u32, String);

thread_local! {
    static LAST: RefCell<Option<Panic>> = const { RefCell::new(None) };
}

/// Returns the panic of `f` as the hook saw it on this thread.
fn panic_of(f: impl FnOnce()) -> Option<Panic> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if let Some(at) = info.location() {
                let message = info.payload_as_str().unwrap_or_default().to_string();
                LAST.set(Some((at.file().into(), at.line(), message)));
            }
            before(info);
        }));
    });
    LAST.set(None);
    catch_unwind(AssertUnwindSafe(f)).err().and_then(|_| LAST.take())
}

/// A call that must panic, and its place.
struct Call<'a> {
    file: &'static str,
    line: u32,
    f: Box<dyn FnOnce() + 'a>,
}

macro_rules! call {
    ($call:expr) => {
        $crate::errors::Call {
            file: file!(),
            line: line!(),
            f: Box::new(|| {
                let _ = $call;
            }),
        }
    };
}
use call;

/// Checks that every call panics at its line with its message. A message with `…` is compared up to that
/// sign.
fn refused<'a, const N: usize>(cases: [(Call<'a>, &str); N]) {
    let mut wrong = Vec::new();
    for (Call { file, line, f }, message) in cases {
        let Some((panicked, at, found)) = panic_of(f) else {
            wrong.push(format!("line {line}: no panic, but wanted {message}"));
            continue;
        };
        let same = message
            .strip_suffix('…')
            .map_or(found == message, |start| found.starts_with(start));
        if !same {
            wrong.push(format!("line {line}: {found}\n    instead of {message}"));
        }
        if (panicked.as_str(), at) != (file, line) {
            wrong.push(format!("line {line}: panics at {panicked}:{at}: {found}"));
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

/// Checks that every call panics at its line with its name and the fact.
fn each_refused<'a, const N: usize>(calls: [(Call<'a>, &str); N], fact: &str) {
    for (call, name) in calls {
        refused([(call, &format!("{name}: {fact}"))]);
    }
}

/// The fact about axis 2 of [`matrix`].
const BOUNDS: &str = "axis 2 is out of bounds for an array of 2 axes";

fn matrix() -> Array {
    np::ones((2, 3))
}

#[derive(Clone, Tree)]
struct Model {
    weights: Vec<Array>,
    bias: Option<Array>,
    #[tree(static)]
    depth: usize,
}

fn model(layers: usize, has_bias: bool) -> Model {
    Model {
        weights: vec![np::ones(2); layers],
        bias: has_bias.then(|| np::ones(1)),
        depth: layers,
    }
}
