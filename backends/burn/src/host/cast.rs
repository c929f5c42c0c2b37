//! Conversions between dtypes: Rust's `as` truncates and saturates floats, turns NaN to 0 and wraps
//! integers, as XLA does.

use super::{map, with_integer, with_type};
use burn_backend::TensorData;
use kiln_program::DType;

/// Returns the elements in another dtype.
pub(crate) fn cast(x: &TensorData, from: DType, to: DType) -> TensorData {
    macro_rules! number {
        ($T:ty) => {
            match to {
                DType::Bool => map::<$T, _>(x, |x| x != 0 as $T),
                DType::F32 => map::<$T, _>(x, |x| x as f32),
                DType::F64 => map::<$T, _>(x, |x| x as f64),
                to => with_integer!(to, U => map::<$T, U>(x, |x| x as U)),
            }
        };
    }
    match from {
        DType::Bool => with_type!(to, T => map(x, |x: bool| {
            if x { <T as super::element::Element>::ONE } else { <T as super::element::Element>::ZERO }
        })),
        DType::F32 => number!(f32),
        DType::F64 => number!(f64),
        from => with_integer!(from, T => number!(T)),
    }
}
