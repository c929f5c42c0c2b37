//! The tangent and the inverse trigonometric functions.

use super::real::Real;
use crate::kernels::Kernels;
use kiln_math::polynomials::{ASIN, ATAN};
use std::f32::consts::{FRAC_PI_2, FRAC_PI_4, PI};

/// Returns the quotient of the device's own functions: each is one operation, and a kernel holds some 60.
pub(super) fn tan<B: Kernels>(x: Real<B>) -> Real<B> {
    x.sin() / x.cos()
}

/// For `a = |x|`: `sqrt((1 - a) / 2)`, and `asin(s) / s` with `s` this root, or `a` below 1/2.
fn asin_parts<B: Kernels>(a: &Real<B>) -> (Real<B>, Real<B>) {
    let half = a * -0.5 + 0.5;
    let z = a.square().or(a.gt(0.5), half.clone());
    let ratio = z.polynomial(ASIN) * z + 1.0;
    (half.sqrt(), ratio)
}

/// `pi/2 - 2 asin(sqrt((1 - a) / 2))` above 1/2.
pub(super) fn asin<B: Kernels>(x: Real<B>) -> Real<B> {
    let a = x.abs();
    let (root, ratio) = asin_parts(&a);
    let far = (root * -2.0 * &ratio + FRAC_PI_2).with_sign_of(&x);
    (ratio * &x).or(a.gt(0.5), far)
}

pub(super) fn acos<B: Kernels>(x: Real<B>) -> Real<B> {
    let (root, ratio) = asin_parts(&x.abs());
    let double = root * 2.0 * &ratio;
    let middle = -(ratio * &x) + FRAC_PI_2;
    middle.or(x.gt(0.5), double.clone()).or(x.lt(-0.5), -double + PI)
}

/// Returns the inverse tangent between 0 and 1: above `tan(pi/8)`, `pi/4` and that of `(w - 1) / (w + 1)`.
fn atan_below_one<B: Kernels>(w: Real<B>) -> Real<B> {
    const EIGHTH: f32 = 0.414_213_56;
    let upper = w.gt(EIGHTH);
    let t = (&w - 1.0) / (&w + 1.0);
    let t = w.or(upper.clone(), t);
    let z = t.square();
    let angle = (z.polynomial(ATAN) * z + 1.0) * t;
    let turned = &angle + FRAC_PI_4;
    angle.or(upper, turned)
}

/// Mirrors the angle at the diagonal where the mask holds.
fn complement<B: Kernels>(angle: Real<B>, mask: burn_backend::tensor::BoolTensor<B>) -> Real<B> {
    let other = -angle.clone() + FRAC_PI_2;
    angle.or(mask, other)
}

pub(super) fn atan<B: Kernels>(x: Real<B>) -> Real<B> {
    let a = x.abs();
    let inverted = a.gt(1.0);
    let w = a.clone().or(inverted.clone(), a.recip());
    let angle = complement(atan_below_one(w), inverted).with_sign_of(&x);
    // A zero keeps its sign.
    angle.or(a.lt(1e-4), x)
}

/// Returns `x`, or the reciprocal of a zero: an infinity, whose sign comparisons see.
pub(super) fn signed<B: Kernels>(x: &Real<B>) -> Real<B> {
    x.clone().or(x.eq(0.0), x.recip())
}

pub(super) fn atan2<B: Kernels>(y: Real<B>, x: Real<B>) -> Real<B> {
    let (a, b) = (y.abs(), x.abs());
    let steep = a.greater(&b);
    let (low, high) = (
        a.clone().or(steep.clone(), b.clone()),
        b.clone().or(steep.clone(), a.clone()),
    );
    // Two infinities count as equal, and so do two zeros.
    let w = (&low / &high).fill(a.equal(&b), 1.0).or(high.eq(0.0), low);
    let angle = complement(atan_below_one(w), steep);
    let back = -angle.clone() + PI;
    angle.or(signed(&x).lt(0.0), back).with_sign_of(&signed(&y))
}
