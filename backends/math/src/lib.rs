//! Mathematics: elementary functions on slices of f32 and f64, and the arithmetic of elements.
//!
//! Each family has a file, and each function in it is a small branch-free formula for one element
//! (`driver::Unary`, `driver::Binary`). `driver` makes the loops, [`simd`] compiles them for the instruction
//! sets of the processor, and every version returns the same bits. A result depends on the element's value
//! alone: not on its position, its neighbours or the length of the slice.
//!
//! Accuracy. Over the whole range, denormals and huge arguments included, results are within 2 ulp of
//! the true value (most within 1; `tests/ulp.rs` measures and prints the table), zeros keep their
//! signs, and infinities, NaN and denormals are treated as C99 says. Two exceptions:
//! [`Math::lgamma`] and [`Math::digamma`] are within 4 ulp, next to their zeros too, and
//! [`Math::erf_inv`] is XLA's approximation bit for bit in f32, however far that is from the true value.
//!
//! The formulas are written once for both formats, over the trait `real::Real`; the tables of coefficients
//! differ. Polynomials were fitted by the Remez exchange algorithm in 200-bit arithmetic. Range reductions
//! and arrangements follow fdlibm, Cephes, SLEEF and the papers named in each file.

// The coefficients are written as the fit printed them, to round to the intended float.
#![allow(
    clippy::excessive_precision,
    clippy::unreadable_literal,
    clippy::approx_constant
)]

mod driver;
pub mod entry;
mod erf;
pub mod erf_inv;
mod exp;
mod functions;
mod gamma;
mod huge;
mod hyperbolic;
mod inverse_hyperbolic;
mod inverse_trig;
mod log;
mod number;
pub mod polynomials;
mod pow;
mod real;
mod root;
mod round;
pub mod simd;
mod sin_cos;
mod trig;

#[doc(hidden)]
pub use number::{Integer, Number};

use driver::{binary, binary_scalar, unary};
use simd::map1;

/// Makes the methods of [`Math`] from the rows of [`float_functions`].
macro_rules! math {
    (
        unary { $($(#[$unary_doc:meta])* $unary_name:ident = $unary_file:ident::$unary_kernel:ident;)* }
        binary { $($(#[$binary_doc:meta])* $binary_name:ident = $binary_file:ident::$binary_kernel:ident;)* }
    ) => {
        /// Elementwise functions of slices. All panic if the slices differ in length, and for no
        /// other reason.
        pub trait Math: Sized + Copy {
            $($(#[$unary_doc])* fn $unary_name(x: &[Self], y: &mut [Self]);)*
            $($(#[$binary_doc])* fn $binary_name(x: &[Self], y: &[Self], out: &mut [Self]);)*

            /// `pow` with the same exponent for all: the same bits, and much faster for the exponents
            /// 1/2, 3/2, 1, 2, 3 and -1.
            fn pow_scalar(x: &[Self], y: Self, out: &mut [Self]);
        }
        math!(impl f32 { $($unary_name = $unary_file::$unary_kernel;)* } { $($binary_name = $binary_file::$binary_kernel;)* });
        math!(impl f64 { $($unary_name = $unary_file::$unary_kernel;)* } { $($binary_name = $binary_file::$binary_kernel;)* });
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

float_functions!(math);
