//! The names of devices.

use std::fmt;

/// A device: a CPU or GPU, whose memory holds arrays and which runs programs.
///
/// A value of this type is a device that was found and started. [`Device::cuda`] and [`Device::wgpu`] return
/// an error if something is missing. Each needs the Cargo feature of its name.
/// [`Array::device`](https://docs.rs/kiln) returns the device of an array, and `to_device` copies an array to
/// another device. A function runs on the device of its arguments, or on [`Device::default`] if it has no
/// arguments.
///
/// | device | what it is | feature |
/// |---|---|---|
/// | `cpu` | the host's cores: kiln's own fused loops | |
/// | `cuda:0`, `cuda:1`, ... | NVIDIA's GPUs, by Burn's fused CUDA backend | `cuda` |
/// | `wgpu:0`, `wgpu:1`, ... | GPUs by Vulkan, Metal or DirectX 12, by Burn's fused wgpu backend; the discrete ones first | `wgpu` |
/// | `ndarray` | Burn's deprecated CPU backend, slow: to compare results with; arrays of at most 6 axes | `ndarray` |
///
/// ```
/// use kiln::{Device, numpy as np};
/// let device = Device::wgpu(0).unwrap_or(Device::cpu());
/// let x = np::arange(4).to_device(device);
/// assert_eq!((2 * &x).device(), device);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Device(pub(crate) DeviceKind);

/// The kind of a device, and its number within the kind.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum DeviceKind {
    Cpu,
    Cuda(usize),
    Wgpu(usize),
    Ndarray,
}

impl DeviceKind {
    /// Returns the name of the kind in `KILN_DEVICE`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            DeviceKind::Cpu => "cpu",
            DeviceKind::Cuda(_) => "cuda",
            DeviceKind::Wgpu(_) => "wgpu",
            DeviceKind::Ndarray => "ndarray",
        }
    }
}

impl Device {
    /// Returns the CPU: the host's cores.
    ///
    /// ```
    /// assert_eq!(kiln::Device::cpu().to_string(), "cpu");
    /// ```
    pub const fn cpu() -> Device {
        Device(DeviceKind::Cpu)
    }
}

/// `cpu`, `cuda:0`, `wgpu:0`, `ndarray`.
impl fmt::Display for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Display for DeviceKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DeviceKind::Cpu | DeviceKind::Ndarray => f.write_str(self.name()),
            DeviceKind::Cuda(index) | DeviceKind::Wgpu(index) => write!(f, "{}:{index}", self.name()),
        }
    }
}
