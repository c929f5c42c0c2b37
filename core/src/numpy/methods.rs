//! The methods of arrays as functions.

use super::reduce::{Arg, Cumulative};
use super::sort::Sort;
use crate::arguments::{IntoAxes, IntoNumbers};
use crate::array::Array;
use kiln_backends::program::DType;

/// Declares methods as functions. A row holds a call and its result: the example.
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
    /// Raises the elements to a power.
    pow(exponent: impl Into<Array>): np::pow([1, 2, 3], 2) => "[1 4 9]";
    /// Moves the elements into bounds.
    clip(least: impl Into<Array>, greatest: impl Into<Array>): np::clip([1, 5, 9], 2, 6) => "[2 5 6]";
    /// Rounds the elements to decimals.
    round_to(decimals: i32): np::round_to([0.125, 2.718], 1) => "[0.1 2.7]";
    /// Converts the elements to another dtype.
    astype(dtype: DType): np::astype([1.7, -1.7], kiln::DType::I32) => "[ 1 -1]";
    /// The index of the greatest element of the flattened array.
    argmax(): np::argmax([1, 5, 2]) => "1";
    /// The indices of the greatest elements along an axis.
    argmax_axis(axis: impl IntoAxes): np::argmax_axis([[1, 5], [7, 0]], -1) => "[1 0]";
    /// The indices of the greatest elements, with optional arguments.
    argmax_with(options: impl FnOnce(Arg) -> Arg): np::argmax_with([[1, 5], [7, 0]], |o| o.axis(0)) => "[1 0]";
    /// The index of the least element of the flattened array.
    argmin(): np::argmin([1, 5, 0]) => "2";
    /// The indices of the least elements along an axis.
    argmin_axis(axis: impl IntoAxes): np::argmin_axis([[1, 5], [7, 0]], kiln::keep(-1)) => "[[0]\n [1]]";
    /// The indices of the least elements, with optional arguments.
    argmin_with(options: impl FnOnce(Arg) -> Arg): np::argmin_with([[1, 5], [7, 0]], |o| o.axis(0)) => "[0 1]";
    /// The running sum of the flattened array.
    cumsum(): np::cumsum([1, 2, 3]) => "[1 3 6]";
    /// The running sum along an axis.
    cumsum_axis(axis: isize): np::cumsum_axis([[1, 2], [3, 4]], 0) => "[[1 2]\n [4 6]]";
    /// The running sum, with optional arguments.
    cumsum_with(options: impl FnOnce(Cumulative) -> Cumulative): np::cumsum_with([[1, 2], [3, 4]], |o| o.axis(1)) => "[[1 3]\n [3 7]]";
    /// The running product of the flattened array.
    cumprod(): np::cumprod([1, 2, 3]) => "[1 2 6]";
    /// The running product along an axis.
    cumprod_axis(axis: isize): np::cumprod_axis([[1, 2], [3, 4]], 1) => "[[ 1  2]\n [ 3 12]]";
    /// The running product, with optional arguments.
    cumprod_with(options: impl FnOnce(Cumulative) -> Cumulative): np::cumprod_with([[1, 2], [3, 4]], |o| o.axis(0)) => "[[1 2]\n [3 8]]";
    /// The same elements in another shape.
    reshape(shape: impl IntoNumbers): np::reshape([1, 2, 3, 4], (2, -1)) => "[[1 2]\n [3 4]]";
    /// The same elements as one axis.
    ravel(): np::ravel([[1, 2], [3, 4]]) => "[1 2 3 4]";
    /// The axes in another order.
    transpose(axes: impl IntoNumbers): np::transpose([[1, 2, 3]], (1, 0)) => "[[1]\n [2]\n [3]]";
    /// Exchanges two axes.
    swapaxes(first: isize, second: isize): np::swapaxes(np::ones((2, 3, 4)), 0, -1).shape() => "(4, 3, 2)";
    /// Moves axes to other positions.
    moveaxis(source: impl IntoNumbers, destination: impl IntoNumbers): np::moveaxis(np::ones((2, 3, 4)), 0, -1).shape() => "(3, 4, 2)";
    /// Removes the axes of length 1.
    squeeze(): np::squeeze([[1, 2]]) => "[1 2]";
    /// Removes these axes, which have length 1.
    squeeze_axis(axes: impl IntoNumbers): np::squeeze_axis(np::ones((1, 1, 3)), 0).shape() => "(1, 3)";
    /// Adds new axes of length 1.
    expand_dims(axes: impl IntoNumbers): np::expand_dims([1, 2], -1) => "[[1]\n [2]]";
    /// Repeats the array to a shape.
    broadcast_to(shape: impl IntoNumbers): np::broadcast_to([1, 2], (2, 2)) => "[[1 2]\n [1 2]]";
    /// The elements in reverse order along all axes.
    flip(): np::flip([1, 2, 3]) => "[3 2 1]";
    /// The elements in reverse order along some axes.
    flip_axis(axes: impl IntoNumbers): np::flip_axis([[1, 2], [3, 4]], 0) => "[[3 4]\n [1 2]]";
    /// Shifts the elements of the flattened array.
    roll(shift: isize): np::roll([1, 2, 3], 1) => "[3 1 2]";
    /// Shifts the elements along axes.
    roll_axis(shifts: impl IntoNumbers, axes: impl IntoNumbers): np::roll_axis([[1, 2], [3, 4]], 1, 0) => "[[3 4]\n [1 2]]";
    /// Repeats the array a number of times along each axis.
    tile(times: impl IntoNumbers): np::tile([1, 2], 3) => "[1 2 1 2 1 2]";
    /// Repeats every element of the flattened array a number of times.
    repeat(times: usize): np::repeat([1, 2], 2) => "[1 1 2 2]";
    /// Repeats every slice along an axis a number of times.
    repeat_axis(times: usize, axis: isize): np::repeat_axis([[1, 2]], 2, 0) => "[[1 2]\n [1 2]]";
    /// The elements in ascending order along the last axis.
    sort(): np::sort([3, 1, 2]) => "[1 2 3]";
    /// The elements in ascending order along an axis.
    sort_axis(axis: isize): np::sort_axis([[3, 1], [2, 4]], 0) => "[[2 1]\n [3 4]]";
    /// The elements in order along an axis, with optional arguments.
    sort_with(options: impl FnOnce(Sort) -> Sort): np::sort_with([3, 1, 2], |o| o.descending(true)) => "[3 2 1]";
    /// The indices that sort the last axis.
    argsort(): np::argsort([3, 1, 2]) => "[1 2 0]";
    /// The indices that sort an axis.
    argsort_axis(axis: isize): np::argsort_axis([[3, 1], [2, 4]], 0) => "[[1 0]\n [0 1]]";
    /// The indices that sort an axis, with optional arguments.
    argsort_with(options: impl FnOnce(Sort) -> Sort): np::argsort_with([3, 1, 2], |o| o.descending(true)) => "[0 2 1]";
    /// The product of vectors, of matrices, or of a scalar and an array.
    dot(other: impl Into<Array>): np::dot([1, 2, 3], [4, 5, 6]) => "32";
    /// The product of matrices. Leading axes broadcast.
    matmul(other: impl Into<Array>): np::matmul([[1, 2], [3, 4]], [5, 6]) => "[17 39]";
}
