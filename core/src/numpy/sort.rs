//! Sorting and searching.

use super::arithmetic::where_;
use super::creation::within;
use super::promoted::promoted;
use crate::array::Array;
use crate::bind::{bind, bind_one};
use crate::config::default_int;
use crate::eager::staged;
use crate::error::{axis_of, check, check_size};
use crate::primitive::{broadcast, cast, concatenate, filled, iota, select};
use crate::promote::Kind;
use kiln_backends::program::{DType, Op, OutOfBounds, Scalar, Shape};

impl Array {
    /// Returns the elements in ascending order along the last axis. NaN comes last.
    ///
    /// # Panics
    /// When the array is a scalar.
    ///
    /// ```
    /// use kiln::numpy as np;
    /// assert_eq!(np::array([3, 1, 2]).sort().to_string(), "[1 2 3]");
    /// ```
    #[track_caller]
    pub fn sort(&self) -> Array {
        self.sort_axis(-1)
    }

    /// Returns the elements in ascending order along an axis. NaN comes last.
    ///
    /// # Panics
    /// When the axis is out of bounds.
    ///
    /// ```
    /// use kiln::numpy as np;
    /// assert_eq!(np::array([[3, 1], [2, 4]]).sort_axis(0).to_string(), "[[2 1]\n [3 4]]");
    /// ```
    #[track_caller]
    pub fn sort_axis(&self, axis: isize) -> Array {
        let axis = axis_of("sort", axis, self.ndim());
        staged("sort", axis, [self.clone()], |&axis, x| {
            bind_one(Op::Sort { axis }, &[&x[0]], x[0].is_weak())
        })
    }

    /// Returns the indices that sort the last axis, of the default integer dtype. Equal elements keep their
    /// order.
    ///
    /// # Panics
    /// When the array is a scalar.
    ///
    /// ```
    /// use kiln::numpy as np;
    /// assert_eq!(np::array([3, 1, 2]).argsort().to_string(), "[1 2 0]");
    /// ```
    #[track_caller]
    pub fn argsort(&self) -> Array {
        self.argsort_axis(-1)
    }

    /// Returns the indices that sort an axis. Equal elements keep their order.
    ///
    /// # Panics
    /// When the axis is out of bounds.
    ///
    /// ```
    /// use kiln::numpy as np;
    /// let x = np::array([[3, 1], [2, 4]]);
    /// let order = x.argsort_axis(0);
    /// assert_eq!(order.to_string(), "[[1 0]\n [0 1]]");
    /// assert_eq!(np::take_along_axis(&x, order, 0).to_string(), x.sort_axis(0).to_string());
    /// ```
    #[track_caller]
    pub fn argsort_axis(&self, axis: isize) -> Array {
        let axis = axis_of("argsort", axis, self.ndim());
        staged("argsort", axis, [self.clone()], |&axis, x| {
            let places = iota(default_int(), x[0].shape().clone(), axis);
            bind(Op::Sort { axis }, &[&x[0], &places], &[false, false]).remove(1)
        })
    }
}

/// Returns, for each value, the first index of a sorted array at which it could be inserted to keep the
/// order: `int32`, in the values' shape. NaN comes after every other number.
///
/// # Panics
/// When the array does not have one axis.
///
/// ```
/// use kiln::numpy as np;
/// assert_eq!(np::searchsorted([1, 2, 2, 3], [2, 9]).to_string(), "[1 4]");
/// ```
#[track_caller]
pub fn searchsorted(sorted: impl Into<Array>, values: impl Into<Array>) -> Array {
    search(sorted.into(), values.into(), false)
}

/// Returns, for each value, the last index of a sorted array at which it could be inserted to keep the order:
/// [`searchsorted`] with NumPy's `side="right"`.
///
/// # Panics
/// When the array does not have one axis.
///
/// ```
/// use kiln::numpy as np;
/// assert_eq!(np::searchsorted_right([1, 2, 2, 3], [2, 9]).to_string(), "[3 4]");
/// ```
#[track_caller]
pub fn searchsorted_right(sorted: impl Into<Array>, values: impl Into<Array>) -> Array {
    search(sorted.into(), values.into(), true)
}

#[track_caller]
fn search(sorted: Array, values: Array, right: bool) -> Array {
    let ([sorted, values], kind) = promoted("searchsorted", [sorted, values]);
    check(sorted.ndim() == 1, "searchsorted", || {
        format!(
            "the sorted array has shape {}, one axis is wanted",
            sorted.shape()
        )
    });
    staged(
        "searchsorted",
        (kind, right),
        [sorted, values],
        |&(kind, right), xs| {
            let (sorted, values) = (cast(&xs[0], kind), cast(&xs[1], kind));
            let n = sorted.size();
            let wide = n > i32::MAX as usize;
            let dtype = Kind::strong(if wide { DType::I64 } else { DType::I32 });
            let zero = cast(&Array::from(0).settled("searchsorted", dtype), dtype);
            let mut low = broadcast(&zero, values.shape());
            // Bisection: `low` elements are known to come before.
            let mut high = &low + n;
            let mut left = n;
            while left > 0 {
                // The sum of both may overflow.
                let middle = &low + ((&high - &low) >> 1);
                let index = middle.minimum(n.max(1) - 1);
                let gather = Op::Gather {
                    axes: [0].into_iter().collect(),
                    batch: 0,
                    mode: OutOfBounds::Clip,
                };
                let element = bind_one(gather, &[&sorted, &index], false);
                // NaN sorts last, and is equal to itself.
                let (nan, value_nan) = (element.isnan(), values.isnan());
                let before = match right {
                    true => element.le(&values) | &value_nan,
                    false => (element.lt(&values) | &value_nan) & !nan,
                };
                let active = low.lt(&high);
                low = where_(&before & &active, &middle + 1, &low);
                high = where_(!before & active, &middle, &high);
                left /= 2;
            }
            low
        },
    )
}

/// Returns the matrix with a one-dimensional array on the `k`-th diagonal and 0 elsewhere. For a matrix,
/// returns its `k`-th diagonal.
///
/// # Panics
/// When the array has neither one axis nor two, or memory could not hold the elements.
///
/// ```
/// use kiln::numpy as np;
/// assert_eq!(np::diag([1, 2], 0).to_string(), "[[1 0]\n [0 2]]");
/// ```
#[track_caller]
pub fn diag(x: impl Into<Array>, k: isize) -> Array {
    let x = x.into();
    let (rank, shape) = (x.ndim(), x.shape().clone());
    check(rank == 1 || rank == 2, "diag", || {
        format!("takes one axis or two, got shape {shape}")
    });
    if rank == 2 {
        return diagonal(x, k);
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

/// Returns the `k`-th diagonals of the matrices in the first two axes, as the last axis. `k` counts upwards
/// from the main one.
///
/// # Panics
/// When the array has fewer than two axes.
///
/// ```
/// use kiln::numpy as np;
/// assert_eq!(np::diagonal([[1, 2], [3, 4]], 0).to_string(), "[1 4]");
/// assert_eq!(np::diagonal([[1, 2], [3, 4]], 1).to_string(), "[2]");
/// ```
#[track_caller]
pub fn diagonal(x: impl Into<Array>, k: isize) -> Array {
    let x = x.into();
    check(x.ndim() >= 2, "diagonal", || {
        format!("takes matrices, got shape {}", x.shape())
    });
    let k = within(k, x.shape()[0], x.shape()[1]);
    let (rows, columns) = (x.shape()[0] as isize, x.shape()[1] as isize);
    let n = (rows + k.min(0)).min(columns - k.max(0)).max(0);
    let row = super::creation::arange(n) - k.min(0);
    let column = super::creation::arange(n) + k.max(0);
    x.index((row, column)).moveaxis(0, -1)
}

/// Returns the sums of the `k`-th diagonals of the matrices in the first two axes.
///
/// # Panics
/// When the array has fewer than two axes.
///
/// ```
/// use kiln::numpy as np;
/// assert_eq!(np::trace(np::identity(3), 0).to_string(), "3.0");
/// ```
#[track_caller]
pub fn trace(x: impl Into<Array>, k: isize) -> Array {
    let x = x.into();
    check(x.ndim() >= 2, "trace", || {
        format!("takes matrices, got shape {}", x.shape())
    });
    diagonal(x, k).sum_axis(-1)
}

macro_rules! triangles {
    ($($(#[$doc:meta])* $name:ident $keep:ident;)*) => {$(
        $(#[$doc])*
        ///
        /// # Panics
        /// When the array has fewer than two axes.
        #[track_caller]
        pub fn $name(x: impl Into<Array>, k: isize) -> Array {
            let x = x.into();
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
    /// Returns the matrices' elements on and below the `k`-th diagonal, 0 above.
    ///
    /// ```
    /// use kiln::numpy as np;
    /// assert_eq!(np::tril(np::ones((2, 2)), 0).to_string(), "[[1. 0.]\n [1. 1.]]");
    /// ```
    tril ge;
    /// Returns the matrices' elements on and above the `k`-th diagonal, 0 below.
    ///
    /// ```
    /// use kiln::numpy as np;
    /// assert_eq!(np::triu(np::ones((2, 2)), 1).to_string(), "[[0. 1.]\n [0. 0.]]");
    /// ```
    triu le;
}
