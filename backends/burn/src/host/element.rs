//! The operations on elements that reductions, scatters and sorts need.

use kiln_math::Number;

/// A number or bool as arrays hold it.
pub(crate) trait Element: burn_backend::Element + Copy + PartialOrd + Send + Sync {
    const ZERO: Self;
    const ONE: Self;
    /// Below everything: the start value of `max`.
    const LEAST: Self;
    /// Above everything: the start value of `min`.
    const GREATEST: Self;

    /// Returns the sum, wrapping; for bools, or.
    fn plus(self, other: Self) -> Self;
    /// Returns the product, wrapping; for bools, and.
    fn times(self, other: Self) -> Self;
    /// Returns the greater; NaN if either is NaN.
    fn greater(self, other: Self) -> Self;
    /// Returns the lesser; NaN if either is NaN.
    fn lesser(self, other: Self) -> Self;
    fn is_nan(self) -> bool {
        false
    }
    /// Returns an integer with the order of sorts: NaN last, zeros equal.
    fn key(self) -> u64;
    /// Returns the number as an index. Numbers beyond `i64` become the greatest.
    fn index(self) -> i64;
    /// Returns the number of an index.
    fn from_index(index: usize) -> Self;
}

macro_rules! integer_element {
    ($($T:ty, $bias:expr;)*) => { $(
        impl Element for $T {
            const ZERO: $T = 0;
            const ONE: $T = 1;
            const LEAST: $T = <$T>::MIN;
            const GREATEST: $T = <$T>::MAX;

            fn plus(self, other: $T) -> $T { self.wrapping_add(other) }
            fn times(self, other: $T) -> $T { self.wrapping_mul(other) }
            fn greater(self, other: $T) -> $T { Number::max(self, other) }
            fn lesser(self, other: $T) -> $T { Number::min(self, other) }
            // A flip of the sign bit turns the order of signed integers to that of unsigned ones.
            fn key(self) -> u64 { (self as i64 as u64) ^ $bias }
            #[allow(irrefutable_let_patterns)]
            fn index(self) -> i64 { i64::try_from(self).unwrap_or(i64::MAX) }
            fn from_index(index: usize) -> $T { index as $T }
        }
    )* };
}

integer_element! {
    i8, 1 << 63; i16, 1 << 63; i32, 1 << 63; i64, 1 << 63;
    u8, 0; u16, 0; u32, 0; u64, 0;
}

macro_rules! float_element {
    ($($T:ty, $bits:ty, $signed:ty;)*) => { $(
        impl Element for $T {
            const ZERO: $T = 0.0;
            const ONE: $T = 1.0;
            const LEAST: $T = <$T>::NEG_INFINITY;
            const GREATEST: $T = <$T>::INFINITY;

            fn plus(self, other: $T) -> $T { self + other }
            fn times(self, other: $T) -> $T { self * other }
            fn greater(self, other: $T) -> $T { Number::max(self, other) }
            fn lesser(self, other: $T) -> $T { Number::min(self, other) }
            fn is_nan(self) -> bool { self != self }
            fn key(self) -> u64 {
                if self.is_nan() {
                    return u64::from(<$bits>::MAX);
                }
                // The sum with 0.0 makes -0.0 positive. Negative numbers then descend by their bits,
                // positive ones ascend.
                let bits = (self + 0.0).to_bits();
                let sign = <$bits>::BITS - 1;
                u64::from(bits ^ (((bits as $signed) >> sign) as $bits | 1 << sign))
            }
            fn index(self) -> i64 { self as i64 }
            fn from_index(index: usize) -> $T { index as $T }
        }
    )* };
}

float_element! { f32, u32, i32; f64, u64, i64; }

impl Element for bool {
    const ZERO: bool = false;
    const ONE: bool = true;
    const LEAST: bool = false;
    const GREATEST: bool = true;

    fn plus(self, other: bool) -> bool {
        self | other
    }
    fn times(self, other: bool) -> bool {
        self & other
    }
    fn greater(self, other: bool) -> bool {
        self | other
    }
    fn lesser(self, other: bool) -> bool {
        self & other
    }
    fn key(self) -> u64 {
        u64::from(self)
    }
    fn index(self) -> i64 {
        i64::from(self)
    }
    fn from_index(index: usize) -> bool {
        index != 0
    }
}
