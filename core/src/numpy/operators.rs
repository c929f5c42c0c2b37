//! The operators, for every mix of arrays, references to arrays and plain numbers.
//!
//! The right operand is one generic implementation, and a number on the left is an `f64` or an `i32`. So Rust
//! infers the type of `(2 * &x).cos()`.

use super::elementwise::named;
use crate::array::Array;
use std::ops;

macro_rules! operators {
    ($($trait:ident $method:ident $assign_trait:ident $assign_method:ident $function:ident),*) => {$(
        impl<R: Into<Array>> ops::$trait<R> for Array {
            type Output = Array;
            #[track_caller]
            fn $method(self, right: R) -> Array {
                named::$function(self, right)
            }
        }

        impl<R: Into<Array>> ops::$trait<R> for &Array {
            type Output = Array;
            #[track_caller]
            fn $method(self, right: R) -> Array {
                named::$function(self, right)
            }
        }

        operators!(@left $trait $method $function f64 Array);
        operators!(@left $trait $method $function f64 &Array);
        operators!(@left $trait $method $function i32 Array);
        operators!(@left $trait $method $function i32 &Array);

        /// Replaces the array by the result. Clones of the array keep the old elements.
        impl<R: Into<Array>> ops::$assign_trait<R> for Array {
            #[track_caller]
            fn $assign_method(&mut self, right: R) {
                // The old handle is kept during the call, so a panic loses nothing.
                *self = named::$function(&*self, right);
            }
        }
    )*};
    (@left $trait:ident $method:ident $function:ident $number:ident $($array:tt)+) => {
        impl ops::$trait<$($array)+> for $number {
            type Output = Array;
            #[track_caller]
            fn $method(self, right: $($array)+) -> Array {
                named::$function(self, right)
            }
        }
    };
}

operators!(
    Add add AddAssign add_assign add,
    Sub sub SubAssign sub_assign subtract,
    Mul mul MulAssign mul_assign multiply,
    Div div DivAssign div_assign divide,
    Rem rem RemAssign rem_assign remainder,
    BitAnd bitand BitAndAssign bitand_assign bitwise_and,
    BitOr bitor BitOrAssign bitor_assign bitwise_or,
    BitXor bitxor BitXorAssign bitxor_assign bitwise_xor,
    Shl shl ShlAssign shl_assign left_shift,
    Shr shr ShrAssign shr_assign right_shift
);

macro_rules! prefixes {
    ($($trait:ident $method:ident $function:ident),*) => {$(
        impl ops::$trait for Array {
            type Output = Array;
            #[track_caller]
            fn $method(self) -> Array {
                named::$function(self)
            }
        }

        impl ops::$trait for &Array {
            type Output = Array;
            #[track_caller]
            fn $method(self) -> Array {
                named::$function(self)
            }
        }
    )*};
}

prefixes!(Neg neg negative, Not not bitwise_not);
