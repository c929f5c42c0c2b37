//! The table of functions: one row each.

/// Calls a macro with a row for each function of floats: its documentation, its method of
/// [`Math`](crate::Math), the file of its kernel, and its name in programs.
///
/// ```
/// macro_rules! names {
///     (unary { $($(#[$doc:meta])* $name:ident = $file:ident::$variant:ident;)* } binary { $($rest:tt)* }) => {
///         const NAMES: &[&str] = &[$(stringify!($variant)),*];
///     };
/// }
/// kiln_math::float_functions!(names);
/// assert!(NAMES.contains(&"Log1p"));
/// ```
#[macro_export]
macro_rules! float_functions {
    ($callback:ident) => {
        $callback! {
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
                /// x^y. The exponent 1/2 returns the square root (and pow(-inf, 1/2) = inf, as C99), 3/2
                /// returns x sqrt(x).
                pow = pow::Pow;
                /// The angle of the point (y, x): the first slice holds the ordinates.
                atan2 = inverse_trig::Atan2;
                /// x - y trunc(x / y), exact, with the sign of x: C's fmod.
                rem = round::Rem;
                /// sqrt(x^2 + y^2).
                hypot = root::Hypot;
            }
        }
    };
}

pub(crate) use float_functions;
