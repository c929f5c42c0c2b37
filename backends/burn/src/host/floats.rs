//! Functions of floats, with the bits of the CPU engine.

use super::element::Element;
use kiln_math::Math;
use kiln_program::{Binary, Unary};

/// A float type.
pub(crate) trait Float: Element + Math {
    /// Returns `x * y + z`, rounded once.
    fn mul_add(self, y: Self, z: Self) -> Self;
}

impl Float for f32 {
    fn mul_add(self, y: f32, z: f32) -> f32 {
        f32::mul_add(self, y, z)
    }
}

impl Float for f64 {
    fn mul_add(self, y: f64, z: f64) -> f64 {
        f64::mul_add(self, y, z)
    }
}

macro_rules! functions {
    (
        unary { $($(#[$unary_doc:meta])* $unary_name:ident = $unary_file:ident::$unary:ident;)* }
        binary { $($(#[$binary_doc:meta])* $binary_name:ident = $binary_file:ident::$binary:ident;)* }
    ) => {
        /// Returns the function of one operand.
        pub(crate) fn unary<T: Float>(f: Unary) -> fn(&[T], &mut [T]) {
            match f {
                $(Unary::$unary => T::$unary_name,)*
                Unary::Not => panic!("not is not defined for floats"),
            }
        }

        /// Returns the function of two operands, if Burn lacks it or treats zeros, NaN or infinities
        /// otherwise.
        pub(crate) fn binary<T: Float>(f: Binary) -> Option<fn(&[T], &[T], &mut [T])> {
            Some(match f {
                $(Binary::$binary => T::$binary_name,)*
                Binary::Max => |x, y, out| each(x, y, out, T::greater),
                Binary::Min => |x, y, out| each(x, y, out, T::lesser),
                _ => return None,
            })
        }
    };
}
kiln_math::float_functions!(functions);

fn each<T: Copy>(x: &[T], y: &[T], out: &mut [T], f: fn(T, T) -> T) {
    for ((&x, &y), out) in x.iter().zip(y).zip(out) {
        *out = f(x, y);
    }
}
