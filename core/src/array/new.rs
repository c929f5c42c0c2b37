//! Makes arrays from elements and from plain numbers.

use super::{Array, Concrete, Literal, Repr};
use crate::arguments::{IntoNumbers, shape_of};
use crate::error::raise;
use crate::promote::Kind;
use crate::trace::{constant, is_tracing};
use kiln_backends::program::{DType, Scalar, Shape};
use kiln_backends::{Buffer, Data, Device, Element};
use std::sync::Arc;

impl Array {
    /// Makes an array from elements in row-major order. The Rust type of the elements is the dtype, also when
    /// the 64-bit switch is off. The array takes the vector's memory, except for bools.
    ///
    /// # Panics
    /// When `shape` has another number of elements, or a negative dimension.
    ///
    /// ```
    /// use kiln::Array;
    /// let x = Array::new(vec![0.1_f64, 0.2], 2);
    /// assert_eq!(format!("{x:?}"), "Array([0.1, 0.2], dtype=float64)");
    /// ```
    #[track_caller]
    pub fn new<T: Element>(elements: Vec<T>, shape: impl IntoNumbers) -> Array {
        let shape = shape_of("array", shape);
        if elements.len() != shape.size() {
            raise("array", format!("{} elements for shape {shape}", elements.len()))
        }
        Array::placed("array", Buffer::from_vec(elements, shape))
    }

    /// Makes an array from a buffer, with the dtype and shape of the buffer.
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

    /// Makes an array of the host's elements, on the default device. In a trace, the array is free: the
    /// function may run on any device.
    #[track_caller]
    pub(crate) fn placed(op: &str, buffer: Buffer) -> Array {
        if is_tracing() {
            return Array::free(buffer, false);
        }
        match Data::from(buffer).to_device(Device::default()) {
            Ok(data) => Array::concrete(data, false),
            Err(error) => raise(op, error),
        }
    }

    /// Makes an array from a plain number. The array moves to the device of the arrays that it is combined
    /// with.
    pub(crate) fn number(value: Scalar, weak: bool) -> Array {
        Array::free(Buffer::scalar(value), weak)
    }

    pub(crate) fn free(data: impl Into<Data>, weak: bool) -> Array {
        Array(Repr::Concrete(Arc::new(Concrete {
            data: data.into(),
            weak,
            free: true,
        })))
    }

    /// Turns a plain number into an array of this kind: a constant of the innermost trace, or a buffer. Other
    /// arrays are returned unchanged.
    #[track_caller]
    pub(crate) fn settled(self, op: &str, kind: Kind) -> Array {
        let Repr::Literal(number) = self.0 else {
            return self;
        };
        // In JAX a number is an int32 first, so a value that a narrower dtype cannot hold wraps.
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
        match is_tracing() {
            true => constant(scalar, Shape::scalar(), kind.weak),
            false => Array::number(scalar, kind.weak),
        }
    }
}

/// Turns the plain numbers among arrays into arrays of their default dtypes.
#[track_caller]
pub(crate) fn settle_numbers(op: &str, arrays: &mut [Array]) {
    for x in arrays {
        if let Repr::Literal(number) = x.0 {
            *x = x.clone().settled(op, number.kind());
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

/// A number whose dtype is decided when it meets another operand. A number too large for `i64` is a `uint64`
/// array.
impl From<u64> for Array {
    fn from(number: u64) -> Array {
        match i64::try_from(number) {
            Ok(number) => number.into(),
            Err(_) => Array::number(Scalar::from_i64(DType::U64, number as i64), false),
        }
    }
}

/// Converts the number like a `u64`.
impl From<usize> for Array {
    fn from(number: usize) -> Array {
        (number as u64).into()
    }
}
