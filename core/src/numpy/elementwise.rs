//! Functions that work element by element.
//!
//! Each function promotes the dtypes of its operands, then broadcasts their shapes. Both happen inside the
//! program that runs.

use super::arithmetic::{floor_quotient, floor_remainder};
use super::promoted::{Family, binary_function, truth, unary_function};
use crate::array::Array;
use crate::primitive::{binary, compare, number_like, unary};
use kiln_backends::program::{Binary, Compare, DType, Scalar, Unary};

/// Declares a method of `Array` and a function of the same name and arguments in the table of NumPy names. A
/// row holds arguments and their result for the examples of both. The family determines the dtypes that the
/// function takes.
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
        concat!("The result has the operand's shape. ", functions!(@dtypes $family))
    };
    (@takes $family:ident y) => {
        concat!("The result has the shape to which both operands broadcast. ", functions!(@dtypes $family))
    };
    (@dtypes Any) => { "The operands have any dtype." };
    (@dtypes Number) => { "The operands are numbers." };
    (@dtypes Numeric) => { "The operands are numbers. A bool counts as an integer." };
    (@dtypes Truth) => { "The operands have any dtype. The result has bools." };
    (@dtypes Bits) => { "The operands are integers or bools." };
    (@dtypes Integer) => { "The operands are integers. A bool counts as one." };
    (@dtypes $family:ident) => {
        "The result has floats. Integers and bools become `float32` first, and 64-bit integers the default float dtype."
    };
    (@panics Number) => { "# Panics\nWhen the elements are bools." };
    (@panics Bits) => { "# Panics\nWhen the elements are floats." };
    (@panics Number y) => { "# Panics\nWhen the shapes do not broadcast, or both operands are bools." };
    (@panics Bits y) => { "# Panics\nWhen the shapes do not broadcast, or an operand has floats." };
    (@panics Integer y) => { "# Panics\nWhen the shapes do not broadcast, or an operand has floats." };
    (@panics $family:ident y) => { "# Panics\nWhen the shapes do not broadcast." };
    (@panics $family:ident) => { "" };
}

functions! {
    /// Returns the absolute value of each element.
    abs(x = [-1.5, 0.0, 2.0]) -> "[1.5 0.  2. ]" Any |x| if x.dtype() == DType::Bool { x.clone() } else { unary(Unary::Abs, x) };
    /// Returns -1, 0 or 1 for a negative, zero or positive element. NaN stays NaN.
    sign(x = [-2.0, 0.0, 0.5]) -> "[-1.  0.  1.]" Number |x| unary(Unary::Sign, x);
    /// Returns each element with its sign changed. The operator `-` calls this function.
    negative(x = [1, -2]) -> "[-1  2]" Number |x| unary(Unary::Neg, x);
    /// Returns the greatest whole number that is not above each element. Integers stay as they are.
    floor(x = [-1.5, 1.5]) -> "[-2.  1.]" Any |x| rounded(Unary::Floor, x);
    /// Returns the least whole number that is not below each element. Integers stay as they are.
    ceil(x = [-1.5, 1.5]) -> "[-1.  2.]" Any |x| rounded(Unary::Ceil, x);
    /// Returns the whole part of each element. Integers stay as they are.
    trunc(x = [-1.5, 1.5]) -> "[-1.  1.]" Any |x| rounded(Unary::Trunc, x);
    /// Returns the whole number nearest to each element. A half is rounded to the even neighbour. Integers
    /// stay as they are. [`round_to`](Array::round_to) rounds to decimals.
    round(x = [0.5, 1.5, 2.5]) -> "[0. 2. 2.]" Number |x| rounded(Unary::Round, x);
    /// Returns the square of each element.
    square(x = [1, 2, -3]) -> "[1 4 9]" Numeric |x| binary(Binary::Mul, x, x);
    /// Returns one over each element. Integers become floats. (In NumPy, the reciprocal of an integer is an
    /// integer.)
    reciprocal(x = [2, 4]) -> "[0.5  0.25]" Float |x| binary(Binary::Div, &number_like(x, 1.0), x);
    /// Returns the square root of each element. It is NaN below 0.
    sqrt(x = [4.0, 2.0, -1.0]) -> "[2.        1.4142135       nan]" Float |x| unary(Unary::Sqrt, x);
    /// Returns the cube root of each element, also of negative ones.
    cbrt(x = [8.0, -27.0]) -> "[ 2. -3.]" Float |x| unary(Unary::Cbrt, x);
    /// Returns e to the power of each element.
    exp(x = [0.0, 1.0]) -> "[1.        2.7182817]" Float |x| unary(Unary::Exp, x);
    /// Returns 2 to the power of each element.
    exp2(x = [0.0, 3.0, -1.0]) -> "[1.  8.  0.5]" Float |x| unary(Unary::Exp2, x);
    /// Returns `exp(x) - 1` of each element `x`, without a loss of digits near 0.
    expm1(x = [0.0, 1e-8]) -> "[0.e+00 1.e-08]" Float |x| unary(Unary::Expm1, x);
    /// Returns the natural logarithm of each element. It is minus infinity at 0, and NaN below.
    log(x = [1.0, 2.0, 0.0]) -> "[0.        0.6931472      -inf]" Float |x| unary(Unary::Log, x);
    /// Returns the logarithm to base 2 of each element.
    log2(x = [1.0, 8.0, 0.25]) -> "[ 0.  3. -2.]" StrongFloat |x| unary(Unary::Log2, x);
    /// Returns the logarithm to base 10 of each element.
    log10(x = [1.0, 1000.0]) -> "[0. 3.]" StrongFloat |x| unary(Unary::Log10, x);
    /// Returns `log(1 + x)` of each element `x`, without a loss of digits near 0.
    log1p(x = [0.0, 1e-8]) -> "[0.e+00 1.e-08]" Float |x| unary(Unary::Log1p, x);
    /// Returns the sine of each element, an angle in radians.
    sin(x = [0.0, 1.0]) -> "[0.       0.841471]" Float |x| unary(Unary::Sin, x);
    /// Returns the cosine of each element, an angle in radians.
    cos(x = [0.0, 1.0]) -> "[1.        0.5403023]" Float |x| unary(Unary::Cos, x);
    /// Returns the tangent of each element, an angle in radians.
    tan(x = [0.0, 1.0]) -> "[0.        1.5574077]" Float |x| unary(Unary::Tan, x);
    /// Returns the inverse sine of each element, an angle from -π/2 to π/2 radians. It is NaN outside of [-1,
    /// 1].
    arcsin(x = [0.0, 1.0]) -> "[0.        1.5707964]" Float |x| unary(Unary::Asin, x);
    /// Returns the inverse cosine of each element, an angle from 0 to π radians. It is NaN outside of [-1,
    /// 1].
    arccos(x = [0.0, 1.0]) -> "[1.5707964 0.       ]" Float |x| unary(Unary::Acos, x);
    /// Returns the inverse tangent of each element, an angle from -π/2 to π/2 radians.
    /// [`arctan2`](Array::arctan2) takes two coordinates.
    arctan(x = [0.0, 1.0]) -> "[0.        0.7853982]" Float |x| unary(Unary::Atan, x);
    /// Returns the hyperbolic sine of each element, `(exp(x) - exp(-x)) / 2`.
    sinh(x = [0.0, 1.0]) -> "[0.        1.1752012]" Float |x| unary(Unary::Sinh, x);
    /// Returns the hyperbolic cosine of each element, `(exp(x) + exp(-x)) / 2`.
    cosh(x = [0.0, 1.0]) -> "[1.        1.5430806]" Float |x| unary(Unary::Cosh, x);
    /// Returns the hyperbolic tangent of each element, `sinh(x) / cosh(x)`.
    tanh(x = [0.0, 1.0]) -> "[0.        0.7615942]" Float |x| unary(Unary::Tanh, x);
    /// Returns the inverse hyperbolic sine of each element.
    arcsinh(x = [0.0, 1.0]) -> "[0.        0.8813736]" Float |x| unary(Unary::Asinh, x);
    /// Returns the inverse hyperbolic cosine of each element. It is NaN below 1.
    arccosh(x = [1.0, 2.0]) -> "[0.       1.316958]" Float |x| unary(Unary::Acosh, x);
    /// Returns the inverse hyperbolic tangent of each element. It is infinite at -1 and 1, and NaN outside of
    /// [-1, 1].
    arctanh(x = [0.0, 0.5]) -> "[0.         0.54930615]" Float |x| unary(Unary::Atanh, x);
    /// Returns the error function of each element, `2/√π` times the integral of `exp(-t²)` from 0 to the
    /// element. This is `jax.scipy.special.erf`.
    ///
    /// The distribution function of a standard normal is `(1 + erf(x / √2)) / 2`.
    erf(x = [0.0, 1.0]) -> "[0.        0.8427008]" Float |x| unary(Unary::Erf, x);
    /// Returns one minus the error function of each element, without a loss of digits for great elements.
    /// This is `jax.scipy.special.erfc`.
    erfc(x = [0.0, 4.0]) -> "[1.0000000e+00 1.5417259e-08]" Float |x| unary(Unary::Erfc, x);
    /// Returns the inverse of the error function of each element. It is infinite at -1 and 1, and NaN outside
    /// of [-1, 1]. This is `jax.lax.erf_inv`: the polynomial is JAX's, bit for bit.
    erf_inv(x = [0.0, 0.5]) -> "[0.         0.47693628]" Float |x| unary(Unary::ErfInv, x);
    /// Returns the logarithm of the gamma function's absolute value at each element. This is
    /// `jax.lax.lgamma`, and `gammaln` in SciPy.
    lgamma(x = [3.0, 0.5]) -> "[0.6931472 0.5723649]" Float |x| unary(Unary::Lgamma, x);
    /// Returns the derivative of [`lgamma`](Array::lgamma) at each element. This is `jax.lax.digamma`.
    digamma(x = [1.0, 2.0]) -> "[-0.5772157   0.42278433]" Float |x| unary(Unary::Digamma, x);
    /// Returns `1 / (1 + exp(-x))` of each element `x`, from 0 to 1. This is `jax.nn.sigmoid`.
    logistic(x = [-200.0, 0.0, 200.0]) -> "[0.  0.5 1. ]" Float |x| unary(Unary::Logistic, x);
    /// Returns one over the square root of each element. This is `jax.lax.rsqrt`.
    rsqrt(x = [4.0, 16.0]) -> "[0.5  0.25]" Float |x| unary(Unary::Rsqrt, x);
    /// Returns true where an element is NaN.
    isnan(x = [1.0, np::NAN]) -> "[False  True]" Any |x| compare(Compare::Ne, x, x);
    /// Returns true where an element is infinite, of either sign.
    isinf(x = [1.0, -np::INF]) -> "[False  True]" Any |x| match x.dtype().is_float() {
        true => compare(Compare::Eq, &unary(Unary::Abs, x), &number_like(x, f64::INFINITY)).with_weak(false),
        false => falsehood(x),
    };
    /// Returns true where an element is neither infinite nor NaN.
    isfinite(x = [1.0, np::INF, np::NAN]) -> "[ True False False]" Any |x| match x.dtype().is_float() {
        true => compare(Compare::Lt, &unary(Unary::Abs, x), &number_like(x, f64::INFINITY)),
        false => unary(Unary::Not, &falsehood(x)),
    };
    /// Returns true where an element is 0 or false.
    logical_not(x = [0, 1, 2]) -> "[ True False False]" Any |x| match x.dtype() {
        DType::Bool => unary(Unary::Not, x),
        _ => compare(Compare::Eq, x, &number_like(x, 0.0)),
    };
    /// Inverts the bits of each integer, or negates each bool. The operator `!` calls this function.
    bitwise_not(x = [0, 5]) -> "[-1 -6]" Bits |x| unary(Unary::Not, x);

    /// Returns the sum of two elements. The operator `+` calls this function.
    add(x = [1, 2], y = 0.5) -> "[1.5 2.5]" Any |x, y| binary(Binary::Add, x, y);
    /// Returns the difference of two elements. The operator `-` calls this function.
    subtract(x = [1, 2], y = 0.5) -> "[0.5 1.5]" Number |x, y| binary(Binary::Sub, x, y);
    /// Returns the product of two elements. The operator `*` calls this function.
    multiply(x = [1, 2], y = [2, 3]) -> "[2 6]" Any |x, y| binary(Binary::Mul, x, y);
    /// Returns the quotient of two elements, also of integers in floats. The operator `/` calls this
    /// function.
    divide(x = [1, 2], y = 2) -> "[0.5 1. ]" Float |x, y| binary(Binary::Div, x, y);
    /// Returns the quotient of two elements, rounded down. This is Python's `//`.
    floor_divide(x = [7, -7], y = 3) -> "[ 2 -3]" Numeric floor_quotient;
    /// Returns the remainder of a division, with the sign of the divisor. This is Python's `%`. The operator
    /// `%` calls this function.
    remainder(x = [7, -7], y = 3) -> "[1 2]" Numeric floor_remainder;
    /// Returns the greater of two elements, or NaN if one of them is NaN.
    maximum(x = [1.0, 5.0, np::NAN], y = 3) -> "[ 3.  5. nan]" Any |x, y| binary(Binary::Max, x, y);
    /// Returns the lesser of two elements, or NaN if one of them is NaN.
    minimum(x = [1.0, 5.0, np::NAN], y = 3) -> "[ 1.  3. nan]" Any |x, y| binary(Binary::Min, x, y);
    /// Returns the angle of the point with ordinate `x` and abscissa `y`, in (-π, π] radians.
    arctan2(x = [1.0, -1.0], y = [1.0, -1.0]) -> "[ 0.7853982 -2.3561945]" Float |x, y| binary(Binary::Atan2, x, y);
    /// Returns the length of the hypotenuse, `√(x² + y²)`, without intermediate overflow.
    hypot(x = [3.0, 8.0], y = [4.0, 15.0]) -> "[ 5. 17.]" Length |x, y| binary(Binary::Hypot, x, y);
    /// Returns the bits that are set in both integers, or the logical and of bools. The operator `&` calls
    /// this function.
    bitwise_and(x = [6, 5], y = 3) -> "[2 1]" Bits |x, y| binary(Binary::And, x, y);
    /// Returns the bits that are set in at least one of two integers, or the logical or of bools. The
    /// operator `|` calls this function.
    bitwise_or(x = [6, 5], y = 3) -> "[7 7]" Bits |x, y| binary(Binary::Or, x, y);
    /// Returns the bits that are set in exactly one of two integers, or the exclusive or of bools. The
    /// operator `^` calls this function.
    bitwise_xor(x = [6, 5], y = 3) -> "[5 6]" Bits |x, y| binary(Binary::Xor, x, y);
    /// Shifts the bits of each integer left by `y`. The operator `<<` calls this function.
    left_shift(x = [1, 3], y = 2) -> "[ 4 12]" Integer |x, y| binary(Binary::Shl, x, y);
    /// Shifts the bits of each integer right by `y`, and fills with the sign. The operator `>>` calls this
    /// function.
    right_shift(x = [8, -8], y = 1) -> "[ 4 -4]" Integer |x, y| binary(Binary::Shr, x, y);
    /// Returns true where two elements are equal.
    equal(x = [1, 2, 3], y = 2) -> "[False  True False]" Any |x, y| compare(Compare::Eq, x, y);
    /// Returns true where two elements differ.
    not_equal(x = [1, 2, 3], y = 2) -> "[ True False  True]" Any |x, y| compare(Compare::Ne, x, y);
    /// Returns true where the first element is less than the second. The method [`lt`](Array::lt) does the
    /// same.
    less(x = [1, 2, 3], y = 2) -> "[ True False False]" Any |x, y| compare(Compare::Lt, x, y);
    /// Returns true where the first element is at most the second. The method [`le`](Array::le) does the
    /// same.
    less_equal(x = [1, 2, 3], y = 2) -> "[ True  True False]" Any |x, y| compare(Compare::Le, x, y);
    /// Returns true where the first element is greater than the second. The method [`gt`](Array::gt) does the
    /// same.
    greater(x = [1, 2, 3], y = 2) -> "[False False  True]" Any |x, y| compare(Compare::Gt, x, y);
    /// Returns true where the first element is at least the second. The method [`ge`](Array::ge) does the
    /// same.
    greater_equal(x = [1, 2, 3], y = 2) -> "[False  True  True]" Any |x, y| compare(Compare::Ge, x, y);
    /// Returns true where both elements are true or not 0.
    logical_and(x = [2, 0], y = true) -> "[ True False]" Truth |x, y| binary(Binary::And, &truth(x), &truth(y));
    /// Returns true where at least one of two elements is true or not 0.
    logical_or(x = [2, 0], y = false) -> "[ True False]" Truth |x, y| binary(Binary::Or, &truth(x), &truth(y));
    /// Returns true where exactly one of two elements is true or not 0.
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
