//! GPUs by Vulkan, Metal or DirectX 12.

use crate::Device;
use crate::burn::On;
use crate::device::Kind;
use crate::driver::Driver;
use crate::error::DeviceError;
use crate::executor::Executor;
use kiln_burn::burn_wgpu::graphics::AutoGraphicsApi;
use kiln_burn::burn_wgpu::{RuntimeOptions, WgpuBackend, WgpuDevice, WgpuInitError, try_init_setup};
use kiln_burn::cube::{Cube, CubeDevice, WgpuDeviceKind, peers};
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

/// The one that is asked. Left to choose, CubeCL goes on to OpenGL where Vulkan has no GPU, whose libraries write to the terminal where there is none.
const API: WgpuBackend = if cfg!(windows) {
    WgpuBackend::Dx12
} else if cfg!(target_vendor = "apple") {
    WgpuBackend::Metal
} else {
    WgpuBackend::Vulkan
};

/// The best first.
static ADAPTERS: LazyLock<Vec<WgpuDevice>> = LazyLock::new(|| {
    let kinds = [
        WgpuDeviceKind::DiscreteGpu(0),
        WgpuDeviceKind::IntegratedGpu(0),
        WgpuDeviceKind::VirtualGpu(0),
        WgpuDeviceKind::Other(0),
        WgpuDeviceKind::Cpu,
    ];
    let of_kind = |kind| peers(&CubeDevice::Wgpu(WgpuDevice::new(kind).on(API)));
    let mut found: Vec<WgpuDevice> = kinds
        .into_iter()
        .flat_map(of_kind)
        .filter_map(|device| match device {
            CubeDevice::Wgpu(device) => Some(device),
            _ => None,
        })
        .collect();
    // Those in software have no numbers: only the first can be named.
    found.dedup();
    found
});

/// Whether the first adapter is a GPU, and not software.
pub(crate) fn hardware() -> bool {
    let first = || ADAPTERS.first().map(|device| &device.kind);
    DRIVER.look("wgpu").is_ok() && first().is_some_and(|kind| *kind != WgpuDeviceKind::Cpu)
}

pub(crate) fn count() -> usize {
    DRIVER.look("wgpu").map_or(0, |()| ADAPTERS.len())
}

pub(crate) fn start(index: usize) -> Result<Box<dyn Executor>, DeviceError> {
    let device = Device(Kind::Wgpu(index));
    DRIVER.look(&device.to_string())?;
    let Some(adapter) = ADAPTERS.get(index) else {
        return Err(DeviceError::Missing {
            device: device.to_string(),
            found: (0..ADAPTERS.len()).map(|i| Kind::Wgpu(i).to_string()).collect(),
            hint: "install the GPU's Vulkan driver, or mesa-vulkan-drivers for software",
        });
    };
    let options = RuntimeOptions::try_default();
    let setup = options.and_then(|options| try_init_setup::<AutoGraphicsApi>(adapter, options));
    match setup {
        // The rest of the program has started it through Burn.
        Ok(_) | Err(WgpuInitError::Registration { .. }) => {
            On::<Cube>::start(device, CubeDevice::Wgpu(adapter.clone()))
        }
        Err(error) => Err(DeviceError::Start {
            device: device.to_string(),
            reason: error.to_string(),
        }),
    }
}
