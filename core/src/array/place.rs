//! The devices of arrays, which determine the devices of functions of arrays.

use super::{Array, Concrete, Repr};
use crate::error::raise;
use crate::trace::is_tracing;
use kiln_backends::program::Shape;
use kiln_backends::{Data, Device};
use std::fmt::Display;
use std::sync::Arc;

impl Array {
    /// Returns the device that holds the array.
    ///
    /// # Panics
    /// When the array belongs to a trace: the arguments of the function will determine its device.
    ///
    /// ```
    /// use kiln::{Device, numpy as np};
    /// assert_eq!(np::zeros(3).device(), Device::default());
    /// ```
    #[track_caller]
    pub fn device(&self) -> Device {
        match &self.0 {
            Repr::Literal(_) => Device::default(),
            Repr::Concrete(array) if array.free => Device::default(),
            Repr::Concrete(array) => array.data.device(),
            Repr::Tracer(_) => raise(
                "device",
                "an array inside a trace is nowhere yet: it will be where the arguments of the function are",
            ),
        }
    }

    /// Copies the elements to another device. This is `jax.device_put(x, device)`. Functions of the result
    /// run on that device. The other arrays of such a function must be on the same device. Plain numbers move
    /// to it.
    ///
    /// # Panics
    /// When the device does not support the dtype, or fails. When the array belongs to a trace: move arrays
    /// before the call of the function.
    ///
    /// ```
    /// use kiln::{Device, numpy as np};
    /// let device = Device::wgpu(0).unwrap_or(Device::cpu());
    /// let x = np::linspace(0.0, 1.0, 3).to_device(device);
    /// let y = 2 * x; // computed there
    /// assert_eq!(y.device(), device);
    /// assert_eq!(y.to_device(Device::cpu()).to_string(), "[0. 1. 2.]");
    /// ```
    #[track_caller]
    pub fn to_device(&self, device: Device) -> Array {
        let Repr::Concrete(array) = self.clone().settled("to_device", self.kind()).0 else {
            raise(
                "to_device",
                "an array inside a trace has no elements yet: move arrays before the call of the function",
            )
        };
        match array.data.clone().to_device(device) {
            Ok(data) => Array::concrete(data, array.weak),
            Err(error) => raise("to_device", error),
        }
    }

    /// Returns the same elements with another shape, without a copy, if they are in the host's memory.
    pub(crate) fn reshaped(&self, shape: &Shape) -> Option<Array> {
        let Repr::Concrete(array) = &self.0 else {
            return None;
        };
        let buffer = array.data.cpu()?.clone().reshape(shape);
        (!is_tracing()).then(|| {
            let (weak, free) = (array.weak, array.free);
            let data = buffer.into();
            Array(Repr::Concrete(Arc::new(Concrete { data, weak, free })))
        })
    }
}

/// Returns the device of the first array that was put on a device. Arrays that were computed from numbers
/// alone have no device of their own.
pub(crate) fn device_of<'a>(arrays: impl IntoIterator<Item = &'a Array>) -> Option<Device> {
    arrays.into_iter().find_map(|array| match &array.0 {
        Repr::Concrete(array) if !array.free => Some(array.data.device()),
        _ => None,
    })
}

/// Returns the device for a function of these arrays: the device of the first array that was put on a device,
/// else the default device.
#[track_caller]
pub(crate) fn device_for<'a>(arrays: impl IntoIterator<Item = &'a Array>) -> Device {
    or_default(device_of(arrays))
}

/// Returns the device, or the default device if there is none. If the default device does not start, this
/// function raises an error at the caller's line, which `unwrap_or_default` could not.
#[track_caller]
#[allow(clippy::manual_unwrap_or_default, reason = "see above")]
pub(crate) fn or_default(device: Option<Device>) -> Device {
    match device {
        Some(device) => device,
        None => Device::default(),
    }
}

/// Returns true if there are arrays, and all may move to any device.
pub(crate) fn all_free(arrays: &[Array]) -> bool {
    let free = |array: &Array| matches!(&array.0, Repr::Concrete(array) if array.free);
    !arrays.is_empty() && arrays.iter().all(free)
}

/// Returns an array's elements on a device. The elements of the last handle are moved, not cloned.
#[track_caller]
pub(crate) fn on(op: impl Display, device: Device, array: Array) -> Data {
    let Repr::Concrete(array) = array.0 else {
        unreachable!("plain numbers are settled, and no trace is under way")
    };
    if array.data.device() != device {
        if !array.free {
            raise(
                op,
                format!(
                    "an array {} on {} meets one on {device}: move one of them with to_device",
                    array.data.array_type(),
                    array.data.device()
                ),
            )
        }
        return match array.data.clone().to_device(device) {
            Ok(data) => data,
            Err(error) => raise(op, error),
        };
    }
    match Arc::try_unwrap(array) {
        Ok(array) => array.data,
        Err(array) => array.data.clone(),
    }
}
