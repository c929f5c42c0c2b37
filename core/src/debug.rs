//! Prints values while programs run, and finds the op that made the first NaN.
//!
//! | | |
//! |---|---|
//! | [`debug_print!`](crate::debug_print!) | prints arrays where the program runs |
//! | [`print_to`] | sends what is printed elsewhere |
//! | [`capture`] | collects what is printed, for a test |
//! | [`debug_nans`](crate::debug_nans()) | stops at the op that makes the first NaN |
//! | [`program`](crate::program()) | shows the trace of a function |
//!
//! A `println!` in a traced function prints once, when the function is traced, and an array has no value
//! then. Prints and checks are effects: equations without results, done in the order of the program.
//!
//! ```
//! use kiln::{Array, debug, debug_print, jit, numpy as np};
//! let f = jit(|x: Array| {
//!     debug_print!("x = {}", x);
//!     x.sum()
//! });
//! let (sum, lines) = debug::capture(|| f(np::arange(3)));
//! assert_eq!(lines, ["x = [0 1 2]"]);
//! assert_eq!(sum.to_string(), "3");
//! ```

use crate::array::Array;
use crate::config::debug_nans_enabled;
use crate::error::{check, raise};
use crate::trace::{bind, check_alive, is_deriving, is_tracing};
use kiln_backends::program::{Class, DType, Effect, Op, Program, Unary};
use kiln_backends::{Buffer, on_effect};
use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, Location, catch_unwind, resume_unwind};
use std::sync::{Arc, Once, PoisonError, RwLock};

/// Prints arrays where the program runs: `debug_print!("x = {}, y = {}", x, &y + 1)`.
///
/// Each `{}` is replaced by the next value. A value is an array, a reference to one, or a number, and is not
/// moved. `{{` stands for a brace. Inside of transformations the values are printed when they are computed:
/// under [`jit`](crate::jit) at every call, in loops at every iteration, in a branch when it is taken, under
/// `vmap` once an element. A program prints in the order of its equations.
/// [`print_to`](crate::debug::print_to) sends the text elsewhere.
///
/// # Panics
/// When the number of values is not the number of `{}`.
///
/// ```
/// use kiln::{Array, debug, debug_print, jit, numpy as np};
/// let f = jit(|x: Array| {
///     let y = x.sum();
///     debug_print!("the sum of {} is {}", x, y);
///     y
/// });
/// let (_, lines) = debug::capture(|| (f(np::arange(3)), f(np::ones(2))));
/// assert_eq!(lines, ["the sum of [0 1 2] is 3", "the sum of [1. 1.] is 2.0"]);
/// ```
#[macro_export]
macro_rules! debug_print {
    ($text:expr $(, $value:expr)* $(,)?) => {
        $crate::debug::print($text, &[$($crate::debug::value(&$value)),*])
    };
}

/// Converts to a value for [`print()`]: an array, a reference to one, or a number.
///
/// ```
/// use kiln::{debug, numpy as np};
/// assert_eq!(debug::value(&2).to_string(), "2");
/// assert_eq!(debug::value(&&np::ones(2)).to_string(), "[1. 1.]");
/// ```
pub fn value<T: Clone + Into<Array>>(x: &T) -> Array {
    x.clone().into()
}

/// Prints arrays as [`debug_print!`](crate::debug_print!) does, for a text or a number of values that is
/// known only at run time.
///
/// # Panics
/// When the number of values is not the number of `{}`.
///
/// ```
/// use kiln::{debug, numpy as np};
/// let values = [np::ones(2), 3.into()];
/// let text = vec!["{}"; values.len()].join(" and ");
/// let ((), lines) = debug::capture(|| debug::print(&text, &values));
/// assert_eq!(lines, ["[1. 1.] and 3"]);
/// ```
#[track_caller]
pub fn print(text: &str, values: &[Array]) {
    const OP: &str = "debug_print";
    let places = pieces(text).filter(|piece| *piece == Piece::Place).count();
    check(places == values.len(), OP, || {
        format!("{places} places in {text:?} for {} values", values.len())
    });
    check_alive(OP, values);
    if !is_tracing() {
        return emit(&filled(text, values));
    }
    listen();
    let mut operands = Vec::with_capacity(values.len());
    for x in values {
        let kind = x.kind();
        operands.push(x.clone().settled(OP, kind));
    }
    let operands: Vec<&Array> = operands.iter().collect();
    bind(Op::Effect(Effect::Print(text.into())), &operands, &[]);
}

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

fn filled(text: &str, values: &[Array]) -> String {
    let mut values = values.iter();
    let piece = |piece| match piece {
        Piece::Text(text) => text.to_string(),
        Piece::Place => values.next().map(Array::to_string).unwrap_or_default(),
    };
    pieces(text).map(piece).collect()
}

type Sink = Arc<dyn Fn(&str) + Send + Sync>;

static SINK: RwLock<Option<Sink>> = RwLock::new(None);

thread_local! {
    /// The lines printed within [`capture`].
    static CAPTURED: RefCell<Option<Vec<String>>> = const { RefCell::new(None) };
}

/// Sends all later prints of the whole process to `sink`. The default is the standard output.
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

/// Runs `f`, and returns its result and the lines that it prints on this thread, without printing them.
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

fn emit(text: &str) {
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

/// A NaN that was found: the payload of a panic that [`watched`] catches.
struct Found {
    op: String,
    at: String,
}

fn happen(effect: &Effect, operands: &[Buffer]) {
    match effect {
        Effect::Print(text) => {
            let values: Vec<Array> = operands
                .iter()
                .map(|x| Array::concrete(x.clone(), false))
                .collect();
            emit(&filled(text, &values));
        }
        Effect::CheckNan { op, at } => {
            if operands.iter().any(has_nan) {
                // The payload is not printed here: `watched` raises it with the user's line.
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

/// Runs a program by calling `run`, and raises the NaN that one of its checks finds.
#[track_caller]
pub(crate) fn watched<R>(run: impl FnOnce() -> R) -> R {
    match catch_unwind(AssertUnwindSafe(run)) {
        Ok(result) => result,
        Err(payload) => match payload.downcast::<Found>() {
            Ok(found) => raise(&found.op, format!("made a NaN (debug_nans): {}", found.at)),
            Err(payload) => resume_unwind(payload),
        },
    }
}

/// An op, and its line in the user's code.
type OpAndLine = (String, String);

thread_local! {
    /// The public function in progress, and the line that called it.
    static UNDER_WAY: RefCell<Option<OpAndLine>> = const { RefCell::new(None) };
}

/// Sets the op and line that new equations are attributed to, until it is dropped.
pub(crate) struct UnderWay(Option<OpAndLine>);

impl UnderWay {
    fn at(site: Option<OpAndLine>) -> UnderWay {
        UnderWay(UNDER_WAY.replace(site))
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        UNDER_WAY.set(self.0.take());
    }
}

/// Records the public function that the user calls, unless another public function or a rule calls it.
#[track_caller]
pub(crate) fn under_way(op: &dyn Fn() -> String) -> Option<UnderWay> {
    if !debug_nans_enabled() || UNDER_WAY.with_borrow(Option::is_some) || is_deriving() {
        return None;
    }
    Some(UnderWay::at(Some((op(), Location::caller().to_string()))))
}

/// Attributes new equations to no user's line, for a rule that is cached.
pub(crate) fn nowhere() -> UnderWay {
    UnderWay::at(None)
}

/// Attributes the equations that a rule makes of an equation to the line of that equation.
pub(crate) fn made_for(program: &Program, equation: usize) -> Option<UnderWay> {
    if !debug_nans_enabled() {
        return None;
    }
    // The check of an equation follows it.
    match &program.equations().get(equation + 1)?.op {
        Op::Effect(Effect::CheckNan { op, at }) => Some(UnderWay::at(Some((op.clone(), at.clone())))),
        _ => None,
    }
}

/// Returns the check that follows an op in a trace while `debug_nans` is on.
pub(crate) fn nan_check(op: &Op) -> Option<Effect> {
    if !debug_nans_enabled() || !can_make_nan(op) {
        return None;
    }
    let (op, at) = UNDER_WAY.with_borrow(Clone::clone)?;
    listen();
    Some(Effect::CheckNan { op, at })
}

/// Returns true if the op can make a NaN from operands without one. Ops that hold programs have their checks
/// inside.
fn can_make_nan(op: &Op) -> bool {
    match op {
        Op::Unary(f) => !matches!(f, Unary::Not | Unary::Neg | Unary::Abs | Unary::Sign),
        Op::Binary(_) | Op::MulAdd | Op::Cumulative { .. } => true,
        // Reads out of bounds may return NaN, writes may add infinities.
        op => matches!(op.class(), Class::Index | Class::Reduce | Class::Linear),
    }
}
