//! The dtype and weakness to which operands of different types are promoted, by JAX's lattice.
//!
//! ```text
//! bool -> i* -> u8 -> u16 -> u32 -> u64 -> f* -> f32 -> f64
//!           \-> i8 -> i16 -> i32 -> i64 -/
//!         (u8 -> i16, u16 -> i32, u32 -> i64)
//! ```
//! `i*` and `f*` are the weak types, of Rust's numbers and of arrays made from them alone.

use crate::config::{default_float, default_int, x64_enabled};
use kiln_backends::program::DType;

/// The part of a type that promotion depends on: a dtype, and its weakness. The dtype of a plain number is
/// weak.
///
/// ```
/// use kiln_core::{DType, sister::{Kind, promote}};
/// let array = Kind { dtype: DType::I8, weak: false };
/// let number = Kind { dtype: DType::I32, weak: true };
/// assert_eq!(promote([array, number]), array);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Kind {
    /// The dtype of the operand on its own.
    pub dtype: DType,
    /// True if the dtype is promoted to any other dtype of its family.
    pub weak: bool,
}

impl Kind {
    /// Returns the kind of an array with a stated dtype.
    pub fn strong(dtype: DType) -> Kind {
        Kind { dtype, weak: false }
    }
}

/// A node of the lattice.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Node {
    Of(DType),
    WeakInt,
    WeakFloat,
}

/// Returns the kind of the result of an operation on operands of these kinds.
///
/// # Panics
/// When there are no operands.
pub fn promote(kinds: impl IntoIterator<Item = Kind>) -> Kind {
    let mut kinds = kinds.into_iter();
    let first = kinds.next().expect("promotion of at least one operand");
    // If all operands are strong, or all weak, the result is the bound of their dtypes. Otherwise a weak
    // operand stands for its family.
    let (mut plain, mut mixed) = (Node::Of(first.dtype), node(first));
    let (mut all_weak, mut equal, mut wide) = (first.weak, true, first.dtype.size() == 8);
    for kind in kinds {
        equal &= kind.dtype == first.dtype && kind.weak == first.weak;
        all_weak &= kind.weak;
        wide |= kind.dtype.size() == 8 && !kind.weak;
        plain = bound(plain, Node::Of(kind.dtype));
        mixed = bound(mixed, node(kind));
    }
    if equal {
        return first;
    }
    let kind = match if all_weak { plain } else { mixed } {
        Node::Of(dtype) => Kind {
            dtype,
            weak: all_weak,
        },
        Node::WeakInt => Kind {
            dtype: default_int(),
            weak: true,
        },
        Node::WeakFloat => Kind {
            dtype: default_float(),
            weak: true,
        },
    };
    // The user did not ask for 64 bits, so uint32 and int32 are promoted to int32.
    if x64_enabled() || wide {
        kind
    } else {
        Kind {
            dtype: narrow(kind.dtype),
            ..kind
        }
    }
}

/// Returns the kind in which division and the transcendental functions compute. Floats stay. 64-bit integers
/// become `float64` if 64-bit dtypes are on, and all others `float32`.
pub fn inexact(kind: Kind) -> Kind {
    let dtype = match kind.dtype {
        DType::F32 | DType::F64 => kind.dtype,
        DType::I64 | DType::U64 => default_float(),
        _ => DType::F32,
    };
    Kind { dtype, ..kind }
}

/// Returns the kind of arithmetic: bools count as integers.
pub(crate) fn numeric(kind: Kind) -> Kind {
    if kind.dtype == DType::Bool {
        Kind::strong(DType::I32)
    } else {
        kind
    }
}

/// Returns the dtype of a sum of integers: at least as wide as the default one.
pub(crate) fn accumulator(dtype: DType) -> DType {
    match dtype {
        DType::F32 | DType::F64 | DType::I64 | DType::U64 => dtype,
        DType::U8 | DType::U16 | DType::U32 => {
            if x64_enabled() {
                DType::U64
            } else {
                DType::U32
            }
        }
        DType::Bool | DType::I8 | DType::I16 | DType::I32 => default_int(),
    }
}

fn narrow(dtype: DType) -> DType {
    match dtype {
        DType::I64 => DType::I32,
        DType::U64 => DType::U32,
        DType::F64 => DType::F32,
        _ => dtype,
    }
}

fn node(kind: Kind) -> Node {
    match kind {
        Kind { weak: true, dtype } if dtype.is_integer() => Node::WeakInt,
        Kind { weak: true, dtype } if dtype.is_float() => Node::WeakFloat,
        Kind { dtype, .. } => Node::Of(dtype),
    }
}

/// Returns the least upper bound in the lattice.
fn bound(x: Node, y: Node) -> Node {
    use DType::*;
    use Node::*;
    if x == y {
        return x;
    }
    match (x, y) {
        (Of(Bool), other) | (other, Of(Bool)) => other,
        (WeakInt, other) | (other, WeakInt) => other,
        (Of(F64), _) | (_, Of(F64)) => Of(F64),
        (Of(F32), _) | (_, Of(F32)) => Of(F32),
        (WeakFloat, _) | (_, WeakFloat) => WeakFloat,
        (Of(a), Of(b)) if a.is_signed() == b.is_signed() => Of(if a.size() > b.size() { a } else { b }),
        (Of(a), Of(b)) => {
            let (signed, unsigned) = if a.is_signed() { (a, b) } else { (b, a) };
            // The bound is a signed type that is wide enough for both. uint64 has none, so its bound is a
            // float.
            match (signed, unsigned) {
                (_, U64) => WeakFloat,
                (I64, _) | (_, U32) => Of(I64),
                (I32, _) | (_, U16) => Of(I32),
                _ => Of(I16),
            }
        }
    }
}
