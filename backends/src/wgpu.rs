//! GPUs by Vulkan, Metal or DirectX 12.

use crate::burn::On;
use crate::device::{Device, DeviceKind};
use crate::driver::Driver;
use crate::error::DeviceError;
use crate::executor::Executor;
use kiln_burn::burn_wgpu::graphics::AutoGraphicsApi;
use kiln_burn::burn_wgpu::{RuntimeOptions, WgpuDevice, WgpuInitError, try_init_setup};
use kiln_burn::cube::{Cube, CubeDevice, WgpuDeviceKind};
use std::sync::LazyLock;

/// Metal and DirectX are part of their systems.
const DRIVER: Driver = Driver {
    names: if cfg!(any(windows, target_vendor = "apple")) {
        &[]
    } else {
        &["libvulkan.so.1"]
    },
    install: "the Vulkan loader (Debian: libvulkan1) and a driver (the GPU's, or mesa-vulkan-drivers for software)",
};

/// The adapters, the best first.
static ADAPTERS: LazyLock<Vec<WgpuDevice>> = LazyLock::new(|| {
    let mut found: Vec<WgpuDevice> = CubeDevice::enumerate_all()
        .into_iter()
        .filter_map(|device| match device {
            CubeDevice::Wgpu(device) => Some(device),
            _ => None,
        })
        .collect();
    found.sort_by_key(|device| match device.kind {
        WgpuDeviceKind::DiscreteGpu(_) => 0,
        WgpuDeviceKind::IntegratedGpu(_) => 1,
        WgpuDeviceKind::Cpu => 3,
        _ => 2,
    });
    found
});

/// Returns true if the first adapter is a GPU in hardware.
pub(crate) fn hardware() -> bool {
    let first = || ADAPTERS.first().map(|device| &device.kind);
    DRIVER.look("wgpu").is_ok() && first().is_some_and(|kind| *kind != WgpuDeviceKind::Cpu)
}

pub(crate) fn count() -> usize {
    DRIVER.look("wgpu").map_or(0, |()| ADAPTERS.len())
}

pub(crate) fn start(index: usize) -> Result<Box<dyn Executor>, DeviceError> {
    let device = Device(DeviceKind::Wgpu(index));
    DRIVER.look(&device.to_string())?;
    let Some(adapter) = ADAPTERS.get(index) else {
        return Err(DeviceError::Missing {
            device: device.to_string(),
            found: (0..ADAPTERS.len())
                .map(|i| DeviceKind::Wgpu(i).to_string())
                .collect(),
            hint: "install the GPU's Vulkan driver, or mesa-vulkan-drivers for software",
        });
    };
    let options = RuntimeOptions::try_default();
    let setup = options.and_then(|options| try_init_setup::<AutoGraphicsApi>(adapter, options));
    match setup {
        // Other code of the process started the adapter through Burn.
        Ok(_) | Err(WgpuInitError::Registration { .. }) => {
            On::<Cube>::start(device, CubeDevice::Wgpu(adapter.clone()))
        }
        Err(error) => Err(DeviceError::Start {
            device: device.to_string(),
            reason: error.to_string(),
        }),
    }
}
