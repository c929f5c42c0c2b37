//! Counts along an axis.

use super::{elem, grid};
use crate::host::axes::Lanes;
use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;

pub(super) fn launch(out: &CubeTensor, lanes: Lanes) {
    let units = out.meta.num_elements();
    let (count, dim, address) = grid(out, units, units);
    let Lanes { length, inner, .. } = lanes;
    iota::launch(
        &out.client,
        count,
        dim,
        address,
        out.clone().into_buffer_arg(),
        length,
        inner,
        elem(out),
    );
}

#[cube(launch, address_type = "dynamic")]
fn iota<T: Numeric>(out: &mut [T], length: usize, inner: usize, #[define(T)] _dtype: ElemType) {
    if ABSOLUTE_POS < out.len() {
        out[ABSOLUTE_POS] = T::cast_from(ABSOLUTE_POS / inner % length);
    }
}
