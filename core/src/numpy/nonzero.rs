//! The indices of elements that are not 0.

use super::arithmetic::where_;
use super::creation::{arange, full_dtype};
use super::promoted::truth;
use super::shape::stack_axis;
use super::take::{Take, taken};
use crate::arguments::{Number, count_of};
use crate::array::value::value_of;
use crate::array::{Array, Repr};
use crate::config::default_int;
use crate::eager::staged;
use crate::error::{axis_of, check, raise};
use crate::tree::Arrays;
use kiln_backends::program::{DType, OutOfBounds};

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
        /// The index in the places for which there is no element: 0, if this is not given. A scalar is the
        /// index along every axis, and a list has one index for each axis.
        fill_value(impl Into<Array>): Array = 0.into() => fill_value.into(); np::flatnonzero_with([0, 5], |o| o.size(2).fill_value(-1)) => "[ 1 -1]";
    }
    /// The optional arguments of [`compress`](crate::numpy::compress_with).
    ///
    /// ```
    /// use kiln::{Array, jit, numpy as np};
    /// let positive = jit(|x: Array| np::compress_with(x.gt(0), &x, |o| o.size(3).fill_value(9)));
    /// assert_eq!(positive(np::array([-1, 5, 7])).to_string(), "[5 7 9]");
    /// ```
    Compress {
        /// The axis of the slices. The array is flattened if this is not given.
        axis(impl Number): Option<isize> = None => Some(axis.number()); np::compress_with([false, true], [[1, 2], [3, 4]], |o| o.axis(1)) => "[[2]\n [4]]";
        /// The number of slices in the result. It is the number of bools that are true if this is not given;
        /// that is a value, so `jit` and `vmap` need this option.
        size(impl Number): Option<usize> = None => Some(count_of("compress", size)); np::compress_with([true, false, true], [1, 2, 3], |o| o.size(1)) => "[1]";
        /// The elements in the places for which there is no slice, a scalar: 0, if this is not given. It is
        /// converted to the array's dtype.
        fill_value(impl Into<Array>): Array = 0.into() => fill_value.into(); np::compress_with([false, true], [1, 2], |o| o.size(2).fill_value(-1)) => "[ 2 -1]";
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
/// When the array is a scalar, the elements have no values and no size is given, or `fill_value` is neither a
/// scalar nor a list of one index for each axis.
///
/// ```
/// use kiln::numpy as np;
/// assert_eq!(np::nonzero_with([4, 0, 6], |o| o.size(3).fill_value(9))[0].to_string(), "[0 2 9]");
/// let indices = np::nonzero_with([[0, 3], [5, 0]], |o| o.size(3).fill_value([-1, 9]));
/// assert_eq!(indices[0].to_string(), "[ 0  1 -1]");
/// assert_eq!(indices[1].to_string(), "[1 0 9]");
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
/// When the elements have no values and no size is given, or `fill_value` is not one index.
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
/// When the array is a scalar, the elements have no values and no size is given, or `fill_value` is neither a
/// scalar nor a list of one index for each axis.
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
/// When the condition does not have one axis, it is true beyond the last element, or it has no value: inside
/// `jit` and `vmap` use [`compress_with`] and its option `size`.
///
/// ```
/// use kiln::numpy as np;
/// assert_eq!(np::compress([true, false, true], [1, 2, 3]).to_string(), "[1 3]");
/// ```
#[track_caller]
pub fn compress(condition: impl Into<Array>, x: impl Into<Array>) -> Array {
    compress_with(condition, x, |o| o)
}

/// Returns the slices along an axis at which a list of bools is true.
///
/// # Panics
/// When the axis is out of bounds, the condition does not have one axis, it is true beyond the last slice, or
/// it has no value: inside `jit` and `vmap` use [`compress_with`] and its option `size`.
///
/// ```
/// use kiln::numpy as np;
/// assert_eq!(np::compress_axis([false, true], [[1, 2], [3, 4]], 1).to_string(), "[[2]\n [4]]");
/// ```
#[track_caller]
pub fn compress_axis(condition: impl Into<Array>, x: impl Into<Array>, axis: impl Number) -> Array {
    compress_with(condition, x, |o| o.axis(axis))
}

/// Returns the elements or slices at which a list of bools is true, with the optional arguments of
/// [`options::Compress`](crate::options::Compress). The result has the array's dtype, and its shape but for
/// the length of the axis.
///
/// The condition and the axis may differ in length. With the option `size`, bools beyond the last slice have
/// no effect.
///
/// # Panics
/// When the axis is out of bounds, the condition does not have one axis, or `fill_value` is not a scalar.
/// Without the option `size`: when the condition is true beyond the last slice, or has no value. With it:
/// when the size is greater than the number of bools or of slices.
///
/// ```
/// use kiln::{Array, numpy as np, vmap};
/// let x = np::array([[1, 2, 3], [4, 5, 6]]);
/// let columns = np::compress_with([true, false, true], &x, |o| o.axis(1));
/// assert_eq!(columns.to_string(), "[[1 3]\n [4 6]]");
/// let even = vmap(|x: Array| np::compress_with((&x % 2).equal(0), &x, |o| o.size(2).fill_value(-1)));
/// assert_eq!(even(x).to_string(), "[[ 2 -1]\n [ 4  6]]");
/// ```
#[track_caller]
pub fn compress_with(
    condition: impl Into<Array>,
    x: impl Into<Array>,
    options: impl FnOnce(Compress) -> Compress,
) -> Array {
    const OP: &str = "compress";
    let (condition, x) = (condition.into(), x.into());
    let Compress {
        axis,
        size,
        fill_value,
    } = options(Compress::default());
    let (x, axis) = match axis {
        Some(axis) => (x, axis),
        None => (x.ravel(), 0),
    };
    let length = x.shape()[axis_of(OP, axis, x.ndim())];
    check(condition.ndim() == 1, OP, || {
        format!("a condition of shape {}, it has one axis", condition.shape())
    });
    check(fill_value.ndim() == 0, OP, || {
        format!("fill_value has shape {}, it is a scalar", fill_value.shape())
    });
    let Some(size) = size else {
        check_known(OP, &condition);
        // In a trace a function of known bools has no value, and the bools have one.
        let bools = match condition.dtype() {
            DType::Bool => condition.to_vec::<bool>(),
            _ => condition.astype(DType::Bool).to_vec::<bool>(),
        };
        let chosen: Vec<i64> = (0..)
            .zip(bools)
            .filter(|(_, holds)| *holds)
            .map(|(i, _)| i)
            .collect();
        if let Some(&last) = chosen.last() {
            check((last as usize) < length, OP, || {
                format!("the condition is true at {last}, and there are {length} slices")
            });
        }
        let count = chosen.len();
        return taken(OP, x, Array::new(chosen, count), Take::default().axis(axis));
    };
    let both = length.min(condition.len());
    check(size <= both, OP, || {
        format!("size is {size}, and there are {both} slices with a bool")
    });
    // A place without a slice has an index out of bounds, which reads the number.
    let places = Nonzero::default().size(size).fill_value(length);
    let chosen = indices(OP, condition.index(..both), places).remove(0);
    taken(OP, x, chosen, Take::default().axis(axis).fill_value(fill_value))
}

#[track_caller]
fn indices(op: &'static str, x: Array, options: Nonzero) -> Vec<Array> {
    check(x.ndim() > 0, op, || "takes an array with axes, got a scalar");
    let size = match options.size {
        Some(size) => size,
        None => count(op, &x),
    };
    let of = options.fill_value.shape();
    check(of.is_empty() || of[..] == [x.ndim()], op, || match x.ndim() {
        1 => format!("fill_value has shape {of}, it is one index"),
        n => format!("fill_value has shape {of}, it is one index, or {n} of them, one for each axis"),
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
        axes.enumerate()
            .map(|(i, (&n, &stride))| {
                let fill = match fill.ndim() {
                    0 => fill.clone(),
                    _ => fill.index(i),
                };
                where_(&given, flat.floor_divide(stride) % n.max(1), fill)
            })
            .collect::<Arrays>()
            .into_vec()
    })
}

/// Returns the number of elements that are not 0.
#[track_caller]
fn count(op: &str, x: &Array) -> usize {
    check_known(op, x);
    x.astype(DType::Bool).sum().item::<i64>() as usize
}

/// Panics if the elements of an array have no values.
#[track_caller]
fn check_known(op: &str, x: &Array) {
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
}
