//! Sorting and searching.

use super::arithmetic::where_;
use super::promoted::promoted;
use crate::arguments::Number;
use crate::array::Array;
use crate::bind::{bind, bind_one};
use crate::config::default_int;
use crate::eager::staged;
use crate::error::{axis_of, check};
use crate::primitive::{broadcast, cast, iota, reverse};
use crate::promote::Kind;
use kiln_backends::program::{Axes, DType, Op, OutOfBounds};

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
        sort(self, Sort::default())
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
    pub fn sort_axis(&self, axis: impl Number) -> Array {
        self.sort_with(|o| o.axis(axis))
    }

    /// Returns the elements in order along an axis, with the optional arguments of
    /// [`options::Sort`](crate::options::Sort). NaN comes last in ascending order, and first in descending
    /// order.
    ///
    /// # Panics
    /// When the axis is out of bounds.
    ///
    /// ```
    /// use kiln::numpy as np;
    /// assert_eq!(np::array([3, 1, 2]).sort_with(|o| o.descending(true)).to_string(), "[3 2 1]");
    /// ```
    #[track_caller]
    pub fn sort_with(&self, options: impl FnOnce(Sort) -> Sort) -> Array {
        sort(self, options(Sort::default()))
    }

    /// Returns the indices that sort the last axis. They have the default integer dtype. Equal elements keep
    /// their order.
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
        argsort(self, Sort::default())
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
    pub fn argsort_axis(&self, axis: impl Number) -> Array {
        self.argsort_with(|o| o.axis(axis))
    }

    /// Returns the indices that sort an axis, with the optional arguments of
    /// [`options::Sort`](crate::options::Sort). Equal elements keep their order.
    ///
    /// # Panics
    /// When the axis is out of bounds.
    ///
    /// ```
    /// use kiln::numpy as np;
    /// assert_eq!(np::array([3, 1, 3]).argsort_with(|o| o.descending(true)).to_string(), "[0 2 1]");
    /// ```
    #[track_caller]
    pub fn argsort_with(&self, options: impl FnOnce(Sort) -> Sort) -> Array {
        argsort(self, options(Sort::default()))
    }
}

impl Array {
    /// Partitions the elements along the last axis: element `kth` of the result is that of the sorted array.
    /// No element before it is greater, and no element after it is less. NaN comes last.
    ///
    /// # Panics
    /// When the array is a scalar, or `kth` is out of bounds.
    ///
    /// ```
    /// use kiln::numpy as np;
    /// let x = np::array([5, 1, 4, 2]).partition(1);
    /// assert_eq!(x.index(1).to_string(), "2");
    /// ```
    #[track_caller]
    pub fn partition(&self, kth: impl Number) -> Array {
        self.partition_axis(kth, -1)
    }

    /// Returns the elements along an axis in the order of [`partition`](Array::partition).
    ///
    /// # Panics
    /// When the axis or `kth` is out of bounds.
    ///
    /// ```
    /// use kiln::numpy as np;
    /// assert_eq!(np::array([[5, 1], [4, 2]]).partition_axis(0, 0).index(0).to_string(), "[4 1]");
    /// ```
    #[track_caller]
    pub fn partition_axis(&self, kth: impl Number, axis: impl Number) -> Array {
        check_place("partition", self, kth.number(), axis.number());
        self.sort_axis(axis)
    }

    /// Returns the indices of the elements in the order of [`partition`](Array::partition). They have the
    /// default integer dtype.
    ///
    /// # Panics
    /// When the array is a scalar, or `kth` is out of bounds.
    ///
    /// ```
    /// use kiln::numpy as np;
    /// assert_eq!(np::array([5, 1, 4, 2]).argpartition(1).index(1).to_string(), "3");
    /// ```
    #[track_caller]
    pub fn argpartition(&self, kth: impl Number) -> Array {
        self.argpartition_axis(kth, -1)
    }

    /// Returns the indices that put the elements along an axis in the order of
    /// [`partition`](Array::partition).
    ///
    /// # Panics
    /// When the axis or `kth` is out of bounds.
    ///
    /// ```
    /// use kiln::numpy as np;
    /// assert_eq!(np::array([[5, 1], [4, 2]]).argpartition_axis(0, 0).index(0).to_string(), "[1 0]");
    /// ```
    #[track_caller]
    pub fn argpartition_axis(&self, kth: impl Number, axis: impl Number) -> Array {
        check_place("argpartition", self, kth.number(), axis.number());
        self.argsort_axis(axis)
    }
}

#[track_caller]
fn check_place(op: &str, x: &Array, kth: isize, axis: isize) {
    let n = x.shape()[axis_of(op, axis, x.ndim())] as isize;
    check((-n..n).contains(&kth), op, || {
        format!("{kth} is out of bounds for {n} elements")
    });
}

#[track_caller]
fn sort(x: &Array, options: Sort) -> Array {
    let axis = axis_of("sort", options.axis, x.ndim());
    staged(
        "sort",
        (axis, options.descending),
        [x.clone()],
        |&(axis, descending), x| {
            let sorted = bind_one(Op::Sort { axis }, &[&x[0]], x[0].is_weak());
            if descending {
                backwards(&sorted, axis)
            } else {
                sorted
            }
        },
    )
}

#[track_caller]
fn argsort(x: &Array, options: Sort) -> Array {
    let axis = axis_of("argsort", options.axis, x.ndim());
    staged(
        "argsort",
        (axis, options.descending),
        [x.clone()],
        |&(axis, descending), x| {
            let indices = iota(default_int(), x[0].shape().clone(), axis);
            let order = |x: &Array, indices: &Array| {
                bind(Op::Sort { axis }, &[x, indices], &[false, false]).remove(1)
            };
            match descending {
                // The array is reversed twice, so that equal elements keep their order.
                true => backwards(&order(&backwards(&x[0], axis), &backwards(&indices, axis)), axis),
                false => order(&x[0], &indices),
            }
        },
    )
}

fn backwards(x: &Array, axis: usize) -> Array {
    reverse(x, Axes::from_elem(axis, 1))
}

/// Returns the first index of a sorted array at which each value can be inserted to keep the order. The
/// result has the shape of the values and dtype `int32`, or `int64` if the array has more than 2^31 elements.
/// NaN comes after every other number.
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

/// Returns the indices of [`searchsorted`] with the optional arguments of
/// [`options::Searchsorted`](crate::options::Searchsorted).
///
/// # Panics
/// When the array does not have one axis.
///
/// ```
/// use kiln::{numpy as np, options::Side};
/// assert_eq!(np::searchsorted_with([1, 2, 2, 3], [2, 9], |o| o.side(Side::Right)).to_string(), "[3 4]");
/// ```
#[track_caller]
pub fn searchsorted_with(
    sorted: impl Into<Array>,
    values: impl Into<Array>,
    options: impl FnOnce(Searchsorted) -> Searchsorted,
) -> Array {
    let Searchsorted { side, sorter } = options(Searchsorted::default());
    let sorted = sorted.into();
    let sorted = match sorter {
        Some(sorter) => sorted.index(sorter),
        None => sorted,
    };
    search(sorted, values.into(), side == Side::Right)
}

/// The side of equal elements on which [`searchsorted`] inserts a value.
///
/// ```
/// use kiln::{numpy as np, options::Side};
/// assert_eq!(np::searchsorted_with([1, 2, 2, 3], 2, |o| o.side(Side::Left)).to_string(), "1");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Before the first equal element.
    Left,
    /// After the last equal element.
    Right,
}

optional_arguments! {
    /// The optional arguments of [`sort`](Array::sort_with) and [`argsort`](Array::argsort_with).
    ///
    /// ```
    /// use kiln::numpy as np;
    /// let x = np::array([[3, 1], [2, 4]]);
    /// assert_eq!(x.sort_with(|o| o.axis(0).descending(true)).to_string(), "[[3 4]\n [2 1]]");
    /// ```
    Sort {
        /// The axis along which the elements are sorted: the last, if this is not given.
        axis(impl Number): isize = -1 => axis.number(); np::array([[3, 1], [2, 4]]).sort_with(|o| o.axis(0)) => "[[2 1]\n [3 4]]";
        /// If true, the greatest element comes first, after NaN.
        descending(bool): bool = false => descending; np::array([3, 1, 2]).argsort_with(|o| o.descending(true)) => "[0 2 1]";
    }
    /// The optional arguments of [`searchsorted`](crate::numpy::searchsorted_with).
    ///
    /// ```
    /// use kiln::{numpy as np, options::Side};
    /// assert_eq!(np::searchsorted_with([1, 2, 2, 3], 2, |o| o.side(Side::Right)).to_string(), "3");
    /// ```
    Searchsorted {
        /// The side of equal elements: [`Side::Left`] if this is not given.
        side(Side): Side = Side::Left => side; np::searchsorted_with([1, 2], 1, |o| o.side(kiln::options::Side::Right)) => "1";
        /// The indices that sort the array, which need not be sorted then: the result of `argsort`.
        sorter(impl Into<Array>): Option<Array> = None => Some(sorter.into()); np::searchsorted_with([30, 10, 20], 15, |o| o.sorter([1, 2, 0])) => "1";
    }
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
            // This is a bisection: `low` elements are known to come before.
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

#[doc(hidden)]
#[deprecated(note = "use `np::searchsorted_with(sorted, values, |o| o.side(Side::Right))`")]
#[track_caller]
pub fn searchsorted_right(sorted: impl Into<Array>, values: impl Into<Array>) -> Array {
    searchsorted_with(sorted, values, |o| o.side(Side::Right))
}
