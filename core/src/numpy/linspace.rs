//! Evenly spaced numbers.

use crate::arguments::{Number, count_of};
use crate::array::Array;
use crate::eager::staged;
use crate::error::{axis_of, broadcast_shapes, check_size};
use crate::primitive::{broadcast, cast, concatenate, divided, filled, iota, reshape};
use crate::promote::{Kind, inexact, promote};
use crate::sealed::Sealed;
use crate::tree::Arrays;
use kiln_backends::program::{DType, Scalar, Shape};

/// Returns `n` evenly spaced floats from `start` to `stop`, both included. The result has shape `(n,)`. If
/// the bounds are arrays that broadcast to `shape`, the result has shape `(n, *shape)`.
///
/// # Panics
/// When `n` is negative, the bounds do not broadcast, or memory could not hold the elements.
///
/// ```
/// use kiln::numpy as np;
/// assert_eq!(np::linspace(0.0, 1.0, 3).to_string(), "[0.  0.5 1. ]");
/// assert_eq!(np::linspace([0, 10], 20, 3).to_string(), "[[ 0. 10.]\n [10. 15.]\n [20. 20.]]");
/// ```
#[track_caller]
pub fn linspace(start: impl Into<Array>, stop: impl Into<Array>, n: impl Number) -> Array {
    linspace_with(start, stop, n, |o| o)
}

/// Returns [`linspace`] in a dtype.
///
/// # Panics
/// When the bounds do not broadcast, or memory could not hold the elements.
///
/// ```
/// use kiln::{DType, numpy as np};
/// assert_eq!(np::linspace_dtype(0, 1, 3, DType::F64).dtype(), DType::F64);
/// ```
#[track_caller]
pub fn linspace_dtype(
    start: impl Into<Array>,
    stop: impl Into<Array>,
    n: impl Number,
    dtype: DType,
) -> Array {
    linspace_with(start, stop, n, |o| o.dtype(dtype))
}

optional_arguments! {
    /// The optional arguments of [`linspace`](crate::numpy::linspace_with).
    ///
    /// ```
    /// use kiln::numpy as np;
    /// assert_eq!(np::linspace_with(0, 1, 4, |o| o.endpoint(false)).to_string(), "[0.   0.25 0.5  0.75]");
    /// ```
    Linspace {
        /// A flag: if false, the last number is one step before `stop`.
        endpoint(bool): bool = true => endpoint; np::linspace_with(0, 10, 2, |o| o.endpoint(false)) => "[0. 5.]";
        /// The dtype of the result. Integers are rounded down.
        dtype(DType): Option<DType> = None => Some(dtype); np::linspace_with(0, 3, 3, |o| o.dtype(DType::I32)) => "[0 1 3]";
        /// The axis of the numbers in the result, if bounds are arrays: the first, if this is not given.
        axis(impl Number): isize = 0 => axis.number(); np::linspace_with([0, 10], 20, 3, |o| o.axis(1)) => "[[ 0. 10. 20.]\n [10. 15. 20.]]";
    }
}

impl Linspace {
    /// Has the function return the step between two numbers too: `(numbers, step)`. This is NumPy's
    /// `retstep=True`.
    ///
    /// ```
    /// use kiln::numpy as np;
    /// let (x, dx) = np::linspace_with(0, 1, 5, |o| o.retstep());
    /// assert_eq!(x.to_string(), "[0.   0.25 0.5  0.75 1.  ]");
    /// assert_eq!(dx.to_string(), "0.25");
    /// ```
    pub fn retstep(self) -> LinspaceStep {
        LinspaceStep(self)
    }
}

/// The optional arguments of [`linspace`](crate::numpy::linspace_with), if it returns the step too:
/// [`Linspace::retstep`] returns this type.
///
/// ```
/// use kiln::numpy as np;
/// let (_, step) = np::linspace_with(0, 1, 4, |o| o.endpoint(false).retstep());
/// assert_eq!(step.to_string(), "0.25");
/// ```
#[derive(Clone, Debug)]
#[must_use = "a function with `_with` takes the options"]
pub struct LinspaceStep(Linspace);

/// The options of [`linspace_with`], which determine the type of the result: [`Linspace`] or
/// [`LinspaceStep`].
///
/// ```
/// use kiln::{numpy as np, options::{Linspace, Spacing}};
/// fn unit<O: Spacing>(options: impl FnOnce(Linspace) -> O) -> O::Result {
///     np::linspace_with(0, 1, 3, options)
/// }
/// assert_eq!(unit(|o| o).to_string(), "[0.  0.5 1. ]");
/// assert_eq!(unit(|o| o.retstep()).1.to_string(), "0.5");
/// ```
pub trait Spacing: Sealed {
    /// The numbers, or the numbers and the step.
    type Result;

    #[doc(hidden)]
    fn options(&self) -> &Linspace;

    #[doc(hidden)]
    fn result(numbers: Array, step: impl FnOnce() -> Array) -> Self::Result;
}

impl Sealed for Linspace {}
impl Sealed for LinspaceStep {}

impl Spacing for Linspace {
    type Result = Array;

    fn options(&self) -> &Linspace {
        self
    }

    fn result(numbers: Array, _: impl FnOnce() -> Array) -> Array {
        numbers
    }
}

impl Spacing for LinspaceStep {
    type Result = (Array, Array);

    fn options(&self) -> &Linspace {
        &self.0
    }

    fn result(numbers: Array, step: impl FnOnce() -> Array) -> (Array, Array) {
        (numbers, step())
    }
}

/// Returns [`linspace`] with the optional arguments of [`options::Linspace`](crate::options::Linspace). With
/// `retstep`, it returns `(numbers, step)`.
///
/// For bounds that broadcast to `shape`, the numbers have one axis more, of length `n`. The step is of shape
/// `shape` and the float dtype in which the numbers are computed. It is a NaN of shape `()` if there is no
/// step: for no number, or for one number with its endpoint.
///
/// # Panics
/// When `n` is negative, the bounds do not broadcast, the axis is out of bounds, or memory could not hold the
/// elements.
///
/// ```
/// use kiln::numpy as np;
/// assert_eq!(np::linspace_with(0.0, 1.0, 4, |o| o.endpoint(false)).to_string(), "[0.   0.25 0.5  0.75]");
/// let (x, dx) = np::linspace_with([0, 10], 20, 3, |o| o.axis(-1).retstep());
/// assert_eq!(x.to_string(), "[[ 0. 10. 20.]\n [10. 15. 20.]]");
/// assert_eq!(dx.to_string(), "[10.  5.]");
/// ```
#[track_caller]
pub fn linspace_with<O: Spacing>(
    start: impl Into<Array>,
    stop: impl Into<Array>,
    n: impl Number,
    options: impl FnOnce(Linspace) -> O,
) -> O::Result {
    const OP: &str = "linspace";
    let options = options(Linspace::default());
    let &Linspace {
        endpoint,
        dtype,
        axis,
    } = options.options();
    let (start, stop, n) = (start.into(), stop.into(), count_of(OP, n));
    let own = || inexact(promote([start.kind(), stop.kind()])).dtype;
    let kind = Kind::strong(dtype.filter(|dtype| dtype.is_float()).unwrap_or_else(own));
    let bounds = Arrays::from_iter([start.settled(OP, kind), stop.settled(OP, kind)]);
    let shape = broadcast_shapes(OP, bounds[0].shape(), bounds[1].shape());
    let axis = axis_of(OP, axis, shape.rank() + 1);
    check_size(OP, &shape.stacked(n));
    let numbers = staged(
        OP,
        (n, endpoint, axis, kind),
        bounds.clone(),
        |&(n, closed, axis, kind), bounds| spaced(bounds, n, closed, kind).moveaxis(0, axis),
    );
    let numbers = match dtype {
        Some(dtype) if dtype.is_integer() => numbers.floor().astype(dtype),
        Some(dtype) => numbers.astype(dtype),
        None => numbers,
    };
    O::result(numbers, || step(bounds, n, endpoint, kind))
}

/// Returns the numbers along a first axis.
fn spaced(bounds: &[Array], n: usize, closed: bool, kind: Kind) -> Array {
    let shape = broadcast_shapes("linspace", bounds[0].shape(), bounds[1].shape());
    let row = shape.stacked(1);
    let [start, stop] = [0, 1].map(|i| reshape(&broadcast(&cast(&bounds[i], kind), &shape), &row));
    if n < 2 {
        let all = shape.stacked(n);
        return broadcast(&start, &all);
    }
    let steps = if closed { n - 1 } else { n };
    let column: Shape = std::iter::once(steps).chain(shape.iter().map(|_| 1)).collect();
    let count = iota(kind.dtype, Shape::from([steps]), 0);
    let along = reshape(&divided(&count, steps as f64), &column);
    // This formula makes the ends exact.
    let inner = &start * (1 - &along) + &stop * &along;
    if closed {
        concatenate(&[inner, stop], 0)
    } else {
        inner
    }
}

/// Returns the step between two numbers.
fn step(bounds: Arrays, n: usize, closed: bool, kind: Kind) -> Array {
    let steps = if closed { n.saturating_sub(1) } else { n };
    staged("linspace", (steps, kind), bounds, |&(steps, kind), bounds| {
        if steps == 0 {
            return filled(Scalar::from_f64(kind.dtype, f64::NAN), &Shape::from([]), false);
        }
        let [start, stop] = [0, 1].map(|i| cast(&bounds[i], kind));
        divided(&(stop - start), steps as f64)
    })
}

#[doc(hidden)]
#[deprecated(note = "use `np::linspace_with(start, stop, n, |o| o.endpoint(false))`")]
#[track_caller]
pub fn linspace_open(start: impl Into<Array>, stop: impl Into<Array>, n: usize) -> Array {
    linspace_with(start, stop, n, |o| o.endpoint(false))
}
