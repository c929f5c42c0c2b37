//! exp, expm1, exp2 and the logistic function.
//!
//! x = n ln 2 + r with |r| <= ln 2 / 2, then exp(x) = 2^n (1 + r + r^2 Q(r)). The reduction is
//! Cody and Waite's with fused multiply-add: n times the leading part of ln 2 is subtracted exactly.
//! Q is a minimax polynomial (Remez exchange, weight r^2 / r: it serves expm1 too); its error is
//! 2^-57 (f64) and 2^-27 (f32) of exp.

use super::driver::Unary;
use super::polynomials;
use super::real::{Real, div_pair, fast_two_sum, poly};

/// The constants that depend on the format.
pub(super) trait ExpData: Real {
    /// exp(r) = 1 + r + r^2 Q(r).
    const Q: &'static [Self];
    const LN2_HI: Self;
    /// ln 2 - LN2_HI.
    const LN2_LO: Self;
    /// exp is 0 below the first and infinite above the second, and both are in the range of `pow2_pair`.
    const RANGE: (Self, Self);
    /// The same for exp2.
    const RANGE2: (Self, Self);
    /// expm1 is -1 below the negative of this.
    const SATURATED: Self;
    /// Below this in magnitude expm1(x), log1p(x), sin(x) and the like round to x.
    const NEGLIGIBLE: Self;
}

impl ExpData for f64 {
    const Q: &'static [f64] = &[
        0.5000000000000006,
        0.16666666666666688,
        0.041666666666572066,
        0.008333333333313637,
        0.0013888888932937374,
        0.0001984126990511329,
        2.480150373840768e-05,
        2.755722609615485e-06,
        2.762661867853806e-07,
        2.5115059038267915e-08,
    ];
    const LN2_HI: f64 = std::f64::consts::LN_2;
    const LN2_LO: f64 = 2.3190468138462996e-17;
    const RANGE: (f64, f64) = (-746.0, 710.0);
    const RANGE2: (f64, f64) = (-1077.0, 1025.0);
    const SATURATED: f64 = 40.0;
    const NEGLIGIBLE: f64 = 1e-17;
}

impl ExpData for f32 {
    const Q: &'static [f32] = polynomials::EXP;
    const LN2_HI: f32 = std::f32::consts::LN_2;
    const LN2_LO: f32 = -1.9046542121259336e-09;
    const RANGE: (f32, f32) = (-105.0, 89.0);
    const RANGE2: (f32, f32) = (-152.0, 129.0);
    const SATURATED: f32 = 20.0;
    const NEGLIGIBLE: f32 = 1e-8;
}

/// x limited to a range; NaN stays.
#[inline(always)]
pub(super) fn clamp<F: Real>(x: F, (lo, hi): (F, F)) -> F {
    let x = if x < lo { lo } else { x };
    if x > hi { hi } else { x }
}

/// x = n ln 2 + r + lo.
pub(super) struct Reduced<F> {
    /// n + MAGIC.
    pub(super) t: F,
    pub(super) r: F,
    pub(super) lo: F,
}

#[inline(always)]
pub(super) fn reduce<F: ExpData>(x: F) -> Reduced<F> {
    let t = x.fma(F::lit(std::f64::consts::LOG2_E), F::MAGIC);
    let n = t - F::MAGIC;
    let exact = n.fma(-F::LN2_HI, x);
    let r = n.fma(-F::LN2_LO, exact);
    let lo = n.fma(-F::LN2_LO, exact - r);
    Reduced { t, r, lo }
}

pub(super) struct Exp;
impl<F: ExpData> Unary<F> for Exp {
    #[inline(always)]
    fn fast(x: F) -> F {
        let x = clamp(x, F::RANGE);
        let t = x.fma(F::lit(std::f64::consts::LOG2_E), F::MAGIC);
        let n = t - F::MAGIC;
        let r = n.fma(-F::LN2_LO, n.fma(-F::LN2_HI, x));
        let w = (r * r).fma(poly(r, F::Q), r);
        let (s1, s2) = F::pow2_pair(t);
        (F::lit(1.0) + w) * s1 * s2
    }
}

/// exp2: the reduction is exact, and the fraction is multiplied by ln 2 as a pair.
pub(super) struct Exp2;
impl<F: ExpData> Unary<F> for Exp2 {
    #[inline(always)]
    fn fast(x: F) -> F {
        let x = clamp(x, F::RANGE2);
        let t = x + F::MAGIC;
        let f = x - (t - F::MAGIC);
        let r = f * F::LN2_HI;
        let lo = f.fma(F::LN2_LO, f.fma(F::LN2_HI, -r));
        let w = r + (r * r).fma(poly(r, F::Q), lo);
        let (s1, s2) = F::pow2_pair(t);
        (F::lit(1.0) + w) * s1 * s2
    }
}

/// expm1(x) = 2 ((s - 1/2) + s (r + ...)) with s = 2^(n-1): half the scale, so that n = 1024 fits.
pub(super) struct Expm1;
impl<F: ExpData> Unary<F> for Expm1 {
    #[inline(always)]
    fn fast(x: F) -> F {
        let half = F::lit(0.5);
        let y = clamp(x, (-F::SATURATED, F::RANGE.1));
        let Reduced { t, r, lo } = reduce(y);
        let s = F::pow2(t - F::lit(1.0));
        let base = s - half;
        let hi = s.fma(r, base);
        let err = s.fma(r, base - hi);
        let q = (r * r).fma(poly(r, F::Q), lo);
        let e = hi + s.fma(q, err);
        if x.abs() < F::NEGLIGIBLE { x } else { e + e }
    }
}

/// 1 / (1 + exp(-x)), as exp(x) / (1 + exp(x)) for negative x: the scale 2^n is applied last, so that
/// denormal results are rounded once.
pub(super) struct Logistic;
impl<F: ExpData> Unary<F> for Logistic {
    #[inline(always)]
    fn fast(x: F) -> F {
        let one = F::lit(1.0);
        let zero = F::lit(0.0);
        let Reduced { t, r, .. } = reduce(clamp(-x.abs(), F::RANGE));
        let (p, pl) = fast_two_sum(one, (r * r).fma(poly(r, F::Q), r));
        let (s1, s2) = F::pow2_pair(t);
        let z = p * s1 * s2;
        let (d, dl) = fast_two_sum(one, z);
        let dl = (pl * s1).fma(s2, dl);
        let negative = x < zero;
        let n = if negative { p } else { one };
        let nl = if negative { pl } else { zero };
        let q = div_pair(n, nl, d, dl);
        let (s1, s2) = if negative { (s1, s2) } else { (one, one) };
        q * s1 * s2
    }
}
