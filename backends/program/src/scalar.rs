//! One number of any dtype, as it stands in the text of a program.

use crate::dtype::DType;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A number of some dtype. It is compared and hashed by its bits, so NaN equals itself, and 0.0 differs from
/// -0.0.
///
/// ```
/// use kiln_program::{DType, Scalar};
/// let x = Scalar::from_f64(DType::F32, 0.1);
/// assert_eq!(x.to_string(), "0.1");
/// assert_eq!(x.as_f64(), 0.1f32 as f64);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Saved")]
pub struct Scalar {
    dtype: DType,
    /// The value's bits, in the low bytes. Integers are sign- or zero-extended.
    bits: u64,
}

/// A number as it is read, before the check that the dtype has such bits.
#[derive(Deserialize)]
struct Saved {
    dtype: DType,
    bits: u64,
}

impl TryFrom<Saved> for Scalar {
    type Error = String;

    fn try_from(Saved { dtype, bits }: Saved) -> Result<Scalar, String> {
        let fits = match dtype {
            DType::F32 => bits <= u64::from(u32::MAX),
            DType::F64 => true,
            dtype => Scalar::from_i64(dtype, bits as i64).bits == bits,
        };
        match fits {
            true => Ok(Scalar { dtype, bits }),
            false => Err(format!("{bits:#x} are not the bits of a {dtype}")),
        }
    }
}

impl Scalar {
    /// Returns a number converted to `dtype` by the rules of Rust's `as`: rounded to the nearest float, or
    /// saturated to an integer.
    pub fn from_f64(dtype: DType, value: f64) -> Scalar {
        let bits = match dtype {
            DType::Bool => u64::from(value != 0.0),
            DType::F32 => u64::from((value as f32).to_bits()),
            DType::F64 => value.to_bits(),
            DType::I8 => return Scalar::from_i64(dtype, i64::from(value as i8)),
            DType::I16 => return Scalar::from_i64(dtype, i64::from(value as i16)),
            DType::I32 => return Scalar::from_i64(dtype, i64::from(value as i32)),
            DType::I64 => return Scalar::from_i64(dtype, value as i64),
            DType::U8 => u64::from(value as u8),
            DType::U16 => u64::from(value as u16),
            DType::U32 => u64::from(value as u32),
            DType::U64 => value as u64,
        };
        Scalar { dtype, bits }
    }

    /// Returns an integer converted to `dtype`. It wraps if it does not fit.
    pub fn from_i64(dtype: DType, value: i64) -> Scalar {
        let bits = match dtype {
            DType::Bool => u64::from(value != 0),
            DType::I8 => value as i8 as u64,
            DType::I16 => value as i16 as u64,
            DType::I32 => value as i32 as u64,
            DType::I64 | DType::U64 => value as u64,
            DType::U8 => u64::from(value as u8),
            DType::U16 => u64::from(value as u16),
            DType::U32 => u64::from(value as u32),
            DType::F32 => u64::from((value as f32).to_bits()),
            DType::F64 => (value as f64).to_bits(),
        };
        Scalar { dtype, bits }
    }

    /// Returns the number of a bool.
    pub fn from_bool(value: bool) -> Scalar {
        Scalar {
            dtype: DType::Bool,
            bits: u64::from(value),
        }
    }

    /// Returns the number of an `f32`, bit for bit.
    pub fn from_f32(value: f32) -> Scalar {
        Scalar {
            dtype: DType::F32,
            bits: u64::from(value.to_bits()),
        }
    }

    /// Returns the result of a read out of bounds in the mode `OutOfBounds::Fill`: NaN, the least signed
    /// integer, the greatest unsigned one, or true.
    #[doc(hidden)]
    pub fn outside(dtype: DType) -> Scalar {
        match dtype {
            DType::F32 | DType::F64 => Scalar::from_f64(dtype, f64::NAN),
            // The cast saturates to the least integer.
            _ if dtype.is_signed() => Scalar::from_f64(dtype, f64::NEG_INFINITY),
            // The cast wraps to the greatest integer.
            _ => Scalar::from_i64(dtype, -1),
        }
    }

    /// Returns the number's dtype.
    pub fn dtype(self) -> DType {
        self.dtype
    }

    /// Returns the value as an `f64`: exact except for large 64-bit integers.
    pub fn as_f64(self) -> f64 {
        match self.dtype {
            DType::F32 => f64::from(f32::from_bits(self.bits as u32)),
            DType::F64 => f64::from_bits(self.bits),
            DType::U64 => self.bits as f64,
            _ => self.as_i64() as f64,
        }
    }

    /// Returns the value as an `i64`. Floats are truncated and saturated, and large `u64` values wrap.
    pub fn as_i64(self) -> i64 {
        match self.dtype {
            DType::F32 | DType::F64 => self.as_f64() as i64,
            _ => self.bits as i64,
        }
    }

    /// Returns the value in `dtype`'s little-endian bytes: the first `dtype.size()` of the eight.
    pub fn to_le_bytes(self) -> [u8; 8] {
        self.bits.to_le_bytes()
    }

    /// Returns the number with these little-endian bytes, the first `dtype.size()` of eight.
    pub fn from_le_bytes(dtype: DType, bytes: [u8; 8]) -> Scalar {
        let bits = u64::from_le_bytes(bytes);
        match dtype {
            DType::F32 | DType::F64 => Scalar { dtype, bits },
            dtype => Scalar::from_i64(dtype, bits as i64),
        }
    }

    /// Returns the number converted to another dtype, by the rules of [`from_f64`](Self::from_f64) and
    /// [`from_i64`](Self::from_i64).
    pub fn cast(self, dtype: DType) -> Scalar {
        match self.dtype {
            DType::F32 | DType::F64 => Scalar::from_f64(dtype, self.as_f64()),
            // Rounded once.
            DType::U64 if dtype == DType::F32 => Scalar::from_f32(self.bits as f32),
            DType::U64 if dtype.is_float() => Scalar::from_f64(dtype, self.bits as f64),
            _ => Scalar::from_i64(dtype, self.as_i64()),
        }
    }
}

impl fmt::Display for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.dtype {
            DType::Bool => write!(f, "{}", self.bits != 0),
            DType::F32 => write!(f, "{:?}", f32::from_bits(self.bits as u32)),
            DType::F64 => write!(f, "{:?}", f64::from_bits(self.bits)),
            DType::U64 => write!(f, "{}", self.bits),
            _ => write!(f, "{}", self.bits as i64),
        }
    }
}
