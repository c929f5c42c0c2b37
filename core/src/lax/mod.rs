//! Structured control flow: `for`, `while` and `if` of a traced function, each as a single equation of a
//! program.
//!
//! | | | reverse mode |
//! |---|---|---|
//! | [`fori_loop`] | a number of iterations, with a counter | yes, if the number is known |
//! | [`while_loop`] | as long as a condition holds | no |
//! | [`while_loop_bounded`] | the same, with a greatest number of iterations | yes |
//! | [`scan`], [`scan_n`] | a carry, and results stacked along a new axis | yes |
//! | [`map`] | a function of each slice, one after the other | yes |
//! | [`associative_scan`] | all partial results of an associative function, in a logarithmic number of steps | yes |
//! | [`cond`], [`switch`] | a choice between functions | yes |
//! | [`select`] | a choice between elements | yes |
//! | [`random_bits`], [`uniform`], [`fixed_uniform`], [`mul_add`] | the primitives that samplers use | |
//!
//! A Rust loop in a traced function is unrolled: its iterations become equations. So the number of iterations
//! has to be known, and a long loop makes a large program. A loop of this module is traced once, for any
//! number of iterations. The carry of a loop keeps its structure, shapes and dtypes, and all branches return
//! one type. Anything else panics at the caller's line.
//!
//! ```
//! use kiln::{Array, jit, lax, numpy as np};
//! // x[t + 1] = 0.9 x[t] + 1, from several starts, for 100 steps.
//! let run = jit(|x: Array| lax::fori_loop(0, 100, |_, x| 0.9 * x + 1, x));
//! assert_eq!(run(np::array([0.0, 5.0, 50.0])).round_to(2).to_string(), "[10. 10. 10.]");
//! ```

mod associative;
mod branches;
mod carry;
mod loops;
mod scan;

pub use crate::bits::{fixed_uniform, mul_add, random_bits, uniform};
pub use associative::{AssociativeScan, associative_scan, associative_scan_with};
pub use branches::{cond, select, switch};
pub(crate) use carry::Consts;
pub use loops::{fori_loop, while_loop, while_loop_bounded};
#[allow(deprecated)]
#[doc(hidden)]
pub use scan::scan_reverse;
pub use scan::{ScanOptions, map, scan, scan_n, scan_with};
