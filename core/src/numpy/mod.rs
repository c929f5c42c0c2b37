//! NumPy's functions under NumPy's names.
//!
//! Every function takes arrays, references to them, plain numbers and lists of numbers, and has the same
//! arguments as the method of [`Array`](crate::Array) of its name. For a function of NumPy with an optional
//! `axis`, there are two functions: [`sum`] over all axes, and [`sum_axis`] along some. `keepdims=True` is
//! [`keep`](crate::keep)`(axes)`, and `ddof` has a function, [`var_ddof`].
//!
//! ```
//! use kiln::{keep, numpy as np};
//! let x = np::linspace(0.0, 1.0, 6).reshape((2, 3));
//! assert_eq!(np::sum(&x).to_string(), "3.0");
//! assert_eq!(np::sum_axis(&x, 0).to_string(), "[0.6 1.  1.4]");
//! assert_eq!((&x - np::mean_axis(&x, keep(-1))).shape()[..], [2, 3]);
//! ```
//!
//! # Where to look
//!
//! | | |
//! |---|---|
//! | making arrays | [`array()`], [`zeros`], [`ones`], [`full`], [`arange`], [`linspace`], [`identity`], [`eye`], [`diag`], [`tril`], [`meshgrid`] |
//! | arithmetic | [`add`], [`subtract`], [`multiply`], [`divide`], [`floor_divide`], [`remainder`], [`pow`], [`square`], [`abs`], [`sign`] |
//! | rounding | [`floor`], [`ceil`], [`trunc`], [`round`], [`round_to`], [`clip`] |
//! | exponentials and logarithms | [`exp`], [`expm1`], [`exp2`], [`log`], [`log1p`], [`log2`], [`log10`], [`sqrt`], [`cbrt`], [`logistic`] |
//! | angles | [`sin`], [`cos`], [`tan`], [`arcsin`], [`arccos`], [`arctan`], [`arctan2`], [`hypot`]; [`sinh`] and the other hyperbolic ones |
//! | special functions | [`erf`], [`erfc`], [`erf_inv`], [`lgamma`], [`digamma`] |
//! | comparison | [`equal`], [`less`], [`maximum`], [`minimum`], [`isclose`], [`allclose`], [`isnan`], [`isfinite`] |
//! | logic and bits | [`where_`], [`logical_and`], [`logical_not`], [`bitwise_and`], [`left_shift`] |
//! | reductions | [`sum`], [`prod`], [`mean`], [`var`], [`std()`], [`max`], [`min`], [`argmax`], [`any`], [`all`], [`cumsum`], [`cumprod`]; [`nansum`] and others leave NaN out |
//! | shapes | [`reshape`], [`ravel`], [`transpose`], [`moveaxis`], [`expand_dims`], [`squeeze`], [`broadcast_to`], [`flip`], [`roll`], [`tile`], [`repeat`] |
//! | putting together | [`concatenate`], [`stack`], [`vstack`], [`hstack`], [`column_stack`] |
//! | order and search | [`sort`], [`argsort`], [`searchsorted`], [`take`], [`take_along_axis`] |
//! | lines | [`interp`], [`polyval`], [`diff`], [`vander`] |
//! | products | [`dot`], [`matmul`], [`outer`], [`trace`], [`diagonal`]; [`linalg`] for inverses, solutions, eigenvalues and norms |
//!
//! # Dtypes and shapes
//!
//! Dtypes of operands are promoted as in JAX: a plain number yields to an array (`np::arange(3) + 1` is
//! `int32`), integers yield to floats, and no result has 64 bits unless they were asked for
//! ([`enable_x64`](crate::enable_x64), or an explicit dtype). Shapes broadcast as in NumPy: axes are matched
//! from the last, and an axis of length 1 is repeated.
//!
//! ```
//! use kiln::{DType, numpy as np};
//! let x = np::arange(3);
//! assert_eq!((&x + 1).dtype(), DType::I32);
//! assert_eq!((&x * 0.5).dtype(), DType::F32);
//! assert_eq!((x.expand_dims(-1) + &x).to_string(), "[[0 1 2]\n [1 2 3]\n [2 3 4]]");
//! ```
//!
//! Operands that do not fit panic at the caller's line, with the function's name:
//! `add: shapes (2,) and (3,) do not broadcast: axis -1 is 2 against 3`.

pub(crate) mod arithmetic;
pub(crate) mod creation;
pub(crate) mod elementwise;
pub(crate) mod interpolate;
pub(crate) mod matrices;
mod methods;
pub(crate) mod nan;
mod operators;
mod promoted;
pub(crate) mod reduce;
pub(crate) mod shape;
pub(crate) mod sort;
pub(crate) mod take;

pub use self::arithmetic::{allclose, isclose, where_};
// The name that rustc proposes to those who write `np::where`.
#[doc(hidden)]
pub use self::arithmetic::where_ as r#where;
pub use self::creation::{
    Bound, IntoRange, arange, eye, full, full_like, identity, linspace, linspace_open, meshgrid, meshgrid_ij,
    meshgrid_xy, ones, ones_like, zeros, zeros_like,
};
pub use self::elementwise::named::*;
pub use crate::convert::{Innermost, ListItem, Nested, array};
// The array API's shorter names.
pub use self::elementwise::named::{
    abs as absolute, arccos as acos, arccosh as acosh, arcsin as asin, arcsinh as asinh, arctan as atan,
    arctan2 as atan2, arctanh as atanh,
};
pub use self::interpolate::{diff, diff_axis, interp, interp_outside, polyval, vander};
pub use self::matrices::outer;
pub use self::methods::*;
pub use self::nan::{
    nanmax, nanmax_axis, nanmean, nanmean_axis, nanmin, nanmin_axis, nanprod, nanprod_axis, nansum,
    nansum_axis,
};
pub use self::pow as power;
pub use self::reduce::named::*;
pub use self::shape::{column_stack, concatenate, hstack, stack, vstack};
pub use self::sort::{diag, diagonal, searchsorted, searchsorted_right, trace, tril, triu};
pub use self::take::{take, take_along_axis, take_mode};
pub use crate::convert::array as asarray;

/// π, as a plain number.
///
/// ```
/// use kiln::numpy as np;
/// assert_eq!((np::PI * np::array([0.5, 1.0])).cos().round_to(3).abs().to_string(), "[0. 1.]");
/// ```
pub const PI: f64 = std::f64::consts::PI;
/// Euler's number, as a plain number.
///
/// ```
/// use kiln::numpy as np;
/// assert_eq!(np::log(np::E).item::<f64>(), 1.0);
/// ```
pub const E: f64 = std::f64::consts::E;
/// Positive infinity, as a plain number.
///
/// ```
/// use kiln::numpy as np;
/// assert_eq!(np::array([-np::INF, np::INF]).to_string(), "[-inf  inf]");
/// ```
pub const INF: f64 = f64::INFINITY;
/// Not a number, as a plain number.
///
/// ```
/// use kiln::numpy as np;
/// assert_eq!(np::array([1.0, np::NAN]).mean().to_string(), "nan");
/// ```
pub const NAN: f64 = f64::NAN;

/// Linear algebra of matrices in the last two axes: `jnp.linalg`.
///
/// | | |
/// |---|---|
/// | [`inv`](linalg::inv), [`solve`](linalg::solve) | inverses, and linear equations |
/// | [`eigh`](linalg::eigh) | eigenvalues and eigenvectors of symmetric matrices |
/// | [`norm`](linalg::norm), [`vector_norm`](linalg::vector_norm) | lengths of vectors |
///
/// Integers become floats first. All results have derivatives, and leading axes are a batch.
///
/// ```
/// use kiln::numpy::{self as np, linalg};
/// let a = np::array([[2.0, 1.0], [1.0, 3.0]]);
/// let x = linalg::solve(&a, [3.0, 5.0]);
/// assert!(np::allclose(a.matmul(&x), [3.0, 5.0]).item::<bool>());
/// ```
pub mod linalg {
    pub use crate::numpy::matrices::{
        Eigh, eigh, inv, norm, norm_axis, solve, vector_norm, vector_norm_axis,
    };
}
