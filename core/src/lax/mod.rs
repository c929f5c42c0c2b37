//! Structured control flow. A `for`, `while` or `if` of a traced function is one equation of its program.
//!
//! | function | content | reverse mode |
//! |---|---|---|
//! | [`fori_loop`] | a number of iterations, with a counter | yes, if the number is known |
//! | [`while_loop`] | as long as a condition holds | no |
//! | [`while_loop_bounded`] | the same, with a greatest number of iterations | yes |
//! | [`scan`], [`scan_n`] | a carry, and results stacked along a new axis | yes |
//! | [`map`], [`map_with`] | a function of each slice, one after the other or in batches | yes |
//! | [`associative_scan`] | all partial results of an associative function, in a logarithmic number of steps | yes |
//! | [`cond`], [`switch`] | a choice between functions | yes |
//! | [`select`] | a choice between elements | yes |
//! | [`random_bits`], [`uniform`], [`fixed_uniform`], [`mul_add`] | the primitives that samplers use | |
//!
//! A Rust loop in a traced function is unrolled: its iterations become equations. The trace must know the
//! number of iterations, and a long loop makes a large program. A loop of this module is traced once, for any
//! number of iterations. The carry of a loop keeps its structure, shapes and dtypes. All branches return one
//! structure, with the same shapes and dtypes. Anything else panics at the caller's line.
//!
//! ```
//! use kiln::{Array, jit, lax, numpy as np};
//! // x[t + 1] = 0.9 x[t] + 1, from several starts, for 100 steps.
//! let run = jit(|x: Array| lax::fori_loop(0, 100, |_, x| 0.9 * x + 1, x));
//! assert_eq!(run(np::array([0.0, 5.0, 50.0])).round_to(2).to_string(), "[10. 10. 10.]");
//! ```
//!
//! A closure in the call takes its types from the first carry. So a number in the carry is written
//! `np::array(1.0)`, as in JAX, and the closures need no types. With `1.0.into()` they do.
//!
//! ```
//! use kiln::{lax, numpy as np};
//! // The square root of 2, and the number of Newton's steps.
//! let (root, steps) = lax::while_loop(
//!     |(x, _)| (x * x - 2).abs().gt(1e-6),
//!     |(x, i)| ((&x + 2 / &x) / 2, i + 1),
//!     (np::array(1.0), np::array(0)),
//! );
//! assert_eq!(root.to_string(), "1.4142135");
//! assert_eq!(steps.to_string(), "4");
//! ```

mod associative;
mod branches;
mod carry;
mod loops;
mod map;
mod scan;

pub use crate::bits::{fixed_uniform, mul_add, random_bits, uniform};
pub use associative::{AssociativeScan, associative_scan, associative_scan_with};
pub use branches::{cond, select, switch};
pub(crate) use carry::Consts;
pub use loops::{fori_loop, while_loop, while_loop_bounded};
pub use map::{MapOptions, map, map_with};
#[allow(deprecated)]
#[doc(hidden)]
pub use scan::scan_reverse;
pub use scan::{ScanOptions, scan, scan_n, scan_with};
