//! Normal floats.

use crate::dtype::check_float;
use crate::key::Key;
use crate::shape::lengths;
use crate::uniform::between;
use kiln_core::sister::staged;
use kiln_core::{Array, DType, IntoNumbers, default_float};

/// Draws standard normal floats, of shape `shape` and the default float dtype.
///
/// They are `sqrt(2) * erf_inv(u)` with `u` uniform on `(-1, 1)`. The magnitude of `float32` draws is at most
/// 5.42.
///
/// # Panics
/// When the key is an array of keys, or the shape has a negative dimension.
///
/// ```
/// use kiln::{Key, random};
/// assert_eq!(random::normal(Key::new(0), ()).to_string(), "1.6226422");
/// let x = random::normal(Key::new(42), (2, 3));
/// assert_eq!(x.to_string(), "[[-0.02830462  0.46713185  0.29570296]\n [ 0.15354592 -0.12403282  0.21692315]]");
/// ```
#[track_caller]
pub fn normal(key: Key, shape: impl IntoNumbers) -> Array {
    normal_dtype(key, shape, default_float())
}

/// Draws [`normal`] floats of a float dtype.
///
/// # Panics
/// When the key is an array of keys, the shape has a negative dimension, or the dtype is not a float.
///
/// ```
/// use kiln::{DType, Key, random};
/// let x = random::normal_dtype(Key::new(0), 2, DType::F64);
/// assert_eq!(x.to_string(), "[-0.20584214 -0.78476578]");
/// ```
#[track_caller]
pub fn normal_dtype(key: Key, shape: impl IntoNumbers, dtype: DType) -> Array {
    check_float("normal", dtype);
    let shape = lengths("normal", shape);
    staged(
        "normal",
        (shape, dtype),
        [key.one("normal")],
        |(shape, dtype), key| {
            // The interval starts at the least number above -1, so that no draw is infinite.
            let above = match dtype {
                DType::F32 => f64::from((-1f32).next_up()),
                _ => (-1f64).next_up(),
            };
            let uniform = between(&key[0], shape, *dtype, above, 1.0);
            std::f64::consts::SQRT_2 * uniform.erf_inv()
        },
    )
}
