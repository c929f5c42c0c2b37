//! NumPy's functions under NumPy's names.
//!
//! Every function takes arrays, references to them, plain numbers and lists of numbers, and has the same arguments as the method of
//! `Array` of its name. Where NumPy's `axis` changes what comes out, there are two functions: [`sum`] over everything, and
//! [`sum_axis`] along axes; `keepdims=True` is spelled [`keep`](crate::keep)`(axes)`.
//!
//! ```
//! use kiln_core::{keep, numpy as np};
//! let x = np::linspace(0.0, 1.0, 6).reshape((2, 3));
//! println!("{}", np::sum(&x));                                  // 3.0
//! println!("{}", np::sum_axis(&x, 0));                          // [0.6 1.  1.4]
//! println!("{}", (&x - np::mean_axis(&x, keep(-1))).shape());   // (2, 3)
//! ```

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

/// π.
pub const PI: f64 = std::f64::consts::PI;
/// Euler's number.
pub const E: f64 = std::f64::consts::E;
/// Positive infinity.
pub const INF: f64 = f64::INFINITY;
/// Not a number.
pub const NAN: f64 = f64::NAN;

/// Linear algebra.
pub mod linalg {
    pub use crate::ops::linalg::{Eigh, eigh, inv, norm, norm_axis, solve, vector_norm, vector_norm_axis};
}

macro_rules! methods {
    ($($name:ident($($argument:ident: $type:ty),*);)*) => {$(
        #[doc = concat!("The method [`", stringify!($name), "`](Array::", stringify!($name), ") as a function.")]
        ///
        /// # Panics
        /// As the method.
        #[track_caller]
        pub fn $name(x: impl Into<Array> $(, $argument: $type)*) -> Array {
            x.into().$name($($argument),*)
        }
    )*};
}

methods! {
    pow(exponent: impl Into<Array>);
    clip(least: impl Into<Array>, greatest: impl Into<Array>);
    round_to(decimals: i32);
    astype(dtype: DType);
    var_ddof(axes: impl IntoAxes, ddof: f64);
    std_ddof(axes: impl IntoAxes, ddof: f64);
    argmax();
    argmax_axis(axis: impl IntoAxes);
    argmin();
    argmin_axis(axis: impl IntoAxes);
    cumsum();
    cumsum_axis(axis: isize);
    cumprod();
    cumprod_axis(axis: isize);
    reshape(shape: impl IntoNumbers);
    ravel();
    transpose(axes: impl IntoNumbers);
    swapaxes(first: isize, second: isize);
    moveaxis(source: impl IntoNumbers, destination: impl IntoNumbers);
    squeeze();
    squeeze_axis(axes: impl IntoNumbers);
    expand_dims(axes: impl IntoNumbers);
    broadcast_to(shape: impl IntoNumbers);
    flip();
    flip_axis(axes: impl IntoNumbers);
    roll(shift: isize);
    roll_axis(shifts: impl IntoNumbers, axes: impl IntoNumbers);
    tile(times: impl IntoNumbers);
    repeat(times: usize);
    repeat_axis(times: usize, axis: isize);
    sort();
    sort_axis(axis: isize);
    argsort();
    argsort_axis(axis: isize);
    dot(other: impl Into<Array>);
    matmul(other: impl Into<Array>);
}
