//! Functions of single numbers by C's calling convention, for code that is made at run time.
//!
//! A function that is called instead of inlined has the features of the baseline, so there is an entry for
//! each instruction set. An entry returns the bits of the function of slices.

use crate::driver;
use crate::functions::float_functions;
use crate::simd::{Level, level};
use crate::{
    erf, erf_inv, exp, gamma, hyperbolic, inverse_hyperbolic, inverse_trig, log, pow, root, round, trig,
};

/// A function of one number.
pub type Entry1<T> = unsafe extern "C" fn(T) -> T;
/// A function of two numbers.
pub type Entry2<T> = unsafe extern "C" fn(T, T) -> T;
/// A function of three numbers.
pub type Entry3<T> = unsafe extern "C" fn(T, T, T) -> T;

extern "C" fn unary<T: Copy, K: driver::Unary<T>>(x: T) -> T {
    driver::one::<T, K>(x)
}

extern "C" fn binary<T: Copy, K: driver::Binary<T>>(x: T, y: T) -> T {
    driver::one_of_two::<T, K>(x, y)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma,bmi1,bmi2")]
extern "C" fn unary_avx2<T: Copy, K: driver::Unary<T>>(x: T) -> T {
    driver::one::<T, K>(x)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma,bmi1,bmi2")]
extern "C" fn binary_avx2<T: Copy, K: driver::Binary<T>>(x: T, y: T) -> T {
    driver::one_of_two::<T, K>(x, y)
}

/// Returns the entry for the instruction set in use. AVX-512 has nothing for single numbers.
macro_rules! entry {
    ($baseline:expr, $avx2:expr) => {{
        #[cfg(target_arch = "x86_64")]
        if level() >= Level::Avx2 {
            return $avx2;
        }
        $baseline
    }};
}

/// Makes the methods of [`Entries`] from the rows of [`float_functions`].
macro_rules! entries {
    (
        unary { $($(#[$unary_doc:meta])* $unary_name:ident = $unary_file:ident::$unary_kernel:ident;)* }
        binary { $($(#[$binary_doc:meta])* $binary_name:ident = $binary_file:ident::$binary_kernel:ident;)* }
    ) => {
        /// The entries of elementary functions for the instruction set in use.
        ///
        /// The processor must have the features of an entry. It has: [`level`] asked it.
        pub trait Entries: Sized + Copy {
            $($(#[$unary_doc])* fn $unary_name() -> Entry1<Self>;)*
            $($(#[$binary_doc])* fn $binary_name() -> Entry2<Self>;)*
            /// x * y + z, rounded once.
            fn mul_add() -> Entry3<Self>;
        }
        entries!(impl f32 { $($unary_name = $unary_file::$unary_kernel;)* } { $($binary_name = $binary_file::$binary_kernel;)* });
        entries!(impl f64 { $($unary_name = $unary_file::$unary_kernel;)* } { $($binary_name = $binary_file::$binary_kernel;)* });
    };
    (impl $t:ident { $($unary:ident = $unary_file:ident::$unary_kernel:ident;)* } { $($binary:ident = $binary_file:ident::$binary_kernel:ident;)* }) => {
        impl Entries for $t {
            $(fn $unary() -> Entry1<$t> {
                entry!(unary::<$t, $unary_file::$unary_kernel>, unary_avx2::<$t, $unary_file::$unary_kernel>)
            })*
            $(fn $binary() -> Entry2<$t> {
                entry!(binary::<$t, $binary_file::$binary_kernel>, binary_avx2::<$t, $binary_file::$binary_kernel>)
            })*
            fn mul_add() -> Entry3<$t> {
                extern "C" fn baseline(x: $t, y: $t, z: $t) -> $t {
                    x.mul_add(y, z)
                }
                baseline
            }
        }
    };
}

float_functions!(entries);
