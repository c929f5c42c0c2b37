//! NVIDIA's GPUs.

use crate::Device;
use crate::burn::On;
use crate::device::Kind;
use crate::driver::Driver;
use crate::error::DeviceError;
use crate::executor::Executor;
use kiln_burn::cube::{Cube, CubeDevice};
use std::sync::LazyLock;

/// Kernels come from LLVM, which is linked in: nothing is needed of the CUDA toolkit.
const DRIVER: Driver = Driver {
    names: if cfg!(windows) {
        &["nvcuda.dll"]
    } else {
        &["libcuda.so.1", "libcuda.so"]
    },
    install: "NVIDIA's driver",
};

/// The GPUs that CUDA has.
static GPUS: LazyLock<Vec<CubeDevice>> = LazyLock::new(|| {
    let all = CubeDevice::enumerate_all().into_iter();
    all.filter(|device| matches!(device, CubeDevice::Cuda(_)))
        .collect()
});

pub(crate) fn count() -> usize {
    DRIVER.look("cuda").map_or(0, |()| GPUS.len())
}

pub(crate) fn start(index: usize) -> Result<Box<dyn Executor>, DeviceError> {
    let device = Device(Kind::Cuda(index));
    DRIVER.look(&device.to_string())?;
    match GPUS.get(index) {
        Some(gpu) => On::<Cube>::start(device, gpu.clone()),
        None => Err(DeviceError::Missing {
            device: device.to_string(),
            found: (0..GPUS.len()).map(|i| Kind::Cuda(i).to_string()).collect(),
            hint: "see what nvidia-smi says",
        }),
    }
}
