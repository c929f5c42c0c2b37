//! digamma of positive f32, in f64.
//!
//! From 2 on the formula is `log(w) + s P(s)` with `w = x - 1/2` and `s = 1 / w^2`, below 2 the distance from
//! the zero times a polynomial, and below 1 the recurrence. Both polynomials by Remez exchange.

use super::super::driver::SCRATCH;
use super::super::log::log_normal;
use super::super::real::horner;
use super::ROOT;
use super::lgamma::LOG_32;

/// `digamma(1 + u) = (u - root) Q(u)` for `0 <= u <= 1`, relative error 2^-33.
const Q: &[f64] = &[
    1.250380137365776,
    -0.8546933129932399,
    0.7524655215287492,
    -0.7144776504705876,
    0.6976028579337196,
    -0.6854283051540302,
    0.6608287870299855,
    -0.5969474068230067,
    0.470844414727785,
    -0.29739066522394614,
    0.1359794874744344,
    -0.03908722995598819,
    0.005230903250893546,
];
/// Relative error 2^-32 of digamma for `x >= 2`.
const P: &[f64] = &[
    0.04166662008848939,
    -0.007289136216579656,
    0.0037934420429212496,
    -0.003598350464354818,
    0.004003901241295146,
    -0.003437946004881427,
    0.0014574144430828174,
];

/// NaN at zero, and any number for negative arguments.
#[inline(always)]
pub(super) fn digamma<const N: usize>(
    x: &[f32; N],
    y: &mut [f32; N],
    [u, inverse, ..]: &mut [[f32; N]; SCRATCH],
) {
    let (mut near, mut log) = ([0.0; N], [0.0; N]);
    for i in 0..N {
        let (x, below) = (x[i], x[i] < 1.0);
        u[i] = if below { x } else { x - 1.0 };
        inverse[i] = 1.0 / if below { x } else { x - 0.5 };
    }
    for i in 0..N {
        log[i] = log_normal(f64::from(x[i]) - 0.5, LOG_32);
    }
    for i in 0..N {
        let u = f64::from(u[i]);
        near[i] = ((u - ROOT.0) - ROOT.1) * horner(u, Q);
    }
    for i in 0..N {
        let (x, inverse) = (f64::from(x[i]), f64::from(inverse[i]));
        let w = if x < 1.0 { x } else { x - 0.5 };
        // A step of Newton's.
        let inverse = (-inverse).mul_add(w, 1.0).mul_add(inverse, inverse);
        let s = inverse * inverse;
        let far = s.mul_add(horner(s, P), log[i]);
        let below = if x < 1.0 { inverse } else { 0.0 };
        y[i] = (if x < 2.0 { near[i] - below } else { far }) as f32;
    }
    for i in 0..N {
        // The reciprocal of a denormal may be infinite.
        let tiny = if x[i] == 0.0 { f32::NAN } else { -inverse[i] };
        let v = if x[i].abs() < 1e-20 { tiny } else { y[i] };
        // Infinity, and NaN with its payload.
        y[i] = if x[i] < f32::INFINITY { v } else { x[i] };
    }
}
