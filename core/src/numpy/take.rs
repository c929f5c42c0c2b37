//! Reading along one axis by an array of indices.

use crate::array::Array;
use crate::error::check;
use crate::index::items::{IntoItem, Item, Items};
use crate::index::plan::plan;
use crate::index::read::read;
use kiln_backends::program::OutOfBounds;

/// Returns slices of an array along an axis, by index: the axes of the indices replace the axis. This is
/// [`index`](Array::index) with an array, except that an index out of bounds reads NaN (or the least integer,
/// the greatest unsigned one, true).
///
/// # Panics
/// When the axis is out of bounds, or the indices are not integers.
///
/// ```
/// use kiln::numpy as np;
/// assert_eq!(np::take(np::arange(4) * 10, [3, 0], 0).to_string(), "[30  0]");
/// assert_eq!(np::take([1.0, 2.0], [-1, 2], 0).to_string(), "[ 2. nan]");
/// ```
#[track_caller]
pub fn take(x: impl Into<Array>, indices: impl Into<Array>, axis: isize) -> Array {
    take_mode(x, indices, axis, OutOfBounds::Fill)
}

/// Returns [`take`] with another rule for indices out of bounds. `Clip` also treats negative indices as out
/// of bounds, as in JAX.
///
/// # Panics
/// As [`take`].
///
/// ```
/// use kiln::{OutOfBounds, numpy as np};
/// assert_eq!(np::take_mode(np::arange(4) * 10, [9, 0], 0, OutOfBounds::Clip).to_string(), "[30  0]");
/// ```
#[track_caller]
pub fn take_mode(x: impl Into<Array>, indices: impl Into<Array>, axis: isize, mode: OutOfBounds) -> Array {
    let (x, indices) = (x.into(), indices.into());
    let axis = crate::error::axis_of("take", axis, x.ndim());
    let mut items: Items = (0..axis).map(|_| (..).item()).collect();
    check(indices.dtype().is_integer(), "take", || {
        format!("indices are {}, not integers", indices.dtype())
    });
    let indices = match mode {
        OutOfBounds::Clip => indices.clip(0, x.shape()[axis].saturating_sub(1)),
        OutOfBounds::Fill => indices,
    };
    items.push(Item::Array(indices));
    let (plan, arrays) = plan("take", x.shape(), items);
    read("take", &x, plan, arrays, mode)
}

/// Returns the elements at one index along an axis for each position of the other axes: it applies the result
/// of `argsort_axis`. The other axes of the array and of the indices are equal, or 1 and repeated. Indices
/// out of bounds read NaN, as in [`take`].
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
pub fn take_along_axis(x: impl Into<Array>, indices: impl Into<Array>, axis: isize) -> Array {
    let op = "take_along_axis";
    let (x, indices) = (x.into(), indices.into());
    let rank = x.ndim();
    let axis = crate::error::axis_of(op, axis, rank);
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
