//! Programs compiled for a device.

use crate::data::{Data, Place};
use crate::error::DeviceError;
use crate::executor::{Executor, check_types};
use crate::{Buffer, Device, available};
use kiln_program::{ArrayType, DType, Program, simplify};

/// A program compiled for a device.
pub struct Executable(Compiled);

enum Compiled {
    Cpu(kiln_cpu::Executable),
    /// A program whose equations are asked of a device one after another, which makes kernels of them.
    Remote {
        device: Device,
        executor: &'static dyn Executor,
        program: Program,
    },
}

impl Executable {
    /// Compiles a program.
    ///
    /// # Errors
    /// When the device does not have a dtype of the program, or so many axes.
    pub fn compile(program: &Program, device: Device) -> Result<Executable, DeviceError> {
        if device == Device::cpu() {
            return Ok(Executable(Compiled::Cpu(kiln_cpu::Executable::compile(program))));
        }
        let executor = available::executor(device);
        let program = simplify(program);
        check_types(&program, &|of| check(device, executor, of))?;
        Ok(Executable(Compiled::Remote {
            device,
            executor,
            program,
        }))
    }

    /// Runs it on arrays of its device. On a device that is not the CPU the results are there some time later.
    ///
    /// # Errors
    /// When the device fails.
    ///
    /// # Panics
    /// When the arrays are on another device, or not of the program's types.
    pub fn run(&self, inputs: Vec<Data>) -> Result<Vec<Data>, DeviceError> {
        match &self.0 {
            Compiled::Cpu(executable) => {
                let inputs = inputs.into_iter().map(on_cpu).collect();
                let results = executable.try_run(inputs).map_err(DeviceError::OutOfMemory)?;
                Ok(results.into_iter().map(Data::from).collect())
            }
            Compiled::Remote {
                device,
                executor,
                program,
            } => {
                let held = |data| match data {
                    Data(Place::Remote { held, .. }) => held,
                    Data(Place::Cpu(_)) => panic!("an array of the CPU for a program of {device}"),
                };
                let results = executor.run(program, inputs.into_iter().map(held).collect())?;
                let types = program.output_types();
                let placed = results.into_iter().zip(types).map(|(held, of)| {
                    Data(Place::Remote {
                        device: *device,
                        of,
                        held,
                    })
                });
                Ok(placed.collect())
            }
        }
    }
}

fn on_cpu(data: Data) -> Buffer {
    match data.0 {
        Place::Cpu(buffer) => buffer,
        Place::Remote { device, .. } => panic!("an array of {device} for a program of the CPU"),
    }
}

/// Refuses an array that a device does not have.
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
