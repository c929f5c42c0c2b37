//! Uniform integers.

use crate::bits::bits_dtype;
use crate::dtype::check_integer;
use crate::key::Key;
use crate::shape::{fits, lengths};
use kiln_core::sister::staged;
use kiln_core::{Array, DType, IntoNumbers, default_int, numpy as np};

/// Draws integers uniform on `low..high`, or `low` if the range is empty. The result has shape `shape`, to
/// which the bounds broadcast, and the default integer dtype.
///
/// Each integer is made of twice the bits of its dtype. So the probabilities of two integers differ by at
/// most the length of the range over 2^32 (2^64 for 64 bits), relative to each other.
///
/// # Panics
/// When the key is an array of keys, the shape has a negative dimension, or a bound does not broadcast.
///
/// ```
/// use kiln::{Key, random};
/// assert_eq!(random::randint(Key::new(42), 6, 0, 10).to_string(), "[4 4 1 9 9 9]");
/// ```
#[track_caller]
pub fn randint(key: Key, shape: impl IntoNumbers, low: impl Into<Array>, high: impl Into<Array>) -> Array {
    randint_dtype(key, shape, low, high, default_int())
}

/// Draws [`randint`] integers of an integer dtype. A bound outside of the dtype is moved into it. A `high` of
/// one more than the greatest integer is exact.
///
/// # Panics
/// When the key is an array of keys, the shape has a negative dimension, a bound does not broadcast, or the
/// dtype is not an integer.
///
/// ```
/// use kiln::{DType, Key, random};
/// let x = random::randint_dtype(Key::new(42), 4, 0, 256, DType::U8);
/// assert_eq!(x.to_string(), "[196  18 183 193]");
/// ```
#[track_caller]
pub fn randint_dtype(
    key: Key,
    shape: impl IntoNumbers,
    low: impl Into<Array>,
    high: impl Into<Array>,
    dtype: DType,
) -> Array {
    check_integer("randint", dtype);
    let shape = lengths("randint", shape);
    let (low, high) = (low.into(), high.into());
    fits("randint", "minval", &low, &shape);
    fits("randint", "maxval", &high, &shape);
    let whole = |x: Array| match x.dtype().is_integer() {
        true => x,
        false => x.astype(default_int()),
    };
    let inputs = [key.one("randint"), whole(low), whole(high)];
    staged("randint", (shape, dtype), inputs, |(shape, dtype), inputs| {
        let [key, low, high] = inputs else {
            unreachable!("three inputs")
        };
        // Narrow integers are drawn as 32 bits.
        let (least, greatest) = range(*dtype);
        let wide = if dtype.size() < 4 { DType::I32 } else { *dtype };
        let (low, high) = match dtype.size() < 4 {
            true => (
                clipped(&low.astype(DType::I32), least, greatest),
                clipped(&high.astype(DType::I32), least, greatest + 1),
            ),
            false => (low.clone(), high.clone()),
        };
        let (least, greatest) = range(wide);
        let beyond = match range(high.dtype()).1 > greatest {
            true => high.gt(number(greatest)),
            false => np::full((), false),
        };
        let low = clipped(&low, least, greatest).astype(wide);
        let high = clipped(&high, least, greatest).astype(wide);
        let words = if wide.size() == 8 { DType::U64 } else { DType::U32 };
        let span = np::where_(high.le(&low), 1, (&high - &low).astype(words));
        let span = np::where_(beyond & high.gt(&low), &span + 1, span);
        let [first, second] = Key::from_words(key.clone()).split();
        let (first, second) = (
            bits_dtype(first, &shape[..], words),
            bits_dtype(second, &shape[..], words),
        );
        // The two words together, modulo the span. A span of 0 stands for all integers.
        let half = Array::from(1_u64 << (4 * wide.size())).astype(words);
        let factor = half % &span;
        let factor = &factor * &factor % &span;
        let offset = (first % &span * factor + &second % &span) % &span;
        let offset = np::where_(span.equal(0), second, offset);
        (low + offset.astype(wide)).astype(*dtype)
    })
}

/// Returns the least and greatest integer of a dtype.
fn range(dtype: DType) -> (i128, i128) {
    let bits = 8 * dtype.size();
    match dtype.is_unsigned() {
        true => (0, (1 << bits) - 1),
        false => (-(1 << (bits - 1)), (1 << (bits - 1)) - 1),
    }
}

/// Makes an array of a number that 64 bits hold.
fn number(n: i128) -> Array {
    match i64::try_from(n) {
        Ok(n) => n.into(),
        Err(_) => Array::new(vec![n as u64], ()),
    }
}

/// Moves integers into bounds. A bound that the dtype cannot exceed is skipped.
fn clipped(x: &Array, least: i128, greatest: i128) -> Array {
    let (low, high) = range(x.dtype());
    let x = if low < least {
        x.maximum(number(least))
    } else {
        x.clone()
    };
    if high > greatest {
        x.minimum(number(greatest))
    } else {
        x
    }
}
