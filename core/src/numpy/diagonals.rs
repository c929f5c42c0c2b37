//! Diagonals and triangles of matrices.

use super::creation::within;
use crate::arguments::{Number, axes_of};
use crate::array::Array;
use crate::eager::staged;
use crate::error::{check, check_size};
use crate::primitive::{broadcast, concatenate, filled, iota, select};
use kiln_backends::program::{DType, Scalar, Shape};

/// Returns the matrix with a one-dimensional array on its diagonal, or the diagonal of a matrix. The other
/// elements of the matrix are 0.
///
/// # Panics
/// When the array has neither one axis nor two, or memory could not hold the elements.
///
/// ```
/// use kiln::numpy as np;
/// assert_eq!(np::diag([1, 2]).to_string(), "[[1 0]\n [0 2]]");
/// assert_eq!(np::diag([[1, 2], [3, 4]]).to_string(), "[1 4]");
/// ```
#[track_caller]
pub fn diag(x: impl Into<Array>) -> Array {
    diag_with(x, |o| o)
}

/// Returns [`diag`] with the optional arguments of [`options::Triangle`](crate::options::Triangle), which
/// choose another diagonal.
///
/// # Panics
/// When the array has neither one axis nor two, or memory could not hold the elements.
///
/// ```
/// use kiln::numpy as np;
/// assert_eq!(np::diag_with([1], |o| o.k(1)).to_string(), "[[0 1]\n [0 0]]");
/// ```
#[track_caller]
pub fn diag_with(x: impl Into<Array>, options: impl FnOnce(Triangle) -> Triangle) -> Array {
    let (x, k) = (x.into(), options(Triangle::default()).k);
    let (rank, shape) = (x.ndim(), x.shape().clone());
    check(rank == 1 || rank == 2, "diag", || {
        format!("takes one axis or two, got shape {shape}")
    });
    if rank == 2 {
        return diagonal_with(x, |o| o.offset(k));
    }
    let n = x.size().saturating_add(k.unsigned_abs());
    check_size("diag", &Shape::from([n, n]));
    staged("diag", k, [x], |&k, x| {
        let x = &x[0];
        let n = x.size() + k.unsigned_abs();
        let zero = Scalar::from_i64(x.dtype(), 0);
        let padding = filled(zero, &Shape::from([k.unsigned_abs()]), x.is_weak());
        let row = match k >= 0 {
            true => [padding, x.clone()],
            false => [x.clone(), padding],
        };
        let square = Shape::from([n, n]);
        let rows = broadcast(&concatenate(&row, 0), &square);
        select(
            &super::creation::diagonal(n, n, k),
            &rows,
            &filled(zero, &square, x.is_weak()),
        )
    })
}

/// Returns the diagonals of the matrices in the first two axes. The last axis of the result goes along the
/// diagonals.
///
/// # Panics
/// When the array has fewer than two axes.
///
/// ```
/// use kiln::numpy as np;
/// assert_eq!(np::diagonal([[1, 2], [3, 4]]).to_string(), "[1 4]");
/// ```
#[track_caller]
pub fn diagonal(x: impl Into<Array>) -> Array {
    diagonal_with(x, |o| o)
}

/// Returns [`diagonal`] with the optional arguments of [`options::Diagonal`](crate::options::Diagonal).
///
/// # Panics
/// When the array has fewer than two axes, or an axis is out of bounds or given twice.
///
/// ```
/// use kiln::numpy as np;
/// assert_eq!(np::diagonal_with([[1, 2], [3, 4]], |o| o.offset(1)).to_string(), "[2]");
/// ```
#[track_caller]
pub fn diagonal_with(x: impl Into<Array>, options: impl FnOnce(Diagonal) -> Diagonal) -> Array {
    diagonal_of("diagonal", x.into(), options(Diagonal::default()))
}

#[track_caller]
fn diagonal_of(op: &str, x: Array, options: Diagonal) -> Array {
    check(x.ndim() >= 2, op, || {
        format!("takes matrices, got shape {}", x.shape())
    });
    let axes = [options.axis1, options.axis2];
    axes_of(op, &axes, x.ndim());
    let x = x.moveaxis(axes, [0, 1]);
    let k = within(options.offset, x.shape()[0], x.shape()[1]);
    let (rows, columns) = (x.shape()[0] as isize, x.shape()[1] as isize);
    let n = (rows + k.min(0)).min(columns - k.max(0)).max(0);
    let row = super::creation::arange(n) - k.min(0);
    let column = super::creation::arange(n) + k.max(0);
    x.index((row, column)).moveaxis(0, -1)
}

/// Returns the sums of the diagonals of the matrices in the first two axes.
///
/// # Panics
/// When the array has fewer than two axes.
///
/// ```
/// use kiln::numpy as np;
/// assert_eq!(np::trace(np::identity(3)).to_string(), "3.0");
/// ```
#[track_caller]
pub fn trace(x: impl Into<Array>) -> Array {
    trace_with(x, |o| o)
}

/// Returns [`trace`] with the optional arguments of [`options::Diagonal`](crate::options::Diagonal).
///
/// # Panics
/// When the array has fewer than two axes, or an axis is out of bounds or given twice.
///
/// ```
/// use kiln::numpy as np;
/// assert_eq!(np::trace_with([[1, 2], [3, 4]], |o| o.offset(-1)).to_string(), "3");
/// ```
#[track_caller]
pub fn trace_with(x: impl Into<Array>, options: impl FnOnce(Diagonal) -> Diagonal) -> Array {
    diagonal_of("trace", x.into(), options(Diagonal::default())).sum_axis(-1)
}

macro_rules! triangles {
    ($($(#[$doc:meta])* $name:ident $with:ident ($x:expr) -> $shown:literal, $above:literal $keep:ident;)*) => {$(
        $(#[$doc])*
        ///
        /// # Panics
        /// When the array has fewer than two axes.
        ///
        /// ```
        /// use kiln::numpy as np;
        #[doc = concat!("assert_eq!(np::", stringify!($name), "(", stringify!($x), ").to_string(), ", stringify!($shown), ");")]
        /// ```
        #[track_caller]
        pub fn $name(x: impl Into<Array>) -> Array {
            $with(x, |o| o)
        }

        $(#[$doc])*
        ///
        /// This function takes the optional arguments of [`options::Triangle`](crate::options::Triangle).
        /// They choose another diagonal as the bound.
        ///
        /// # Panics
        /// When the array has fewer than two axes.
        ///
        /// ```
        /// use kiln::numpy as np;
        #[doc = concat!("assert_eq!(np::", stringify!($with), "(", stringify!($x), ", |o| o.k(1)).to_string(), ", stringify!($above), ");")]
        /// ```
        #[track_caller]
        pub fn $with(x: impl Into<Array>, options: impl FnOnce(Triangle) -> Triangle) -> Array {
            let (x, k) = (x.into(), options(Triangle::default()).k);
            check(x.ndim() >= 2, stringify!($name), || format!("takes matrices, got shape {}", x.shape()));
            staged(stringify!($name), k, [x], |&k, x| {
                let rank = x[0].ndim();
                let shape = Shape::from(&x[0].shape()[rank - 2..]);
                let k = within(k, shape[0], shape[1]);
                let kept = (iota(DType::I64, shape.clone(), 0) + k).$keep(iota(DType::I64, shape, 1));
                let zeros = filled(Scalar::from_i64(x[0].dtype(), 0), x[0].shape(), x[0].is_weak());
                select(&broadcast(&kept, x[0].shape()), &x[0], &zeros)
            })
        }
    )*};
}

triangles! {
    /// Returns matrices with their elements on and below the diagonal, and 0 above.
    tril tril_with([[1, 2], [3, 4]]) -> "[[1 0]\n [3 4]]", "[[1 2]\n [3 4]]" ge;
    /// Returns matrices with their elements on and above the diagonal, and 0 below.
    triu triu_with([[1, 2], [3, 4]]) -> "[[1 2]\n [0 4]]", "[[0 2]\n [0 0]]" le;
}

optional_arguments! {
    /// The optional arguments of [`diag`](crate::numpy::diag_with), [`tril`](crate::numpy::tril_with) and
    /// [`triu`](crate::numpy::triu_with).
    ///
    /// ```
    /// use kiln::numpy as np;
    /// assert_eq!(np::triu_with(np::ones((2, 2)), |o| o.k(1)).to_string(), "[[0. 1.]\n [0. 0.]]");
    /// ```
    Triangle {
        /// The number of the diagonal: counted upwards from the main one, which is 0.
        k(impl Number): isize = 0 => k.number(); np::diag_with([[1, 2], [3, 4]], |o| o.k(-1)) => "[3]";
    }
    /// The optional arguments of [`diagonal`](crate::numpy::diagonal_with) and
    /// [`trace`](crate::numpy::trace_with).
    ///
    /// ```
    /// use kiln::numpy as np;
    /// let x = np::arange(8).reshape((2, 2, 2));
    /// assert_eq!(np::diagonal_with(&x, |o| o.axis1(1).axis2(2)).to_string(), "[[0 3]\n [4 7]]");
    /// ```
    Diagonal {
        /// The number of the diagonal: counted upwards from the main one, which is 0.
        offset(impl Number): isize = 0 => offset.number(); np::diagonal_with([[1, 2], [3, 4]], |o| o.offset(1)) => "[2]";
        /// The axis of the matrices' rows: 0, if this is not given.
        axis1(impl Number): isize = 0 => axis1.number(); np::trace_with(np::ones((2, 3, 3)), |o| o.axis1(-2).axis2(-1)) => "[3. 3.]";
        /// The axis of the matrices' columns: 1, if this is not given.
        axis2(impl Number): isize = 1 => axis2.number(); np::trace_with(np::ones((3, 2, 3)), |o| o.axis2(2)) => "[3. 3.]";
    }
}
