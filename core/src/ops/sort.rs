//! Sorting and searching.

use super::arithmetic::where_;
use super::elementwise::promoted;
use super::primitive::{broadcast, cast, concatenate, filled, iota, select};
use crate::Array;
use crate::config::default_int;
use crate::eager::staged;
use crate::error::{axis_of, check};
use crate::promote::Kind;
use crate::record::{bind, bind_one};
use kiln_backends::program::{DType, Op, OutOfBounds, Scalar, Shape};

impl Array {
    /// The elements in ascending order along the last axis; NaN comes last.
    ///
    /// # Panics
    /// When the array is a scalar.
    ///
    /// ```
    /// # use kiln_core::numpy as np;
    /// println!("{}", np::array([3, 1, 2]).sort()); // [1 2 3]
    /// ```
    #[track_caller]
    pub fn sort(&self) -> Array {
        self.sort_axis(-1)
    }

    /// The elements in ascending order along an axis; NaN comes last.
    ///
    /// # Panics
    /// When the axis is out of bounds.
    #[track_caller]
    pub fn sort_axis(&self, axis: isize) -> Array {
        let axis = axis_of("sort", axis, self.ndim());
        staged("sort", axis, [self.clone()], |&axis, x| {
            bind_one(Op::Sort { axis }, &[&x[0]], x[0].is_weak())
        })
    }

    /// The indices that sort the last axis. Equal elements keep their order.
    ///
    /// # Panics
    /// When the array is a scalar.
    ///
    /// ```
    /// # use kiln_core::numpy as np;
    /// println!("{}", np::array([3, 1, 2]).argsort()); // [1 2 0]
    /// ```
    #[track_caller]
    pub fn argsort(&self) -> Array {
        self.argsort_axis(-1)
    }

    /// The indices that sort an axis. Equal elements keep their order.
    ///
    /// # Panics
    /// When the axis is out of bounds.
    #[track_caller]
    pub fn argsort_axis(&self, axis: isize) -> Array {
        let axis = axis_of("argsort", axis, self.ndim());
        staged("argsort", axis, [self.clone()], |&axis, x| {
            let places = iota(default_int(), x[0].shape().clone(), axis);
            bind(Op::Sort { axis }, &[&x[0], &places], &[false, false]).remove(1)
        })
    }
}

/// For each value, the first index of a sorted array at which it could be inserted to keep the order.
///
/// # Panics
/// When the array does not have one axis.
///
/// ```
/// # use kiln_core::numpy as np;
/// println!("{}", np::searchsorted([1, 2, 2, 3], [2, 9])); // [1 4]
/// ```
#[track_caller]
pub fn searchsorted(sorted: impl Into<Array>, values: impl Into<Array>) -> Array {
    search(sorted.into(), values.into(), false)
}

/// For each value, the last index of a sorted array at which it could be inserted to keep the order.
///
/// # Panics
/// When the array does not have one axis.
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
            // Bisection: `low` is always the number of elements known to come before.
            let mut high = &low + n;
            let mut left = n;
            while left > 0 {
                // Not half of the sum, which may be out of range.
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

/// Where a one-dimensional array is put on the `k`-th diagonal of a matrix, or the `k`-th diagonal of a matrix.
///
/// # Panics
/// When the array has neither one axis nor two.
///
/// ```
/// # use kiln_core::numpy as np;
/// println!("{}", np::diag([1, 2], 0));
/// // [[1 0]
/// //  [0 2]]
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

/// The `k`-th diagonals of the matrices in the first two axes, as the last axis.
///
/// # Panics
/// When the array has fewer than two axes.
#[track_caller]
pub fn diagonal(x: impl Into<Array>, k: isize) -> Array {
    let x = x.into();
    check(x.ndim() >= 2, "diagonal", || {
        format!("takes matrices, got shape {}", x.shape())
    });
    let (rows, columns) = (x.shape()[0] as isize, x.shape()[1] as isize);
    let n = (rows + k.min(0)).min(columns - k.max(0)).max(0);
    let row = crate::numpy::arange(n) - k.min(0);
    let column = crate::numpy::arange(n) + k.max(0);
    x.index((row, column)).moveaxis(0, -1)
}

/// The sums of the `k`-th diagonals of the matrices in the first two axes.
///
/// # Panics
/// When the array has fewer than two axes.
///
/// ```
/// # use kiln_core::numpy as np;
/// println!("{}", np::trace(np::identity(3), 0)); // 3.0
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
                let kept = (iota(DType::I64, shape.clone(), 0) + k).$keep(iota(DType::I64, shape, 1));
                let zeros = filled(Scalar::from_i64(x[0].dtype(), 0), x[0].shape(), x[0].is_weak());
                select(&broadcast(&kept, x[0].shape()), &x[0], &zeros)
            })
        }
    )*};
}

triangles! {
    /// The matrices' elements on and below the `k`-th diagonal, 0 above.
    ///
    /// ```
    /// # use kiln_core::numpy as np;
    /// println!("{}", np::tril(np::ones((2, 2)), 0));
    /// // [[1. 0.]
    /// //  [1. 1.]]
    /// ```
    tril ge;
    /// The matrices' elements on and above the `k`-th diagonal, 0 below.
    triu le;
}
