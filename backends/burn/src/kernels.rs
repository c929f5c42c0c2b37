//! What a backend does by kernels of kiln's own.

use burn_backend::Backend;

/// A backend that programs can be lowered onto. What its methods leave out, the lowering composes of Burn's ops, or does on the host.
pub trait Kernels: Backend {}

impl Kernels for burn_flex::Flex {}

#[cfg(feature = "ndarray")]
#[allow(deprecated, reason = "burn-ndarray is the second executor while it lasts")]
impl Kernels for burn_ndarray::NdArray {}

#[cfg(feature = "cube")]
impl Kernels for burn_cubecl::Cube {}
