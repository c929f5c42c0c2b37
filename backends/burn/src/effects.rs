//! Effects: what an equation does for its own sake is done by whoever asked to be told.

use crate::{Kernels, Tensor};
use burn_backend::TensorData;
use kiln_program::Effect;
use std::sync::OnceLock;

/// Does an effect, given the values of its operands.
type Handler = fn(&Effect, Vec<TensorData>);

static HANDLER: OnceLock<Handler> = OnceLock::new();

/// Says who does the effects of programs, once for the process; before, and without, they do nothing.
pub fn on_effect(handler: Handler) {
    HANDLER.get_or_init(|| handler);
}

pub(crate) fn happen<B: Kernels>(effect: &Effect, operands: Vec<Tensor<B>>) {
    if let Some(handler) = HANDLER.get() {
        handler(effect, operands.into_iter().map(Tensor::into_data).collect());
    }
}
