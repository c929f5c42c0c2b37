//! Facts about the device under test: the default device, which `KILN_DEVICE` names.

use kiln::{Array, DType, Device, devices, with_default_device};

/// Runs `f` with its arrays on the CPU. The reference data is read there, because the CPU has every dtype.
pub(crate) fn on_cpu<R>(f: impl FnOnce() -> R) -> R {
    with_default_device(Device::cpu(), f)
}

/// Returns every device but the CPU.
pub(crate) fn others() -> Vec<Device> {
    devices().into_iter().skip(1).collect()
}

/// Moves an array to the device under test.
pub(crate) fn moved(x: Array) -> Array {
    x.to_device(Device::default())
}

/// Returns true if the device has a dtype. `devices.rs` tests that other dtypes are refused. Tests leave out
/// rows and programs in these dtypes.
pub(crate) fn has(dtype: DType) -> bool {
    Device::default().has(dtype)
}

/// Returns true if an error says that the device has no arrays of so many axes. Burn's older CPU backend
/// has 6. `devices.rs` tests that more axes are refused. Tests leave out such rows.
pub(crate) fn has_too_many_axes(error: &str) -> bool {
    Device::from_environment() == Device::ndarray() && error.contains("ndarray has no arrays of ")
}

/// Returns the factor of a bound for a formula of a few elementary functions. On the CPU each function is
/// within 2 ulp of the truth. On a GPU it is within 9 for moderate arguments
/// (`backends/burn/tests/lowering/common/device.rs`).
pub(crate) fn looseness() -> f64 {
    if is_exact() { 1.0 } else { 4.5 }
}

/// Returns true if results must be right to the last bit: on the CPU. Other devices may contract a product
/// and a sum, and add in another order.
pub(crate) fn is_exact() -> bool {
    Device::from_environment() == Ok(Device::cpu())
}

/// Returns the most paths of the lecture's option that are priced: all on the CPU and on GPUs. Burn's older
/// CPU backend passes over memory for each operation. It would take minutes for the largest rows, whose
/// operations are those of the other rows.
pub(crate) fn paths() -> u64 {
    if Device::from_environment() == Device::ndarray() {
        100_000
    } else {
        u64::MAX
    }
}
