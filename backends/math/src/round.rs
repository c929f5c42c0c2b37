//! Rounding to integers, signs, and the remainder of C: exact operations.

use super::driver::{Binary, Unary};
use super::real::Real;

macro_rules! from_std {
    ($(#[$doc:meta] $name:ident: $method:ident;)*) => {$(
        #[$doc]
        pub(super) struct $name;
        impl Unary<f32> for $name {
            #[inline(always)]
            fn fast(x: f32) -> f32 {
                x.$method()
            }
        }
        impl Unary<f64> for $name {
            #[inline(always)]
            fn fast(x: f64) -> f64 {
                x.$method()
            }
        }
    )*};
}

from_std! {
    /// Towards minus infinity.
    Floor: floor;
    /// Towards infinity.
    Ceil: ceil;
    /// To the nearest, half to even.
    Round: round_ties_even;
    /// Towards zero.
    Trunc: trunc;
}

pub(super) struct Abs;
impl<F: Real> Unary<F> for Abs {
    #[inline(always)]
    fn fast(x: F) -> F {
        x.abs()
    }
}

pub(super) struct Neg;
impl<F: Real> Unary<F> for Neg {
    #[inline(always)]
    fn fast(x: F) -> F {
        -x
    }
}

/// -1, 1, or the argument itself: a zero with its sign, or NaN.
pub(super) struct Sign;
impl<F: Real> Unary<F> for Sign {
    #[inline(always)]
    fn fast(x: F) -> F {
        let zero = F::lit(0.0);
        let s = if x > zero { F::lit(1.0) } else { x };
        if x < zero { F::lit(-1.0) } else { s }
    }
}

pub(super) trait RemData: Real {
    /// Quotients below this have a rounding error below 1/4.
    const QUOTIENT: Self;
}

impl RemData for f32 {
    const QUOTIENT: f32 = 2097152.0;
}

impl RemData for f64 {
    const QUOTIENT: f64 = 1125899906842624.0;
}

/// x - y trunc(x / y), with the sign of x. With q the nearest integer to |x/y| the remainder r is exact
/// in one fused multiply-add (a multiple of the last bit of y, or of x, below |y|), and so is r + |y|.
pub(super) struct Rem;
impl<F: RemData> Binary<F> for Rem {
    type Scratch = ();
    const HAS_RARE: bool = true;
    #[inline(always)]
    fn fast(x: F, y: F) -> F {
        let (a, b) = (x.abs(), y.abs());
        let q = (a / b + F::MAGIC) - F::MAGIC;
        let r = (-q).fma(b, a);
        let r = if r < F::lit(0.0) { r + b } else { r };
        // fma(-1, b, b) is +0, and r has no sign otherwise.
        r.with_sign_of(x)
    }
    #[inline(always)]
    fn is_rare(x: F, y: F) -> bool {
        let (a, b) = (x.abs(), y.abs());
        !(a / b < F::QUOTIENT && b < F::INFINITY)
    }
    fn rare(x: F, y: F) -> F {
        x % y
    }
}
