//! log |Gamma| and its derivative: [`kiln_burn::gamma`], which has the formulas, made of the functions here.
//!
//! f32 is computed in f64, and is the true value rounded but for a hundredth of an ulp.

use super::driver::Unary;
use super::log::Log;
use super::real::poly;
use super::sin_cos::SinCosData;
use kiln_burn::gamma::{self, CANCELS, CANCELS_F32, Elementary};

struct Here;

impl Elementary for Here {
    #[inline(always)]
    fn log(x: f64) -> f64 {
        <Log as Unary<f64>>::fast(x)
    }

    #[inline(always)]
    fn sin_cos(r: f64) -> (f64, f64) {
        let z = r * r;
        let s = (r * z).mul_add(poly(z, f64::SIN), r);
        let c = z.mul_add(z.mul_add(poly(z, f64::COS), -0.5), 1.0);
        (s, c)
    }

    #[inline(always)]
    fn poly(x: f64, c: &[f64]) -> f64 {
        poly(x, c)
    }
}

macro_rules! in_f64 {
    ($($name:ident: $sum:path, $rare:path;)*) => {$(
        pub(super) struct $name;
        impl Unary<f64> for $name {
            #[inline(always)]
            fn fast(x: f64) -> f64 {
                $sum(x).value
            }
            const HAS_RARE: bool = true;
            #[inline(always)]
            fn is_rare(x: f64) -> bool {
                $sum(x).cancels(CANCELS)
            }
            fn rare(x: f64) -> f64 {
                $rare(x)
            }
        }
        impl Unary<f32> for $name {
            #[inline(always)]
            fn fast(x: f32) -> f32 {
                $sum(x as f64).value as f32
            }
            const HAS_RARE: bool = true;
            #[inline(always)]
            fn is_rare(x: f32) -> bool {
                $sum(x as f64).cancels(CANCELS_F32)
            }
            fn rare(x: f32) -> f32 {
                $rare(x as f64) as f32
            }
        }
    )*};
}

in_f64! {
    Lgamma: gamma::lgamma::<Here>, gamma::lgamma_beside_a_zero;
    Digamma: gamma::digamma::<Here>, gamma::digamma_beside_a_zero;
}
