//! The methods of arrays as functions, and functions as methods.

use super::diagonals::{Diagonal, Triangle};
use super::nonzero::{Compress, Nonzero};
use super::reduce::{Argmax, Cumulative};
use super::sort::{Searchsorted, Sort};
use super::take::{Take, TakeAlongAxis};
use crate::arguments::{IntoAxes, IntoNumbers, Number};
use crate::array::Array;
use crate::error::check;
use kiln_backends::program::DType;

/// Declares methods as functions. A row holds a call and its result: the example.
macro_rules! methods {
    ($(
        $(#[$doc:meta])*
        $name:ident($($argument:ident: $type:ty),*): $call:expr => $shown:literal;
    )*) => {$(
        $(#[$doc])*
        ///
        #[doc = concat!("The method [`", stringify!($name), "`](Array::", stringify!($name), ") does the same. Its page has the shapes, dtypes and panics.")]
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
    /// Raises each element to a power.
    pow(exponent: impl Into<Array>): np::pow([1, 2, 3], 2) => "[1 4 9]";
    /// Limits the elements to bounds.
    clip(least: impl Into<Array>, greatest: impl Into<Array>): np::clip([1, 5, 9], 2, 6) => "[2 5 6]";
    /// Rounds the elements to a number of decimals.
    round_to(decimals: i32): np::round_to([0.125, 2.718], 1) => "[0.1 2.7]";
    /// Converts the elements to another dtype.
    astype(dtype: DType): np::astype([1.7, -1.7], kiln::DType::I32) => "[ 1 -1]";
    /// Returns the index of the greatest element of the flattened array.
    argmax(): np::argmax([1, 5, 2]) => "1";
    /// Returns the indices of the greatest elements along an axis.
    argmax_axis(axis: impl IntoAxes): np::argmax_axis([[1, 5], [7, 0]], -1) => "[1 0]";
    /// Returns the indices of the greatest elements, with optional arguments.
    argmax_with(options: impl FnOnce(Argmax) -> Argmax): np::argmax_with([[1, 5], [7, 0]], |o| o.axis(0)) => "[1 0]";
    /// Returns the index of the least element of the flattened array.
    argmin(): np::argmin([1, 5, 0]) => "2";
    /// Returns the indices of the least elements along an axis.
    argmin_axis(axis: impl IntoAxes): np::argmin_axis([[1, 5], [7, 0]], kiln::keep(-1)) => "[[0]\n [1]]";
    /// Returns the indices of the least elements, with optional arguments.
    argmin_with(options: impl FnOnce(Argmax) -> Argmax): np::argmin_with([[1, 5], [7, 0]], |o| o.axis(0)) => "[0 1]";
    /// Returns the running sum of the flattened array.
    cumsum(): np::cumsum([1, 2, 3]) => "[1 3 6]";
    /// Returns the running sum along an axis.
    cumsum_axis(axis: impl Number): np::cumsum_axis([[1, 2], [3, 4]], 0) => "[[1 2]\n [4 6]]";
    /// Returns the running sum, with optional arguments.
    cumsum_with(options: impl FnOnce(Cumulative) -> Cumulative): np::cumsum_with([[1, 2], [3, 4]], |o| o.axis(1)) => "[[1 3]\n [3 7]]";
    /// Returns the running product of the flattened array.
    cumprod(): np::cumprod([1, 2, 3]) => "[1 2 6]";
    /// Returns the running product along an axis.
    cumprod_axis(axis: impl Number): np::cumprod_axis([[1, 2], [3, 4]], 1) => "[[ 1  2]\n [ 3 12]]";
    /// Returns the running product, with optional arguments.
    cumprod_with(options: impl FnOnce(Cumulative) -> Cumulative): np::cumprod_with([[1, 2], [3, 4]], |o| o.axis(0)) => "[[1 2]\n [3 8]]";
    /// Returns the same elements in another shape.
    reshape(shape: impl IntoNumbers): np::reshape([1, 2, 3, 4], (2, -1)) => "[[1 2]\n [3 4]]";
    /// Returns the same elements as one axis.
    ravel(): np::ravel([[1, 2], [3, 4]]) => "[1 2 3 4]";
    /// Returns the array with its axes in another order.
    transpose(axes: impl IntoNumbers): np::transpose([[1, 2, 3]], (1, 0)) => "[[1]\n [2]\n [3]]";
    /// Exchanges two axes.
    swapaxes(first: impl Number, second: impl Number): np::swapaxes(np::ones((2, 3, 4)), 0, -1).shape() => "(4, 3, 2)";
    /// Moves axes to other positions.
    moveaxis(source: impl IntoNumbers, destination: impl IntoNumbers): np::moveaxis(np::ones((2, 3, 4)), 0, -1).shape() => "(3, 4, 2)";
    /// Removes the axes of length 1.
    squeeze(): np::squeeze([[1, 2]]) => "[1 2]";
    /// Removes axes of length 1 by their numbers.
    squeeze_axis(axes: impl IntoNumbers): np::squeeze_axis(np::ones((1, 1, 3)), 0).shape() => "(1, 3)";
    /// Adds new axes of length 1.
    expand_dims(axes: impl IntoNumbers): np::expand_dims([1, 2], -1) => "[[1]\n [2]]";
    /// Repeats the array to a shape.
    broadcast_to(shape: impl IntoNumbers): np::broadcast_to([1, 2], (2, 2)) => "[[1 2]\n [1 2]]";
    /// Returns the elements in reverse order along all axes.
    flip(): np::flip([1, 2, 3]) => "[3 2 1]";
    /// Returns the elements in reverse order along some axes.
    flip_axis(axes: impl IntoNumbers): np::flip_axis([[1, 2], [3, 4]], 0) => "[[3 4]\n [1 2]]";
    /// Shifts the elements of the flattened array.
    roll(shift: isize): np::roll([1, 2, 3], 1) => "[3 1 2]";
    /// Shifts the elements along axes.
    roll_axis(shifts: impl IntoNumbers, axes: impl IntoNumbers): np::roll_axis([[1, 2], [3, 4]], 1, 0) => "[[3 4]\n [1 2]]";
    /// Repeats the array along each axis.
    tile(times: impl IntoNumbers): np::tile([1, 2], 3) => "[1 2 1 2 1 2]";
    /// Repeats every element of the flattened array a number of times.
    repeat(times: usize): np::repeat([1, 2], 2) => "[1 1 2 2]";
    /// Repeats every slice along an axis a number of times.
    repeat_axis(times: usize, axis: impl Number): np::repeat_axis([[1, 2]], 2, 0) => "[[1 2]\n [1 2]]";
    /// Returns the elements in ascending order along the last axis.
    sort(): np::sort([3, 1, 2]) => "[1 2 3]";
    /// Returns the elements in ascending order along an axis.
    sort_axis(axis: impl Number): np::sort_axis([[3, 1], [2, 4]], 0) => "[[2 1]\n [3 4]]";
    /// Returns the elements in order along an axis, with optional arguments.
    sort_with(options: impl FnOnce(Sort) -> Sort): np::sort_with([3, 1, 2], |o| o.descending(true)) => "[3 2 1]";
    /// Returns the indices that sort the last axis.
    argsort(): np::argsort([3, 1, 2]) => "[1 2 0]";
    /// Returns the indices that sort an axis.
    argsort_axis(axis: impl Number): np::argsort_axis([[3, 1], [2, 4]], 0) => "[[1 0]\n [0 1]]";
    /// Returns the indices that sort an axis, with optional arguments.
    argsort_with(options: impl FnOnce(Sort) -> Sort): np::argsort_with([3, 1, 2], |o| o.descending(true)) => "[0 2 1]";
    /// Partitions the elements along the last axis: element `kth` comes to its index in the sorted array.
    partition(kth: impl Number): np::partition([5, 1, 4, 2], 1).index(1) => "2";
    /// Partitions the elements along an axis: element `kth` comes to its index in the sorted array.
    partition_axis(kth: impl Number, axis: impl Number): np::partition_axis([[5, 1], [4, 2]], 0, 0).index(0) => "[4 1]";
    /// Returns the indices that partition the elements along an axis.
    argpartition_axis(kth: impl Number, axis: impl Number): np::argpartition_axis([[5, 1], [4, 2]], 0, 0).index(0) => "[1 0]";
    /// Returns the indices that partition the elements along the last axis.
    argpartition(kth: impl Number): np::argpartition([5, 1, 4, 2], 1).index(1) => "3";
    /// Returns the product of vectors, of matrices, or of a scalar and an array.
    dot(other: impl Into<Array>): np::dot([1, 2, 3], [4, 5, 6]) => "32";
    /// Returns the product of matrices. Leading axes broadcast.
    matmul(other: impl Into<Array>): np::matmul([[1, 2], [3, 4]], [5, 6]) => "[17 39]";
}

/// Declares functions as methods. A row holds a call and its result: the example.
macro_rules! functions {
    ($(
        $(#[$doc:meta])*
        $name:ident($($argument:ident: $type:ty),*) -> $result:ty: $call:expr => $shown:literal;
    )*) => {
        impl Array {
            $(
                $(#[$doc])*
                ///
                #[doc = concat!("The function [`", stringify!($name), "`](crate::numpy::", stringify!($name), ") does the same. Its page has the shapes, dtypes and panics.")]
                ///
                /// ```
                /// use kiln::numpy as np;
                #[doc = concat!("assert_eq!(", stringify!($call), ".to_string(), ", stringify!($shown), ");")]
                /// ```
                #[track_caller]
                pub fn $name(&self $(, $argument: $type)*) -> $result {
                    super::$name(self $(, $argument)*)
                }
            )*
        }
    };
}

functions! {
    /// Returns the elements of the flattened array at indices.
    take(indices: impl Into<Array>) -> Array: np::array([10, 20, 30]).take([2, 0]) => "[30 10]";
    /// The slices along an axis at some indices.
    take_axis(indices: impl Into<Array>, axis: impl Number) -> Array: np::array([[1, 2], [3, 4]]).take_axis([1, 1], 1) => "[[2 2]\n [4 4]]";
    /// The elements or slices at some indices, with optional arguments.
    take_with(indices: impl Into<Array>, options: impl FnOnce(Take) -> Take) -> Array: np::array([10, 20]).take_with(9, |o| o.mode(kiln::OutOfBounds::Clip)) => "20";
    /// The elements at one index along an axis for each position of the other axes.
    take_along_axis(indices: impl Into<Array>, axis: impl Number) -> Array: np::array([[3, 1, 2]]).take_along_axis([[1, 2, 0]], 1) => "[[1 2 3]]";
    /// Returns the elements at one index along an axis for each position of the other axes, with optional
    /// arguments.
    take_along_axis_with(indices: impl Into<Array>, axis: impl Number, options: impl FnOnce(TakeAlongAxis) -> TakeAlongAxis) -> Array: np::array([3, 1]).take_along_axis_with([1, 9], 0, |o| o.fill_value(0)) => "[1 0]";
    /// The matrix with this array on the diagonal, or the diagonal of this matrix.
    diag() -> Array: np::array([[1, 2], [3, 4]]).diag() => "[1 4]";
    /// Returns the matrix with this array on a diagonal, or a diagonal of this matrix.
    diag_with(options: impl FnOnce(Triangle) -> Triangle) -> Array: np::array([[1, 2], [3, 4]]).diag_with(|o| o.k(1)) => "[2]";
    /// Returns the diagonals of matrices.
    diagonal() -> Array: np::array([[1, 2], [3, 4]]).diagonal() => "[1 4]";
    /// Returns the diagonals of matrices, with optional arguments.
    diagonal_with(options: impl FnOnce(Diagonal) -> Diagonal) -> Array: np::array([[1, 2], [3, 4]]).diagonal_with(|o| o.offset(-1)) => "[3]";
    /// Returns the sums of the diagonals of matrices.
    trace() -> Array: np::array([[1, 2], [3, 4]]).trace() => "5";
    /// Returns the sums of the diagonals of matrices, with optional arguments.
    trace_with(options: impl FnOnce(Diagonal) -> Diagonal) -> Array: np::array([[1, 2], [3, 4]]).trace_with(|o| o.offset(1)) => "2";
    /// Returns the indices at which values would be inserted in this sorted array.
    searchsorted(values: impl Into<Array>) -> Array: np::array([1, 2, 4]).searchsorted([2, 3]) => "[1 2]";
    /// Returns the indices at which values would be inserted in this sorted array, with optional arguments.
    searchsorted_with(values: impl Into<Array>, options: impl FnOnce(Searchsorted) -> Searchsorted) -> Array: np::array([1, 2, 4]).searchsorted_with(2, |o| o.side(kiln::options::Side::Right)) => "2";
    /// Returns the indices of the elements that are not 0, an array for each axis.
    nonzero() -> Vec<Array>: np::array([4, 0, 6]).nonzero()[0] => "[0 2]";
    /// Returns the indices of the elements that are not 0, with optional arguments.
    nonzero_with(options: impl FnOnce(Nonzero) -> Nonzero) -> Vec<Array>: np::array([4, 0, 6]).nonzero_with(|o| o.size(1))[0] => "[0]";
}

impl Array {
    /// Returns the elements of the flattened array at which a list of bools is true. The function
    /// [`compress`](crate::numpy::compress) does the same.
    ///
    /// # Panics
    /// When the condition does not have one axis, it is true beyond the last element, or it has no value:
    /// inside `jit` and `vmap` use [`compress_with`](Array::compress_with) and its option `size`.
    ///
    /// ```
    /// use kiln::numpy as np;
    /// assert_eq!(np::array([1, 2, 3]).compress([true, false, true]).to_string(), "[1 3]");
    /// ```
    #[track_caller]
    pub fn compress(&self, condition: impl Into<Array>) -> Array {
        super::compress(condition, self)
    }

    /// Returns the slices along an axis at which a list of bools is true. The function
    /// [`compress_axis`](crate::numpy::compress_axis) does the same.
    ///
    /// # Panics
    /// When the axis is out of bounds, the condition does not have one axis, it is true beyond the last
    /// slice, or it has no value: inside `jit` and `vmap` use [`compress_with`](Array::compress_with) and its
    /// option `size`.
    ///
    /// ```
    /// use kiln::numpy as np;
    /// assert_eq!(np::array([[1, 2], [3, 4]]).compress_axis([false, true], 0).to_string(), "[[3 4]]");
    /// ```
    #[track_caller]
    pub fn compress_axis(&self, condition: impl Into<Array>, axis: impl Number) -> Array {
        super::compress_axis(condition, self, axis)
    }

    /// Returns the elements or slices at which a list of bools is true, with the optional arguments of
    /// [`options::Compress`](crate::options::Compress). The function
    /// [`compress_with`](crate::numpy::compress_with) does the same. Its page has the shapes, dtypes and
    /// panics.
    ///
    /// ```
    /// use kiln::numpy as np;
    /// let x = np::array([1, 2, 3]);
    /// assert_eq!(x.compress_with([true, false, true], |o| o.size(3)).to_string(), "[1 3 0]");
    /// ```
    #[track_caller]
    pub fn compress_with(
        &self,
        condition: impl Into<Array>,
        options: impl FnOnce(Compress) -> Compress,
    ) -> Array {
        super::compress_with(condition, self, options)
    }

    /// Returns the same elements as one axis. [`ravel`](Array::ravel) does the same: arrays never change, so
    /// no copy is needed.
    ///
    /// ```
    /// use kiln::numpy as np;
    /// assert_eq!(np::array([[1, 2], [3, 4]]).flatten().to_string(), "[1 2 3 4]");
    /// ```
    #[track_caller]
    pub fn flatten(&self) -> Array {
        self.ravel()
    }

    /// Transposes the matrices in the last two axes. This is NumPy's `x.mT`.
    ///
    /// # Panics
    /// When the array has fewer than two axes.
    ///
    /// ```
    /// use kiln::numpy as np;
    /// assert_eq!(np::ones((5, 2, 3)).mt().shape()[..], [5, 3, 2]);
    /// ```
    #[track_caller]
    pub fn mt(&self) -> Array {
        check(self.ndim() >= 2, "mt", || {
            format!("takes matrices, got shape {}", self.shape())
        });
        self.swapaxes(-1, -2)
    }

    /// Returns the number of bytes of one element.
    ///
    /// ```
    /// use kiln::numpy as np;
    /// assert_eq!(np::ones(3).itemsize(), 4);
    /// ```
    pub fn itemsize(&self) -> usize {
        self.dtype().size()
    }
}
