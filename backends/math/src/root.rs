//! sqrt, rsqrt, cbrt and hypot.

use super::driver::{Binary, Unary};
use super::real::{Real, poly};

pub(super) struct Sqrt;
impl<F: Real> Unary<F> for Sqrt {
    #[inline(always)]
    fn fast(x: F) -> F {
        x.sqrt()
    }
}

/// 1 / sqrt(x): two roundings.
pub(super) struct Rsqrt;
impl<F: Real> Unary<F> for Rsqrt {
    #[inline(always)]
    fn fast(x: F) -> F {
        F::lit(1.0) / x.sqrt()
    }
}

pub(super) trait RootData: Real {
    /// m^(-1/3) for sqrt(1/2) <= m <= sqrt(2), relative error 2^-14 (f64), 2^-11 (f32).
    const INVERSE_CUBE_ROOT: &'static [Self];
}

impl RootData for f64 {
    const INVERSE_CUBE_ROOT: &'static [f64] = &[
        1.874547538371531,
        -1.8617979348070184,
        1.5610443033256305,
        -0.7020860367437868,
        0.12826806680475875,
    ];
}

impl RootData for f32 {
    const INVERSE_CUBE_ROOT: &'static [f32] = &[1.7307411, -1.2856852, 0.71316236, -0.15844373];
}

/// The inverse cube root y needs no division: a polynomial, then one step of third order for y^-3 = x,
/// then c = x y^2 corrected by its residual, which is formed as a pair.
pub(super) struct Cbrt;
impl<F: RootData> Unary<F> for Cbrt {
    #[inline(always)]
    fn fast(x: F) -> F {
        let one = F::lit(1.0);
        let zero = F::lit(0.0);
        let third = F::lit(1.0 / 3.0);
        let a = x.abs();
        let (k, m, _) = a.split();
        // k = 3 q + r with r = -1, 0 or 1.
        let t = k.fma(third, F::MAGIC);
        let q = t - F::MAGIC;
        let r = q.fma(F::lit(-3.0), k);
        let (up, root) = if r > zero {
            (F::lit(2.0), F::lit(0.793_700_525_984_099_7))
        } else {
            (one, one)
        };
        let (up, root) = if r < zero {
            (F::lit(0.5), F::lit(1.259_921_049_894_873_2))
        } else {
            (up, root)
        };
        let y = poly(m, F::INVERSE_CUBE_ROOT) * root;
        let m = m * up;
        let h = (-(m * y)).fma(y * y, one);
        let y = y.fma(h * h.fma(F::lit(2.0 / 9.0), third), y);
        let y2 = y * y;
        let c = m * y2;
        let c2 = c * c;
        let c2l = c.fma(c, -c2);
        let residual = c.fma(c2, -m) + c * c2l;
        let c = (residual * y2).fma(-third, c);
        let v = (c * F::pow2(t)).with_sign_of(x);
        // Zero, infinity and NaN are their own roots.
        if a > zero && a < F::INFINITY { v } else { x }
    }
}

/// sqrt(x^2 + y^2) with the rounding errors of the squares, scaled away from overflow and underflow.
pub(super) struct Hypot;
impl Binary<f64> for Hypot {
    type Scratch = ();
    #[inline(always)]
    fn fast(x: f64, y: f64) -> f64 {
        // 2^600 either way.
        const UP: f64 = f64::from_bits((1023 + 600) << 52);
        const DOWN: f64 = f64::from_bits((1023 - 600) << 52);
        let (x, y) = (Real::abs(x), Real::abs(y));
        let (a, b) = if x > y { (x, y) } else { (y, x) };
        let (scale, back) = if a > 1e150 { (DOWN, UP) } else { (1.0, 1.0) };
        let (scale, back) = if a < 1e-130 { (UP, DOWN) } else { (scale, back) };
        let (a, b) = (a * scale, b * scale);
        let (h, k) = (a * a, b * b);
        let (hl, kl) = (a.mul_add(a, -h), b.mul_add(b, -k));
        let s = h + k;
        let sl = (h - s) + k + (hl + kl);
        let v = (s + sl).sqrt() * back;
        if x == f64::INFINITY || y == f64::INFINITY {
            f64::INFINITY
        } else {
            v
        }
    }
}

impl Binary<f32> for Hypot {
    type Scratch = ();
    #[inline(always)]
    fn fast(x: f32, y: f32) -> f32 {
        let (a, b) = (x as f64, y as f64);
        let v = a.mul_add(a, b * b).sqrt() as f32;
        if Real::abs(x) == f32::INFINITY || Real::abs(y) == f32::INFINITY {
            f32::INFINITY
        } else {
            v
        }
    }
}
