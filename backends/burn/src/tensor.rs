//! A value on a backend: one of Burn's three kinds of tensor primitive.

use burn_backend::tensor::{BoolTensor, Device, FloatTensor, IndexingUpdateOp, IntTensor};
use burn_backend::{
    Backend, BoolDType, BoolStore, DType as BurnDType, DeviceOps, ExecutionError, FloatDType, IntDType,
    Scalar as BurnScalar, Shape as BurnShape, Slice, TensorData, TensorMetadata,
};
use kiln_program::{ArrayType, DType, Scalar};
use std::cell::Cell;

thread_local! {
    static READS: Cell<usize> = const { Cell::new(0) };
}

/// Returns the number of times that this thread has read an array to the host.
pub fn reads() -> usize {
    READS.get()
}

/// An array on a backend.
///
/// A scalar has shape `[1]`, since several backends have no rank 0; otherwise the primitive has the
/// array's shape. The memory may be a strided view (of a transpose, a slice or a broadcast), if the
/// backend has views.
#[derive(Clone, Debug)]
pub enum Tensor<B: Backend> {
    /// Floats.
    Float(FloatTensor<B>),
    /// Integers, signed or unsigned.
    Int(IntTensor<B>),
    /// Bools.
    Bool(BoolTensor<B>),
}

/// Applies a method that Burn has once for each kind, and that returns the same kind.
macro_rules! same_kind {
    ($tensor:expr, $x:ident => $float:expr, $int:expr, $bool:expr) => {
        match $tensor {
            Tensor::Float($x) => Tensor::Float($float),
            Tensor::Int($x) => Tensor::Int($int),
            Tensor::Bool($x) => Tensor::Bool($bool),
        }
    };
}

impl<B: Backend> Tensor<B> {
    /// Moves data to the device. Its dtype decides the kind. Rank 0 becomes `[1]`.
    ///
    /// # Panics
    /// On dtypes that kiln does not have: half-precision and quantized floats.
    pub fn from_data(data: TensorData, device: &Device<B>) -> Tensor<B> {
        let dtype = kiln_dtype(data.dtype());
        let (bytes, shape, burn) = data.into_parts();
        let data = TensorData::from_bytes(bytes, physical(&shape), burn);
        match dtype {
            DType::Bool => Tensor::Bool(B::bool_from_data(
                store_bool(data, bool_store::<B>(device)),
                device,
            )),
            DType::F32 | DType::F64 => Tensor::Float(B::float_from_data(data, device)),
            _ => Tensor::Int(B::int_from_data(data, device)),
        }
    }

    /// Reads the elements to the host in row-major order: a synchronisation, and a transfer if the device is
    /// not the host. Bools have one byte each.
    ///
    /// # Panics
    /// When the device fails.
    pub fn into_data(self) -> TensorData {
        self.try_into_data()
            .unwrap_or_else(|error| panic!("reading an array from the device: {error}"))
    }

    /// Reads the elements to the host in row-major order, and returns an error if the device fails.
    ///
    /// # Errors
    /// When the device fails, or failed at the kernels that made the elements.
    pub fn try_into_data(self) -> Result<TensorData, ExecutionError> {
        READS.set(READS.get() + 1);
        let data = match self {
            Tensor::Float(x) => burn_backend::read_sync(B::float_into_data(x)),
            Tensor::Int(x) => burn_backend::read_sync(B::int_into_data(x)),
            Tensor::Bool(x) => burn_backend::read_sync(B::bool_into_data(x)),
        }?;
        Ok(match data.dtype() {
            BurnDType::Bool(_) => store_bool(data, BoolStore::Native),
            _ => data,
        })
    }

    /// Returns the same number everywhere: one element, repeated without memory if the backend has views.
    pub fn full(value: Scalar, shape: &[usize], device: &Device<B>) -> Tensor<B> {
        let shape = physical(shape);
        let bytes = value.to_le_bytes()[..value.dtype().size()].to_vec();
        let one = TensorData::from_bytes_vec(bytes, vec![1; shape.len()], burn_dtype(value.dtype()));
        Tensor::from_data(one, device).expand(&shape)
    }

    /// Returns the dtype.
    ///
    /// # Panics
    /// On dtypes that kiln does not have.
    pub fn dtype(&self) -> DType {
        kiln_dtype(match self {
            Tensor::Float(x) => x.dtype(),
            Tensor::Int(x) => x.dtype(),
            Tensor::Bool(x) => x.dtype(),
        })
    }

    /// Returns the primitive's shape: `[1]` also for a scalar.
    pub fn shape(&self) -> Vec<usize> {
        match self {
            Tensor::Float(x) => x.shape().to_vec(),
            Tensor::Int(x) => x.shape().to_vec(),
            Tensor::Bool(x) => x.shape().to_vec(),
        }
    }

    /// Returns the floats within.
    ///
    /// # Panics
    /// When the tensor does not hold floats.
    pub fn into_float(self) -> FloatTensor<B> {
        match self {
            Tensor::Float(x) => x,
            other => panic!("expected floats, got {}", other.dtype()),
        }
    }

    /// Returns the integers within.
    ///
    /// # Panics
    /// When the tensor does not hold integers.
    pub fn into_int(self) -> IntTensor<B> {
        match self {
            Tensor::Int(x) => x,
            other => panic!("expected integers, got {}", other.dtype()),
        }
    }

    /// Returns the bools within.
    ///
    /// # Panics
    /// When the tensor does not hold bools.
    pub fn into_bool(self) -> BoolTensor<B> {
        match self {
            Tensor::Bool(x) => x,
            other => panic!("expected bools, got {}", other.dtype()),
        }
    }

    /// Returns the same elements in another shape of the same size; rank 0 becomes `[1]`.
    pub(crate) fn reshape(self, shape: &[usize]) -> Tensor<B> {
        let shape = physical(shape);
        if self.shape() == shape {
            return self;
        }
        let shape = BurnShape::from(shape);
        same_kind!(self, x => B::float_reshape(x, shape), B::int_reshape(x, shape), B::bool_reshape(x, shape))
    }

    /// Axis `i` of the result is axis `axes[i]`.
    pub(crate) fn permute(self, axes: &[usize]) -> Tensor<B> {
        if axes.iter().enumerate().all(|(i, &axis)| i == axis) {
            return self;
        }
        same_kind!(self, x => B::float_permute(x, axes), B::int_permute(x, axes), B::bool_permute(x, axes))
    }

    /// Repeats axes of length 1; the rank stays.
    pub(crate) fn expand(self, shape: &[usize]) -> Tensor<B> {
        if self.shape() == shape {
            return self;
        }
        let shape = BurnShape::from(shape.to_vec());
        same_kind!(self, x => B::float_expand(x, shape), B::int_expand(x, shape), B::bool_expand(x, shape))
    }

    pub(crate) fn flip(self, axes: &[usize]) -> Tensor<B> {
        same_kind!(self, x => B::float_flip(x, axes), B::int_flip(x, axes), B::bool_flip(x, axes))
    }

    pub(crate) fn slice(self, slices: &[Slice]) -> Tensor<B> {
        same_kind!(self, x => B::float_slice(x, slices), B::int_slice(x, slices), B::bool_slice(x, slices))
    }

    /// Replaces the elements of the slices.
    pub(crate) fn slice_assign(self, slices: &[Slice], by: Tensor<B>) -> Tensor<B> {
        match self {
            Tensor::Float(x) => Tensor::Float(B::float_slice_assign(x, slices, by.into_float())),
            Tensor::Int(x) => Tensor::Int(B::int_slice_assign(x, slices, by.into_int())),
            Tensor::Bool(x) => Tensor::Bool(B::bool_slice_assign(x, slices, by.into_bool())),
        }
    }

    /// Elements `start..stop` of one axis.
    pub(crate) fn narrow(self, axis: usize, start: usize, stop: usize) -> Tensor<B> {
        let shape = self.shape();
        if start == 0 && stop == shape[axis] {
            return self;
        }
        let mut slices = vec![Slice::full(); shape.len()];
        slices[axis] = Slice::new(start as isize, Some(stop as isize), 1);
        self.slice(&slices)
    }

    /// Returns the slices along an axis at the indices of a vector. The indices must be valid.
    pub(crate) fn select(self, axis: usize, indices: IntTensor<B>) -> Tensor<B> {
        same_kind!(self, x => B::float_select(x, axis, indices), B::int_select(x, axis, indices), {
            relabelled::<B>(B::bool_select(x, axis, indices))
        })
    }

    /// Returns the elements along an axis at valid indices of the same rank.
    pub(crate) fn gather(self, axis: usize, indices: IntTensor<B>) -> Tensor<B> {
        same_kind!(self, x => B::float_gather(axis, x, indices), B::int_gather(axis, x, indices), {
            relabelled::<B>(B::bool_gather(axis, x, indices))
        })
    }

    /// Combines the slices along axis 0 at valid indices of a vector with updates. Not for bools.
    pub(crate) fn select_assign(
        self,
        indices: IntTensor<B>,
        updates: Tensor<B>,
        how: IndexingUpdateOp,
    ) -> Tensor<B> {
        match self {
            Tensor::Float(x) => {
                Tensor::Float(B::float_select_assign(x, 0, indices, updates.into_float(), how))
            }
            Tensor::Int(x) => Tensor::Int(B::int_select_assign(x, 0, indices, updates.into_int(), how)),
            Tensor::Bool(_) => panic!("bools are combined as integers"),
        }
    }

    /// Returns `on_true` where the predicate holds, and these elements elsewhere.
    pub(crate) fn mask_where(self, predicate: BoolTensor<B>, on_true: Tensor<B>) -> Tensor<B> {
        match self {
            Tensor::Float(x) => Tensor::Float(B::float_mask_where(x, predicate, on_true.into_float())),
            Tensor::Int(x) => Tensor::Int(B::int_mask_where(x, predicate, on_true.into_int())),
            Tensor::Bool(x) => Tensor::Bool(B::bool_mask_where(x, predicate, on_true.into_bool())),
        }
    }

    /// Concatenates arrays of one kind along an axis.
    pub(crate) fn concatenate(tensors: Vec<Tensor<B>>, axis: usize) -> Tensor<B> {
        match &tensors[0] {
            _ if tensors.len() == 1 => tensors.into_iter().next().expect("one"),
            Tensor::Float(_) => Tensor::Float(B::float_cat(each(tensors, Tensor::into_float), axis)),
            Tensor::Int(_) => Tensor::Int(B::int_cat(each(tensors, Tensor::into_int), axis)),
            Tensor::Bool(_) => Tensor::Bool(B::bool_cat(each(tensors, Tensor::into_bool), axis)),
        }
    }

    /// Returns an array of no elements.
    pub(crate) fn empty(of: &ArrayType, device: &Device<B>) -> Tensor<B> {
        let data = TensorData::from_bytes_vec(Vec::new(), physical(&of.shape), burn_dtype(of.dtype));
        Tensor::from_data(data, device)
    }
}

fn each<B: Backend, T>(tensors: Vec<Tensor<B>>, f: fn(Tensor<B>) -> T) -> Vec<T> {
    tensors.into_iter().map(f).collect()
}

/// Marks bytes as bools: Flex's `bool_select` and `bool_gather` return bytes. Their memory stays.
fn relabelled<B: Backend>(x: BoolTensor<B>) -> BoolTensor<B> {
    if x.dtype().is_bool() {
        return x;
    }
    let device = x.device();
    let data = burn_backend::read_sync(B::bool_into_data(x)).expect("memory of the host can be read");
    let (bytes, shape, _) = data.into_parts();
    B::bool_from_data(
        TensorData::from_bytes(bytes, shape, BurnDType::Bool(BoolStore::Native)),
        &device,
    )
}

/// Returns the shape under which a backend holds an array.
pub(crate) fn physical(shape: &[usize]) -> Vec<usize> {
    if shape.is_empty() { vec![1] } else { shape.to_vec() }
}

/// Returns the dtype that the device stores bools in.
pub(crate) fn bool_store<B: Backend>(device: &Device<B>) -> BoolDType {
    device.defaults().bool_dtype
}

/// Burn's name of a dtype; bools as the host stores them.
pub fn burn_dtype(dtype: DType) -> BurnDType {
    match dtype {
        DType::Bool => BurnDType::Bool(BoolStore::Native),
        DType::F32 => BurnDType::F32,
        DType::F64 => BurnDType::F64,
        _ => int_dtype(dtype).into(),
    }
}

/// Burn's name of an integer dtype.
pub(crate) fn int_dtype(dtype: DType) -> IntDType {
    match dtype {
        DType::I8 => IntDType::I8,
        DType::I16 => IntDType::I16,
        DType::I32 => IntDType::I32,
        DType::I64 => IntDType::I64,
        DType::U8 => IntDType::U8,
        DType::U16 => IntDType::U16,
        DType::U32 => IntDType::U32,
        DType::U64 => IntDType::U64,
        DType::Bool | DType::F32 | DType::F64 => panic!("{dtype} is not an integer type"),
    }
}

/// Burn's name of a float dtype.
pub(crate) fn float_dtype(dtype: DType) -> FloatDType {
    if dtype == DType::F64 {
        FloatDType::F64
    } else {
        FloatDType::F32
    }
}

/// Burn's form of a number.
pub(crate) fn burn_scalar(value: Scalar) -> BurnScalar {
    match value.dtype() {
        DType::Bool => BurnScalar::Bool(value.as_i64() != 0),
        DType::F32 | DType::F64 => BurnScalar::Float(value.as_f64()),
        DType::U64 => BurnScalar::UInt(value.as_i64() as u64),
        _ => BurnScalar::Int(value.as_i64()),
    }
}

/// kiln's name of a dtype.
///
/// # Panics
/// On dtypes that kiln does not have.
pub fn kiln_dtype(dtype: BurnDType) -> DType {
    match dtype {
        BurnDType::Bool(_) => DType::Bool,
        BurnDType::I8 => DType::I8,
        BurnDType::I16 => DType::I16,
        BurnDType::I32 => DType::I32,
        BurnDType::I64 => DType::I64,
        BurnDType::U8 => DType::U8,
        BurnDType::U16 => DType::U16,
        BurnDType::U32 => DType::U32,
        BurnDType::U64 => DType::U64,
        BurnDType::F32 => DType::F32,
        BurnDType::F64 => DType::F64,
        other => panic!("kiln has no dtype {other:?}"),
    }
}

/// Converts bools to another store.
pub fn store_bool(data: TensorData, store: BoolStore) -> TensorData {
    if data.dtype() == BurnDType::Bool(store) {
        return data;
    }
    let (bytes, shape, from) = data.into_parts();
    let width = |of: BurnDType| {
        if of == BurnDType::Bool(BoolStore::U32) {
            4
        } else {
            1
        }
    };
    let to = BurnDType::Bool(store);
    let mut out = vec![0; bytes.len() / width(from) * width(to)];
    for (word, out) in bytes.chunks(width(from)).zip(out.chunks_mut(width(to))) {
        out[0] = u8::from(word.iter().any(|&byte| byte != 0));
    }
    TensorData::from_bytes_vec(out, shape, to)
}
