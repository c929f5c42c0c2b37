//! Kernels of kiln's own in CubeCL's language, for every GPU that Burn's cube backend knows.
//!
//! Each kernel is queued in the fusion stream beside Burn's ops and runs when the stream does. A call neither
//! waits nor transfers.

mod count;
mod cumulative;
mod iota;
mod remainder;
mod threefry;
mod uniform;

pub use burn_cubecl::{Cube, CubeDevice};
pub use count::launches;
#[cfg(feature = "wgpu")]
pub use cubecl::device::WgpuDeviceKind;

use crate::kernels::Kernels;
use crate::launch::Launch;
use crate::tensor::{Tensor, burn_dtype, physical};
use burn_backend::cubecl::dtype_to_elem_type;
use burn_backend::tensor::{Device, FloatTensor, IntTensor};
use burn_backend::{Backend, DType as BurnDType, ExecutionError, Shape};
use burn_cubecl::CubeBackend;
use burn_cubecl::fusion::FusionCubeRuntime;
use burn_cubecl::kernel::into_contiguous;
use burn_cubecl::ops::numeric::empty_device_contiguous_dtype;
use burn_cubecl::tensor::CubeTensor;
use burn_fusion::custom::{CustomOpIr, HandleContainer, Operation, OperationIr, StreamId, TensorIr};
use burn_fusion::{Client, FusionRuntime, FusionTensor, get_client};
use cubecl::ir::{AddressType, ElemType};
use cubecl::{CubeCount, CubeDim, calculate_cube_count_elemwise};
use kiln_program::{DType, Reduction};

impl Kernels for Cube {
    fn launches(device: &Device<Self>, f: &mut dyn FnMut()) -> Result<Option<Vec<Launch>>, ExecutionError> {
        launches(device, f).map(|(_, launches)| Some(launches))
    }

    /// Waits for the stream of the tensor. A sync waits for one stream, and each thread has its own. A tensor
    /// may be a view of an array that another stream wrote (a reshape of an array of another thread); then
    /// this waits for that stream too.
    fn wait(x: &Tensor<Self>, device: &Device<Self>) -> Result<(), ExecutionError> {
        let (Tensor::Float(x) | Tensor::Int(x) | Tensor::Bool(x)) = x;
        let held = x.stream.executes(|| {
            Self::sync(device)?;
            Ok::<_, ExecutionError>(x.client.resolve_tensor_float::<CubeBackend>(x.clone()))
        })?;
        let wrote = held.handle.stream;
        if wrote == x.stream {
            return Ok(());
        }
        wrote.executes(|| CubeBackend::sync(device))
    }

    fn random_bits(
        keys: &IntTensor<Self>,
        first: &IntTensor<Self>,
        size: usize,
    ) -> Option<[IntTensor<Self>; 2]> {
        let inputs = vec![keys.clone(), first.clone()];
        let words = (vec![first.shape[0] / 2, size], BurnDType::U32);
        let client = keys.client.clone();
        let outputs = queue("random_bits", client, inputs, vec![words; 2], |x, out| {
            threefry::launch(&x[0], &x[1], &out[0], &out[1]);
        });
        outputs.try_into().ok()
    }

    fn uniform([high, low]: [&IntTensor<Self>; 2], least: f32, end: f32) -> Option<FloatTensor<Self>> {
        let inputs = vec![high.clone(), low.clone()];
        let floats = (high.shape.to_vec(), BurnDType::F32);
        let client = high.client.clone();
        queue("uniform", client, inputs, vec![floats], move |x, out| {
            uniform::launch(&x[0], &x[1], &out[0], least, end);
        })
        .pop()
    }

    fn remainder(x: &FloatTensor<Self>, y: &FloatTensor<Self>) -> Option<FloatTensor<Self>> {
        let inputs = vec![x.clone(), y.clone()];
        let floats = (x.shape.to_vec(), x.dtype);
        queue("remainder", x.client.clone(), inputs, vec![floats], |x, out| {
            remainder::launch(&x[0], &x[1], &out[0]);
        })
        .pop()
    }

    fn iota(dtype: DType, shape: &[usize], axis: usize, device: &Device<Self>) -> Option<Tensor<Self>> {
        let lanes = crate::host::axes::Lanes::new(shape, axis);
        let numbers = (physical(shape), burn_dtype(dtype));
        let client = get_client::<CubeBackend>(device);
        let x = queue("iota", client, vec![], vec![numbers], move |_, out| {
            iota::launch(&out[0], lanes)
        });
        let x = x.into_iter().next()?;
        Some(if dtype.is_float() {
            Tensor::Float(x)
        } else {
            Tensor::Int(x)
        })
    }

    fn cumulative(x: &Tensor<Self>, kind: Reduction, axis: usize, reverse: bool) -> Option<Tensor<Self>> {
        let (Tensor::Float(input) | Tensor::Int(input)) = x else {
            return None;
        };
        let lanes = crate::host::axes::Lanes::new(&input.shape, axis);
        let numbers = (input.shape.to_vec(), input.dtype);
        let client = input.client.clone();
        let y = queue(
            "cumulative",
            client,
            vec![input.clone()],
            vec![numbers],
            move |x, out| {
                cumulative::launch(&x[0], &out[0], lanes, kind, reverse);
            },
        );
        let y = y.into_iter().next()?;
        Some(match x {
            Tensor::Float(_) => Tensor::Float(y),
            _ => Tensor::Int(y),
        })
    }
}

/// Queues a kernel: `run` takes the inputs, which are contiguous, and writes the outputs.
fn queue(
    name: &'static str,
    client: Client<FusionCubeRuntime>,
    inputs: Vec<FusionTensor<FusionCubeRuntime>>,
    outputs: Vec<(Vec<usize>, BurnDType)>,
    run: impl Fn(&[CubeTensor], &[CubeTensor]) + Send + Sync + 'static,
) -> Vec<FusionTensor<FusionCubeRuntime>> {
    let device = client.device().clone();
    let inputs: Vec<TensorIr> = inputs.into_iter().map(FusionTensor::into_ir).collect();
    let outputs = outputs
        .into_iter()
        .map(|(shape, dtype)| TensorIr::uninit(client.create_empty_handle(), Shape::from(shape), dtype));
    let operation = CustomOpIr::new(name, &inputs, &outputs.collect::<Vec<_>>());
    let queued = Queued {
        operation: operation.clone(),
        device,
        run,
    };
    client.register(StreamId::current(), OperationIr::Custom(operation), queued)
}

/// A kernel that waits in the stream.
struct Queued<F> {
    operation: CustomOpIr,
    device: CubeDevice,
    run: F,
}

impl<F> std::fmt::Debug for Queued<F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.operation.id)
    }
}

impl<F: Fn(&[CubeTensor], &[CubeTensor]) + Send + Sync> Operation<FusionCubeRuntime> for Queued<F> {
    fn execute(
        &self,
        handles: &mut HandleContainer<<FusionCubeRuntime as FusionRuntime>::FusionHandle>,
    ) -> Result<(), ExecutionError> {
        // The backend's tensors have one type for all elements.
        let inputs = self.operation.inputs.iter();
        let inputs: Vec<CubeTensor> = inputs
            .map(|x| into_contiguous(handles.get_int_tensor::<CubeBackend>(x)))
            .collect();
        let outputs: Vec<CubeTensor> = self
            .operation
            .outputs
            .iter()
            .map(|x| empty(&self.device, x.shape.clone(), x.dtype))
            .collect();
        (self.run)(&inputs, &outputs);
        for (x, of) in outputs.into_iter().zip(&self.operation.outputs) {
            handles.register_int_tensor::<CubeBackend>(&of.id, x);
        }
        Ok(())
    }
}

/// Memory on the device.
fn empty(device: &CubeDevice, shape: Shape, dtype: BurnDType) -> CubeTensor {
    empty_device_contiguous_dtype(device.client(), device.clone(), shape, dtype)
}

/// Returns the count, dimensions and address type of a launch of one unit for each of `units`, with indices
/// into an array of `size` elements. More units than that may run.
fn grid(x: &CubeTensor, units: usize, size: usize) -> (CubeCount, CubeDim, AddressType) {
    let dim = CubeDim::new(&x.client, units);
    let count = calculate_cube_count_elemwise(&x.client, units, dim);
    (count, dim, AddressType::from_len(size))
}

/// CubeCL's name of a dtype.
fn elem(x: &CubeTensor) -> ElemType {
    dtype_to_elem_type(x.dtype)
}
