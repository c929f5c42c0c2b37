//! The devices that this build has on this machine, and their executors.

use crate::device::{Device, DeviceKind};
use crate::error::DeviceError;
use crate::executor::Executor;
use crate::started::started;

/// Returns the device, and starts it if it was not started yet.
pub(crate) fn start(kind: DeviceKind) -> Result<Device, DeviceError> {
    let mut started = started();
    if kind != DeviceKind::Cpu && !started.contains_key(&kind) {
        started.insert(kind, Box::leak(launch(kind)?));
    }
    Ok(Device(kind))
}

/// Returns the best device of the machine. A GPU that does not start is an error: users should not learn from
/// a long wait that the CPU computes.
pub(crate) fn best() -> Result<Device, DeviceError> {
    #[cfg(feature = "cuda")]
    if crate::cuda::count() > 0 {
        return start(DeviceKind::Cuda(0));
    }
    #[cfg(feature = "wgpu")]
    if crate::wgpu::hardware() {
        return start(DeviceKind::Wgpu(0));
    }
    Ok(Device::cpu())
}

/// Returns all devices that start.
pub(crate) fn all() -> Vec<Device> {
    let mut kinds = vec![DeviceKind::Cpu];
    #[cfg(feature = "cuda")]
    kinds.extend((0..crate::cuda::count()).map(DeviceKind::Cuda));
    #[cfg(feature = "wgpu")]
    kinds.extend((0..crate::wgpu::count()).map(DeviceKind::Wgpu));
    kinds.push(DeviceKind::Ndarray);
    kinds.into_iter().filter_map(|kind| start(kind).ok()).collect()
}

fn launch(kind: DeviceKind) -> Result<Box<dyn Executor>, DeviceError> {
    match kind {
        #[cfg(feature = "cuda")]
        DeviceKind::Cuda(index) => crate::cuda::start(index),
        #[cfg(feature = "wgpu")]
        DeviceKind::Wgpu(index) => crate::wgpu::start(index),
        #[cfg(feature = "ndarray")]
        #[allow(deprecated, reason = "burn-ndarray is the second executor while it lasts")]
        DeviceKind::Ndarray => Ok(Box::new(crate::burn::On::<kiln_burn::burn_ndarray::NdArray> {
            device: Device(kind),
            burn: kiln_burn::burn_ndarray::NdArrayDevice::Cpu,
        })),
        kind => Err(DeviceError::NotBuilt { feature: kind.name() }),
    }
}
