//! The rules of the ops that move elements, along axes and into other shapes.

use super::check::{Types, axis_of, check, one, take};
use crate::shape::{ArrayType, Axes, Shape};

pub(super) fn reshape(shape: &Shape, operands: &[&ArrayType]) -> Result<Types, String> {
    let [x] = take(operands)?;
    check(shape.checked_size() == Some(x.shape.size()), || {
        format!(
            "shape {} has {} elements, shape {shape} has another number",
            x.shape,
            x.shape.size()
        )
    })?;
    one(x.dtype, shape.clone())
}

pub(super) fn transpose(permutation: &Axes, operands: &[&ArrayType]) -> Result<Types, String> {
    let [x] = take(operands)?;
    let mut sorted = permutation.clone();
    sorted.sort_unstable();
    check(sorted.iter().copied().eq(0..x.shape.rank()), || {
        format!(
            "{permutation:?} is not a permutation of the axes of shape {}",
            x.shape
        )
    })?;
    one(x.dtype, permutation.iter().map(|&axis| x.shape[axis]).collect())
}

pub(super) fn broadcast(shape: &Shape, axes: &Axes, operands: &[&ArrayType]) -> Result<Types, String> {
    let [x] = take(operands)?;
    let fits = axes.len() == x.shape.rank()
        && axes.windows(2).all(|pair| pair[0] < pair[1])
        && axes
            .iter()
            .zip(x.shape.iter())
            .all(|(&axis, &n)| axis < shape.rank() && (n == 1 || n == shape[axis]));
    check(fits, || {
        format!(
            "shape {} does not broadcast to {shape} along axes {axes:?}",
            x.shape
        )
    })?;
    one(x.dtype, shape.clone())
}

pub(super) fn slice(
    start: &Axes,
    stop: &Axes,
    step: &Axes,
    operands: &[&ArrayType],
) -> Result<Types, String> {
    let [x] = take(operands)?;
    let rank = x.shape.rank();
    check(
        start.len() == rank && stop.len() == rank && step.len() == rank,
        || {
            format!(
                "{} starts, {} stops and {} steps for shape {}",
                start.len(),
                stop.len(),
                step.len(),
                x.shape
            )
        },
    )?;
    let mut shape = Vec::with_capacity(rank);
    for axis in 0..rank {
        check(
            start[axis] <= stop[axis] && stop[axis] <= x.shape[axis] && step[axis] > 0,
            || {
                format!(
                    "{}:{}:{} on axis {axis} of shape {}",
                    start[axis], stop[axis], step[axis], x.shape
                )
            },
        )?;
        shape.push((stop[axis] - start[axis]).div_ceil(step[axis]));
    }
    one(x.dtype, shape.into())
}

pub(super) fn pad(
    shape: &Shape,
    start: &Axes,
    step: &Axes,
    operands: &[&ArrayType],
) -> Result<Types, String> {
    let [x] = take(operands)?;
    let rank = x.shape.rank();
    let fits = [shape.rank(), start.len(), step.len()] == [rank; 3]
        && (0..rank).all(|i| {
            let last = x.shape[i]
                .checked_sub(1)
                .map(|n| n.checked_mul(step[i])?.checked_add(start[i]));
            step[i] > 0 && last.is_none_or(|last| last.is_some_and(|last| last < shape[i]))
        });
    check(fits, || {
        format!(
            "shape {} does not fit into {shape} from {start:?} by {step:?}",
            x.shape
        )
    })?;
    one(x.dtype, shape.clone())
}

pub(super) fn concatenate(axis: usize, operands: &[&ArrayType]) -> Result<Types, String> {
    let (first, rest) = operands.split_first().ok_or("needs an operand")?;
    axis_of(axis, &first.shape)?;
    let mut shape = first.shape.to_vec();
    for x in rest {
        let fits = x.dtype == first.dtype
            && x.shape.rank() == shape.len()
            && (0..shape.len()).all(|i| i == axis || x.shape[i] == shape[i]);
        check(fits, || {
            format!("{x} does not continue {first} along axis {axis}")
        })?;
        shape[axis] = shape[axis]
            .checked_add(x.shape[axis])
            .ok_or("the result has too many elements")?;
    }
    one(first.dtype, shape.into())
}
