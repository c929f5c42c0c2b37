//! The errors of devices.

use crate::device::Device;
use kiln_cpu::OutOfMemory;
use std::fmt;
use std::path::PathBuf;

/// The reason why a device is not available, or failed.
///
/// ```
/// use kiln::{Device, DeviceError};
/// assert!(matches!("tpu".parse::<Device>(), Err(DeviceError::Unknown { .. })));
/// ```
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum DeviceError {
    /// No device has such a name.
    Unknown {
        /// The name.
        name: String,
    },
    /// The build has no such devices.
    NotBuilt {
        /// The Cargo feature that has them.
        feature: &'static str,
    },
    /// The driver is not installed.
    NoDriver {
        /// The requested device.
        device: String,
        /// The libraries that were looked for.
        looked_for: Vec<String>,
        /// The package to install.
        install: &'static str,
    },
    /// NVIDIA's library of mathematical functions is missing. Kernels are compiled with it.
    NoLibdevice {
        /// The requested device.
        device: String,
        /// The files that were looked for.
        looked_for: Vec<PathBuf>,
    },
    /// The driver has fewer devices than the requested number.
    Missing {
        /// The requested device.
        device: String,
        /// The devices of this kind.
        found: Vec<String>,
        /// A hint for the user.
        hint: &'static str,
    },
    /// The driver has the device, but could not start it.
    Start {
        /// The device.
        device: String,
        /// The message of the driver.
        reason: String,
    },
    /// The device cannot hold or compute this.
    Unsupported {
        /// The device.
        device: Device,
        /// The refused dtype, op or shape, such as `float64`.
        what: String,
        /// A way to do without it.
        instead: &'static str,
    },
    /// There is not enough memory on the CPU.
    OutOfMemory(OutOfMemory),
    /// The device failed at its work: it has no memory left, its driver does not compile a kernel, or
    /// the device was lost.
    Failed {
        /// The device.
        device: Device,
        /// The message of Burn.
        reason: String,
    },
}

impl fmt::Display for DeviceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DeviceError::Unknown { name } => write!(
                f,
                "there is no device {name:?}: devices are cpu, cuda:0, wgpu:0 (or another number) and ndarray"
            ),
            DeviceError::NotBuilt { feature } => write!(
                f,
                "this program was built without {feature} devices: add the feature {feature:?} to kiln in Cargo.toml"
            ),
            DeviceError::NoDriver {
                device,
                looked_for,
                install,
            } => write!(
                f,
                "{device}: no driver: looked for {}: install {install}",
                looked_for.join(", ")
            ),
            DeviceError::NoLibdevice { device, looked_for } => {
                let looked_for: Vec<String> =
                    looked_for.iter().map(|path| path.display().to_string()).collect();
                write!(
                    f,
                    "{device}: no libdevice.10.bc, which exp, sin, tanh and others are compiled with: looked for {}: install NVIDIA's CUDA toolkit \
                     (nvidia-cuda-toolkit of Debian and Ubuntu, cuda-nvcc of NVIDIA's own packages, or nvidia-cuda-nvcc-cu12 of PyPI), and set CUDA_PATH \
                     to the folder with nvvm/libdevice/libdevice.10.bc if it is another one",
                    looked_for.join(", ")
                )
            }
            DeviceError::Missing { device, found, hint } if found.is_empty() => {
                write!(f, "{device}: the driver is there and has no device: {hint}")
            }
            DeviceError::Missing { device, found, .. } => {
                write!(f, "{device}: there is no such device, only {}", found.join(", "))
            }
            DeviceError::Start { device, reason } => write!(f, "{device} could not be started: {reason}"),
            DeviceError::Unsupported {
                device,
                what,
                instead,
            } => write!(f, "{device} has no {what}: {instead}"),
            DeviceError::OutOfMemory(error) => write!(f, "{error}"),
            DeviceError::Failed { device, reason } => write!(f, "{device} failed: {reason}"),
        }
    }
}

kiln_program::debug_by_display!(DeviceError);

impl std::error::Error for DeviceError {}
