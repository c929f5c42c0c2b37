//! Random bits.

use crate::key::{Key, zero};
use crate::shape::lengths;
use kiln_core::sister::raise;
use kiln_core::sister::staged;
use kiln_core::{Array, DType, IntoNumbers, lax};

/// Draws integers of 32 random bits each, of shape `shape` and dtype `uint32`.
///
/// # Panics
/// When the key is an array of keys, or the shape has a negative dimension.
///
/// ```
/// use kiln::{Key, random};
/// assert_eq!(random::bits(Key::new(42), 4).to_string(), "[2098992034 2919706841 2646866425 2409546199]");
/// ```
#[track_caller]
pub fn bits(key: Key, shape: impl IntoNumbers) -> Array {
    bits_dtype(key, shape, DType::U32)
}

/// Draws unsigned integers of 8, 16, 32 or 64 random bits each, of shape `shape` and dtype `dtype`.
///
/// # Panics
/// When the dtype is not an unsigned integer, the key is an array of keys, or the shape has a negative
/// dimension.
///
/// ```
/// use kiln::{DType, Key, random};
/// assert_eq!(random::bits_dtype(Key::new(42), 2, DType::U16).to_string(), "[ 5026 12505]");
/// ```
#[track_caller]
pub fn bits_dtype(key: Key, shape: impl IntoNumbers, dtype: DType) -> Array {
    if !dtype.is_unsigned() {
        raise(
            "bits",
            format!("bits come as uint8, uint16, uint32 or uint64, not {dtype}"),
        )
    }
    let shape = lengths("bits", shape);
    staged(
        "bits",
        (shape, dtype),
        [key.one("bits")],
        |(shape, dtype), key| {
            let (high, low) = words(&key[0], shape);
            match dtype {
                DType::U64 => high.astype(DType::U64) << 32 | low.astype(DType::U64),
                dtype => (high ^ low).astype(*dtype),
            }
        },
    )
}

/// Returns the two words of each element.
pub(crate) fn words(key: &Array, shape: &[usize]) -> (Array, Array) {
    lax::random_bits(key, &zero(key), shape)
}
