//! Trigonometric functions and their inverses.

use super::real::Real;
use crate::Kernels;
use crate::polynomials::{ASIN, ATAN, COS, SIN};
use std::f32::consts::{FRAC_2_PI, FRAC_PI_2, FRAC_PI_4, PI};

/// `pi/2` in parts of 11 bits, and a last one of 24: their products with an integer of 13 bits are exact, fused with the
/// subtraction or not.
const HALF_PI: [f32; 4] = [1.570_312_5, 4.837_513e-4, 7.549_533_6e-8, 2.563_344e-12];

/// Beyond, the device's own function: good on CUDA, without a digit for huge arguments on wgpu.
const LIMIT: f32 = 8192.0;

/// `x = n pi/2 + r`: `n`, and the sine and cosine of `r`, which is at most `pi/4` in magnitude.
fn quadrant<B: Kernels>(x: &Real<B>) -> [Real<B>; 3] {
    let n = (x * FRAC_2_PI).nearest();
    // The choice keeps compilers from adding the parts up.
    let first = n.eq(0.0);
    let r = HALF_PI
        .iter()
        .fold(x.clone(), |r, &part| (r - &n * part).or(first.clone(), x.clone()));
    let z = r.square();
    let sin = (z.polynomial(SIN) * &z + 1.0) * r;
    let cos = (z.polynomial(COS) * &z - 0.5) * z + 1.0;
    [n, sin, cos]
}

/// The sine of the angle in quadrant `n` whose remainder has these sine and cosine.
fn turned<B: Kernels>([n, sin, cos]: [Real<B>; 3]) -> Real<B> {
    let value = sin.or(n.modulo(2.0).eq(1.0), cos);
    let negative = -value.clone();
    value.or(n.modulo(4.0).ge(2.0), negative)
}

pub(super) fn sin<B: Kernels>(x: Real<B>) -> Real<B> {
    turned(quadrant(&x)).or(x.abs().gt(LIMIT), x.sin())
}

pub(super) fn cos<B: Kernels>(x: Real<B>) -> Real<B> {
    let [n, sin, cos] = quadrant(&x);
    turned([n + 1.0, sin, cos]).or(x.abs().gt(LIMIT), x.cos())
}

pub(super) fn tan<B: Kernels>(x: Real<B>) -> Real<B> {
    let [n, sin, cos] = quadrant(&x);
    let odd = n.modulo(2.0).eq(1.0);
    let above = sin.clone().or(odd.clone(), -cos.clone());
    let tan = above / cos.or(odd, sin);
    tan.or(x.abs().gt(LIMIT), x.sin() / x.cos())
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

/// The inverse tangent between 0 and 1: above `tan(pi/8)`, `pi/4` and that of `(w - 1) / (w + 1)`.
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

/// The angle at the other side of the diagonal where the mask holds.
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

/// `x`, or for a zero its reciprocal, an infinity with the sign that comparisons do not see.
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
    // Two infinities are as good as equal; and two zeros.
    let w = (&low / &high).fill(a.equal(&b), 1.0).or(high.eq(0.0), low);
    let angle = complement(atan_below_one(w), steep);
    let back = -angle.clone() + PI;
    angle.or(signed(&x).lt(0.0), back).with_sign_of(&signed(&y))
}
