//! Powers and roots.

use super::log::log;
use super::real::Real;
use super::trig::signed;
use crate::kernels::Kernels;

/// Returns the cube root: a guess by logarithms, and a step of Newton's method.
pub(super) fn cbrt<B: Kernels>(x: Real<B>) -> Real<B> {
    let a = x.abs();
    let guess = (a.log() * (1.0 / 3.0)).exp();
    let step = (&guess - &(a / guess.square())) * (1.0 / 3.0);
    let root = (guess - step).with_sign_of(&x);
    // Zeros and infinities are their own roots. Their step is NaN.
    let number = root.equal(&root);
    x.or(number, root)
}

/// C's table of powers around `exp(y log |x|)`.
pub(super) fn pow<B: Kernels>(x: Real<B>, y: Real<B>) -> Real<B> {
    let a = x.abs();
    // 1 to an infinite power is 1.
    let finite = y.clone().limit(f32::MAX);
    let finite = finite.clone().fill(finite.lt(f32::MIN), f32::MIN);
    let power = (log(a.clone()) * &finite).exp();
    // The square of a number is the most common power, and exact in its bits.
    let power = power.or(y.eq(2.0), a.square());
    // The sign of an odd power. A fractional power of a negative number is NaN, except for infinity.
    let parity = finite.modulo(2.0);
    let fraction = power.clone().fill(a.lt(f32::INFINITY), f32::NAN);
    let of_negative = fraction
        .or(parity.eq(0.0), power.clone())
        .or(parity.eq(1.0), -power.clone());
    let base_is_zero = x.eq(0.0);
    let of_zero = power.clone().or(parity.eq(1.0), -power.clone());
    let of_negative = of_negative.or(base_is_zero, of_zero);
    power
        .or(signed(&x).lt(0.0), of_negative)
        .fill(y.eq(0.0), 1.0)
        .fill(x.eq(1.0), 1.0)
}

/// Returns the hypotenuse, scaled by the greater of the magnitudes, so that squares neither overflow nor
/// vanish.
pub(super) fn hypot<B: Kernels>(x: Real<B>, y: Real<B>) -> Real<B> {
    let (a, b) = (x.abs(), y.abs());
    let steep = a.greater(&b);
    let (low, high) = (
        a.clone().or(steep.clone(), b.clone()),
        b.clone().or(steep, a.clone()),
    );
    let ratio = low / high.clone().fill(high.eq(0.0), 1.0);
    ((ratio.square() + 1.0).sqrt() * high)
        .fill(a.eq(f32::INFINITY), f32::INFINITY)
        .fill(b.eq(f32::INFINITY), f32::INFINITY)
}
