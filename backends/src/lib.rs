//! Devices: the memory of arrays, and the engines that compile and run programs; and the gradient of an
//! op, by Burn's rule or by kiln's.
//!
//! The engine of the CPU is kiln's own. Other devices are Burn's backends, and the lowering runs a program's
//! equations on them one after another.

mod available;
#[cfg(any(feature = "cuda", feature = "wgpu", feature = "ndarray"))]
mod burn;
mod choose;
#[cfg(feature = "cuda")]
mod cuda;
mod data;
mod device;
#[cfg(any(feature = "cuda", feature = "wgpu"))]
mod driver;
mod error;
mod executable;
mod executor;
#[cfg(any(feature = "cuda", feature = "wgpu"))]
mod exit;
#[cfg(any(test, feature = "cuda"))]
mod libdevice;
mod limits;
mod started;
#[cfg(feature = "wgpu")]
mod wgpu;

pub use choose::{devices, set_default_device, with_default_device};
pub use data::Data;
pub use device::Device;
pub use error::DeviceError;
pub use executable::Executable;
pub use kiln_burn::{
    DerivativeRule, Gradient, GradientError, Launch, RuleReason, RuleSource, derivative_rules, vjp,
};
/// The engine of the CPU.
pub use kiln_cpu as cpu;
pub use kiln_cpu::{
    Buffer, Element, Handler, OutOfMemory, ThreadsAreRunning, on_effect, set_threads, threads,
};
pub use kiln_program as program;
pub use kiln_program::{CancelToken, Interrupted, Progress, interruptible, progress};
pub use limits::{Limit, limits};
