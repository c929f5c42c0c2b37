//! The executor of a device other than the CPU.

use crate::device::Device;
use crate::error::DeviceError;
use kiln_burn::Launch;
use kiln_cpu::Buffer;
use kiln_program::{ArrayType, DType, Program};
use std::any::Any;
use std::sync::Arc;

/// An array in a device's memory: a [`Tensor`](kiln_burn::Tensor) of its backend.
pub(crate) type Held = Arc<dyn Any + Send + Sync>;

/// Runs programs on a device.
pub(crate) trait Executor: Send + Sync {
    /// Returns true if the device computes with a dtype.
    fn has(&self, dtype: DType) -> bool;

    /// Returns the most axes that an array can have on the device.
    fn max_rank(&self) -> usize;

    /// Sends elements to the device.
    fn put(&self, buffer: &Buffer) -> Result<Held, DeviceError>;

    /// Reads elements back once the device has computed them.
    fn get(&self, held: Held, of: &ArrayType) -> Result<Buffer, DeviceError>;

    /// Runs a program. The device computes the results later, so an error may appear only when they are read.
    fn run(&self, program: &Program, inputs: Vec<Held>) -> Result<Vec<Held>, DeviceError>;

    /// Runs a function and returns the kernels that the device launched for it, if the device
    /// launches kernels.
    fn launches(&self, f: &mut dyn FnMut()) -> Result<Option<Vec<Launch>>, DeviceError>;

    /// Waits until an array's elements are computed, whichever thread asked for them.
    fn wait(&self, held: &Held) -> Result<(), DeviceError>;

    /// Waits until the device has done all its work.
    #[cfg(any(feature = "cuda", feature = "wgpu"))]
    fn finish(&self) -> Result<(), DeviceError>;
}

/// Checks the type of each array in a program, until one is refused.
pub(crate) fn check_types<E>(
    program: &Program,
    check: &impl Fn(&ArrayType) -> Result<(), E>,
) -> Result<(), E> {
    for program in program.distinct() {
        program.inputs().try_for_each(|var| check(program.type_of(var)))?;
        let mut outputs = program.equations().iter().flat_map(|equation| &equation.outputs);
        outputs.try_for_each(|&var| check(program.type_of(var)))?;
    }
    Ok(())
}

/// Returns an error if a device does not have an array of this type.
pub(crate) fn check(device: Device, executor: &dyn Executor, of: &ArrayType) -> Result<(), DeviceError> {
    let (rank, most) = (of.shape.rank(), executor.max_rank());
    let (what, instead) = match of.dtype {
        _ if rank > most => (
            format!("arrays of {rank} axes, only up to {most}"),
            "reshape them, or move them to the CPU",
        ),
        dtype if executor.has(dtype) => return Ok(()),
        DType::F64 => (
            "float64".into(),
            "compute in float32, or move the arrays to the CPU",
        ),
        dtype => (
            dtype.name().into(),
            "use a 32-bit dtype, or move the arrays to the CPU",
        ),
    };
    Err(DeviceError::Unsupported {
        device,
        what,
        instead,
    })
}
