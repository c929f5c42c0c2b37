//! Conversions between dtypes: Rust's `as` truncates and saturates floats, turns NaN to 0 and wraps
//! integers, as XLA does.

use super::{map, with_type};
use burn_backend::TensorData;
use kiln_program::DType;

/// The elements in another dtype.
pub(crate) fn cast(x: &TensorData, from: DType, to: DType) -> TensorData {
    macro_rules! number {
        ($T:ty) => {
            match to {
                DType::Bool => map::<$T, _>(x, |x| x != 0 as $T),
                DType::I8 => map::<$T, _>(x, |x| x as i8),
                DType::I16 => map::<$T, _>(x, |x| x as i16),
                DType::I32 => map::<$T, _>(x, |x| x as i32),
                DType::I64 => map::<$T, _>(x, |x| x as i64),
                DType::U8 => map::<$T, _>(x, |x| x as u8),
                DType::U16 => map::<$T, _>(x, |x| x as u16),
                DType::U32 => map::<$T, _>(x, |x| x as u32),
                DType::U64 => map::<$T, _>(x, |x| x as u64),
                DType::F32 => map::<$T, _>(x, |x| x as f32),
                DType::F64 => map::<$T, _>(x, |x| x as f64),
            }
        };
    }
    match from {
        DType::Bool => with_type!(to, T => map(x, |x: bool| {
            if x { <T as super::element::Element>::ONE } else { <T as super::element::Element>::ZERO }
        })),
        DType::I8 => number!(i8),
        DType::I16 => number!(i16),
        DType::I32 => number!(i32),
        DType::I64 => number!(i64),
        DType::U8 => number!(u8),
        DType::U16 => number!(u16),
        DType::U32 => number!(u32),
        DType::U64 => number!(u64),
        DType::F32 => number!(f32),
        DType::F64 => number!(f64),
    }
}
