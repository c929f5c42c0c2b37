//! erf and erfc.
//!
//! erf(x) = x + x E(x^2) for |x| <= 1. Beyond, erfc(x) = exp(-x^2) P(t) / x, where
//! P(t) = x exp(x^2) erfc(x) is smooth in t = (x - c) / (x + c) (Shepherd and Laframboise, Math. Comp. 36,
//! 1981, use such a t for (1 + 2x) exp(x^2) erfc(x)); x^2 is a pair.
//!
//! The tail of erf is 1 - R^2, with R fitted to the root of erfc: the root falls so slowly that a polynomial
//! follows it to where erf is 1, and neither an exponential nor a division is needed. The square is small
//! beside 1, and so are R's rounding errors.
//!
//! All by Remez exchange: relative errors of E 2^-62 (f64) and 2^-29 (f32), of P 2^-59 and 2^-27, of the tail
//! 2^-56 and 2^-28.

use super::driver::Unary;
use super::exp::{ExpData, Reduced, clamp, reduce};
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
    /// erfc(x) = R(x - ROOT_CENTRE)^2 up to ONE, x >= 1.
    const R: &'static [Self];
    /// The centre of R: in the middle R's rounding errors would count for more.
    const ROOT_CENTRE: Self;
    /// erf is 1 from here on.
    const ONE: Self;
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
    const R: &'static [f64] = &[
        0.11544838145603235,
        -0.2285653348472857,
        0.1737318881304062,
        -0.04651044133407954,
        -0.014473604020651495,
        0.012646360986104586,
        -0.0013693291830878876,
        -0.0013326763780254253,
        0.00044792418137241594,
        5.342446824799887e-05,
        -5.197300037925569e-05,
        3.6686006326459576e-06,
        3.602393877739685e-06,
        -7.553169024523384e-07,
        -1.5293311203717976e-07,
        6.620502446851433e-08,
        2.0563761435800435e-09,
        -3.957899762984185e-09,
        2.476818050217462e-10,
        1.805481426898394e-10,
        -1.617867717431585e-11,
        -1.6961729540896412e-11,
        6.744502864609252e-12,
        -1.258626577749051e-12,
        1.3604654891712653e-13,
        -8.267792026269752e-15,
        2.2096539477450045e-16,
    ];
    const ROOT_CENTRE: f64 = 1.75;
    const ONE: f64 = 5.95;
}

impl ErfData for f32 {
    const E: &'static [f32] = polynomials::ERF;
    const P: &'static [f32] = polynomials::ERFC;
    const P_LO: f32 = -8.710928209535448e-09;
    const CENTRE: f32 = 2.0;
    const NEAR: f32 = 0.75;
    const ZERO: f32 = 10.1;
    const R: &'static [f32] = polynomials::ERF_ROOT;
    const ROOT_CENTRE: f32 = 1.75;
    const ONE: f32 = 4.0;
}

pub(super) struct Erf;
impl<F: ErfData> Unary<F> for Erf {
    #[inline(always)]
    fn fast(x: F) -> F {
        let a = x.abs();
        let one = F::lit(1.0);
        let near = a.fma(poly(a * a, F::E), a);
        let limited = if a > F::ONE { F::ONE } else { a };
        let t = limited - F::ROOT_CENTRE;
        let root = t.fma(poly(t, &F::R[1..]), F::R[0]);
        let tail = (-root).fma(root, one);
        (if a < one { near } else { tail }).with_sign_of(x)
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
