//! Functions that work element by element.
//!
//! Each promotes its operands' dtypes, then broadcasts their shapes. Both happen inside the program that
//! runs.

use super::arithmetic::{floor_quotient, floor_remainder};
use super::promoted::{Family, binary_function, truth, unary_function};
use crate::array::Array;
use crate::primitive::{binary, compare, number_like, unary};
use kiln_backends::program::{Binary, Compare, DType, Scalar, Unary};

/// Declares a method of `Array` and a function of the same name and arguments in the table of NumPy names. A
/// row holds arguments and their result, which are the examples of both. The dtype's family determines the
/// accepted dtypes.
macro_rules! functions {
    ($(
        $(#[$doc:meta])*
        $name:ident ( $first:ident = $one:expr $(, $rest:ident = $other:expr)* ) -> $shown:literal $family:ident $body:expr;
    )*) => {
        impl Array {
            $(
                $(#[$doc])*
                ///
                #[doc = functions!(@takes $family $($rest)*)]
                ///
                #[doc = functions!(@panics $family $($rest)*)]
                ///
                /// ```
                /// use kiln::numpy as np;
                #[doc = concat!("let x = np::array(", stringify!($one), ");")]
                #[doc = concat!(
                    "assert_eq!(x.", stringify!($name), "(" $(, stringify!($other))*, ").to_string(), ", stringify!($shown), ");"
                )]
                /// ```
                #[track_caller]
                pub fn $name(&self $(, $rest: impl Into<Array>)*) -> Array {
                    named::$name(self.clone() $(, $rest)*)
                }
            )*
        }

        /// The functions by their NumPy names.
        pub(crate) mod named {
            use super::*;
            $(
                $(#[$doc])*
                ///
                #[doc = functions!(@takes $family $($rest)*)]
                ///
                #[doc = functions!(@panics $family $($rest)*)]
                ///
                /// ```
                /// use kiln::numpy as np;
                #[doc = concat!(
                    "assert_eq!(np::", stringify!($name), "(", stringify!($one) $(, ", ", stringify!($other))*, ").to_string(), ",
                    stringify!($shown), ");"
                )]
                /// ```
                #[track_caller]
                pub fn $name($first: impl Into<Array> $(, $rest: impl Into<Array>)*) -> Array {
                    functions!(@call $name $family $body; $first.into() $(, $rest.into())*)
                }
            )*
        }
    };
    (@call $name:ident $family:ident $body:expr; $x:expr) => {
        unary_function(stringify!($name), Family::$family, $x, $body)
    };
    (@call $name:ident $family:ident $body:expr; $x:expr, $y:expr) => {
        binary_function(stringify!($name), Family::$family, $x, $y, $body)
    };
    (@takes $family:ident) => {
        concat!("Element by element, in the operand's shape. ", functions!(@dtypes $family))
    };
    (@takes $family:ident y) => {
        concat!("Element by element, in the shape that both broadcast to. ", functions!(@dtypes $family))
    };
    (@dtypes Any) => { "Of any dtype." };
    (@dtypes Number) => { "Of numbers." };
    (@dtypes Numeric) => { "Of numbers; a bool counts as an integer." };
    (@dtypes Truth) => { "Of any dtype; the result is of bools." };
    (@dtypes Bits) => { "Of integers or bools." };
    (@dtypes Integer) => { "Of integers; a bool counts as one." };
    (@dtypes $family:ident) => {
        "In floats: integers and bools become `float32` first, 64-bit integers the default float dtype."
    };
    (@panics Number) => { "# Panics\nWhen the elements are bools." };
    (@panics Bits) => { "# Panics\nWhen the elements are floats." };
    (@panics Number y) => { "# Panics\nWhen the shapes do not broadcast, or both operands are bools." };
    (@panics Bits y) => { "# Panics\nWhen the shapes do not broadcast, or an operand is of floats." };
    (@panics Integer y) => { "# Panics\nWhen the shapes do not broadcast, or an operand is of floats." };
    (@panics $family:ident y) => { "# Panics\nWhen the shapes do not broadcast." };
    (@panics $family:ident) => { "" };
}

functions! {
    /// The absolute value.
    abs(x = [-1.5, 0.0, 2.0]) -> "[1.5 0.  2. ]" Any |x| if x.dtype() == DType::Bool { x.clone() } else { unary(Unary::Abs, x) };
    /// -1, 0 or 1 for a negative, zero or positive element; NaN is kept.
    sign(x = [-2.0, 0.0, 0.5]) -> "[-1.  0.  1.]" Number |x| unary(Unary::Sign, x);
    /// The element with its sign changed. The operator `-`.
    negative(x = [1, -2]) -> "[-1  2]" Number |x| unary(Unary::Neg, x);
    /// The greatest whole number not above the element. Integers stay as they are.
    floor(x = [-1.5, 1.5]) -> "[-2.  1.]" Any |x| rounded(Unary::Floor, x);
    /// The least whole number not below the element. Integers stay as they are.
    ceil(x = [-1.5, 1.5]) -> "[-1.  2.]" Any |x| rounded(Unary::Ceil, x);
    /// The whole part of the element. Integers stay as they are.
    trunc(x = [-1.5, 1.5]) -> "[-1.  1.]" Any |x| rounded(Unary::Trunc, x);
    /// The nearest whole number, halves to the even one. Integers stay as they are.
    /// [`round_to`](Array::round_to) rounds to decimals.
    round(x = [0.5, 1.5, 2.5]) -> "[0. 2. 2.]" Number |x| rounded(Unary::Round, x);
    /// The element times itself.
    square(x = [1, 2, -3]) -> "[1 4 9]" Numeric |x| binary(Binary::Mul, x, x);
    /// One over the element. Integers become floats, unlike in NumPy, whose reciprocal of an integer is an
    /// integer.
    reciprocal(x = [2, 4]) -> "[0.5  0.25]" Float |x| binary(Binary::Div, &number_like(x, 1.0), x);
    /// The square root; NaN below 0.
    sqrt(x = [4.0, 2.0, -1.0]) -> "[2.        1.4142135       nan]" Float |x| unary(Unary::Sqrt, x);
    /// The cube root, of negative numbers too.
    cbrt(x = [8.0, -27.0]) -> "[ 2. -3.]" Float |x| unary(Unary::Cbrt, x);
    /// e to the power of the element.
    exp(x = [0.0, 1.0]) -> "[1.        2.7182817]" Float |x| unary(Unary::Exp, x);
    /// 2 to the power of the element.
    exp2(x = [0.0, 3.0, -1.0]) -> "[1.  8.  0.5]" Float |x| unary(Unary::Exp2, x);
    /// e to the power of the element, less 1, without loss near 0.
    expm1(x = [0.0, 1e-8]) -> "[0.e+00 1.e-08]" Float |x| unary(Unary::Expm1, x);
    /// The natural logarithm; minus infinity at 0, NaN below.
    log(x = [1.0, 2.0, 0.0]) -> "[0.        0.6931472      -inf]" Float |x| unary(Unary::Log, x);
    /// The logarithm to base 2.
    log2(x = [1.0, 8.0, 0.25]) -> "[ 0.  3. -2.]" StrongFloat |x| unary(Unary::Log2, x);
    /// The logarithm to base 10.
    log10(x = [1.0, 1000.0]) -> "[0. 3.]" StrongFloat |x| unary(Unary::Log10, x);
    /// The natural logarithm of 1 plus the element, without loss near 0.
    log1p(x = [0.0, 1e-8]) -> "[0.e+00 1.e-08]" Float |x| unary(Unary::Log1p, x);
    /// The sine of an angle in radians.
    sin(x = [0.0, 1.0]) -> "[0.       0.841471]" Float |x| unary(Unary::Sin, x);
    /// The cosine of an angle in radians.
    cos(x = [0.0, 1.0]) -> "[1.        0.5403023]" Float |x| unary(Unary::Cos, x);
    /// The tangent of an angle in radians.
    tan(x = [0.0, 1.0]) -> "[0.        1.5574077]" Float |x| unary(Unary::Tan, x);
    /// The inverse sine: an angle from -π/2 to π/2 radians; NaN outside of [-1, 1].
    arcsin(x = [0.0, 1.0]) -> "[0.        1.5707964]" Float |x| unary(Unary::Asin, x);
    /// The inverse cosine: an angle from 0 to π radians; NaN outside of [-1, 1].
    arccos(x = [0.0, 1.0]) -> "[1.5707964 0.       ]" Float |x| unary(Unary::Acos, x);
    /// The inverse tangent: an angle from -π/2 to π/2 radians. Of two coordinates:
    /// [`arctan2`](Array::arctan2).
    arctan(x = [0.0, 1.0]) -> "[0.        0.7853982]" Float |x| unary(Unary::Atan, x);
    /// The hyperbolic sine, `(exp(x) - exp(-x)) / 2`.
    sinh(x = [0.0, 1.0]) -> "[0.        1.1752012]" Float |x| unary(Unary::Sinh, x);
    /// The hyperbolic cosine, `(exp(x) + exp(-x)) / 2`.
    cosh(x = [0.0, 1.0]) -> "[1.        1.5430806]" Float |x| unary(Unary::Cosh, x);
    /// The hyperbolic tangent, `sinh(x) / cosh(x)`.
    tanh(x = [0.0, 1.0]) -> "[0.        0.7615942]" Float |x| unary(Unary::Tanh, x);
    /// The inverse hyperbolic sine.
    arcsinh(x = [0.0, 1.0]) -> "[0.        0.8813736]" Float |x| unary(Unary::Asinh, x);
    /// The inverse hyperbolic cosine; NaN below 1.
    arccosh(x = [1.0, 2.0]) -> "[0.       1.316958]" Float |x| unary(Unary::Acosh, x);
    /// The inverse hyperbolic tangent; infinite at -1 and 1, NaN beyond.
    arctanh(x = [0.0, 0.5]) -> "[0.         0.54930615]" Float |x| unary(Unary::Atanh, x);
    /// The error function, `2/√π` times the integral of `exp(-t²)` from 0 to the element:
    /// `jax.scipy.special.erf`.
    ///
    /// The distribution function of a standard normal is `(1 + erf(x / √2)) / 2`.
    erf(x = [0.0, 1.0]) -> "[0.         0.84270084]" Float |x| unary(Unary::Erf, x);
    /// One minus the error function, without loss far out: `jax.scipy.special.erfc`.
    erfc(x = [0.0, 4.0]) -> "[1.0000000e+00 1.5417259e-08]" Float |x| unary(Unary::Erfc, x);
    /// The inverse of the error function on (-1, 1), infinite at the ends: `jax.lax.erf_inv`, JAX's
    /// polynomial, bit for bit.
    erf_inv(x = [0.0, 0.5]) -> "[0.         0.47693628]" Float |x| unary(Unary::ErfInv, x);
    /// The logarithm of the gamma function's absolute value: `jax.lax.lgamma`, `gammaln` in SciPy.
    lgamma(x = [3.0, 0.5]) -> "[0.6931472 0.5723649]" Float |x| unary(Unary::Lgamma, x);
    /// The derivative of [`lgamma`](Array::lgamma): `jax.lax.digamma`.
    digamma(x = [1.0, 2.0]) -> "[-0.5772157   0.42278433]" Float |x| unary(Unary::Digamma, x);
    /// `1 / (1 + exp(-x))`, from 0 to 1: `jax.nn.sigmoid`.
    logistic(x = [-200.0, 0.0, 200.0]) -> "[0.  0.5 1. ]" Float |x| unary(Unary::Logistic, x);
    /// One over the square root: `jax.lax.rsqrt`.
    rsqrt(x = [4.0, 16.0]) -> "[0.5  0.25]" Float |x| unary(Unary::Rsqrt, x);
    /// True where the element is NaN: bools.
    isnan(x = [1.0, np::NAN]) -> "[False  True]" Any |x| compare(Compare::Ne, x, x);
    /// True where the element is infinite, of either sign: bools.
    isinf(x = [1.0, -np::INF]) -> "[False  True]" Any |x| match x.dtype().is_float() {
        true => compare(Compare::Eq, &unary(Unary::Abs, x), &number_like(x, f64::INFINITY)).with_weak(false),
        false => falsehood(x),
    };
    /// True where the element is neither infinite nor NaN: bools.
    isfinite(x = [1.0, np::INF, np::NAN]) -> "[ True False False]" Any |x| match x.dtype().is_float() {
        true => compare(Compare::Lt, &unary(Unary::Abs, x), &number_like(x, f64::INFINITY)),
        false => unary(Unary::Not, &falsehood(x)),
    };
    /// True where the element is 0 (or false): bools.
    logical_not(x = [0, 1, 2]) -> "[ True False False]" Any |x| match x.dtype() {
        DType::Bool => unary(Unary::Not, x),
        _ => compare(Compare::Eq, x, &number_like(x, 0.0)),
    };
    /// The inverted bits of integers; not, for bools. The operator `!`.
    bitwise_not(x = [0, 5]) -> "[-1 -6]" Bits |x| unary(Unary::Not, x);

    /// The sum. The operator `+`.
    add(x = [1, 2], y = 0.5) -> "[1.5 2.5]" Any |x, y| binary(Binary::Add, x, y);
    /// The difference. The operator `-`.
    subtract(x = [1, 2], y = 0.5) -> "[0.5 1.5]" Number |x, y| binary(Binary::Sub, x, y);
    /// The product. The operator `*`.
    multiply(x = [1, 2], y = [2, 3]) -> "[2 6]" Any |x, y| binary(Binary::Mul, x, y);
    /// The quotient, in floats for integers too. The operator `/`.
    divide(x = [1, 2], y = 2) -> "[0.5 1. ]" Float |x, y| binary(Binary::Div, x, y);
    /// The quotient rounded down, as Python's `//`.
    floor_divide(x = [7, -7], y = 3) -> "[ 2 -3]" Numeric floor_quotient;
    /// The remainder with the sign of the divisor, as Python's `%`. The operator `%`.
    remainder(x = [7, -7], y = 3) -> "[1 2]" Numeric floor_remainder;
    /// The greater of two elements; NaN if one of them is NaN.
    maximum(x = [1.0, 5.0, np::NAN], y = 3) -> "[ 3.  5. nan]" Any |x, y| binary(Binary::Max, x, y);
    /// The lesser of two elements; NaN if one of them is NaN.
    minimum(x = [1.0, 5.0, np::NAN], y = 3) -> "[ 1.  3. nan]" Any |x, y| binary(Binary::Min, x, y);
    /// The angle of the point with ordinate `x` and abscissa `y`, in (-π, π] radians.
    arctan2(x = [1.0, -1.0], y = [1.0, -1.0]) -> "[ 0.7853982 -2.3561945]" Float |x, y| binary(Binary::Atan2, x, y);
    /// The length of the hypotenuse, `√(x² + y²)`, without intermediate overflow.
    hypot(x = [3.0, 8.0], y = [4.0, 15.0]) -> "[ 5. 17.]" Length |x, y| binary(Binary::Hypot, x, y);
    /// The bits set in both; and, for bools. The operator `&`.
    bitwise_and(x = [6, 5], y = 3) -> "[2 1]" Bits |x, y| binary(Binary::And, x, y);
    /// The bits set in either; or, for bools. The operator `|`.
    bitwise_or(x = [6, 5], y = 3) -> "[7 7]" Bits |x, y| binary(Binary::Or, x, y);
    /// The bits set in one only; exclusive or, for bools. The operator `^`.
    bitwise_xor(x = [6, 5], y = 3) -> "[5 6]" Bits |x, y| binary(Binary::Xor, x, y);
    /// The bits shifted left by `y`. The operator `<<`.
    left_shift(x = [1, 3], y = 2) -> "[ 4 12]" Integer |x, y| binary(Binary::Shl, x, y);
    /// The bits shifted right by `y`, filled with the sign. The operator `>>`.
    right_shift(x = [8, -8], y = 1) -> "[ 4 -4]" Integer |x, y| binary(Binary::Shr, x, y);
    /// True where the elements are equal: bools.
    equal(x = [1, 2, 3], y = 2) -> "[False  True False]" Any |x, y| compare(Compare::Eq, x, y);
    /// True where the elements differ: bools.
    not_equal(x = [1, 2, 3], y = 2) -> "[ True False  True]" Any |x, y| compare(Compare::Ne, x, y);
    /// True where the element is less than the other: bools. Also [`lt`](Array::lt).
    less(x = [1, 2, 3], y = 2) -> "[ True False False]" Any |x, y| compare(Compare::Lt, x, y);
    /// True where the element is at most the other: bools. Also [`le`](Array::le).
    less_equal(x = [1, 2, 3], y = 2) -> "[ True  True False]" Any |x, y| compare(Compare::Le, x, y);
    /// True where the element is greater than the other: bools. Also [`gt`](Array::gt).
    greater(x = [1, 2, 3], y = 2) -> "[False False  True]" Any |x, y| compare(Compare::Gt, x, y);
    /// True where the element is at least the other: bools. Also [`ge`](Array::ge).
    greater_equal(x = [1, 2, 3], y = 2) -> "[False  True  True]" Any |x, y| compare(Compare::Ge, x, y);
    /// True where both elements are true, or not 0.
    logical_and(x = [2, 0], y = true) -> "[ True False]" Truth |x, y| binary(Binary::And, &truth(x), &truth(y));
    /// True where at least one of the elements is true, or not 0.
    logical_or(x = [2, 0], y = false) -> "[ True False]" Truth |x, y| binary(Binary::Or, &truth(x), &truth(y));
    /// True where exactly one of the elements is true, or not 0.
    logical_xor(x = [2, 0], y = true) -> "[False  True]" Truth |x, y| binary(Binary::Xor, &truth(x), &truth(y));
}

fn rounded(f: Unary, x: &Array) -> Array {
    if x.dtype().is_float() {
        unary(f, x)
    } else {
        x.clone()
    }
}

fn falsehood(x: &Array) -> Array {
    crate::primitive::filled_like(x, Scalar::from_bool(false), false)
}
