//! `log |Gamma|` (in `lgamma`) and digamma in f64, within 4 units in the last place over the whole line,
//! their zeros included.
//!
//! The formulas are branch-free. Next to a zero on the negative axis the reflection formula cancels:
//! [`Sum::cancels`] returns true, and `zeros` has the value there, one element at a time.
//!
//! f32 is computed in f64, digamma of positive numbers by shorter formulas (`narrow`): the result is the true
//! value rounded, except for a hundredth of an ulp.
//!
//! Polynomials and quotients are interpolations at Chebyshev points in 250-bit arithmetic, each for the range
//! that it names. Stirling's series, the recurrences and the reflections are formulas 5.5.1 to 5.5.4, 5.11.1
//! and 5.11.2 of the NIST Digital Library of Mathematical Functions. As in Boost's digamma, the zero at 1.46
//! is subtracted as a pair of floats.

mod lgamma;
mod narrow;
mod zeros;

use super::driver::{SCRATCH, TAIL, Unary};
use super::log::Log;
use super::real::poly;
use super::sin_cos::SinCosData;
use std::f64::consts::PI;
use zeros::digamma_beside_a_zero;

pub(super) use lgamma::Lgamma;

/// A value, and the greatest term of its sum.
#[derive(Clone, Copy)]
struct Sum {
    /// The value.
    value: f64,
    /// The greatest term of a sum of both signs in magnitude, 0 for other formulas.
    term: f64,
}

impl Sum {
    /// Returns true if the terms leave less than `part` of the greatest: [`CANCELS`], or [`CANCELS_F32`].
    #[inline(always)]
    fn cancels(self, part: f64) -> bool {
        self.value.abs() < part * self.term
    }
}

/// `lgamma(2 + e) = e L(e)` for `-3/4 <= e <= 1/2`, relative error 2^-54.
const LGAMMA: &[f64] = &[
    0.42278433509846713,
    0.3224670334241132,
    -0.0673523010531981,
    0.020580808427784397,
    -0.007385551028673811,
    0.0028905103307528984,
    -0.00119275391170809,
    0.0005096695243448249,
    -0.00022315475849535044,
    9.945752049004698e-05,
    -4.492623255243891e-05,
    2.050712305129801e-05,
    -9.439572157511762e-06,
    4.375514402098904e-06,
    -2.0383618772604693e-06,
    9.522912389321117e-07,
    -4.542692598845455e-07,
    2.189957197224495e-07,
    -8.318260450484709e-08,
    4.1947729091372775e-08,
    -5.4761567198377156e-08,
    1.2311940674691939e-09,
    1.9252738080907253e-08,
    2.0872345523855944e-08,
];

/// A sum of two terms that are right to 2 ulp is right to 4 ulp, if it is at least this part of
/// the greatest term.
const CANCELS: f64 = 0.62;
/// The same part for results in f32: the terms in f64 are then right to a hundredth of an ulp.
const CANCELS_F32: f64 = 1.0 / 1048576.0;

/// `digamma(1 + u) = (u - root) N(u) / D(u)` for `0 <= u <= 1`, relative error 2^-56. All terms are positive.
const MID: [&[f64]; 2] = [
    &[
        1.2503801375034054,
        1.8675925104074453,
        0.9711327526262392,
        0.21631407251432455,
        0.01996408274151926,
        0.0005811135063985677,
        1.0894678528383955e-06,
    ],
    &[
        1.0,
        2.1771665986671342,
        1.6630736963665909,
        0.5710455727133128,
        0.09111902253303285,
        0.006100975692434821,
        0.00012043151172286901,
    ],
];
/// The zero of digamma less 1: its float, and the rest.
const ROOT: (f64, f64) = (0.46163214496836236, -1.5522348162858677e-17);
/// `digamma(x) = log(x - 1/2) + s N(s) / D(s)` with `s = 1 / (x - 1/2)^2` for `x >= 2`, relative error 2^-59.
/// All terms are positive.
const BIG: [&[f64]; 2] = [
    &[
        0.04166666666666642,
        0.8345389248573223,
        5.659180367063787,
        16.315750237195985,
        20.559922998151464,
        10.38125592604396,
        1.6044019379069339,
        0.025661932760993517,
    ],
    &[
        1.0,
        20.20393419656952,
        139.2637553903677,
        414.1843280818953,
        554.894821105321,
        318.70041602264996,
        67.13374966322371,
        3.457538997057562,
    ],
];

/// `x` less its nearest integer, exactly.
#[inline(always)]
fn from_nearest(x: f64) -> f64 {
    let below = x.floor();
    let f = x - below;
    if f > 0.5 { x - (below + 1.0) } else { f }
}

/// `sin(pi f)` and `cos(pi f)` for `|f| <= 1/2`.
#[inline(always)]
fn sin_cos_pi(f: f64) -> (f64, f64) {
    let flip = f.abs() > 0.25;
    let g = if flip { 0.5 - f.abs() } else { f };
    let (s, c) = sin_cos(PI * g);
    if flip { (c.copysign(f), s) } else { (s, c) }
}

/// Returns the derivative of `log |Gamma(x)|`. NaN at the poles.
///
/// From 2 on the formula is a logarithm and a correction. From 1 to 2 it is the distance from the zero times
/// a quotient. From 0 to 1 it is the recurrence, and below 0 the reflection.
#[inline(always)]
fn digamma(x: f64) -> Sum {
    let reflected = x < 0.0;
    let v = if reflected { 1.0 - x } else { x };
    let mid = v < 2.0;
    // v less 1, or v itself below 1: x = -u, 1 + u or u.
    let u = if reflected {
        -x
    } else if x < 1.0 {
        x
    } else {
        x - 1.0
    };
    let w = if reflected { 0.5 - x } else { x - 0.5 };
    let inverse = 1.0 / w;
    let s = inverse * inverse;
    let numerator = if mid { poly(u, MID[0]) } else { poly(s, BIG[0]) };
    let denominator = if mid { poly(u, MID[1]) } else { poly(s, BIG[1]) };
    let quotient = numerator / denominator;
    let distance = (u - ROOT.0) - ROOT.1;
    let positive = if mid {
        distance * quotient
    } else {
        s.mul_add(quotient, log(w))
    };

    // psi(x) = psi(x + 1) - 1/x, and psi(x) = psi(1 - x) - pi cot(pi x).
    let f = from_nearest(x);
    let (sin, cos) = sin_cos_pi(f);
    let (over, under) = if reflected { (PI * cos, sin) } else { (1.0, x) };
    let less = if x < 1.0 { over / under } else { 0.0 };
    let value = positive - less;
    let pole = x <= 0.0 && f == 0.0;
    let term = if positive.abs() > less.abs() {
        positive.abs()
    } else {
        less.abs()
    };
    Sum {
        value: if pole { f64::NAN } else { value },
        term: if reflected { term } else { 0.0 },
    }
}

#[inline(always)]
fn log(x: f64) -> f64 {
    <Log as Unary<f64>>::fast(x)
}

/// sin(r) and cos(r) for `|r| <= pi/4`.
#[inline(always)]
fn sin_cos(r: f64) -> (f64, f64) {
    let z = r * r;
    let s = (r * z).mul_add(poly(z, f64::SIN), r);
    let c = z.mul_add(z.mul_add(poly(z, f64::COS), -0.5), 1.0);
    (s, c)
}

pub(super) struct Digamma;

impl Unary<f64> for Digamma {
    #[inline(always)]
    fn fast(x: f64) -> f64 {
        digamma(x).value
    }
    const HAS_RARE: bool = true;
    #[inline(always)]
    fn is_rare(x: f64) -> bool {
        digamma(x).cancels(CANCELS)
    }
    fn rare(x: f64) -> f64 {
        digamma_beside_a_zero(x)
    }
}

impl Unary<f32> for Digamma {
    const STAGED: bool = true;
    #[inline(always)]
    fn fast(x: f32) -> f32 {
        let mut y = [x; TAIL];
        Self::block(&[x; TAIL], &mut y, &mut [[0.0; TAIL]; SCRATCH]);
        y[0]
    }
    #[inline(always)]
    fn block<const N: usize>(x: &[f32; N], y: &mut [f32; N], scratch: &mut [[f32; N]; SCRATCH]) {
        narrow::digamma(x, y, scratch);
        let mut reflected = false;
        for x in x {
            reflected |= *x < 0.0;
        }
        if !reflected {
            return;
        }
        let mut cancels = false;
        for i in 0..N {
            let sum = digamma(f64::from(x[i]));
            y[i] = if x[i] < 0.0 { sum.value as f32 } else { y[i] };
            cancels |= sum.cancels(CANCELS_F32);
        }
        if cancels {
            redo_narrow(x, y);
        }
    }
}

#[cold]
#[inline(never)]
fn redo_narrow(x: &[f32], y: &mut [f32]) {
    for (x, y) in x.iter().zip(y) {
        let x = f64::from(*x);
        if digamma(x).cancels(CANCELS_F32) {
            *y = digamma_beside_a_zero(x) as f32;
        }
    }
}
