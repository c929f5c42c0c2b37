//! NumPy's functions under NumPy's names.
//!
//! Every function takes arrays, references to them, plain numbers and lists of numbers, and has the same arguments as the method of
//! [`Array`] of its name. Where NumPy's `axis` changes what comes out, there are two functions: [`sum`] over everything, and
//! [`sum_axis`] along axes; `keepdims=True` is spelled [`keep`](crate::keep)`(axes)`, and `ddof` has a function, [`var_ddof`].
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
//! Operands of different dtypes meet as in JAX: a plain number gives way to an array (`np::arange(3) + 1` is `int32`), integers give way to
//! floats, and nothing becomes 64 bits wide that was not asked for ([`enable_x64`](crate::enable_x64), or an explicit dtype). Shapes broadcast
//! as in NumPy: axes are matched from the last, and an axis of length 1 is repeated.
//!
//! ```
//! use kiln::{DType, numpy as np};
//! let x = np::arange(3);
//! assert_eq!((&x + 1).dtype(), DType::I32);
//! assert_eq!((&x * 0.5).dtype(), DType::F32);
//! assert_eq!((x.expand_dims(-1) + &x).to_string(), "[[0 1 2]\n [1 2 3]\n [2 3 4]]");
//! ```
//!
//! What does not go together panics at the caller's line, with the function's name: `add: shapes (2,) and (3,) do not broadcast: axis -1 is 2
//! against 3`.

use crate::Array;
use crate::arguments::{IntoAxes, IntoNumbers};
use kiln_backends::program::DType;

pub use crate::convert::{Item, Nested, array};
pub use crate::ops::arithmetic::{allclose, isclose, where_};
pub use crate::ops::creation::{
    Bound, IntoRange, arange, eye, full, full_like, identity, linspace, linspace_open, meshgrid, meshgrid_ij,
    meshgrid_xy, ones, ones_like, zeros, zeros_like,
};
pub use crate::ops::elementwise::named::*;
// The array API's shorter names.
pub use self::pow as power;
pub use crate::convert::array as asarray;
pub use crate::ops::elementwise::named::{
    abs as absolute, arccos as acos, arccosh as acosh, arcsin as asin, arcsinh as asinh, arctan as atan,
    arctan2 as atan2, arctanh as atanh,
};
pub use crate::ops::index::{take, take_along_axis, take_mode};
pub use crate::ops::interpolate::{diff, diff_axis, interp, interp_outside, polyval, vander};
pub use crate::ops::linalg::outer;
pub use crate::ops::nan::{
    nanmax, nanmax_axis, nanmean, nanmean_axis, nanmin, nanmin_axis, nanprod, nanprod_axis, nansum,
    nansum_axis,
};
pub use crate::ops::reduce::named::*;
pub use crate::ops::shape::{column_stack, concatenate, hstack, stack, vstack};
pub use crate::ops::sort::{diag, diagonal, searchsorted, searchsorted_right, trace, tril, triu};

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
/// Integers become floats first. What comes out can be differentiated, and leading axes are a batch.
///
/// ```
/// use kiln::numpy::{self as np, linalg};
/// let a = np::array([[2.0, 1.0], [1.0, 3.0]]);
/// let x = linalg::solve(&a, [3.0, 5.0]);
/// assert!(np::allclose(a.matmul(&x), [3.0, 5.0]).item::<bool>());
/// ```
pub mod linalg {
    pub use crate::ops::linalg::{Eigh, eigh, inv, norm, norm_axis, solve, vector_norm, vector_norm_axis};
}

/// Declares methods as functions. A row holds a call and what comes of it: the example.
macro_rules! methods {
    ($(
        $(#[$doc:meta])*
        $name:ident($($argument:ident: $type:ty),*): $call:expr => $shown:literal;
    )*) => {$(
        $(#[$doc])*
        ///
        #[doc = concat!("The method [`", stringify!($name), "`](Array::", stringify!($name), ") as a function; shapes, dtypes and panics are said there.")]
        ///
        /// ```
        /// use kiln::numpy as np;
        #[doc = concat!("assert_eq!(", stringify!($call), ".to_string(), ", stringify!($shown), ");")]
        /// ```
        #[track_caller]
        pub fn $name(x: impl Into<Array> $(, $argument: $type)*) -> Array {
            x.into().$name($($argument),*)
        }
    )*};
}

methods! {
    /// The elements to a power.
    pow(exponent: impl Into<Array>): np::pow([1, 2, 3], 2) => "[1 4 9]";
    /// The elements moved into bounds.
    clip(least: impl Into<Array>, greatest: impl Into<Array>): np::clip([1, 5, 9], 2, 6) => "[2 5 6]";
    /// The elements rounded to decimals.
    round_to(decimals: i32): np::round_to([0.125, 2.718], 1) => "[0.1 2.7]";
    /// The elements in another dtype.
    astype(dtype: DType): np::astype([1.7, -1.7], kiln::DType::I32) => "[ 1 -1]";
    /// The variance over axes, with `ddof` taken off the number of elements.
    var_ddof(axes: impl IntoAxes, ddof: f64): np::var_ddof([1.0, 2.0, 4.0], 0, 1.0) => "2.3333333";
    /// The standard deviation over axes, with `ddof` taken off the number of elements.
    std_ddof(axes: impl IntoAxes, ddof: f64): np::std_ddof([1.0, 2.0, 4.0], 0, 1.0) => "1.5275252";
    /// The index of the greatest element, the array taken as flat.
    argmax(): np::argmax([1, 5, 2]) => "1";
    /// The indices of the greatest elements along an axis.
    argmax_axis(axis: impl IntoAxes): np::argmax_axis([[1, 5], [7, 0]], -1) => "[1 0]";
    /// The index of the least element, the array taken as flat.
    argmin(): np::argmin([1, 5, 0]) => "2";
    /// The indices of the least elements along an axis.
    argmin_axis(axis: impl IntoAxes): np::argmin_axis([[1, 5], [7, 0]], kiln::keep(-1)) => "[[0]\n [1]]";
    /// The running sum, the array taken as flat.
    cumsum(): np::cumsum([1, 2, 3]) => "[1 3 6]";
    /// The running sum along an axis.
    cumsum_axis(axis: isize): np::cumsum_axis([[1, 2], [3, 4]], 0) => "[[1 2]\n [4 6]]";
    /// The running product, the array taken as flat.
    cumprod(): np::cumprod([1, 2, 3]) => "[1 2 6]";
    /// The running product along an axis.
    cumprod_axis(axis: isize): np::cumprod_axis([[1, 2], [3, 4]], 1) => "[[ 1  2]\n [ 3 12]]";
    /// The same elements in another shape.
    reshape(shape: impl IntoNumbers): np::reshape([1, 2, 3, 4], (2, -1)) => "[[1 2]\n [3 4]]";
    /// The same elements as one axis.
    ravel(): np::ravel([[1, 2], [3, 4]]) => "[1 2 3 4]";
    /// The axes in another order.
    transpose(axes: impl IntoNumbers): np::transpose([[1, 2, 3]], (1, 0)) => "[[1]\n [2]\n [3]]";
    /// Two axes exchanged.
    swapaxes(first: isize, second: isize): np::swapaxes(np::ones((2, 3, 4)), 0, -1).shape() => "(4, 3, 2)";
    /// Axes moved to other places.
    moveaxis(source: impl IntoNumbers, destination: impl IntoNumbers): np::moveaxis(np::ones((2, 3, 4)), 0, -1).shape() => "(3, 4, 2)";
    /// Without the axes of length 1.
    squeeze(): np::squeeze([[1, 2]]) => "[1 2]";
    /// Without these axes, which have length 1.
    squeeze_axis(axes: impl IntoNumbers): np::squeeze_axis(np::ones((1, 1, 3)), 0).shape() => "(1, 3)";
    /// With new axes of length 1.
    expand_dims(axes: impl IntoNumbers): np::expand_dims([1, 2], -1) => "[[1]\n [2]]";
    /// Repeated to a shape.
    broadcast_to(shape: impl IntoNumbers): np::broadcast_to([1, 2], (2, 2)) => "[[1 2]\n [1 2]]";
    /// The elements in reverse order along all axes.
    flip(): np::flip([1, 2, 3]) => "[3 2 1]";
    /// The elements in reverse order along some axes.
    flip_axis(axes: impl IntoNumbers): np::flip_axis([[1, 2], [3, 4]], 0) => "[[3 4]\n [1 2]]";
    /// The elements moved on, the array taken as flat.
    roll(shift: isize): np::roll([1, 2, 3], 1) => "[3 1 2]";
    /// The elements moved on along axes.
    roll_axis(shifts: impl IntoNumbers, axes: impl IntoNumbers): np::roll_axis([[1, 2], [3, 4]], 1, 0) => "[[3 4]\n [1 2]]";
    /// The array laid side by side, a number of times along each axis.
    tile(times: impl IntoNumbers): np::tile([1, 2], 3) => "[1 2 1 2 1 2]";
    /// Every element a number of times, the array taken as flat.
    repeat(times: usize): np::repeat([1, 2], 2) => "[1 1 2 2]";
    /// Every slice along an axis a number of times.
    repeat_axis(times: usize, axis: isize): np::repeat_axis([[1, 2]], 2, 0) => "[[1 2]\n [1 2]]";
    /// The elements in ascending order along the last axis.
    sort(): np::sort([3, 1, 2]) => "[1 2 3]";
    /// The elements in ascending order along an axis.
    sort_axis(axis: isize): np::sort_axis([[3, 1], [2, 4]], 0) => "[[2 1]\n [3 4]]";
    /// The indices that sort the last axis.
    argsort(): np::argsort([3, 1, 2]) => "[1 2 0]";
    /// The indices that sort an axis.
    argsort_axis(axis: isize): np::argsort_axis([[3, 1], [2, 4]], 0) => "[[1 0]\n [0 1]]";
    /// The product of vectors, of matrices, or of a scalar and an array.
    dot(other: impl Into<Array>): np::dot([1, 2, 3], [4, 5, 6]) => "32";
    /// The product of matrices, over leading axes that broadcast.
    matmul(other: impl Into<Array>): np::matmul([[1, 2], [3, 4]], [5, 6]) => "[17 39]";
}
