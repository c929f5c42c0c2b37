//! What backends cannot do.

use crate::Kernels;
use crate::tensor::{bool_store, burn_dtype};
use burn_backend::DType as BurnDType;
use kiln_program::DType;

/// Whether a device computes with a dtype, as the CPU does.
///
/// Burn's wgpu backend says that it has `float64` where the driver has it. Its elementary functions are in single precision there, so it counts
/// as not having it.
pub fn computes<B: Kernels>(dtype: DType, device: &B::Device) -> bool {
    let name = B::name(device);
    match dtype {
        DType::Bool => B::supports_dtype(device, BurnDType::from(bool_store::<B>(device))),
        DType::F64 if name.contains("wgpu") => false,
        dtype => B::supports_dtype(device, burn_dtype(dtype)),
    }
}
