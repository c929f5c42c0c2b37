//! The loops over one tile: plain loops over slices, one for each op and dtype.
//!
//! Tiles come as bytes; each family casts them to its elements. Bools are bytes, 0 or 1.

mod arg;
mod cast;
mod cumulative;
mod elementwise;
mod load;
mod op;
mod pair;
mod random;
mod reduce;
mod scalar;

pub(crate) use arg::{RESULTS, Search, search};
pub(crate) use cast::cast;
pub(crate) use cumulative::{Lanes, cumulative, scratch as cumulative_scratch};
pub(crate) use elementwise::{
    Loop1, Loop2, Loop3, Splat, binary, compare, is_arithmetic, mul_add, select, unary,
};
pub(crate) use load::{Pattern, fill, iota, load, store};
pub(crate) use op::{Elementwise, Function, Slices};
pub(crate) use pair::{BLOCK, Pair, pair};
pub(crate) use random::{Counters, counters, random_bits, random_uniform, run_of_counters, uniform};
pub(crate) use reduce::{MOST, Stack, combine, fold, fold_rows, identity, tree};
pub(crate) use scalar::{ScalarFn, scalar};

/// A number whose arrays can be read as bytes.
pub(crate) trait Number: kiln_math::Number + bytemuck::Pod {}

impl<T: kiln_math::Number + bytemuck::Pod> Number for T {}

/// Runs the body with the type name `$t` for the Rust type of a dtype's elements.
macro_rules! with_type {
    ($dtype:expr, $t:ident => $body:expr) => {{
        macro_rules! arm {
            ($rust:ty) => {{
                type $t = $rust;
                $body
            }};
        }
        match $dtype {
            kiln_program::DType::Bool | kiln_program::DType::U8 => arm!(u8),
            kiln_program::DType::I8 => arm!(i8),
            kiln_program::DType::I16 => arm!(i16),
            kiln_program::DType::I32 => arm!(i32),
            kiln_program::DType::I64 => arm!(i64),
            kiln_program::DType::U16 => arm!(u16),
            kiln_program::DType::U32 => arm!(u32),
            kiln_program::DType::U64 => arm!(u64),
            kiln_program::DType::F32 => arm!(f32),
            kiln_program::DType::F64 => arm!(f64),
        }
    }};
}

/// Runs the body with the type name `$t` for an unsigned type of the size of a dtype's elements, for code
/// that only moves elements.
macro_rules! with_size {
    ($dtype:expr, $t:ident => $body:expr) => {{
        macro_rules! arm {
            ($rust:ty) => {{
                type $t = $rust;
                $body
            }};
        }
        match $dtype.size() {
            1 => arm!(u8),
            2 => arm!(u16),
            4 => arm!(u32),
            _ => arm!(u64),
        }
    }};
}

/// Runs the body with the type name `$t` for the Rust type of a dtype's elements, or the signed type for
/// unsigned integers. Their sums and products wrap to the same bits.
macro_rules! with_signed_type {
    ($dtype:expr, $t:ident => $body:expr) => {{
        macro_rules! arm {
            ($rust:ty) => {{
                type $t = $rust;
                $body
            }};
        }
        match $dtype {
            kiln_program::DType::Bool | kiln_program::DType::U8 | kiln_program::DType::I8 => arm!(i8),
            kiln_program::DType::I16 | kiln_program::DType::U16 => arm!(i16),
            kiln_program::DType::I32 | kiln_program::DType::U32 => arm!(i32),
            kiln_program::DType::I64 | kiln_program::DType::U64 => arm!(i64),
            kiln_program::DType::F32 => arm!(f32),
            kiln_program::DType::F64 => arm!(f64),
        }
    }};
}

pub(crate) use {with_signed_type, with_size, with_type};
