//! Broadcasts and slices.

use crate::Tensor;
use burn_backend::{Backend, Slice};

/// An array repeated along new axes and axes of length 1.
pub(super) fn broadcast<B: Backend>(x: Tensor<B>, shape: &[usize], axes: &[usize]) -> Tensor<B> {
    let mut aligned = vec![1; shape.len()];
    for (&axis, n) in axes.iter().zip(x.shape()) {
        aligned[axis] = n;
    }
    x.reshape(&aligned).expand(&crate::tensor::physical(shape))
}

/// Elements `start, start + step, ...` below `stop`.
pub(super) fn slice<B: Backend>(x: Tensor<B>, start: &[usize], stop: &[usize], step: &[usize]) -> Tensor<B> {
    let whole = (0..start.len()).all(|i| start[i] == 0 && step[i] == 1 && stop[i] == x.shape()[i]);
    if whole {
        return x;
    }
    let slices: Vec<Slice> = (0..start.len())
        .map(|i| Slice::new(start[i] as isize, Some(stop[i] as isize), step[i] as isize))
        .collect();
    x.slice(&slices)
}
