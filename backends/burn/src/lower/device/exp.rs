//! Functions made of the exponential: the device's exponential away from 0, a polynomial next to it.

use super::real::Real;
use crate::kernels::Kernels;
use burn_backend::{Scalar, TensorMetadata};
use kiln_math::polynomials::EXP;
use std::f32::consts::LN_2;

/// Returns `2^x` as a power: its product with the exponent is exact, the product of `x` with ln 2 is not.
pub(super) fn exp2<B: Kernels>(x: Real<B>) -> Real<B> {
    let (shape, device, dtype) = (x.0.shape(), x.0.device(), x.0.dtype().into());
    let two = B::float_full(shape, Scalar::Float(2.0), &device, dtype);
    Real(B::float_powf(two, x.0))
}

/// Returns `w (w + 2)` with `w = exp(x / 2) - 1` up to ln 2. Beyond, `exp(x)` is far enough from 1.
pub(super) fn expm1<B: Kernels>(x: Real<B>) -> Real<B> {
    let half = &x * 0.5;
    let w = (half.polynomial(EXP) * &half + 1.0) * &half;
    let near = (&w + 2.0) * w;
    let far = x.exp() - 1.0;
    near.or(x.abs().gt(LN_2), far)
}

/// `(e^x - e^-x) / 2` beyond 1. Below it is Taylor's series, whose next term is 2^-25 of it.
pub(super) fn sinh<B: Kernels>(x: Real<B>) -> Real<B> {
    const SERIES: &[f32] = &[1.0, 1.0 / 6.0, 1.0 / 120.0, 1.0 / 5040.0, 1.0 / 362_880.0];
    let near = x.square().polynomial(SERIES) * &x;
    let half = half_exp(&x);
    let far = (&half - half.recip() * 0.25).with_sign_of(&x);
    near.or(x.abs().gt(1.0), far)
}

pub(super) fn cosh<B: Kernels>(x: Real<B>) -> Real<B> {
    let half = half_exp(&x);
    &half + &(half.recip() * 0.25)
}

/// Returns `e^|x| / 2`, which overflows no earlier than the hyperbolic functions.
fn half_exp<B: Kernels>(x: &Real<B>) -> Real<B> {
    let root = (x.abs() * 0.5).exp();
    &root * 0.5 * root
}

/// Returns `u / (u + 2)` with `u = e^2x - 1`; 1 to the last bit from 10 on.
pub(super) fn tanh<B: Kernels>(x: Real<B>) -> Real<B> {
    let u = expm1(x.limit(10.0) * 2.0);
    &u / &(&u + 2.0)
}
