//! Functions made of the logarithm: the device's logarithm away from 1, where its error is relative, and a
//! polynomial near 1.

use super::real::Real;
use crate::kernels::Kernels;
use kiln_math::polynomials::{ASINH, ATANH, LOG};
use std::f32::consts::LN_2;

pub(super) fn log<B: Kernels>(x: Real<B>) -> Real<B> {
    // The difference is exact from 1/2 to 2.
    let f = &x - 1.0;
    log_near(&f, x.log())
}

/// Returns `log(1 + x)`. The rounding of `1 + x` is relative to 1, and so is the logarithm's error unless it
/// is near 0.
pub(super) fn log1p<B: Kernels>(x: Real<B>) -> Real<B> {
    let far = (&x + 1.0).log();
    log_near(&x, far)
}

/// Returns `log(1 + f)` between the roots of 1/2 and 2, and `far` elsewhere.
fn log_near<B: Kernels>(f: &Real<B>, far: Real<B>) -> Real<B> {
    // (sqrt(2) - 1) / (sqrt(2) + 1).
    const RANGE: f32 = 0.171_572_88;
    let s = f / &(f + 2.0);
    let z = s.square();
    let near = (z.polynomial(LOG) * z + 2.0) * &s;
    far.or(s.abs().lt(RANGE), near)
}

/// From here on `x^2 + 1` and `x^2 - 1` are `x^2` to the last bit. `x^2` does not overflow here.
const LARGE: f32 = 1e4;

/// Returns the logarithm of `2 x` if `x` is large, and `log` elsewhere.
fn log_or_double<B: Kernels>(x: &Real<B>, log: Real<B>) -> Real<B> {
    log.or(x.gt(LARGE), x.log() + LN_2)
}

pub(super) fn asinh<B: Kernels>(x: Real<B>) -> Real<B> {
    let (a, z) = (x.abs(), x.square());
    let near = (z.polynomial(ASINH) * &z + 1.0) * &x;
    let log = (&a + &(z + 1.0).sqrt()).log();
    let far = log_or_double(&a, log).with_sign_of(&x);
    near.or(a.gt(0.5), far)
}

/// Returns `log(1 + w)` with `w = t + sqrt(t (t + 2))` and `t = x - 1`: accurate near 1.
pub(super) fn acosh<B: Kernels>(x: Real<B>) -> Real<B> {
    let t = &x - 1.0;
    let w = (&(&t + 2.0) * &t).sqrt() + t;
    log_or_double(&x, log1p(w)).fill(x.lt(1.0), f32::NAN)
}

pub(super) fn atanh<B: Kernels>(x: Real<B>) -> Real<B> {
    let (a, z) = (x.abs(), x.square());
    let near = (z.polynomial(ATANH) * z + 1.0) * &x;
    let quotient = (&a + 1.0) / (-a.clone() + 1.0);
    let far = (quotient.log() * 0.5).with_sign_of(&x);
    near.or(a.gt(0.5), far)
}
