//! Sorts of several arrays by one key.

use super::Context;
use crate::host::sort::{order, permuted, sorted};
use crate::host::{update, view, with_type};
use crate::kernels::Kernels;
use crate::tensor::Tensor;
use burn_backend::TensorData;
use kiln_program::DType;
use kiln_program::sister::inverse;

impl<B: Kernels> Context<'_, B> {
    /// Permutes all operands so that the first ascends along an axis.
    ///
    /// The host sorts, also for devices: there Burn too sorts on the host, and neither stably nor with
    /// NaN last everywhere.
    pub(super) fn sort(&self, x: Vec<Tensor<B>>, axis: usize) -> Vec<Tensor<B>> {
        let shape = x[0].shape();
        let length = shape[axis];
        if length < 2 {
            return x;
        }
        // Lanes are contiguous if their axis is last.
        let mut last: Vec<usize> = (0..shape.len()).filter(|&i| i != axis).collect();
        last.push(axis);
        let back = inverse(&last);
        let dtypes: Vec<DType> = x.iter().map(Tensor::dtype).collect();
        let data: Vec<TensorData> = x.into_iter().map(|x| x.permute(&last).into_data()).collect();
        let put = |data| Tensor::from_data(data, self.device).permute(&back);
        let moved = data[0].shape().clone();
        if data.len() == 1 {
            return data
                .into_iter()
                .map(|data| {
                    put(with_type!(dtypes[0], T => update::<T>(data, |values| sorted(values, length))))
                })
                .collect();
        }
        let order = with_type!(dtypes[0], T => order::<T>(view(&data[0]), length));
        data.iter()
            .zip(dtypes)
            .map(|(data, dtype)| {
                put(with_type!(dtype, T => {
                    TensorData::new(permuted::<T>(view(data), length, &order), moved.clone())
                }))
            })
            .collect()
    }
}
