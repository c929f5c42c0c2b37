//! Elementwise functions that are compositions: quotients, powers, bounds and choices.

use super::promoted::{Family, binary_function, common_shape, fit, promoted, settle, truth};
use crate::arguments::IntoF64;
use crate::array::{Array, Literal, Repr};
use crate::eager::staged;
use crate::error::{check, raise};
use crate::primitive::{binary, broadcast, cast, compare, divided, number_like, select, unary};
use crate::promote::{Kind, inexact, numeric, promote};
use crate::trace::is_tracing;
use kiln_backends::program::{Binary, Compare, DType, Unary};

/// Computes `jnp.floor_divide`: the truncated quotient, less 1 if the signs differ and the remainder is not
/// 0.
pub(crate) fn floor_quotient(x: &Array, y: &Array) -> Array {
    if x.dtype().is_unsigned() {
        return binary(Binary::Div, x, y);
    }
    let zero = number_like(x, 0.0);
    let rest = binary(Binary::Rem, x, y);
    if x.dtype().is_float() {
        // `jnp` computes the quotient of the divisible part, adjusts it, then rounds it. It keeps an infinite
        // dividend.
        let infinite = compare(Compare::Eq, y, &zero);
        let divisible = select(
            &broadcast(&infinite, x.shape()),
            x,
            &binary(Binary::Sub, x, &rest),
        );
        let quotient = binary(Binary::Div, &divisible, y);
        let adjust = binary(
            Binary::And,
            &compare(Compare::Ne, &rest, &zero),
            &compare(Compare::Ne, &unary(Unary::Sign, y), &unary(Unary::Sign, &rest)),
        );
        let less = binary(Binary::Sub, &quotient, &number_like(x, 1.0));
        // `jnp` rounds half away from zero, and `Round` rounds half to even. Both agree on these quotients,
        // because they are whole numbers or huge.
        return unary(Unary::Round, &select(&adjust, &less, &quotient));
    }
    let quotient = binary(Binary::Div, x, y);
    let adjust = binary(
        Binary::And,
        &compare(Compare::Ne, &unary(Unary::Sign, x), &unary(Unary::Sign, y)),
        &compare(Compare::Ne, &rest, &zero),
    );
    select(
        &adjust,
        &binary(Binary::Sub, &quotient, &number_like(x, 1.0)),
        &quotient,
    )
}

/// Computes `jnp.remainder`: C's remainder, plus the divisor if the signs differ.
pub(crate) fn floor_remainder(x: &Array, y: &Array) -> Array {
    let zero = number_like(x, 0.0);
    let y = match x.dtype().is_float() {
        true => y.clone(),
        // The remainder of an integer divided by 0 is 0.
        false => select(&compare(Compare::Eq, y, &zero), &number_like(x, 1.0), y),
    };
    let rest = binary(Binary::Rem, x, &y);
    if x.dtype().is_unsigned() {
        return rest;
    }
    let signs_differ = compare(
        Compare::Ne,
        &compare(Compare::Lt, &rest, &zero),
        &compare(Compare::Lt, &y, &zero),
    );
    let adjust = binary(Binary::And, &signs_differ, &compare(Compare::Ne, &rest, &zero));
    select(&adjust, &binary(Binary::Add, &rest, &y), &rest)
}

/// Raises `x` to a whole power by repeated squaring, as XLA does. A negative power is a power of `1 / x`. The
/// alternative is one over a power of `x`. Its derivatives have twice the exponent, so they leave the range,
/// and they are NaN where JAX's `n x^(n - 1)` is infinite.
fn whole_power(x: &Array, exponent: i64) -> Array {
    if exponent == 0 {
        return number_like(x, 1.0);
    }
    let base = match exponent > 0 {
        true => x.clone(),
        false => binary(Binary::Div, &number_like(x, 1.0), x),
    };
    let (mut power, mut square, mut left) = (None, base, exponent.unsigned_abs());
    loop {
        if left & 1 == 1 {
            power = Some(match &power {
                Some(power) => binary(Binary::Mul, power, &square),
                None => square.clone(),
            });
        }
        left >>= 1;
        if left == 0 {
            break;
        }
        square = binary(Binary::Mul, &square, &square);
    }
    power.expect("an exponent other than 0 has a bit set")
}

impl Array {
    /// Raises each element to a power. This is NumPy's `power` and Python's `**`. The result has the promoted
    /// dtype and the shape to which both broadcast.
    ///
    /// A plain integer exponent is computed by products of the element, or of one over the element if the
    /// exponent is negative. A plain float exponent is a constant. An exponent that is an array has a
    /// derivative.
    ///
    /// # Panics
    /// When shapes do not broadcast, or integers are raised to a negative plain power.
    ///
    /// ```
    /// use kiln::numpy as np;
    /// assert_eq!(np::arange(4).pow(2).to_string(), "[0 1 4 9]");
    /// assert_eq!(np::arange(4).pow(0.5).to_string(), "[0.        1.        1.4142135 1.7320508]");
    /// ```
    #[track_caller]
    pub fn pow(&self, exponent: impl Into<Array>) -> Array {
        power(self.clone(), exponent.into())
    }

    /// Returns true where an element is less than the other's. The result has bools, in the shape to which
    /// both broadcast. This is Python's `<`.
    ///
    /// # Panics
    /// When the shapes do not broadcast.
    ///
    /// ```
    /// use kiln::numpy as np;
    /// assert_eq!(np::array([1, 2, 3]).lt(2).to_string(), "[ True False False]");
    /// ```
    #[track_caller]
    pub fn lt(&self, other: impl Into<Array>) -> Array {
        self.less(other)
    }

    /// Returns true where an element is at most the other's. The result has bools, in the shape to which both
    /// broadcast. This is Python's `<=`.
    ///
    /// # Panics
    /// When the shapes do not broadcast.
    ///
    /// ```
    /// use kiln::numpy as np;
    /// assert_eq!(np::array([1, 2, 3]).le(2).to_string(), "[ True  True False]");
    /// ```
    #[track_caller]
    pub fn le(&self, other: impl Into<Array>) -> Array {
        self.less_equal(other)
    }

    /// Returns true where an element is greater than the other's. The result has bools, in the shape to which
    /// both broadcast. This is Python's `>`.
    ///
    /// # Panics
    /// When the shapes do not broadcast.
    ///
    /// ```
    /// use kiln::numpy as np;
    /// assert_eq!(np::array([1, 2, 3]).gt(2).to_string(), "[False False  True]");
    /// ```
    #[track_caller]
    pub fn gt(&self, other: impl Into<Array>) -> Array {
        self.greater(other)
    }

    /// Returns true where an element is at least the other's. The result has bools, in the shape to which
    /// both broadcast. This is Python's `>=`.
    ///
    /// # Panics
    /// When the shapes do not broadcast.
    ///
    /// ```
    /// use kiln::numpy as np;
    /// assert_eq!(np::array([1, 2, 3]).ge(2).to_string(), "[False  True  True]");
    /// ```
    #[track_caller]
    pub fn ge(&self, other: impl Into<Array>) -> Array {
        self.greater_equal(other)
    }

    /// Limits the elements to bounds. The bounds broadcast against the elements. The result has the promoted
    /// dtype. NaN stays NaN.
    ///
    /// # Panics
    /// When shapes do not broadcast.
    ///
    /// ```
    /// use kiln::numpy as np;
    /// assert_eq!(np::arange(5).clip(1, 3).to_string(), "[1 1 2 3 3]");
    /// ```
    #[track_caller]
    pub fn clip(&self, least: impl Into<Array>, greatest: impl Into<Array>) -> Array {
        let (x, least, greatest) = (self.clone(), least.into(), greatest.into());
        let raised = binary_function("clip", Family::Any, least, x, |y, x| binary(Binary::Max, y, x));
        binary_function("clip", Family::Any, greatest, raised, |y, x| {
            binary(Binary::Min, y, x)
        })
    }

    /// Rounds the elements to a number of decimals. A half is rounded to the even neighbour. A negative
    /// number of decimals rounds to tens, hundreds and so on.
    ///
    /// # Panics
    /// When the elements are bools, or integers are to be rounded to tens.
    ///
    /// ```
    /// use kiln::numpy as np;
    /// assert_eq!(np::array([0.125, 2.718]).round_to(2).to_string(), "[0.12 2.72]");
    /// assert_eq!(np::array([17.0, 35.0]).round_to(-1).to_string(), "[20. 40.]");
    /// ```
    #[track_caller]
    pub fn round_to(&self, decimals: i32) -> Array {
        if decimals == 0 {
            return self.round();
        }
        let kind = Family::Number.kind("round_to", self.kind());
        let x = self.clone().settled("round_to", kind);
        if !kind.dtype.is_float() {
            check(decimals > 0, "round_to", || "integers cannot be rounded to tens");
            return x;
        }
        staged("round_to", decimals, [x], |&decimals, x| {
            let scale = number_like(&x[0], 10_f64.powi(decimals));
            let rounded = unary(Unary::Round, &binary(Binary::Mul, &x[0], &scale));
            divided(&rounded, 10_f64.powi(decimals))
        })
    }

    /// Converts the elements to another dtype. As integers, floats are truncated towards 0 and saturate, and
    /// NaN becomes 0. Integers wrap.
    ///
    /// # Panics
    /// When the array is a plain number, and neither 32 bits nor the dtype can hold it.
    ///
    /// ```
    /// use kiln::{DType, numpy as np};
    /// assert_eq!(np::array([1.7, -1.7]).astype(DType::I32).to_string(), "[ 1 -1]");
    /// ```
    #[track_caller]
    pub fn astype(&self, dtype: DType) -> Array {
        let kind = Kind::strong(dtype);
        let x = match &self.0 {
            Repr::Literal(Literal::Int(_)) if dtype.is_integer() => self.clone().settled("astype", kind),
            _ => self.clone().settled("astype", self.kind()),
        };
        if x.kind() == kind {
            return x;
        }
        if let (Repr::Literal(number), false, true) = (&self.0, is_tracing(), dtype.is_float()) {
            // A number on the host is on no device. The default device might not have the dtype.
            return Array::number(number.scalar(x.dtype()).cast(dtype), false);
        }
        staged("astype", kind, [x], |&kind, x| match kind.dtype {
            DType::Bool => truth(&x[0]).with_weak(false),
            _ => cast(&x[0], kind),
        })
    }
}

/// See [`Array::pow`].
#[track_caller]
pub(crate) fn power(x: Array, exponent: Array) -> Array {
    match exponent.0 {
        Repr::Literal(Literal::Bool(holds)) => power(x, i64::from(holds).into()),
        Repr::Literal(Literal::Int(n)) => {
            let kind = numeric(x.kind());
            check(n >= 0 || kind.dtype.is_float(), "pow", || {
                format!(
                    "{} cannot be raised to {n}: a power of integers is an integer, use a float",
                    kind.dtype
                )
            });
            let x = x.settled("pow", kind);
            staged("pow", (n, kind), [x], |&(n, kind), x| {
                whole_power(&cast(&x[0], kind), n)
            })
        }
        Repr::Literal(Literal::Float(_)) => {
            let kind = promote([x.kind(), exponent.kind()]);
            let operands = [x, exponent].map(|x| x.settled("pow", kind));
            staged("pow", kind, operands, |&kind, xs| {
                let x = cast(&xs[0], kind);
                binary(Binary::Pow, &x, &broadcast(&xs[1], x.shape()))
            })
        }
        _ => {
            let float = x.dtype().is_float();
            let weak = x.is_weak() && exponent.is_weak();
            let whole = exponent.dtype().is_integer();
            let power = match whole {
                // In JAX, an integer exponent of 0 has no derivative with respect to the base. The base is
                // replaced by 1 there, so that nothing is divided by a base of 0.
                true => binary_function("pow", Family::Numeric, x, exponent, |x, y| {
                    if !x.dtype().is_float() {
                        return binary(Binary::Pow, x, y);
                    }
                    let nothing = compare(Compare::Eq, y, &number_like(y, 0.0));
                    binary(Binary::Pow, &select(&nothing, &number_like(x, 1.0), x), y)
                }),
                false => binary_function("pow", Family::Numeric, x, exponent, |x, y| {
                    binary(Binary::Pow, x, y)
                }),
            };
            // In `jnp`, integers to a power are not weak, and a weak float stays weak only with a weak or
            // float exponent.
            let strong = power.dtype().is_integer() || (float && whole && !weak);
            if strong { power.with_weak(false) } else { power }
        }
    }
}

/// Returns `x` where the condition is true (or not 0), and `y` elsewhere. This is NumPy's `where`, a word
/// that Rust reserves. The result has the shape to which all three broadcast, and the promoted dtype of `x`
/// and `y`.
///
/// Both `x` and `y` are computed everywhere. An element that is not chosen can make a derivative NaN. Choose
/// the argument of the function with `where_` as well.
///
/// # Panics
/// When shapes do not broadcast.
///
/// ```
/// use kiln::{Array, grad, numpy as np};
/// let x = np::arange(4);
/// assert_eq!(np::where_(x.gt(1), &x, -1).to_string(), "[-1 -1  2  3]");
///
/// let root = |x: Array| np::where_(x.gt(0), x.sqrt(), 0);
/// assert_eq!(grad(root)(0.0.into()).to_string(), "nan"); // 0 times the infinite slope of the root
/// let root = |x: Array| np::where_(x.gt(0), np::where_(x.gt(0), &x, 1).sqrt(), 0);
/// assert_eq!(grad(root)(0.0.into()).to_string(), "0.0");
/// ```
#[track_caller]
pub fn where_(condition: impl Into<Array>, x: impl Into<Array>, y: impl Into<Array>) -> Array {
    let condition = condition.into();
    let ([x, y], kind) = promoted("where_", [x.into(), y.into()]);
    let own = condition.kind();
    let operands = [condition.settled("where_", own), x, y];
    common_shape("where_", &operands);
    staged("where_", kind, operands, |&kind, xs| {
        let shape = common_shape("where_", xs);
        let condition = broadcast(&truth(&xs[0]), &shape);
        select(&condition, &fit(&xs[1], kind, &shape), &fit(&xs[2], kind, &shape)).with_weak(kind.weak)
    })
}

/// Returns true if all elements of two arrays are close: `|x - y| <= 1e-5 * |y| + 1e-8`. The result is a bool
/// scalar.
///
/// # Panics
/// When shapes do not broadcast.
///
/// ```
/// use kiln::numpy as np;
/// assert_eq!(np::allclose(np::array([1.0]), 1.000001).to_string(), "True");
/// ```
#[track_caller]
pub fn allclose(x: impl Into<Array>, y: impl Into<Array>) -> Array {
    isclose(x, y).all()
}

/// Returns [`allclose`] with the optional arguments of [`options::Isclose`](crate::options::Isclose).
///
/// # Panics
/// When shapes do not broadcast, or a tolerance is negative or NaN.
///
/// ```
/// use kiln::numpy as np;
/// assert_eq!(np::allclose_with([1.0, 2.0], [1.0, 2.1], |o| o.rtol(0.1)).to_string(), "True");
/// ```
#[track_caller]
pub fn allclose_with(
    x: impl Into<Array>,
    y: impl Into<Array>,
    options: impl FnOnce(Isclose) -> Isclose,
) -> Array {
    isclose_with(x, y, options).all()
}

/// Returns true where an element is close to the other's: `|x - y| <= 1e-5 * |y| + 1e-8`. The result has
/// bools. NaN is close to nothing. An infinity is close to itself.
///
/// # Panics
/// When shapes do not broadcast.
///
/// ```
/// use kiln::numpy as np;
/// assert_eq!(np::isclose([1.0, 2.0], [1.000001, 2.1]).to_string(), "[ True False]");
/// ```
#[track_caller]
pub fn isclose(x: impl Into<Array>, y: impl Into<Array>) -> Array {
    isclose_with(x, y, |o| o)
}

optional_arguments! {
    /// The optional arguments of [`isclose`](crate::numpy::isclose_with) and
    /// [`allclose`](crate::numpy::allclose_with).
    ///
    /// ```
    /// use kiln::numpy as np;
    /// assert_eq!(np::isclose_with(1.0, 1.1, |o| o.rtol(0).atol(0.2)).to_string(), "True");
    /// ```
    Isclose {
        /// The tolerance relative to the second array: 1e-5, if this is not given.
        rtol(impl IntoF64): f64 = 1e-5 => rtol.into_f64(); np::isclose_with(1.0, 1.1, |o| o.rtol(0.1)) => "True";
        /// The tolerance added to it: 1e-8, if this is not given.
        atol(impl IntoF64): f64 = 1e-8 => atol.into_f64(); np::isclose_with(0.0, 0.1, |o| o.atol(0.2)) => "True";
        /// If true, two elements that are NaN are close.
        equal_nan(bool): bool = false => equal_nan; np::isclose_with(np::NAN, np::NAN, |o| o.equal_nan(true)) => "True";
    }
}

/// Returns [`isclose`] with the optional arguments of [`options::Isclose`](crate::options::Isclose).
///
/// # Panics
/// When shapes do not broadcast, or a tolerance is negative or NaN.
///
/// ```
/// use kiln::numpy as np;
/// assert_eq!(np::isclose_with([1.0, 2.0], [1.2, 2.1], |o| o.atol(0.15)).to_string(), "[False  True]");
/// ```
#[track_caller]
pub fn isclose_with(
    x: impl Into<Array>,
    y: impl Into<Array>,
    options: impl FnOnce(Isclose) -> Isclose,
) -> Array {
    let Isclose {
        rtol: relative,
        atol: absolute,
        equal_nan,
    } = options(Isclose::default());
    if !(relative >= 0.0 && absolute >= 0.0) {
        raise(
            "isclose",
            format!("tolerances {relative} and {absolute} must not be negative"),
        )
    }
    let mut operands = [x.into(), y.into()];
    let kind = Kind {
        weak: false,
        ..inexact(promote(operands.iter().map(Array::kind)))
    };
    settle("isclose", &mut operands, kind);
    common_shape("isclose", &operands);
    let tolerances = [relative, absolute].map(|x| Array::from(x).settled("isclose", kind));
    let operands = operands.into_iter().chain(tolerances);
    staged(
        "isclose",
        (kind, equal_nan),
        operands,
        |&(kind, equal_nan), xs| {
            let shape = common_shape("isclose", &xs[..2]);
            let (x, y) = (fit(&xs[0], kind, &shape), fit(&xs[1], kind, &shape));
            let [relative, absolute] = [&xs[2], &xs[3]];
            let distance = (&x - &y).abs();
            let close = distance.le(absolute + relative * y.abs());
            let close = (y.isfinite() & close) | x.equal(&y);
            if equal_nan {
                close | (x.isnan() & y.isnan())
            } else {
                close
            }
        },
    )
}
