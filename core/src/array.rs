//! The handle that users hold.

use crate::config::{default_float, default_int};
use crate::display::{self, Elements};
use crate::error::raise;
use crate::promote::Kind;
use crate::trace::{self, Origin};
use kiln_backends::program::{ArrayType, DType, Scalar, Shape, Var};
use kiln_backends::{Buffer, Data, DeviceError, Element};
use std::fmt;
use std::sync::{Arc, LazyLock};

/// An n-dimensional array of numbers of one dtype. Arrays are immutable, and cheap to clone: a clone is
/// another handle on the same elements.
///
/// Arrays are made by [`numpy`](crate::numpy)'s functions ([`array`](crate::numpy::array()),
/// [`zeros`](crate::numpy::zeros), [`linspace`](crate::numpy::linspace), ...), by samplers, and from Rust's
/// numbers and lists: `2.0.into()`, `[1, 2].into()`. Every function of arrays takes any value that converts
/// into an array.
///
/// Operators and methods take handles by value or by reference. The result reuses the memory of an operand
/// that has no other handle. Operators work for every mix of arrays, references and plain numbers (on the
/// left, an `f64` or an `i32`). Comparisons are methods, [`lt`](Array::lt) and others, because Rust's
/// comparison operators return a `bool`.
///
/// The methods are NumPy's. [`numpy`](crate::numpy) lists them by family, next to its functions. Array has
/// besides:
///
/// | | |
/// |---|---|
/// | properties | [`shape`](Array::shape), [`dtype`](Array::dtype), [`ndim`](Array::ndim), [`size`](Array::size), [`len`](Array::len), [`is_weak`](Array::is_weak), [`is_traced`](Array::is_traced) |
/// | out of the array | [`item`](Array::item), [`to_vec`](Array::to_vec) |
/// | parts | [`index`](Array::index), [`at`](Array::at) |
///
/// Arrays print as NumPy's arrays do, digit for digit: `{}` as `print(x)`, `{:?}` as `repr(x)` of JAX.
///
/// ```
/// use kiln::{Array, numpy as np};
/// let a = np::array([1.0, 3.2, -1.5]);
/// assert_eq!(a.to_string(), "[ 1.   3.2 -1.5]");
/// assert_eq!((1 - &a).abs().max().item::<f64>(), 2.5);
/// let mut total = Array::from(0);
/// total += &a; // another array behind the handle
/// assert_eq!(total.shape(), a.shape());
/// assert_eq!(format!("{:?}", 2 * &a), "Array([ 2. ,  6.4, -3. ], dtype=float32)");
/// ```
#[derive(Clone)]
pub struct Array(pub(crate) Repr);

/// The contents of a handle.
#[derive(Clone)]
pub(crate) enum Repr {
    /// A number whose dtype is decided when it meets another operand.
    Literal(Literal),
    /// Elements in memory.
    Concrete(Arc<Concrete>),
    /// A variable of a program that is being traced.
    Tracer(Arc<Tracer>),
}

/// The reason why an array has no elements to look at.
///
/// ```
/// use kiln::{Array, NoValue, jit, numpy as np};
/// jit(|x: Array| { assert!(matches!(x.try_buffer(), Err(NoValue::Traced(_)))); x })(np::ones(2));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NoValue {
    /// The array belongs to a trace. The text names the trace and says what to do.
    Traced(String),
    /// The device failed while it computed the elements, or while it copied them to the host.
    Device(DeviceError),
}

impl fmt::Display for NoValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NoValue::Traced(fact) => f.write_str(fact),
            NoValue::Device(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for NoValue {}

/// A number as the host language writes it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Literal {
    Bool(bool),
    Int(i64),
    Float(f64),
}

pub(crate) struct Concrete {
    pub(crate) data: Data,
    pub(crate) weak: bool,
    /// True if the array may move to any device: a plain number, or an array made within a trace.
    pub(crate) free: bool,
}

pub(crate) struct Tracer {
    pub(crate) origin: Arc<Origin>,
    pub(crate) var: Var,
    pub(crate) of: ArrayType,
    pub(crate) weak: bool,
}

impl Literal {
    /// Returns the dtype that the number has without another operand. A bool is not weak.
    pub(crate) fn kind(self) -> Kind {
        match self {
            Literal::Bool(_) => Kind {
                dtype: DType::Bool,
                weak: false,
            },
            Literal::Int(_) => Kind {
                dtype: default_int(),
                weak: true,
            },
            Literal::Float(_) => Kind {
                dtype: default_float(),
                weak: true,
            },
        }
    }

    /// Converts the number to a dtype. No digits are lost before this.
    pub(crate) fn scalar(self, dtype: DType) -> Scalar {
        match self {
            Literal::Bool(value) => Scalar::from_i64(dtype, i64::from(value)),
            Literal::Int(value) => Scalar::from_i64(dtype, value),
            Literal::Float(value) => Scalar::from_f64(dtype, value),
        }
    }
}

static SCALAR: LazyLock<Shape> = LazyLock::new(Shape::scalar);

impl Array {
    /// Makes an array of exactly these elements, in row-major order. Their Rust type is the dtype, also when
    /// the 64-bit switch is off. The array takes over the vector's memory, except for bools.
    ///
    /// # Panics
    /// When `shape` has another number of elements, or a negative length.
    ///
    /// ```
    /// use kiln::Array;
    /// assert_eq!(format!("{:?}", Array::new(vec![0.1_f64, 0.2], 2)), "Array([0.1, 0.2], dtype=float64)");
    /// ```
    #[track_caller]
    pub fn new<T: Element>(elements: Vec<T>, shape: impl crate::arguments::IntoNumbers) -> Array {
        let shape = crate::arguments::shape_of("array", shape);
        if elements.len() != shape.size() {
            raise("array", format!("{} elements for shape {shape}", elements.len()))
        }
        Array::placed("array", Buffer::from_vec(elements, shape))
    }

    /// Makes an array of the elements in a buffer, with its dtype and shape.
    ///
    /// ```
    /// use kiln::{Array, Buffer};
    /// let buffer = Buffer::from_vec(vec![1_u8, 2, 3], [3]);
    /// assert_eq!(format!("{:?}", Array::from_buffer(buffer)), "Array([1, 2, 3], dtype=uint8)");
    /// ```
    #[track_caller]
    pub fn from_buffer(buffer: Buffer) -> Array {
        Array::placed("array", buffer)
    }

    pub(crate) fn concrete(data: impl Into<Data>, weak: bool) -> Array {
        Array(Repr::Concrete(Arc::new(Concrete {
            data: data.into(),
            weak,
            free: false,
        })))
    }

    /// The lengths of the axes.
    ///
    /// ```
    /// use kiln::numpy as np;
    /// assert_eq!(np::ones((2, 3)).shape()[..], [2, 3]);
    /// ```
    pub fn shape(&self) -> &Shape {
        match &self.0 {
            Repr::Literal(_) => &SCALAR,
            Repr::Concrete(array) => &array.data.array_type().shape,
            Repr::Tracer(array) => &array.of.shape,
        }
    }

    /// The type of the elements.
    ///
    /// ```
    /// use kiln::{DType, numpy as np};
    /// assert_eq!(np::arange(3).dtype(), DType::I32);
    /// ```
    pub fn dtype(&self) -> DType {
        self.kind().dtype
    }

    /// Returns true if the dtype is weak: nobody stated it, and it yields to the other operand's dtype, as a
    /// plain number's does.
    ///
    /// ```
    /// use kiln::{DType, numpy as np};
    /// let h = np::full(2, 0);
    /// assert!(h.is_weak());
    /// assert_eq!((h + np::ones(2)).dtype(), DType::F32);
    /// ```
    pub fn is_weak(&self) -> bool {
        self.kind().weak
    }

    /// Returns true if the array belongs to a trace, and so has no value to look at.
    ///
    /// ```
    /// use kiln::{Array, jit, numpy as np};
    /// jit(|x: Array| { assert!(x.is_traced()); x })(np::ones(2));
    /// ```
    pub fn is_traced(&self) -> bool {
        matches!(self.0, Repr::Tracer(_))
    }

    /// Returns the number if the array is a plain number that has no dtype yet.
    #[doc(hidden)]
    pub fn plain_number(&self) -> Option<f64> {
        match self.0 {
            Repr::Literal(Literal::Bool(holds)) => Some(f64::from(u8::from(holds))),
            Repr::Literal(Literal::Int(number)) => Some(number as f64),
            Repr::Literal(Literal::Float(number)) => Some(number),
            _ => None,
        }
    }

    pub(crate) fn kind(&self) -> Kind {
        match &self.0 {
            Repr::Literal(number) => number.kind(),
            Repr::Concrete(array) => Kind {
                dtype: array.data.array_type().dtype,
                weak: array.weak,
            },
            Repr::Tracer(array) => Kind {
                dtype: array.of.dtype,
                weak: array.weak,
            },
        }
    }

    /// The dtype and shape.
    ///
    /// ```
    /// use kiln::numpy as np;
    /// assert_eq!(np::ones((2, 3)).array_type().to_string(), "f32[2,3]");
    /// ```
    pub fn array_type(&self) -> ArrayType {
        ArrayType {
            dtype: self.dtype(),
            shape: self.shape().clone(),
        }
    }

    /// The number of axes; 0 for a scalar.
    ///
    /// ```
    /// use kiln::numpy as np;
    /// assert_eq!(np::ones((2, 3)).ndim(), 2);
    /// ```
    pub fn ndim(&self) -> usize {
        self.shape().rank()
    }

    /// The number of elements, which is 1 for a scalar.
    ///
    /// ```
    /// use kiln::numpy as np;
    /// assert_eq!(np::ones((2, 3)).size(), 6);
    /// ```
    pub fn size(&self) -> usize {
        self.shape().size()
    }

    /// The number of bytes that the elements take.
    ///
    /// ```
    /// use kiln::numpy as np;
    /// assert_eq!(np::ones((2, 3)).nbytes(), 24);
    /// ```
    pub fn nbytes(&self) -> usize {
        self.size() * self.dtype().size()
    }

    /// The length of the first axis: Python's `len(x)`.
    ///
    /// # Panics
    /// When the array is a scalar.
    ///
    /// ```
    /// use kiln::numpy as np;
    /// assert_eq!(np::ones((2, 3)).len(), 2);
    /// ```
    #[track_caller]
    #[allow(clippy::len_without_is_empty)]
    pub fn len(&self) -> usize {
        match self.shape().first() {
            Some(&n) => n,
            None => raise("len", "a scalar has no axes"),
        }
    }

    /// Returns the elements in memory.
    ///
    /// # Panics
    /// When the array belongs to a trace: there is no value to look at.
    #[track_caller]
    pub(crate) fn look(&self, op: &str) -> Buffer {
        match self.try_buffer() {
            Ok(buffer) => buffer,
            Err(fact) => raise(op, fact),
        }
    }

    /// Returns the elements in the host's memory. On the CPU the buffer is shared with this array; elements
    /// on another device are copied once that device has computed them.
    ///
    /// # Errors
    /// When the array belongs to a trace: the error says why there is no value to look at. When the device
    /// failed while it computed the elements.
    ///
    /// ```
    /// use kiln::numpy as np;
    /// let buffer = np::arange(3).try_buffer()?;
    /// assert_eq!(buffer.as_slice::<i32>(), [0, 1, 2]);
    /// # Ok::<(), kiln::NoValue>(())
    /// ```
    pub fn try_buffer(&self) -> Result<Buffer, NoValue> {
        let data = match &self.0 {
            Repr::Literal(number) => return Ok(Buffer::scalar(number.scalar(number.kind().dtype))),
            Repr::Concrete(array) => array.data.clone(),
            Repr::Tracer(array) => trace::value_of(array).map_err(NoValue::Traced)?,
        };
        data.into_buffer().map_err(NoValue::Device)
    }

    /// Copies the elements into a vector, in row-major order.
    ///
    /// # Panics
    /// When the array belongs to a trace: there is no value to look at. When `T` is not the dtype.
    ///
    /// ```
    /// use kiln::numpy as np;
    /// assert_eq!(np::arange(3).to_vec::<i32>(), [0, 1, 2]);
    /// ```
    #[track_caller]
    pub fn to_vec<T: Element>(&self) -> Vec<T> {
        let buffer = self.look("to_vec");
        let dtype = buffer.array_type().dtype;
        if dtype != T::DTYPE {
            raise(
                "to_vec",
                format!("the elements are {dtype}, not {}: use astype first", T::DTYPE),
            )
        }
        buffer.as_slice().to_vec()
    }

    /// Returns the only element, converted to `T` as [`astype`](Array::astype) converts.
    ///
    /// # Panics
    /// When there is more than one element, or none. When the array belongs to a trace: there is no value to
    /// look at.
    ///
    /// ```
    /// use kiln::numpy as np;
    /// assert_eq!(np::array([1.5, 2.0]).sum().item::<f64>(), 3.5);
    /// ```
    #[track_caller]
    pub fn item<T: Element>(&self) -> T {
        let buffer = match &self.0 {
            Repr::Literal(number) => Buffer::scalar(number.scalar(T::DTYPE)),
            _ => self.look("item"),
        };
        if self.size() != 1 {
            raise(
                "item",
                format!("shape {} has {} elements, not one", self.shape(), self.size()),
            )
        }
        if buffer.array_type().dtype == T::DTYPE {
            return buffer.as_slice::<T>()[0];
        }
        Buffer::scalar(first(&buffer).cast(T::DTYPE)).as_slice::<T>()[0]
    }

    /// Waits until the device has computed the elements, and returns the array. Any thread may have asked for
    /// them. On the CPU the elements are always ready. Other devices run asynchronously, and each runs the
    /// work of one thread in order.
    ///
    /// # Panics
    /// When the array belongs to a trace: it never has elements. When the device fails.
    ///
    /// ```
    /// use kiln::numpy as np;
    /// let x = np::ones(1_000_000).exp().block_until_ready();
    /// assert_eq!(x.size(), 1_000_000);
    /// ```
    #[track_caller]
    pub fn block_until_ready(self) -> Array {
        match &self.0 {
            Repr::Literal(_) => {}
            Repr::Concrete(array) => {
                if let Err(error) = array.data.wait() {
                    raise("block_until_ready", error)
                }
            }
            Repr::Tracer(array) => raise("block_until_ready", array.origin.no_value(&array.of)),
        }
        self
    }

    /// Returns the handle with another weakness.
    pub(crate) fn with_weak(self, weak: bool) -> Array {
        match self.0 {
            Repr::Concrete(array) if array.weak != weak => {
                let free = array.free;
                let data = match Arc::try_unwrap(array) {
                    Ok(array) => array.data,
                    Err(array) => array.data.clone(),
                };
                Array(Repr::Concrete(Arc::new(Concrete { data, weak, free })))
            }
            Repr::Tracer(array) if array.weak != weak => Array(Repr::Tracer(Arc::new(Tracer {
                origin: array.origin.clone(),
                var: array.var,
                of: array.of.clone(),
                weak,
            }))),
            repr => Array(repr),
        }
    }

    /// Turns a plain number into an array of this kind: a constant of the innermost trace, or a buffer. Other
    /// arrays are returned unchanged.
    #[track_caller]
    pub(crate) fn settled(self, op: &str, kind: Kind) -> Array {
        let Repr::Literal(number) = self.0 else {
            return self;
        };
        // As in JAX, a number is an int32 first; a value that a narrower dtype cannot hold wraps.
        let greatest = match kind.dtype {
            DType::U32 => i64::from(u32::MAX),
            _ => i64::from(i32::MAX),
        };
        if let (Literal::Int(value), true) = (number, kind.dtype.is_integer() && kind.dtype.size() < 8)
            && !(i64::from(i32::MIN)..=greatest).contains(&value)
        {
            raise(
                op,
                format!(
                    "{value} does not fit in {}: use int64, or enable_x64(true)",
                    kind.dtype
                ),
            )
        }
        let scalar = number.scalar(kind.dtype);
        match trace::is_tracing() {
            true => trace::constant(scalar, Shape::scalar(), kind.weak),
            false => Array::number(scalar, kind.weak),
        }
    }
}

/// Returns the first element of a buffer.
fn first(buffer: &Buffer) -> Scalar {
    let dtype = buffer.array_type().dtype;
    match dtype {
        DType::Bool => Scalar::from_bool(buffer.as_slice::<bool>()[0]),
        DType::I8 => Scalar::from_i64(dtype, buffer.as_slice::<i8>()[0].into()),
        DType::I16 => Scalar::from_i64(dtype, buffer.as_slice::<i16>()[0].into()),
        DType::I32 => Scalar::from_i64(dtype, buffer.as_slice::<i32>()[0].into()),
        DType::I64 => Scalar::from_i64(dtype, buffer.as_slice::<i64>()[0]),
        DType::U8 => Scalar::from_i64(dtype, buffer.as_slice::<u8>()[0].into()),
        DType::U16 => Scalar::from_i64(dtype, buffer.as_slice::<u16>()[0].into()),
        DType::U32 => Scalar::from_i64(dtype, buffer.as_slice::<u32>()[0].into()),
        DType::U64 => Scalar::from_i64(dtype, buffer.as_slice::<u64>()[0] as i64),
        DType::F32 => Scalar::from_f32(buffer.as_slice::<f32>()[0]),
        DType::F64 => Scalar::from_f64(dtype, buffer.as_slice::<f64>()[0]),
    }
}

pub(crate) fn elements(buffer: &Buffer) -> Elements<'_> {
    match buffer.array_type().dtype {
        DType::Bool => Elements::Bool(buffer.as_slice()),
        DType::I8 => Elements::I8(buffer.as_slice()),
        DType::I16 => Elements::I16(buffer.as_slice()),
        DType::I32 => Elements::I32(buffer.as_slice()),
        DType::I64 => Elements::I64(buffer.as_slice()),
        DType::U8 => Elements::U8(buffer.as_slice()),
        DType::U16 => Elements::U16(buffer.as_slice()),
        DType::U32 => Elements::U32(buffer.as_slice()),
        DType::U64 => Elements::U64(buffer.as_slice()),
        DType::F32 => Elements::F32(buffer.as_slice()),
        DType::F64 => Elements::F64(buffer.as_slice()),
    }
}

/// Prints as Python's `print`. An array that belongs to a trace shows its type.
impl fmt::Display for Array {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Repr::Tracer(array) => write!(f, "Traced<{}>", array.of),
            _ => {
                let buffer = self.look("display");
                f.write_str(&display::display(elements(&buffer), self.shape()))
            }
        }
    }
}

/// Prints as Python's `repr`. An array that belongs to a trace shows its type.
impl fmt::Debug for Array {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Repr::Tracer(array) => write!(f, "Traced<{}>", array.of),
            _ => {
                let buffer = self.look("debug");
                f.write_str(&display::debug(
                    elements(&buffer),
                    self.shape(),
                    self.dtype().name(),
                    self.is_weak(),
                ))
            }
        }
    }
}

impl From<&Array> for Array {
    fn from(array: &Array) -> Array {
        array.clone()
    }
}

macro_rules! literals {
    ($($type:ty => $variant:ident($wide:ty)),*) => {$(
        /// A number whose dtype is decided when it meets another operand.
        impl From<$type> for Array {
            fn from(number: $type) -> Array {
                Array(Repr::Literal(Literal::$variant(number as $wide)))
            }
        }
    )*};
}
literals!(
    bool => Bool(bool), i8 => Int(i64), i16 => Int(i64), i32 => Int(i64), i64 => Int(i64), isize => Int(i64), u8 => Int(i64),
    u16 => Int(i64), u32 => Int(i64), f32 => Float(f64), f64 => Float(f64)
);

/// A number whose dtype is decided when it meets another operand; one too large for `i64` is a `uint64`
/// array.
impl From<u64> for Array {
    fn from(number: u64) -> Array {
        match i64::try_from(number) {
            Ok(number) => number.into(),
            Err(_) => Array::number(Scalar::from_i64(DType::U64, number as i64), false),
        }
    }
}

/// Converts as from a `u64`.
impl From<usize> for Array {
    fn from(number: usize) -> Array {
        (number as u64).into()
    }
}
