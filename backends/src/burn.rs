//! Devices that are Burn's backends: the lowering runs a program's equations in order.

use crate::device::Device;
use crate::error::DeviceError;
use crate::executor::{Executor, Held};
use burn_backend::{BackendTypes, TensorData};
use kiln_burn::{Kernels, Launch, Tensor};
use kiln_cpu::Buffer;
use kiln_program::{ArrayType, DType, Effect, Program};
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;

/// A device of one of Burn's backends.
pub(crate) struct On<B: BackendTypes> {
    pub(crate) device: Device,
    pub(crate) burn: B::Device,
}

impl<B: Kernels> On<B> {
    /// Starts a device: it compiles and computes a sine. The process will not end before the device is done.
    #[cfg(any(feature = "cuda", feature = "wgpu"))]
    pub(crate) fn start(device: Device, burn: B::Device) -> Result<Box<dyn Executor>, DeviceError> {
        let on = On::<B> { device, burn };
        let sine = || B::float_sin(B::float_from_data(TensorData::from([1f32]), &on.burn));
        match on.caught(sine).and_then(|y| on.finish().map(|()| drop(y))) {
            Ok(()) => {
                crate::exit::wait_for_devices();
                Ok(Box::new(on))
            }
            Err(DeviceError::Failed { reason, .. }) => Err(DeviceError::Start {
                device: device.to_string(),
                reason,
            }),
            Err(error) => Err(error),
        }
    }

    fn failed(&self, reason: impl ToString) -> DeviceError {
        DeviceError::Failed {
            device: self.device,
            reason: reason.to_string(),
        }
    }

    /// Runs Burn's code and returns its panics as errors. Panics of effects go on: the user raised them, or
    /// an effect did on purpose.
    fn caught<R>(&self, f: impl FnOnce() -> R) -> Result<R, DeviceError> {
        catch_unwind(AssertUnwindSafe(f)).map_err(|payload| {
            let payload = match payload.downcast::<Effects>() {
                Ok(effects) => resume_unwind(effects.0),
                Err(payload) => payload,
            };
            let text = payload.downcast_ref::<String>().map(String::as_str);
            match text.or(payload.downcast_ref::<&str>().copied()) {
                Some(text) => self.failed(text),
                None => resume_unwind(payload),
            }
        })
    }
}

impl<B: Kernels> Executor for On<B> {
    fn has(&self, dtype: DType) -> bool {
        kiln_burn::computes::<B>(dtype, &self.burn)
    }

    fn max_rank(&self) -> usize {
        B::MAX_RANK
    }

    fn put(&self, buffer: &Buffer) -> Result<Held, DeviceError> {
        let of = buffer.array_type();
        let dtype = kiln_burn::burn_dtype(of.dtype);
        let data = TensorData::from_bytes_vec(buffer.bytes().to_vec(), of.shape.to_vec(), dtype);
        self.caught(|| Arc::new(Tensor::<B>::from_data(data, &self.burn)) as Held)
    }

    fn get(&self, held: Held, of: &ArrayType) -> Result<Buffer, DeviceError> {
        let data = self.caught(|| tensor::<B>(held).try_into_data())?;
        let data = data.map_err(|error| self.failed(error))?;
        Ok(Buffer::from_data(data).reshape(&of.shape))
    }

    fn run(&self, program: &Program, inputs: Vec<Held>) -> Result<Vec<Held>, DeviceError> {
        if program.has_effect() {
            listen();
        }
        #[cfg(any(feature = "cuda", feature = "wgpu"))]
        crate::exit::wait_at_the_end_of_the_thread();
        let inputs = inputs.into_iter().map(tensor::<B>).collect();
        let results = self.caught(|| kiln_burn::run(program, inputs, &self.burn))?;
        Ok(results.into_iter().map(|x| Arc::new(x) as Held).collect())
    }

    fn launches(&self, f: &mut dyn FnMut()) -> Result<Option<Vec<Launch>>, DeviceError> {
        B::launches(&self.burn, f).map_err(|error| self.failed(error))
    }

    fn wait(&self, held: &Held) -> Result<(), DeviceError> {
        let tensor = held.downcast_ref::<Tensor<B>>().expect("a device's own tensors");
        self.caught(|| B::wait(tensor, &self.burn))?
            .map_err(|error| self.failed(error))
    }

    #[cfg(any(feature = "cuda", feature = "wgpu"))]
    fn finish(&self) -> Result<(), DeviceError> {
        self.caught(|| B::sync(&self.burn))?
            .map_err(|error| self.failed(error))
    }
}

fn tensor<B: Kernels>(held: Held) -> Tensor<B> {
    let tensor = held.downcast::<Tensor<B>>().expect("a device's own tensors");
    Arc::try_unwrap(tensor).unwrap_or_else(|tensor| (*tensor).clone())
}

/// The panic of an effect, on its way through Burn.
struct Effects(Box<dyn Any + Send>);

/// Sends the effects of devices to the handler that has those of the CPU.
fn listen() {
    kiln_burn::on_effect(|effect: &Effect, operands: Vec<TensorData>| {
        let operands: Vec<Buffer> = operands.into_iter().map(Buffer::from_data).collect();
        let happen = AssertUnwindSafe(|| kiln_cpu::happen(effect, &operands));
        catch_unwind(happen).unwrap_or_else(|payload| resume_unwind(Box::new(Effects(payload))));
    });
}
