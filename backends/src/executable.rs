//! Programs compiled for a device.

use crate::data::{Data, Storage};
use crate::device::Device;
use crate::error::DeviceError;
use crate::executor::{Executor, check, check_types};
use crate::started;
use kiln_cpu::Buffer;
use kiln_program::sister::put_back;
use kiln_program::{Program, Scalar, simplify};
use std::sync::{Arc, Mutex, PoisonError};

/// A program compiled for a device. If its literals were lifted, each
/// run passes them.
pub struct Executable(Compiled);

enum Compiled {
    Cpu(kiln_cpu::Executable),
    /// A program whose equations go to a device one after another. The device makes kernels of them.
    Remote {
        device: Device,
        executor: &'static dyn Executor,
        program: Arc<Program>,
        /// The program with the literals of the last run. On a device the literals are arguments of kernels,
        /// so the kernels do not depend on them.
        last: Mutex<Option<WithLiterals>>,
    },
}

/// Numbers, and the program with these numbers as its literals.
type WithLiterals = (Arc<[Scalar]>, Arc<Program>);

impl Executable {
    /// Compiles a program for a device.
    ///
    /// # Errors
    /// When the device lacks a dtype of the program or allows fewer axes, or when the CPU's
    /// threads do not start.
    pub fn compile(program: &Program, device: Device) -> Result<Executable, DeviceError> {
        if device == Device::cpu() {
            kiln_cpu::start_threads().map_err(|reason| DeviceError::Start {
                device: device.to_string(),
                reason,
            })?;
            return Ok(Executable(Compiled::Cpu(kiln_cpu::Executable::compile(program))));
        }
        let executor = started::executor(device);
        let program = Arc::new(simplify(program));
        check_types(&program, &|of| check(device, executor, of))?;
        Ok(Executable(Compiled::Remote {
            device,
            executor,
            program,
            last: Mutex::default(),
        }))
    }

    /// Returns the approximate bytes of the executable in the host's memory.
    pub fn bytes(&self) -> usize {
        match &self.0 {
            Compiled::Cpu(executable) => executable.bytes(),
            // The program, and the program with the literals of the last run.
            Compiled::Remote { program, .. } => 2 * program.bytes(),
        }
    }

    /// Runs the program on arrays of its device, with these numbers for the literals that were lifted. A
    /// device other than the CPU computes the results later.
    ///
    /// # Errors
    /// When the device fails.
    ///
    /// # Panics
    /// When the arrays are on another device, or not of the program's types.
    pub fn run(&self, inputs: Vec<Data>, numbers: &Arc<[Scalar]>) -> Result<Vec<Data>, DeviceError> {
        match &self.0 {
            Compiled::Cpu(executable) => {
                let inputs = inputs.into_iter().map(on_cpu).collect();
                let results = executable
                    .run_lifted(inputs, numbers)
                    .map_err(DeviceError::OutOfMemory)?;
                Ok(results.into_iter().map(Data::from).collect())
            }
            Compiled::Remote {
                device,
                executor,
                program,
                last,
            } => {
                let program = with_literals(program, numbers, last);
                let held = |data| match data {
                    Data(Storage::Remote { held, .. }) => held,
                    Data(Storage::Cpu(_)) => panic!("an array of the CPU for a program of {device}"),
                };
                let results = executor.run(&program, inputs.into_iter().map(held).collect())?;
                let types = program.output_types();
                let placed = results.into_iter().zip(types).map(|(held, of)| {
                    Data(Storage::Remote {
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

/// Returns the program with these literals. The program of the last run is returned if it had the same
/// literals.
fn with_literals(
    program: &Arc<Program>,
    numbers: &Arc<[Scalar]>,
    last: &Mutex<Option<WithLiterals>>,
) -> Arc<Program> {
    if !program.is_lifted() {
        return program.clone();
    }
    let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((of, program)) = &*last
        && of == numbers
    {
        return program.clone();
    }
    let program = put_back(program, numbers);
    *last = Some((numbers.clone(), program.clone()));
    program
}

fn on_cpu(data: Data) -> Buffer {
    match data.0 {
        Storage::Cpu(buffer) => buffer,
        Storage::Remote { device, .. } => panic!("an array of {device} for a program of the CPU"),
    }
}
