//! erf and erfc.
//!
//! erf(x) = x + x E(x^2) for |x| <= 1. Beyond, erfc(x) = exp(-x^2) P(t) / x, where
//! P(t) = x exp(x^2) erfc(x) is smooth in t = (x - c) / (x + c) (Shepherd and Laframboise, Math. Comp. 36,
//! 1981, use such a t for (1 + 2x) exp(x^2) erfc(x)); x^2 is a pair. The f32 tail of erf is
//! 1 - exp(-T(|x| - 1)), with T fitted to -log erfc. All by Remez exchange: relative errors of E
//! 2^-62 (f64) and 2^-29 (f32), of P 2^-59 and 2^-27, of the tail 2^-35 of erf.

use super::driver::Unary;
use super::exp::{ExpData, Reduced, clamp, exp_of_sum, reduce};
use super::polynomials;
use super::real::{div_pair_parts, fast_two_sum, horner, poly, two_sum};

pub(super) trait ErfData: ExpData {
    /// erf(x) = x + x E(x^2), |x| <= 1.
    const E: &'static [Self];
    /// erfc(x) = exp(-x^2) P((x - CENTRE) / (x + CENTRE)) / x, x >= 1/2.
    const P: &'static [Self];
    /// CENTRE exp(CENTRE^2) erfc(CENTRE) less the first term of P.
    const P_LO: Self;
    const CENTRE: Self;
    /// Below this erfc is computed from E; there both formulas are at their best.
    const NEAR: Self;
    /// erfc is 0 from here on.
    const ZERO: Self;
    /// erf(a) for a >= 1.
    fn tail(a: Self) -> Self;
}

impl ErfData for f64 {
    const E: &'static [f64] = &[
        0.1283791670955126,
        -0.3761263890318375,
        0.11283791670954853,
        -0.026866170645071828,
        0.005223977624769879,
        -0.0008548326978079235,
        0.00012055331011653276,
        -1.4925592876381327e-05,
        1.6460962346143105e-06,
        -1.6349910684264623e-07,
        1.4657087211312922e-08,
        -1.1362521649010422e-09,
        5.939815010328281e-11,
    ];
    const P: &'static [f64] = &[
        0.5370034535441699,
        0.09530622695922801,
        -0.1465830480328908,
        0.13988054760177018,
        -0.09546975030664528,
        0.0463502633312853,
        -0.014019825625678403,
        0.0009108226891435334,
        0.0012428761522972427,
        -0.0004125437896794196,
        -8.46081560586415e-05,
        6.89799428395459e-05,
        6.463642093543308e-06,
        -1.1110316927690621e-05,
        -9.91243572343533e-07,
        1.8830961027336992e-06,
        2.935967516761315e-07,
        -3.2207449152934817e-07,
        -9.046866627507091e-08,
        4.937147189509776e-08,
        2.1367077277516055e-08,
        -5.05085651324758e-09,
        -2.6847955012342137e-09,
    ];
    const P_LO: f64 = -4.4037228391688995e-17;
    const CENTRE: f64 = 3.0;
    const NEAR: f64 = 0.6;
    const ZERO: f64 = 27.3;
    #[inline(always)]
    fn tail(a: f64) -> f64 {
        let a = clamp(a, (1.0, 6.5));
        let t = (a - Self::CENTRE) / (a + Self::CENTRE);
        1.0 - exp_of_sum(-(a * a), 0.0) * poly(t, Self::P) / a
    }
}

impl ErfData for f32 {
    const E: &'static [f32] = polynomials::ERF;
    const P: &'static [f32] = polynomials::ERFC;
    const P_LO: f32 = -8.710928209535448e-09;
    const CENTRE: f32 = 2.0;
    const NEAR: f32 = 0.75;
    const ZERO: f32 = 10.1;
    #[inline(always)]
    fn tail(a: f32) -> f32 {
        let a = clamp(a, (1.0, 4.0));
        1.0 - exp_of_sum(-poly(a - 1.0, polynomials::ERF_TAIL), 0.0)
    }
}

pub(super) struct Erf;
impl<F: ErfData> Unary<F> for Erf {
    #[inline(always)]
    fn fast(x: F) -> F {
        let a = x.abs();
        let near = a.fma(poly(a * a, F::E), a);
        (if a < F::lit(1.0) { near } else { F::tail(a) }).with_sign_of(x)
    }
}

/// erfc(a) for a >= 1/2, with all rounding errors kept.
#[inline(always)]
fn erfc_far<F: ErfData>(a: F) -> F {
    let one = F::lit(1.0);
    let a = clamp(a, (F::lit(0.5), F::ZERO));
    let (n, nl) = two_sum(a, -F::CENTRE);
    let (d, dl) = two_sum(a, F::CENTRE);
    let (t, tl) = div_pair_parts(n, nl, d, dl);
    let (p, pl) = fast_two_sum(F::P[0], t * horner(t, &F::P[1..]));
    // The rounding error of t, by a few terms of the derivative of P.
    let five = F::lit(5.0) * F::P[5];
    let slope = five.fma(t, F::lit(4.0) * F::P[4]).fma(t, F::lit(3.0) * F::P[3]);
    let slope = slope.fma(t, F::lit(2.0) * F::P[2]).fma(t, F::P[1]);
    let pl = tl.fma(slope, pl + F::P_LO);
    let h = a * a;
    let hl = a.fma(a, -h);
    let Reduced { t: n, r, lo } = reduce(clamp(-h, F::RANGE));
    let (e, el) = fast_two_sum(one, (r * r).fma(poly(r, F::Q), r));
    let el = (lo - hl).fma(e, el);
    let v = e * p;
    let vl = e.fma(p, -v) + el.fma(p, e * pl);
    let inv = one / a;
    let q = v * inv;
    let q = ((-q).fma(a, v) + vl).fma(inv, q);
    let (s1, s2) = F::pow2_pair(n);
    q * s1 * s2
}

pub(super) struct Erfc;
impl<F: ErfData> Unary<F> for Erfc {
    #[inline(always)]
    fn fast(x: F) -> F {
        let a = x.abs();
        // (1 - x) - x E: the difference as a pair.
        let (r, rl) = fast_two_sum(F::lit(1.0), -x);
        let near = r - x.fma(horner(a * a, F::E), -rl);
        let far = erfc_far(a);
        let far = if x < F::lit(0.0) { F::lit(2.0) - far } else { far };
        if a < F::NEAR { near } else { far }
    }
}
