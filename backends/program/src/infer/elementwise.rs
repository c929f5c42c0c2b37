//! The rules of elementwise ops.

use super::check::{Types, check, one, same, take};
use crate::dtype::DType;
use crate::functions::{Binary, Unary};
use crate::scalar::Scalar;
use crate::shape::ArrayType;

pub(super) fn unary(f: Unary, operands: &[&ArrayType]) -> Result<Types, String> {
    let [x] = take(operands)?;
    takes_unary(f, x.dtype)?;
    one(x.dtype, x.shape.clone())
}

fn takes_unary(f: Unary, dtype: DType) -> Result<(), String> {
    let fits = match f {
        Unary::Not => !dtype.is_float(),
        Unary::Neg | Unary::Abs | Unary::Sign => dtype != DType::Bool,
        _ => dtype.is_float(),
    };
    check(fits, || format!("is not defined for {dtype}"))
}

pub(super) fn binary(f: Binary, operands: &[&ArrayType]) -> Result<Types, String> {
    let [x, y] = take(operands)?;
    same(x, y)?;
    takes_binary(f, x.dtype)?;
    one(x.dtype, x.shape.clone())
}

fn takes_binary(f: Binary, dtype: DType) -> Result<(), String> {
    let fits = match f {
        Binary::Add | Binary::Mul | Binary::Max | Binary::Min => true,
        Binary::Sub | Binary::Div | Binary::Rem | Binary::Pow => dtype != DType::Bool,
        Binary::Atan2 | Binary::Hypot => dtype.is_float(),
        Binary::And | Binary::Or | Binary::Xor => !dtype.is_float(),
        Binary::Shl | Binary::Shr => dtype.is_integer(),
    };
    check(fits, || format!("is not defined for {dtype}"))
}

pub(super) fn compare(operands: &[&ArrayType]) -> Result<Types, String> {
    let [x, y] = take(operands)?;
    same(x, y)?;
    one(DType::Bool, x.shape.clone())
}

pub(super) fn select(operands: &[&ArrayType]) -> Result<Types, String> {
    let [predicate, x, y] = take(operands)?;
    same(x, y)?;
    check(predicate.dtype == DType::Bool, || {
        format!("the predicate is {}, not bool", predicate.dtype)
    })?;
    check(predicate.shape == x.shape, || {
        format!(
            "predicate of shape {} for branches of shape {}",
            predicate.shape, x.shape
        )
    })?;
    one(x.dtype, x.shape.clone())
}

pub(super) fn mul_add(operands: &[&ArrayType]) -> Result<Types, String> {
    let [x, y, z] = take(operands)?;
    same(x, y)?;
    same(x, z)?;
    check(x.dtype.is_float(), || format!("needs floats, got {}", x.dtype))?;
    one(x.dtype, x.shape.clone())
}

pub(super) fn uniform(low: Scalar, high: Scalar, operands: &[&ArrayType]) -> Result<Types, String> {
    let [x, y] = take(operands)?;
    same(x, y)?;
    check(x.dtype == DType::U32, || format!("needs uint32, got {}", x.dtype))?;
    let dtype = low.dtype();
    check(dtype.is_float() && dtype == high.dtype(), || {
        format!("bounds are floats of one dtype, got {dtype} and {}", high.dtype())
    })?;
    one(dtype, x.shape.clone())
}
