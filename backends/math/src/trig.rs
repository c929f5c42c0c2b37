//! sin, cos and tan.
//!
//! Cody and Waite's reduction modulo pi/2: x = n pi/2 + r with |r| <= pi/4, pi/2 in three parts. With fused
//! multiply-add the first step is exact. Three parts reach 160 bits (f64) and 72 bits (f32), enough
//! for arguments up to LIMIT; larger ones, rare, are for `huge`. The polynomials are those of `sin_cos`.

use super::driver::Unary;
use super::huge;
use super::real::{Real, div_pair, fast_two_sum, poly, two_sum};
use super::sin_cos::{SinCosData, sin_cos_pairs};

pub(super) trait TrigData: SinCosData {
    /// pi/2 in three parts.
    const HALF_PI: [Self; 3];
    /// The largest argument of the fast path.
    const LIMIT: Self;
}

impl TrigData for f64 {
    const HALF_PI: [f64; 3] = [
        std::f64::consts::FRAC_PI_2,
        6.123233995736766e-17,
        -1.4973849048591698e-33,
    ];
    // 2^38: n has 37 bits, and n times the error of PI is below 2^-120.
    const LIMIT: f64 = 274877906944.0;
}

impl TrigData for f32 {
    const HALF_PI: [f32; 3] = [
        std::f32::consts::FRAC_PI_2,
        -4.371138828673793e-08,
        -1.7151245100058819e-15,
    ];
    // 2^17: n has 17 bits, and x/pi is off by 2^-8 at most.
    const LIMIT: f32 = 131072.0;
}

/// x - n P. The first step is exact: the difference is a multiple of the last bit of P, and smaller than P.
/// The second step rounds once. The third step matters only if the second left little.
#[inline(always)]
fn subtract<F: Real>(x: F, n: F, p: [F; 3]) -> F {
    n.fma(-p[2], n.fma(-p[1], n.fma(-p[0], x)))
}

/// x - n P as a pair.
#[inline(always)]
fn subtract_pair<F: Real>(x: F, n: F, p: [F; 3]) -> (F, F) {
    let exact = n.fma(-p[0], x);
    let w = -(n * p[1]);
    let wl = n.fma(-p[1], -w);
    let (r, e) = two_sum(exact, w);
    fast_two_sum(r, n.fma(-p[2], e + wl))
}

/// sin(n pi/2 + r) for t = n + MAGIC and |r| <= pi/4.
#[inline(always)]
fn sin_in_quadrant<F: TrigData>(t: F, r: F) -> F {
    let z = r * r;
    let sin = (r * z).fma(poly(z, F::SIN), r);
    let cos = z.fma(z.fma(poly(z, F::COS), F::lit(-0.5)), F::lit(1.0));
    (if F::is_odd(t) { cos } else { sin }).negate_in_lower_half(t)
}

#[inline(always)]
fn beyond<F: TrigData>(x: F) -> bool {
    // Infinity is beyond too. NaN needs no other path.
    x.abs() > F::LIMIT
}

pub(super) struct Sin;
impl<F: TrigData> Unary<F> for Sin {
    const HAS_RARE: bool = true;
    #[inline(always)]
    fn fast(x: F) -> F {
        let t = x.fma(F::lit(std::f64::consts::FRAC_2_PI), F::MAGIC);
        let r = subtract(x, t - F::MAGIC, F::HALF_PI);
        let s = sin_in_quadrant(t, r);
        // The result keeps the sign of zero.
        if x.abs() < F::NEGLIGIBLE { x } else { s }
    }
    #[inline(always)]
    fn is_rare(x: F) -> bool {
        beyond(x)
    }
    fn rare(x: F) -> F {
        F::lit(huge::sin(x.wide()))
    }
}

/// cos(x) = sin(x + pi/2): the next quadrant.
pub(super) struct Cos;
impl<F: TrigData> Unary<F> for Cos {
    const HAS_RARE: bool = true;
    #[inline(always)]
    fn fast(x: F) -> F {
        let t = x.fma(F::lit(std::f64::consts::FRAC_2_PI), F::MAGIC);
        let r = subtract(x, t - F::MAGIC, F::HALF_PI);
        sin_in_quadrant(t + F::lit(1.0), r)
    }
    #[inline(always)]
    fn is_rare(x: F) -> bool {
        beyond(x)
    }
    fn rare(x: F) -> F {
        F::lit(huge::cos(x.wide()))
    }
}

/// sin / cos, or -cos / sin in odd quadrants, with one division.
pub(super) struct Tan;
impl<F: TrigData> Unary<F> for Tan {
    const HAS_RARE: bool = true;
    #[inline(always)]
    fn fast(x: F) -> F {
        let t = x.fma(F::lit(std::f64::consts::FRAC_2_PI), F::MAGIC);
        let (r, lo) = subtract_pair(x, t - F::MAGIC, F::HALF_PI);
        let ((s, sl), (c, cl)) = sin_cos_pairs(r, lo);
        let odd = F::is_odd(t);
        let (n, nl) = if odd { (-c, -cl) } else { (s, sl) };
        let (d, dl) = if odd { (s, sl) } else { (c, cl) };
        let q = div_pair(n, nl, d, dl);
        if x.abs() < F::NEGLIGIBLE { x } else { q }
    }
    #[inline(always)]
    fn is_rare(x: F) -> bool {
        beyond(x)
    }
    fn rare(x: F) -> F {
        F::lit(huge::tan(x.wide()))
    }
}
