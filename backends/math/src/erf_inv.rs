//! The inverse of erf, as XLA computes it: M. Giles' polynomials ("Approximating the erfinv function",
//! GPU Computing Gems, 2010) in w = -log1p(-x^2), with XLA's own log1p and log.
//!
//! Normal random numbers use it, and they must have JAX's bits: in f32 every value is XLA's
//! (xla/hlo/builder/lib/math.cc; log and log1p of XLA:CPU, after Cephes and Eigen). In f64 XLA calls libm's
//! log, this file has its own, and results differ by an ulp or two at most.
//!
//! Giles' polynomials are not faithful roundings: the result is up to 91 ulp (f32, in the tails) from
//! the true inverse.
//!
//! One more difference: JAX's CPU backend flushes denormal arguments to zero, and this code does not.
//!
//! The tails |x| > 0.9966 (f32) and 0.9990 (f64) are rare among uniform numbers: blocks without any skip
//! them.

use super::driver::{SCRATCH, TAIL, Unary};
use super::log::{LogData, log_of_reduced, log_reduced_of_quotient};
use super::real::{Real, horner};

pub(super) struct ErfInv;

/// XLA's polynomials are stored with the highest power last here.
const CENTRAL_32: &[f32] = &[
    1.50140941,
    0.246640727,
    -0.00417768164,
    -0.00125372503,
    0.00021858087,
    -4.39150654e-06,
    -3.5233877e-06,
    3.43273939e-07,
    2.81022636e-08,
];
const TAIL_32: &[f32] = &[
    2.83297682,
    1.00167406,
    0.00943887047,
    -0.0076224613,
    0.00573950773,
    -0.00367342844,
    0.00134934322,
    0.000100950558,
    -0.000200214257,
];

/// Returns the negative of XLA:CPU's log of 2^e (1 + r), for the arguments 2^-24 .. 1 that 1 - u^2 takes.
/// (XLA replaces arguments below the smallest normal number by that number, and handles 0 and infinity. They
/// do not occur here.)
#[inline(always)]
fn xla_minus_log(e: f32, r: f32) -> f32 {
    let r2 = r * r;
    let r3 = r2 * r;
    let y = r.mul_add(0.0703768358, -0.115146101);
    let y1 = r.mul_add(-0.12420141, 0.142493233);
    let y2 = r.mul_add(0.200007141, -0.24999994);
    let y = y.mul_add(r, 0.116769984);
    let y1 = y1.mul_add(r, -0.166680574);
    let y2 = y2.mul_add(r, 0.333333313);
    let y = y.mul_add(r3, y1);
    let y = y.mul_add(r3, y2);
    let z = y.mul_add(r3, e * -0.000212194442);
    let q = r2.mul_add(-0.5, r);
    (-e).mul_add(0.693359375, -(q + z))
}

/// Returns the negative of XLA's log1p(-u2), where u2 < sqrt(2) - 1, from its rational function's value.
///
/// XLA computes with -u2; here all signs are reversed, which changes no rounding.
#[inline(always)]
fn minus_log1p_near<F: Real>(u2: F, rational: F) -> F {
    let u4 = u2 * u2;
    u2 + u4.fma(F::lit(0.5), (u2 * u4) * rational)
}

const NEAR_P_32: &[f32] = &[
    20.0395527,
    57.1129646,
    60.9496689,
    29.9119186,
    6.57873249,
    0.498541027,
    4.527e-05,
];
const NEAR_Q_32: &[f32] = &[
    60.11866, 216.427887, 309.098724, 221.762405, 83.0475693, 15.0629091, 1.0,
];

/// One polynomial of the inverse of erf, for an evaluation by other code than a loop over floats.
pub struct Piece {
    /// The polynomial is used from this `w = -log(1 - u^2)` on.
    pub from: f64,
    /// True if its argument is the root of `w`.
    pub root: bool,
    /// The number that is subtracted from the argument.
    pub centre: f64,
    /// The coefficients, lowest power first. The polynomials of f32 have 32-bit floats.
    pub coefficients: Vec<f64>,
}

/// Returns the polynomials of f64 or of f32, in the order of `w`.
pub fn pieces(double: bool) -> Vec<Piece> {
    let piece = |from, root, centre, coefficients| Piece {
        from,
        root,
        centre,
        coefficients,
    };
    let single = |c: &[f32]| c.iter().map(|&c| f64::from(c)).collect();
    if double {
        vec![
            piece(0.0, false, 3.125, CENTRAL_64.to_vec()),
            piece(6.25, true, 3.25, MIDDLE_64.to_vec()),
            piece(16.0, true, 5.0, FAR_64.to_vec()),
        ]
    } else {
        vec![
            piece(0.0, false, 2.5, single(CENTRAL_32)),
            piece(5.0, true, 3.0, single(TAIL_32)),
        ]
    }
}

impl Unary<f32> for ErfInv {
    const STAGED: bool = true;
    #[inline(always)]
    fn fast(x: f32) -> f32 {
        let mut y = [x; TAIL];
        Self::block(&[x; TAIL], &mut y, &mut [[0.0; TAIL]; SCRATCH]);
        y[0]
    }
    #[inline(always)]
    fn block<const N: usize>(x: &[f32; N], y: &mut [f32; N], [u2, p, e, w]: &mut [[f32; N]; SCRATCH]) {
        // Each stage needs few coefficients, which stay in registers, and stores to another array than it
        // reads. Otherwise LLVM makes masked stores, which are slow on some processors.
        for i in 0..N {
            u2[i] = x[i] * x[i];
            p[i] = horner(-u2[i], NEAR_P_32);
        }
        for i in 0..N {
            y[i] = minus_log1p_near(u2[i], p[i] / horner(-u2[i], NEAR_Q_32));
        }
        for i in 0..N {
            let m;
            (e[i], m) = (1.0 - u2[i]).split_normal();
            p[i] = m - 1.0;
        }
        for i in 0..N {
            let far = xla_minus_log(e[i], p[i]);
            w[i] = if u2[i] < 0.414213568 { y[i] } else { far };
        }
        let mut rare = false;
        for i in 0..N {
            y[i] = horner(w[i] - 2.5, CENTRAL_32) * x[i];
            rare |= !is_central(x[i], CENTRAL_TO_32);
        }
        if rare {
            tails(x, y, w, CENTRAL_TO_32, |x, y, w| {
                let tail = horner(w.sqrt() - 3.0, TAIL_32) * x;
                at_one(x, if w < 5.0 { y } else { tail }, x * f32::INFINITY)
            });
        }
    }
}

/// Replaces the results of those parts of a block that have arguments in a tail.
#[inline(always)]
fn tails<F: Real, const N: usize>(
    x: &[F; N],
    y: &mut [F; N],
    w: &[F; N],
    central: f64,
    f: impl Fn(F, F, F) -> F,
) {
    let parts = x
        .as_chunks::<TAIL>()
        .0
        .iter()
        .zip(y.as_chunks_mut::<TAIL>().0)
        .zip(w.as_chunks::<TAIL>().0);
    for ((x, y), w) in parts {
        let mut rare = false;
        for x in x {
            rare |= !is_central(*x, central);
        }
        if rare {
            for i in 0..TAIL {
                y[i] = f(x[i], y[i], w[i]);
            }
        }
    }
}

/// A little less than the argument at which the tails begin.
const CENTRAL_TO_32: f64 = 0.9966;
const CENTRAL_TO_64: f64 = 0.99903;

/// Returns true if |x| is at most `bound`. NaN is not.
#[inline(always)]
fn is_central<F: Real>(x: F, bound: f64) -> bool {
    x.abs() <= F::lit(bound)
}

/// `end` at +-1; v elsewhere, and NaN beyond +-1.
#[inline(always)]
fn at_one<F: Real>(x: F, v: F, end: F) -> F {
    let one = F::lit(1.0);
    let v = if x.abs() > one { F::NAN } else { v };
    if x.abs() == one { end } else { v }
}

const CENTRAL_64: &[f64] = &[
    1.6536545626831027,
    0.24015818242558962,
    -0.006033670871430149,
    -0.000740702534166267,
    0.00018673420803405714,
    -1.3882523362786469e-05,
    -1.3654692000834679e-06,
    4.2347877827932404e-07,
    -2.9070369957882005e-08,
    -4.112633980346984e-09,
    1.0512122733215323e-09,
    -5.415412054294628e-11,
    -1.2975133253453532e-11,
    2.6335093153082323e-12,
    -8.151934197605472e-14,
    -4.054566272975207e-14,
    6.637638134358324e-15,
    2.0972767875968562e-17,
    -1.333171662854621e-16,
    1.1157877678025181e-17,
    1.28584807152564e-18,
    -1.6850591381820166e-19,
    -3.64441206401782e-21,
];
const MIDDLE_64: &[f64] = &[
    3.0838856104922208,
    1.0052589676941592,
    0.005370914553590064,
    -0.003751208507569241,
    0.002491442096107851,
    -0.0016882755560235047,
    0.0009532893797373805,
    -0.0003550375203628475,
    2.4031110387097894e-05,
    6.828485145957318e-05,
    -4.7318229009055734e-05,
    1.2475304481671779e-05,
    2.9234449089955446e-06,
    -4.013867526981546e-06,
    1.5027403968909828e-06,
    1.8239629214389228e-08,
    -2.7517406297064545e-07,
    9.075656193888539e-08,
    2.2137376921775787e-09,
];
const FAR_64: &[f64] = &[
    4.849906401408584,
    1.0103004648645344,
    -0.00013871931833623122,
    -0.00021503011930044477,
    7.599527703001776e-05,
    -1.968177810553167e-05,
    4.526062597223154e-06,
    -9.9298272942317e-07,
    2.2900482228026655e-07,
    -6.771199775845234e-08,
    2.914795345090108e-08,
    -1.496002662714924e-08,
    7.61570120807834e-09,
    -3.789465440126737e-09,
    1.5076572693500548e-09,
    -2.555641816996525e-10,
    -2.7109920616438573e-11,
];

const NEAR_P_64: &[f64] = &[
    20.039553499201283,
    57.11296359058554,
    60.94966798098779,
    29.911919328553072,
    6.578732594206104,
    0.49854102823193375,
    4.52700008624452e-05,
];
const NEAR_Q_64: &[f64] = &[
    60.11866049760384,
    216.42788614495947,
    309.09872225312057,
    221.76239823732857,
    83.04756596796722,
    15.062909083469192,
    1.0,
];

impl Unary<f64> for ErfInv {
    const STAGED: bool = true;
    #[inline(always)]
    fn fast(x: f64) -> f64 {
        let mut y = [x; TAIL];
        Self::block(&[x; TAIL], &mut y, &mut [[0.0; TAIL]; SCRATCH]);
        y[0]
    }
    #[inline(always)]
    fn block<const N: usize>(x: &[f64; N], y: &mut [f64; N], [u2, p, k, w]: &mut [[f64; N]; SCRATCH]) {
        /// As many coefficients as there are registers for.
        const LOW: usize = 11;
        const NEAR: f64 = std::f64::consts::SQRT_2 - 1.0;
        for i in 0..N {
            u2[i] = x[i] * x[i];
            p[i] = horner(-u2[i], NEAR_P_64);
        }
        for i in 0..N {
            y[i] = horner(-u2[i], NEAR_Q_64);
        }
        // One division serves the rational function and the logarithm.
        for i in 0..N {
            let m;
            (k[i], m) = (1.0 - u2[i]).split_normal();
            let (near, f) = (u2[i] < NEAR, m - 1.0);
            w[i] = if near { p[i] } else { f } / if near { y[i] } else { 2.0 + f };
            y[i] = f;
        }
        for i in 0..N {
            p[i] = minus_log1p_near(u2[i], w[i]);
            let l = horner(w[i] * w[i], f64::L);
            (y[i], w[i]) = log_reduced_of_quotient(y[i], w[i], l);
        }
        for i in 0..N {
            let far = -log_of_reduced(k[i], y[i], w[i]);
            p[i] = if u2[i] < NEAR { p[i] } else { far };
        }
        let w = p;
        for i in 0..N {
            y[i] = horner(w[i] - 3.125, &CENTRAL_64[LOW..]);
        }
        let mut rare = false;
        for i in 0..N {
            let (v, mut p) = (w[i] - 3.125, y[i]);
            for c in CENTRAL_64[..LOW].iter().rev() {
                p = p.mul_add(v, *c);
            }
            y[i] = p * x[i];
            rare |= !is_central(x[i], CENTRAL_TO_64);
        }
        if rare {
            tails(x, y, w, CENTRAL_TO_64, |x, y, w| {
                let root = w.sqrt();
                let middle = horner(root - 3.25, MIDDLE_64);
                let far = horner(root - 5.0, FAR_64);
                let tail = if w < 16.0 { middle } else { far } * x;
                at_one(x, if w < 6.25 { y } else { tail }, x * f64::INFINITY)
            });
        }
    }
}
