//! Makes, reads and compares the elements of arrays: mostly moderate numbers, some special ones.

use crate::dice::Dice;
use kiln::{Array, Buffer};
use kiln_program::{ArrayType, DType, Scalar};

/// The range of an array's elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wild {
    /// Moderate numbers at which most functions are smooth.
    Smooth,
    /// Moderate numbers with zeros, signs, and indices out of bounds.
    Tame,
    /// NaN, infinities, denormals, zeros of both signs, and the extremes of integers among other numbers.
    Special,
}

/// Floats at which functions have a border case in one of the dtypes.
const FLOATS: [f64; 31] = [
    f64::NAN,
    f64::INFINITY,
    f64::NEG_INFINITY,
    0.0,
    -0.0,
    1.0,
    -1.0,
    0.5,
    -0.5,
    1.5,
    2.5,
    0.499_999_999_999_999_94,
    3.402_823_466_385_288_6e38,
    f64::MAX,
    f64::MIN,
    f64::MIN_POSITIVE,
    5e-324,
    1.175_494_35e-38,
    1e-40,
    -1e-45,
    1e-310,
    88.8,
    -745.2,
    127.0,
    128.0,
    255.5,
    16_777_217.0,
    2_147_483_648.0,
    4_294_967_295.0,
    9.3e18,
    1.9e19,
];

/// Returns a random number of a dtype.
pub fn scalar(dice: &mut Dice, dtype: DType, wild: Wild) -> Scalar {
    let special = wild == Wild::Special && dice.chance(35);
    match dtype {
        DType::Bool => Scalar::from_bool(dice.chance(50)),
        DType::F32 | DType::F64 => {
            let value = match wild {
                _ if special => *dice.pick(&FLOATS),
                Wild::Smooth => 0.3 + 1.4 * dice.unit(),
                _ if dice.chance(20) => dice.between(0, 6) as f64 - 3.0,
                _ => dice.unit() * 6.0 - 3.0,
            };
            let sign = if wild == Wild::Smooth && dice.chance(30) {
                -1.0
            } else {
                1.0
            };
            Scalar::from_f64(dtype, sign * value)
        }
        dtype => {
            let bits = 8 * dtype.size() as u32;
            let least = if dtype.is_signed() { -1 << (bits - 1) } else { 0 };
            let greatest = match dtype.is_signed() {
                true => !least,
                false => u64::MAX.unbounded_shr(64 - bits) as i64,
            };
            let value = match special {
                true => *dice.pick(&[
                    least,
                    least.wrapping_add(1),
                    greatest,
                    greatest.wrapping_sub(1),
                    -1,
                    31,
                    32,
                    33,
                    63,
                    64,
                ]),
                false if dtype.is_signed() => dice.between(0, 11) as i64 - 4,
                false => dice.between(0, 8) as i64,
            };
            Scalar::from_i64(dtype, value)
        }
    }
}

/// Returns an array of random elements.
pub fn array(dice: &mut Dice, of: &ArrayType, wild: Wild) -> Array {
    filled(of, |_| scalar(dice, of.dtype, wild))
}

/// Returns an array with the elements that a function returns for their indices.
pub fn filled(of: &ArrayType, mut element: impl FnMut(usize) -> Scalar) -> Array {
    let mut buffer = Buffer::zeros(of.clone());
    let size = of.dtype.size();
    let bytes = buffer.bytes_mut().expect("nobody else holds a new buffer");
    for (i, piece) in bytes.chunks_mut(size).enumerate() {
        piece.copy_from_slice(&element(i).to_le_bytes()[..size]);
    }
    Array::from_buffer(buffer)
}

/// Returns an array of a type whose bytes are these pieces, one after the other.
pub fn joined(of: ArrayType, pieces: &[&[u8]]) -> Array {
    let mut buffer = Buffer::zeros(of);
    let bytes = buffer.bytes_mut().expect("nobody else holds a new buffer");
    bytes.copy_from_slice(&pieces.concat());
    Array::from_buffer(buffer)
}

/// Joins arrays of one type along a new first axis.
pub fn stacked(of: &ArrayType, arrays: &[Array]) -> Array {
    let buffers: Vec<Buffer> = arrays.iter().map(buffer).collect();
    let pieces: Vec<&[u8]> = buffers.iter().map(Buffer::bytes).collect();
    let shape: Vec<usize> = std::iter::once(arrays.len())
        .chain(of.shape.iter().copied())
        .collect();
    joined(ArrayType::new(of.dtype, shape), &pieces)
}

/// Returns the element `i` along the first axis.
pub fn row(x: &Array, i: usize) -> Array {
    let buffer = buffer(x);
    let of = ArrayType::new(x.dtype(), &x.shape()[1..]);
    let n = of.bytes();
    joined(of, &[&buffer.bytes()[i * n..(i + 1) * n]])
}

/// Returns the elements of an array, in memory.
pub fn buffer(x: &Array) -> Buffer {
    x.try_buffer().expect("an array that is not traced")
}

/// Returns true if two arrays have the same type and, bit for bit, the same elements. A NaN equals any other.
pub fn same(x: &Array, y: &Array) -> bool {
    let (x, y) = (buffer(x), buffer(y));
    if x.array_type() != y.array_type() {
        return false;
    }
    match x.array_type().dtype {
        _ if x.bytes() == y.bytes() => true,
        DType::F32 => {
            let mut pairs = x.as_slice::<f32>().iter().zip(y.as_slice::<f32>());
            pairs.all(|(x, y)| x.to_bits() == y.to_bits() || (x.is_nan() && y.is_nan()))
        }
        DType::F64 => {
            let mut pairs = x.as_slice::<f64>().iter().zip(y.as_slice::<f64>());
            pairs.all(|(x, y)| x.to_bits() == y.to_bits() || (x.is_nan() && y.is_nan()))
        }
        _ => false,
    }
}

/// Returns the elements of an array as 64-bit floats.
pub fn numbers(x: &Array) -> Vec<f64> {
    match x.dtype() {
        DType::F32 => x.to_vec::<f32>().into_iter().map(f64::from).collect(),
        _ => x.to_vec(),
    }
}

/// Changes each element by at most 256 units in the last place, up or down.
pub fn shaken(dice: &mut Dice, x: &[Array]) -> Vec<Array> {
    x.iter()
        .map(|x| {
            let elements = numbers(x);
            filled(&x.array_type(), |i| {
                let by = (dice.unit() - 0.5) * 512.0 * f64::EPSILON;
                Scalar::from_f64(DType::F64, elements[i] * (1.0 + by))
            })
        })
        .collect()
}
