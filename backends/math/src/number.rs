//! The arithmetic of an element type.

use std::ops::{BitAnd, BitOr, BitXor, Not};

/// Arithmetic as the language defines it: integers wrap, division by zero returns XLA's result, and a maximum
/// with a NaN is NaN.
#[allow(missing_docs)]
pub trait Number: Copy + PartialOrd {
    const ZERO: Self;
    const ONE: Self;
    /// The least and the greatest value, the neutral elements of a maximum and a minimum.
    const LEAST: Self;
    const GREATEST: Self;
    /// True if sums, products, maxima and minima are the same in any order.
    const IS_ASSOCIATIVE: bool;
    fn add(self, other: Self) -> Self;
    fn sub(self, other: Self) -> Self;
    fn mul(self, other: Self) -> Self;
    fn div(self, other: Self) -> Self;
    fn max(self, other: Self) -> Self;
    fn min(self, other: Self) -> Self;
}

/// The operations that only integers have.
#[allow(missing_docs)]
pub trait Integer:
    Number + Not<Output = Self> + BitAnd<Output = Self> + BitOr<Output = Self> + BitXor<Output = Self>
{
    fn neg(self) -> Self;
    fn abs(self) -> Self;
    fn sign(self) -> Self;
    fn rem(self, other: Self) -> Self;
    fn pow(self, other: Self) -> Self;
    fn shl(self, other: Self) -> Self;
    fn shr(self, other: Self) -> Self;
}

macro_rules! integers {
    ($($t:ty: $u:ty),*) => {$(
        impl Number for $t {
            const ZERO: $t = 0;
            const ONE: $t = 1;
            const LEAST: $t = <$t>::MIN;
            const GREATEST: $t = <$t>::MAX;
            const IS_ASSOCIATIVE: bool = true;
            #[inline(always)]
            fn add(self, other: $t) -> $t {
                self.wrapping_add(other)
            }
            #[inline(always)]
            fn sub(self, other: $t) -> $t {
                self.wrapping_sub(other)
            }
            #[inline(always)]
            fn mul(self, other: $t) -> $t {
                self.wrapping_mul(other)
            }
            #[inline(always)]
            fn div(self, other: $t) -> $t {
                if other == 0 { !0 } else { self.wrapping_div(other) }
            }
            #[inline(always)]
            fn max(self, other: $t) -> $t {
                Ord::max(self, other)
            }
            #[inline(always)]
            fn min(self, other: $t) -> $t {
                Ord::min(self, other)
            }
        }

        impl Integer for $t {
            #[inline(always)]
            fn neg(self) -> $t {
                self.wrapping_neg()
            }
            // `ZERO` is used by its name: a comparison of an unsigned integer with a literal 0 is a lint.
            #[inline(always)]
            fn abs(self) -> $t {
                if self < Self::ZERO { self.wrapping_neg() } else { self }
            }
            #[inline(always)]
            fn sign(self) -> $t {
                if self < Self::ZERO { !0 } else { (self > 0) as $t }
            }
            #[inline(always)]
            fn rem(self, other: $t) -> $t {
                if other == 0 { self } else { self.wrapping_rem(other) }
            }
            #[inline]
            fn pow(self, other: $t) -> $t {
                let odd = other & 1 == 1;
                if other < Self::ZERO {
                    // 1 / self^|other|, truncated.
                    return if self == 1 || (self == !0 && !odd) { 1 } else if self == !0 { self } else { 0 };
                }
                let (mut base, mut exponent, mut power) = (self, other, 1 as $t);
                while exponent > 0 {
                    if exponent & 1 == 1 {
                        power = power.wrapping_mul(base);
                    }
                    base = base.wrapping_mul(base);
                    exponent >>= 1;
                }
                power
            }
            #[inline(always)]
            fn shl(self, other: $t) -> $t {
                // A negative shift is a huge unsigned one.
                if (other as $u) < <$t>::BITS as $u { self.wrapping_shl(other as u32) } else { 0 }
            }
            #[inline(always)]
            fn shr(self, other: $t) -> $t {
                let shift = Ord::min(other as $u, <$t>::BITS as $u - 1);
                let shifted = self.wrapping_shr(shift as u32);
                if <$t>::MIN == 0 && (other as $u) >= <$t>::BITS as $u { 0 } else { shifted }
            }
        }
    )*};
}

integers!(i8: u8, i16: u16, i32: u32, i64: u64, u8: u8, u16: u16, u32: u32, u64: u64);

macro_rules! floats {
    ($($t:ty),*) => {$(
        impl Number for $t {
            const ZERO: $t = 0.0;
            const ONE: $t = 1.0;
            const LEAST: $t = <$t>::NEG_INFINITY;
            const GREATEST: $t = <$t>::INFINITY;
            const IS_ASSOCIATIVE: bool = false;
            #[inline(always)]
            fn add(self, other: $t) -> $t {
                self + other
            }
            #[inline(always)]
            fn sub(self, other: $t) -> $t {
                self - other
            }
            #[inline(always)]
            fn mul(self, other: $t) -> $t {
                self * other
            }
            #[inline(always)]
            fn div(self, other: $t) -> $t {
                self / other
            }
            #[inline(always)]
            fn max(self, other: $t) -> $t {
                // The positive zero is the greater: equal numbers differ at most in the sign of zero.
                let equal = <$t>::from_bits(self.to_bits() & other.to_bits());
                let greater = if self > other || self.is_nan() { self } else { other };
                if self == other { equal } else { greater }
            }
            #[inline(always)]
            fn min(self, other: $t) -> $t {
                let equal = <$t>::from_bits(self.to_bits() | other.to_bits());
                let lesser = if self < other || self.is_nan() { self } else { other };
                if self == other { equal } else { lesser }
            }
        }
    )*};
}

floats!(f32, f64);
