//! Burn's backend for GPUs: one for CUDA and wgpu alike, whose devices say which.

pub use burn_cubecl::{Cube, CubeDevice};
#[cfg(feature = "wgpu")]
pub use cubecl::device::WgpuDeviceKind;
