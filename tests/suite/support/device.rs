//! What tests ask of the device that they run on: the default one, which `KILN_DEVICE` names.

use kiln::{Array, DType, Device, devices, with_default_device};

/// Runs `f` with its arrays on the CPU, which has every dtype: reference data is read there.
pub(crate) fn on_cpu<R>(f: impl FnOnce() -> R) -> R {
    with_default_device(Device::cpu(), f)
}

/// Every device but the CPU.
pub(crate) fn others() -> Vec<Device> {
    devices().into_iter().skip(1).collect()
}

/// An array on the device under test.
pub(crate) fn moved(x: Array) -> Array {
    x.to_device(Device::default())
}

/// Returns true if the device has a dtype. What it has not is refused, which `devices.rs` tests for every such dtype; rows and programs in it
/// are left out.
pub(crate) fn has(dtype: DType) -> bool {
    Device::default().has(dtype)
}

/// Returns true if an error says that the device has no arrays of so many axes: Burn's older CPU backend has 6. `devices.rs` tests that they are refused; such rows
/// are left out.
pub(crate) fn has_too_many_axes(error: &str) -> bool {
    Device::from_environment() == Device::ndarray() && error.contains("ndarray has no arrays of ")
}

/// How many times as far from the truth as on the CPU a formula of a few elementary functions may be: each is within 2 ulp there, and within 9
/// for moderate arguments on a GPU (`backends/burn/tests/lowering/common/device.rs`).
pub(crate) fn looseness() -> f64 {
    if is_exact() { 1.0 } else { 4.5 }
}

/// Returns true if results are held to the last bit: on the CPU. Elsewhere a product and a sum may be contracted or not, and sums are in another order.
pub(crate) fn is_exact() -> bool {
    Device::from_environment() == Ok(Device::cpu())
}

/// The most paths of the lecture's option that are priced: all rows' on the CPU and on GPUs. Burn's older CPU backend, one pass over memory for
/// each operation, would take minutes for the largest, whose operations are those of the others.
pub(crate) fn paths() -> u64 {
    if Device::from_environment() == Device::ndarray() {
        100_000
    } else {
        u64::MAX
    }
}
