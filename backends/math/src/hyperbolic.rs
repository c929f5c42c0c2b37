//! sinh, cosh, tanh.
//!
//! With x = n ln 2 + r, sinh(x) = sinh(n ln 2) cosh(r) + cosh(n ln 2) sinh(r): the two factors in n are
//! sums of powers of two, and the two in r a minimax polynomial each (Remez exchange; relative error
//! 2^-61 in f64, 2^-34 in f32). No exponential is formed and nothing is divided, so that sinh keeps
//! its accuracy next to zero. tanh(x) = (1 - z) / (1 + z) with z = exp(-2|x|), as pairs.

use super::driver::Unary;
use super::exp::{ExpData, Reduced, clamp, reduce};
use super::real::{div_pair, fast_two_sum, poly};

pub(super) trait HyperbolicData: ExpData {
    /// sinh(r) = r + r^3 S(r^2), |r| <= ln 2 / 2.
    const SINH: &'static [Self];
    /// cosh(r) = 1 + r^2 C(r^2).
    const COSH: &'static [Self];
    /// sinh and cosh are infinite from here on.
    const OVERFLOW: Self;
}

impl HyperbolicData for f64 {
    const SINH: &'static [f64] = &[
        0.16666666666666677,
        0.008333333333321447,
        0.00019841269886655894,
        2.755724361987953e-06,
        2.5109260000145852e-08,
    ];
    const COSH: &'static [f64] = &[
        0.5,
        0.04166666666666671,
        0.0013888888888863571,
        2.4801587364081877e-05,
        2.7557241246525687e-07,
        2.092460486106333e-09,
    ];
    const OVERFLOW: f64 = 710.7;
}

impl HyperbolicData for f32 {
    const SINH: &'static [f32] = &[0.16666667, 0.008333289, 1.9905204e-04];
    const COSH: &'static [f32] = &[0.5, 0.041666266, 0.001394645];
    const OVERFLOW: f32 = 89.5;
}

/// For |x|: r and sinh(r) - r; cosh(r) - 1; and a quarter of 2^n and of 2^-n, so that nothing
/// overflows early.
#[inline(always)]
fn parts<F: HyperbolicData>(x: F) -> (F, F, F, F, F) {
    let Reduced { t, r, lo } = reduce(clamp(x.abs(), (F::lit(0.0), F::OVERFLOW)));
    let z = r * r;
    let s = (r * z).fma(poly(z, F::SINH), lo);
    let c = z * poly(z, F::COSH);
    let up = F::pow2(t - F::lit(2.0));
    // 2^-n is lost next to 2^n long before it is denormal.
    let n = t - F::MAGIC;
    let n = if n > F::lit(100.0) { F::lit(100.0) } else { n };
    let down = F::pow2(F::MAGIC - n - F::lit(2.0));
    (r, s, c, up, down)
}

/// 2 (a + b r + a c + b s), the first two terms exactly, for pairs a and b.
#[inline(always)]
fn combine<F: HyperbolicData>((a, al): (F, F), (b, bl): (F, F), r: F, s: F, c: F) -> F {
    let hi = b.fma(r, a);
    let err = b.fma(r, a - hi) + bl.fma(r, al);
    let v = hi + a.fma(c, b.fma(s, err));
    v + v
}

pub(super) struct Sinh;
impl<F: HyperbolicData> Unary<F> for Sinh {
    #[inline(always)]
    fn fast(x: F) -> F {
        let (r, s, c, up, down) = parts(x);
        let (a, b) = (fast_two_sum(up, -down), fast_two_sum(up, down));
        let v = combine(a, b, r, s, c);
        if x.abs() < F::NEGLIGIBLE {
            x
        } else {
            v.with_sign_of(x)
        }
    }
}

pub(super) struct Cosh;
impl<F: HyperbolicData> Unary<F> for Cosh {
    #[inline(always)]
    fn fast(x: F) -> F {
        let (r, s, c, up, down) = parts(x);
        let (a, b) = (fast_two_sum(up, down), fast_two_sum(up, -down));
        combine(a, b, r, s, c)
    }
}

pub(super) struct Tanh;
impl<F: ExpData> Unary<F> for Tanh {
    #[inline(always)]
    fn fast(x: F) -> F {
        let one = F::lit(1.0);
        let two = F::lit(2.0);
        let y = clamp(-(x.abs() + x.abs()), (-F::SATURATED, F::lit(0.0)));
        let Reduced { t, r, lo } = reduce(y);
        let s = F::pow2(t);
        // 1 - z = (1 - s) - s r - s (expm1(r) - r).
        let base = one - s;
        let basel = (one - base) - s;
        let hi = (-s).fma(r, base);
        let err = (-s).fma(r, base - hi) + basel;
        let q = (r * r).fma(poly(r, F::Q), lo);
        let (n, nl) = fast_two_sum(hi, (-s).fma(q, err));
        let (d, dl) = fast_two_sum(two, -n);
        let v = div_pair(n, nl, d, dl - nl);
        if x.abs() < F::NEGLIGIBLE {
            x
        } else {
            v.with_sign_of(x)
        }
    }
}
