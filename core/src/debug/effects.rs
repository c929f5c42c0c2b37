//! The effects of programs. The engine passes them to `happen`, in the order of the program.

use crate::display::printed;
use kiln_backends::program::{DType, Effect};
use kiln_backends::{Buffer, on_effect};
use std::cell::RefCell;
use std::panic::resume_unwind;
use std::sync::{Arc, Once, PoisonError, RwLock};

/// A part of a text to print.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Piece<'a> {
    Text(&'a str),
    Place,
}

fn pieces(text: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let special = [
            ("{}", Piece::Place),
            ("{{", Piece::Text("{")),
            ("}}", Piece::Text("}")),
        ];
        for (pattern, piece) in special {
            if let Some(after) = rest.strip_prefix(pattern) {
                rest = after;
                return Some(piece);
            }
        }
        let first = rest.chars().next()?.len_utf8();
        let end = rest[first..].find(['{', '}']).map_or(rest.len(), |at| first + at);
        let (piece, after) = rest.split_at(end);
        rest = after;
        Some(Piece::Text(piece))
    })
}

/// Returns the number of `{}` in a text.
pub(super) fn places(text: &str) -> usize {
    pieces(text).filter(|piece| *piece == Piece::Place).count()
}

/// Replaces each `{}` in a text by a value.
pub(super) fn filled(text: &str, mut values: impl Iterator<Item = String>) -> String {
    let piece = |piece| match piece {
        Piece::Text(text) => text.to_string(),
        Piece::Place => values.next().unwrap_or_default(),
    };
    pieces(text).map(piece).collect()
}

type Sink = Arc<dyn Fn(&str) + Send + Sync>;

static SINK: RwLock<Option<Sink>> = RwLock::new(None);

thread_local! {
    /// The lines printed within [`capture`].
    static CAPTURED: RefCell<Option<Vec<String>>> = const { RefCell::new(None) };
}

/// Sends all later debug prints of the whole process to `sink`. The default is the standard output.
///
/// ```standalone_crate
/// use kiln::{debug, debug_print};
/// use std::sync::Mutex;
/// static LOG: Mutex<Vec<String>> = Mutex::new(vec![]);
/// debug::print_to(|text| LOG.lock().unwrap().push(text.into()));
/// debug_print!("{} percent", 50);
/// assert_eq!(*LOG.lock().unwrap(), ["50 percent"]);
/// ```
pub fn print_to(sink: impl Fn(&str) + Send + Sync + 'static) {
    *SINK.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(sink));
}

/// Runs `f`, and returns its result and the debug prints on this thread, which are not printed.
///
/// ```
/// use kiln::{Array, debug, debug_print, lax};
/// let (last, lines) = debug::capture(|| lax::fori_loop(0, 3, |i, x: Array| { debug_print!("{} {}", i, x); x * 2 }, 1.into()));
/// assert_eq!(lines, ["0 1", "1 2", "2 4"]);
/// ```
pub fn capture<R>(f: impl FnOnce() -> R) -> (R, Vec<String>) {
    struct Restore(Option<Vec<String>>);
    impl Drop for Restore {
        fn drop(&mut self) {
            CAPTURED.set(self.0.take());
        }
    }
    let _restore = Restore(CAPTURED.replace(Some(vec![])));
    let result = f();
    (result, CAPTURED.take().unwrap_or_default())
}

pub(super) fn emit(text: &str) {
    let captured = CAPTURED.with_borrow_mut(|lines| match lines {
        Some(lines) => {
            lines.push(text.into());
            true
        }
        None => false,
    });
    if captured {
        return;
    }
    let sink = SINK.read().unwrap_or_else(PoisonError::into_inner).clone();
    match sink {
        Some(sink) => sink(text),
        None => println!("{text}"),
    }
}

/// Registers this module's handler of effects with the engine.
pub(crate) fn listen() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| on_effect(happen));
}

/// A NaN that a check found. It is the payload of a panic that `nans::watched` catches.
pub(super) struct Found {
    pub(super) op: String,
    pub(super) at: String,
}

fn happen(effect: &Effect, operands: &[Buffer]) {
    match effect {
        Effect::Print(text) => {
            emit(&filled(text, operands.iter().map(printed)));
        }
        Effect::CheckNan { op, at } => {
            if operands.iter().any(has_nan) {
                // The payload is not printed here: `nans::watched` raises it with the user's line.
                resume_unwind(Box::new(Found {
                    op: op.clone(),
                    at: at.clone(),
                }));
            }
        }
    }
}

fn has_nan(x: &Buffer) -> bool {
    match x.array_type().dtype {
        DType::F32 => x.as_slice::<f32>().iter().any(|x| x.is_nan()),
        DType::F64 => x.as_slice::<f64>().iter().any(|x| x.is_nan()),
        _ => false,
    }
}
