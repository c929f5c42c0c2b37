//! Integer arithmetic as XLA defines it: everything wraps, and nothing panics.

use kiln_program::{Binary, Unary};

/// An integer type's functions.
pub(crate) trait Integer: super::element::Element {
    /// The function of one operand, if it is defined for integers.
    fn unary(f: Unary) -> fn(Self) -> Self;
    /// The function of two operands, if it is defined for integers.
    fn binary(f: Binary) -> fn(Self, Self) -> Self;
}

/// `x` to the power `y` by squaring. A negative exponent returns the truncated reciprocal: 0, 1 or -1.
macro_rules! power {
    ($T:ty) => {
        |x: $T, y: $T| {
            // A constant, since a comparison of an unsigned integer with a literal zero is a lint.
            const ZERO: $T = 0;
            if y < ZERO {
                // All bits set is -1, whose powers are their own reciprocals.
                return if x == 1 || x == !ZERO && y & 1 == 0 {
                    1
                } else if x == !ZERO {
                    x
                } else {
                    0
                };
            }
            let (mut base, mut exponent, mut product) = (x, y, 1 as $T);
            while exponent > 0 {
                if exponent & 1 == 1 {
                    product = product.wrapping_mul(base);
                }
                base = base.wrapping_mul(base);
                exponent >>= 1;
            }
            product
        }
    };
}

macro_rules! integer {
    ($($T:ident: $abs:expr, $sign:expr;)*) => { $(
        impl Integer for $T {
            fn unary(f: Unary) -> fn($T) -> $T {
                match f {
                    Unary::Neg => <$T>::wrapping_neg,
                    Unary::Abs => $abs,
                    Unary::Sign => $sign,
                    Unary::Not => |x| !x,
                    _ => panic!("{f:?} is not defined for integers"),
                }
            }

            fn binary(f: Binary) -> fn($T, $T) -> $T {
                match f {
                    Binary::Add => <$T>::wrapping_add,
                    Binary::Sub => <$T>::wrapping_sub,
                    Binary::Mul => <$T>::wrapping_mul,
                    Binary::Div => |x, y| if y == 0 { !0 } else { x.wrapping_div(y) },
                    Binary::Rem => |x, y| if y == 0 { x } else { x.wrapping_rem(y) },
                    Binary::Pow => power!($T),
                    Binary::Max => |x, y| x.max(y),
                    Binary::Min => |x, y| x.min(y),
                    Binary::And => |x, y| x & y,
                    Binary::Or => |x, y| x | y,
                    Binary::Xor => |x, y| x ^ y,
                    // A negative shift, read as unsigned, is beyond the width too.
                    Binary::Shl => |x, y| {
                        u32::try_from(y).ok().and_then(|y| x.checked_shl(y)).unwrap_or(0)
                    },
                    Binary::Shr => |x, y| {
                        let last = <$T>::BITS - 1;
                        let shifted = u32::try_from(y).ok().and_then(|y| x.checked_shr(y));
                        shifted.unwrap_or(if <$T>::MIN == 0 { 0 } else { x >> last })
                    },
                    Binary::Atan2 | Binary::Hypot => panic!("{f:?} is not defined for integers"),
                }
            }
        }
    )* };
}

integer! {
    i8: i8::wrapping_abs, i8::signum; i16: i16::wrapping_abs, i16::signum;
    i32: i32::wrapping_abs, i32::signum; i64: i64::wrapping_abs, i64::signum;
    u8: |x| x, |x| x.min(1); u16: |x| x, |x| x.min(1); u32: |x| x, |x| x.min(1); u64: |x| x, |x| x.min(1);
}
