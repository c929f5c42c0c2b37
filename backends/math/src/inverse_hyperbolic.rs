//! asinh, acosh, atanh.
//!
//! Near zero asinh and atanh are odd polynomials (Remez exchange; relative error 2^-57 in f64, 2^-29 in
//! f32); elsewhere all three are the logarithm of a pair: a quotient or a square root whose rounding
//! error is kept.

use super::driver::Unary;
use super::log::{LogData, log_of_sum, log1p_of_sum};
use super::polynomials;
use super::real::{Real, div_pair_parts, fast_two_sum, poly};

pub(super) trait InverseHyperbolicData: LogData {
    /// asinh(x) = x + x^3 P(x^2), |x| <= 1/2.
    const ASINH: &'static [Self];
    /// atanh(x) = x + x^3 P(x^2), |x| <= 1/2.
    const ATANH: &'static [Self];
    /// x^2 + 1 is x^2 from here on, and x^2 does not overflow before.
    const LARGE: Self;
}

impl InverseHyperbolicData for f64 {
    const ASINH: &'static [f64] = &[
        -0.1666666666666661,
        0.0749999999998462,
        -0.04464285712799539,
        0.03038194372298468,
        -0.022372138512379618,
        0.017352389222596014,
        -0.01396025411275816,
        0.011513124141034978,
        -0.00953473379035552,
        0.007467179192045392,
        -0.0047499322352492915,
        0.001719704026068731,
    ];
    const ATANH: &'static [f64] = &[
        0.3333333333333402,
        0.19999999999787382,
        0.1428571430876839,
        0.11111109853704014,
        0.09090949458950445,
        0.07691477474993993,
        0.06678148841686704,
        0.0577274516535672,
        0.05991534337063695,
        0.014224554215319476,
        0.14574464245921115,
        -0.15403520568534493,
        0.22548037965284132,
    ];
    const LARGE: f64 = 1e10;
}

impl InverseHyperbolicData for f32 {
    const ASINH: &'static [f32] = polynomials::ASINH;
    const ATANH: &'static [f32] = polynomials::ATANH;
    const LARGE: f32 = 1e5;
}

/// sqrt(h + l) as a pair, for |l| << h.
#[inline(always)]
fn sqrt_pair<F: Real>(h: F, l: F) -> (F, F) {
    let a = h.sqrt();
    // h - a^2 is exact.
    let rem = (-a).fma(a, h) + l;
    let e = rem * (F::lit(0.5) / a);
    // 0/0 at h = 0.
    (a, if a > F::lit(0.0) { e } else { a })
}

pub(super) struct Asinh;
impl<F: InverseHyperbolicData> Unary<F> for Asinh {
    #[inline(always)]
    fn fast(x: F) -> F {
        let one = F::lit(1.0);
        let a = x.abs();
        let z = a * a;
        let near = (a * z).fma(poly(z, F::ASINH), a);
        // log(a + sqrt(a^2 + 1)); log(a/2 + a/2) + ln 2 for large a, in the scale of a/2.
        let large = a > F::LARGE;
        let zl = a.fma(a, -z);
        let big_first = z > one;
        let h = z + one;
        let hl = if big_first { one - (h - z) } else { z - (h - one) };
        let (s, sl) = sqrt_pair(h, hl + zl);
        let (u, ul) = fast_two_sum(s, a);
        let half = F::lit(0.5);
        let (u, ul) = if large {
            (a, F::lit(0.0))
        } else {
            (half * u, half * (ul + sl))
        };
        let far = log_of_double(u, ul);
        let v = if a < half { near } else { far };
        let v = if a < F::NEGLIGIBLE { a } else { v };
        (if a < F::INFINITY { v } else { a }).with_sign_of(x)
    }
}

/// log(2 (u + ul)).
#[inline(always)]
fn log_of_double<F: LogData>(u: F, ul: F) -> F {
    log_of_sum(u, ul, F::lit(1.0))
}

pub(super) struct Acosh;
impl<F: InverseHyperbolicData> Unary<F> for Acosh {
    #[inline(always)]
    fn fast(x: F) -> F {
        let one = F::lit(1.0);
        let zero = F::lit(0.0);
        let large = x > F::LARGE;
        // log1p(w) with w = t + sqrt(t (t + 2)), t = x - 1: accurate near 1.
        let y = if large { F::lit(2.0) } else { x };
        let p = y * y;
        let pl = y.fma(y, -p);
        let h = y.fma(y, -one);
        let hl = (p - one - h) + pl;
        let (s, sl) = sqrt_pair(h, hl);
        let t = y - one;
        let tl = (y - t) - one;
        let (w, wl) = fast_two_sum(s, t);
        let near = log1p_of_sum(w, wl + (sl + tl));
        let far = log_of_double(x, zero);
        let v = if large { far } else { near };
        let v = if x < F::INFINITY { v } else { x };
        if x < one { F::NAN } else { v }
    }
}

/// atanh(x) = log((1 + x) / (1 - x)) / 2.
pub(super) struct Atanh;
impl<F: InverseHyperbolicData> Unary<F> for Atanh {
    #[inline(always)]
    fn fast(x: F) -> F {
        let one = F::lit(1.0);
        let half = F::lit(0.5);
        let a = x.abs();
        let z = a * a;
        let near = (a * z).fma(poly(z, F::ATANH), a);
        let (n, nl) = fast_two_sum(one, a);
        let (q, ql) = div_pair_parts(n, nl, one - a, F::lit(0.0));
        let far = half * log_of_sum(q, ql, F::lit(0.0));
        let v = if a < half { near } else { far };
        let v = if a == one { F::INFINITY } else { v };
        let v = if a > one { F::NAN } else { v };
        let v = if a < F::NEGLIGIBLE { a } else { v };
        v.with_sign_of(x)
    }
}
