//! Uniform floats.

use crate::bits::words;
use crate::dtype::check_float;
use crate::key::Key;
use crate::shape::{fits, lengths};
use kiln_core::sister::staged;
use kiln_core::{Array, DType, IntoNumbers, default_float, lax, numpy as np, optional_arguments};

/// Draws floats uniform on `[0, 1)`, of shape `shape` and the default float dtype.
///
/// # Panics
/// When the key is an array of keys, or the shape has a negative dimension.
///
/// ```
/// use kiln::{Key, random};
/// assert_eq!(random::uniform(Key::new(42), (2, 3)).to_string(), "[[0.48870957 0.6797972  0.6162715 ]\n [0.5610161  0.4506446  0.58586586]]");
/// ```
#[track_caller]
pub fn uniform(key: Key, shape: impl IntoNumbers) -> Array {
    let shape = lengths("uniform", shape);
    // `uniform_in` returns the same bits for these bounds.
    staged(
        "uniform",
        (shape, default_float()),
        [key.one("uniform")],
        |(shape, dtype), key| between(&key[0], shape, *dtype, 0.0, 1.0),
    )
}

/// Draws floats uniform on `[0, 1)`, of shape `shape` and a float dtype. Every value is a multiple of `2^-23`
/// (`float32`) or `2^-52` (`float64`).
///
/// # Panics
/// When the key is an array of keys, the shape has a negative dimension, or the dtype is not a float.
///
/// ```
/// use kiln::{DType, Key, random};
/// let x = random::uniform_dtype(Key::new(0), 2, DType::F64);
/// assert_eq!(x.to_string(), "[0.41845711 0.21629545]");
/// ```
#[track_caller]
pub fn uniform_dtype(key: Key, shape: impl IntoNumbers, dtype: DType) -> Array {
    uniform_in(key, shape, dtype, 0, 1)
}

optional_arguments! {
    /// The optional arguments of [`uniform`](crate::uniform_with).
    ///
    /// ```
    /// use kiln::{Key, random};
    /// let x = random::uniform_with(Key::new(0), 3, |o| o.minval(-1));
    /// assert_eq!(x.to_string(), "[ 0.895334    0.95715976 -0.33541703]");
    /// ```
    Uniform {
        /// The lower bound of the draws, which may be drawn: 0, if this is not given. An array broadcasts to
        /// the shape.
        minval(impl Into<Array>): Array = 0.into() => minval.into(); random::uniform_with(Key::new(0), 1, |o| o.minval(-1)) => "[0.895334]";
        /// The upper bound of the draws, which is not drawn: 1, if this is not given. An array broadcasts to
        /// the shape.
        maxval(impl Into<Array>): Array = 1.into() => maxval.into(); random::uniform_with(Key::new(0), 1, |o| o.maxval(10)) => "[9.47667]";
        /// The dtype of the draws: the default float dtype, if this is not given.
        dtype(DType): Option<DType> = None => Some(dtype); random::uniform_with(Key::new(0), 1, |o| o.dtype(DType::F64)) => "[0.41845711]";
    }
}

/// Draws floats uniform on an interval, of shape `shape`, with the optional arguments of
/// [`options::Uniform`](crate::options::Uniform). The floats are scaled and shifted with one rounding.
///
/// # Panics
/// When the key is an array of keys, the shape has a negative dimension, a bound does not broadcast to it, or
/// the dtype is not a float.
///
/// ```
/// use kiln::{Key, random};
/// let x = random::uniform_with(Key::new(0), 3, |o| o.minval(-1).maxval(1));
/// assert_eq!(x.to_string(), "[ 0.895334    0.95715976 -0.33541703]");
/// ```
#[track_caller]
pub fn uniform_with(key: Key, shape: impl IntoNumbers, options: impl FnOnce(Uniform) -> Uniform) -> Array {
    let Uniform {
        minval,
        maxval,
        dtype,
    } = options(Uniform::default());
    uniform_in(key, shape, dtype.unwrap_or_else(default_float), minval, maxval)
}

#[track_caller]
pub(crate) fn uniform_in(
    key: Key,
    shape: impl IntoNumbers,
    dtype: DType,
    low: impl Into<Array>,
    high: impl Into<Array>,
) -> Array {
    check_float("uniform", dtype);
    let shape = lengths("uniform", shape);
    let key = key.one("uniform");
    let (low, high) = (low.into(), high.into());
    fits("uniform", "minval", &low, &shape);
    fits("uniform", "maxval", &high, &shape);
    let inputs = [key, low.astype(dtype), high.astype(dtype)];
    staged("uniform", (shape, dtype), inputs, |(shape, dtype), inputs| {
        let low = inputs[1].broadcast_to(shape);
        let width = (&inputs[2] - &inputs[1]).broadcast_to(shape);
        // The product and the sum are rounded once, as in XLA's CPU backend.
        let unit = between(&inputs[0], shape, *dtype, 0.0, 1.0);
        np::maximum(&low, lax::mul_add(&unit, &width, &low))
    })
}

/// Returns floats uniform on `[low, high)`.
pub(crate) fn between(key: &Array, shape: &[usize], dtype: DType, low: f64, high: f64) -> Array {
    let (first, second) = words(key, shape);
    lax::fixed_uniform(&first, &second, dtype, low, high)
}
