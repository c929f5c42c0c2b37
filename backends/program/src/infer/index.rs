//! The rules of gathers and scatters.

use super::check::{Types, axes_of, check, one};
use crate::shape::{ArrayType, Axes, Shape};

pub(super) fn gather(axes: &Axes, batch: usize, operands: &[&ArrayType]) -> Result<Types, String> {
    let (x, indices) = operands.split_first().ok_or("needs an operand")?;
    one(x.dtype, gathered(&x.shape, indices, axes, batch)?)
}

pub(super) fn scatter(axes: &Axes, batch: usize, operands: &[&ArrayType]) -> Result<Types, String> {
    let [x, updates, indices @ ..] = operands else {
        return Err("needs an array and updates".into());
    };
    let shape = gathered(&x.shape, indices, axes, batch)?;
    check(updates.dtype == x.dtype && updates.shape == shape, || {
        format!(
            "updates are {updates}, the places written are {}",
            ArrayType::new(x.dtype, shape.clone())
        )
    })?;
    one(x.dtype, x.shape.clone())
}

/// Returns the shape that a gather returns: batch, the rest of the indices' shape, the axes not indexed.
fn gathered(shape: &Shape, indices: &[&ArrayType], axes: &Axes, batch: usize) -> Result<Shape, String> {
    axes_of(axes, shape)?;
    check(indices.len() == axes.len() && !axes.is_empty(), || {
        format!("{} arrays of indices for {} axes", indices.len(), axes.len())
    })?;
    let index = &indices[0].shape;
    for i in indices {
        check(i.dtype.is_integer(), || {
            format!("indices are {}, not integers", i.dtype)
        })?;
        check(i.shape == *index, || {
            format!("indices of shapes {index} and {}", i.shape)
        })?;
    }
    let together =
        batch <= index.rank() && axes.iter().all(|&axis| axis >= batch) && shape[..batch] == index[..batch];
    check(together, || {
        format!("indices of shape {index} do not share {batch} batch axes with shape {shape}")
    })?;
    let rest = (batch..shape.rank())
        .filter(|axis| !axes.contains(axis))
        .map(|axis| shape[axis]);
    Ok(index.iter().copied().chain(rest).collect())
}
