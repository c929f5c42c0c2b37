//! Conversions between dtypes.

use super::with_type;
use crate::simd::map1;
use bytemuck::{Pod, cast_slice, cast_slice_mut};
use kiln_program::DType;

/// Converts as Rust's `as` does, to bool by comparing with zero.
pub(crate) fn cast(from: DType, to: DType, x: &[u8], out: &mut [u8]) {
    with_type!(from, T => {
        let x: &[T] = cast_slice(x);
        match to {
            DType::Bool => map1(x, out, |x| u8::from(x != T::default())),
            DType::I8 => convert(x, out, |x| x as i8),
            DType::I16 => convert(x, out, |x| x as i16),
            DType::I32 => convert(x, out, |x| x as i32),
            DType::I64 => convert(x, out, |x| x as i64),
            DType::U8 => convert(x, out, |x| x as u8),
            DType::U16 => convert(x, out, |x| x as u16),
            DType::U32 => convert(x, out, |x| x as u32),
            DType::U64 => convert(x, out, |x| x as u64),
            DType::F32 => convert(x, out, |x| x as f32),
            DType::F64 => convert(x, out, |x| x as f64),
        }
    });
}

fn convert<T: Pod, U: Pod>(x: &[T], out: &mut [u8], f: impl Fn(T) -> U) {
    map1(x, cast_slice_mut(out), f);
}
