//! Elementary functions on slices, f32 and f64.
//!
//! Each family has a file, and each function in it is a small branch-free formula for one element
//! (`driver::Unary`, `driver::Binary`); `driver` makes the loops, `crate::simd` compiles them for the
//! instruction sets at hand, and every version gives the same bits. A result depends on the
//! element's value alone: not on its position, its neighbours or the length of the slice.
//!
//! Accuracy. Over the whole range, denormals and huge arguments included, results are within 2 ulp of
//! the true value (most within 1; `tests/ulp.rs` measures and prints the table), zeros keep their
//! signs, and infinities, NaN and denormals are treated as C99 says. Two exceptions:
//! [`Math::lgamma`] and [`Math::digamma`] are within 4 ulp, next to their zeros too, and
//! [`Math::erf_inv`] is XLA's approximation bit for bit in f32, wherever that is from the truth.
//!
//! The formulas are written once for both formats, over the trait `real::Real`; what differs is the
//! table of coefficients. Polynomials were fitted by the Remez exchange algorithm in 200-bit arithmetic;
//! range reductions and arrangements follow fdlibm, Cephes, SLEEF and the papers named in each file.

// The coefficients are written as the fit printed them, to round to the intended float.
#![allow(
    clippy::excessive_precision,
    clippy::unreadable_literal,
    clippy::approx_constant
)]

mod driver;
mod erf;
mod erf_inv;
mod exp;
mod gamma;
mod huge;
mod hyperbolic;
mod inverse_hyperbolic;
mod inverse_trig;
mod log;
mod pow;
mod real;
mod root;
mod round;
mod sin_cos;
mod trig;

use crate::simd::map1;
use driver::{binary, binary_scalar, unary};

/// The list of functions, once: each becomes a method of [`Math`] and a line in its two
/// implementations.
macro_rules! math {
    (
        unary { $($(#[$unary_doc:meta])* $unary_name:ident = $unary_kernel:path;)* }
        binary { $($(#[$binary_doc:meta])* $binary_name:ident = $binary_kernel:path;)* }
    ) => {
        /// Elementwise functions of slices. All panic if the slices differ in length, and for no other
        /// reason.
        pub trait Math: Sized + Copy {
            $($(#[$unary_doc])* fn $unary_name(x: &[Self], y: &mut [Self]);)*
            $($(#[$binary_doc])* fn $binary_name(x: &[Self], y: &[Self], out: &mut [Self]);)*

            /// `pow` with the same exponent for all: the same bits, and much faster for the exponents
            /// 1/2, 3/2, 1, 2, 3 and -1.
            fn pow_scalar(x: &[Self], y: Self, out: &mut [Self]);
        }
        math!(impl f32 { $($unary_name = $unary_kernel;)* } { $($binary_name = $binary_kernel;)* });
        math!(impl f64 { $($unary_name = $unary_kernel;)* } { $($binary_name = $binary_kernel;)* });
    };
    (impl $t:ident { $($unary:ident = $unary_kernel:path;)* } { $($binary:ident = $binary_kernel:path;)* }) => {
        impl Math for $t {
            $(fn $unary(x: &[$t], y: &mut [$t]) {
                unary::<$t, $unary_kernel>(x, y)
            })*
            $(fn $binary(x: &[$t], y: &[$t], out: &mut [$t]) {
                binary::<$t, $binary_kernel>(x, y, out)
            })*

            fn pow_scalar(x: &[$t], y: $t, out: &mut [$t]) {
                // The cases of `pow::special`.
                if y == 0.5 {
                    map1(x, out, pow::root)
                } else if y == 1.5 {
                    map1(x, out, pow::root_cubed)
                } else if y == 2.0 {
                    map1(x, out, |v| v * v)
                } else if y == 3.0 {
                    map1(x, out, pow::cube)
                } else if y == 1.0 {
                    out.copy_from_slice(x)
                } else if y == -1.0 {
                    map1(x, out, |v| 1.0 / v)
                } else if y.is_finite() {
                    binary_scalar::<$t, pow::PowOfPlain>(x, y, out)
                } else {
                    binary_scalar::<$t, pow::Pow>(x, y, out)
                }
            }
        }
    };
}

math! {
    unary {
        /// e^x.
        exp = exp::Exp;
        /// e^x - 1.
        expm1 = exp::Expm1;
        /// 2^x.
        exp2 = exp::Exp2;
        /// 1 / (1 + e^-x).
        logistic = exp::Logistic;
        /// The natural logarithm.
        log = log::Log;
        /// log(1 + x).
        log1p = log::Log1p;
        /// The logarithm to base 2, exact for powers of two.
        log2 = log::Log2;
        /// The logarithm to base 10.
        log10 = log::Log10;
        /// The square root, correctly rounded.
        sqrt = root::Sqrt;
        /// 1 / sqrt(x).
        rsqrt = root::Rsqrt;
        /// The cube root.
        cbrt = root::Cbrt;
        /// The sine.
        sin = trig::Sin;
        /// The cosine.
        cos = trig::Cos;
        /// The tangent.
        tan = trig::Tan;
        /// The inverse sine.
        asin = inverse_trig::Asin;
        /// The inverse cosine.
        acos = inverse_trig::Acos;
        /// The inverse tangent.
        atan = inverse_trig::Atan;
        /// The hyperbolic sine.
        sinh = hyperbolic::Sinh;
        /// The hyperbolic cosine.
        cosh = hyperbolic::Cosh;
        /// The hyperbolic tangent.
        tanh = hyperbolic::Tanh;
        /// The inverse hyperbolic sine.
        asinh = inverse_hyperbolic::Asinh;
        /// The inverse hyperbolic cosine.
        acosh = inverse_hyperbolic::Acosh;
        /// The inverse hyperbolic tangent.
        atanh = inverse_hyperbolic::Atanh;
        /// The error function.
        erf = erf::Erf;
        /// 1 - erf(x).
        erfc = erf::Erfc;
        /// The inverse of erf, as XLA computes it.
        erf_inv = erf_inv::ErfInv;
        /// log |Gamma(x)|.
        lgamma = gamma::Lgamma;
        /// The derivative of log Gamma(x); NaN at its poles.
        digamma = gamma::Digamma;
        /// Rounds towards minus infinity.
        floor = round::Floor;
        /// Rounds towards infinity.
        ceil = round::Ceil;
        /// Rounds to the nearest integer, half to even.
        round = round::Round;
        /// Rounds towards zero.
        trunc = round::Trunc;
        /// -1, 0 or 1; a zero keeps its sign and NaN is NaN.
        sign = round::Sign;
        /// The magnitude.
        abs = round::Abs;
        /// The opposite.
        neg = round::Neg;
    }
    binary {
        /// x^y. The exponent 1/2 gives the square root (and pow(-inf, 1/2) = inf, as C99), 3/2 gives
        /// x sqrt(x).
        pow = pow::Pow;
        /// The angle of the point (y, x): the first slice holds the ordinates.
        atan2 = inverse_trig::Atan2;
        /// x - y trunc(x / y), exact, with the sign of x: C's fmod.
        rem = round::Rem;
        /// sqrt(x^2 + y^2).
        hypot = root::Hypot;
    }
}
