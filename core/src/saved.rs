//! Serializes arrays in the formats of serde.
//!
//! Text formats hold `{"dtype":"float32","shape":[2],"data":[1.0,"NaN"]}`, with the elements in row-major
//! order. Each float is the shortest decimal that reads back as the same float. A float that JSON cannot
//! write is a string: `"NaN"`, `"inf"`, `"-inf"`. In binary formats, `data` holds little-endian bytes. The
//! weakness of a dtype is not saved.

use crate::array::Array;
use crate::display::{Elements, elements};
use kiln_backends::program::{ArrayType, DType, Limits, Shape};
use kiln_backends::{Buffer, Element};
use serde::de::{Deserialize, Deserializer, Error as _, SeqAccess, Visitor};
use serde::ser::{Error as _, Serialize, SerializeStruct, Serializer};
use std::fmt;

#[cfg(target_endian = "big")]
compile_error!(
    "files and saved arrays are little-endian, and written as elements stand in memory: kiln runs on little-endian machines only"
);

/// Writes an object of `dtype`, `shape` and `data`. It returns an error for an array that belongs to a trace.
///
/// ```
/// use kiln_core::{Array, numpy as np};
/// let text = serde_json::to_string(&np::array([[1.0, f64::NAN]]))?;
/// assert_eq!(text, r#"{"dtype":"float32","shape":[1,2],"data":[1.0,"NaN"]}"#);
/// let again: Array = serde_json::from_str(&text)?;
/// assert_eq!(again.to_string(), "[[ 1. nan]]");
/// # Ok::<(), serde_json::Error>(())
/// ```
impl Serialize for Array {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let buffer = self.try_buffer().map_err(S::Error::custom)?;
        let readable = serializer.is_human_readable();
        let mut fields = serializer.serialize_struct("Array", 3)?;
        fields.serialize_field("dtype", &buffer.array_type().dtype)?;
        fields.serialize_field("shape", &buffer.array_type().shape)?;
        match readable {
            true => fields.serialize_field("data", &Numbers(&buffer))?,
            false => fields.serialize_field("data", &Bytes(buffer.bytes()))?,
        }
        fields.end()
    }
}

struct Bytes<'a>(&'a [u8]);

impl Serialize for Bytes<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(self.0)
    }
}

struct Numbers<'a>(&'a Buffer);

impl Serialize for Numbers<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match elements(self.0) {
            Elements::Bool(x) => serializer.collect_seq(x),
            Elements::I8(x) => serializer.collect_seq(x),
            Elements::I16(x) => serializer.collect_seq(x),
            Elements::I32(x) => serializer.collect_seq(x),
            Elements::I64(x) => serializer.collect_seq(x),
            Elements::U8(x) => serializer.collect_seq(x),
            Elements::U16(x) => serializer.collect_seq(x),
            Elements::U32(x) => serializer.collect_seq(x),
            Elements::U64(x) => serializer.collect_seq(x),
            Elements::F32(x) => serializer.collect_seq(x.iter().map(|&x| Float(x))),
            Elements::F64(x) => serializer.collect_seq(x.iter().map(|&x| Float(x))),
        }
    }
}

/// A float, or its name if JSON cannot write it.
struct Float<T>(T);

impl<T: Copy + Into<f64> + Serialize> Serialize for Float<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.into() {
            x if x.is_finite() => self.0.serialize(serializer),
            x if x.is_nan() => serializer.serialize_str("NaN"),
            x if x > 0.0 => serializer.serialize_str("inf"),
            _ => serializer.serialize_str("-inf"),
        }
    }
}

/// Reads and checks an array: the bytes against [`Limits::bytes`], the number of elements against the shape,
/// and each element against the dtype.
///
/// A binary format that reads from a stream may allocate the claimed length before this code checks it. Set a
/// limit of bincode for a stream (`bincode::Options::with_limit`). From a slice, bincode reads no more than
/// the slice holds.
impl<'de> Deserialize<'de> for Array {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Array, D::Error> {
        #[derive(serde::Deserialize)]
        #[serde(rename = "Array", deny_unknown_fields)]
        struct Fields<T> {
            dtype: DType,
            shape: Shape,
            data: T,
        }
        let (of, read): (ArrayType, Result<Array, String>) = match deserializer.is_human_readable() {
            true => {
                let Fields { dtype, shape, data } = Fields::<Vec<Number>>::deserialize(deserializer)?;
                let of = ArrayType { dtype, shape };
                (of.clone(), from_numbers(of, &data))
            }
            false => {
                let Fields { dtype, shape, data } = Fields::<Raw>::deserialize(deserializer)?;
                let of = ArrayType { dtype, shape };
                (of.clone(), from_bytes(of, &data.0))
            }
        };
        read.map_err(|fact| D::Error::custom(format!("an array {of}: {fact}")))
    }
}

/// Returns the number of bytes of an array, if the limits allow it.
fn allowed(of: &ArrayType) -> Result<usize, String> {
    let limit = Limits::current().bytes;
    match of.checked_bytes() {
        None => Err("the shape has too many elements".into()),
        Some(n) if n as u64 > limit => Err(format!(
            "{n} bytes, more than {limit}: raise Limits::bytes by io::with_limits"
        )),
        Some(n) => Ok(n),
    }
}

fn from_bytes(of: ArrayType, bytes: &[u8]) -> Result<Array, String> {
    let n = allowed(&of)?;
    if n != bytes.len() {
        return Err(format!("{} bytes where {n} belong", bytes.len()));
    }
    if of.dtype == DType::Bool
        && let Some(other) = bytes.iter().find(|&&byte| byte > 1)
    {
        return Err(format!("a bool is 0 or 1, not {other}"));
    }
    let mut buffer = Buffer::zeros(of);
    buffer
        .bytes_mut()
        .expect("nobody else holds a new buffer")
        .copy_from_slice(bytes);
    Ok(Array::from_buffer(buffer))
}

fn from_numbers(of: ArrayType, numbers: &[Number]) -> Result<Array, String> {
    fn all<T: Element>(
        of: ArrayType,
        numbers: &[Number],
        element: impl Fn(Number) -> Option<T>,
    ) -> Result<Array, String> {
        let each = |(i, &number): (usize, &Number)| {
            element(number).ok_or_else(|| format!("element {i} is {number}, which is no {}", of.dtype))
        };
        let elements = numbers
            .iter()
            .enumerate()
            .map(each)
            .collect::<Result<Vec<T>, String>>()?;
        Ok(Array::from_buffer(Buffer::from_vec(elements, of.shape.clone())))
    }
    let n = allowed(&of)? / of.dtype.size();
    if n != numbers.len() {
        return Err(format!("{} elements where {n} belong", numbers.len()));
    }
    macro_rules! integers {
        ($type:ty) => {
            all::<$type>(of, numbers, |number| {
                <$type>::try_from(number.integer()?).ok()
            })
        };
    }
    match of.dtype {
        DType::Bool => all(of, numbers, |number| match number {
            Number::Bool(value) => Some(value),
            _ => None,
        }),
        DType::I8 => integers!(i8),
        DType::I16 => integers!(i16),
        DType::I32 => integers!(i32),
        DType::I64 => integers!(i64),
        DType::U8 => integers!(u8),
        DType::U16 => integers!(u16),
        DType::U32 => integers!(u32),
        DType::U64 => integers!(u64),
        DType::F32 => all(of, numbers, |number| {
            let wide = number.float()?;
            let narrow = wide as f32;
            (narrow.is_finite() || !wide.is_finite()).then_some(narrow)
        }),
        DType::F64 => all(of, numbers, Number::float),
    }
}

/// An element of the file, before it is checked against the dtype.
#[derive(Clone, Copy)]
enum Number {
    Bool(bool),
    Signed(i64),
    Unsigned(u64),
    Float(f64),
}

impl Number {
    fn integer(self) -> Option<i128> {
        match self {
            Number::Signed(n) => Some(n.into()),
            Number::Unsigned(n) => Some(n.into()),
            Number::Bool(_) | Number::Float(_) => None,
        }
    }

    fn float(self) -> Option<f64> {
        match self {
            Number::Signed(n) => Some(n as f64),
            Number::Unsigned(n) => Some(n as f64),
            Number::Float(x) => Some(x),
            Number::Bool(_) => None,
        }
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Number::Bool(value) => value.fmt(f),
            Number::Signed(n) => n.fmt(f),
            Number::Unsigned(n) => n.fmt(f),
            Number::Float(x) => write!(f, "{x:?}"),
        }
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Number, D::Error> {
        struct Written;
        impl Visitor<'_> for Written {
            type Value = Number;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number, a bool, \"NaN\", \"inf\" or \"-inf\"")
            }

            fn visit_bool<E>(self, value: bool) -> Result<Number, E> {
                Ok(Number::Bool(value))
            }

            fn visit_i64<E>(self, n: i64) -> Result<Number, E> {
                Ok(Number::Signed(n))
            }

            fn visit_u64<E>(self, n: u64) -> Result<Number, E> {
                Ok(Number::Unsigned(n))
            }

            fn visit_f64<E>(self, x: f64) -> Result<Number, E> {
                Ok(Number::Float(x))
            }

            fn visit_str<E: serde::de::Error>(self, name: &str) -> Result<Number, E> {
                match name {
                    "NaN" => Ok(Number::Float(f64::NAN)),
                    "inf" => Ok(Number::Float(f64::INFINITY)),
                    "-inf" => Ok(Number::Float(f64::NEG_INFINITY)),
                    _ => Err(E::invalid_value(serde::de::Unexpected::Str(name), &self)),
                }
            }
        }
        deserializer.deserialize_any(Written)
    }
}

/// Bytes of a binary format.
struct Raw(Vec<u8>);

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Raw, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = Raw;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the elements as bytes")
            }

            fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Raw, E> {
                Ok(Raw(bytes.to_vec()))
            }

            fn visit_byte_buf<E>(self, bytes: Vec<u8>) -> Result<Raw, E> {
                Ok(Raw(bytes))
            }

            // Some formats write bytes as a sequence.
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Raw, A::Error> {
                let mut bytes = Vec::new();
                while let Some(byte) = seq.next_element()? {
                    bytes.push(byte);
                }
                Ok(Raw(bytes))
            }
        }
        deserializer.deserialize_byte_buf(Read)
    }
}
