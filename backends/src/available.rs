//! Which devices this build has on this machine, and what runs programs on them.

use crate::Device;
use crate::device::Kind;
use crate::error::DeviceError;
use crate::executor::Executor;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// What runs programs on the devices that were asked for, for as long as the process lives.
static STARTED: Mutex<BTreeMap<Kind, &'static dyn Executor>> = Mutex::new(BTreeMap::new());

/// The device, started if it was not yet.
pub(crate) fn started(kind: Kind) -> Result<Device, DeviceError> {
    let mut started = STARTED.lock().unwrap_or_else(PoisonError::into_inner);
    if kind != Kind::Cpu && !started.contains_key(&kind) {
        started.insert(kind, Box::leak(start(kind)?));
    }
    Ok(Device(kind))
}

/// What runs programs on a device other than the CPU.
pub(crate) fn executor(device: Device) -> &'static dyn Executor {
    let started = STARTED.lock().unwrap_or_else(PoisonError::into_inner);
    *started
        .get(&device.0)
        .expect("a device is started when it is made")
}

/// Waits until every device has done what it was given. One that fails has nothing left to do.
#[cfg(any(feature = "cuda", feature = "wgpu"))]
pub(crate) fn finish() {
    let started = STARTED.lock().unwrap_or_else(PoisonError::into_inner).clone();
    for executor in started.into_values() {
        let _ = executor.finish();
    }
}

/// The best device that is there. A GPU that is there and does not start is an error: that the CPU is slower is not to be found out by waiting.
pub(crate) fn best() -> Result<Device, DeviceError> {
    #[cfg(feature = "cuda")]
    if crate::cuda::count() > 0 {
        return started(Kind::Cuda(0));
    }
    #[cfg(feature = "wgpu")]
    if crate::wgpu::hardware() {
        return started(Kind::Wgpu(0));
    }
    Ok(Device::cpu())
}

/// All devices that start.
pub(crate) fn all() -> Vec<Device> {
    let mut kinds = vec![Kind::Cpu];
    #[cfg(feature = "cuda")]
    kinds.extend((0..crate::cuda::count()).map(Kind::Cuda));
    #[cfg(feature = "wgpu")]
    kinds.extend((0..crate::wgpu::count()).map(Kind::Wgpu));
    kinds.push(Kind::Ndarray);
    kinds.into_iter().filter_map(|kind| started(kind).ok()).collect()
}

fn start(kind: Kind) -> Result<Box<dyn Executor>, DeviceError> {
    match kind {
        #[cfg(feature = "cuda")]
        Kind::Cuda(index) => crate::cuda::start(index),
        #[cfg(feature = "wgpu")]
        Kind::Wgpu(index) => crate::wgpu::start(index),
        #[cfg(feature = "ndarray")]
        #[allow(deprecated, reason = "burn-ndarray is the second executor while it lasts")]
        Kind::Ndarray => Ok(Box::new(crate::burn::On::<kiln_burn::burn_ndarray::NdArray> {
            device: Device(kind),
            burn: kiln_burn::burn_ndarray::NdArrayDevice::Cpu,
        })),
        kind => Err(DeviceError::NotBuilt { feature: kind.name() }),
    }
}
