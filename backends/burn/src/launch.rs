//! Kernels that a device launched.

use std::fmt;

/// A kernel that a device launched.
///
/// ```
/// use kiln::{Device, numpy as np};
/// if let Ok(device) = Device::wgpu(0) {
///     let x = np::ones(1000).to_device(device);
///     let (_, launches) = device.launches(|| kiln::jit(|x: kiln::Array| 2 * x + 1)(x.clone())).unwrap();
///     assert_eq!(launches.len(), 1, "{}", launches[0]);
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Launch {
    /// The kernel's name: `elemwise_fuse` for a fused elementwise kernel.
    pub kernel: String,
    /// The operations of Burn that the kernel computes, or some of them if a reduction takes two kernels.
    pub operations: Vec<String>,
}

/// Prints the kernel and its operations: `elemwise_fuse: MulScalar Sin Add`.
impl fmt::Display for Launch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kernel, self.operations.join(" "))
    }
}
