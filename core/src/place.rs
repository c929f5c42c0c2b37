//! Where arrays are, and so where functions of them run.

use crate::Array;
use crate::array::{Concrete, Repr};
use crate::error::raise;
use crate::trace::is_tracing;
use kiln_backends::program::{Scalar, Shape};
use kiln_backends::{Buffer, Data, Device};
use std::fmt::Display;
use std::sync::Arc;

impl Array {
    /// Where the elements are.
    ///
    /// # Panics
    /// When the array belongs to a trace: it will be where the arguments of the function are.
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

    /// The same elements on another device: `jax.device_put(x, device)`. Functions of it run there; the other arrays that they take
    /// must be there too, plain numbers go along.
    ///
    /// # Panics
    /// When the device does not have the dtype, or fails. When the array belongs to a trace: arrays are moved before the call.
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

    /// The same elements in another shape, if they are in the host's memory: nothing moves.
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

    /// Elements of the host's, on the default device; in a trace, on whatever device the function will run.
    #[track_caller]
    pub(crate) fn placed(op: &str, buffer: Buffer) -> Array {
        if is_tracing() {
            return Array::free(buffer, false);
        }
        match Data::from(buffer).to_device(Device::default()) {
            Ok(data) => Array::concrete(data, false),
            Err(error) => raise(op, error),
        }
    }

    /// A plain number as an array: it goes along to wherever the arrays are that it meets.
    pub(crate) fn number(value: Scalar, weak: bool) -> Array {
        Array::free(Buffer::scalar(value), weak)
    }

    pub(crate) fn free(data: impl Into<Data>, weak: bool) -> Array {
        Array(Repr::Concrete(Arc::new(Concrete {
            data: data.into(),
            weak,
            free: true,
        })))
    }
}

/// Returns the device of the first array that was put on a device. Arrays that were computed from numbers alone have no device of their own.
pub(crate) fn device_of<'a>(arrays: impl IntoIterator<Item = &'a Array>) -> Option<Device> {
    arrays.into_iter().find_map(|array| match &array.0 {
        Repr::Concrete(array) if !array.free => Some(array.data.device()),
        _ => None,
    })
}

/// Where a function of these arrays runs: where one of them is for a reason, else on the default device.
#[track_caller]
pub(crate) fn device_for<'a>(arrays: impl IntoIterator<Item = &'a Array>) -> Device {
    or_default(device_of(arrays))
}

/// The default device where there is none. One that does not start is raised at the caller's line, as `unwrap_or_default` could not.
#[track_caller]
#[allow(clippy::manual_unwrap_or_default, reason = "see above")]
pub(crate) fn or_default(device: Option<Device>) -> Device {
    match device {
        Some(device) => device,
        None => Device::default(),
    }
}

/// Returns true if there are arrays, and all may be on any device.
pub(crate) fn all_free(arrays: &[Array]) -> bool {
    let free = |array: &Array| matches!(&array.0, Repr::Concrete(array) if array.free);
    !arrays.is_empty() && arrays.iter().all(free)
}

/// An array's elements for a function that runs on a device; those of the last handle by value.
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
