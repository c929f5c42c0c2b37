//! `log |Gamma(x)|`.
//!
//! From 8.5 on the formula is Stirling's series. From -1/2 to 8.5 it is `lgamma(2 + e)` for the distance
//! `e` from an integer next to `x`, and the logarithm of the factors between `2 + e` and `x`. Below -1/2 it
//! is the reflection.
//!
//! Blocks without arguments below -1/2 skip the reflection. f32 has its own formula above -1/2, in f64 with
//! shorter polynomials. The terms of a reflected value may cancel and must be right to 2^-52: these are the
//! formulas of f64.

use super::super::driver::{SCRATCH, TAIL, Unary};
use super::super::log::log_normal;
use super::super::real::poly;
use super::zeros::lgamma_beside_a_zero;
use super::{CANCELS, CANCELS_F32, LGAMMA, Sum, from_nearest, log, sin_cos_pi};

/// `lgamma(x) = (x - 1/2) log(x) - x + log(2 pi)/2 + S(1/x^2)/x` for `x >= 8.5`, relative error 2^-60.
const STIRLING: &[f64] = &[
    0.08333333333333331,
    -0.00277777777768216,
    0.0007936507127029832,
    -0.0005952129166201281,
    0.0008381814236805014,
    -0.0016796510732570889,
];
/// The same for results in f32, by Remez exchange: relative error 2^-35.
const LGAMMA_32: &[f64] = &[
    0.4227843351025861,
    0.3224670336568794,
    -0.06735230171304049,
    0.020580791540888963,
    -0.007385540245610259,
    0.002890859106489171,
    -0.0011926638515474674,
    0.0005067040846329875,
    -0.0002255493752235539,
    0.00011038069930124328,
    -3.1434197043916e-05,
    7.1588354974647215e-06,
    -3.3519306219262636e-05,
];
/// [`STIRLING`] for `x >= 2.5` and results in f32: 2^-36 of lgamma.
const STIRLING_32: &[f64] = &[
    0.08333333012140398,
    -0.002777548944762075,
    0.0007877746679696102,
    -0.0005224215533187707,
    0.0003575523344866768,
];
/// `log(1 + f) = s (2 + s^2 L(s^2))`, `s = f / (2 + f)`, for results in f32: relative error 2^-37.
pub(super) const LOG_32: &[f64] = &[
    0.6666666564924019,
    0.4000033442489861,
    0.28537352035070085,
    0.23581404450699367,
];
const HALF_LOG_2PI_LESS_HALF: f64 = 0.4189385332046727;
const LOG_PI: f64 = 1.1447298858494002;

/// True for arguments that are reflected.
#[inline(always)]
fn is_reflected(x: f64) -> bool {
    x <= -0.5
}

/// True if Stirling's series is used.
#[inline(always)]
fn is_large(t: f64) -> bool {
    t > 8.5
}

/// Computes `lgamma(t)` for `t > -1/2`, in stages.
#[inline(always)]
fn positive<const N: usize>(t: &[f64; N], y: &mut [f64; N], [e, above, log_t, _]: &mut [[f64; N]; SCRATCH]) {
    for i in 0..N {
        // Below 5/4 the logarithm of t is small enough beside the result.
        let middle = (t[i] > 1.25) & (t[i] < 2.0);
        let nearest = from_nearest(t[i]);
        e[i] = if middle { t[i] - 2.0 } else { nearest };
    }
    for i in 0..N {
        let t = t[i];
        let whole = t - e[i];
        // t - i is a factor if it is at least 3/2.
        let factor = |i: f64| if whole > i + 1.5 { t - i } else { 1.0 };
        let product = factor(1.0) * factor(2.0) * factor(3.0) * factor(4.0) * factor(5.0) * factor(6.0);
        let low = if whole < 0.5 { t.abs() * (1.0 + t) } else { t };
        let product = if whole > 1.5 { product } else { low };
        // The sign of the logarithm.
        above[i] = if whole > 1.5 { 1.0 } else { -1.0 };
        log_t[i] = if is_large(t) { t } else { product };
    }
    for l in log_t.iter_mut() {
        *l = log(*l);
    }
    for i in 0..N {
        y[i] = e[i].mul_add(poly(e[i], LGAMMA), above[i] * log_t[i]);
    }
    for i in 0..N {
        let t = t[i];
        let inverse = 1.0 / t;
        let tail = poly(inverse * inverse, STIRLING).mul_add(inverse, HALF_LOG_2PI_LESS_HALF);
        let far = (t - 0.5).mul_add(log_t[i] - 1.0, tail);
        y[i] = if is_large(t) { far } else { y[i] };
    }
}

/// Returns `lgamma(x)` from `lgamma(1 - x)`: `Gamma(x) Gamma(1 - x) = pi / sin(pi x)`.
#[inline(always)]
fn reflection(x: f64, positive: f64) -> Sum {
    let log_sin = log(sin_cos_pi(from_nearest(x)).0.abs());
    let pole = LOG_PI - log_sin;
    let value = pole - positive;
    let value = if pole == f64::INFINITY { pole } else { value };
    let term = if pole > positive { pole } else { positive };
    Sum {
        value: if x == -f64::INFINITY { f64::INFINITY } else { value },
        term: if pole < f64::INFINITY { term } else { 0.0 },
    }
}

/// Replaces the values of reflected arguments. On entry y is `lgamma(1 - x)` for these.
#[inline(always)]
fn reflect<const N: usize>(x: &[f64; N], y: &mut [f64; N], terms: &mut [f64; N], part: f64) {
    let mut cancels = false;
    for i in 0..N {
        let sum = reflection(x[i], y[i]);
        let reflected = is_reflected(x[i]);
        y[i] = if reflected { sum.value } else { y[i] };
        terms[i] = if reflected { sum.term } else { 0.0 };
        cancels |= y[i].abs() < part * terms[i];
    }
    if cancels {
        redo(x, y, terms, part);
    }
}

#[cold]
#[inline(never)]
fn redo(x: &[f64], y: &mut [f64], terms: &[f64], part: f64) {
    for ((x, y), &term) in x.iter().zip(y).zip(terms) {
        if (Sum { value: *y, term }).cancels(part) {
            *y = lgamma_beside_a_zero(*x);
        }
    }
}

#[inline(always)]
fn any_reflected<const N: usize>(x: &[f64; N]) -> bool {
    let mut any = false;
    for x in x {
        any |= is_reflected(*x);
    }
    any
}

pub(crate) struct Lgamma;

impl Unary<f64> for Lgamma {
    const STAGED: bool = true;
    #[inline(always)]
    fn fast(x: f64) -> f64 {
        let mut y = [x; TAIL];
        Self::block(&[x; TAIL], &mut y, &mut [[0.0; TAIL]; SCRATCH]);
        y[0]
    }
    #[inline(always)]
    fn block<const N: usize>(x: &[f64; N], y: &mut [f64; N], scratch: &mut [[f64; N]; SCRATCH]) {
        if !any_reflected(x) {
            return positive(x, y, scratch);
        }
        let mut t = *x;
        for t in &mut t {
            *t = if is_reflected(*t) { 1.0 - *t } else { *t };
        }
        positive(&t, y, scratch);
        reflect(x, y, &mut t, CANCELS);
    }
}

impl Unary<f32> for Lgamma {
    const STAGED: bool = true;
    #[inline(always)]
    fn fast(x: f32) -> f32 {
        let mut y = [x; TAIL];
        Self::block(&[x; TAIL], &mut y, &mut [[0.0; TAIL]; SCRATCH]);
        y[0]
    }
    #[inline(always)]
    fn block<const N: usize>(x: &[f32; N], y: &mut [f32; N], scratch: &mut [[f32; N]; SCRATCH]) {
        positive_narrow(x, y, scratch);
        let mut reflected = false;
        for x in x {
            reflected |= is_reflected(f64::from(*x));
        }
        if reflected {
            reflect_narrow(x, y);
        }
    }
}

/// [`positive`] for f32: Stirling's series from 2.5 on, so that there are no factors.
#[inline(always)]
fn positive_narrow<const N: usize>(
    x: &[f32; N],
    y: &mut [f32; N],
    [e, inverse, ..]: &mut [[f32; N]; SCRATCH],
) {
    let (mut log_t, mut near) = ([0.0; N], [0.0; N]);
    for i in 0..N {
        let t = x[i];
        let below = t.floor();
        let f = t - below;
        let nearest = if f > 0.5 { t - (below + 1.0) } else { f };
        e[i] = if (t > 1.25) & (t < 2.0) { t - 2.0 } else { nearest };
        inverse[i] = 1.0 / t;
    }
    for i in 0..N {
        let (t, e) = (f64::from(x[i]), f64::from(e[i]));
        log_t[i] = log_normal(if t - e < 0.5 { t.abs() * (1.0 + t) } else { t }, LOG_32);
    }
    for i in 0..N {
        let (t, e) = (f64::from(x[i]), f64::from(e[i]));
        let log = if t - e < 1.5 { log_t[i] } else { 0.0 };
        near[i] = e.mul_add(poly(e, LGAMMA_32), -log);
    }
    for i in 0..N {
        let (t, inverse) = (f64::from(x[i]), f64::from(inverse[i]));
        let inverse = (-inverse).mul_add(t, 1.0).mul_add(inverse, inverse);
        let tail = poly(inverse * inverse, STIRLING_32).mul_add(inverse, HALF_LOG_2PI_LESS_HALF);
        let far = (t - 0.5).mul_add(log_t[i] - 1.0, tail);
        y[i] = (if t > 2.5 { far } else { near[i] }) as f32;
    }
    for i in 0..N {
        y[i] = if (x[i] == 0.0) | (x[i] == f32::INFINITY) {
            f32::INFINITY
        } else {
            y[i]
        };
    }
}

/// The reflected values of a block, in full precision.
#[inline(always)]
fn reflect_narrow<const N: usize>(x: &[f32; N], y: &mut [f32; N]) {
    let (mut wide, mut t, mut value) = ([0.0; N], [0.0; N], [0.0; N]);
    for i in 0..N {
        wide[i] = f64::from(x[i]);
        t[i] = 1.0 - wide[i];
    }
    positive(&t, &mut value, &mut [[0.0; N]; SCRATCH]);
    reflect(&wide, &mut value, &mut t, CANCELS_F32);
    for i in 0..N {
        y[i] = if is_reflected(wide[i]) {
            value[i] as f32
        } else {
            y[i]
        };
    }
}
