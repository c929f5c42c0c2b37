//! Norms of vectors.

use super::matrices::floats;
use crate::arguments::{IntoAxes, IntoNumbers, Numbers, axes_of, keep};
use crate::array::Array;
use crate::eager::staged;
use crate::error::check;
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

/// Returns [`norm`] with the optional arguments of [`options::Norm`](crate::options::Norm).
///
/// # Panics
/// When an axis is out of bounds or given twice, or the order is infinite and there are no elements.
///
/// ```
/// use kiln::numpy::linalg;
/// assert_eq!(linalg::norm_with([3.0, -4.0], |o| o.ord(1)).to_string(), "7.0");
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
    norm_of(x.into(), Norm::default())
}

/// Returns [`vector_norm`] with the optional arguments of [`options::Norm`](crate::options::Norm).
///
/// # Panics
/// When an axis is out of bounds or given twice, or the order is infinite and there are no elements.
///
/// ```
/// use kiln::numpy::{self as np, linalg};
/// assert_eq!(linalg::vector_norm_with([3.0, -4.0], |o| o.ord(np::INF)).to_string(), "4.0");
/// ```
#[track_caller]
pub fn vector_norm_with(x: impl Into<Array>, options: impl FnOnce(Norm) -> Norm) -> Array {
    norm_of(x.into(), options(Norm::default()))
}

optional_arguments! {
    /// The optional arguments of [`linalg::norm`](crate::numpy::linalg::norm_with).
    ///
    /// ```
    /// use kiln::numpy::linalg;
    /// assert_eq!(linalg::norm_with([[3.0, -4.0], [6.0, 8.0]], |o| o.ord(1).axis(1)).to_string(), "[ 7. 14.]");
    /// ```
    Norm {
        /// The order: 2, if this is not given. The norm is `(sum |x|^ord)^(1 / ord)`. For the order infinity
        /// it is the greatest magnitude, for minus infinity the least, and for 0 the number of elements that
        /// are not 0.
        ord(impl Into<f64>): f64 = 2.0 => ord.into(); np::linalg::norm_with([3, -4], |o| o.ord(1)) => "7.0";
        /// The axes of the vectors: a number or a list of numbers. All elements are one vector if this is not
        /// given.
        axis(impl IntoNumbers): Option<Numbers> = None => Some(axis.numbers()); np::linalg::norm_with([[3, 4], [6, 8]], |o| o.axis(1)) => "[ 5. 10.]";
        /// A flag: if true, the reduced axes stay with length 1.
        keepdims(bool): bool = false => keepdims; np::linalg::norm_with([3, 4], |o| o.keepdims(true)) => "[5.]";
    }
}

#[track_caller]
fn norm_of(x: Array, options: Norm) -> Array {
    let ([x], kind) = floats("norm", [x]);
    let Norm {
        ord: order,
        axis,
        keepdims: kept,
    } = options;
    let axes = match axis {
        Some(axis) => axes_of("norm", &axis, x.ndim()),
        None => (0..x.ndim()).collect(),
    };
    check(
        order.is_finite() || axes.iter().all(|&axis| x.shape()[axis] > 0),
        "norm",
        || {
            format!(
                "shape {} has no elements along the axes {:?}",
                x.shape(),
                &axes[..]
            )
        },
    );
    let parameters = (kind, order.to_bits(), axes, kept);
    staged("norm", parameters, [x], |(kind, order, axes, kept), x| {
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
