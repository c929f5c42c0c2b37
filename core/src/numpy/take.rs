//! Reading along one axis by an array of indices.

use super::arithmetic::where_;
use crate::arguments::Number;
use crate::array::Array;
use crate::error::{axis_of, check};
use crate::index::items::{IntoItem, Item, Items};
use crate::index::plan::plan;
use crate::index::read::read;
use kiln_backends::program::{DType, OutOfBounds};

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

/// The rule of [`take_with`](crate::numpy::take_with) for an index that is out of bounds.
///
/// ```
/// use kiln::{numpy as np, options::TakeMode};
/// let read = |mode| np::take_with([10.0, 20.0, 30.0], [1, 4, -5], |o| o.mode(mode)).to_string();
/// assert_eq!(read(TakeMode::Fill), "[20. nan nan]");
/// assert_eq!(read(TakeMode::Clip), "[20. 30. 10.]");
/// assert_eq!(read(TakeMode::Wrap), "[20. 20. 20.]");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TakeMode {
    /// The index reads `fill_value`. A negative index counts from the end.
    Fill,
    /// The index is moved to the nearest valid index. A negative index is out of bounds, as in JAX.
    Clip,
    /// The index is taken modulo the length of the axis.
    Wrap,
}

impl From<OutOfBounds> for TakeMode {
    fn from(mode: OutOfBounds) -> TakeMode {
        match mode {
            OutOfBounds::Fill => TakeMode::Fill,
            OutOfBounds::Clip => TakeMode::Clip,
        }
    }
}

optional_arguments! {
    /// The optional arguments of [`take`](crate::numpy::take_with).
    ///
    /// ```
    /// use kiln::{numpy as np, options::TakeMode};
    /// let x = np::array([[1, 2, 3], [4, 5, 6]]);
    /// assert_eq!(np::take_with(&x, 9, |o| o.axis(1).mode(TakeMode::Clip)).to_string(), "[3 6]");
    /// ```
    Take {
        /// The axis that the indices count along. The array is flattened if this is not given.
        axis(impl Number): Option<isize> = None => Some(axis.number()); np::take_with([[1, 2], [3, 4]], 0, |o| o.axis(1)) => "[1 3]";
        /// The rule for indices out of bounds: [`TakeMode::Fill`], if this is not given. An
        /// [`OutOfBounds`](crate::OutOfBounds) is a mode too.
        mode(impl Into<TakeMode>): TakeMode = TakeMode::Fill => mode.into(); np::take_with([10, 20], 5, |o| o.mode(kiln::options::TakeMode::Wrap)) => "20";
        /// The number that an index out of bounds reads in the mode [`TakeMode::Fill`], a scalar. It is
        /// converted to the array's dtype. It is NaN, the least signed integer, the greatest unsigned integer
        /// or true if this is not given.
        fill_value(impl Into<Array>): Option<Array> = None => Some(fill_value.into()); np::take_with([10, 20], [1, 5], |o| o.fill_value(-1)) => "[20 -1]";
    }
    /// The optional arguments of [`take_along_axis`](crate::numpy::take_along_axis_with).
    ///
    /// ```
    /// use kiln::{OutOfBounds, numpy as np};
    /// let x = np::array([[1, 2, 3], [4, 5, 6]]);
    /// let last = np::take_along_axis_with(&x, [[9], [9]], 1, |o| o.mode(OutOfBounds::Clip));
    /// assert_eq!(last.to_string(), "[[3]\n [6]]");
    /// ```
    TakeAlongAxis {
        /// The rule for indices out of bounds: [`Fill`](crate::OutOfBounds::Fill), if this is not given. A
        /// negative index counts from the end in both modes, as in JAX.
        mode(OutOfBounds): OutOfBounds = OutOfBounds::Fill => mode; np::take_along_axis_with([10, 20], [-1, 5], 0, |o| o.mode(kiln::OutOfBounds::Clip)) => "[20 20]";
        /// The number that an index out of bounds reads in the mode [`Fill`](crate::OutOfBounds::Fill), a
        /// scalar. It is converted to the array's dtype. It is NaN, the least signed integer, the greatest
        /// unsigned integer or true if this is not given.
        fill_value(impl Into<Array>): Option<Array> = None => Some(fill_value.into()); np::take_along_axis_with([10, 20], [1, 5], 0, |o| o.fill_value(0)) => "[20  0]";
    }
}

/// Returns the elements or slices at indices, with the optional arguments of
/// [`options::Take`](crate::options::Take). The result has the array's dtype. The axes of the indices replace
/// the axis, or all axes if no axis is given.
///
/// # Panics
/// When the axis is out of bounds, the indices are not integers, `fill_value` is not a scalar, or the axis
/// has no elements to be indexed.
///
/// ```
/// use kiln::{numpy as np, options::TakeMode};
/// let x = np::arange(4) * 10;
/// assert_eq!(np::take_with(&x, [9, 0], |o| o.mode(TakeMode::Clip)).to_string(), "[30  0]");
/// assert_eq!(np::take_with(&x, [9, 0], |o| o.mode(TakeMode::Wrap)).to_string(), "[10  0]");
/// assert_eq!(np::take_with(&x, [9, 0], |o| o.fill_value(-1)).to_string(), "[-1  0]");
/// ```
#[track_caller]
pub fn take_with(
    x: impl Into<Array>,
    indices: impl Into<Array>,
    options: impl FnOnce(Take) -> Take,
) -> Array {
    taken("take", x.into(), indices.into(), options(Take::default()))
}

/// Computes [`take_with`] for a function whose name is `op`.
#[track_caller]
pub(super) fn taken(op: &str, x: Array, indices: Array, options: Take) -> Array {
    let Take {
        axis,
        mode,
        fill_value,
    } = options;
    let (x, axis) = match axis {
        Some(axis) => (x, axis),
        None => (x.ravel(), 0),
    };
    let axis = axis_of(op, axis, x.ndim());
    let length = x.shape()[axis];
    check_indices(op, &indices);
    let fill = fill_of(op, fill_value, mode == TakeMode::Fill);
    let (indices, bounds) = match mode {
        TakeMode::Fill => (indices, OutOfBounds::Fill),
        TakeMode::Clip => (clipped(&indices, length.saturating_sub(1)), OutOfBounds::Clip),
        TakeMode::Wrap => (widened(&indices, length) % length.max(1), OutOfBounds::Clip),
    };
    let mut items: Items = (0..axis).map(|_| (..).item()).collect();
    items.push(Item::Array(indices.clone()));
    let (plan, arrays) = plan(op, x.shape(), items);
    let read = read(op, &x, plan, arrays, bounds);
    match fill {
        None => read,
        Some(fill) => {
            let after = vec![1; x.ndim() - axis - 1];
            let shape: Vec<usize> = indices.shape().iter().copied().chain(after).collect();
            let inside = inside(&indices, length).reshape(shape);
            where_(inside, &read, fill.astype(read.dtype()))
        }
    }
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
    take_along_axis_with(x, indices, axis, |o| o)
}

/// Returns [`take_along_axis`] with the optional arguments of
/// [`options::TakeAlongAxis`](crate::options::TakeAlongAxis). The result has the array's dtype.
///
/// # Panics
/// When the axis is out of bounds, the indices are not integers, the shapes do not fit, or `fill_value` is
/// not a scalar.
///
/// ```
/// use kiln::{OutOfBounds, numpy as np};
/// let x = np::array([[3.0, 1.0, 2.0]]);
/// let read = np::take_along_axis_with(&x, [[2, 5]], 1, |o| o.fill_value(0));
/// assert_eq!(read.to_string(), "[[2. 0.]]");
/// let read = np::take_along_axis_with(&x, [[2, -5]], 1, |o| o.mode(OutOfBounds::Clip));
/// assert_eq!(read.to_string(), "[[2. 3.]]");
/// ```
#[track_caller]
pub fn take_along_axis_with(
    x: impl Into<Array>,
    indices: impl Into<Array>,
    axis: impl Number,
    options: impl FnOnce(TakeAlongAxis) -> TakeAlongAxis,
) -> Array {
    let op = "take_along_axis";
    let (x, indices) = (x.into(), indices.into());
    let TakeAlongAxis { mode, fill_value } = options(TakeAlongAxis::default());
    let rank = x.ndim();
    let axis = axis_of(op, axis.number(), rank);
    check_indices(op, &indices);
    let fill = fill_of(op, fill_value, mode == OutOfBounds::Fill);
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
    let read = read(op, &x, plan, arrays, mode);
    match fill {
        None => read,
        Some(fill) => where_(inside(&indices, from[axis]), &read, fill.astype(read.dtype())),
    }
}

#[track_caller]
fn check_indices(op: &str, indices: &Array) {
    check(indices.dtype().is_integer(), op, || {
        format!("indices are {}, not integers", indices.dtype())
    });
}

/// Returns the number for indices out of bounds, if there is one and it is used.
#[track_caller]
fn fill_of(op: &str, fill_value: Option<Array>, used: bool) -> Option<Array> {
    if let Some(fill) = &fill_value {
        check(fill.ndim() == 0, op, || {
            format!("fill_value has shape {}, it is a scalar", fill.shape())
        });
    }
    fill_value.filter(|_| used)
}

/// Moves indices into `0..=last`. The bound may be greater than all numbers of the dtype.
fn clipped(indices: &Array, last: usize) -> Array {
    let dtype = indices.dtype();
    let bits = 8 * dtype.size() - usize::from(dtype.is_signed());
    let greatest = (u64::MAX >> (64 - bits)).min(last as u64);
    indices.clip(0, Array::new(vec![greatest], ()).astype(dtype))
}

/// Converts indices to a dtype that holds them and the length of their axis.
fn widened(indices: &Array, length: usize) -> Array {
    match indices.dtype() {
        DType::I64 | DType::U64 => indices.clone(),
        DType::U32 => indices.astype(DType::I64),
        _ if length > i32::MAX as usize => indices.astype(DType::I64),
        _ => indices.astype(DType::I32),
    }
}

/// Returns true for each index that is in bounds. A negative index counts from the end.
fn inside(indices: &Array, length: usize) -> Array {
    let indices = widened(indices, length);
    let below = indices.lt(length);
    match indices.dtype().is_signed() {
        true => below & indices.ge(-(length as i64)),
        false => below,
    }
}
