//! Integer arithmetic as XLA defines it: everything wraps, and nothing panics.

use kiln_math::Integer;
use kiln_program::{Binary, Unary};

pub(crate) fn unary<T: Integer>(f: Unary) -> fn(T) -> T {
    match f {
        Unary::Neg => T::neg,
        Unary::Abs => T::abs,
        Unary::Sign => T::sign,
        Unary::Not => T::not,
        _ => panic!("{f:?} is not defined for integers"),
    }
}

pub(crate) fn binary<T: Integer>(f: Binary) -> fn(T, T) -> T {
    match f {
        Binary::Add => T::add,
        Binary::Sub => T::sub,
        Binary::Mul => T::mul,
        Binary::Div => T::div,
        Binary::Rem => T::rem,
        Binary::Pow => T::pow,
        Binary::Max => T::max,
        Binary::Min => T::min,
        Binary::And => T::bitand,
        Binary::Or => T::bitor,
        Binary::Xor => T::bitxor,
        Binary::Shl => T::shl,
        Binary::Shr => T::shr,
        Binary::Atan2 | Binary::Hypot => panic!("{f:?} is not defined for integers"),
    }
}
