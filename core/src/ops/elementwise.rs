//! Functions that work element by element.
//!
//! Every one of them promotes its operands' dtypes, then broadcasts their shapes; both happen inside the program that is run.

use super::arithmetic::{floor_quotient, floor_remainder};
use super::primitive::{binary, broadcast, cast, compare, number_like, unary};
use crate::Array;
use crate::array::Repr;
use crate::eager::{Pure, staged};
use crate::error::{broadcast_shapes, check};
use crate::promote::{Kind, inexact, numeric, promote};
use crate::tree::Arrays;
use kiln_backends::program::{Binary, Compare, DType, Scalar, Shape, Unary};

/// In which dtype a function computes, given the promoted kind of its operands.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Family {
    /// As it is.
    Any,
    /// Numbers: a bool is refused.
    Number,
    /// Numbers: a bool counts as an integer.
    Numeric,
    /// Floats: integers are converted.
    Float,
    /// Floats, and the result is not weak.
    StrongFloat,
    /// As it is, and the result is weak only if all operands are.
    Truth,
    /// Floats, and the result is weak only if all operands are.
    Length,
    /// Bools and integers.
    Bits,
    /// Integers: a bool counts as one.
    Integer,
}

impl Family {
    #[track_caller]
    pub(crate) fn kind(self, op: &str, kind: Kind) -> Kind {
        let accepted = match self {
            Family::Any | Family::Truth | Family::Numeric => true,
            Family::Float | Family::StrongFloat | Family::Length => true,
            Family::Number => kind.dtype != DType::Bool,
            Family::Bits | Family::Integer => !kind.dtype.is_float(),
        };
        check(accepted, op, || {
            let hint = match self {
                Family::Number => "use astype, or the operators &, | and ^",
                _ => "use astype",
            };
            format!("is not defined for {}: {hint}", kind.dtype)
        });
        match self {
            Family::Any | Family::Truth | Family::Number | Family::Bits => kind,
            Family::Numeric | Family::Integer => numeric(kind),
            Family::Float | Family::Length => inexact(kind),
            Family::StrongFloat => Kind {
                weak: false,
                ..inexact(kind)
            },
        }
    }
}

/// Operands as they enter a program: plain numbers converted to the common dtype, and that dtype.
#[track_caller]
pub(crate) fn promoted<const N: usize>(op: &str, mut operands: [Array; N]) -> ([Array; N], Kind) {
    let kind = promote(operands.iter().map(Array::kind));
    settle(op, &mut operands, kind);
    (operands, kind)
}

/// Converts plain numbers to the dtype of the computation; they stay weak where they were.
#[track_caller]
pub(crate) fn settle(op: &str, operands: &mut [Array], kind: Kind) {
    for operand in operands {
        if let Repr::Literal(number) = operand.0 {
            let weak = number.kind().weak;
            *operand = operand.clone().settled(
                op,
                Kind {
                    dtype: kind.dtype,
                    weak,
                },
            );
        }
    }
}

/// An operand of an elementwise function: of this kind, and as long as the result.
pub(crate) fn fit(x: &Array, kind: Kind, shape: &Shape) -> Array {
    broadcast(&cast(x, kind), shape)
}

/// The common shape of operands.
#[track_caller]
pub(crate) fn common_shape(op: &str, operands: &[Array]) -> Shape {
    let mut shape = operands[0].shape().clone();
    for x in &operands[1..] {
        shape = broadcast_shapes(op, &shape, x.shape());
    }
    shape
}

/// Stages a function of two arrays: `f` sees them in one dtype and shape.
#[track_caller]
pub(crate) fn binary_function(
    op: &'static str,
    family: Family,
    x: Array,
    y: Array,
    f: impl Fn(&Array, &Array) -> Array + 'static,
) -> Array {
    let mut operands = [x, y];
    let mut kind = family.kind(op, promote(operands.iter().map(Array::kind)));
    if matches!(family, Family::Truth | Family::Length) {
        kind.weak = operands.iter().all(Array::is_weak);
    }
    settle(op, &mut operands, kind);
    if operands[0].shape() != operands[1].shape() {
        broadcast_shapes(op, operands[0].shape(), operands[1].shape());
    }
    // `f` is part of the function's identity by its type, and captures nothing.
    staged(
        op,
        (kind, Pure(f)),
        Arrays::from_iter(operands),
        |(kind, f), xs| {
            let shape = common_shape("binary", xs);
            (f.0)(&fit(&xs[0], *kind, &shape), &fit(&xs[1], *kind, &shape))
        },
    )
}

#[track_caller]
fn unary_function(
    op: &'static str,
    family: Family,
    x: Array,
    f: impl Fn(&Array) -> Array + 'static,
) -> Array {
    let kind = family.kind(op, x.kind());
    let x = x.settled(op, kind);
    staged(op, (kind, Pure(f)), [x], |(kind, f), xs| {
        (f.0)(&cast(&xs[0], *kind))
    })
}

/// Declares a method of `Array` and a function of the same name and arguments in the table of NumPy names.
macro_rules! functions {
    ($(
        $(#[$doc:meta])*
        $name:ident ( $first:ident $(, $rest:ident)* ) $family:ident $body:expr;
    )*) => {
        impl Array {
            $(
                $(#[$doc])*
                ///
                /// # Panics
                /// When the operands' shapes do not broadcast, or their dtype does not suit.
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
                /// # Panics
                /// When the operands' shapes do not broadcast, or their dtype does not suit.
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
}

functions! {
    /// The absolute value.
    abs(x) Any |x| if x.dtype() == DType::Bool { x.clone() } else { unary(Unary::Abs, x) };
    /// -1, 0 or 1 as the element is negative, zero or positive.
    sign(x) Number |x| unary(Unary::Sign, x);
    /// The element with its sign changed.
    negative(x) Number |x| unary(Unary::Neg, x);
    /// The greatest whole number not above the element. Integers stay as they are.
    floor(x) Any |x| rounded(Unary::Floor, x);
    /// The least whole number not below the element. Integers stay as they are.
    ceil(x) Any |x| rounded(Unary::Ceil, x);
    /// The whole part of the element. Integers stay as they are.
    trunc(x) Any |x| rounded(Unary::Trunc, x);
    /// The nearest whole number, halves to the even one.
    ///
    /// ```
    /// # use kiln_core::numpy as np;
    /// println!("{}", np::array([0.5, 1.5, 2.5]).round()); // [0. 2. 2.]
    /// ```
    round(x) Number |x| rounded(Unary::Round, x);
    /// The element times itself.
    square(x) Numeric |x| binary(Binary::Mul, x, x);
    /// One over the element.
    reciprocal(x) Float |x| binary(Binary::Div, &number_like(x, 1.0), x);
    /// The square root.
    sqrt(x) Float |x| unary(Unary::Sqrt, x);
    /// The cube root.
    cbrt(x) Float |x| unary(Unary::Cbrt, x);
    /// e to the power of the element.
    exp(x) Float |x| unary(Unary::Exp, x);
    /// 2 to the power of the element.
    exp2(x) Float |x| unary(Unary::Exp2, x);
    /// e to the power of the element, less 1, without loss near 0.
    expm1(x) Float |x| unary(Unary::Expm1, x);
    /// The natural logarithm.
    log(x) Float |x| unary(Unary::Log, x);
    /// The logarithm to base 2.
    log2(x) StrongFloat |x| unary(Unary::Log2, x);
    /// The logarithm to base 10.
    log10(x) StrongFloat |x| unary(Unary::Log10, x);
    /// The natural logarithm of 1 plus the element, without loss near 0.
    log1p(x) Float |x| unary(Unary::Log1p, x);
    /// The sine.
    ///
    /// ```
    /// # use kiln_core::numpy as np;
    /// println!("{}", np::array([0.0, 1.0]).sin()); // [0.        0.8414709]
    /// ```
    sin(x) Float |x| unary(Unary::Sin, x);
    /// The cosine.
    cos(x) Float |x| unary(Unary::Cos, x);
    /// The tangent.
    tan(x) Float |x| unary(Unary::Tan, x);
    /// The inverse sine.
    arcsin(x) Float |x| unary(Unary::Asin, x);
    /// The inverse cosine.
    arccos(x) Float |x| unary(Unary::Acos, x);
    /// The inverse tangent.
    arctan(x) Float |x| unary(Unary::Atan, x);
    /// The hyperbolic sine.
    sinh(x) Float |x| unary(Unary::Sinh, x);
    /// The hyperbolic cosine.
    cosh(x) Float |x| unary(Unary::Cosh, x);
    /// The hyperbolic tangent.
    tanh(x) Float |x| unary(Unary::Tanh, x);
    /// The inverse hyperbolic sine.
    arcsinh(x) Float |x| unary(Unary::Asinh, x);
    /// The inverse hyperbolic cosine.
    arccosh(x) Float |x| unary(Unary::Acosh, x);
    /// The inverse hyperbolic tangent.
    arctanh(x) Float |x| unary(Unary::Atanh, x);
    /// The error function.
    erf(x) Float |x| unary(Unary::Erf, x);
    /// One minus the error function, without loss far out.
    erfc(x) Float |x| unary(Unary::Erfc, x);
    /// The inverse of the error function: JAX's polynomial, bit for bit.
    erf_inv(x) Float |x| unary(Unary::ErfInv, x);
    /// The logarithm of the gamma function's absolute value.
    lgamma(x) Float |x| unary(Unary::Lgamma, x);
    /// The derivative of [`lgamma`](Array::lgamma).
    digamma(x) Float |x| unary(Unary::Digamma, x);
    /// 1 / (1 + exp(-x)).
    logistic(x) Float |x| unary(Unary::Logistic, x);
    /// One over the square root.
    rsqrt(x) Float |x| unary(Unary::Rsqrt, x);
    /// Whether the element is not a number.
    isnan(x) Any |x| compare(Compare::Ne, x, x);
    /// Whether the element is infinite.
    isinf(x) Any |x| match x.dtype().is_float() {
        true => compare(Compare::Eq, &unary(Unary::Abs, x), &number_like(x, f64::INFINITY)).with_weak(false),
        false => falsehood(x),
    };
    /// Whether the element is neither infinite nor NaN.
    isfinite(x) Any |x| match x.dtype().is_float() {
        true => compare(Compare::Lt, &unary(Unary::Abs, x), &number_like(x, f64::INFINITY)),
        false => unary(Unary::Not, &falsehood(x)),
    };
    /// Whether the element is 0 (or false).
    logical_not(x) Any |x| match x.dtype() {
        DType::Bool => unary(Unary::Not, x),
        _ => compare(Compare::Eq, x, &number_like(x, 0.0)),
    };
    /// The bits of integers turned over; not, for bools.
    bitwise_not(x) Bits |x| unary(Unary::Not, x);

    /// The sum. The operator `+`.
    ///
    /// ```
    /// # use kiln_core::numpy as np;
    /// println!("{}", np::add(np::arange(3), 0.5)); // [0.5 1.5 2.5]
    /// ```
    add(x, y) Any |x, y| binary(Binary::Add, x, y);
    /// The difference. The operator `-`.
    subtract(x, y) Number |x, y| binary(Binary::Sub, x, y);
    /// The product. The operator `*`.
    multiply(x, y) Any |x, y| binary(Binary::Mul, x, y);
    /// The quotient, in floats also of integers. The operator `/`.
    divide(x, y) Float |x, y| binary(Binary::Div, x, y);
    /// The quotient rounded down, as Python's `//`.
    floor_divide(x, y) Numeric floor_quotient;
    /// The remainder with the sign of the divisor, as Python's `%`. The operator `%`.
    remainder(x, y) Numeric floor_remainder;
    /// The greater of two elements; NaN wins.
    maximum(x, y) Any |x, y| binary(Binary::Max, x, y);
    /// The lesser of two elements; NaN wins.
    minimum(x, y) Any |x, y| binary(Binary::Min, x, y);
    /// The angle of the point with ordinate `x` and abscissa `y`, in (-π, π].
    arctan2(x, y) Float |x, y| binary(Binary::Atan2, x, y);
    /// The length of the hypotenuse.
    hypot(x, y) Length |x, y| binary(Binary::Hypot, x, y);
    /// The bits set in both; and, for bools. The operator `&`.
    bitwise_and(x, y) Bits |x, y| binary(Binary::And, x, y);
    /// The bits set in either; or, for bools. The operator `|`.
    bitwise_or(x, y) Bits |x, y| binary(Binary::Or, x, y);
    /// The bits set in one only; exclusive or, for bools. The operator `^`.
    bitwise_xor(x, y) Bits |x, y| binary(Binary::Xor, x, y);
    /// The bits moved up. The operator `<<`.
    left_shift(x, y) Integer |x, y| binary(Binary::Shl, x, y);
    /// The bits moved down, filled with the sign. The operator `>>`.
    right_shift(x, y) Integer |x, y| binary(Binary::Shr, x, y);
    /// Whether the elements are equal.
    equal(x, y) Any |x, y| compare(Compare::Eq, x, y);
    /// Whether the elements differ.
    not_equal(x, y) Any |x, y| compare(Compare::Ne, x, y);
    /// Whether the element is less than the other. Also [`lt`](Array::lt).
    less(x, y) Any |x, y| compare(Compare::Lt, x, y);
    /// Whether the element is at most the other. Also [`le`](Array::le).
    less_equal(x, y) Any |x, y| compare(Compare::Le, x, y);
    /// Whether the element is greater than the other. Also [`gt`](Array::gt).
    greater(x, y) Any |x, y| compare(Compare::Gt, x, y);
    /// Whether the element is at least the other. Also [`ge`](Array::ge).
    greater_equal(x, y) Any |x, y| compare(Compare::Ge, x, y);
    /// Whether both elements are true, or not 0.
    logical_and(x, y) Truth |x, y| binary(Binary::And, &truth(x), &truth(y));
    /// Whether one of the elements is true, or not 0.
    logical_or(x, y) Truth |x, y| binary(Binary::Or, &truth(x), &truth(y));
    /// Whether exactly one of the elements is true, or not 0.
    logical_xor(x, y) Truth |x, y| binary(Binary::Xor, &truth(x), &truth(y));
}

fn rounded(f: Unary, x: &Array) -> Array {
    if x.dtype().is_float() {
        unary(f, x)
    } else {
        x.clone()
    }
}

fn falsehood(x: &Array) -> Array {
    super::primitive::filled(Scalar::from_bool(false), x.shape(), false)
}

/// Whether elements are not 0.
pub(crate) fn truth(x: &Array) -> Array {
    match x.dtype() {
        DType::Bool => x.clone(),
        _ => compare(Compare::Ne, x, &number_like(x, 0.0)),
    }
}
