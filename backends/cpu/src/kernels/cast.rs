//! Conversions between dtypes.

use super::elementwise::Loop1;
use super::with_type;
use bytemuck::{cast_slice, cast_slice_mut};
use kiln_math::simd::map1;
use kiln_program::DType;

/// Converts as Rust's `as` does. A conversion to bool compares with zero.
pub(crate) fn cast(from: DType, to: DType) -> Loop1 {
    macro_rules! convert {
        ($from:ty as $to:ty) => {
            |x, out| map1(cast_slice(x), cast_slice_mut(out), |x: $from| x as $to)
        };
    }
    with_type!(from, T => match to {
        DType::Bool => |x, out| map1(cast_slice(x), out, |x: T| u8::from(x != T::default())),
        DType::I8 => convert!(T as i8),
        DType::I16 => convert!(T as i16),
        DType::I32 => convert!(T as i32),
        DType::I64 => convert!(T as i64),
        DType::U8 => convert!(T as u8),
        DType::U16 => convert!(T as u16),
        DType::U32 => convert!(T as u32),
        DType::U64 => convert!(T as u64),
        DType::F32 => convert!(T as f32),
        DType::F64 => convert!(T as f64),
    })
}
