//! What can be wrong with a device.

use crate::{Device, OutOfMemory};
use std::fmt;
use std::path::PathBuf;

/// Why a device cannot be had, or could not do what it was asked.
///
/// ```
/// use kiln::{Device, DeviceError};
/// assert!(matches!("tpu".parse::<Device>(), Err(DeviceError::Unknown { .. })));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
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
        /// The device that was asked for.
        device: String,
        /// The libraries that were looked for.
        looked_for: Vec<String>,
        /// What to install.
        install: &'static str,
    },
    /// NVIDIA's library of mathematical functions, which kernels are compiled with, is not there.
    NoLibdevice {
        /// The device that was asked for.
        device: String,
        /// The files that were looked for.
        looked_for: Vec<PathBuf>,
    },
    /// The driver has fewer devices than that.
    Missing {
        /// The device that was asked for.
        device: String,
        /// The devices of its kind that there are.
        found: Vec<String>,
        /// What to look at.
        hint: &'static str,
    },
    /// The driver has the device, and could not start it.
    Start {
        /// The device.
        device: String,
        /// What the driver says.
        reason: String,
    },
    /// The device cannot hold or compute this.
    Unsupported {
        /// The device.
        device: Device,
        /// What it was asked, as in `float64`.
        what: String,
        /// What to do instead.
        instead: &'static str,
    },
    /// There is not enough memory on the CPU.
    OutOfMemory(OutOfMemory),
    /// The device failed at its work: out of memory, a kernel that its driver does not compile, a device that was lost.
    Failed {
        /// The device.
        device: Device,
        /// What Burn says.
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

impl std::error::Error for DeviceError {}
