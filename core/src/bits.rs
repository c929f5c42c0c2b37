//! The primitives that samplers are made of.

use crate::arguments::IntoNumbers;
use crate::array::Array;
use crate::bind::{bind, bind_one};
use crate::error::check;
use kiln_backends::program::{DType, Op, Scalar};

/// Returns the two words of Threefry-2x32 for a counter for each element of a shape, under each key.
///
/// The counter of element `i` is `first + i`. `key` and `first` are `uint32` of shape `(.., 2)`. A counter
/// has 64 bits, its high word first. Both results are `uint32` of shape `(.., *shape)`.
///
/// # Panics
/// When the dtype or the shape of `key` or `first` is another.
///
/// ```
/// use kiln::{Array, lax};
/// let (x, y) = lax::random_bits(&Array::new(vec![0_u32, 42], 2), &Array::new(vec![0_u32, 0], 2), 3);
/// assert_eq!((x ^ y).to_string(), "[2098992034 2919706841 2646866425]");
/// ```
#[track_caller]
pub fn random_bits(key: &Array, first: &Array, shape: impl IntoNumbers) -> (Array, Array) {
    let shape = crate::arguments::shape_of("random_bits", shape);
    let is_key = key.dtype() == DType::U32 && key.shape().last() == Some(&2);
    check(is_key, "random_bits", || {
        format!(
            "a key is uint32 of shape (.., 2), this is {} of shape {}",
            key.dtype(),
            key.shape()
        )
    });
    check(first.array_type() == key.array_type(), "random_bits", || {
        format!(
            "the first counters are {} of shape {} for keys of shape {}",
            first.dtype(),
            first.shape(),
            key.shape()
        )
    });
    let mut words = bind(Op::RandomBits { shape }, &[key, first], &[false, false]).into_iter();
    let mut next = || words.next().expect("two words");
    (next(), next())
}

/// Maps pairs of random words to floats of `dtype`, uniform on `[low, high)`. [`random_bits`] returns such
/// words.
///
/// The float is `u * (high - low) + low`, rounded once, with `u` a multiple of `2^-23` (`float32`) or `2^-52`
/// (`float64`) on `[0, 1)`. The bounds, like all literals, are not part of the compiled program.
///
/// # Panics
/// When the words are not `uint32` of one shape, or the dtype is not a float.
///
/// ```
/// use kiln::{Array, DType, lax};
/// let (x, y) = lax::random_bits(&Array::new(vec![0_u32, 42], 2), &Array::new(vec![0_u32, 0], 2), 3);
/// assert_eq!(lax::uniform(&x, &y, DType::F32, 0.0, 1.0).to_string(), "[0.48870957 0.6797972  0.6162715 ]");
/// ```
#[track_caller]
pub fn uniform(first: &Array, second: &Array, dtype: DType, low: f64, high: f64) -> Array {
    let unit = fixed_uniform(first, second, dtype, 0.0, 1.0);
    let [low, high] = [low, high].map(|bound| Array::from(bound).astype(dtype));
    let width = &high - &low;
    let [width, low] = [width, low].map(|x| x.broadcast_to(unit.shape().clone()));
    mul_add(&unit, &width, &low)
}

/// Maps pairs of random words to floats of `dtype`, uniform on `[low, high)`. Unlike in [`uniform`], the
/// bounds are part of the program. Samplers with constant bounds use this function, because the engine draws
/// and scales in one step. Each new pair of bounds is a new program, and is compiled again.
///
/// # Panics
/// When the words are not `uint32` of one shape, or the dtype is not a float.
///
/// ```
/// use kiln::{Array, DType, lax};
/// let (x, y) = lax::random_bits(&Array::new(vec![0_u32, 42], 2), &Array::new(vec![0_u32, 0], 2), 3);
/// let (fixed, other) = (lax::fixed_uniform(&x, &y, DType::F32, -1.0, 1.0), lax::uniform(&x, &y, DType::F32, -1.0, 1.0));
/// assert_eq!(fixed.to_string(), other.to_string());
/// ```
#[track_caller]
pub fn fixed_uniform(first: &Array, second: &Array, dtype: DType, low: f64, high: f64) -> Array {
    check(
        first.dtype() == DType::U32 && first.array_type() == second.array_type() && dtype.is_float(),
        "uniform",
        || {
            format!(
                "needs uint32 words of one shape and a float dtype, got {}, {} and {dtype}",
                first.array_type(),
                second.array_type()
            )
        },
    );
    let [low, high] = [low, high].map(|bound| Scalar::from_f64(dtype, bound));
    bind_one(Op::Uniform { low, high }, &[first, second], false)
}

/// Returns `x * y + z`, rounded once. The operands are floats of one dtype and shape.
///
/// # Panics
/// When dtypes or shapes differ, or the dtype is not a float.
///
/// ```
/// use kiln::{lax, numpy as np};
/// assert_eq!(lax::mul_add(&np::array([2.0, 3.0]), &np::array([5.0, 7.0]), &np::ones(2)).to_string(), "[11. 22.]");
/// ```
#[track_caller]
pub fn mul_add(x: &Array, y: &Array, z: &Array) -> Array {
    let of = x.array_type();
    check(
        of.dtype.is_float() && of == y.array_type() && of == z.array_type(),
        "mul_add",
        || {
            format!(
                "needs floats of one dtype and shape, got {of}, {} and {}",
                y.array_type(),
                z.array_type()
            )
        },
    );
    bind_one(Op::MulAdd, &[x, y, z], x.is_weak() && y.is_weak() && z.is_weak())
}
