//! Random bits, and uniform floats of random bits.

use super::run::Interpreter;
use super::{Context, Route, take};
use crate::host;
use crate::kernels::Kernels;
use crate::tensor::{Tensor, physical};
use burn_backend::TensorData;
use kiln_program::sister::uniform_program;
use kiln_program::{DType, Scalar};

impl<B: Kernels> Context<'_, B> {
    /// Returns the two words of Threefry for each counter: by a kernel, or on the host by all cores.
    pub(super) fn random_bits(
        &self,
        [keys, first]: [Tensor<B>; 2],
        drawn: &[usize],
        shape: &[usize],
    ) -> Vec<Tensor<B>> {
        let size = drawn.iter().product();
        if self.route == Route::Device {
            let words = first.shape().iter().product();
            let [keys, first] = [&keys, &first].map(|x| x.clone().reshape(&[words]).into_int());
            if let Some(words) = B::random_bits(&keys, &first, size) {
                return words.map(|words| Tensor::Int(words).reshape(shape)).into();
            }
        }
        let (keys, first) = (keys.into_data(), first.into_data());
        let (high, low) = crate::threefry::random_bits(host::view(&keys), host::view(&first), size);
        let words = |words| Tensor::from_data(TensorData::new(words, physical(shape)), self.device);
        vec![words(high), words(low)]
    }

    /// Returns the floats of random words: by other ops, which fuse, or by a kernel if these could round
    /// twice.
    pub(super) fn uniform(
        &self,
        words: Vec<Tensor<B>>,
        low: Scalar,
        high: Scalar,
        shape: &[usize],
    ) -> Tensor<B> {
        if self.route == Route::Device && low.dtype() == DType::F32 {
            let (low, high) = (low.as_f64() as f32, high.as_f64() as f32);
            if rounds_twice(low, high) {
                let [first, second] = take(words.clone()).map(Tensor::into_int);
                if let Some(x) = B::uniform([&first, &second], low, high) {
                    return Tensor::Float(x);
                }
            }
        }
        let program = uniform_program(low, high, &shape.into()).unwrap_or_else(|error| panic!("{error}"));
        Interpreter::new(&program, self.route)
            .run(words, self.device)
            .remove(0)
    }
}

/// Returns true if `unit * (high - low) + low` may have other bits on another device. It has the same bits if
/// the product is exact, as a product with a power of two is; if one term is 0; and if the width is not
/// positive, since all results are `low` then.
fn rounds_twice(low: f32, high: f32) -> bool {
    let width = high - low;
    let power_of_two = width.is_normal() && width.to_bits() & 0x7F_FFFF == 0;
    low != 0.0 && width > 0.0 && width.is_finite() && !power_of_two
}
