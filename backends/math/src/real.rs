//! The operations on a float that the generic kernels need: arithmetic, and the bit tricks of
//! range reduction.
//!
//! Everything here is `#[inline(always)]`, branch-free and integer-light, so that a loop over it
//! becomes vector code in every version (AVX2 has no 64-bit arithmetic shift and no conversion
//! between 64-bit integers and floats: both are avoided by adding a large power of two instead).

use std::ops::{Add, Div, Mul, Neg, Rem, Sub};

pub(super) trait Real:
    Copy
    + PartialOrd
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Rem<Output = Self>
    + Neg<Output = Self>
    + 'static
{
    const INFINITY: Self;
    const NAN: Self;
    /// 1.5 * 2^(mantissa bits): adding it rounds to an integer, half to even, and leaves the integer
    /// in the low bits.
    const MAGIC: Self;

    /// Returns the nearest value; for constants.
    fn lit(v: f64) -> Self;
    /// Returns the number in the wider format.
    fn wide(self) -> f64;
    fn trunc(self) -> Self;
    /// Returns `self * b + c`, rounded once.
    fn fma(self, b: Self, c: Self) -> Self;
    fn abs(self) -> Self;
    fn sqrt(self) -> Self;
    /// Returns the magnitude of `self` (which has no sign bit) with the sign of `s`.
    fn with_sign_of(self, s: Self) -> Self;
    /// Returns `self`, negated if n mod 4 is 2 or 3, for t = n + MAGIC.
    fn negate_in_lower_half(self, t: Self) -> Self;
    /// Returns true if n is odd, for t = n + MAGIC.
    fn is_odd(t: Self) -> bool;
    /// 2^n for t = n + MAGIC, where 2^n is normal.
    fn pow2(t: Self) -> Self;
    /// Returns two normal powers of two whose product is 2^n, for t = n + MAGIC: multiplying by one and then
    /// the other overflows and underflows as it should, rounding once.
    fn pow2_pair(t: Self) -> (Self, Self);
    /// (k, m, 2^-k) with x = 2^k m and sqrt(1/2) <= m < sqrt(2), for finite positive x. The last is
    /// meaningful for -1000 < k < 1000 (f64; for f32 -120 < k < 120).
    fn split(self) -> (Self, Self, Self);
    /// (k, m) likewise, for normal x.
    fn split_normal(self) -> (Self, Self);
    /// (k, 2^(2-k)) with the k of [`Real::split`], for normal x.
    fn exponent(self) -> (Self, Self);
}

/// c[0] + c[1] x + ... by Horner's rule, fused.
#[inline(always)]
pub(super) fn horner<F: Real>(x: F, c: &[F]) -> F {
    strided(x, c, 0, 1)
}

/// Returns the terms of c from `start` in steps of `step`, as a polynomial in x.
#[inline(always)]
fn strided<F: Real>(x: F, c: &[F], start: usize, step: usize) -> F {
    let mut i = start + (c.len() - 1 - start) / step * step;
    let mut p = c[i];
    while i > start {
        i -= step;
        p = p.fma(x, c[i]);
    }
    p
}

/// c[0] + c[1] x + ... in two or four interleaved chains. Latency bounds a kernel, not the number of
/// operations, since a processor looks only some hundred operations ahead.
#[inline(always)]
pub(super) fn poly<F: Real>(x: F, c: &[F]) -> F {
    if c.len() < 4 {
        return horner(x, c);
    }
    let x2 = x * x;
    if c.len() < 8 {
        return strided(x2, c, 1, 2).fma(x, strided(x2, c, 0, 2));
    }
    let x4 = x2 * x2;
    let low = strided(x4, c, 1, 4).fma(x, strided(x4, c, 0, 4));
    let high = strided(x4, c, 3, 4).fma(x, strided(x4, c, 2, 4));
    high.fma(x2, low)
}

/// (s, e) with s = a + b rounded and s + e = a + b exactly, for |a| >= |b| or a = 0 (Dekker).
#[inline(always)]
pub(super) fn fast_two_sum<F: Real>(a: F, b: F) -> (F, F) {
    let s = a + b;
    (s, b - (s - a))
}

/// (s, e) with s = a + b rounded and s + e = a + b exactly (Knuth).
#[inline(always)]
pub(super) fn two_sum<F: Real>(a: F, b: F) -> (F, F) {
    let s = a + b;
    let bb = s - a;
    (s, (a - (s - bb)) + (b - bb))
}

/// (n + nl) / (d + dl) in one rounding, near enough (about 0.51 ulp), for |nl| << |n|, |dl| << |d|.
#[inline(always)]
pub(super) fn div_pair<F: Real>(n: F, nl: F, d: F, dl: F) -> F {
    let (q, e) = div_pair_parts(n, nl, d, dl);
    q + e
}

/// Returns the quotient of [`div_pair`] as a leading part and a correction. One division only.
#[inline(always)]
pub(super) fn div_pair_parts<F: Real>(n: F, nl: F, d: F, dl: F) -> (F, F) {
    let inv = F::lit(1.0) / d;
    let q = n * inv;
    // The remainder n - q d is exact.
    let rem = (-q).fma(d, n) + (-q).fma(dl, nl);
    (q, rem * inv)
}

macro_rules! impl_real {
    ($f:ident, $u:ident, $mant:literal, $bias:literal, $sign_shift:literal) => {
        impl Real for $f {
            const INFINITY: $f = $f::INFINITY;
            const NAN: $f = $f::NAN;
            const MAGIC: $f = ((3 as $u) << ($mant - 1)) as $f;

            #[inline(always)]
            fn lit(v: f64) -> $f {
                v as $f
            }
            #[inline(always)]
            fn wide(self) -> f64 {
                self as f64
            }
            #[inline(always)]
            fn trunc(self) -> $f {
                $f::trunc(self)
            }
            #[inline(always)]
            fn fma(self, b: $f, c: $f) -> $f {
                self.mul_add(b, c)
            }
            #[inline(always)]
            fn abs(self) -> $f {
                $f::from_bits(self.to_bits() & ($u::MAX >> 1))
            }
            #[inline(always)]
            fn sqrt(self) -> $f {
                $f::sqrt(self)
            }
            #[inline(always)]
            fn with_sign_of(self, s: $f) -> $f {
                $f::from_bits(self.to_bits() | (s.to_bits() & (1 << $sign_shift)))
            }
            #[inline(always)]
            fn negate_in_lower_half(self, t: $f) -> $f {
                $f::from_bits(self.to_bits() ^ ((t.to_bits() & 2) << ($sign_shift - 1)))
            }
            #[inline(always)]
            fn is_odd(t: $f) -> bool {
                t.to_bits() & 1 == 1
            }
            #[inline(always)]
            fn pow2(t: $f) -> $f {
                // The bits of MAGIC below the exponent and the shift drop out of the top.
                $f::from_bits(t.to_bits().wrapping_add($bias) << $mant)
            }
            #[inline(always)]
            fn pow2_pair(t: $f) -> ($f, $f) {
                // e = n + 2 bias is split into two biased exponents.
                let e = t
                    .to_bits()
                    .wrapping_sub(Self::MAGIC.to_bits())
                    .wrapping_add(2 * $bias);
                let e1 = e >> 1;
                let e2 = e.wrapping_sub(e1);
                ($f::from_bits(e1 << $mant), $f::from_bits(e2 << $mant))
            }
            #[inline(always)]
            fn split(self) -> ($f, $f, $f) {
                const UP: $f = ((1 as $u) << ($mant + 2)) as $f;
                let small = self < $f::MIN_POSITIVE;
                let (k, m) = (if small { self * UP } else { self }).split_normal();
                let inverse = Self::pow2(Self::MAGIC - k);
                (if small { k - ($mant + 2) as $f } else { k }, m, inverse)
            }
            #[inline(always)]
            fn split_normal(self) -> ($f, $f) {
                const ROOT: $u = std::$f::consts::FRAC_1_SQRT_2.to_bits();
                const ONE: $u = (1.0 as $f).to_bits();
                // The float 2^mant has unit spacing: an `or` of an integer into it converts the integer.
                const UNIT: $f = ((1 as $u) << $mant) as $f;
                let u = self.to_bits().wrapping_add(ONE - ROOT);
                let k = $f::from_bits((u >> $mant) | UNIT.to_bits()) - (UNIT + $bias as $f);
                let m = $f::from_bits((u & ((1 << $mant) - 1)).wrapping_add(ROOT));
                (k, m)
            }
            #[inline(always)]
            fn exponent(self) -> ($f, $f) {
                const ROOT: $u = std::$f::consts::FRAC_1_SQRT_2.to_bits();
                const ONE: $u = (1.0 as $f).to_bits();
                const UNIT: $f = ((1 as $u) << $mant) as $f;
                const EXPONENT: $u = $f::INFINITY.to_bits();
                let u = self.to_bits().wrapping_add(ONE - ROOT);
                let k = $f::from_bits((u >> $mant) | UNIT.to_bits()) - (UNIT + $bias as $f);
                const FOUR: $u = (2 * $bias + 2) << $mant;
                let inverse = FOUR.wrapping_sub(u & EXPONENT);
                (k, $f::from_bits(inverse))
            }
        }
    };
}

impl_real!(f32, u32, 23, 127, 31);
impl_real!(f64, u64, 52, 1023, 63);
