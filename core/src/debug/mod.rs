//! Prints values while programs run, and finds the op that made the first NaN.
//!
//! | items | effect |
//! |---|---|
//! | [`debug_print!`](crate::debug_print!) | prints arrays where the program runs |
//! | [`print_to`] | sends what is printed elsewhere |
//! | [`capture`] | collects what is printed, for a test |
//! | [`debug_nans`](crate::debug_nans()) | stops at the op that makes the first NaN |
//! | [`program`](crate::program()) | shows the trace of a function |
//!
//! A `println!` in a traced function prints once, when the function is traced. A traced array has no value
//! then. Debug prints and checks are effects: equations without results, which run in the order of the
//! program.
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

pub(crate) mod effects;
pub(crate) mod nans;

pub use effects::{capture, print_to};

use crate::array::Array;
use crate::bind::bind;
use crate::error::check;
use crate::trace::{check_alive, is_tracing};
use effects::{emit, filled, places};
use kiln_backends::program::{Effect, Op};

/// Prints arrays where the program runs: `debug_print!("x = {}, y = {}", x, &y + 1)`.
///
/// The macro replaces each `{}` by the next value. A value is an array, a reference to an array, or a number.
/// The macro does not move it. `{{` prints a brace. Inside of transformations, the values are printed when
/// the program runs: under [`jit`](crate::jit) at every call, in a loop at every iteration, in a branch that
/// is taken, and under `vmap` once for each element. A program prints in the order of its equations.
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

/// Converts an array, a reference to an array, or a number to a value for [`print()`].
///
/// ```
/// use kiln::{debug, numpy as np};
/// assert_eq!(debug::value(&2).to_string(), "2");
/// assert_eq!(debug::value(&&np::ones(2)).to_string(), "[1. 1.]");
/// ```
pub fn value<T: Clone + Into<Array>>(x: &T) -> Array {
    x.clone().into()
}

/// Prints arrays where the program runs, with a text and values that the caller builds.
/// [`debug_print!`](crate::debug_print!) calls this function.
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
    let places = places(text);
    check(places == values.len(), OP, || {
        format!("{places} places in {text:?} for {} values", values.len())
    });
    check_alive(OP, values);
    if !is_tracing() {
        return emit(&filled(text, values.iter().map(Array::to_string)));
    }
    effects::listen();
    let mut operands = Vec::with_capacity(values.len());
    for x in values {
        let kind = x.kind();
        operands.push(x.clone().settled(OP, kind));
    }
    let operands: Vec<&Array> = operands.iter().collect();
    bind(Op::Effect(Effect::Print(text.into())), &operands, &[]);
}
