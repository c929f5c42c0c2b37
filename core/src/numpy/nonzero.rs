//! The indices of elements that are not 0.

use super::arithmetic::where_;
use super::creation::{arange, full_dtype};
use super::promoted::truth;
use super::shape::stack_axis;
use super::take::take_axis;
use crate::arguments::{Number, count_of};
use crate::array::value::value_of;
use crate::array::{Array, Repr};
use crate::config::default_int;
use crate::eager::staged;
use crate::error::{axis_of, check, raise};
use crate::tree::Arrays;
use kiln_backends::program::OutOfBounds;

optional_arguments! {
    /// The optional arguments of [`nonzero`](crate::numpy::nonzero_with),
    /// [`flatnonzero`](crate::numpy::flatnonzero_with) and [`argwhere`](crate::numpy::argwhere_with).
    ///
    /// ```
    /// use kiln::{Array, jit, numpy as np};
    /// let first_two = jit(|x: Array| np::flatnonzero_with(x, |o| o.size(2).fill_value(-1)));
    /// assert_eq!(first_two(np::array([0, 5, 0])).to_string(), "[ 1 -1]");
    /// ```
    Nonzero {
        /// The number of indices in the result. It is the number of elements that are not 0 if this is not
        /// given; that is a value, so `jit` and `vmap` need this option.
        size(impl Number): Option<usize> = None => Some(count_of("nonzero", size)); np::flatnonzero_with([0, 5, 7], |o| o.size(1)) => "[1]";
        /// The index in the places for which there is no element: 0, if this is not given.
        fill_value(impl Into<Array>): Array = 0.into() => fill_value.into(); np::flatnonzero_with([0, 5], |o| o.size(2).fill_value(-1)) => "[ 1 -1]";
    }
}

/// Returns the indices of the elements that are not 0 or false, in row-major order. The result has an array
/// of the default integer dtype for each axis.
///
/// # Panics
/// When the array is a scalar, or the elements have no values: inside `jit` and `vmap` use [`nonzero_with`]
/// and its option `size`.
///
/// ```
/// use kiln::numpy as np;
/// let indices = np::nonzero([[0, 3], [5, 0]]);
/// assert_eq!(indices[0].to_string(), "[0 1]");
/// assert_eq!(indices[1].to_string(), "[1 0]");
/// ```
#[track_caller]
pub fn nonzero(x: impl Into<Array>) -> Vec<Array> {
    indices("nonzero", x.into(), Nonzero::default())
}

/// Returns the indices of [`nonzero`] with the optional arguments of
/// [`options::Nonzero`](crate::options::Nonzero).
///
/// # Panics
/// When the array is a scalar, or the elements have no values and no size is given.
///
/// ```
/// use kiln::numpy as np;
/// assert_eq!(np::nonzero_with([4, 0, 6], |o| o.size(3).fill_value(9))[0].to_string(), "[0 2 9]");
/// ```
#[track_caller]
pub fn nonzero_with(x: impl Into<Array>, options: impl FnOnce(Nonzero) -> Nonzero) -> Vec<Array> {
    indices("nonzero", x.into(), options(Nonzero::default()))
}

/// Returns the indices of the elements of the flattened array that are not 0.
///
/// # Panics
/// When the elements have no values: inside `jit` and `vmap` use [`flatnonzero_with`] and its option `size`.
///
/// ```
/// use kiln::numpy as np;
/// assert_eq!(np::flatnonzero([[0, 3], [5, 0]]).to_string(), "[1 2]");
/// ```
#[track_caller]
pub fn flatnonzero(x: impl Into<Array>) -> Array {
    flatnonzero_with(x, |o| o)
}

/// Returns the indices of [`flatnonzero`] with the optional arguments of
/// [`options::Nonzero`](crate::options::Nonzero).
///
/// # Panics
/// When the elements have no values and no size is given.
///
/// ```
/// use kiln::numpy as np;
/// assert_eq!(np::flatnonzero_with([4, 0, 6], |o| o.size(1)).to_string(), "[0]");
/// ```
#[track_caller]
pub fn flatnonzero_with(x: impl Into<Array>, options: impl FnOnce(Nonzero) -> Nonzero) -> Array {
    indices("flatnonzero", x.into().ravel(), options(Nonzero::default())).remove(0)
}

/// Returns the indices of [`nonzero`] as the rows of a matrix, with one column for each axis.
///
/// # Panics
/// When the array is a scalar, or the elements have no values: inside `jit` and `vmap` use [`argwhere_with`]
/// and its option `size`.
///
/// ```
/// use kiln::numpy as np;
/// assert_eq!(np::argwhere([[0, 3], [5, 0]]).to_string(), "[[0 1]\n [1 0]]");
/// ```
#[track_caller]
pub fn argwhere(x: impl Into<Array>) -> Array {
    argwhere_with(x, |o| o)
}

/// Returns the indices of [`argwhere`] with the optional arguments of
/// [`options::Nonzero`](crate::options::Nonzero).
///
/// # Panics
/// When the array is a scalar, or the elements have no values and no size is given.
///
/// ```
/// use kiln::numpy as np;
/// assert_eq!(np::argwhere_with([[0, 3], [5, 0]], |o| o.size(1)).to_string(), "[[0 1]]");
/// ```
#[track_caller]
pub fn argwhere_with(x: impl Into<Array>, options: impl FnOnce(Nonzero) -> Nonzero) -> Array {
    stack_axis(indices("argwhere", x.into(), options(Nonzero::default())), -1)
}

/// Returns the elements of the flattened array at which a list of bools is true.
///
/// # Panics
/// When the bools do not have one axis, there are more of them than elements, or they have no value (inside
/// `jit` and `vmap`).
///
/// ```
/// use kiln::numpy as np;
/// assert_eq!(np::compress([true, false, true], [1, 2, 3]).to_string(), "[1 3]");
/// ```
#[track_caller]
pub fn compress(condition: impl Into<Array>, x: impl Into<Array>) -> Array {
    compress_axis(condition, x.into().ravel(), 0)
}

/// Returns the slices along an axis at which a list of bools is true.
///
/// # Panics
/// When the axis is out of bounds, the bools do not have one axis, there are more of them than slices, or
/// they have no value (inside `jit` and `vmap`).
///
/// ```
/// use kiln::numpy as np;
/// assert_eq!(np::compress_axis([false, true], [[1, 2], [3, 4]], 1).to_string(), "[[2]\n [4]]");
/// ```
#[track_caller]
pub fn compress_axis(condition: impl Into<Array>, x: impl Into<Array>, axis: impl Number) -> Array {
    let (condition, x) = (condition.into(), x.into());
    let axis = axis_of("compress", axis.number(), x.ndim());
    let length = x.shape()[axis];
    check(condition.ndim() == 1, "compress", || {
        format!("a condition of shape {}, it has one axis", condition.shape())
    });
    let chosen = indices("compress", condition, Nonzero::default()).remove(0);
    let last = match chosen.len() {
        0 => 0,
        _ => chosen.index(-1).item::<i64>() as usize + 1,
    };
    check(last <= length, "compress", || {
        format!(
            "the condition is true at {}, and there are {length} slices",
            last - 1
        )
    });
    take_axis(x, chosen, axis)
}

#[track_caller]
fn indices(op: &'static str, x: Array, options: Nonzero) -> Vec<Array> {
    check(x.ndim() > 0, op, || "takes an array with axes, got a scalar");
    let size = match options.size {
        Some(size) => size,
        None => count(op, &x),
    };
    check(options.fill_value.ndim() == 0, op, || {
        format!(
            "fill_value has shape {}, it is one index",
            options.fill_value.shape()
        )
    });
    staged(op, size, [x, options.fill_value], |&size, inputs| {
        let (x, fill) = (&inputs[0], &inputs[1]);
        let mask = truth(x).ravel();
        let found = mask.cumsum();
        // The k-th element that is not 0 writes its index at position k. All others write out of bounds,
        // which has no effect.
        let place = where_(&mask, &found - 1, size);
        let flat = full_dtype(size, 0, default_int())
            .at(place)
            .mode(OutOfBounds::Fill)
            .set(arange(mask.len()));
        let given = arange(size).lt(mask.sum());
        let strides = x.shape().strides();
        let axes = x.shape().iter().zip(strides.iter());
        axes.map(|(&n, &stride)| where_(&given, flat.floor_divide(stride) % n.max(1), fill))
            .collect::<Arrays>()
            .into_vec()
    })
}

/// Returns the number of elements that are not 0.
#[track_caller]
fn count(op: &str, x: &Array) -> usize {
    if let Repr::Tracer(tracer) = &x.0
        && value_of(tracer).is_err()
    {
        raise(
            op,
            format!(
                "the number of elements of {} that are not 0 is the length of the result, and has no value here: give the option size",
                x.array_type()
            ),
        )
    }
    x.astype(kiln_backends::program::DType::Bool).sum().item::<i64>() as usize
}
