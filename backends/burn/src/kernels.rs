//! The methods of a backend that kiln's own kernels implement.

use crate::launch::Launch;
use crate::tensor::Tensor;
use burn_backend::tensor::{Device, FloatTensor, IntTensor};
use burn_backend::{Backend, ExecutionError};
use kiln_program::{DType, Reduction};

/// A backend onto which programs can be lowered. If a method returns `None`, the lowering composes Burn's
/// ops, or computes on the host.
///
/// No array that a method takes is empty.
pub trait Kernels: Backend {
    /// The most axes that an array can have.
    const MAX_RANK: usize = usize::MAX;

    /// Runs a function and returns the kernels that the device launched for it, in order, if kernels are
    /// launched one by one.
    ///
    /// # Errors
    /// When the device fails.
    fn launches(_device: &Device<Self>, _f: &mut dyn FnMut()) -> Result<Option<Vec<Launch>>, ExecutionError> {
        Ok(None)
    }

    /// Waits until a tensor's elements are computed.
    ///
    /// # Errors
    /// When the device fails.
    fn wait(_x: &Tensor<Self>, device: &Device<Self>) -> Result<(), ExecutionError> {
        Self::sync(device)
    }

    /// Computes [`Op::RandomBits`](kiln_program::Op::RandomBits) for keys and first counters, two words each
    /// in a vector. The words have the shape `[keys, size]`.
    fn random_bits(
        _keys: &IntTensor<Self>,
        _first: &IntTensor<Self>,
        _size: usize,
    ) -> Option<[IntTensor<Self>; 2]> {
        None
    }

    /// Computes [`Op::Uniform`](kiln_program::Op::Uniform) in `f32`, for bounds whose product with a unit is
    /// rounded.
    fn uniform(_words: [&IntTensor<Self>; 2], _low: f32, _high: f32) -> Option<FloatTensor<Self>> {
        None
    }

    /// Computes C's remainder in `f32`, of arrays of one shape.
    fn remainder(_x: &FloatTensor<Self>, _y: &FloatTensor<Self>) -> Option<FloatTensor<Self>> {
        None
    }

    /// Computes [`Op::Iota`](kiln_program::Op::Iota).
    fn iota(_dtype: DType, _shape: &[usize], _axis: usize, _device: &Device<Self>) -> Option<Tensor<Self>> {
        None
    }

    /// Computes [`Op::Cumulative`](kiln_program::Op::Cumulative) for numbers.
    fn cumulative(_x: &Tensor<Self>, _kind: Reduction, _axis: usize, _reverse: bool) -> Option<Tensor<Self>> {
        None
    }
}

impl Kernels for burn_flex::Flex {}

#[cfg(feature = "ndarray")]
#[allow(deprecated, reason = "burn-ndarray is the second executor while it lasts")]
impl Kernels for burn_ndarray::NdArray {
    /// NdArray panics beyond this rank.
    const MAX_RANK: usize = 6;
}
