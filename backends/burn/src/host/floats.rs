//! Functions of floats that Burn lacks, or whose meaning at zeros, NaN or infinities differs there.

use super::special;
use crate::gamma;
use kiln_program::{Binary, Unary};

/// A float type's functions.
pub(crate) trait Float: super::element::Element {
    /// The function of one operand, where Burn's is missing or means something else.
    fn unary(f: Unary) -> Option<fn(Self) -> Self>;
    /// The function of two operands, likewise.
    fn binary(f: Binary) -> Option<fn(Self, Self) -> Self>;
    /// `x * y + z`, rounded once.
    fn mul_add(self, y: Self, z: Self) -> Self;
}

macro_rules! float {
    ($T:ident, $erfc:path, $lgamma:expr, $erf_inv:path, $digamma:expr, $hypot:path, $atan2:path) => {
        impl Float for $T {
            fn unary(f: Unary) -> Option<fn($T) -> $T> {
                Some(match f {
                    Unary::Sign => |x| if x == 0.0 || x != x { x } else { x.signum() },
                    // Burn's keep no sign of zero in Flex.
                    Unary::Round => $T::round_ties_even,
                    Unary::Rsqrt => |x| 1.0 / x.sqrt(),
                    Unary::Cbrt => $T::cbrt,
                    Unary::Exp2 => $T::exp2,
                    Unary::Expm1 => $T::exp_m1,
                    Unary::Log2 => $T::log2,
                    Unary::Log10 => $T::log10,
                    Unary::Logistic => |x| 1.0 / (1.0 + (-x).exp()),
                    Unary::Erfc => $erfc,
                    Unary::ErfInv => $erf_inv,
                    Unary::Lgamma => $lgamma,
                    Unary::Digamma => $digamma,
                    // These lose the sign of zero, digits or the range of large arguments in some of Burn's backends.
                    Unary::Asinh => |x| x.asinh().copysign(x),
                    Unary::Acosh => |x| {
                        if x > 1e18 {
                            x.ln() + std::f64::consts::LN_2 as $T
                        } else {
                            x.acosh()
                        }
                    },
                    // std's loses digits below 0.
                    Unary::Atanh => |x| x.abs().atanh().copysign(x),
                    Unary::Neg
                    | Unary::Abs
                    | Unary::Floor
                    | Unary::Ceil
                    | Unary::Trunc
                    | Unary::Sqrt
                    | Unary::Exp
                    | Unary::Log
                    | Unary::Log1p
                    | Unary::Sin
                    | Unary::Cos
                    | Unary::Tan
                    | Unary::Asin
                    | Unary::Acos
                    | Unary::Atan
                    | Unary::Sinh
                    | Unary::Cosh
                    | Unary::Tanh
                    | Unary::Erf
                    | Unary::Not => return None,
                })
            }

            fn binary(f: Binary) -> Option<fn($T, $T) -> $T> {
                Some(match f {
                    Binary::Rem => |x, y| x % y,
                    Binary::Max => super::element::Element::greater,
                    Binary::Min => super::element::Element::lesser,
                    Binary::Hypot => $hypot,
                    Binary::Atan2 => $atan2,
                    // The powers that std defines: 0 to the 0 and 1 to the NaN are 1.
                    Binary::Pow => $T::powf,
                    Binary::Add
                    | Binary::Sub
                    | Binary::Mul
                    | Binary::Div
                    | Binary::And
                    | Binary::Or
                    | Binary::Xor
                    | Binary::Shl
                    | Binary::Shr => return None,
                })
            }

            fn mul_add(self, y: $T, z: $T) -> $T {
                $T::mul_add(self, y, z)
            }
        }
    };
}

float!(
    f32,
    libm::erfcf,
    |x| gamma::lgamma_on_host(f64::from(x)) as f32,
    special::erf_inv_f32,
    |x| gamma::digamma_on_host(f64::from(x)) as f32,
    f32::hypot,
    f32::atan2
);
float!(
    f64,
    libm::erfc,
    gamma::lgamma_on_host,
    special::erf_inv_f64,
    gamma::digamma_on_host,
    f64::hypot,
    f64::atan2
);
