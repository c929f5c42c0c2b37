//! x^y.
//!
//! f64: log x as a pair (relative error 2^-64) from s = f / (2 + f) as a pair and log m = 2s + s^3 (2/3 + s^2
//! M(s^2)); times y as a pair; exp of the pair. f32: the same in f64, unpaired: base 2, relative error of the
//! logarithm 2^-45 and of the power 2^-29. Minimax polynomials by Remez exchange.
//!
//! Six exponents have formulas of their own, chosen by the exponent's value, so that the result never depends
//! on whether the exponent was a scalar. 1/2 returns the square root, correctly rounded; 3/2 returns x
//! sqrt(x); 1, 2, 3 and -1 return products and the reciprocal.

use super::driver::Binary;
use super::exp::{ExpData, clamp, exp_of_sum};
use super::log::LogData;
use super::real::{Real, div_pair_parts, fast_two_sum, poly};

pub(super) struct Pow;

/// [`Pow`] for finite exponents other than the six.
pub(super) struct PowOfPlain;

/// log x for x > 0 as a pair.
#[inline(always)]
fn log_pair(x: f64) -> (f64, f64) {
    const THIRDS: (f64, f64) = (2.0 / 3.0, 3.700743415417188e-17);
    const M: &[f64] = &[
        0.39999999999999974,
        0.28571428571445295,
        0.22222222217490203,
        0.18181818876171787,
        0.1538455646094765,
        0.13336333529973216,
        0.11674485831688283,
        0.11991822656219897,
    ];
    let (k, m, _) = x.split();
    let f = m - 1.0;
    let (d, dl) = fast_two_sum(2.0, f);
    let (s, sl) = div_pair_parts(f, 0.0, d, dl);
    let (s, sl) = fast_two_sum(s, sl);
    let z = s * s;
    let zl = s.mul_add(s, -z) + 2.0 * s * sl;
    let cube = z * s;
    let cubel = z.mul_add(s, -cube) + zl.mul_add(s, z * sl);
    let (t, tl) = fast_two_sum(THIRDS.0, z * poly(z, M));
    let tl = tl + THIRDS.1;
    let p = cube * t;
    let pl = cube.mul_add(t, -p) + cube.mul_add(tl, cubel * t);
    let (a, al) = fast_two_sum(k * f64::LN2.0, 2.0 * s);
    let (b, bl) = fast_two_sum(a, p);
    let lo = k.mul_add(f64::LN2.1, al + bl) + (2.0 * sl + pl);
    fast_two_sum(b, lo)
}

/// |x|^y for finite positive x and any y but NaN.
trait Power: ExpData {
    fn power(self, y: Self) -> Self;
}

impl Power for f64 {
    #[inline(always)]
    fn power(self, y: f64) -> f64 {
        let (h, l) = log_pair(self);
        let p = y * h;
        let pl = y.mul_add(h, -p) + y * l;
        // Beyond the range the product may be infinite, and its error NaN.
        let inside = Real::abs(p) < 800.0;
        exp_of_sum(clamp(p, f64::RANGE), if inside { pl } else { 0.0 })
    }
}

impl Power for f32 {
    #[inline(always)]
    fn power(self, y: f32) -> f32 {
        /// log2(m) = s LOG2(s^2).
        const LOG2: &[f64] = &[
            2.885390081777849,
            0.9617966941152176,
            0.577077941771504,
            0.41220931678291106,
            0.3199028873849137,
            0.2829425313532788,
        ];
        /// 2^r, |r| <= 1/2.
        const EXP2: &[f64] = &[
            1.0000000005637848,
            0.6931472060405063,
            0.2402264684328394,
            0.05550328120133447,
            0.00961849194977119,
            0.001340019649753977,
            0.0001534555817983124,
        ];
        let (k, m) = (self as f64).split_normal();
        let f = m - 1.0;
        let s = f / (2.0 + f);
        let l = s.mul_add(poly(s * s, LOG2), k);
        let p = clamp(y as f64 * l, (-200.0, 200.0));
        let t = p + f64::MAGIC;
        let r = p - (t - f64::MAGIC);
        (poly(r, EXP2) * f64::pow2(t)) as f32
    }
}

/// C99's table around |x|^y: for a base that is not a positive number, and a finite power.
#[inline(always)]
fn general<F: Power>(x: F, y: F) -> F {
    let zero = F::lit(0.0);
    let one = F::lit(1.0);
    let half = F::lit(0.5);
    let a = x.abs();
    let v = a.power(y);
    let limit = if (a == zero) == (y < zero) {
        F::INFINITY
    } else {
        zero
    };
    let v = if a == zero || a == F::INFINITY { limit } else { v };
    // Also 1^infinity.
    let v = if a == one { one } else { v };
    let integer = y.trunc() == y;
    let odd = integer && (y * half).trunc() != y * half;
    let v = if odd { v.with_sign_of(x) } else { v };
    let v = if x < zero && a < F::INFINITY && !integer {
        F::NAN
    } else {
        v
    };
    let v = if a <= F::INFINITY { v } else { x };
    let v = if y.abs() <= F::INFINITY { v } else { y };
    if y == zero || x == one { one } else { v }
}

/// x^y for one of the exponents that [`is_special`] knows.
#[inline(always)]
pub(super) fn special<F: Real>(x: F, y: F) -> F {
    if y == F::lit(0.5) {
        root(x)
    } else if y == F::lit(1.5) {
        root_cubed(x)
    } else if y == F::lit(2.0) {
        x * x
    } else if y == F::lit(3.0) {
        cube(x)
    } else if y == F::lit(1.0) {
        x
    } else {
        F::lit(1.0) / x
    }
}

/// x^(1/2): sqrt except for -0 and -infinity.
#[inline(always)]
pub(super) fn root<F: Real>(x: F) -> F {
    // -0 + 0 is 0.
    let v = x.sqrt() + F::lit(0.0);
    if x == -F::INFINITY { F::INFINITY } else { v }
}

/// x^(3/2).
#[inline(always)]
pub(super) fn root_cubed<F: Real>(x: F) -> F {
    let v = x * x.sqrt();
    if x == -F::INFINITY { F::INFINITY } else { v }
}

#[inline(always)]
pub(super) fn cube<F: Real>(x: F) -> F {
    x * x * x
}

#[inline(always)]
pub(super) fn is_special<F: Real>(y: F) -> bool {
    (y == F::lit(0.5))
        | (y == F::lit(1.5))
        | (y == F::lit(2.0))
        | (y == F::lit(3.0))
        | (y == F::lit(1.0))
        | (y == F::lit(-1.0))
}

macro_rules! impl_pow {
    ($f:ident, $mant:literal) => {
        impl Binary<$f> for Pow {
            const HAS_RARE: bool = true;
            #[inline(always)]
            fn fast(x: $f, y: $f) -> $f {
                x.power(y)
            }
            /// Bases that are not finite and positive, and exponents of at most two significant bits: all the
            /// special ones, zero and infinity, and a few more, which only take longer.
            #[inline(always)]
            fn is_rare(x: $f, y: $f) -> bool {
                let few_bits = y.to_bits() & ((1 << ($mant - 1)) - 1) == 0;
                few_bits | <PowOfPlain as Binary<$f>>::is_rare(x, y)
            }
            const RARE_IS_VECTOR: bool = true;
            #[inline(always)]
            fn rare(x: $f, y: $f) -> $f {
                if is_special(y) {
                    special(x, y)
                } else {
                    general(x, y)
                }
            }
        }

        impl Binary<$f> for PowOfPlain {
            const HAS_RARE: bool = true;
            #[inline(always)]
            fn fast(x: $f, y: $f) -> $f {
                x.power(y)
            }
            #[inline(always)]
            fn is_rare(x: $f, _: $f) -> bool {
                // Zero, infinity, NaN and everything negative, in one comparison.
                x.to_bits().wrapping_sub(1) >= $f::INFINITY.to_bits() - 1
            }
            const RARE_IS_VECTOR: bool = true;
            #[inline(always)]
            fn rare(x: $f, y: $f) -> $f {
                general(x, y)
            }
        }
    };
}

impl_pow!(f32, 23);
impl_pow!(f64, 52);
