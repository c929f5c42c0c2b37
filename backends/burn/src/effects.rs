//! Effects: a handler performs them.

use crate::kernels::Kernels;
use crate::tensor::Tensor;
use burn_backend::TensorData;
use kiln_program::{ArrayType, Effect};
use std::sync::OnceLock;

/// Performs an effect on the values of its operands.
type Handler = fn(&Effect, Vec<TensorData>);

static HANDLER: OnceLock<Handler> = OnceLock::new();

/// Sets the handler of effects, once for the process. Before, and without a handler, effects do nothing.
pub fn on_effect(handler: Handler) {
    HANDLER.get_or_init(|| handler);
}

pub(crate) fn happen<B: Kernels>(effect: &Effect, operands: Vec<Tensor<B>>, types: &[&ArrayType]) {
    if let Some(handler) = HANDLER.get() {
        let operands = operands.into_iter().zip(types).map(|(x, of)| {
            // A tensor of a scalar has an axis; the handler takes a scalar.
            let (bytes, _, dtype) = x.into_data().into_parts();
            TensorData::from_bytes(bytes, of.shape.to_vec(), dtype)
        });
        handler(effect, operands.collect());
    }
}
