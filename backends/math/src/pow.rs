//! x^y.
//!
//! f64: log x as a pair (relative error 2^-64) from s = f / (2 + f) as a pair and log m = 2s + s^3 (2/3 + s^2
//! M(s^2)); times y as a pair; exp of the pair. f32: the same in f64, unpaired: base 2, relative error of the
//! logarithm 2^-37 and of the power 2^-29. Minimax polynomials by Remez exchange.
//!
//! Denormal bases are rare arguments: they are scaled to normal ones.
//!
//! Six exponents have formulas of their own, chosen by the exponent's value, so that the result never depends
//! on whether the exponent was a scalar. 1/2 returns the square root, correctly rounded; 3/2 returns x
//! sqrt(x); 1, 2, 3 and -1 return products and the reciprocal.

use super::driver::{Binary, PAIRS};
use super::exp::{ExpData, clamp};
use super::log::LogData;
use super::real::{Real, fast_two_sum, horner};

pub(super) struct Pow;

/// [`Pow`] for finite exponents other than the six.
pub(super) struct PowOfPlain;

/// (k, s, sl) with x = 2^k m, f = m - 1 and s + sl = f / (2 + f), for normal x.
#[inline(always)]
fn quotient(x: f64) -> (f64, f64, f64) {
    let (k, m) = x.split_normal();
    let f = m - 1.0;
    let (d, dl) = fast_two_sum(2.0, f);
    let inverse = 1.0 / d;
    let s = f * inverse;
    let rest = (-s).mul_add(dl, (-s).mul_add(d, f));
    (k, s, rest * inverse)
}

/// log x as a pair, from the [`quotient`]. The second part may be 2^-40 of the first.
#[inline(always)]
fn log_pair((k, s, sl): (f64, f64, f64)) -> (f64, f64) {
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
    let twice = s + s;
    let z = s * s;
    let cube = z * s;
    let cubel = s.mul_add(s.mul_add(s, -z), z.mul_add(s, -cube));
    let m = horner(z, M);
    let t = z.mul_add(m, THIRDS.0);
    let tl = z.mul_add(m, THIRDS.0 - t) + THIRDS.1;
    let p = cube * t;
    let pl = cubel.mul_add(t, cube.mul_add(tl, cube.mul_add(t, -p)));
    // The products of k and the first part of ln 2 are exact.
    let a = k.mul_add(f64::LN2.0, twice);
    let al = twice - k.mul_add(-f64::LN2.0, a);
    let (b, bl) = fast_two_sum(a, p);
    // The slope of log m in s is 2 (1 + s^2 + s^4 + ...).
    let sl = sl.mul_add(z.mul_add(z.mul_add(2.0, 2.0), 2.0), pl);
    (b, k.mul_add(f64::LN2.1, al + bl) + sl)
}

/// Powers of positive normal numbers.
trait Power: ExpData {
    const MIN_POSITIVE: Self;
    /// The exponent of a power of two that makes denormals normal.
    const UP: Self;
    /// (2^shift x)^y for normal x and any y but NaN.
    fn power(self, shift: Self, y: Self) -> Self;
    /// Computes the powers of a block of normal numbers, in stages.
    fn powers<const N: usize>(x: &[Self; N], y: &[Self; N], out: &mut [Self; N], scratch: &mut Scratch<Self>);
}

/// The arrays between the stages. They are aligned: vectors that cross lines of the cache are slower.
#[repr(align(64))]
pub(super) struct Scratch<F> {
    a: [F; PAIRS],
    b: [F; PAIRS],
    c: [f64; PAIRS],
}

impl<F: Real> Default for Scratch<F> {
    #[inline(always)]
    fn default() -> Self {
        let zero = F::lit(0.0);
        Scratch {
            a: [zero; PAIRS],
            b: [zero; PAIRS],
            c: [0.0; PAIRS],
        }
    }
}

impl<F> Scratch<F> {
    /// Returns the first N elements of each array.
    #[inline(always)]
    fn heads<const N: usize>(&mut self) -> (&mut [F; N], &mut [F; N], &mut [f64; N]) {
        const { assert!(N <= PAIRS) };
        let (a, b, c) = (&mut self.a, &mut self.b, &mut self.c);
        match (a.first_chunk_mut(), b.first_chunk_mut(), c.first_chunk_mut()) {
            (Some(a), Some(b), Some(c)) => (a, b, c),
            _ => unreachable!("no block is longer than PAIRS"),
        }
    }
}

/// exp of y times the pair h + l.
#[inline(always)]
fn exp_of_product(y: f64, (h, l): (f64, f64)) -> f64 {
    let p = y * h;
    let pl = y.mul_add(l, y.mul_add(h, -p));
    // Beyond the range of exp the product may be infinite and its error NaN: any small number will do.
    let pl = if pl > -0.01 { pl } else { -0.01 };
    let pl = if pl < 0.01 { pl } else { 0.01 };
    let p = clamp(p, f64::RANGE);
    let t = p.mul_add(std::f64::consts::LOG2_E, f64::MAGIC);
    let n = t - f64::MAGIC;
    let r = n.mul_add(-f64::LN2_HI, p);
    let lo = n.mul_add(-f64::LN2_LO, pl);
    // exp(r + lo) is 1 + r + r^2 Q + lo exp(r).
    let (r2, q) = (r * r, horner(r, f64::Q));
    let lo = lo.mul_add(r2.mul_add(q, r), lo);
    let w = r + r2.mul_add(q, lo);
    let (s1, s2) = f64::pow2_pair(t);
    (1.0 + w) * s1 * s2
}

impl Power for f64 {
    const MIN_POSITIVE: f64 = f64::MIN_POSITIVE;
    const UP: f64 = 54.0;
    #[inline(always)]
    fn power(self, shift: f64, y: f64) -> f64 {
        let (k, s, sl) = quotient(self);
        exp_of_product(y, log_pair((k + shift, s, sl)))
    }
    #[inline(always)]
    fn powers<const N: usize>(x: &[f64; N], y: &[f64; N], out: &mut [f64; N], scratch: &mut Scratch<f64>) {
        let (k, h, l) = scratch.heads::<N>();
        for i in 0..N {
            (k[i], h[i], l[i]) = quotient(x[i]);
        }
        for i in 0..N {
            (h[i], l[i]) = log_pair((k[i], h[i], l[i]));
        }
        for i in 0..N {
            out[i] = exp_of_product(y[i], (h[i], l[i]));
        }
    }
}

/// (k, f, s) with x = 2^k (1 + f) and s = f / (2 + f) to 2^-19, for normal x.
#[inline(always)]
fn quotient_of_single(x: f32) -> (f32, f32, f32) {
    const QUOTIENT: &[f32] = &[0.49997696, -0.24998042, 0.12590915, -0.06389522, 0.02436565];
    let (k, m) = x.split_normal();
    let f = m - 1.0;
    (k, f, f * horner(f, QUOTIENT))
}

/// log2(x) from [`quotient_of_single`]. A step of Newton's makes the quotient exact to 2^-38.
#[inline(always)]
fn log2_of_single((k, f, s): (f32, f32, f32)) -> f64 {
    /// log2(m) = t LOG2(t^2) with t = 2s.
    const LOG2: &[f64] = &[
        1.44269504089504,
        0.12022458416877116,
        0.018033861976858422,
        0.0032161939619143065,
        0.0006654843909260183,
    ];
    let (k, f, s) = (f64::from(k), f64::from(f), f64::from(s));
    // 1 - s is 2 / (2 + f).
    let t = (-f).mul_add(s, f);
    let t = t.mul_add(t.mul_add(-0.5, s), t);
    t.mul_add(horner(t * t, LOG2), k)
}

/// 2^(y l), rounded to f32.
#[inline(always)]
fn exp2_to_single(y: f32, l: f64) -> f32 {
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
    let p = clamp(f64::from(y) * l, (-200.0, 200.0));
    let t = p + f64::MAGIC;
    let r = p - (t - f64::MAGIC);
    // n is in the low bits of t: the shift moves it to the exponent's.
    f64::from_bits(horner(r, EXP2).to_bits().wrapping_add(t.to_bits() << 52)) as f32
}

impl Power for f32 {
    const MIN_POSITIVE: f32 = f32::MIN_POSITIVE;
    const UP: f32 = 25.0;
    #[inline(always)]
    fn power(self, shift: f32, y: f32) -> f32 {
        let (k, f, s) = quotient_of_single(self);
        exp2_to_single(y, log2_of_single((k + shift, f, s)))
    }
    #[inline(always)]
    fn powers<const N: usize>(x: &[f32; N], y: &[f32; N], out: &mut [f32; N], scratch: &mut Scratch<f32>) {
        let (k, f, l) = scratch.heads::<N>();
        for i in 0..N {
            (k[i], f[i], out[i]) = quotient_of_single(x[i]);
        }
        for i in 0..N {
            l[i] = log2_of_single((k[i], f[i], out[i]));
        }
        for i in 0..N {
            out[i] = exp2_to_single(y[i], l[i]);
        }
    }
}

/// C99's table around |x|^y: for a base that is not a positive normal number, and a finite power.
#[inline(always)]
fn general<F: Power>(x: F, y: F) -> F {
    let zero = F::lit(0.0);
    let one = F::lit(1.0);
    let half = F::lit(0.5);
    let a = x.abs();
    let small = a < F::MIN_POSITIVE;
    let up = F::pow2(F::UP + F::MAGIC);
    let normal = if small { a * up } else { a };
    let v = normal.power(if small { -F::UP } else { zero }, y);
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
    ($f:ident, $u:ident, $mant:literal) => {
        impl Binary<$f> for Pow {
            type Scratch = Scratch<$f>;
            const HAS_RARE: bool = true;
            #[inline(always)]
            fn fast(x: $f, y: $f) -> $f {
                x.power(0.0, y)
            }
            #[inline(always)]
            fn block<const N: usize>(x: &[$f; N], y: &[$f; N], out: &mut [$f; N], scratch: &mut Scratch<$f>) {
                <$f as Power>::powers(x, y, out, scratch);
            }
            /// Bases that are not normal and positive, and exponents of at most two significant bits: all the
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
            type Scratch = Scratch<$f>;
            const HAS_RARE: bool = true;
            #[inline(always)]
            fn fast(x: $f, y: $f) -> $f {
                x.power(0.0, y)
            }
            #[inline(always)]
            fn block<const N: usize>(x: &[$f; N], y: &[$f; N], out: &mut [$f; N], scratch: &mut Scratch<$f>) {
                <$f as Power>::powers(x, y, out, scratch);
            }
            #[inline(always)]
            fn is_rare(x: $f, _: $f) -> bool {
                // Zero, denormals, infinity, NaN and everything negative, in one comparison.
                const LEAST: $u = $f::MIN_POSITIVE.to_bits();
                x.to_bits().wrapping_sub(LEAST) >= $f::INFINITY.to_bits() - LEAST
            }
            const RARE_IS_VECTOR: bool = true;
            #[inline(always)]
            fn rare(x: $f, y: $f) -> $f {
                general(x, y)
            }
        }
    };
}

impl_pow!(f32, u32, 23);
impl_pow!(f64, u64, 52);
