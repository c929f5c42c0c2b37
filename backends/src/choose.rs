//! Finds, starts and chooses devices.

use crate::device::{Device, DeviceKind};
use crate::error::DeviceError;
use crate::{available, started};
use kiln_burn::Launch;
use kiln_program::DType;
use std::cell::Cell;
use std::str::FromStr;
use std::sync::{OnceLock, PoisonError, RwLock, RwLockReadGuard};

impl Device {
    /// Returns an NVIDIA GPU, by its number in CUDA.
    ///
    /// # Errors
    /// When the feature `cuda`, the driver's library, the CUDA toolkit's `libdevice.10.bc`, or a GPU of this
    /// number is missing. The error names the missing files and the package to install.
    ///
    /// ```
    /// use kiln::Device;
    /// match Device::cuda(0) {
    ///     Ok(device) => assert_eq!(device.to_string(), "cuda:0"),
    ///     Err(error) => println!("{error}"),
    /// }
    /// ```
    pub fn cuda(index: usize) -> Result<Device, DeviceError> {
        available::start(DeviceKind::Cuda(index))
    }

    /// Returns a GPU by Vulkan, Metal or DirectX 12. Discrete GPUs have the first numbers, then come GPUs
    /// within a processor, then software.
    ///
    /// # Errors
    /// When the feature `wgpu`, a driver, or a GPU of this number is missing. The error names the missing
    /// files and the package to install.
    ///
    /// ```
    /// use kiln::Device;
    /// match Device::wgpu(0) {
    ///     Ok(device) => assert_eq!(device.to_string(), "wgpu:0"),
    ///     Err(error) => println!("{error}"),
    /// }
    /// ```
    pub fn wgpu(index: usize) -> Result<Device, DeviceError> {
        available::start(DeviceKind::Wgpu(index))
    }

    /// Returns Burn's deprecated CPU backend, which runs one equation after another. Its results check those
    /// of other devices.
    ///
    /// # Errors
    /// When the feature `ndarray` is missing.
    ///
    /// ```
    /// use kiln::{Device, numpy as np};
    /// if let Ok(ndarray) = Device::ndarray() {
    ///     let x = np::linspace(0.0, 1.0, 5);
    ///     let there = x.to_device(ndarray).exp().sum();
    ///     assert!((there.to_device(Device::cpu()) - x.exp().sum()).abs().item::<f32>() < 1e-6);
    /// }
    /// ```
    pub fn ndarray() -> Result<Device, DeviceError> {
        available::start(DeviceKind::Ndarray)
    }

    /// Returns true if the device computes with a dtype. A device without the dtype refuses arrays and
    /// functions of the dtype.
    ///
    /// ```
    /// use kiln::{DType, Device};
    /// assert!(Device::cpu().has(DType::F64));
    /// if let Ok(device) = Device::wgpu(0) {
    ///     assert!(!device.has(DType::F64)); // the shading language has no functions of them
    /// }
    /// ```
    pub fn has(self, dtype: DType) -> bool {
        self == Device::cpu() || started::executor(self).has(dtype)
    }

    /// Runs a function, and returns its result and the kernels that the device launched, in order. The list
    /// shows the fusion. The kernels are done when this method returns. Call the function once before,
    /// because a first call may try several kernels. The list includes launches of other threads.
    ///
    /// # Errors
    /// When the device is the CPU or `ndarray`, which do not launch single kernels. When the device fails.
    ///
    /// ```
    /// use kiln::{Array, Device, jit, numpy as np};
    /// if let Ok(device) = Device::wgpu(0) {
    ///     let f = jit(|x: Array| (x.sin() * 2 + 1).exp());
    ///     let x = np::linspace(0, 1, 1000).to_device(device);
    ///     f(x.clone());
    ///     let (_, launches) = device.launches(|| f(x.clone()))?;
    ///     assert_eq!(launches.len(), 1);
    /// }
    /// # Ok::<(), kiln::DeviceError>(())
    /// ```
    pub fn launches<R>(self, f: impl FnOnce() -> R) -> Result<(R, Vec<Launch>), DeviceError> {
        let none = || DeviceError::Unsupported {
            device: self,
            what: "kernels that are launched one by one".into(),
            instead: "count them on a GPU",
        };
        if self == Device::cpu() {
            return Err(none());
        }
        let (mut f, mut result) = (Some(f), None);
        let launches = started::executor(self).launches(&mut || result = f.take().map(|f| f()))?;
        launches
            .and_then(|launches| Some((result?, launches)))
            .ok_or_else(none)
    }

    /// Returns the device that the environment variable `KILN_DEVICE` names: `cpu`, `cuda:0`, `wgpu:1` or
    /// `ndarray`. If the variable is not set or empty, returns the best device present: a GPU by CUDA, else a
    /// GPU by wgpu (not in software), else the CPU. The process reads the variable once.
    ///
    /// # Errors
    /// When `KILN_DEVICE` names a device that is missing, or is not the name of a device. Without the
    /// variable, when the best device does not start.
    ///
    /// ```
    /// use kiln::Device;
    /// let device = Device::from_environment()?;
    /// println!("{device}");
    /// # Ok::<(), kiln::DeviceError>(())
    /// ```
    pub fn from_environment() -> Result<Device, DeviceError> {
        static FOUND: OnceLock<Result<Device, DeviceError>> = OnceLock::new();
        let found = FOUND.get_or_init(|| match named() {
            Some(name) => name.parse(),
            None => available::best(),
        });
        found.clone()
    }
}

/// Returns the value of `KILN_DEVICE`, unless it is empty.
fn named() -> Option<String> {
    let name = std::env::var_os("KILN_DEVICE")?;
    (!name.is_empty()).then(|| name.to_string_lossy().into_owned())
}

static DEFAULT: RwLock<Option<Device>> = RwLock::new(None);

thread_local! {
    static DEFAULT_HERE: Cell<Option<Device>> = const { Cell::new(None) };
}

fn process_default() -> RwLockReadGuard<'static, Option<Device>> {
    DEFAULT.read().unwrap_or_else(PoisonError::into_inner)
}

/// Returns the device of arrays that are made from numbers alone. [`set_default_device`] or
/// [`with_default_device`] sets it. Otherwise it is [`Device::from_environment`].
///
/// # Panics
/// When no default device is set, and [`Device::from_environment`] returns an error.
impl Default for Device {
    #[track_caller]
    fn default() -> Device {
        if let Some(device) = DEFAULT_HERE.get().or(*process_default()) {
            return device;
        }
        match Device::from_environment() {
            Ok(device) => device,
            Err(error) if named().is_some() => panic!("device: KILN_DEVICE: {error}"),
            Err(error) => panic!("device: {error}: set KILN_DEVICE=cpu to run on the CPU"),
        }
    }
}

/// Sets the device of arrays that are made from numbers alone, for the whole process. This is JAX's
/// `jax_default_device`.
///
/// ```standalone_crate
/// use kiln::{Device, numpy as np, set_default_device};
/// set_default_device(Device::wgpu(0).unwrap_or(Device::cpu()));
/// assert_eq!(np::zeros(3).device(), Device::default());
/// ```
pub fn set_default_device(device: Device) {
    *DEFAULT.write().unwrap_or_else(PoisonError::into_inner) = Some(device);
}

/// Runs `f` with another default device on this thread. The earlier device is restored afterwards, also if
/// `f` panics.
///
/// ```
/// use kiln::{Device, numpy as np, with_default_device};
/// let x = with_default_device(Device::cpu(), || np::zeros(3));
/// assert_eq!(x.device(), Device::cpu());
/// ```
pub fn with_default_device<R>(device: Device, f: impl FnOnce() -> R) -> R {
    struct Restore(Option<Device>);
    impl Drop for Restore {
        fn drop(&mut self) {
            DEFAULT_HERE.set(self.0);
        }
    }
    let _restore = Restore(DEFAULT_HERE.replace(Some(device)));
    f()
}

/// Returns the devices that this build can use on this machine, the CPU first. This is `jax.devices()`. The
/// list lacks a GPU that does not start. [`Device::wgpu`] or [`Device::cuda`] of its number returns the
/// reason.
///
/// ```
/// use kiln::{Device, devices};
/// assert_eq!(devices()[0], Device::cpu());
/// ```
pub fn devices() -> Vec<Device> {
    available::all()
}

/// Parses the name of a device: a name that [`Display`](std::fmt::Display) writes, or `cuda` or `wgpu` for
/// the first device of the kind.
///
/// ```
/// use kiln::Device;
/// assert_eq!("cpu".parse(), Ok(Device::cpu()));
/// let error = "gpu".parse::<Device>().unwrap_err();
/// assert_eq!(error.to_string(), "there is no device \"gpu\": devices are cpu, cuda:0, wgpu:0 (or another number) and ndarray");
/// ```
impl FromStr for Device {
    type Err = DeviceError;

    fn from_str(name: &str) -> Result<Device, DeviceError> {
        let (kind, index) = match name.split_once(':') {
            Some((kind, index)) => (kind, index.parse().ok()),
            None => (name, Some(0)),
        };
        match (kind, index) {
            ("cpu", Some(0)) => Ok(Device::cpu()),
            ("cuda", Some(index)) => Device::cuda(index),
            ("wgpu", Some(index)) => Device::wgpu(index),
            ("ndarray", Some(0)) => Device::ndarray(),
            _ => Err(DeviceError::Unknown { name: name.into() }),
        }
    }
}
