//! The error function and its complement.

use super::real::Real;
use crate::kernels::Kernels;
use kiln_math::polynomials::{ERF, ERF_TAIL, ERFC};

/// Returns `erf(x)` for `|x| <= 1`.
fn near<B: Kernels>(x: &Real<B>) -> Real<B> {
    x * &(x.square().polynomial(ERF) + 1.0)
}

pub(super) fn erf<B: Kernels>(x: Real<B>) -> Real<B> {
    let a = x.abs();
    let tail = (a.clone().limit(4.0) - 1.0).polynomial(ERF_TAIL);
    let far = (-(-tail).exp() + 1.0).with_sign_of(&x);
    near(&x).or(a.gt(1.0), far)
}

/// Returns `1 - erf(x)` while that is exact enough, and `exp(-x^2) P(t) / x` beyond; 0 from 10.1 on.
pub(super) fn erfc<B: Kernels>(x: Real<B>) -> Real<B> {
    let a = x.abs().limit(10.1);
    let t = (&a - 2.0) / (&a + 2.0);
    let tail = (-a.square()).exp() * t.polynomial(ERFC) / &a;
    let other = -tail.clone() + 2.0;
    let far = tail.or(x.lt(0.0), other);
    (-near(&x) + 1.0).or(a.gt(0.75), far)
}
