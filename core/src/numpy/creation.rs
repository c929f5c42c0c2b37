//! Functions that make new arrays.

use crate::arguments::{IntoNumbers, Number, count_of, shape_of};
use crate::array::{Array, Literal, Repr};
use crate::config::default_float;
use crate::eager::staged;
use crate::error::{check, check_size, raise};
use crate::primitive::{broadcast, cast, filled, filled_like, iota, reshape};
use crate::promote::{Kind, promote};
use crate::sealed::Sealed;
use crate::trace::{constant, is_tracing};
use crate::tree::Arrays;
use kiln_backends::program::{ArrayType, DType, Scalar, Shape};
use kiln_backends::{Buffer, Device};
use std::ops::{Range, RangeInclusive};

/// Returns zeros of the default float dtype, with a shape: `np::zeros(3)`, `np::zeros((2, 3))`, or
/// `np::zeros(())` for a scalar.
///
/// # Panics
/// When a dimension of the shape is negative, or memory could not hold the elements.
///
/// ```
/// use kiln::{DType, numpy as np};
/// assert_eq!(np::zeros((2, 3)).to_string(), "[[0. 0. 0.]\n [0. 0. 0.]]");
/// assert_eq!(np::zeros(2).astype(DType::I32).to_string(), "[0 0]");
/// ```
#[track_caller]
pub fn zeros(shape: impl IntoNumbers) -> Array {
    zeros_dtype(shape, default_float())
}

/// Returns zeros of a dtype, with a shape.
///
/// # Panics
/// When a dimension of the shape is negative, or memory could not hold the elements.
///
/// ```
/// use kiln::{DType, numpy as np};
/// assert_eq!(np::zeros_dtype(2, DType::I32).to_string(), "[0 0]");
/// ```
#[track_caller]
pub fn zeros_dtype(shape: impl IntoNumbers, dtype: DType) -> Array {
    const OP: &str = "zeros";
    let shape = shape_of(OP, shape);
    if is_tracing() || Device::default() != Device::cpu() {
        return filled(Scalar::from_i64(dtype, 0), &shape, false);
    }
    match Buffer::try_zeros(ArrayType { dtype, shape }) {
        Ok(zeros) => Array::concrete(zeros, false),
        Err(error) => raise(OP, error),
    }
}

/// Returns ones of the default float dtype, with a shape.
///
/// # Panics
/// When a dimension of the shape is negative, or memory could not hold the elements.
///
/// ```
/// use kiln::numpy as np;
/// assert_eq!(format!("{:?}", np::ones(3)), "Array([1., 1., 1.], dtype=float32)");
/// ```
#[track_caller]
pub fn ones(shape: impl IntoNumbers) -> Array {
    ones_dtype(shape, default_float())
}

/// Returns ones of a dtype, with a shape.
///
/// # Panics
/// When a dimension of the shape is negative, or memory could not hold the elements.
///
/// ```
/// use kiln::{DType, numpy as np};
/// assert_eq!(np::ones_dtype(2, DType::Bool).to_string(), "[ True  True]");
/// ```
#[track_caller]
pub fn ones_dtype(shape: impl IntoNumbers, dtype: DType) -> Array {
    const OP: &str = "ones";
    let (one, shape) = (Scalar::from_i64(dtype, 1), shape_of(OP, shape));
    if is_tracing() {
        return filled(one, &shape, false);
    }
    let one = Array::number(one, false).to_device(Device::default());
    staged(OP, shape, [one], |shape, one| broadcast(&one[0], shape))
}

/// Returns an array of a shape that is filled with a value. An array as value broadcasts to the shape. The
/// result has the value's dtype, which is weak for a plain number.
///
/// # Panics
/// When a dimension of the shape is negative, or the value does not broadcast to the shape.
///
/// ```
/// use kiln::numpy as np;
/// assert_eq!(np::full(3, 7).to_string(), "[7 7 7]");
/// ```
#[track_caller]
pub fn full(shape: impl IntoNumbers, value: impl Into<Array>) -> Array {
    let shape = shape_of("full", shape);
    let value = value.into();
    if let (Repr::Literal(number), true) = (&value.0, is_tracing()) {
        let kind = number.kind();
        return constant(number.scalar(kind.dtype), shape, kind.weak);
    }
    let kind = value.kind();
    let value = value.settled("full", kind);
    check(broadcasts(value.shape(), &shape), "full", || {
        format!(
            "a value of shape {} does not broadcast to shape {shape}",
            value.shape()
        )
    });
    staged("full", shape, [value], |shape, value| broadcast(&value[0], shape))
}

/// Returns an array of a shape and dtype that is filled with a value. An array as value broadcasts to the
/// shape.
///
/// # Panics
/// When a dimension of the shape is negative, or the value does not broadcast to the shape.
///
/// ```
/// use kiln::{DType, numpy as np};
/// assert_eq!(np::full_dtype(2, 0.1, DType::F64).to_string(), "[0.1 0.1]");
/// ```
#[track_caller]
pub fn full_dtype(shape: impl IntoNumbers, value: impl Into<Array>, dtype: DType) -> Array {
    full(shape, in_dtype(value.into(), dtype))
}

/// Converts an array to a dtype. A plain number is converted exactly.
#[track_caller]
fn in_dtype(x: Array, dtype: DType) -> Array {
    match x.0 {
        Repr::Literal(number) => Array::number(number.scalar(dtype), false),
        _ => x.astype(dtype),
    }
}

fn broadcasts(from: &Shape, to: &Shape) -> bool {
    from.rank() <= to.rank()
        && from
            .iter()
            .rev()
            .zip(to.iter().rev())
            .all(|(&n, &to)| n == to || n == 1)
}

/// Returns zeros with the shape and dtype of an array.
///
/// ```
/// use kiln::numpy as np;
/// assert_eq!(np::zeros_like(np::arange(3)).to_string(), "[0 0 0]");
/// ```
#[track_caller]
pub fn zeros_like(x: impl Into<Array>) -> Array {
    full_like(x, 0)
}

/// Returns zeros of a dtype, with the shape of an array.
///
/// ```
/// use kiln::{DType, numpy as np};
/// assert_eq!(np::zeros_like_dtype(np::arange(2), DType::F32).to_string(), "[0. 0.]");
/// ```
#[track_caller]
pub fn zeros_like_dtype(x: impl Into<Array>, dtype: DType) -> Array {
    zeros_dtype(x.into().shape(), dtype)
}

/// Returns ones with the shape and dtype of an array.
///
/// ```
/// use kiln::numpy as np;
/// assert_eq!(np::ones_like(np::arange(3)).to_string(), "[1 1 1]");
/// ```
#[track_caller]
pub fn ones_like(x: impl Into<Array>) -> Array {
    full_like(x, 1)
}

/// Returns ones of a dtype, with the shape of an array.
///
/// ```
/// use kiln::{DType, numpy as np};
/// assert_eq!(np::ones_like_dtype(np::arange(2), DType::F32).to_string(), "[1. 1.]");
/// ```
#[track_caller]
pub fn ones_like_dtype(x: impl Into<Array>, dtype: DType) -> Array {
    ones_dtype(x.into().shape(), dtype)
}

/// Returns an array that is filled with a value, with the shape and dtype of an array.
///
/// # Panics
/// When the value does not broadcast to the shape.
///
/// ```
/// use kiln::numpy as np;
/// assert_eq!(np::full_like(np::ones(2), 3).to_string(), "[3. 3.]");
/// ```
#[track_caller]
pub fn full_like(x: impl Into<Array>, value: impl Into<Array>) -> Array {
    let (x, value) = (x.into(), value.into());
    let (kind, shape) = (x.kind(), x.shape().clone());
    if let Repr::Literal(number) = value.0 {
        return filled_like(&x, number.scalar(kind.dtype), kind.weak);
    }
    check(broadcasts(value.shape(), &shape), "full_like", || {
        format!(
            "a value of shape {} does not broadcast to shape {shape}",
            value.shape()
        )
    });
    staged("full_like", (kind, shape), [value], |(kind, shape), value| {
        broadcast(&cast(&value[0], *kind), shape)
    })
}

/// Returns an array of a dtype that is filled with a value, with the shape of an array.
///
/// # Panics
/// When the value does not broadcast to the shape.
///
/// ```
/// use kiln::{DType, numpy as np};
/// assert_eq!(np::full_like_dtype(np::ones(2), 3, DType::I32).to_string(), "[3 3]");
/// ```
#[track_caller]
pub fn full_like_dtype(x: impl Into<Array>, value: impl Into<Array>, dtype: DType) -> Array {
    full_dtype(x.into().shape(), value, dtype)
}

/// The bounds of [`arange`]: `stop`, `(start, stop)`, `(start, stop, step)` or a range such as `1..n`. The
/// bounds are integers or floats. Those of a range with `=` are integers.
///
/// ```
/// use kiln::numpy as np;
/// assert_eq!(np::arange((6, 0, -2)).to_string(), "[6 4 2]");
/// assert_eq!(np::arange(1..4).to_string(), "[1 2 3]");
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a range of numbers",
    label = "`arange` takes its bounds here",
    note = "write `stop`, `start..stop`, `start..=last`, `(start, stop)` or `(start, stop, step)`"
)]
pub trait IntoRange: Sealed {
    /// Returns start, stop and step. Start and step may be missing.
    #[doc(hidden)]
    fn range(self) -> (Option<Array>, Array, Option<Array>);
}

/// A plain number as a bound of a range: an integer of any type up to 64 bits, `f32` or `f64`.
///
/// ```
/// use kiln::numpy as np;
/// assert_eq!(np::arange((1_usize, 2.5)).to_string(), "[1. 2.]");
/// ```
pub trait Bound: Sealed + Into<Array> {}

macro_rules! bounds {
    ($($type:ty),*) => {$(impl Bound for $type {})*};
}
bounds!(usize, isize, i8, i16, i32, i64, u8, u16, u32, u64, f32, f64);

impl<T: Bound> IntoRange for T {
    fn range(self) -> (Option<Array>, Array, Option<Array>) {
        (None, self.into(), None)
    }
}

impl<A: Bound, B: Bound> IntoRange for (A, B) {
    fn range(self) -> (Option<Array>, Array, Option<Array>) {
        (Some(self.0.into()), self.1.into(), None)
    }
}

impl<A: Bound, B: Bound, C: Bound> IntoRange for (A, B, C) {
    fn range(self) -> (Option<Array>, Array, Option<Array>) {
        (Some(self.0.into()), self.1.into(), Some(self.2.into()))
    }
}

impl<B: Bound> IntoRange for Range<B> {
    fn range(self) -> (Option<Array>, Array, Option<Array>) {
        (self.start, self.end).range()
    }
}

impl<B: Bound + Number> IntoRange for RangeInclusive<B> {
    fn range(self) -> (Option<Array>, Array, Option<Array>) {
        let (start, last) = self.into_inner();
        (start, last.number().saturating_add(1)).range()
    }
}

/// Returns the numbers from a start (0 by default) up to a stop, with a step (1 by default). The stop is not
/// included. The result has the default integer dtype if all bounds are integers, else the default float
/// dtype.
///
/// # Panics
/// When the step is 0, or a bound is not finite or does not fit in the dtype.
///
/// ```
/// use kiln::numpy as np;
/// assert_eq!(np::arange(4).to_string(), "[0 1 2 3]");
/// assert_eq!(np::arange((1, 3)).to_string(), "[1 2]");
/// assert_eq!(np::arange(1..=3).to_string(), "[1 2 3]");
/// assert_eq!(np::arange((0.0, 1.0, 0.25)).to_string(), "[0.   0.25 0.5  0.75]");
/// ```
#[track_caller]
pub fn arange(range: impl IntoRange) -> Array {
    numbers(range, None)
}

/// Returns [`arange`] in a dtype.
///
/// # Panics
/// When the step is 0, or a bound is not finite. Integers that the dtype cannot hold wrap, as in JAX.
///
/// ```
/// use kiln::{DType, numpy as np};
/// assert_eq!(np::arange_dtype(3, DType::F32).to_string(), "[0. 1. 2.]");
/// ```
#[track_caller]
pub fn arange_dtype(range: impl IntoRange, dtype: DType) -> Array {
    numbers(range, Some(dtype))
}

#[track_caller]
fn numbers(range: impl IntoRange, dtype: Option<DType>) -> Array {
    let (start, stop, step) = range.range();
    let own = || promote(start.iter().chain([&stop]).chain(&step).map(Array::kind)).dtype;
    let kind = Kind::strong(dtype.unwrap_or_else(own));
    let (start, step) = (
        start.unwrap_or_else(|| 0.into()),
        step.unwrap_or_else(|| 1.into()),
    );
    let (low, high, by) = (bound(&start), bound(&stop), bound(&step));
    check(by != 0.0, "arange", || "the step is 0");
    check([low, high, by].iter().all(|x| x.is_finite()), "arange", || {
        format!("the bounds {low} and {high} and the step {by} must be finite")
    });
    // Refuses a stop that the dtype cannot hold, because the elements before it would wrap.
    stop.settled("arange", kind);
    let size = ((high - low) / by).ceil().max(0.0);
    check(size < 9e15, "arange", || format!("{size} elements are too many"));
    if low == 0.0 && by == 1.0 {
        return staged(
            "arange",
            (size as usize, kind),
            Arrays::new(),
            |&(size, kind), _| iota(kind.dtype, Shape::from([size]), 0),
        );
    }
    let bounds = Arrays::from_iter([start.settled("arange", kind), step.settled("arange", kind)]);
    staged(
        "arange",
        (size as usize, kind),
        bounds,
        |&(size, kind), bounds| {
            let shape = Shape::from([size]);
            let [start, step] = [0, 1].map(|i| broadcast(&cast(&bounds[i], kind), &shape));
            start + step * iota(kind.dtype, shape, 0)
        },
    )
}

#[track_caller]
fn bound(x: &Array) -> f64 {
    match x.0 {
        Repr::Literal(Literal::Int(number)) => number as f64,
        Repr::Literal(Literal::Float(number)) => number,
        _ => raise("arange", "a bound does not fit in int64"),
    }
}

optional_arguments! {
    /// The optional arguments of [`eye`](crate::numpy::eye_with).
    ///
    /// ```
    /// use kiln::numpy as np;
    /// assert_eq!(np::eye_with(2, |o| o.m(3).k(1)).to_string(), "[[0. 1. 0.]\n [0. 0. 1.]]");
    /// ```
    Eye {
        /// The number of columns: the number of rows, if this is not given.
        m(impl Number): Option<usize> = None => Some(count_of("eye", m)); np::eye_with(1, |o| o.m(2)) => "[[1. 0.]]";
        /// The number of the diagonal: counted upwards from the main one, which is 0.
        k(impl Number): isize = 0 => k.number(); np::eye_with(2, |o| o.k(-1)) => "[[0. 0.]\n [1. 0.]]";
        /// The dtype of the result: the default float dtype, if this is not given.
        dtype(DType): Option<DType> = None => Some(dtype); np::eye_with(1, |o| o.dtype(DType::I32)) => "[[1]]";
    }
    /// The optional arguments of [`meshgrid`](crate::numpy::meshgrid_with).
    ///
    /// ```
    /// use kiln::{numpy as np, options::Indexing};
    /// let grids = np::meshgrid_with([np::arange(2), np::arange(3)], |o| o.indexing(Indexing::Ij).sparse(true));
    /// assert_eq!(grids[1].to_string(), "[[0 1 2]]");
    /// ```
    Meshgrid {
        /// The order of the first two axes: [`Indexing::Xy`], if this is not given.
        indexing(Indexing): Indexing = Indexing::Xy => indexing; np::meshgrid_with([np::arange(2), np::arange(3)], |o| o.indexing(kiln::options::Indexing::Ij))[0].shape() => "(2, 3)";
        /// A flag: if true, the grids have length 1 along the axes on which they do not depend.
        sparse(bool): bool = false => sparse; np::meshgrid_with([np::arange(2), np::arange(3)], |o| o.sparse(true))[0].shape() => "(1, 2)";
    }
}

/// The order of the first two axes of a [`meshgrid`].
///
/// ```
/// use kiln::{numpy as np, options::Indexing};
/// let shape = |indexing| np::meshgrid_with([np::arange(2), np::arange(3)], |o| o.indexing(indexing))[0].shape().to_string();
/// assert_eq!(shape(Indexing::Xy), "(3, 2)");
/// assert_eq!(shape(Indexing::Ij), "(2, 3)");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Indexing {
    /// The first array varies along the columns (axis 1), the second along the rows.
    Xy,
    /// Array `i` varies along axis `i`.
    Ij,
}

/// Returns the identity matrix of shape `(n, n)`, of the default float dtype.
///
/// # Panics
/// When `n` is negative, or memory could not hold the elements.
///
/// ```
/// use kiln::numpy as np;
/// assert_eq!(np::identity(2).to_string(), "[[1. 0.]\n [0. 1.]]");
/// ```
#[track_caller]
pub fn identity(n: impl Number) -> Array {
    ones_on_diagonal("identity", count_of("identity", n), Eye::default())
}

/// Returns the identity matrix of shape `(n, n)`, of the default float dtype. [`identity`] is the same
/// function.
///
/// # Panics
/// When memory could not hold the elements.
///
/// ```
/// use kiln::numpy as np;
/// assert_eq!(np::eye(2).to_string(), "[[1. 0.]\n [0. 1.]]");
/// ```
#[track_caller]
pub fn eye(n: impl Number) -> Array {
    eye_with(n, |o| o)
}

/// Returns the identity matrix of shape `(n, n)`, in a dtype.
///
/// # Panics
/// When memory could not hold the elements.
///
/// ```
/// use kiln::{DType, numpy as np};
/// assert_eq!(np::eye_dtype(2, DType::I32).to_string(), "[[1 0]\n [0 1]]");
/// ```
#[track_caller]
pub fn eye_dtype(n: impl Number, dtype: DType) -> Array {
    eye_with(n, |o| o.dtype(dtype))
}

/// Returns a matrix of `n` rows with ones on a diagonal and zeros elsewhere. It takes the optional arguments
/// of [`options::Eye`](crate::options::Eye).
///
/// # Panics
/// When memory could not hold the elements.
///
/// ```
/// use kiln::numpy as np;
/// assert_eq!(np::eye_with(2, |o| o.m(3).k(1)).to_string(), "[[0. 1. 0.]\n [0. 0. 1.]]");
/// ```
#[track_caller]
pub fn eye_with(n: impl Number, options: impl FnOnce(Eye) -> Eye) -> Array {
    ones_on_diagonal("eye", count_of("eye", n), options(Eye::default()))
}

#[track_caller]
fn ones_on_diagonal(op: &str, n: usize, options: Eye) -> Array {
    let Eye { m, k, dtype } = options;
    let (m, dtype) = (m.unwrap_or(n), dtype.unwrap_or_else(default_float));
    check_size(op, &Shape::from([n, m]));
    staged(op, (n, m, k, dtype), Arrays::new(), |&(n, m, k, dtype), _| {
        diagonal(n, m, k).astype(dtype)
    })
}

/// Returns an `n` by `m` matrix of bools that is true on the `k`-th diagonal.
pub(crate) fn diagonal(n: usize, m: usize, k: isize) -> Array {
    let shape = Shape::from([n, m]);
    (iota(DType::I64, shape.clone(), 0) + within(k, n, m)).equal(iota(DType::I64, shape, 1))
}

/// Clamps the number of a diagonal to the diagonals of an `n` by `m` matrix and their neighbours. Sums of the
/// result do not overflow.
pub(crate) fn within(k: isize, n: usize, m: usize) -> isize {
    k.clamp(-(n as isize), m as isize)
}

/// Returns the coordinates of a grid from two one-dimensional arrays. The first result varies along the
/// columns as `x`, and the second along the rows as `y`. Both have shape `(y.len(), x.len())`.
///
/// # Panics
/// When an array does not have one axis.
///
/// ```
/// use kiln::numpy as np;
/// let (x, y) = np::meshgrid(np::arange(3), np::arange(2));
/// assert_eq!(x.to_string(), "[[0 1 2]\n [0 1 2]]");
/// assert_eq!(y.to_string(), "[[0 0 0]\n [1 1 1]]");
/// ```
#[track_caller]
pub fn meshgrid(x: impl Into<Array>, y: impl Into<Array>) -> (Array, Array) {
    let mut grids = meshgrid_with([x.into(), y.into()], |o| o).into_iter();
    match (grids.next(), grids.next()) {
        (Some(x), Some(y)) => (x, y),
        _ => unreachable!("two grids for two arrays"),
    }
}

/// Returns the coordinates of a grid from any number of one-dimensional arrays. It takes the optional
/// arguments of [`options::Meshgrid`](crate::options::Meshgrid). Array `i` varies along axis `i` of the grid.
/// By default the first two axes are exchanged, as in [`meshgrid`].
///
/// # Panics
/// When an array does not have one axis.
///
/// ```
/// use kiln::{numpy as np, options::Indexing};
/// let grids = np::meshgrid_with([np::arange(2), np::arange(3), np::arange(4)], |o| o.indexing(Indexing::Ij));
/// assert_eq!(grids[0].shape()[..], [2, 3, 4]);
/// ```
#[track_caller]
pub fn meshgrid_with<A: Into<Array>>(
    arrays: impl IntoIterator<Item = A>,
    options: impl FnOnce(Meshgrid) -> Meshgrid,
) -> Vec<Array> {
    let Meshgrid { indexing, sparse } = options(Meshgrid::default());
    let arrays: Arrays = arrays.into_iter().map(Into::into).collect();
    if let Some(x) = arrays.iter().find(|x| x.ndim() != 1) {
        raise(
            "meshgrid",
            format!("takes arrays with one axis, got shape {}", x.shape()),
        )
    }
    let swap = indexing == Indexing::Xy && arrays.len() > 1;
    staged("meshgrid", (swap, sparse), arrays, |&(swap, sparse), arrays| {
        let axis = |i: usize| if swap && i < 2 { 1 - i } else { i };
        let mut whole = vec![0; arrays.len()];
        for (i, x) in arrays.iter().enumerate() {
            whole[axis(i)] = x.size();
        }
        let whole = Shape::from(whole);
        let grid = |(i, x): (usize, &Array)| {
            let mut alone = vec![1; arrays.len()];
            alone[axis(i)] = x.size();
            let line = reshape(x, &Shape::from(alone));
            if sparse { line } else { broadcast(&line, &whole) }
        };
        arrays.iter().enumerate().map(grid).collect::<Vec<_>>()
    })
}
