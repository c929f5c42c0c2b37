//! Elementwise functions of f32 on devices.
//!
//! A device's own functions are as good as its compiler likes: WGSL asks next to nothing of `sin`, `log` near
//! 1, `atan` or `tanh`, and some compilers drop the sign of zero and NaN. So all functions but `exp`, `sqrt`,
//! `sin`, `cos` and the logarithm away from 1 are written here, in operations that Burn's fusion puts into
//! one kernel (bool logic, `is_nan` and `floor` are not among them). A kernel holds about 60 operations,
//! which three sines of full accuracy would fill: `sin` and `cos` are the device's own.
//!
//! The device decides three things, and the forms here do not depend on them. It rounds `x * y + z` once or
//! twice. Denormal numbers are zeros or not. The compiler may take floats for real numbers: Mesa's compilers
//! make 0 of `x - x`, and would make 0 of the rounding error of a sum. So no formula needs such an error.
//! Compilers keep comparisons with NaN and signs of zeros.
//!
//! Results are within five units in the last place. A function made of the device's exponential also has the
//! rounding of its exponent. `tests/common/device.rs` has the bound of each with its reason, and
//! `tests/ulp.rs` measures them.

mod erf;
mod exp;
mod log;
mod power;
mod real;
mod trig;

use crate::kernels::Kernels;
use burn_backend::tensor::FloatTensor;
use kiln_program::{Binary, Unary};
use real::Real;

/// Returns the function of one f32 operand, if Burn's is not good enough.
pub(super) fn unary<B: Kernels>(f: Unary, x: FloatTensor<B>) -> Option<FloatTensor<B>> {
    let x = Real::<B>(x);
    let y = match f {
        Unary::Sign => x.clone().fill(x.gt(0.0), 1.0).fill(x.lt(0.0), -1.0),
        Unary::Cbrt => power::cbrt(x),
        Unary::Exp2 => exp::exp2(x),
        Unary::Expm1 => exp::expm1(x),
        Unary::Log => log::log(x),
        Unary::Log2 => log::log(x) * std::f32::consts::LOG2_E,
        Unary::Log10 => log::log(x) * std::f32::consts::LOG10_E,
        Unary::Log1p => log::log1p(x),
        Unary::Tan => trig::tan(x),
        Unary::Asin => trig::asin(x),
        Unary::Acos => trig::acos(x),
        Unary::Atan => trig::atan(x),
        Unary::Sinh => exp::sinh(x),
        Unary::Cosh => exp::cosh(x),
        Unary::Tanh => exp::tanh(x),
        Unary::Asinh => log::asinh(x),
        Unary::Acosh => log::acosh(x),
        Unary::Atanh => log::atanh(x),
        Unary::Erf => erf::erf(x),
        Unary::Erfc => erf::erfc(x),
        _ => return None,
    };
    Some(y.0)
}

/// Returns the function of two f32 operands, if Burn's is not good enough.
pub(super) fn binary<B: Kernels>(f: Binary, x: FloatTensor<B>, y: FloatTensor<B>) -> Option<FloatTensor<B>> {
    let (x, y) = (Real::<B>(x), Real::<B>(y));
    let z = match f {
        Binary::Pow => power::pow(x, y),
        Binary::Atan2 => trig::atan2(x, y),
        Binary::Hypot => power::hypot(x, y),
        _ => return None,
    };
    Some(z.0)
}
