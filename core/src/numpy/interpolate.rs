//! Functions on a line: interpolation, polynomials, differences.

use super::arithmetic::where_;
use super::sort::searchsorted_right;
use crate::array::Array;
use crate::bind::bind_one;
use crate::eager::staged;
use crate::error::{axis_of, broadcast_shapes, check, check_size};
use crate::primitive::{binary, broadcast, cast, compare, concatenate, number_like, slice_axis};
use crate::promote::{Kind, inexact, promote};
use kiln_backends::program::{Binary, Compare, DType, Op, Reduction, Shape};

/// Evaluates the piecewise linear function through the points `(xp, fp)` at `x`. Outside of the points, the
/// result is the first or last of `fp`. The result is of floats, in the shape of `x`. `xp` must ascend, which
/// is not checked.
///
/// # Panics
/// When `xp` and `fp` do not have one axis of the same length, or have no points.
///
/// ```
/// use kiln::numpy as np;
/// assert_eq!(np::interp([-1.0, 0.5, 3.0], [0, 1, 2], [0, 10, 40]).to_string(), "[ 0.  5. 40.]");
/// ```
#[track_caller]
pub fn interp(x: impl Into<Array>, xp: impl Into<Array>, fp: impl Into<Array>) -> Array {
    interpolate(x.into(), xp.into(), fp.into(), None)
}

/// Evaluates [`interp`] with the values `left` before the first point and `right` after the last.
///
/// # Panics
/// As [`interp`], and when a value does not broadcast to the shape of `x`.
///
/// ```
/// use kiln::numpy as np;
/// assert_eq!(np::interp_outside([-1.0, 0.5, 3.0], [0, 1], [0, 10], np::NAN, 0).to_string(), "[nan  5.  0.]");
/// ```
#[track_caller]
pub fn interp_outside(
    x: impl Into<Array>,
    xp: impl Into<Array>,
    fp: impl Into<Array>,
    left: impl Into<Array>,
    right: impl Into<Array>,
) -> Array {
    interpolate(x.into(), xp.into(), fp.into(), Some([left.into(), right.into()]))
}

#[track_caller]
fn interpolate(x: Array, xp: Array, fp: Array, outside: Option<[Array; 2]>) -> Array {
    check(
        xp.ndim() == 1 && xp.shape() == fp.shape() && xp.size() > 0,
        "interp",
        || {
            format!(
                "xp of shape {} and fp of shape {}: they are the points' coordinates, one axis each and at least one point",
                xp.shape(),
                fp.shape()
            )
        },
    );
    for value in outside.iter().flatten() {
        let common = broadcast_shapes("interp", value.shape(), x.shape());
        check(common == *x.shape(), "interp", || {
            format!(
                "a value of shape {} outside for x of shape {}",
                value.shape(),
                x.shape()
            )
        });
    }
    let along = Kind::strong(inexact(promote([x.kind(), xp.kind()])).dtype);
    let values = Kind::strong(inexact(fp.kind()).dtype);
    let mut inputs = vec![x.settled("interp", along), xp, fp];
    inputs.extend(outside.into_iter().flatten());
    staged("interp", (along, values), inputs, |&(along, values), inputs| {
        let [x, xp] = [0, 1].map(|i| cast(&inputs[i], along));
        let fp = cast(&inputs[2], values);
        let last = xp.size() - 1;
        let after = searchsorted_right(&xp, &x).clip(1, last);
        let before = &after - 1;
        let [x0, f0] = [&xp, &fp].map(|points| points.index(&before));
        let dx = xp.index(&after) - &x0;
        // If two points coincide, the quotient would be NaN, and so would its derivative.
        let apart = dx.abs().gt(match along.dtype {
            DType::F32 => f64::from(f32::EPSILON.next_up() - f32::EPSILON),
            _ => f64::EPSILON.next_up() - f64::EPSILON,
        });
        let slope = (&x - x0) / where_(&apart, dx, 1);
        let inner = where_(apart, &f0 + slope * (fp.index(&after) - &f0), &f0);
        let end = |at: usize, i: usize| match inputs.get(3 + i) {
            Some(value) => value.clone(),
            None => fp.index(at),
        };
        let inner = where_(x.lt(xp.index(0)), end(0, 0), inner);
        where_(x.gt(xp.index(last)), end(last, 1), inner)
    })
}

/// Evaluates the polynomial with coefficients `p` at `x`, by Horner's rule. The coefficient of the highest
/// power comes first. Further axes of `p` broadcast against `x`. The result has the promoted dtype.
///
/// # Panics
/// When `p` is a scalar, or its further axes do not broadcast against `x`.
///
/// ```
/// use kiln::numpy as np;
/// assert_eq!(np::polyval([2, 5, 1], 3).to_string(), "34");
/// ```
#[track_caller]
pub fn polyval(p: impl Into<Array>, x: impl Into<Array>) -> Array {
    let (p, x) = (p.into(), x.into());
    check(
        p.ndim() > 0,
        "polyval",
        || "p is a scalar, not a list of coefficients",
    );
    broadcast_shapes("polyval", &Shape::from(&p.shape()[1..]), x.shape());
    let kind = promote([p.kind(), x.kind()]);
    let inputs = [p.settled("polyval", kind), x.settled("polyval", kind)];
    staged("polyval", kind, inputs, |&kind, inputs| {
        let [p, x] = [0, 1].map(|i| cast(&inputs[i], kind));
        let shape = broadcast_shapes("polyval", &Shape::from(&p.shape()[1..]), x.shape());
        let x = broadcast(&x, &shape);
        (0..p.len()).fold(number_like(&x, 0.0), |value, i| {
            let coefficient = broadcast(&p.index(i), &shape);
            binary(Binary::Add, &binary(Binary::Mul, &value, &x), &coefficient)
        })
    })
}

/// Returns the difference of each element and the one before, along the last axis, which becomes shorter by
/// one. For bools, the result is true where the two differ.
///
/// # Panics
/// When the array is a scalar.
///
/// ```
/// use kiln::numpy as np;
/// assert_eq!(np::diff([1, 4, 9, 16]).to_string(), "[3 5 7]");
/// ```
#[track_caller]
pub fn diff(x: impl Into<Array>) -> Array {
    diff_axis(x, -1)
}

/// Returns [`diff`] along an axis.
///
/// # Panics
/// When the axis is out of bounds.
///
/// ```
/// use kiln::numpy as np;
/// assert_eq!(np::diff_axis([[1, 2], [4, 8]], 0).to_string(), "[[3 6]]");
/// ```
#[track_caller]
pub fn diff_axis(x: impl Into<Array>, axis: isize) -> Array {
    let x = x.into();
    let axis = axis_of("diff", axis, x.ndim());
    staged("diff", axis, [x], |&axis, x| {
        let (x, n) = (&x[0], x[0].shape()[axis]);
        let later = slice_axis(x, axis, 1.min(n), n);
        let earlier = slice_axis(x, axis, 0, n.saturating_sub(1));
        match x.dtype() {
            DType::Bool => compare(Compare::Ne, &later, &earlier),
            _ => binary(Binary::Sub, &later, &earlier),
        }
    })
}

/// Returns the powers of the elements as the `n` columns of a matrix, from the power `n - 1` to the power 0:
/// shape `(x.len(), n)`, of the array's dtype.
///
/// # Panics
/// When the array does not have one axis, or memory could not hold the elements.
///
/// ```
/// use kiln::numpy as np;
/// assert_eq!(np::vander([1, 2, 3], 3).to_string(), "[[1 1 1]\n [4 2 1]\n [9 3 1]]");
/// ```
#[track_caller]
pub fn vander(x: impl Into<Array>, n: usize) -> Array {
    let x = x.into();
    check(x.ndim() == 1, "vander", || {
        format!("takes one axis, got shape {}", x.shape())
    });
    check_size("vander", &Shape::from([x.size(), n]));
    staged("vander", n, [x], |&n, x| {
        let column = x[0].expand_dims(-1);
        if n == 0 {
            return slice_axis(&column, 1, 0, 0);
        }
        let factors = broadcast(&column, &Shape::from([x[0].size(), n - 1]));
        let factors = concatenate(&[factors, number_like(&column, 1.0)], 1);
        let product = Op::Cumulative {
            kind: Reduction::Prod,
            axis: 1,
            reverse: true,
        };
        bind_one(product, &[&factors], factors.is_weak())
    })
}
