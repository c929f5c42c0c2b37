//! sin and cos of reduced arguments, |r| <= pi/4.
//!
//! The polynomials are minimax (Remez exchange): relative errors 2^-58 (f64) and 2^-28 (f32).

use super::exp::ExpData;
use super::real::{fast_two_sum, poly};

pub(super) trait SinCosData: ExpData {
    /// sin(r) = r + r^3 S(r^2), |r| <= pi/4.
    const SIN: &'static [Self];
    /// cos(r) = 1 - r^2/2 + r^4 C(r^2), |r| <= pi/4.
    const COS: &'static [Self];
}

impl SinCosData for f64 {
    const SIN: &'static [f64] = &[
        -0.16666666666666632,
        0.00833333333332233,
        -0.00019841269829735022,
        2.7557313664855665e-06,
        -2.5050753610657532e-08,
        1.5896520290684886e-10,
    ];
    const COS: &'static [f64] = &[
        0.0416666666666666,
        -0.0013888888888874001,
        2.4801587289400127e-05,
        -2.7557314327317293e-07,
        2.0875719712235783e-09,
        -1.1359455769524378e-11,
    ];
}

impl SinCosData for f32 {
    const SIN: &'static [f32] = &[-0.16666655, 0.008332173, -1.951665e-04];
    const COS: &'static [f32] = &[0.041666646, -0.0013887362, 2.4437719e-05];
}

/// (sin, cos) of r + lo for |r| <= pi/4, each a pair.
#[inline(always)]
pub(super) fn sin_cos_pairs<F: SinCosData>(r: F, lo: F) -> ((F, F), (F, F)) {
    let z = r * r;
    let sin = fast_two_sum(r, (r * z).fma(poly(z, F::SIN), lo));
    let h = F::lit(0.5) * z;
    // The rounding error of the square counts.
    let hl = r.fma(r, -z).fma(F::lit(0.5), r * lo);
    let (c, cl) = fast_two_sum(F::lit(1.0), -h);
    let cos = fast_two_sum(c, cl + (z * z).fma(poly(z, F::COS), -hl));
    (sin, cos)
}
