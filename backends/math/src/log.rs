//! log, log2, log10 and log1p.
//!
//! x = 2^k (1 + f) with sqrt(1/2) <= 1 + f < sqrt(2), s = f / (2 + f), and
//! log(1 + f) = f - f^2/2 + s (f^2/2 + s^2 L(s^2)): the arrangement of fdlibm's e_log.c, with L a
//! minimax polynomial for the tail of 2 atanh(s) = 2s + s^3 L(s^2) (Remez exchange; relative error
//! of log 2^-63 in f64, 2^-34 in f32).

use super::driver::Unary;
use super::exp::ExpData;
use super::polynomials;
use super::real::{Real, fast_two_sum, poly};

pub(super) trait LogData: ExpData {
    const L: &'static [Self];
    /// 1/(1+f) on the reduced range, roughly: multiplies corrections only.
    const RECIPROCAL: &'static [Self];
    /// ln 2, with so many trailing zeros that a multiple of it by an exponent is exact, and the rest.
    const LN2: (Self, Self);
    /// log10(2) likewise.
    const LOG10_2: (Self, Self);
    /// 1/ln 2 as a pair.
    const LOG2_E: (Self, Self);
    /// 1/ln 10 as a pair.
    const LOG10_E: (Self, Self);
    /// 1 + x is x from here on, with room to spare.
    const HUGE: Self;
}

impl LogData for f64 {
    const L: &'static [f64] = &[
        0.6666666666666735,
        0.39999999999408364,
        0.2857142874395757,
        0.22222198395368256,
        0.18183574413531003,
        0.15313771613969027,
        0.14798940295172572,
    ];
    const RECIPROCAL: &'static [f64] = &[
        0.9986630252997662,
        -1.0113274460829325,
        1.1026551677730918,
        -0.8873483535528596,
    ];
    const LN2: (f64, f64) = (0.6931471805592082, 7.371002565167799e-13);
    const LOG10_2: (f64, f64) = (0.30102999566361177, 3.694239077158931e-13);
    const LOG2_E: (f64, f64) = (std::f64::consts::LOG2_E, 2.0355273740931033e-17);
    const LOG10_E: (f64, f64) = (std::f64::consts::LOG10_E, 1.098319650216765e-17);
    const HUGE: f64 = 1.2e18;
}

impl LogData for f32 {
    const L: &'static [f32] = polynomials::LOG;
    const RECIPROCAL: &'static [f32] = &[1.0553603, -0.9411765];
    const LN2: (f32, f32) = (0.693145751953125, 1.428606765330187e-06);
    const LOG10_2: (f32, f32) = (0.301025390625, 4.605039066518657e-06);
    const LOG2_E: (f32, f32) = (std::f32::consts::LOG2_E, 1.925963033500011e-08);
    const LOG10_E: (f32, f32) = (std::f32::consts::LOG10_E, -1.0103049952192578e-08);
    const HUGE: f32 = 1e9;
}

/// log(1 + f) = hi + lo for f in the reduced range; hi is f - f^2/2 rounded.
#[inline(always)]
pub(super) fn log_reduced<F: LogData>(f: F) -> (F, F) {
    let s = f / (F::lit(2.0) + f);
    log_reduced_of_quotient(f, s, poly(s * s, F::L))
}

/// log(1 + f) = hi + lo, given s = f / (2 + f) and L(s^2).
#[inline(always)]
pub(super) fn log_reduced_of_quotient<F: LogData>(f: F, s: F, l: F) -> (F, F) {
    let h = F::lit(0.5) * f;
    let hi = (-h).fma(f, f);
    let err = (-h).fma(f, f - hi);
    let lo = s.fma((s * s).fma(l, h * f), err);
    (hi, lo)
}

/// log(2^extra (u + ul)) for u positive and normal and |ul| a few ulp of u at most.
#[inline(always)]
pub(super) fn log_of_sum<F: LogData>(u: F, ul: F, extra: F) -> F {
    let (k, m, inverse) = u.split();
    let k = k + extra;
    let f = m - F::lit(1.0);
    let fl = if u > F::HUGE { F::lit(0.0) } else { ul * inverse };
    log_assemble(k, f, fl)
}

/// k ln 2 + log(1 + f + fl).
#[inline(always)]
pub(super) fn log_assemble<F: LogData>(k: F, f: F, fl: F) -> F {
    let (hi, lo) = log_reduced(f);
    let lo = fl.fma(poly(f, F::RECIPROCAL), lo);
    // k ln 2 is at least twice |hi|, or zero.
    let (a, al) = fast_two_sum(k * F::LN2.0, hi);
    a + k.fma(F::LN2.1, al + lo)
}

/// Returns the value at the ends of the domain; r elsewhere.
#[inline(always)]
fn at_ends<F: Real>(x: F, r: F) -> F {
    let zero = F::lit(0.0);
    let r = if x > zero { r } else { F::NAN };
    let r = if x == zero { -F::INFINITY } else { r };
    // Infinity, and NaN with its payload.
    if x < F::INFINITY { r } else { x }
}

/// log(x) for positive normal x, with the polynomial l for L.
#[inline(always)]
pub(super) fn log_normal<F: LogData>(x: F, l: &[F]) -> F {
    let (k, m) = x.split_normal();
    log_join(k, m - F::lit(1.0), F::lit(0.0), l)
}

pub(super) struct Log;
impl<F: LogData> Unary<F> for Log {
    #[inline(always)]
    fn fast(x: F) -> F {
        let (k, m, _) = x.split();
        at_ends(x, log_join(k, m - F::lit(1.0), F::lit(0.0), F::L))
    }
}

/// log(2^k (1 + f)) where log(1 + f) = hi + lo, within 0.6 ulp.
#[inline(always)]
pub(super) fn log_of_reduced<F: LogData>(k: F, hi: F, lo: F) -> F {
    let (a, al) = fast_two_sum(k * F::LN2.0, hi);
    a + k.fma(F::LN2.1, al + lo)
}

/// log(2^k (1 + f)) + lo for f in the reduced range, with the polynomial l for L.
///
/// |lo| is at most an ulp of f.
#[inline(always)]
fn log_join<F: LogData>(k: F, f: F, lo: F, l: &[F]) -> F {
    let s = f / (F::lit(2.0) + f);
    let z = s * s;
    let h = F::lit(0.5) * f * f;
    let tail = s.fma(z.fma(poly(z, l), h), k.fma(F::LN2.1, lo));
    k.fma(F::LN2.0, f - (h - tail))
}

/// log(x) times `scale`, where an exponent counts `unit` (with an exact product) + `unit_lo`.
#[inline(always)]
fn log_scaled<F: LogData>(x: F, scale: (F, F), unit: F, unit_lo: F) -> F {
    let (k, m, _) = x.split();
    let (hi, lo) = log_reduced(m - F::lit(1.0));
    let p = hi * scale.0;
    let pl = hi.fma(scale.0, -p) + lo.fma(scale.0, hi * scale.1);
    let (a, al) = fast_two_sum(k * unit, p);
    at_ends(x, a + k.fma(unit_lo, al + pl))
}

pub(super) struct Log2;
impl<F: LogData> Unary<F> for Log2 {
    #[inline(always)]
    fn fast(x: F) -> F {
        log_scaled(x, F::LOG2_E, F::lit(1.0), F::lit(0.0))
    }
}

pub(super) struct Log10;
impl<F: LogData> Unary<F> for Log10 {
    #[inline(always)]
    fn fast(x: F) -> F {
        log_scaled(x, F::LOG10_E, F::LOG10_2.0, F::LOG10_2.1)
    }
}

/// log(1 + x + xl) for x > -1 and a correction xl below an ulp of x; exact in the small.
#[inline(always)]
pub(super) fn log1p_of_sum<F: LogData>(x: F, xl: F) -> F {
    let one = F::lit(1.0);
    let zero = F::lit(0.0);
    // u + ul = 1 + x: the larger of the two first.
    let u = one + x;
    let small = x < one;
    let (a, b) = if small { (one, x) } else { (x, one) };
    let ul = b - (u - a) + xl;
    let (k, m, inverse) = u.split();
    let direct = k == zero;
    let f = if direct { x } else { m - one };
    let fl = if direct { xl } else { ul * inverse };
    let fl = if x > F::HUGE { zero } else { fl };
    log_assemble(k, f, fl)
}

/// 1 + x = 2^k (1 + f + fl): the power of two scales x exactly, and the sum with 2^-k - 1 is a pair.
pub(super) struct Log1p;
impl<F: LogData> Unary<F> for Log1p {
    #[inline(always)]
    fn fast(x: F) -> F {
        let one = F::lit(1.0);
        let quarter = F::lit(0.25);
        let u = one + x;
        // 2^-k may be denormal, and four times as much is not.
        let (k, four) = u.exponent();
        let (f, fl) = fast_two_sum(quarter.fma(four, -one), (x * quarter) * four);
        // 1 - f stands for 1 / (1 + f).
        let r = at_ends(u, log_join(k, f, fl * (one - f), F::L));
        if x.abs() < F::NEGLIGIBLE { x } else { r }
    }
}
