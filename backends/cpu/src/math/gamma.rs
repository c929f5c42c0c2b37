//! log |Gamma| and its derivative, by Lanczos' approximation with g = 7 and nine terms, as XLA has them
//! (xla/hlo/builder/lib/math.cc; coefficients of P. Godfrey).
//!
//! f32 is computed in f64, and is the true value rounded but for a few units of 1e-15. In f64 the error is
//! below 14 * 2^-52 of the larger of the value and 1 for x > -20 (measured by tests/ulp.rs): the relative error
//! grows without bound next to the zeros (lgamma: 1, 2 and two between each pair of poles; digamma: 1.4616...
//! and one between each pair of poles).

use super::driver::Unary;
use super::log::{Log, Log1p};
use super::real::{Real, poly};
use super::trig::TrigData;
use std::f64::consts::PI;

/// Lanczos' sum, 0.99999999999980993 + sum of c_i / (z + i), as one quotient: numerator (expanded in 300-bit
/// arithmetic) and denominator (z + 1) ... (z + 8). All terms are positive: nothing cancels.
const NUMERATOR: &[f64] = &[
    10619610.099075992,
    11246929.484659921,
    5210869.017760827,
    1379496.265878669,
    228235.21549971408,
    24165.510665029473,
    1599.0425347220414,
    60.458333333341905,
    0.9999999999998099,
];
const DENOMINATOR: &[f64] = &[
    40320.0, 109584.0, 118124.0, 67284.0, 22449.0, 4536.0, 546.0, 36.0, 1.0,
];
/// The sum is 1 from here on, and its terms do not overflow before.
const LARGE: f64 = 1e30;
const G: f64 = 7.0;
/// log(G + 1/2).
const LOG_BASE: f64 = 2.014_903_020_542_264_7;
const LOG_SQRT_2PI: f64 = 0.918_938_533_204_672_8;
const LOG_PI: f64 = 1.144_729_885_849_400_2;

#[inline(always)]
fn log(x: f64) -> f64 {
    <Log as Unary<f64>>::fast(x)
}

/// sin(pi f) and cos(pi f) for |f| <= 1/2.
#[inline(always)]
fn sin_cos_pi(f: f64) -> (f64, f64) {
    let flip = Real::abs(f) > 0.25;
    let g = if flip { 0.5 - Real::abs(f) } else { f };
    let r = PI * g;
    let z = r * r;
    let s = (r * z).mul_add(poly(z, f64::SIN), r);
    let c = z.mul_add(z.mul_add(poly(z, f64::COS), -0.5), 1.0);
    if flip { (c.with_sign_of(f), s) } else { (s, c) }
}

/// z of the series: x - 1, or -x by reflection for x < 1/2; t = z + g + 1/2 and log t.
#[inline(always)]
fn shifted(x: f64) -> (f64, f64, f64) {
    let z = if x < 0.5 { -x } else { x - 1.0 };
    let t = z + (G + 0.5);
    let log_t = LOG_BASE + <Log1p as Unary<f64>>::fast(z * (1.0 / (G + 0.5)));
    (z, t, log_t)
}

/// The derivative of a polynomial.
#[inline(always)]
fn slope(x: f64, c: &[f64]) -> f64 {
    let mut i = c.len() - 1;
    let mut p = i as f64 * c[i];
    while i > 1 {
        i -= 1;
        p = p.mul_add(x, i as f64 * c[i]);
    }
    p
}

#[inline(always)]
fn lgamma(x: f64) -> f64 {
    let (z, t, log_t) = shifted(x);
    let v = if z > LARGE { LARGE } else { z };
    let sum = poly(v, NUMERATOR) / poly(v, DENOMINATOR);
    let y = (z + 0.5 - t / log_t).mul_add(log_t, LOG_SQRT_2PI) + log(sum);
    // Gamma(x) Gamma(1 - x) = pi / sin(pi x).
    let a = x.abs();
    let frac = a - a.floor();
    let frac = if frac > 0.5 { 1.0 - frac } else { frac };
    let log_sin = log(sin_cos_pi(frac).0);
    // A pole gives log(0).
    let reflected = if log_sin == f64::NEG_INFINITY {
        f64::INFINITY
    } else {
        LOG_PI - log_sin - y
    };
    let v = if x < 0.5 { reflected } else { y };
    if a == f64::INFINITY { f64::INFINITY } else { v }
}

#[inline(always)]
fn digamma(x: f64) -> f64 {
    let (z, t, log_t) = shifted(x);
    // The logarithmic derivative of the quotient.
    let v = if z > LARGE { LARGE } else { z };
    let num = slope(v, NUMERATOR) / poly(v, NUMERATOR);
    let den = slope(v, DENOMINATOR) / poly(v, DENOMINATOR);
    let y = log_t + (num - den - G / t);
    // psi(x) = psi(1 - x) - pi cot(pi x), the cotangent of the distance to the nearest integer.
    let r = x - (x + 0.5).floor();
    let (sin, cos) = sin_cos_pi(r);
    let reflected = y - PI * cos / sin;
    let v = if x < 0.5 { reflected } else { y };
    let pole = x <= 0.0 && r == 0.0;
    if pole { f64::NAN } else { v }
}

macro_rules! in_f64 {
    ($($name:ident: $f:ident;)*) => {$(
        pub(super) struct $name;
        impl Unary<f64> for $name {
            #[inline(always)]
            fn fast(x: f64) -> f64 {
                $f(x)
            }
        }
        impl Unary<f32> for $name {
            #[inline(always)]
            fn fast(x: f32) -> f32 {
                $f(x as f64) as f32
            }
        }
    )*};
}

in_f64! {
    Lgamma: lgamma;
    Digamma: digamma;
}
