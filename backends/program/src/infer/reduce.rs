//! The rules of reductions, running reductions and sorts.

use super::check::{Types, axes_of, axis_of, check, one, take};
use crate::dtype::DType;
use crate::shape::{ArrayType, Axes};

pub(super) fn reduce(axes: &Axes, operands: &[&ArrayType]) -> Result<Types, String> {
    let [x] = take(operands)?;
    axes_of(axes, &x.shape)?;
    one(x.dtype, x.shape.without(axes))
}

pub(super) fn arg_reduce(axis: usize, dtype: DType, operands: &[&ArrayType]) -> Result<Types, String> {
    let [x] = take(operands)?;
    axis_of(axis, &x.shape)?;
    check(x.shape[axis] > 0, || {
        format!("axis {axis} of shape {} is empty", x.shape)
    })?;
    check(dtype.is_integer(), || format!("an index cannot be {dtype}"))?;
    one(dtype, x.shape.without(&[axis]))
}

pub(super) fn cumulative(axis: usize, operands: &[&ArrayType]) -> Result<Types, String> {
    let [x] = take(operands)?;
    axis_of(axis, &x.shape)?;
    one(x.dtype, x.shape.clone())
}

pub(super) fn sort(axis: usize, operands: &[&ArrayType]) -> Result<Types, String> {
    let (key, rest) = operands.split_first().ok_or("needs an operand")?;
    axis_of(axis, &key.shape)?;
    for x in rest {
        check(x.shape == key.shape, || {
            format!("shape {} beside a key of shape {}", x.shape, key.shape)
        })?;
    }
    Ok(operands.iter().map(|&x| x.clone()).collect())
}
