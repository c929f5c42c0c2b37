//! asin, acos, atan, atan2.
//!
//! asin(x) = x + x^3 P(x^2) for |x| <= 1/2, and pi/2 - 2 asin(sqrt((1-x)/2)) above: the arrangement of
//! fdlibm's e_asin.c, with a polynomial instead of its quotient. atan is reduced to |t| <= tan(pi/8)
//! by t = (a - b) / (a + b), the quotient as a pair. Polynomials by Remez exchange: relative error
//! 2^-59 (f64) and 2^-30 (f32).

use super::driver::{Binary, Unary};
use super::exp::ExpData;
use super::polynomials;
use super::real::{div_pair_parts, poly, two_sum};

pub(super) trait InverseTrigData: ExpData {
    /// asin(x) = x + x^3 P(x^2), |x| <= 1/2.
    const ASIN: &'static [Self];
    /// atan(t) = t + t^3 A(t^2), |t| <= tan(pi/8).
    const ATAN: &'static [Self];
    /// pi/2 as a pair.
    const HALF_PI: (Self, Self);
    /// Arguments of atan2 between the first and the second, in magnitude, neither overflow nor
    /// underflow in the quotient.
    const SAFE: (Self, Self);
}

impl InverseTrigData for f64 {
    const ASIN: &'static [f64] = &[
        0.16666666666666763,
        0.07499999999970264,
        0.04464285717511997,
        0.030381942683640258,
        0.022372215659985633,
        0.017351600093403113,
        0.013980961466179602,
        0.011397775686558241,
        0.010786531374184945,
        0.0036830318673163336,
        0.021763525112973855,
        -0.021077328809445905,
        0.032676911551732975,
    ];
    const ATAN: &'static [f64] = &[
        -0.333333333333332,
        0.19999999999953236,
        -0.14285714280158943,
        0.11111110781465927,
        -0.09090897697099946,
        0.0769205907752881,
        -0.06663090446968913,
        0.0584778543162863,
        -0.050388148411803925,
        0.03805157232304045,
        -0.01789240823155433,
    ];
    const HALF_PI: (f64, f64) = (std::f64::consts::FRAC_PI_2, 6.123233995736766e-17);
    const SAFE: (f64, f64) = (1e-150, 1e150);
}

impl InverseTrigData for f32 {
    const ASIN: &'static [f32] = polynomials::ASIN;
    const ATAN: &'static [f32] = polynomials::ATAN;
    const HALF_PI: (f32, f32) = (std::f32::consts::FRAC_PI_2, -4.371138828673793e-08);
    const SAFE: (f32, f32) = (1e-15, 1e15);
}

/// For a = |x|: whether a > 1/2, the argument s of the polynomial, and asin(s) - s. s is a or
/// sqrt((1-a)/2), whose rounding error goes to the second part.
#[inline(always)]
fn asin_parts<F: InverseTrigData>(a: F) -> (bool, F, F) {
    let half = F::lit(0.5);
    let big = a > half;
    // (1 - a) / 2 is exact for a >= 1/2.
    let z = if big { (-half).fma(a, half) } else { a * a };
    let root = z.sqrt();
    let error = (-root).fma(root, z) * (half / root);
    let (s, sl) = if big { (root, error) } else { (a, F::lit(0.0)) };
    // 0/0 at a = 1.
    let sl = if z > F::lit(0.0) { sl } else { z };
    (big, s, (s * z).fma(poly(z, F::ASIN), sl))
}

pub(super) struct Asin;
impl<F: InverseTrigData> Unary<F> for Asin {
    #[inline(always)]
    fn fast(x: F) -> F {
        let (big, s, p) = asin_parts(x.abs());
        let far = (F::HALF_PI.0 - (s + s)) + (F::HALF_PI.1 - (p + p));
        (if big { far } else { s + p }).with_sign_of(x)
    }
}

pub(super) struct Acos;
impl<F: InverseTrigData> Unary<F> for Acos {
    #[inline(always)]
    fn fast(x: F) -> F {
        let zero = F::lit(0.0);
        let (big, s, p) = asin_parts(x.abs());
        let negative = x < zero;
        let (s, p) = if negative { (-s, -p) } else { (s, p) };
        // acos(x) = pi/2 - asin(x), 2 asin(s) near 1, and pi - 2 asin(s) near -1.
        let near = F::HALF_PI.0 - (s + (p - F::HALF_PI.1));
        let base = if negative { F::HALF_PI } else { (zero, zero) };
        let far = (base.0 + s) + (p + base.1);
        if big { far + far } else { near }
    }
}

/// Returns the angle of (b, a) for a, b >= 0, not both 0, as a pair: atan(a / b).
#[inline(always)]
fn angle<F: InverseTrigData>(a: F, b: F) -> (F, F) {
    let zero = F::lit(0.0);
    let tan8 = F::lit(std::f64::consts::SQRT_2 - 1.0);
    let low = a < tan8 * b;
    let high = b < tan8 * a;
    let (sum, suml) = two_sum(a, b);
    let (dif, difl) = two_sum(a, -b);
    let (n, nl) = if low { (a, zero) } else { (dif, difl) };
    let (d, dl) = if low { (b, zero) } else { (sum, suml) };
    let (n, nl) = if high { (-b, zero) } else { (n, nl) };
    let (d, dl) = if high { (a, zero) } else { (d, dl) };
    let (t, tl) = div_pair_parts(n, nl, d, dl);
    let z = t * t;
    let p = (t * z).fma(poly(z, F::ATAN), tl);
    // 0, pi/4 or pi/2.
    let quarters = if low { zero } else { F::lit(0.5) };
    let quarters = if high { F::lit(1.0) } else { quarters };
    let (s, e) = two_sum(quarters * F::HALF_PI.0, t);
    (s, quarters.fma(F::HALF_PI.1, p + e))
}

pub(super) struct Atan;
impl<F: InverseTrigData> Unary<F> for Atan {
    #[inline(always)]
    fn fast(x: F) -> F {
        let a = x.abs();
        // pi/2 to the last bit from here on.
        let a = if a > F::SAFE.1 { F::SAFE.1 } else { a };
        let (hi, lo) = angle(a, F::lit(1.0));
        let v = hi + lo;
        if x.abs() < F::NEGLIGIBLE {
            x
        } else {
            v.with_sign_of(x)
        }
    }
}

/// atan2(y, x). Rare: both zero, and magnitudes whose quotient needs care.
pub(super) struct Atan2;
impl<F: InverseTrigData> Binary<F> for Atan2 {
    type Scratch = ();
    const HAS_RARE: bool = true;
    #[inline(always)]
    fn fast(y: F, x: F) -> F {
        let zero = F::lit(0.0);
        let (hi, lo) = angle(y.abs(), x.abs());
        // pi - the angle for x < 0; -0 needs no care, its angle being pi/2 unless y is 0 too.
        let negative = x < zero;
        let pi = if negative { F::HALF_PI } else { (zero, zero) };
        let (hi, lo) = if negative { (-hi, -lo) } else { (hi, lo) };
        let (s, e) = two_sum(pi.0 + pi.0, hi);
        (s + (e + (lo + (pi.1 + pi.1)))).abs().with_sign_of(y)
    }
    #[inline(always)]
    fn is_rare(y: F, x: F) -> bool {
        let (a, b) = (y.abs(), x.abs());
        let zero = F::lit(0.0);
        let safe = |v: F| v > F::SAFE.0 && v < F::SAFE.1;
        // Zero is common, and safe next to a safe number.
        !((safe(a) && (safe(b) || b == zero)) || (safe(b) && a == zero))
    }
    fn rare(y: F, x: F) -> F {
        F::lit(y.wide().atan2(x.wide()))
    }
}
