//! A backend that records its operations as equations.
//!
//! [`Recorder`] is Burn's router over a client of ours: each operation that reaches it becomes
//! equations of the recording that this thread has begun, see [`record`]. No operation is computed, so
//! shapes may be of any size.

use crate::equations::write;
use crate::recording::{Recording, Refused};
use crate::tensor::{Tensor, burn_dtype, kiln_dtype, physical};
use burn_backend::{
    BoolDType, DType as BurnDType, DTypeUsage, DTypeUsageSet, DeviceId, DeviceOps, DeviceSettings,
    ExecutionError, FloatDType, IntDType, Shape as BurnShape, TensorData,
};
use burn_ir::{GraphBindings, GraphId, OperationIr, TensorId, TensorIr};
use burn_router::{BackendRouter, MultiBackendBridge, RouterChannel, RouterClient, RouterTensor};
use kiln_program::{ArrayType, Scalar, Shape, Var};
use std::cell::RefCell;

/// The backend.
pub(crate) type Recorder = BackendRouter<Channel>;

thread_local! {
    static CURRENT: RefCell<Option<Recording>> = const { RefCell::new(None) };
}

/// Records the calls of `f` to the backend on this thread; returns the result of `f`, and the recording.
///
/// # Errors
/// Names the first operation that has no form as equations.
pub(crate) fn record<T>(f: impl FnOnce() -> T) -> Result<(T, Recording), Refused> {
    /// Restores the recording before, also when `f` panics.
    struct Outer(Option<Recording>);
    impl Drop for Outer {
        fn drop(&mut self) {
            CURRENT.set(self.0.take());
        }
    }
    let outer = Outer(CURRENT.replace(Some(Recording::default())));
    let result = f();
    let mut recording = CURRENT.take().expect("the recording that was begun");
    drop(outer);
    match recording.refused.take() {
        Some(refused) => Err(refused),
        None => Ok((result, recording)),
    }
}

/// Adds an input to the current recording. A scalar has shape `[1]`.
pub(crate) fn input(of: &ArrayType) -> Tensor<Recorder> {
    current(|recording| {
        let var = recording.builder.input(of.clone());
        let shape = physical(&of.shape);
        let var = recording.reshape(var, &shape);
        let tensor = tensor(recording, var);
        match of.dtype {
            kiln_program::DType::Bool => Tensor::Bool(tensor),
            dtype if dtype.is_float() => Tensor::Float(tensor),
            _ => Tensor::Int(tensor),
        }
    })
}

/// Returns the variable of a tensor in the current recording, under its true shape. `None` after an operation
/// was refused.
pub(crate) fn output(x: &RouterTensor<Client>, shape: &Shape) -> Option<Var> {
    current(|recording| {
        let var = recording.find(x.id())?;
        Some(recording.reshape(var, shape))
    })
}

fn current<T>(f: impl FnOnce(&mut Recording) -> T) -> T {
    CURRENT.with_borrow_mut(|recording| {
        f(recording
            .as_mut()
            .expect("a recording is under way on this thread"))
    })
}

/// Makes a tensor for a variable.
fn tensor(recording: &mut Recording, var: Var) -> RouterTensor<Client> {
    let id = recording.id();
    recording.define(id, var);
    let of = recording.builder.type_of(var).clone();
    RouterTensor::new(
        id,
        BurnShape::from(of.shape.to_vec()),
        burn_dtype(of.dtype),
        Client,
    )
}

/// The connection to the recording.
#[derive(Clone)]
pub(crate) struct Channel;

/// The device of the recorder: the recording is on the thread that makes it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Paper;

/// Writes into the current recording of the thread.
#[derive(Clone, Debug)]
pub(crate) struct Client;

/// A bridge to no backend: the router has only one.
pub(crate) struct NoBridge;

impl burn_std::device::Device for Paper {
    fn from_id(_: DeviceId) -> Paper {
        Paper
    }

    fn to_id(&self) -> DeviceId {
        DeviceId::new(0, 0)
    }
}

impl DeviceOps for Paper {
    fn defaults(&self) -> DeviceSettings {
        DeviceSettings::with_dtypes(FloatDType::F32, IntDType::I32, BoolDType::Native)
    }
}

impl MultiBackendBridge for NoBridge {
    type TensorHandle = std::convert::Infallible;
    type Device = Paper;

    fn change_backend_float(x: Self::TensorHandle, _: BurnShape, _: &Paper) -> Self::TensorHandle {
        x
    }

    fn change_backend_int(x: Self::TensorHandle, _: BurnShape, _: &Paper) -> Self::TensorHandle {
        x
    }

    fn change_backend_bool(x: Self::TensorHandle, _: BurnShape, _: &Paper) -> Self::TensorHandle {
        x
    }
}

impl RouterChannel for Channel {
    type Device = Paper;
    type Bridge = NoBridge;
    type Client = Client;

    fn name(_: &Paper) -> String {
        "recorder".into()
    }

    fn init_client(_: &Paper) -> Client {
        Client
    }

    fn get_tensor_handle(_: &TensorIr, _: &Client) -> std::convert::Infallible {
        panic!("a recording has no other device")
    }

    fn register_tensor(
        _: &Client,
        handle: std::convert::Infallible,
        _: BurnShape,
        _: BurnDType,
    ) -> RouterTensor<Client> {
        match handle {}
    }
}

impl RouterClient for Client {
    type Device = Paper;

    fn register_op(&self, op: OperationIr) {
        // Autodiff drops tensors on any thread and at any time.
        if matches!(op, OperationIr::Drop(_) | OperationIr::Init(_)) {
            return;
        }
        current(|recording| {
            if recording.refused.is_none() {
                recording.refused = write(&op, recording).err();
            }
        });
    }

    fn read_tensor_async(&self, _: TensorIr) -> burn_std::future::DynFut<Result<TensorData, ExecutionError>> {
        Box::pin(async { Err(ExecutionError::with_context("a recording has no values")) })
    }

    fn sync(&self) -> Result<(), ExecutionError> {
        Ok(())
    }

    fn flush(&self) {}

    fn create_empty_handle(&self) -> TensorId {
        current(Recording::id)
    }

    fn register_tensor_data(&self, data: TensorData) -> RouterTensor<Client> {
        current(|recording| {
            let dtype = kiln_dtype(data.dtype());
            let width = data.dtype().size();
            let mut elements = data.as_bytes().chunks(width);
            let first = elements.next().unwrap_or_default();
            if !elements.all(|element| element == first) && recording.refused.is_none() {
                recording.refused = Some(Refused {
                    operation: "from_data".into(),
                    reason: "brings numbers that are not all the same".into(),
                });
            }
            let mut bits = [0; 8];
            bits[..first.len()].copy_from_slice(first);
            let value = Scalar::from_le_bytes(dtype, bits);
            let var = recording.constant(value, &data.shape()[..]);
            tensor(recording, var)
        })
    }

    fn device(&self) -> Paper {
        Paper
    }

    fn seed(&self, _: u64) {}

    fn dtype_usage(&self, _: BurnDType) -> DTypeUsageSet {
        DTypeUsage::general()
    }

    fn register_and_execute_graph(&self, _: GraphId, graph: Vec<OperationIr>, _: GraphBindings) {
        graph.into_iter().for_each(|op| self.register_op(op));
    }

    fn execute_graph(&self, _: GraphId, _: GraphBindings) {
        panic!("a recording replays nothing")
    }

    fn register_alias(&self, new: TensorId, of: TensorId) {
        current(|recording| {
            if let Some(var) = recording.find(of) {
                recording.define(new, var);
            }
        });
    }
}
