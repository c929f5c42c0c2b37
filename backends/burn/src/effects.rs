//! Effects: what an equation does for its own sake is done by whoever asked to be told.

use crate::{Kernels, Tensor};
use burn_backend::TensorData;
use kiln_program::{ArrayType, Effect};
use std::sync::OnceLock;

/// Does an effect, given the values of its operands.
type Handler = fn(&Effect, Vec<TensorData>);

static HANDLER: OnceLock<Handler> = OnceLock::new();

/// Says who does the effects of programs, once for the process; before, and without, they do nothing.
pub fn on_effect(handler: Handler) {
    HANDLER.get_or_init(|| handler);
}

pub(crate) fn happen<B: Kernels>(effect: &Effect, operands: Vec<Tensor<B>>, types: &[&ArrayType]) {
    if let Some(handler) = HANDLER.get() {
        let operands = operands.into_iter().zip(types).map(|(x, of)| {
            // A scalar again: a tensor of one has an axis.
            let (bytes, _, dtype) = x.into_data().into_parts();
            TensorData::from_bytes(bytes, of.shape.to_vec(), dtype)
        });
        handler(effect, operands.collect());
    }
}
