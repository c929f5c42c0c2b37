//! NumPy's functions under NumPy's names.
//!
//! Every function takes arrays, references to arrays, plain numbers and lists of numbers. It has the same
//! arguments as the method of [`Array`](crate::Array) of its name. A function with optional arguments has
//! three forms: [`sum`] over all axes, [`sum_axis`] over some axes, and [`sum_with`] with any of NumPy's
//! keywords. [`options`](crate::options) describes the keywords. `keepdims=True` is also
//! [`keep`](crate::keep)`(axes)`.
//!
//! ```
//! use kiln::{keep, numpy as np};
//! let x = np::linspace(0.0, 1.0, 6).reshape((2, 3));
//! assert_eq!(np::sum(&x).to_string(), "3.0");
//! assert_eq!(np::sum_axis(&x, 0).to_string(), "[0.6 1.  1.4]");
//! assert_eq!((&x - np::mean_axis(&x, keep(-1))).shape()[..], [2, 3]);
//! assert_eq!(np::std_with(&x, |o| o.axis(0).ddof(1)).to_string(), "[0.42426407 0.42426407 0.42426407]");
//! ```
//!
//! # Where to look
//!
//! | family | functions |
//! |---|---|
//! | making arrays | [`array()`], [`zeros`], [`ones`], [`full`], [`arange`], [`linspace`], [`identity`], [`eye`], [`diag`], [`tril`], [`meshgrid`] |
//! | arithmetic | [`add`], [`subtract`], [`multiply`], [`divide`], [`floor_divide`], [`remainder`], [`pow`], [`square`], [`abs`], [`sign`] |
//! | rounding | [`floor`], [`ceil`], [`trunc`], [`round`], [`round_to`], [`clip`] |
//! | exponentials and logarithms | [`exp`], [`expm1`], [`exp2`], [`log`], [`log1p`], [`log2`], [`log10`], [`sqrt`], [`cbrt`], [`logistic`] |
//! | angles | [`sin`], [`cos`], [`tan`], [`arcsin`], [`arccos`], [`arctan`], [`arctan2`], [`hypot`]; [`sinh`] and the other hyperbolic functions |
//! | special functions | [`erf`], [`erfc`], [`erf_inv`], [`lgamma`], [`digamma`] |
//! | comparison | [`equal`], [`less`], [`maximum`], [`minimum`], [`isclose`], [`allclose`], [`isnan`], [`isfinite`] |
//! | logic and bits | [`where_`], [`logical_and`], [`logical_not`], [`bitwise_and`], [`left_shift`] |
//! | reductions | [`sum`], [`prod`], [`mean`], [`var`], [`std()`], [`max`], [`min`], [`argmax`], [`any`], [`all`], [`cumsum`], [`cumprod`]; [`nansum`] and others leave NaN out |
//! | shapes | [`reshape`], [`ravel`], [`transpose`], [`moveaxis`], [`expand_dims`], [`squeeze`], [`broadcast_to`], [`flip`], [`roll`], [`tile`], [`repeat`] |
//! | joining and splitting | [`concatenate`], [`stack`], [`vstack`], [`hstack`], [`column_stack`]; [`unstack`] |
//! | order and search | [`sort`], [`argsort`], [`partition`], [`searchsorted`], [`nonzero`], [`take`], [`take_along_axis`], [`compress`] |
//! | lines | [`interp`], [`polyval`], [`diff`], [`vander`] |
//! | products | [`dot`], [`matmul`], [`outer`], [`trace`], [`diagonal`]; [`linalg`] for inverses, solutions, eigenvalues and norms |
//!
//! # Dtypes and shapes
//!
//! Dtypes of operands are promoted as in JAX. A plain number takes the dtype of an array (`np::arange(3) + 1`
//! is `int32`), and integers become floats. No result has 64 bits without [`enable_x64`](crate::enable_x64)
//! or an explicit dtype. Shapes broadcast as in NumPy: axes are matched from the last, and an axis of length
//! 1 is repeated.
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
pub(crate) mod diagonals;
pub(crate) mod elementwise;
pub(crate) mod interpolate;
pub(crate) mod linspace;
pub(crate) mod matrices;
mod methods;
pub(crate) mod nonzero;
pub(crate) mod norm;
mod operators;
mod promoted;
pub(crate) mod reduce;
pub(crate) mod shape;
pub(crate) mod sort;
pub(crate) mod take;

pub use self::arithmetic::{allclose, allclose_with, isclose, isclose_with, where_};
// rustc proposes this name to a user who writes `np::where`.
#[doc(hidden)]
pub use self::arithmetic::where_ as r#where;
pub use self::creation::{
    Bound, IntoRange, arange, arange_dtype, eye, eye_dtype, eye_with, full, full_dtype, full_like,
    full_like_dtype, identity, meshgrid, meshgrid_with, ones, ones_dtype, ones_like, ones_like_dtype, zeros,
    zeros_dtype, zeros_like, zeros_like_dtype,
};
pub use self::diagonals::{
    diag, diag_with, diagonal, diagonal_with, trace, trace_with, tril, tril_with, triu, triu_with,
};
pub use self::elementwise::named::*;
pub use crate::convert::{Innermost, ListItem, Nested, array, array_dtype};
// The array API's shorter names.
pub use self::elementwise::named::{
    abs as absolute, arccos as acos, arccosh as acosh, arcsin as asin, arcsinh as asinh, arctan as atan,
    arctan2 as atan2, arctanh as atanh,
};
pub use self::interpolate::{diff, diff_axis, diff_with, interp, interp_with, polyval, vander, vander_with};
pub use self::linspace::{linspace, linspace_dtype, linspace_with};
pub use self::matrices::outer;
pub use self::methods::*;
pub use self::nonzero::{
    argwhere, argwhere_with, compress, compress_axis, compress_with, flatnonzero, flatnonzero_with, nonzero,
    nonzero_with,
};
pub use self::pow as power;
pub use self::reduce::named::*;
pub use self::reduce::nan::*;
pub use self::shape::{
    column_stack, concatenate, concatenate_axis, hstack, stack, stack_axis, unstack, unstack_axis, vstack,
};
pub use self::sort::{searchsorted, searchsorted_with};
pub use self::take::{take, take_along_axis, take_along_axis_with, take_axis, take_with};
#[allow(deprecated)]
#[doc(hidden)]
pub use self::{linspace::linspace_open, sort::searchsorted_right};
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
/// | functions | content |
/// |---|---|
/// | [`inv`](linalg::inv), [`solve`](linalg::solve) | inverses, and linear equations |
/// | [`eigh`](linalg::eigh) | eigenvalues and eigenvectors of symmetric matrices |
/// | [`norm`](linalg::norm), [`vector_norm`](linalg::vector_norm) | norms of vectors |
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
    pub use crate::numpy::matrices::{Eigh, eigh, inv, solve};
    pub use crate::numpy::norm::{
        norm, norm_axis, norm_with, vector_norm, vector_norm_axis, vector_norm_with,
    };
}
