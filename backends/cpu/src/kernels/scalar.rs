//! Ops on single elements, by value: for loops over so few elements that a slice costs more than they do.

use super::op::{Elementwise, Function};
use super::{Number, with_type};
use bytemuck::Pod;
use kiln_math::Integer;
use kiln_program::{Binary, Compare, DType, Unary};

/// A function of up to three elements, each in the low bytes of a word.
pub(crate) type ScalarFn = fn(u64, u64, u64) -> u64;

/// Returns the function on single elements, if it is quick enough.
pub(crate) fn scalar(Elementwise { f, dtype }: Elementwise) -> Option<ScalarFn> {
    match f {
        Function::Binary(f) => binary(f, dtype),
        Function::Compare(f) => Some(with_type!(dtype, T => compare::<T>(f))),
        Function::Select => Some(|p, x, y| if p & 1 != 0 { x } else { y }),
        Function::MulAdd => Some(match dtype {
            DType::F32 => |x, y, z| put(f32::mul_add(get(x), get(y), get(z))),
            _ => |x, y, z| put(f64::mul_add(get(x), get(y), get(z))),
        }),
        Function::Unary(f) => match (f, dtype) {
            (Unary::Neg, DType::F32) => Some(|x, _, _| put(-get::<f32>(x))),
            (Unary::Neg, DType::F64) => Some(|x, _, _| put(-get::<f64>(x))),
            (Unary::Abs, DType::F32) => Some(|x, _, _| put(get::<f32>(x).abs())),
            (Unary::Abs, DType::F64) => Some(|x, _, _| put(get::<f64>(x).abs())),
            (Unary::Sqrt, DType::F32) => Some(|x, _, _| put(get::<f32>(x).sqrt())),
            (Unary::Sqrt, DType::F64) => Some(|x, _, _| put(get::<f64>(x).sqrt())),
            (Unary::Not, DType::Bool) => Some(|x, _, _| (x ^ 1) & 1),
            _ => None,
        },
        // The casts between the dtypes of branches, counters and floats.
        Function::Cast(DType::I32) if dtype == DType::Bool => Some(|x, _, _| x & 1),
        Function::Cast(DType::F32) if dtype == DType::I32 => Some(|x, _, _| put(get::<i32>(x) as f32)),
        Function::Cast(DType::F64) if dtype == DType::I64 => Some(|x, _, _| put(get::<i64>(x) as f64)),
        Function::Cast(_) | Function::Uniform(_) => None,
    }
}

#[inline(always)]
fn get<T: Pod>(word: u64) -> T {
    bytemuck::pod_read_unaligned(&word.to_le_bytes()[..size_of::<T>()])
}

#[inline(always)]
fn put<T: Pod>(x: T) -> u64 {
    let mut word = [0; 8];
    word[..size_of::<T>()].copy_from_slice(bytemuck::bytes_of(&x));
    u64::from_le_bytes(word)
}

fn binary(f: Binary, dtype: DType) -> Option<ScalarFn> {
    match dtype {
        DType::F32 => arithmetic::<f32>(f),
        DType::F64 => arithmetic::<f64>(f),
        DType::Bool => match f {
            Binary::Add | Binary::Or | Binary::Max => Some(|x, y, _| (x | y) & 1),
            Binary::Mul | Binary::And | Binary::Min => Some(|x, y, _| x & y & 1),
            Binary::Xor => Some(|x, y, _| (x ^ y) & 1),
            _ => None,
        },
        DType::I32 => integer::<i32>(f),
        DType::I64 => integer::<i64>(f),
        DType::U32 => integer::<u32>(f),
        DType::U64 => integer::<u64>(f),
        DType::I8 | DType::I16 | DType::U8 | DType::U16 => None,
    }
}

fn arithmetic<T: Number>(f: Binary) -> Option<ScalarFn> {
    Some(match f {
        Binary::Add => |x, y, _| put(T::add(get(x), get(y))),
        Binary::Sub => |x, y, _| put(T::sub(get(x), get(y))),
        Binary::Mul => |x, y, _| put(T::mul(get(x), get(y))),
        Binary::Div => |x, y, _| put(T::div(get(x), get(y))),
        Binary::Max => |x, y, _| put(T::max(get(x), get(y))),
        Binary::Min => |x, y, _| put(T::min(get(x), get(y))),
        _ => return None,
    })
}

fn integer<T: Integer + Pod>(f: Binary) -> Option<ScalarFn> {
    Some(match f {
        Binary::Rem => |x, y, _| put(T::rem(get(x), get(y))),
        Binary::And => |x, y, _| put(get::<T>(x) & get(y)),
        Binary::Or => |x, y, _| put(get::<T>(x) | get(y)),
        Binary::Xor => |x, y, _| put(get::<T>(x) ^ get(y)),
        Binary::Shl => |x, y, _| put(T::shl(get(x), get(y))),
        Binary::Shr => |x, y, _| put(T::shr(get(x), get(y))),
        f => return arithmetic::<T>(f),
    })
}

fn compare<T: Pod + PartialOrd>(f: Compare) -> ScalarFn {
    match f {
        Compare::Eq => |x, y, _| u64::from(get::<T>(x) == get::<T>(y)),
        Compare::Ne => |x, y, _| u64::from(get::<T>(x) != get::<T>(y)),
        Compare::Lt => |x, y, _| u64::from(get::<T>(x) < get::<T>(y)),
        Compare::Le => |x, y, _| u64::from(get::<T>(x) <= get::<T>(y)),
        Compare::Gt => |x, y, _| u64::from(get::<T>(x) > get::<T>(y)),
        Compare::Ge => |x, y, _| u64::from(get::<T>(x) >= get::<T>(y)),
    }
}
