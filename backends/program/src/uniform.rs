//! Random words to uniform floats: the meaning of [`Op::Uniform`].

use crate::dtype::DType;
use crate::functions::Binary;
use crate::infer::TypeError;
use crate::op::Op;
use crate::program::{Builder, Program, Var};
use crate::scalar::Scalar;
use crate::shape::{ArrayType, Axes, Shape};

/// Returns the float on `[0, 1)` of two random words: a multiple of `2^-23`.
#[inline(always)]
pub fn unit_f32([high, low]: [u32; 2]) -> f32 {
    // 23 bits; signed integers are quicker to convert.
    ((high ^ low) >> 9) as i32 as f32 * (1.0 / (1 << 23) as f32)
}

/// Returns the float on `[0, 1)` of two random words: a multiple of `2^-52`.
#[inline(always)]
pub fn unit_f64([high, low]: [u32; 2]) -> f64 {
    // The upper 52 of 64 bits; both terms and their sum are exact.
    let low = f64::from((low >> 12) as i32) * (1.0 / (1_u64 << 52) as f64);
    f64::from(high) * (1.0 / (1_u64 << 32) as f64) + low
}

/// [`Op::Uniform`] in terms of other ops, for words of this shape.
///
/// # Errors
/// When a bound is no float, or their dtypes differ.
pub fn uniform_program(low: Scalar, high: Scalar, shape: &Shape) -> Result<Program, TypeError> {
    let dtype = low.dtype();
    let words = ArrayType::new(DType::U32, shape.clone());
    let mut b = Builder::new();
    let (first, second) = (b.input(words.clone()), b.input(words));
    let unit = if dtype == DType::F32 {
        let mixed = b.push(Op::Binary(Binary::Xor), &[first, second])?[0];
        upper_bits(&mut b, mixed, 9, dtype, 2f64.powi(-23), shape)?
    } else {
        let rest = upper_bits(&mut b, second, 12, dtype, 2f64.powi(-52), shape)?;
        let most = upper_bits(&mut b, first, 0, dtype, 2f64.powi(-32), shape)?;
        b.push(Op::Binary(Binary::Add), &[most, rest])?[0]
    };
    let low_everywhere = everywhere(&mut b, low, shape)?;
    let width = everywhere(&mut b, width(low, high), shape)?;
    let x = b.push(Op::MulAdd, &[unit, width, low_everywhere])?[0];
    let x = b.push(Op::Binary(Binary::Max), &[low_everywhere, x])?[0];
    Ok(b.finish(&[x]))
}

/// Returns `high - low`, in their dtype.
pub fn width(low: Scalar, high: Scalar) -> Scalar {
    match low.dtype() {
        DType::F32 => Scalar::from_f32(high.as_f64() as f32 - low.as_f64() as f32),
        dtype => Scalar::from_f64(dtype, high.as_f64() - low.as_f64()),
    }
}

/// Returns `(x >> shift) * scale` as floats.
fn upper_bits(
    b: &mut Builder,
    x: Var,
    shift: i64,
    dtype: DType,
    scale: f64,
    shape: &Shape,
) -> Result<Var, TypeError> {
    let shift = everywhere(b, Scalar::from_i64(DType::U32, shift), shape)?;
    let x = b.push(Op::Binary(Binary::Shr), &[x, shift])?[0];
    let x = b.push(Op::Cast(dtype), &[x])?[0];
    let scale = everywhere(b, Scalar::from_f64(dtype, scale), shape)?;
    Ok(b.push(Op::Binary(Binary::Mul), &[x, scale])?[0])
}

fn everywhere(b: &mut Builder, value: Scalar, to: &Shape) -> Result<Var, TypeError> {
    let shape = Shape::scalar();
    let x = b.push(Op::Constant { value, shape }, &[])?[0];
    let (shape, axes) = (to.clone(), Axes::new());
    Ok(b.push(Op::Broadcast { shape, axes }, &[x])?[0])
}
