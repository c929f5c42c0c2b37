//! Norms of vectors.

use super::matrices::{eigh, floats};
use crate::arguments::{IntoAxes, IntoF64, IntoNumbers, Numbers, axes_of, keep, reduced_axes};
use crate::array::Array;
use crate::eager::staged;
use crate::error::raise;
use crate::primitive::cast;

/// Returns the square root of the sum of squares of all elements. The result is a float scalar.
///
/// ```
/// use kiln::numpy::linalg;
/// assert_eq!(linalg::norm([3.0, 4.0]).to_string(), "5.0");
/// ```
#[track_caller]
pub fn norm(x: impl Into<Array>) -> Array {
    norm_of(x.into(), Norm::default())
}

/// Returns [`norm`] over axes: one axis for vectors, two for the Frobenius norm of matrices.
/// [`keep`](crate::keep)`(axes)` keeps the axes with length 1.
///
/// # Panics
/// When an axis is out of bounds or given twice.
///
/// ```
/// use kiln::numpy::linalg;
/// assert_eq!(linalg::norm_axis([[3.0, 4.0], [6.0, 8.0]], -1).to_string(), "[ 5. 10.]");
/// ```
#[track_caller]
pub fn norm_axis(x: impl Into<Array>, axes: impl IntoAxes) -> Array {
    let (axes, keepdims) = axes.axes();
    norm_of(
        x.into(),
        Norm {
            axis: Some(axes),
            keepdims,
            ..Norm::default()
        },
    )
}

/// Returns the norm of an array with the optional arguments of [`options::Norm`](crate::options::Norm).
///
/// Over one axis, this is the norm of vectors, `(sum |x|^ord)^(1 / ord)`. For the order infinity it is the
/// greatest magnitude, for minus infinity the least, and for 0 the number of elements that are not 0. Over
/// two axes, this is the norm of matrices. For the orders 1 and -1 it is the greatest and the least sum of
/// the magnitudes in a column, for infinity and minus infinity those in a row, and for 2 the greatest
/// singular value. Without an order, the norm is the root of the sum of squares.
///
/// # Panics
/// When an axis is out of bounds or given twice. When an order is given for more than two axes, or matrices
/// have no norm of that order. When the order is infinite and there are no elements.
///
/// ```
/// use kiln::numpy::{self as np, linalg};
/// assert_eq!(linalg::norm_with([3.0, -4.0], |o| o.ord(1)).to_string(), "7.0");
/// assert_eq!(linalg::norm_with([[1.0, 2.0], [3.0, 4.0]], |o| o.ord(np::INF)).to_string(), "7.0");
/// ```
#[track_caller]
pub fn norm_with(x: impl Into<Array>, options: impl FnOnce(Norm) -> Norm) -> Array {
    norm_of(x.into(), options(Norm::default()))
}

/// Returns the square root of the sum of squares of all elements. This is [`norm`] under its name in the
/// array API.
///
/// ```
/// use kiln::numpy::linalg;
/// assert_eq!(linalg::vector_norm([3.0, 4.0]).to_string(), "5.0");
/// ```
#[track_caller]
pub fn vector_norm(x: impl Into<Array>) -> Array {
    vectors("vector_norm", x.into(), 2.0, None, false)
}

/// Returns [`vector_norm`] over axes. [`keep`](crate::keep)`(axes)` keeps the axes with length 1.
///
/// # Panics
/// When an axis is out of bounds or given twice.
///
/// ```
/// use kiln::numpy::linalg;
/// assert_eq!(linalg::vector_norm_axis([[3.0, -4.0], [6.0, 8.0]], 1).to_string(), "[ 5. 10.]");
/// ```
#[track_caller]
pub fn vector_norm_axis(x: impl Into<Array>, axes: impl IntoAxes) -> Array {
    let (axes, keepdims) = axes.axes();
    vectors("vector_norm", x.into(), 2.0, Some(axes), keepdims)
}

/// Returns [`vector_norm`] with the optional arguments of [`options::Norm`](crate::options::Norm). All
/// reduced axes are one vector, for every order.
///
/// # Panics
/// When an axis is out of bounds or given twice, or the order is infinite and there are no elements.
///
/// ```
/// use kiln::numpy::{self as np, linalg};
/// assert_eq!(linalg::vector_norm_with([[3.0, -4.0]], |o| o.ord(np::INF)).to_string(), "4.0");
/// ```
#[track_caller]
pub fn vector_norm_with(x: impl Into<Array>, options: impl FnOnce(Norm) -> Norm) -> Array {
    let Norm { ord, axis, keepdims } = options(Norm::default());
    vectors("vector_norm", x.into(), ord.unwrap_or(2.0), axis, keepdims)
}

optional_arguments! {
    /// The optional arguments of [`linalg::norm`](crate::numpy::linalg::norm_with) and
    /// [`linalg::vector_norm`](crate::numpy::linalg::vector_norm_with).
    ///
    /// ```
    /// use kiln::numpy::linalg;
    /// assert_eq!(linalg::norm_with([[3.0, -4.0], [6.0, 8.0]], |o| o.ord(1).axis(1)).to_string(), "[ 7. 14.]");
    /// ```
    Norm {
        /// The order: the root of the sum of squares, if this is not given.
        ord(impl IntoF64): Option<f64> = None => Some(ord.into_f64()); np::linalg::norm_with([3, -4], |o| o.ord(1)) => "7.0";
        /// The axis of the vectors, or the two axes of the matrices. The norm is over all axes if this is not
        /// given.
        axis(impl IntoNumbers): Option<Numbers> = None => Some(axis.numbers()); np::linalg::norm_with([[3, 4], [6, 8]], |o| o.axis(1)) => "[ 5. 10.]";
        /// A flag: if true, the reduced axes stay with length 1.
        keepdims(bool): bool = false => keepdims; np::linalg::norm_with([3, 4], |o| o.keepdims(true)) => "[5.]";
    }
}

#[track_caller]
fn norm_of(x: Array, options: Norm) -> Array {
    let Norm { ord, axis, keepdims } = options;
    let axes = match &axis {
        Some(axis) => axis.len(),
        None => x.ndim(),
    };
    match (ord, axes) {
        (Some(ord), 2) => matrices(x, ord, axis, keepdims),
        (Some(ord), 3..) => raise(
            "norm",
            format!("an order of {ord} for {axes} axes: vectors have one, matrices two"),
        ),
        _ => vectors("norm", x, ord.unwrap_or(2.0), axis, keepdims),
    }
}

/// Returns the norms of matrices.
#[track_caller]
fn matrices(x: Array, ord: f64, axis: Option<Numbers>, keepdims: bool) -> Array {
    let axis = axis.unwrap_or_else(|| [0, 1].into());
    axes_of("norm", &axis, x.ndim());
    let ([x], kind) = floats("norm", [x]);
    let x = x.astype(kind.dtype).moveaxis(&axis[..], [-2, -1]);
    let found = match ord.abs() {
        1.0 | f64::INFINITY => {
            let first = if ord.abs() == 1.0 { -2 } else { -1 };
            let sums = x.abs().sum_axis(keep(first));
            match ord > 0.0 {
                true => sums.max_axis(keep((-2, -1))),
                false => sums.min_axis(keep((-2, -1))),
            }
        }
        2.0 if ord > 0.0 => {
            let squares = eigh(x.mt().matmul(&x)).eigenvalues;
            squares.max_axis(keep(-1)).expand_dims(-1).sqrt()
        }
        _ => raise(
            "norm",
            format!("matrices have no norm of order {ord} here: 1, -1, 2 and infinite ones are there"),
        ),
    };
    match keepdims {
        true => found.moveaxis([-2, -1], &axis[..]),
        false => found.squeeze_axis((-2, -1)),
    }
}

/// Returns the norms of vectors.
#[track_caller]
fn vectors(op: &'static str, x: Array, order: f64, axis: Option<Numbers>, kept: bool) -> Array {
    let ([x], kind) = floats(op, [x]);
    let axes = reduced_axes(op, axis, x.shape(), !order.is_finite());
    let parameters = (kind, order.to_bits(), axes, kept);
    staged(op, parameters, [x], |(kind, order, axes, kept), x| {
        let x = cast(&x[0], *kind);
        let order = f64::from_bits(*order);
        macro_rules! over {
            ($x:expr, $reduce:ident) => {
                match kept {
                    true => $x.$reduce(keep(&axes[..])),
                    false => $x.$reduce(&axes[..]),
                }
            };
        }
        match order {
            2.0 => over!((&x * &x), sum_axis).sqrt(),
            1.0 => over!(x.abs(), sum_axis),
            0.0 => over!(x.not_equal(0).astype(kind.dtype), sum_axis),
            f64::INFINITY => over!(x.abs(), max_axis),
            f64::NEG_INFINITY => over!(x.abs(), min_axis),
            order => over!(x.abs().pow(order), sum_axis).pow(1.0 / order),
        }
    })
}
