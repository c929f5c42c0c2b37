//! What a device is called.

use std::fmt;

/// Where arrays are and programs run.
///
/// A value of this type stands for a device that was found and started: what can be missing is an error of [`Device::cuda`] and
/// [`Device::wgpu`]. Each needs the Cargo feature of its name. Arrays know their device ([`Array::device`](https://docs.rs/kiln)), go to another by `to_device`, and a
/// function runs where its arguments are; where it has none, on [`Device::default`].
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

/// What a device is, and which of its kind.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum DeviceKind {
    Cpu,
    Cuda(usize),
    Wgpu(usize),
    Ndarray,
}

impl DeviceKind {
    /// As `KILN_DEVICE` names it.
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
    /// The host's cores.
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
