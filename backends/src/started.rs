//! The executors of the devices that were started. They live as long as the process.

use crate::device::{Device, DeviceKind};
use crate::executor::Executor;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

type Started = BTreeMap<DeviceKind, &'static dyn Executor>;

static STARTED: Mutex<Started> = Mutex::new(BTreeMap::new());

/// Returns the devices that were started. Other devices wait to start while the lock is held.
pub(crate) fn started() -> MutexGuard<'static, Started> {
    STARTED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Returns the executor of a device other than the CPU.
pub(crate) fn executor(device: Device) -> &'static dyn Executor {
    *started()
        .get(&device.0)
        .expect("a device is started when it is made")
}

/// Waits until every device has done its work. A device that fails has nothing left to do.
#[cfg(any(feature = "cuda", feature = "wgpu"))]
pub(crate) fn finish() {
    let started = started().clone();
    for executor in started.into_values() {
        let _ = executor.finish();
    }
}
