//! Elementwise ops.

use super::number::{Integer, Number};
use super::{with_size, with_type};
use crate::math::Math;
use crate::simd::{map1, map2, map3};
use bytemuck::{Pod, cast_slice, cast_slice_mut};
use kiln_program::{Binary, Compare, DType, Unary};

pub(crate) fn unary(f: Unary, dtype: DType, x: &[u8], out: &mut [u8]) {
    match dtype {
        DType::F32 => float_unary::<f32>(f, cast_slice(x), cast_slice_mut(out)),
        DType::F64 => float_unary::<f64>(f, cast_slice(x), cast_slice_mut(out)),
        // The one unary function of bools is `Not`.
        DType::Bool => map1(x, out, |x| x ^ 1),
        DType::I8 => integer_unary::<i8>(f, cast_slice(x), cast_slice_mut(out)),
        DType::I16 => integer_unary::<i16>(f, cast_slice(x), cast_slice_mut(out)),
        DType::I32 => integer_unary::<i32>(f, cast_slice(x), cast_slice_mut(out)),
        DType::I64 => integer_unary::<i64>(f, cast_slice(x), cast_slice_mut(out)),
        DType::U8 => integer_unary::<u8>(f, cast_slice(x), cast_slice_mut(out)),
        DType::U16 => integer_unary::<u16>(f, cast_slice(x), cast_slice_mut(out)),
        DType::U32 => integer_unary::<u32>(f, cast_slice(x), cast_slice_mut(out)),
        DType::U64 => integer_unary::<u64>(f, cast_slice(x), cast_slice_mut(out)),
    }
}

fn float_unary<T: Math>(f: Unary, x: &[T], out: &mut [T]) {
    match f {
        Unary::Neg => T::neg(x, out),
        Unary::Abs => T::abs(x, out),
        Unary::Sign => T::sign(x, out),
        Unary::Floor => T::floor(x, out),
        Unary::Ceil => T::ceil(x, out),
        Unary::Round => T::round(x, out),
        Unary::Trunc => T::trunc(x, out),
        Unary::Sqrt => T::sqrt(x, out),
        Unary::Rsqrt => T::rsqrt(x, out),
        Unary::Cbrt => T::cbrt(x, out),
        Unary::Exp => T::exp(x, out),
        Unary::Exp2 => T::exp2(x, out),
        Unary::Expm1 => T::expm1(x, out),
        Unary::Log => T::log(x, out),
        Unary::Log2 => T::log2(x, out),
        Unary::Log10 => T::log10(x, out),
        Unary::Log1p => T::log1p(x, out),
        Unary::Sin => T::sin(x, out),
        Unary::Cos => T::cos(x, out),
        Unary::Tan => T::tan(x, out),
        Unary::Asin => T::asin(x, out),
        Unary::Acos => T::acos(x, out),
        Unary::Atan => T::atan(x, out),
        Unary::Sinh => T::sinh(x, out),
        Unary::Cosh => T::cosh(x, out),
        Unary::Tanh => T::tanh(x, out),
        Unary::Asinh => T::asinh(x, out),
        Unary::Acosh => T::acosh(x, out),
        Unary::Atanh => T::atanh(x, out),
        Unary::Logistic => T::logistic(x, out),
        Unary::Erf => T::erf(x, out),
        Unary::Erfc => T::erfc(x, out),
        Unary::ErfInv => T::erf_inv(x, out),
        Unary::Lgamma => T::lgamma(x, out),
        Unary::Digamma => T::digamma(x, out),
        Unary::Not => unreachable!("the type rule refuses `not` of floats"),
    }
}

fn integer_unary<T: Integer>(f: Unary, x: &[T], out: &mut [T]) {
    match f {
        Unary::Neg => map1(x, out, T::neg),
        Unary::Abs => map1(x, out, T::abs),
        Unary::Sign => map1(x, out, T::sign),
        Unary::Not => map1(x, out, T::not),
        _ => unreachable!("the type rule refuses {f:?} of integers"),
    }
}

/// `splat`: all elements of `y` are the same, which `pow` turns to account.
pub(crate) fn binary(f: Binary, dtype: DType, x: &[u8], y: &[u8], splat: bool, out: &mut [u8]) {
    match dtype {
        DType::F32 => float_binary::<f32>(f, cast_slice(x), cast_slice(y), splat, cast_slice_mut(out)),
        DType::F64 => float_binary::<f64>(f, cast_slice(x), cast_slice(y), splat, cast_slice_mut(out)),
        DType::Bool => bool_binary(f, x, y, out),
        DType::I8 => integer_binary::<i8>(f, cast_slice(x), cast_slice(y), cast_slice_mut(out)),
        DType::I16 => integer_binary::<i16>(f, cast_slice(x), cast_slice(y), cast_slice_mut(out)),
        DType::I32 => integer_binary::<i32>(f, cast_slice(x), cast_slice(y), cast_slice_mut(out)),
        DType::I64 => integer_binary::<i64>(f, cast_slice(x), cast_slice(y), cast_slice_mut(out)),
        DType::U8 => integer_binary::<u8>(f, cast_slice(x), cast_slice(y), cast_slice_mut(out)),
        DType::U16 => integer_binary::<u16>(f, cast_slice(x), cast_slice(y), cast_slice_mut(out)),
        DType::U32 => integer_binary::<u32>(f, cast_slice(x), cast_slice(y), cast_slice_mut(out)),
        DType::U64 => integer_binary::<u64>(f, cast_slice(x), cast_slice(y), cast_slice_mut(out)),
    }
}

fn float_binary<T: Math + Number>(f: Binary, x: &[T], y: &[T], splat: bool, out: &mut [T]) {
    match f {
        Binary::Pow if splat && !y.is_empty() => T::pow_scalar(x, y[0], out),
        Binary::Pow => T::pow(x, y, out),
        Binary::Rem => T::rem(x, y, out),
        Binary::Atan2 => T::atan2(x, y, out),
        Binary::Hypot => T::hypot(x, y, out),
        f => arithmetic(f, x, y, out),
    }
}

fn integer_binary<T: Integer>(f: Binary, x: &[T], y: &[T], out: &mut [T]) {
    match f {
        Binary::Rem => map2(x, y, out, T::rem),
        Binary::Pow => map2(x, y, out, T::pow),
        Binary::And => map2(x, y, out, T::and),
        Binary::Or => map2(x, y, out, T::or),
        Binary::Xor => map2(x, y, out, T::xor),
        Binary::Shl => map2(x, y, out, T::shl),
        Binary::Shr => map2(x, y, out, T::shr),
        f => arithmetic(f, x, y, out),
    }
}

fn arithmetic<T: Number>(f: Binary, x: &[T], y: &[T], out: &mut [T]) {
    match f {
        Binary::Add => map2(x, y, out, T::add),
        Binary::Sub => map2(x, y, out, T::sub),
        Binary::Mul => map2(x, y, out, T::mul),
        Binary::Div => map2(x, y, out, T::div),
        Binary::Max => map2(x, y, out, T::max),
        Binary::Min => map2(x, y, out, T::min),
        _ => unreachable!("the type rule refuses {f:?} here"),
    }
}

fn bool_binary(f: Binary, x: &[u8], y: &[u8], out: &mut [u8]) {
    match f {
        Binary::Add | Binary::Or | Binary::Max => map2(x, y, out, |x, y| x | y),
        Binary::Mul | Binary::And | Binary::Min => map2(x, y, out, |x, y| x & y),
        Binary::Xor => map2(x, y, out, |x, y| x ^ y),
        _ => unreachable!("the type rule refuses {f:?} of bools"),
    }
}

/// `out` holds bools.
pub(crate) fn compare(f: Compare, dtype: DType, x: &[u8], y: &[u8], out: &mut [u8]) {
    with_type!(dtype, T => compared::<T>(f, cast_slice(x), cast_slice(y), out));
}

fn compared<T: Pod + PartialOrd>(f: Compare, x: &[T], y: &[T], out: &mut [u8]) {
    match f {
        Compare::Eq => map2(x, y, out, |x, y| u8::from(x == y)),
        Compare::Ne => map2(x, y, out, |x, y| u8::from(x != y)),
        Compare::Lt => map2(x, y, out, |x, y| u8::from(x < y)),
        Compare::Le => map2(x, y, out, |x, y| u8::from(x <= y)),
        Compare::Gt => map2(x, y, out, |x, y| u8::from(x > y)),
        Compare::Ge => map2(x, y, out, |x, y| u8::from(x >= y)),
    }
}

pub(crate) fn select(dtype: DType, predicate: &[u8], x: &[u8], y: &[u8], out: &mut [u8]) {
    with_size!(dtype, T => {
        map3::<u8, T, T, T>(predicate, cast_slice(x), cast_slice(y), cast_slice_mut(out), |p, x, y| if p != 0 { x } else { y })
    });
}

pub(crate) fn mul_add(dtype: DType, x: &[u8], y: &[u8], z: &[u8], out: &mut [u8]) {
    match dtype {
        DType::F32 => map3::<f32, _, _, _>(
            cast_slice(x),
            cast_slice(y),
            cast_slice(z),
            cast_slice_mut(out),
            f32::mul_add,
        ),
        _ => map3::<f64, _, _, _>(
            cast_slice(x),
            cast_slice(y),
            cast_slice(z),
            cast_slice_mut(out),
            f64::mul_add,
        ),
    }
}
