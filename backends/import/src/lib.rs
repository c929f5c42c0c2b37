//! Burn models as programs.
//!
//! The public tensors of Burn choose their backend among a fixed set when they run. A member of the set, the
//! capture device, keeps a list of operations instead of executing them. [`import`] moves a module to the
//! capture device, calls the module, and writes the list as equations. A capture device does not
//! differentiate, so layers that behave otherwise in training (dropout, batch normalisation) work as in
//! validation.

pub use burn_core;
pub use kiln_burn::Refused;

use burn_backend::{BoolStore, TensorData};
use burn_core::backend::Capture;
use burn_core::module::{Module, ModuleVisitor, Param};
use burn_core::tensor::{Bool, Device, Float, Int, Tensor};
use burn_ir::TensorId;
use kiln_burn::burn_dtype;
use kiln_burn::sister::{Recording, kiln_dtype, store_bool, write};
use kiln_program::sister::tidy;
use kiln_program::{ArrayType, DType, Op, Program, Scalar};
use std::collections::HashSet;
use std::fmt;

/// A function over Burn's tensors as a program, with the numbers that it holds.
#[derive(Clone, Debug)]
pub struct Imported {
    /// `(inputs, parameters, constants) -> outputs`.
    pub program: Program,
    /// The module's tensors, in its order, with their paths in it: `layers.0.weight`.
    pub parameters: Vec<(String, Values)>,
    /// The arrays of numbers that the function holds.
    pub constants: Vec<Values>,
}

/// The elements of an array in row-major order; a bool is a byte.
#[derive(Clone, Debug, PartialEq)]
pub struct Values {
    /// The dtype and shape.
    pub of: ArrayType,
    /// The elements.
    pub bytes: Vec<u8>,
}

/// The reason why a function cannot be read as a program.
///
/// ```
/// use kiln::burn::{ImportError, burn_core::tensor::Tensor, import_function};
/// let announced = import_function(|x: Tensor<2>| x, kiln::numpy::ones(3)); // of rank 1
/// let Err(ImportError::Inputs { reason }) = announced else { panic!("a matrix is wanted") };
/// assert_eq!(reason, "the function takes floats of rank 2, f32[3] was announced");
/// ```
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ImportError {
    /// An operation has no form as equations.
    Refused(Refused),
    /// The function takes other inputs than were announced.
    Inputs {
        /// The inputs that the function takes, and the announced ones.
        reason: String,
    },
    /// Burn did not capture the function.
    Capture {
        /// The message of Burn.
        reason: String,
    },
}

impl fmt::Display for ImportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ImportError::Refused(refused) => refused.fmt(f),
            ImportError::Inputs { reason } => f.write_str(reason),
            ImportError::Capture { reason } => write!(f, "Burn's capture: {reason}"),
        }
    }
}

kiln_program::debug_by_display!(ImportError);

impl std::error::Error for ImportError {}

/// The arguments and results of an imported function: a tensor of any kind, `()`, and tuples and
/// fixed-size arrays of these.
///
/// ```
/// use kiln::burn::{Tensors, burn_core::tensor::{Int, Tensor}};
/// fn takes<T: Tensors>() {}
/// takes::<(Tensor<2>, [Tensor<1, Int>; 3])>();
/// ```
pub trait Tensors: Sized {
    /// Makes new tensors, one for each announced input that the type takes.
    #[doc(hidden)]
    fn take(inputs: &mut Inputs<'_>) -> Result<Self, ImportError>;

    /// Appends the identities of the tensors, in order.
    #[doc(hidden)]
    fn ids(&self, ids: &mut Vec<TensorId>);
}

/// The inputs that a function has not taken yet.
#[doc(hidden)]
pub struct Inputs<'a> {
    types: std::slice::Iter<'a, ArrayType>,
    device: &'a Device,
    ids: Vec<TensorId>,
}

macro_rules! tensors {
    ($($kind:ident: $such:expr, $name:literal;)*) => {$(
        impl<const D: usize> Tensors for Tensor<D, $kind> {
            fn take(inputs: &mut Inputs<'_>) -> Result<Self, ImportError> {
                let such: fn(DType) -> bool = $such;
                let wanted = format!("the function takes {} of rank {D}", $name);
                let reason = match inputs.types.next() {
                    None => format!("{wanted}, no more inputs were announced"),
                    Some(of) if of.shape.rank() != D || !such(of.dtype) => format!("{wanted}, {of} was announced"),
                    Some(of) => {
                        let dtype = burn_dtype(of.dtype);
                        let zeros = TensorData::from_bytes_vec(vec![0; of.bytes()], of.shape.to_vec(), dtype);
                        let tensor = Tensor::from_data(zeros, (inputs.device, dtype));
                        tensor.ids(&mut inputs.ids);
                        return Ok(tensor);
                    }
                };
                Err(ImportError::Inputs { reason })
            }

            fn ids(&self, ids: &mut Vec<TensorId>) {
                ids.push(self.clone().try_into_primitive::<Capture>().expect("a tensor of the capture device").id());
            }
        }
    )*};
}
tensors! {
    Float: DType::is_float, "floats";
    Int: DType::is_integer, "integers";
    Bool: |dtype| dtype == DType::Bool, "bools";
}

impl Tensors for () {
    fn take(_: &mut Inputs<'_>) -> Result<Self, ImportError> {
        Ok(())
    }

    fn ids(&self, _: &mut Vec<TensorId>) {}
}

macro_rules! tuples {
    ($(($($name:ident $index:tt),*))*) => {$(
        impl<$($name: Tensors),*> Tensors for ($($name,)*) {
            fn take(inputs: &mut Inputs<'_>) -> Result<Self, ImportError> {
                Ok(($($name::take(inputs)?,)*))
            }

            fn ids(&self, ids: &mut Vec<TensorId>) {
                $(self.$index.ids(ids);)*
            }
        }
    )*};
}
tuples! { (A 0) (A 0, B 1) (A 0, B 1, C 2) (A 0, B 1, C 2, D 3) }

impl<T: Tensors, const N: usize> Tensors for [T; N] {
    fn take(inputs: &mut Inputs<'_>) -> Result<Self, ImportError> {
        let all: Vec<T> = (0..N).map(|_| T::take(inputs)).collect::<Result<_, _>>()?;
        Ok(all
            .try_into()
            .unwrap_or_else(|_| unreachable!("as many as were taken")))
    }

    fn ids(&self, ids: &mut Vec<TensorId>) {
        self.iter().for_each(|x| x.ids(ids));
    }
}

/// Reads `forward`, called with the module and with inputs of these types, as a program. A copy of the module
/// in validation mode is moved, so the module is not changed.
///
/// # Errors
/// When an operation has no form as equations: it draws random numbers, uses quantized tensors, or is a layer
/// that is not read (transposed and deformable convolutions, interpolation, ...). The error names the first
/// such operation. When `forward` does not take the announced inputs.
///
/// # Panics
/// When `forward` panics: Burn refuses its shapes, or `forward` reads a value.
pub fn import<M: Module, I: Tensors, O: Tensors>(
    module: &M,
    forward: impl FnOnce(&M, I) -> O,
    inputs: &[ArrayType],
) -> Result<Imported, ImportError> {
    let mut parameters = Parameters::default();
    let captured = capture(inputs, |device, x| {
        let module = module.valid().to_device(device);
        module.visit(&mut parameters);
        forward(&module, x)
    })?;
    captured.read(inputs, parameters.found)
}

/// Reads a function without a module, called with inputs of these types, as a program.
///
/// # Errors
/// When an operation has no form as equations. The error names the first such operation. When `f` does not
/// take the announced inputs.
///
/// # Panics
/// When `f` panics: Burn refuses its shapes, or `f` reads a value.
pub fn import_function<I: Tensors, O: Tensors>(
    f: impl FnOnce(I) -> O,
    inputs: &[ArrayType],
) -> Result<Imported, ImportError> {
    capture(inputs, |_, x| f(x))?.read(inputs, Vec::new())
}

/// The operations that a function called on a capture device.
struct Captured {
    graph: burn_core::tensor::CapturedGraph,
    inputs: Vec<TensorId>,
    outputs: Vec<TensorId>,
}

fn capture<I: Tensors, O: Tensors>(
    types: &[ArrayType],
    f: impl FnOnce(&Device, I) -> O,
) -> Result<Captured, ImportError> {
    thread_local! {
        // A process can have 65,536 capture devices; one serves a thread's captures in turn.
        static DEVICE: Device = Device::capture();
    }
    let device = DEVICE.with(Device::clone);
    let mut called = None;
    let graph = device.capture_scope(|scope| {
        let mut inputs = Inputs {
            types: types.iter(),
            device: &device,
            ids: Vec::new(),
        };
        let arguments = I::take(&mut inputs);
        let left = inputs.types.len();
        let inputs = inputs.ids;
        if left > 0 {
            let reason = format!(
                "the function takes {} of {} announced inputs",
                inputs.len(),
                types.len()
            );
            called = Some(Err(ImportError::Inputs { reason }));
            return scope.complete([], []);
        }
        match arguments {
            Err(error) => {
                called = Some(Err(error));
                scope.complete([], [])
            }
            Ok(arguments) => {
                // Outputs live until the scope is complete, or they would count as dropped.
                let results = f(&device, arguments);
                let mut outputs = Vec::new();
                results.ids(&mut outputs);
                let mut once = HashSet::new();
                let boundary: Vec<TensorId> = outputs.iter().copied().filter(|id| once.insert(*id)).collect();
                called = Some(Ok((inputs, outputs)));
                scope.complete([], boundary)
            }
        }
    });
    let (inputs, outputs) = called.transpose()?.unwrap_or_default();
    let graph = graph.map_err(|error| ImportError::Capture {
        reason: error.to_string(),
    })?;
    Ok(Captured {
        graph,
        inputs,
        outputs,
    })
}

impl Captured {
    fn read(self, types: &[ArrayType], parameters: Vec<(String, TensorId)>) -> Result<Imported, ImportError> {
        let mut recording = Recording::default();
        for (&id, of) in self.inputs.iter().zip(types) {
            let var = recording.builder.input(of.clone());
            recording.define(id, var);
        }
        let mut values = self.graph.values;
        let parameters = parameters.into_iter().map(|(name, id)| {
            let values = Values::new(values.remove(&id).expect("a module's tensors are concrete"));
            let var = recording.builder.input(values.of.clone());
            recording.define(id, var);
            (name, values)
        });
        let parameters = parameters.collect();
        let mut constants = Vec::new();
        for (id, data) in values {
            if self.inputs.contains(&id) {
                continue;
            }
            let values = Values::new(data);
            let var = match values.as_op() {
                Some(op) => recording.push(op, &[]),
                None => {
                    let var = recording.builder.input(values.of.clone());
                    constants.push(values);
                    var
                }
            };
            recording.define(id, var);
        }
        for op in &self.graph.graph.operations {
            write(op, &mut recording).map_err(ImportError::Refused)?;
        }
        let outputs: Vec<_> = self.outputs.iter().map(|&id| recording.var(id)).collect();
        Ok(Imported {
            program: tidy(&recording.finish(&outputs)),
            parameters,
            constants,
        })
    }
}

impl Values {
    fn new(data: TensorData) -> Values {
        let data = match data.dtype().is_bool() {
            true => store_bool(data, BoolStore::Native),
            false => data,
        };
        Values {
            of: ArrayType::new(kiln_dtype(data.dtype()), data.shape().to_vec()),
            bytes: data.as_bytes().to_vec(),
        }
    }

    /// Returns the op of these numbers, if they are all the same or count from 0.
    fn as_op(&self) -> Option<Op> {
        let ArrayType { dtype, shape } = self.of.clone();
        let mut elements = self.bytes.chunks(dtype.size()).map(|element| {
            let mut bytes = [0; 8];
            bytes[..element.len()].copy_from_slice(element);
            Scalar::from_le_bytes(dtype, bytes)
        });
        let counts = |(i, x): (usize, Scalar)| x == Scalar::from_i64(dtype, i as i64);
        if shape.rank() == 1 && dtype.is_integer() && shape[0] > 1 && elements.clone().enumerate().all(counts)
        {
            return Some(Op::Iota {
                dtype,
                shape,
                axis: 0,
            });
        }
        let value = elements.next()?;
        elements
            .all(|x| x == value)
            .then_some(Op::Constant { value, shape })
    }
}

/// Finds a module's tensors, and their paths.
#[derive(Default)]
struct Parameters {
    path: Vec<String>,
    found: Vec<(String, TensorId)>,
}

impl Parameters {
    fn note(&mut self, tensor: &impl Tensors) {
        let mut ids = Vec::new();
        tensor.ids(&mut ids);
        self.found
            .extend(ids.into_iter().map(|id| (self.path.join("."), id)));
    }
}

impl ModuleVisitor for Parameters {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.note(&param.base());
    }

    fn visit_int<const D: usize>(&mut self, param: &Param<Tensor<D, Int>>) {
        self.note(&param.base());
    }

    fn visit_bool<const D: usize>(&mut self, param: &Param<Tensor<D, Bool>>) {
        self.note(&param.base());
    }

    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.push(name.into());
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.pop();
    }
}
