//! Functions on a line: interpolation, polynomials, differences.

use super::arithmetic::where_;
use super::shape::{concatenate as concatenate_arrays, joined};
use super::sort::{Side, searchsorted_with};
use crate::arguments::{Number, count_of};
use crate::array::Array;
use crate::bind::bind_one;
use crate::eager::staged;
use crate::error::{axis_of, broadcast_shapes, check, check_size};
use crate::primitive::{binary, broadcast, cast, compare, concatenate, number_like, slice_axis};
use crate::promote::{Kind, inexact, promote};
use kiln_backends::program::{Binary, Compare, DType, Op, Reduction, Shape};

/// Evaluates the piecewise linear function through the points `(xp, fp)` at `x`. Outside of the points, the
/// result is the first or last element of `fp`. The result has floats, in the shape of `x`. The caller makes
/// sure that `xp` ascends: the function does not check it.
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
    interp_with(x, xp, fp, |o| o)
}

/// Evaluates [`interp`] with the optional arguments of [`options::Interp`](crate::options::Interp).
///
/// # Panics
/// When `xp` and `fp` do not have one axis of the same length, have no points, or a value for the outside
/// does not broadcast to the shape of `x`.
///
/// ```
/// use kiln::numpy as np;
/// let y = np::interp_with([-1.0, 0.5, 3.0], [0, 1], [0, 10], |o| o.left(np::NAN).right(0));
/// assert_eq!(y.to_string(), "[nan  5.  0.]");
/// ```
#[track_caller]
pub fn interp_with(
    x: impl Into<Array>,
    xp: impl Into<Array>,
    fp: impl Into<Array>,
    options: impl FnOnce(Interp) -> Interp,
) -> Array {
    let Interp { left, right, period } = options(Interp::default());
    let (x, xp, fp) = (x.into(), xp.into(), fp.into());
    check_points(&xp, &fp);
    let Some(period) = period else {
        return interpolate(x, xp, fp, [left, right]);
    };
    check(period.ndim() == 0, "interp", || {
        format!("period has shape {}, it is a scalar", period.shape())
    });
    let kind = Kind::strong(inexact(promote([x.kind(), xp.kind(), period.kind()])).dtype);
    let [x, xp, period] = [x, xp, period].map(|x| x.settled("interp", kind).astype(kind.dtype));
    // The points of one period in order, with one more on either side.
    let period = period.abs();
    let (x, xp) = (x % &period, xp % &period);
    let order = xp.argsort();
    let (xp, fp) = (xp.index(&order), fp.index(&order));
    let xp = concatenate_arrays([xp.index(-1..) - &period, xp.clone(), xp.index(..1) + period]);
    let fp = concatenate_arrays([fp.index(-1..), fp.clone(), fp.index(..1)]);
    interpolate(x, xp, fp, [None, None])
}

/// Checks the points of an interpolation.
#[track_caller]
fn check_points(xp: &Array, fp: &Array) {
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
}

optional_arguments! {
    /// The optional arguments of [`interp`](crate::numpy::interp_with).
    ///
    /// ```
    /// use kiln::numpy as np;
    /// assert_eq!(np::interp_with([-90, 450], [0, 180], [0, 2], |o| o.period(360)).to_string(), "[1. 1.]");
    /// ```
    Interp {
        /// The result before the first point: the first element of `fp`, if this is not given.
        left(impl Into<Array>): Option<Array> = None => Some(left.into()); np::interp_with([-1.0, 0.5], [0, 1], [0, 10], |o| o.left(-1)) => "[-1.  5.]";
        /// The result after the last point: the last element of `fp`, if this is not given.
        right(impl Into<Array>): Option<Array> = None => Some(right.into()); np::interp_with([0.5, 2.0], [0, 1], [0, 10], |o| o.right(-1)) => "[ 5. -1.]";
        /// The period of the function. With a period, the points can have any order, and `left` and `right`
        /// have no effect.
        period(impl Into<Array>): Option<Array> = None => Some(period.into()); np::interp_with(1.25, [0.0, 0.5], [0, 1], |o| o.period(1)) => "0.5";
    }
    /// The optional arguments of [`diff`](crate::numpy::diff_with).
    ///
    /// ```
    /// use kiln::numpy as np;
    /// assert_eq!(np::diff_with([1, 4, 9, 16], |o| o.n(2)).to_string(), "[2 2]");
    /// ```
    Diff {
        /// The number of times that differences are taken.
        n(impl Number): usize = 1 => count_of("diff", n); np::diff_with([1, 4, 9], |o| o.n(2)) => "[2]";
        /// The axis of the differences: the last, if this is not given.
        axis(impl Number): isize = -1 => axis.number(); np::diff_with([[1, 2], [4, 8]], |o| o.axis(0)) => "[[3 6]]";
        /// Elements before the first one along the axis: an array, or a number for all.
        prepend(impl Into<Array>): Option<Array> = None => Some(prepend.into()); np::diff_with([1, 4, 9], |o| o.prepend(0)) => "[1 3 5]";
        /// Elements after the last one along the axis: an array, or a number for all.
        append(impl Into<Array>): Option<Array> = None => Some(append.into()); np::diff_with([1, 4], |o| o.append(9)) => "[3 5]";
    }
    /// The optional arguments of [`vander`](crate::numpy::vander_with).
    ///
    /// ```
    /// use kiln::numpy as np;
    /// assert_eq!(np::vander_with([2, 3], |o| o.n(3).increasing(true)).to_string(), "[[1 2 4]\n [1 3 9]]");
    /// ```
    Vander {
        /// The number of columns: the number of elements, if this is not given.
        n(impl Number): Option<usize> = None => Some(count_of("vander", n)); np::vander_with([2, 3], |o| o.n(3)) => "[[4 2 1]\n [9 3 1]]";
        /// If true, the powers increase from left to right.
        increasing(bool): bool = false => increasing; np::vander_with([2, 3], |o| o.increasing(true)) => "[[1 2]\n [1 3]]";
    }
}

#[track_caller]
fn interpolate(x: Array, xp: Array, fp: Array, outside: [Option<Array>; 2]) -> Array {
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
    let given = outside.each_ref().map(Option::is_some);
    inputs.extend(outside.into_iter().flatten());
    staged(
        "interp",
        (along, values, given),
        inputs,
        |&(along, values, given), inputs| {
            let [x, xp] = [0, 1].map(|i| cast(&inputs[i], along));
            let fp = cast(&inputs[2], values);
            let last = xp.size() - 1;
            let after = searchsorted_with(&xp, &x, |o| o.side(Side::Right)).clip(1, last);
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
            let mut outside = inputs[3..].iter();
            let mut end = |at: usize, given: bool| match given {
                true => outside.next().expect("a value for each that is given").clone(),
                false => fp.index(at),
            };
            let inner = where_(x.lt(xp.index(0)), end(0, given[0]), inner);
            where_(x.gt(xp.index(last)), end(last, given[1]), inner)
        },
    )
}

/// Evaluates the polynomial with coefficients `p` at `x`, by Horner's rule. The first axis of `p` holds the
/// coefficients, from the highest power down. The other axes of `p` broadcast against `x`. The result has the
/// promoted dtype.
///
/// # Panics
/// When `p` is a scalar, or its other axes do not broadcast against `x`.
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

/// Returns the difference of each element and the element before it, along the last axis. The axis becomes
/// shorter by one. For bools, the result is true where the two elements differ.
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
    diff_with(x, |o| o)
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
pub fn diff_axis(x: impl Into<Array>, axis: impl Number) -> Array {
    diff_with(x, |o| o.axis(axis))
}

/// Returns [`diff`] with the optional arguments of [`options::Diff`](crate::options::Diff).
///
/// # Panics
/// When the axis is out of bounds, or the shapes of `prepend` and `append` do not fit.
///
/// ```
/// use kiln::numpy as np;
/// assert_eq!(np::diff_with([1, 4, 9, 16], |o| o.prepend(0).n(2)).to_string(), "[2 2 2]");
/// ```
#[track_caller]
pub fn diff_with(x: impl Into<Array>, options: impl FnOnce(Diff) -> Diff) -> Array {
    let Diff {
        n,
        axis,
        prepend,
        append,
    } = options(Diff::default());
    let x = x.into();
    let axis = axis_of("diff", axis, x.ndim());
    let mut slice = x.shape().to_vec();
    slice[axis] = 1;
    let [before, after] = [prepend, append].map(|given| match given {
        Some(number) if number.ndim() == 0 => Some(number.broadcast_to(&slice)),
        given => given,
    });
    let x = match before.is_some() || after.is_some() {
        true => joined(
            "diff",
            before.into_iter().chain([x]).chain(after).collect(),
            axis as isize,
        ),
        false => x,
    };
    (0..n).fold(x, |x, _| differences(x, axis))
}

fn differences(x: Array, axis: usize) -> Array {
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

/// Returns the square matrix whose columns are powers of the elements, from the greatest power down to the
/// power 0. The result has the array's dtype.
///
/// # Panics
/// When the array does not have one axis, or memory could not hold the elements.
///
/// ```
/// use kiln::numpy as np;
/// assert_eq!(np::vander([1, 2, 3]).to_string(), "[[1 1 1]\n [4 2 1]\n [9 3 1]]");
/// ```
#[track_caller]
pub fn vander(x: impl Into<Array>) -> Array {
    vander_with(x, |o| o)
}

/// Returns [`vander`] with the optional arguments of [`options::Vander`](crate::options::Vander). The result
/// has shape `(x.len(), n)`.
///
/// # Panics
/// When the array does not have one axis, or memory could not hold the elements.
///
/// ```
/// use kiln::numpy as np;
/// assert_eq!(np::vander_with([1, 2, 3], |o| o.n(2)).to_string(), "[[1 1]\n [2 1]\n [3 1]]");
/// ```
#[track_caller]
pub fn vander_with(x: impl Into<Array>, options: impl FnOnce(Vander) -> Vander) -> Array {
    let (x, Vander { n, increasing }) = (x.into(), options(Vander::default()));
    let n = n.unwrap_or(x.size());
    check(x.ndim() == 1, "vander", || {
        format!("takes one axis, got shape {}", x.shape())
    });
    check_size("vander", &Shape::from([x.size(), n]));
    staged("vander", (n, increasing), [x], |&(n, increasing), x| {
        let column = x[0].expand_dims(-1);
        if n == 0 {
            return slice_axis(&column, 1, 0, 0);
        }
        let factors = broadcast(&column, &Shape::from([x[0].size(), n - 1]));
        let one = number_like(&column, 1.0);
        let factors = match increasing {
            true => concatenate(&[one, factors], 1),
            false => concatenate(&[factors, one], 1),
        };
        let product = Op::Cumulative {
            kind: Reduction::Prod,
            axis: 1,
            reverse: !increasing,
        };
        bind_one(product, &[&factors], factors.is_weak())
    })
}
