//! Continuous distributions that are a function of one uniform or normal float.

use crate::dtype::check_float;
use crate::key::Key;
use crate::normal::normal_dtype;
use crate::shape::{fits, lengths};
use crate::uniform::{between, uniform_in};
use kiln_core::sister::staged;
use kiln_core::{Array, DType, IntoNumbers, default_float, numpy as np, stop_gradient};
use std::f64::consts::{PI, SQRT_2};

/// Returns the least normal float.
fn tiny(dtype: DType) -> f64 {
    match dtype {
        DType::F32 => f32::MIN_POSITIVE.into(),
        _ => f64::MIN_POSITIVE,
    }
}

/// Returns the distance from 1 to the next float.
fn epsilon(dtype: DType) -> f64 {
    match dtype {
        DType::F32 => f32::EPSILON.into(),
        _ => f64::EPSILON,
    }
}

/// Declares samplers of standard distributions. A row holds the first two draws of the key 42 in `float32`,
/// and in `float64`, for the examples.
macro_rules! standard {
    ($($(#[$doc:meta])* $name:ident -> $shown:literal $with_dtype:ident -> $wide:literal $body:expr;)*) => {$(
        $(#[$doc])*
        ///
        /// The result has shape `shape` and the default float dtype.
        ///
        /// # Panics
        /// When the key is an array of keys, or the shape has a negative dimension.
        ///
        /// ```
        /// use kiln::{Key, random};
        #[doc = concat!(
            "assert_eq!(random::", stringify!($name), "(Key::new(42), 2).to_string(), ", stringify!($shown), ");"
        )]
        /// ```
        #[track_caller]
        pub fn $name(key: Key, shape: impl IntoNumbers) -> Array {
            $with_dtype(key, shape, default_float())
        }

        $(#[$doc])*
        ///
        /// The result has shape `shape` and the float dtype `dtype`.
        ///
        /// # Panics
        /// When the key is an array of keys, the shape has a negative dimension, or the dtype is not a float.
        ///
        /// ```
        /// use kiln::{DType, Key, random};
        #[doc = concat!("let x = random::", stringify!($with_dtype), "(Key::new(42), 2, DType::F64);")]
        #[doc = concat!("assert_eq!(x.to_string(), ", stringify!($wide), ");")]
        /// ```
        #[track_caller]
        pub fn $with_dtype(key: Key, shape: impl IntoNumbers, dtype: DType) -> Array {
            let op = stringify!($name);
            check_float(op, dtype);
            let shape = lengths(op, shape);
            staged(op, (shape, dtype), [key.one(op)], |(shape, dtype), key| {
                let unit = |low: f64, high: f64| between(&key[0], shape, *dtype, low, high);
                let body: fn(DType, &dyn Fn(f64, f64) -> Array) -> Array = $body;
                body(*dtype, &unit)
            })
        }
    )*};
}

standard! {
    /// Draws exponential floats with mean 1: `-log(1 - u)` of a uniform `u`.
    exponential -> "[0.6708175 1.1388006]" exponential_dtype -> "[0.55639422 0.01512386]" |_, unit| -(-unit(0.0, 1.0)).log1p();
    /// Draws Gumbel floats with location 0 and scale 1: `-log(-log(u))` of a uniform `u`.
    gumbel -> "[0.3340934 0.9520195]" gumbel_dtype -> "[ 0.16062721 -1.4348545 ]" |dtype, unit| -(-unit(tiny(dtype), 1.0).log()).log();
    /// Draws Laplace floats with mean 0 and scale 1: `sign(u) log(1 - |u|)` of a `u` that is uniform on (-1,
    /// 1).
    laplace -> "[ 0.02283965 -0.44565356]" laplace_dtype -> "[0.15846231 3.50588682]" |dtype, unit| {
        let u = unit(epsilon(dtype) / 2.0 - 1.0, 1.0);
        u.sign() * (-u.abs()).log1p()
    };
    /// Draws logistic floats with mean 0 and scale 1: `log(u / (1 - u))` of a uniform `u`.
    logistic -> "[-0.04516941  0.7528398 ]" logistic_dtype -> "[-0.29521526 -4.18391014]" |dtype, unit| {
        let u = unit(tiny(dtype), 1.0);
        u.log() - (-u).log1p()
    };
    /// Draws Cauchy floats with location 0 and scale 1: `tan(π (u - 1/2))` of a uniform `u`.
    cauchy -> "[-0.03548463  0.6337261 ]" cauchy_dtype -> "[ -0.23434604 -21.19070235]" |dtype, unit| (PI * (unit(epsilon(dtype), 1.0) - 0.5)).tan();
}

/// Declares samplers with a parameter. A row holds the first two draws of the key 42 with a value of the
/// parameter, for the example.
macro_rules! with_parameter {
    ($($(#[$doc:meta])* $name:ident $with_dtype:ident($parameter:ident = $value:literal) -> $shown:literal $body:expr;)*) => {$(
        $(#[$doc])*
        ///
        /// The result has shape `shape`, to which the parameter broadcasts. Its dtype is the dtype of a float
        /// parameter, else the default float dtype.
        ///
        /// # Panics
        /// When the key is an array of keys, the shape has a negative dimension, or the parameter does not
        /// broadcast to it.
        ///
        /// ```
        /// use kiln::{Key, random};
        #[doc = concat!("let x = random::", stringify!($name), "(Key::new(42), ", stringify!($value), ", 2);")]
        #[doc = concat!("assert_eq!(x.to_string(), ", stringify!($shown), ");")]
        /// ```
        #[track_caller]
        pub fn $name(key: Key, $parameter: impl Into<Array>, shape: impl IntoNumbers) -> Array {
            let parameter = $parameter.into();
            let dtype = float_dtype(&parameter);
            $with_dtype(key, parameter, shape, dtype)
        }

        $(#[$doc])*
        ///
        /// The result has shape `shape`, to which the parameter broadcasts, and the float dtype `dtype`.
        ///
        /// # Panics
        /// When the key is an array of keys, the shape has a negative dimension, the parameter does not
        /// broadcast to it, or the dtype is not a float.
        ///
        /// ```
        /// use kiln::{DType, Key, random};
        #[doc = concat!("let x = random::", stringify!($with_dtype), "(Key::new(42), ", stringify!($value), ", 2, DType::F32);")]
        #[doc = concat!("assert_eq!(x.to_string(), ", stringify!($shown), ");")]
        /// ```
        #[track_caller]
        pub fn $with_dtype(
            key: Key,
            $parameter: impl Into<Array>,
            shape: impl IntoNumbers,
            dtype: DType,
        ) -> Array {
            let op = stringify!($name);
            check_float(op, dtype);
            let (shape, parameter) = (lengths(op, shape), $parameter.into());
            fits(op, stringify!($parameter), &parameter, &shape);
            let inputs = [key.one(op), parameter.astype(dtype)];
            staged(op, (shape, dtype), inputs, |(shape, dtype), inputs| {
                let body: fn(Key, &[usize], DType, &Array) -> Array = $body;
                body(Key::from_words(inputs[0].clone()), shape, *dtype, &inputs[1])
            })
        }
    )*};
}

/// Returns the dtype of draws with this parameter.
pub(crate) fn float_dtype(parameter: &Array) -> DType {
    match parameter.dtype().is_float() {
        true => parameter.dtype(),
        false => default_float(),
    }
}

with_parameter! {
    /// Draws log-normal floats: `exp(sigma z)` of a normal `z`. The logarithm has mean 0 and standard
    /// deviation `sigma`.
    lognormal lognormal_dtype(sigma = 0.5) -> "[0.9859474 1.2630961]" |key, shape, dtype, sigma| (normal_dtype(key, shape, dtype) * sigma).exp();
    /// Draws Pareto floats with shape parameter `b`. They are at least 1, and more than `x` with probability
    /// `x^-b`.
    pareto pareto_dtype(b = 3.0) -> "[1.2505779 1.4617001]" |key, shape, dtype, b| (exponential_dtype(key, shape, dtype) / b).exp();
    /// Draws Rayleigh floats with scale `scale`: `scale √(-2 log u)` of a uniform `u`. This is the length of
    /// a vector of two normal floats.
    rayleigh rayleigh_dtype(scale = 2.0) -> "[2.3933022 1.7571814]" |key, shape, dtype, scale| scale * (uniform_in(key, shape, dtype, 0, 1).log() * -2.0).sqrt();
    /// Draws Weibull floats with scale 1 and shape parameter `concentration`: `e^(1 / concentration)` of an
    /// exponential `e`.
    weibull_min weibull_min_dtype(concentration = 2.0) -> "[0.8190345 1.0671461]" |key, shape, dtype, concentration| exponential_dtype(key, shape, dtype).pow(1.0 / concentration);
}

/// Draws normal floats on the condition that they lie between `low` and `high`. They are `√2 erf_inv(u)`,
/// with `u` uniform between `erf(low / √2)` and `erf(high / √2)`. A bound other than 0 is never drawn.
///
/// The result has shape `shape`, to which the bounds broadcast, and the default float dtype. The shape comes
/// last, as in JAX.
///
/// # Panics
/// When the key is an array of keys, the shape has a negative dimension, or a bound does not broadcast to it.
///
/// ```
/// use kiln::{Key, random};
/// let x = random::truncated_normal(Key::new(0), -1, 1, 4);
/// assert_eq!(x.to_string(), "[ 0.8618594   0.9412883  -0.2910484  -0.05364177]");
/// ```
#[track_caller]
pub fn truncated_normal(
    key: Key,
    low: impl Into<Array>,
    high: impl Into<Array>,
    shape: impl IntoNumbers,
) -> Array {
    truncated_normal_dtype(key, low, high, shape, default_float())
}

/// Draws [`truncated_normal`] floats of a float dtype.
///
/// # Panics
/// When the key is an array of keys, the shape has a negative dimension, a bound does not broadcast to it, or
/// the dtype is not a float.
///
/// ```
/// use kiln::{DType, Key, random};
/// let x = random::truncated_normal_dtype(Key::new(0), -1, 1, 2, DType::F32);
/// assert_eq!(x.to_string(), "[0.8618594 0.9412883]");
/// ```
#[track_caller]
pub fn truncated_normal_dtype(
    key: Key,
    low: impl Into<Array>,
    high: impl Into<Array>,
    shape: impl IntoNumbers,
    dtype: DType,
) -> Array {
    let op = "truncated_normal";
    check_float(op, dtype);
    let (shape, low, high) = (lengths(op, shape), low.into(), high.into());
    fits(op, "low", &low, &shape);
    fits(op, "high", &high, &shape);
    let inputs = [key.one(op), low.astype(dtype), high.astype(dtype)];
    staged(op, (shape, dtype), inputs, |(shape, dtype), inputs| {
        let [low, high] = [1, 2].map(|i| &inputs[i]);
        let [from, to] = [low, high].map(|bound| (bound / SQRT_2).erf());
        let u = uniform_in(Key::from_words(inputs[0].clone()), &shape[..], *dtype, from, to);
        (SQRT_2 * u.erf_inv()).clip(next(low, 1.0), next(high, -1.0))
    })
}

/// Returns the next float above or below each element. For infinity this is the greatest float, for 0 it is
/// 0. The result has no derivative.
fn next(x: &Array, direction: f64) -> Array {
    let x = stop_gradient(x.clone());
    let greatest = match x.dtype() {
        DType::F32 => f32::MAX.into(),
        _ => f64::MAX,
    };
    // A sum with a little more than half of the distance between floats rounds to the next float: Rump,
    // Zimmermann, Boldo and Melquiond, "Computing predecessor and successor in rounding to nearest" (2009).
    let more_than_half = epsilon(x.dtype()) / 2.0 * (1.0 + epsilon(x.dtype()));
    let beside = &x + x.abs() * (direction * more_than_half);
    np::where_(x.isinf(), x.clip(-greatest, greatest), beside)
}
