//! A backend that writes down what it is asked to do.
//!
//! [`Recorder`] is Burn's router over a client of ours: each operation that reaches it becomes equations of the recording that this
//! thread has begun, see [`record`]. Nothing is computed, so shapes may be of any size.

use crate::equations::write;
use crate::tensor::{Tensor, burn_dtype, kiln_dtype, physical};
use burn_backend::{
    BoolDType, DType as BurnDType, DTypeUsage, DTypeUsageSet, DeviceId, DeviceOps, DeviceSettings,
    ExecutionError, FloatDType, IntDType, Shape as BurnShape, TensorData,
};
use burn_ir::{GraphBindings, GraphId, OperationIr, TensorId, TensorIr};
use burn_router::{BackendRouter, MultiBackendBridge, RouterChannel, RouterClient, RouterTensor};
use kiln_program::{ArrayType, Axes, Builder, Op, Program, Scalar, Shape, Var};
use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;

/// The backend.
pub(crate) type Recorder = BackendRouter<Channel>;

/// An operation of Burn's that has no form as equations. Prints as a sentence.
///
/// ```
/// let refused = kiln::burn::Refused { operation: "Dropout".into(), reason: "draws random numbers".into() };
/// assert_eq!(refused.to_string(), "Burn's operation Dropout draws random numbers");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The operation, as Burn names it.
    pub operation: String,
    /// Why.
    pub reason: String,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Burn's operation {} {}", self.operation, self.reason)
    }
}

impl std::error::Error for Refused {}

/// What has been written down.
#[derive(Default)]
pub(crate) struct Recording {
    pub(crate) builder: Builder,
    vars: HashMap<TensorId, Var>,
    /// Variables known to be the same number everywhere.
    constants: HashMap<Var, Scalar>,
    tensors: u64,
    refused: Option<Refused>,
}

thread_local! {
    static CURRENT: RefCell<Option<Recording>> = const { RefCell::new(None) };
}

/// Records what `f` does with the backend on this thread: its result, and what was written.
///
/// # Errors
/// Names the first operation that has no form as equations.
pub(crate) fn record<T>(f: impl FnOnce() -> T) -> Result<(T, Recording), Refused> {
    /// Puts back what was being recorded before, also when `f` panics.
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

/// A new input of the current recording, scalars as shape `[1]`.
pub(crate) fn input(of: &ArrayType) -> Tensor<Recorder> {
    current(|recording| {
        let var = recording.builder.input(of.clone());
        let shape = physical(&of.shape);
        let var = recording.reshape(var, &shape);
        let tensor = recording.tensor(var);
        match of.dtype {
            kiln_program::DType::Bool => Tensor::Bool(tensor),
            dtype if dtype.is_float() => Tensor::Float(tensor),
            _ => Tensor::Int(tensor),
        }
    })
}

/// What the equations of the current recording say a tensor is, under its true shape; `None` after something was refused.
pub(crate) fn output(x: &RouterTensor<Client>, shape: &Shape) -> Option<Var> {
    current(|recording| {
        let var = *recording.vars.get(&x.id())?;
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

impl Recording {
    /// The finished program.
    pub(crate) fn finish(self, outputs: &[Var]) -> Program {
        self.builder.finish(outputs)
    }

    fn id(&mut self) -> TensorId {
        self.tensors += 1;
        TensorId::new(self.tensors)
    }

    fn tensor(&mut self, var: Var) -> RouterTensor<Client> {
        let id = self.id();
        self.vars.insert(id, var);
        let of = self.builder.type_of(var);
        RouterTensor::new(
            id,
            BurnShape::from(of.shape.to_vec()),
            burn_dtype(of.dtype),
            Client,
        )
    }

    /// Says which variable a tensor is that was made outside of the recording.
    #[cfg(feature = "import")]
    pub(crate) fn define(&mut self, id: TensorId, var: Var) {
        self.vars.insert(id, var);
    }

    /// The variable of a tensor.
    #[cfg(feature = "import")]
    pub(crate) fn var(&self, id: TensorId) -> Var {
        self.vars[&id]
    }

    /// The variable that a tensor is.
    pub(crate) fn get(&self, x: &TensorIr) -> Var {
        self.vars[&x.id]
    }

    /// Says which variable a result is.
    pub(crate) fn set(&mut self, out: &TensorIr, var: Var) {
        debug_assert_eq!(
            self.builder.type_of(var).shape[..],
            out.shape[..],
            "the shape that Burn infers"
        );
        self.vars.insert(out.id, var);
    }

    /// Adds an equation with one result.
    pub(crate) fn push(&mut self, op: Op, inputs: &[Var]) -> Var {
        let outputs = self.builder.push(op, inputs);
        outputs.unwrap_or_else(|error| panic!("an operation of Burn's as an equation: {error}"))[0]
    }

    pub(crate) fn shape(&self, var: Var) -> Shape {
        self.builder.type_of(var).shape.clone()
    }

    pub(crate) fn dtype(&self, var: Var) -> kiln_program::DType {
        self.builder.type_of(var).dtype
    }

    /// A number everywhere.
    pub(crate) fn constant(&mut self, value: Scalar, shape: &[usize]) -> Var {
        let shape = Shape::from(shape);
        let var = self.push(Op::Constant { value, shape }, &[]);
        self.constants.insert(var, value);
        var
    }

    /// The number that a variable is everywhere, where that is known.
    pub(crate) fn constant_of(&self, var: Var) -> Option<Scalar> {
        self.constants.get(&var).copied()
    }

    /// An array repeated to a shape, axes aligned at the end.
    pub(crate) fn fit(&mut self, var: Var, shape: &[usize]) -> Var {
        let rank = self.builder.type_of(var).shape.rank();
        if self.builder.type_of(var).shape[..] == *shape {
            return var;
        }
        if let Some(value) = self.constant_of(var) {
            return self.constant(value, shape);
        }
        let axes: Axes = (shape.len() - rank..shape.len()).collect();
        let shape = Shape::from(shape);
        self.push(Op::Broadcast { shape, axes }, &[var])
    }

    pub(crate) fn reshape(&mut self, var: Var, shape: &[usize]) -> Var {
        if self.builder.type_of(var).shape[..] == *shape {
            return var;
        }
        if let Some(value) = self.constant_of(var) {
            return self.constant(value, shape);
        }
        self.push(Op::Reshape(Shape::from(shape)), &[var])
    }
}

/// The connection to the recording.
#[derive(Clone)]
pub(crate) struct Channel;

/// Where the recording is: on the thread that makes it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Paper;

/// Writes into the current recording of the thread.
#[derive(Clone, Debug)]
pub(crate) struct Client;

/// There is no other backend to move to.
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
        // Autodiff drops what it kept from any thread and at any time.
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
            recording.tensor(var)
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
            if let Some(&var) = recording.vars.get(&of) {
                recording.vars.insert(new, var);
            }
        });
    }
}
