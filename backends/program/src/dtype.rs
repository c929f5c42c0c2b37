//! Element types.

use serde::{Deserialize, Serialize};
use std::fmt;

/// The type of an array's elements. It is printed and saved under NumPy's name.
///
/// kiln has no half-precision and complex types yet. Every `match` on a `DType` is exhaustive, so that the
/// compiler lists the code that a new type must change.
///
/// ```
/// # use kiln_program as kiln;
/// use kiln::DType;
/// assert_eq!(DType::F32.to_string(), "float32");
/// assert_eq!(DType::F32.short(), "f32");
/// assert_eq!(DType::I64.size(), 8);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[allow(missing_docs)]
pub enum DType {
    #[serde(rename = "bool", alias = "Bool")]
    Bool,
    #[serde(rename = "int8", alias = "I8")]
    I8,
    #[serde(rename = "int16", alias = "I16")]
    I16,
    #[serde(rename = "int32", alias = "I32")]
    I32,
    #[serde(rename = "int64", alias = "I64")]
    I64,
    #[serde(rename = "uint8", alias = "U8")]
    U8,
    #[serde(rename = "uint16", alias = "U16")]
    U16,
    #[serde(rename = "uint32", alias = "U32")]
    U32,
    #[serde(rename = "uint64", alias = "U64")]
    U64,
    #[serde(rename = "float32", alias = "F32")]
    F32,
    #[serde(rename = "float64", alias = "F64")]
    F64,
}

impl DType {
    /// All dtypes: bool, signed integers, unsigned integers and floats, each family from narrow to wide.
    ///
    /// ```
    /// # use kiln_program as kiln;
    /// use kiln::DType;
    /// let floats: Vec<DType> = DType::ALL.into_iter().filter(|dtype| dtype.is_float()).collect();
    /// assert_eq!(floats, [DType::F32, DType::F64]);
    /// ```
    pub const ALL: [DType; 11] = [
        DType::Bool,
        DType::I8,
        DType::I16,
        DType::I32,
        DType::I64,
        DType::U8,
        DType::U16,
        DType::U32,
        DType::U64,
        DType::F32,
        DType::F64,
    ];

    /// Returns the number of bytes of an element. A bool takes one byte.
    ///
    /// ```
    /// # use kiln_program as kiln;
    /// use kiln::DType;
    /// assert_eq!(DType::F32.size(), 4);
    /// assert_eq!(DType::Bool.size(), 1);
    /// ```
    pub fn size(self) -> usize {
        match self {
            DType::Bool | DType::I8 | DType::U8 => 1,
            DType::I16 | DType::U16 => 2,
            DType::I32 | DType::U32 | DType::F32 => 4,
            DType::I64 | DType::U64 | DType::F64 => 8,
        }
    }

    /// Returns NumPy's name: `float32`.
    ///
    /// ```
    /// # use kiln_program as kiln;
    /// use kiln::DType;
    /// assert_eq!(DType::U8.name(), "uint8");
    /// ```
    pub fn name(self) -> &'static str {
        match self {
            DType::Bool => "bool",
            DType::I8 => "int8",
            DType::I16 => "int16",
            DType::I32 => "int32",
            DType::I64 => "int64",
            DType::U8 => "uint8",
            DType::U16 => "uint16",
            DType::U32 => "uint32",
            DType::U64 => "uint64",
            DType::F32 => "float32",
            DType::F64 => "float64",
        }
    }

    /// Returns the name in the text of programs: `f32`.
    ///
    /// ```
    /// # use kiln_program as kiln;
    /// use kiln::DType;
    /// assert_eq!(DType::U8.short(), "u8");
    /// ```
    pub fn short(self) -> &'static str {
        match self {
            DType::Bool => "bool",
            DType::I8 => "i8",
            DType::I16 => "i16",
            DType::I32 => "i32",
            DType::I64 => "i64",
            DType::U8 => "u8",
            DType::U16 => "u16",
            DType::U32 => "u32",
            DType::U64 => "u64",
            DType::F32 => "f32",
            DType::F64 => "f64",
        }
    }

    /// Returns true if this is a floating-point type.
    ///
    /// ```
    /// # use kiln_program as kiln;
    /// use kiln::DType;
    /// assert!(DType::F32.is_float());
    /// assert!(!DType::I32.is_float());
    /// ```
    pub fn is_float(self) -> bool {
        matches!(self, DType::F32 | DType::F64)
    }

    /// Returns true if this is an integer type. Bool is not an integer type.
    ///
    /// ```
    /// # use kiln_program as kiln;
    /// use kiln::DType;
    /// assert!(DType::U8.is_integer());
    /// assert!(!DType::Bool.is_integer());
    /// ```
    pub fn is_integer(self) -> bool {
        self.is_signed() || self.is_unsigned()
    }

    /// Returns true if this is a signed integer type.
    ///
    /// ```
    /// # use kiln_program as kiln;
    /// use kiln::DType;
    /// assert!(DType::I32.is_signed());
    /// assert!(!DType::U32.is_signed());
    /// ```
    pub fn is_signed(self) -> bool {
        matches!(self, DType::I8 | DType::I16 | DType::I32 | DType::I64)
    }

    /// Returns true if this is an unsigned integer type.
    ///
    /// ```
    /// # use kiln_program as kiln;
    /// use kiln::DType;
    /// assert!(DType::U32.is_unsigned());
    /// assert!(!DType::I32.is_unsigned());
    /// ```
    pub fn is_unsigned(self) -> bool {
        matches!(self, DType::U8 | DType::U16 | DType::U32 | DType::U64)
    }
}

impl fmt::Display for DType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Evaluates an expression with a name for the Rust type of an integer dtype.
///
/// # Panics
/// When the dtype is no integer.
///
/// ```
/// # use kiln_program as kiln;
/// use kiln::DType;
/// assert_eq!(kiln::with_integer!(DType::I16, T => T::MAX as i64), 32_767);
/// ```
#[doc(hidden)]
#[macro_export]
macro_rules! with_integer {
    ($dtype:expr, $T:ident => $body:expr) => {{
        macro_rules! arm {
            ($rust:ty) => {{
                type $T = $rust;
                $body
            }};
        }
        match $dtype {
            $crate::DType::I8 => arm!(i8),
            $crate::DType::I16 => arm!(i16),
            $crate::DType::I32 => arm!(i32),
            $crate::DType::I64 => arm!(i64),
            $crate::DType::U8 => arm!(u8),
            $crate::DType::U16 => arm!(u16),
            $crate::DType::U32 => arm!(u32),
            $crate::DType::U64 => arm!(u64),
            $crate::DType::Bool | $crate::DType::F32 | $crate::DType::F64 => panic!("not an integer type"),
        }
    }};
}
