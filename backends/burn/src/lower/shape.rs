//! Broadcasts, slices and pads.

use super::Route;
use crate::kernels::Kernels;
use crate::tensor::Tensor;
use burn_backend::{Slice, TensorData};
use kiln_program::{DType, Scalar};

/// Repeats an array along new axes and axes of length 1.
pub(super) fn broadcast<B: Kernels>(x: Tensor<B>, shape: &[usize], axes: &[usize]) -> Tensor<B> {
    let mut aligned = vec![1; shape.len()];
    for (&axis, n) in axes.iter().zip(x.shape()) {
        aligned[axis] = n;
    }
    x.reshape(&aligned).expand(&crate::tensor::physical(shape))
}

/// Elements `start, start + step, ...` below `stop`.
pub(super) fn slice<B: Kernels>(
    x: Tensor<B>,
    start: &[usize],
    stop: &[usize],
    step: &[usize],
    route: Route,
    device: &B::Device,
) -> Tensor<B> {
    let whole = (0..start.len()).all(|i| start[i] == 0 && step[i] == 1 && stop[i] == x.shape()[i]);
    if whole {
        return x;
    }
    let mut cut = (0..start.len()).filter(|&i| start[i] != 0 || step[i] != 1 || stop[i] != x.shape()[i]);
    if let (Route::Device, Some(axis), None) = (route, cut.next(), cut.next())
        && start[axis] + 1 == stop[axis]
    {
        return row(x, axis, start[axis], device);
    }
    let slices: Vec<Slice> = (0..start.len())
        .map(|i| Slice::new(start[i] as isize, Some(stop[i] as isize), step[i] as isize))
        .collect();
    x.slice(&slices)
}

/// Returns the row at an index of an axis, which stays with length 1. A selection fuses with the ops that
/// read it; a slice would be a kernel of its own unless it is aligned in memory.
pub(crate) fn row<B: Kernels>(x: Tensor<B>, axis: usize, at: usize, device: &B::Device) -> Tensor<B> {
    let at = match super::index_dtype(at + 1) {
        DType::I32 => Tensor::<B>::from_data(TensorData::from([at as i32]), device),
        _ => Tensor::<B>::from_data(TensorData::from([at as i64]), device),
    };
    x.select(axis, at.into_int())
}

/// Returns the elements at `start, start + step, ...` of an array that is 0 elsewhere.
pub(super) fn pad<B: Kernels>(
    x: Tensor<B>,
    shape: &[usize],
    start: &[usize],
    step: &[usize],
    device: &B::Device,
) -> Tensor<B> {
    let zeros = Tensor::full(Scalar::from_i64(x.dtype(), 0), shape, device);
    if x.shape().contains(&0) || shape.is_empty() {
        return if shape.is_empty() { x } else { zeros };
    }
    let slices: Vec<Slice> = (0..start.len())
        .map(|i| {
            let stop = start[i] + (x.shape()[i] - 1) * step[i] + 1;
            Slice::new(start[i] as isize, Some(stop as isize), step[i] as isize)
        })
        .collect();
    zeros.slice_assign(&slices, x)
}
