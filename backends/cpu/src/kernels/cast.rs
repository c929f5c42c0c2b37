//! Conversions between dtypes.

use super::elementwise::Loop1;
use super::with_type;
use bytemuck::{cast_slice, cast_slice_mut};
use kiln_math::simd::map1;
use kiln_program::{DType, with_integer};

/// Converts as Rust's `as` does. A conversion to bool compares with zero.
pub(crate) fn cast(from: DType, to: DType) -> Loop1 {
    macro_rules! convert {
        ($from:ty as $to:ty) => {
            |x, out| map1(cast_slice(x), cast_slice_mut(out), |x: $from| x as $to)
        };
    }
    with_type!(from, T => match to {
        DType::Bool => |x, out| map1(cast_slice(x), out, |x: T| u8::from(x != T::default())),
        DType::F32 => convert!(T as f32),
        DType::F64 => convert!(T as f64),
        to => with_integer!(to, U => convert!(T as U)),
    })
}
