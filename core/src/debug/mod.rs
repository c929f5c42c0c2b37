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
