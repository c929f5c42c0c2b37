//! NVIDIA's GPUs.

use crate::burn::On;
use crate::device::{Device, DeviceKind};
use crate::driver::Driver;
use crate::error::DeviceError;
use crate::executor::Executor;
use crate::libdevice;
use kiln_burn::cube::{Cube, CubeDevice};
use std::sync::LazyLock;

/// LLVM, which is linked in, compiles the kernels. They need one library of the CUDA toolkit:
/// see `libdevice`.
const DRIVER: Driver = Driver {
    names: if cfg!(windows) {
        &["nvcuda.dll"]
    } else {
        &["libcuda.so.1", "libcuda.so"]
    },
    install: "NVIDIA's driver",
};

/// The GPUs that CUDA lists.
static GPUS: LazyLock<Vec<CubeDevice>> = LazyLock::new(|| {
    let all = CubeDevice::enumerate_all().into_iter();
    all.filter(|device| matches!(device, CubeDevice::Cuda(_)))
        .collect()
});

pub(crate) fn count() -> usize {
    DRIVER.look("cuda").map_or(0, |()| GPUS.len())
}

pub(crate) fn start(index: usize) -> Result<Box<dyn Executor>, DeviceError> {
    let device = Device(DeviceKind::Cuda(index));
    DRIVER.look(&device.to_string())?;
    libdevice::look(&device.to_string())?;
    match GPUS.get(index) {
        Some(gpu) => On::<Cube>::start(device, gpu.clone()),
        None => Err(DeviceError::Missing {
            device: device.to_string(),
            found: (0..GPUS.len()).map(|i| DeviceKind::Cuda(i).to_string()).collect(),
            hint: "see what nvidia-smi says",
        }),
    }
}
