//! Elementwise ops: the loop of each op and dtype.

use super::{Number, with_size, with_type};
use bytemuck::{Pod, cast_slice, cast_slice_mut};
use kiln_math::simd::{map1, map2, map3};
use kiln_math::{Integer, Math};
use kiln_program::{Binary, Compare, DType, Unary, with_integer};

/// A loop over tiles of one, two or three operands, and of the result.
pub(crate) type Loop1 = fn(&[u8], &mut [u8]);
pub(crate) type Loop2 = fn(&[u8], &[u8], &mut [u8]);
pub(crate) type Loop3 = fn(&[u8], &[u8], &[u8], &mut [u8]);

/// The operand of a binary op that is the same everywhere, if one is. A loop may read only its first element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Splat {
    Neither,
    Left,
    Right,
}

/// The loop of a function of one element.
macro_rules! each1 {
    ($f:expr) => {
        |x, out| map1(cast_slice(x), cast_slice_mut(out), $f)
    };
}

/// The loop of a function of two elements.
macro_rules! each2 {
    ($f:expr) => {
        |x, y, out| map2(cast_slice(x), cast_slice(y), cast_slice_mut(out), $f)
    };
}

/// The loop of a function of three elements.
macro_rules! each3 {
    ($f:expr) => {
        |x, y, z, out| {
            map3(
                cast_slice(x),
                cast_slice(y),
                cast_slice(z),
                cast_slice_mut(out),
                $f,
            )
        }
    };
}

/// The loop of a function of two elements. It reads only the first element of an operand that is the same
/// everywhere.
macro_rules! each2_splat {
    ($splat:expr, $f:path) => {
        match $splat {
            Splat::Neither => each2!($f),
            Splat::Left => |x, y, out| {
                if let [x, ..] = *cast_slice(x) {
                    map1(cast_slice(y), cast_slice_mut(out), move |y| $f(x, y));
                }
            },
            Splat::Right => |x, y, out| {
                if let [y, ..] = *cast_slice(y) {
                    map1(cast_slice(x), cast_slice_mut(out), move |x| $f(x, y));
                }
            },
        }
    };
}

/// A function of slices as a loop.
macro_rules! slices {
    ($f:path; $($x:ident),+) => {
        |$($x,)+ out| $f($(cast_slice($x),)+ cast_slice_mut(out))
    };
}

pub(crate) fn unary(f: Unary, dtype: DType) -> Loop1 {
    match dtype {
        DType::F32 => float_unary::<f32>(f),
        DType::F64 => float_unary::<f64>(f),
        // The one unary function of bools is `Not`.
        DType::Bool => each1!(|x: u8| x ^ 1),
        dtype => with_integer!(dtype, T => integer_unary::<T>(f)),
    }
}

macro_rules! float_loops {
    (
        unary { $($(#[$unary_doc:meta])* $unary_name:ident = $unary_file:ident::$unary:ident;)* }
        binary { $($(#[$binary_doc:meta])* $binary_name:ident = $binary_file:ident::$binary:ident;)* }
    ) => {
        fn float_unary<T: Math + Pod>(f: Unary) -> Loop1 {
            match f {
                $(Unary::$unary => slices!(T::$unary_name; x),)*
                Unary::Not => unreachable!("the type rule refuses `not` of floats"),
            }
        }

        fn float_binary<T: Math + Number>(f: Binary, splat: Splat) -> Loop2 {
            match f {
                Binary::Pow if splat == Splat::Right => |x, y, out| match cast_slice(y) {
                    [] => {}
                    [y, ..] => T::pow_scalar(cast_slice(x), *y, cast_slice_mut(out)),
                },
                $(Binary::$binary => slices!(T::$binary_name; x, y),)*
                f => arithmetic::<T>(f, splat),
            }
        }
    };
}
kiln_math::float_functions!(float_loops);

fn integer_unary<T: Integer + Pod>(f: Unary) -> Loop1 {
    match f {
        Unary::Neg => each1!(T::neg),
        Unary::Abs => each1!(T::abs),
        Unary::Sign => each1!(T::sign),
        Unary::Not => each1!(T::not),
        _ => unreachable!("the type rule refuses {f:?} of integers"),
    }
}

/// Returns true if the loop of an op reads only the first element of an operand that is the same everywhere.
pub(crate) fn is_arithmetic(f: Binary, dtype: DType, splat: Splat) -> bool {
    use Binary::{Add, Div, Max, Min, Mul, Pow, Sub};
    match f {
        Add | Sub | Mul | Div | Max | Min => dtype.is_float(),
        Pow => dtype.is_float() && splat == Splat::Right,
        _ => false,
    }
}

pub(crate) fn binary(f: Binary, dtype: DType, splat: Splat) -> Loop2 {
    match dtype {
        DType::F32 => float_binary::<f32>(f, splat),
        DType::F64 => float_binary::<f64>(f, splat),
        DType::Bool => bool_binary(f),
        dtype => with_integer!(dtype, T => integer_binary::<T>(f)),
    }
}

fn integer_binary<T: Integer + Pod>(f: Binary) -> Loop2 {
    match f {
        Binary::Rem => each2!(T::rem),
        Binary::Pow => each2!(T::pow),
        Binary::And => each2!(T::bitand),
        Binary::Or => each2!(T::bitor),
        Binary::Xor => each2!(T::bitxor),
        Binary::Shl => each2!(T::shl),
        Binary::Shr => each2!(T::shr),
        Binary::Add => each2!(T::add),
        Binary::Sub => each2!(T::sub),
        Binary::Mul => each2!(T::mul),
        Binary::Div => each2!(T::div),
        Binary::Max => each2!(T::max),
        Binary::Min => each2!(T::min),
        Binary::Atan2 | Binary::Hypot => unreachable!("the type rule refuses {f:?} here"),
    }
}

fn arithmetic<T: Number>(f: Binary, splat: Splat) -> Loop2 {
    match f {
        Binary::Add => each2_splat!(splat, T::add),
        Binary::Sub => each2_splat!(splat, T::sub),
        Binary::Mul => each2_splat!(splat, T::mul),
        Binary::Div => each2_splat!(splat, T::div),
        Binary::Max => each2_splat!(splat, T::max),
        Binary::Min => each2_splat!(splat, T::min),
        _ => unreachable!("the type rule refuses {f:?} here"),
    }
}

fn bool_binary(f: Binary) -> Loop2 {
    match f {
        Binary::Add | Binary::Or | Binary::Max => each2!(|x: u8, y: u8| x | y),
        Binary::Mul | Binary::And | Binary::Min => each2!(|x: u8, y: u8| x & y),
        Binary::Xor => each2!(|x: u8, y: u8| x ^ y),
        _ => unreachable!("the type rule refuses {f:?} of bools"),
    }
}

/// The result holds bools.
pub(crate) fn compare(f: Compare, dtype: DType) -> Loop2 {
    with_type!(dtype, T => compared::<T>(f))
}

fn compared<T: Pod + PartialOrd>(f: Compare) -> Loop2 {
    match f {
        Compare::Eq => each2!(|x: T, y: T| u8::from(x == y)),
        Compare::Ne => each2!(|x: T, y: T| u8::from(x != y)),
        Compare::Lt => each2!(|x: T, y: T| u8::from(x < y)),
        Compare::Le => each2!(|x: T, y: T| u8::from(x <= y)),
        Compare::Gt => each2!(|x: T, y: T| u8::from(x > y)),
        Compare::Ge => each2!(|x: T, y: T| u8::from(x >= y)),
    }
}

/// The first operand holds bools.
pub(crate) fn select(dtype: DType) -> Loop3 {
    with_size!(dtype, T => |p, x, y, out| {
        let choose = |p: u8, x: T, y: T| if p != 0 { x } else { y };
        map3(p, cast_slice(x), cast_slice(y), cast_slice_mut(out), choose)
    })
}

pub(crate) fn mul_add(dtype: DType) -> Loop3 {
    match dtype {
        DType::F32 => each3!(f32::mul_add),
        _ => each3!(f64::mul_add),
    }
}
