//! Buffers: the elements of one array, contiguous in row-major order, shared between handles.

use crate::element::Element;
use crate::kernels::with_type;
use crate::memory::{self, OutOfMemory, in_large_pages};
use burn_backend::{Shape as BurnShape, TensorData};
use burn_flex::{FlexTensor, Layout};
use burn_std::Bytes;
use kiln_burn::burn_dtype;
use kiln_burn::sister::kiln_dtype;
use kiln_program::{ArrayType, Scalar, Shape};

/// The elements of an array on the CPU, in row-major order: a contiguous Flex tensor with exactly the
/// elements of its shape.
///
/// A clone shares the elements. A bool takes a byte, 0 or 1. Code that moves memory uses buffers:
/// `Array::from_buffer` makes an array from a buffer. Most programs need only `Array::new` and
/// `Array::to_vec`.
///
/// ```
/// use kiln::{Array, ArrayType, Buffer, DType};
/// let mut buffer = Buffer::zeros(ArrayType::new(DType::F32, [2]));
/// buffer.bytes_mut().unwrap()[..4].copy_from_slice(&1.5_f32.to_le_bytes());
/// assert_eq!(Array::from_buffer(buffer).to_string(), "[1.5 0. ]");
/// ```
#[derive(Clone)]
pub struct Buffer {
    tensor: FlexTensor,
    of: ArrayType,
}

/// Flex's layout of contiguous elements. `Layout::contiguous` makes two more vectors, for every buffer.
fn layout(shape: &Shape) -> Layout {
    let strides = shape.strides().iter().map(|&stride| stride as isize).collect();
    Layout::new(BurnShape::from(shape.to_vec()), strides, 0)
}

impl Buffer {
    /// Returns a buffer of these elements.
    ///
    /// # Panics
    /// When `shape` does not have `elements.len()` elements.
    ///
    /// ```
    /// use kiln::Buffer;
    /// let buffer = Buffer::from_vec(vec![1_i32, 2, 3, 4], [2, 2]);
    /// assert_eq!(buffer.array_type().to_string(), "i32[2,2]");
    /// ```
    pub fn from_vec<T: Element>(elements: Vec<T>, shape: impl Into<Shape>) -> Buffer {
        let of = ArrayType::new(T::DTYPE, shape);
        assert_eq!(elements.len(), of.shape.size(), "elements for shape {}", of.shape);
        Buffer::from_bytes(T::into_bytes(elements), of)
    }

    /// Returns the buffer of a scalar.
    ///
    /// ```
    /// use kiln::Buffer;
    /// use kiln_program::Scalar;
    /// let buffer = Buffer::scalar(Scalar::from_f32(2.5));
    /// assert_eq!(buffer.as_slice::<f32>(), [2.5]);
    /// ```
    pub fn scalar(value: Scalar) -> Buffer {
        let mut buffer = Buffer::zeros(ArrayType::new(value.dtype(), []));
        let bytes = value.to_le_bytes();
        let size = value.dtype().size();
        buffer
            .bytes_mut()
            .expect("nobody else holds a new buffer")
            .copy_from_slice(&bytes[..size]);
        buffer
    }

    /// Returns a buffer of zeros. A large buffer costs nothing until it is touched.
    ///
    /// # Panics
    /// When there is not enough memory.
    ///
    /// ```
    /// use kiln::{ArrayType, Buffer, DType};
    /// let buffer = Buffer::zeros(ArrayType::new(DType::U8, [3]));
    /// assert_eq!(buffer.as_slice::<u8>(), [0, 0, 0]);
    /// ```
    #[track_caller]
    pub fn zeros(of: ArrayType) -> Buffer {
        Buffer::try_zeros(of).unwrap_or_else(|error| panic!("{error}"))
    }

    /// Returns a buffer of zeros, or an error if there is not enough memory. A large buffer costs nothing
    /// until it is touched.
    ///
    /// # Errors
    /// When there is not enough memory.
    ///
    /// ```
    /// use kiln::{ArrayType, Buffer, DType};
    /// assert!(Buffer::try_zeros(ArrayType::new(DType::F32, [3])).is_ok());
    /// assert!(Buffer::try_zeros(ArrayType::new(DType::F32, [usize::MAX, 3])).is_err());
    /// ```
    pub fn try_zeros(of: ArrayType) -> Result<Buffer, OutOfMemory> {
        fn zeroed<E: bytemuck::Pod + Send + Sync>(n: usize) -> Option<Bytes> {
            // A large buffer leaves room for what the process allocates beside buffers, such as messages.
            let leaves_room = || n * size_of::<E>() < memory::LARGE || memory::reserve(memory::ROOM);
            let zeroed = || {
                let elements = bytemuck::allocation::try_zeroed_vec::<E>(n).ok();
                elements.filter(|_| leaves_room())
            };
            let mut elements = zeroed().or_else(|| memory::give_back().then(zeroed).flatten())?;
            in_large_pages(&mut elements);
            Some(Bytes::from_elems(elements))
        }
        let fits = of.checked_bytes().map(|_| of.shape.size());
        let bytes = fits.and_then(|n| match of.dtype.size() {
            1 => zeroed::<u8>(n),
            2 => zeroed::<u16>(n),
            4 => zeroed::<u32>(n),
            _ => zeroed::<u64>(n),
        });
        match bytes {
            Some(bytes) => Ok(Buffer::from_bytes(bytes, of)),
            None => Err(OutOfMemory::new(of, 0)),
        }
    }

    /// Returns a buffer with any contents, for code that writes all of it. A large one takes the memory of a
    /// former buffer.
    ///
    /// # Errors
    /// When there is not enough memory.
    pub(crate) fn unwritten(of: ArrayType) -> Result<Buffer, OutOfMemory> {
        let large = of.checked_bytes().is_some_and(|bytes| bytes >= memory::LARGE);
        match large.then(|| memory::take(&of)).flatten() {
            Some(tensor) => Ok(Buffer::of_flex(tensor, of)),
            None => Buffer::try_zeros(of),
        }
    }

    fn from_bytes(bytes: Bytes, of: ArrayType) -> Buffer {
        let layout = layout(&of.shape);
        Buffer {
            tensor: FlexTensor::new(bytes, layout, burn_dtype(of.dtype)),
            of,
        }
    }

    /// Returns the dtype and shape.
    ///
    /// ```
    /// use kiln::Buffer;
    /// assert_eq!(Buffer::from_vec(vec![true], [1]).array_type().to_string(), "bool[1]");
    /// ```
    pub fn array_type(&self) -> &ArrayType {
        &self.of
    }

    /// Returns the elements.
    ///
    /// # Panics
    /// When `T` is not the buffer's dtype.
    ///
    /// ```
    /// use kiln::Buffer;
    /// let buffer = Buffer::from_vec(vec![1.0_f64, 2.0], [2]);
    /// assert_eq!(buffer.as_slice::<f64>(), [1.0, 2.0]);
    /// ```
    pub fn as_slice<T: Element>(&self) -> &[T] {
        assert_eq!(T::DTYPE, self.of.dtype, "elements read as another dtype");
        bytemuck::checked::cast_slice(self.tensor.bytes())
    }

    /// Returns the elements as bytes.
    ///
    /// ```
    /// use kiln::Buffer;
    /// assert_eq!(Buffer::from_vec(vec![1_u16, 2], [2]).bytes(), [1, 0, 2, 0]);
    /// ```
    pub fn bytes(&self) -> &[u8] {
        self.tensor.bytes()
    }

    /// Returns the elements as bytes to write to, if no other handle shares them.
    ///
    /// ```
    /// use kiln::Buffer;
    /// let mut buffer = Buffer::from_vec(vec![1_u8, 2], [2]);
    /// buffer.bytes_mut().unwrap()[0] = 9;
    /// let other = buffer.clone();
    /// assert!(buffer.bytes_mut().is_none()); // two hold it now
    /// assert_eq!(other.as_slice::<u8>(), [9, 2]);
    /// ```
    pub fn bytes_mut(&mut self) -> Option<&mut [u8]> {
        // Flex returns typed slices only.
        with_type!(self.of.dtype, T => self.elements_mut::<T>())
    }

    fn elements_mut<T: burn_backend::Element + bytemuck::Pod>(&mut self) -> Option<&mut [u8]> {
        self.tensor.try_storage_mut::<T>().map(bytemuck::cast_slice_mut)
    }

    /// Returns true if no other handle shares the elements.
    ///
    /// ```
    /// use kiln::Buffer;
    /// let buffer = Buffer::from_vec(vec![1_u8], [1]);
    /// assert!(buffer.is_unique());
    /// let other = buffer.clone();
    /// assert!(!buffer.is_unique());
    /// # drop(other);
    /// ```
    pub fn is_unique(&self) -> bool {
        self.tensor.is_unique()
    }

    /// Returns the same elements in another shape of the same size.
    ///
    /// ```
    /// use kiln::{Buffer, Shape};
    /// let buffer = Buffer::from_vec(vec![1, 2, 3, 4], [4]).reshape(&Shape::from([2, 2]));
    /// assert_eq!(buffer.array_type().to_string(), "i32[2,2]");
    /// ```
    pub fn reshape(self, shape: &Shape) -> Buffer {
        debug_assert_eq!(shape.size(), self.of.shape.size());
        let of = ArrayType::new(self.of.dtype, shape.clone());
        Buffer::of_flex(self.into_flex(), of)
    }

    fn of_flex(tensor: FlexTensor, of: ArrayType) -> Buffer {
        let layout = layout(&of.shape);
        Buffer {
            tensor: tensor.with_layout(layout),
            of,
        }
    }

    /// Returns the Flex tensor, for a computation by Flex.
    #[doc(hidden)]
    pub fn into_flex(self) -> FlexTensor {
        self.tensor.clone()
    }

    /// Returns the elements of a Flex tensor, copied if they are not contiguous.
    #[doc(hidden)]
    pub fn from_flex(tensor: FlexTensor) -> Buffer {
        let dtype = kiln_dtype(tensor.dtype());
        let shape = Shape::from(tensor.layout().shape().as_slice());
        let exact = tensor.is_contiguous()
            && tensor.layout().start_offset() == 0
            && tensor.bytes().len() == shape.size() * dtype.size();
        let of = ArrayType { dtype, shape };
        if exact {
            return Buffer { tensor, of };
        }
        Buffer::from_data(tensor.into_data())
    }

    /// Returns the elements of a tensor of Burn.
    #[doc(hidden)]
    pub fn from_data(data: TensorData) -> Buffer {
        let of = ArrayType::new(kiln_dtype(data.dtype()), &data.shape()[..]);
        let (bytes, ..) = data.into_parts();
        Buffer::from_bytes(bytes, of)
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        if self.tensor.bytes().len() >= memory::LARGE && self.is_unique() {
            memory::keep(self.of.clone(), self.tensor.clone());
        }
    }
}

impl std::fmt::Debug for Buffer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Buffer({})", self.of)
    }
}
