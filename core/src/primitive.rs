//! Functions of arrays for the ops of a program, for operands whose types fit. An op without effect on its
//! operand is left out.

use crate::array::Array;
use crate::array::place::device_of;
use crate::bind::bind_one;
use crate::promote::Kind;
use crate::trace::{constant, is_tracing};
use kiln_backends::Device;
use kiln_backends::program::{Axes, Binary, Compare, DType, Op, Reduction, Scalar, Shape, Unary};

pub(crate) fn unary(f: Unary, x: &Array) -> Array {
    bind_one(Op::Unary(f), &[x], x.is_weak())
}

pub(crate) fn binary(f: Binary, x: &Array, y: &Array) -> Array {
    bind_one(Op::Binary(f), &[x, y], x.is_weak() && y.is_weak())
}

pub(crate) fn compare(f: Compare, x: &Array, y: &Array) -> Array {
    bind_one(Op::Compare(f), &[x, y], x.is_weak() && y.is_weak())
}

pub(crate) fn select(predicate: &Array, x: &Array, y: &Array) -> Array {
    bind_one(Op::Select, &[predicate, x, y], x.is_weak() && y.is_weak())
}

/// Converts to a dtype and weakness.
pub(crate) fn cast(x: &Array, kind: Kind) -> Array {
    match x.dtype() == kind.dtype {
        true => x.clone().with_weak(kind.weak),
        false => bind_one(Op::Cast(kind.dtype), &[x], kind.weak),
    }
}

pub(crate) fn reshape(x: &Array, shape: &Shape) -> Array {
    match x.shape() == shape {
        true => x.clone(),
        false => bind_one(Op::Reshape(shape.clone()), &[x], x.is_weak()),
    }
}

pub(crate) fn transpose(x: &Array, permutation: &[usize]) -> Array {
    match permutation.windows(2).all(|pair| pair[0] < pair[1]) {
        true => x.clone(),
        false => bind_one(Op::Transpose(permutation.into()), &[x], x.is_weak()),
    }
}

/// Broadcasts `x` to a shape. Axes are matched from the last.
#[track_caller]
pub(crate) fn broadcast(x: &Array, shape: &Shape) -> Array {
    let first = shape.rank() - x.ndim();
    broadcast_along(x, shape, (first..shape.rank()).collect())
}

/// Broadcasts `x` to a shape. Axis `i` of `x` becomes axis `axes[i]`.
#[track_caller]
pub(crate) fn broadcast_along(x: &Array, shape: &Shape, axes: Axes) -> Array {
    match x.shape() == shape {
        true => x.clone(),
        false => bind_one(
            Op::Broadcast {
                shape: shape.clone(),
                axes,
            },
            &[x],
            x.is_weak(),
        ),
    }
}

pub(crate) fn slice(x: &Array, start: &[usize], stop: &[usize], step: &[usize]) -> Array {
    let all = (0..x.ndim()).all(|i| start[i] == 0 && stop[i] == x.shape()[i] && step[i] == 1);
    if all {
        return x.clone();
    }
    bind_one(
        Op::Slice {
            start: start.into(),
            stop: stop.into(),
            step: step.into(),
        },
        &[x],
        x.is_weak(),
    )
}

/// Returns the elements `start..stop` along one axis.
pub(crate) fn slice_axis(x: &Array, axis: usize, start: usize, stop: usize) -> Array {
    let (mut starts, mut stops) = (vec![0; x.ndim()], x.shape().to_vec());
    (starts[axis], stops[axis]) = (start, stop);
    slice(x, &starts, &stops, &vec![1; x.ndim()])
}

pub(crate) fn reverse(x: &Array, axes: Axes) -> Array {
    match axes.is_empty() {
        true => x.clone(),
        false => bind_one(Op::Reverse(axes), &[x], x.is_weak()),
    }
}

/// Joins arrays of one dtype along an axis.
pub(crate) fn concatenate(arrays: &[Array], axis: usize) -> Array {
    let operands: Vec<&Array> = arrays.iter().collect();
    bind_one(
        Op::Concatenate { axis },
        &operands,
        arrays.iter().all(Array::is_weak),
    )
}

pub(crate) fn reduce(kind: Reduction, x: &Array, axes: Axes) -> Array {
    bind_one(Op::Reduce { kind, axes }, &[x], false)
}

pub(crate) fn iota(dtype: DType, shape: Shape, axis: usize) -> Array {
    bind_one(Op::Iota { dtype, shape, axis }, &[], false)
}

/// Fills a shape with one number, on the default device if it is not traced.
#[track_caller]
pub(crate) fn filled(value: Scalar, shape: &Shape, weak: bool) -> Array {
    match is_tracing() {
        true => constant(value, shape.clone(), weak),
        false => broadcast(&Array::number(value, weak).to_device(Device::default()), shape),
    }
}

/// Fills the shape of an array with a number, on the device of the array.
#[track_caller]
pub(crate) fn filled_like(x: &Array, value: Scalar, weak: bool) -> Array {
    match is_tracing() {
        true => constant(value, x.shape().clone(), weak),
        false => {
            let number = Array::number(value, weak);
            let number = match device_of([x]) {
                Some(device) => number.to_device(device),
                None => number,
            };
            broadcast(&number, x.shape())
        }
    }
}

/// Fills the shape of an array with a number, in its dtype and weakness.
#[track_caller]
pub(crate) fn number_like(x: &Array, number: f64) -> Array {
    filled_like(x, Scalar::from_f64(x.dtype(), number), x.is_weak())
}

/// Computes `x / n` as XLA does for a constant `n`: `x` times the reciprocal.
pub(crate) fn divided(x: &Array, n: f64) -> Array {
    let reciprocal = match x.dtype() {
        DType::F32 => f64::from(1.0 / n as f32),
        _ => 1.0 / n,
    };
    binary(Binary::Mul, x, &number_like(x, reciprocal))
}
