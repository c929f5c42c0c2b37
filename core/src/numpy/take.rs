//! Reading along one axis by an array of indices.

use crate::arguments::Number;
use crate::array::Array;
use crate::error::check;
use crate::index::items::{IntoItem, Item, Items};
use crate::index::plan::plan;
use crate::index::read::read;
use kiln_backends::program::OutOfBounds;

/// Returns the elements of the flattened array at indices. The result has the shape of the indices.
///
/// A negative index counts from the end. An index out of bounds reads NaN, the least signed integer, the
/// greatest unsigned integer or true.
///
/// # Panics
/// When the indices are not integers.
///
/// ```
/// use kiln::numpy as np;
/// assert_eq!(np::take(np::arange(4) * 10, [3, 0]).to_string(), "[30  0]");
/// assert_eq!(np::take([[1, 2], [3, 4]], 2).to_string(), "3");
/// ```
#[track_caller]
pub fn take(x: impl Into<Array>, indices: impl Into<Array>) -> Array {
    take_with(x, indices, |o| o)
}

/// Returns the slices of an array along an axis at indices. The axes of the indices replace the axis. A
/// negative index counts from the end. An index out of bounds reads NaN, the least signed integer, the
/// greatest unsigned integer or true. (The method [`index`](Array::index) clips indices instead.)
///
/// # Panics
/// When the axis is out of bounds, or the indices are not integers.
///
/// ```
/// use kiln::numpy as np;
/// assert_eq!(np::take_axis([[1, 2, 3], [4, 5, 6]], [2, 0], 1).to_string(), "[[3 1]\n [6 4]]");
/// assert_eq!(np::take_axis([1.0, 2.0], [-1, 2], 0).to_string(), "[ 2. nan]");
/// ```
#[track_caller]
pub fn take_axis(x: impl Into<Array>, indices: impl Into<Array>, axis: impl Number) -> Array {
    take_with(x, indices, |o| o.axis(axis))
}

optional_arguments! {
    /// The optional arguments of [`take`](crate::numpy::take_with).
    ///
    /// ```
    /// use kiln::{OutOfBounds, numpy as np};
    /// let x = np::array([[1, 2, 3], [4, 5, 6]]);
    /// assert_eq!(np::take_with(&x, 9, |o| o.axis(1).mode(OutOfBounds::Clip)).to_string(), "[3 6]");
    /// ```
    Take {
        /// The axis that the indices count along. The array is flattened if this is not given.
        axis(impl Number): Option<isize> = None => Some(axis.number()); np::take_with([[1, 2], [3, 4]], 0, |o| o.axis(1)) => "[1 3]";
        /// The rule for indices out of bounds: NaN and the like, if this is not given. `Clip` also treats
        /// negative indices as out of bounds, as in JAX.
        mode(OutOfBounds): OutOfBounds = OutOfBounds::Fill => mode; np::take_with([10, 20], 5, |o| o.mode(kiln::OutOfBounds::Clip)) => "20";
    }
}

/// Returns the elements or slices at indices, with the optional arguments of
/// [`options::Take`](crate::options::Take).
///
/// # Panics
/// When the axis is out of bounds, or the indices are not integers.
///
/// ```
/// use kiln::{OutOfBounds, numpy as np};
/// assert_eq!(np::take_with(np::arange(4) * 10, [9, 0], |o| o.mode(OutOfBounds::Clip)).to_string(), "[30  0]");
/// ```
#[track_caller]
pub fn take_with(
    x: impl Into<Array>,
    indices: impl Into<Array>,
    options: impl FnOnce(Take) -> Take,
) -> Array {
    let (x, indices, Take { axis, mode }) = (x.into(), indices.into(), options(Take::default()));
    let (x, axis) = match axis {
        Some(axis) => (x, axis),
        None => (x.ravel(), 0),
    };
    let axis = crate::error::axis_of("take", axis, x.ndim());
    let mut items: Items = (0..axis).map(|_| (..).item()).collect();
    check(indices.dtype().is_integer(), "take", || {
        format!("indices are {}, not integers", indices.dtype())
    });
    let indices = match mode {
        OutOfBounds::Clip => clipped(&indices, x.shape()[axis].saturating_sub(1)),
        OutOfBounds::Fill => indices,
    };
    items.push(Item::Array(indices));
    let (plan, arrays) = plan("take", x.shape(), items);
    read("take", &x, plan, arrays, mode)
}

/// Returns the elements at one index along an axis for each position of the other axes. It applies the result
/// of `argsort_axis`. The other axes of the array and of the indices broadcast. Indices out of bounds read
/// NaN, as in [`take`].
///
/// # Panics
/// When the axis is out of bounds, the indices are not integers, or the shapes do not fit.
///
/// ```
/// use kiln::numpy as np;
/// let x = np::array([[30, 10, 20], [1, 3, 2]]);
/// assert_eq!(np::take_along_axis(&x, x.argsort(), -1).to_string(), "[[10 20 30]\n [ 1  2  3]]");
/// ```
#[track_caller]
pub fn take_along_axis(x: impl Into<Array>, indices: impl Into<Array>, axis: impl Number) -> Array {
    let op = "take_along_axis";
    let (x, indices) = (x.into(), indices.into());
    let rank = x.ndim();
    let axis = crate::error::axis_of(op, axis.number(), rank);
    check(indices.dtype().is_integer(), op, || {
        format!("indices are {}, not integers", indices.dtype())
    });
    let (from, to) = (x.shape(), indices.shape());
    let fits =
        to.rank() == rank && (0..rank).all(|i| i == axis || from[i] == to[i] || from[i] == 1 || to[i] == 1);
    check(fits, op, || {
        format!("an array of shape {from} and indices of shape {to}: they may differ on axis {axis}")
    });
    let items: Items = (0..rank)
        .map(|i| match i == axis {
            true => Item::Array(indices.clone()),
            false => {
                let mut along = vec![1; rank];
                along[i] = from[i];
                Item::Array(super::creation::arange(from[i]).reshape(along))
            }
        })
        .collect();
    let (plan, arrays) = plan(op, from, items);
    read(op, &x, plan, arrays, OutOfBounds::Fill)
}

/// Moves indices into `0..=last`. The bound may be greater than all numbers of the dtype.
fn clipped(indices: &Array, last: usize) -> Array {
    let dtype = indices.dtype();
    let bits = 8 * dtype.size() - usize::from(dtype.is_signed());
    let greatest = (u64::MAX >> (64 - bits)).min(last as u64);
    indices.clip(0, Array::new(vec![greatest], ()).astype(dtype))
}
