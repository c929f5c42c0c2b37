//! The elements of arrays, on their devices.

use crate::device::Device;
use crate::error::DeviceError;
use crate::executor::{Held, check};
use crate::started;
use kiln_cpu::Buffer;
use kiln_program::ArrayType;
use std::fmt;

/// The elements of an array, in the memory of its device. Cloning is a reference count.
#[derive(Clone)]
pub struct Data(pub(crate) Storage);

#[derive(Clone)]
pub(crate) enum Storage {
    Cpu(Buffer),
    Remote {
        device: Device,
        of: ArrayType,
        held: Held,
    },
}

impl Data {
    /// Returns the device whose memory has the elements.
    pub fn device(&self) -> Device {
        match &self.0 {
            Storage::Cpu(_) => Device::cpu(),
            Storage::Remote { device, .. } => *device,
        }
    }

    /// Returns the dtype and shape.
    pub fn array_type(&self) -> &ArrayType {
        match &self.0 {
            Storage::Cpu(buffer) => buffer.array_type(),
            Storage::Remote { of, .. } => of,
        }
    }

    /// Returns the elements, if they are in the host's memory.
    pub fn cpu(&self) -> Option<&Buffer> {
        match &self.0 {
            Storage::Cpu(buffer) => Some(buffer),
            Storage::Remote { .. } => None,
        }
    }

    /// Moves the elements to the memory of a device. A move between two devices goes through the host.
    ///
    /// # Errors
    /// When the device does not have the dtype or so many axes, or fails.
    pub fn to_device(self, device: Device) -> Result<Data, DeviceError> {
        if self.device() == device {
            return Ok(self);
        }
        let buffer = self.into_buffer()?;
        if device == Device::cpu() {
            return Ok(Data::from(buffer));
        }
        let of = buffer.array_type().clone();
        let executor = started::executor(device);
        check(device, executor, &of)?;
        let held = executor.put(&buffer)?;
        Ok(Data(Storage::Remote { device, of, held }))
    }

    /// Returns the elements in the host's memory. Elements in the host's memory are shared; others are read
    /// once the device has computed them.
    ///
    /// # Errors
    /// When the device fails, or failed to compute the elements.
    pub fn into_buffer(self) -> Result<Buffer, DeviceError> {
        match self.0 {
            Storage::Cpu(buffer) => Ok(buffer),
            Storage::Remote { device, of, held } => started::executor(device).get(held, &of),
        }
    }

    /// Waits until the elements are computed, whichever thread asked the device for them.
    ///
    /// # Errors
    /// When the device fails, or failed to compute the elements.
    pub fn wait(&self) -> Result<(), DeviceError> {
        match &self.0 {
            Storage::Cpu(_) => Ok(()),
            Storage::Remote { device, held, .. } => started::executor(*device).wait(held),
        }
    }
}

impl From<Buffer> for Data {
    fn from(buffer: Buffer) -> Data {
        Data(Storage::Cpu(buffer))
    }
}

impl fmt::Debug for Data {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Data({} on {})", self.array_type(), self.device())
    }
}
