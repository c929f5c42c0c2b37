//! The loops over one tile: plain loops over slices, one for each op and dtype.
//!
//! Tiles come as bytes; each family casts them to its elements. Bools are bytes, 0 or 1.

mod cast;
mod cumulative;
mod elementwise;
mod load;
mod number;
mod pair;
mod random;
mod reduce;
mod scalar;

pub(crate) use cast::cast;
pub(crate) use cumulative::{Lanes, cumulative, scratch as cumulative_scratch};
pub(crate) use elementwise::{
    Loop1, Loop2, Loop3, Splat, binary, compare, is_arithmetic, mul_add, select, unary,
};
pub(crate) use load::{Pattern, fill, iota, load, store};
pub(crate) use number::Number;
pub(crate) use pair::{BLOCK, Pair, pair};
pub(crate) use random::{Counters, counters, random_bits, random_uniform, run_of_counters, uniform};
pub(crate) use reduce::{MOST, Stack, combine, fold, fold_rows, identity, tree};
pub(crate) use scalar::{ScalarFn, scalar};

/// Runs the body with the type name `$t` for the Rust type of a dtype's elements.
macro_rules! with_type {
    ($dtype:expr, $t:ident => $body:expr) => {
        match $dtype {
            kiln_program::DType::Bool | kiln_program::DType::U8 => {
                type $t = u8;
                $body
            }
            kiln_program::DType::I8 => {
                type $t = i8;
                $body
            }
            kiln_program::DType::I16 => {
                type $t = i16;
                $body
            }
            kiln_program::DType::I32 => {
                type $t = i32;
                $body
            }
            kiln_program::DType::I64 => {
                type $t = i64;
                $body
            }
            kiln_program::DType::U16 => {
                type $t = u16;
                $body
            }
            kiln_program::DType::U32 => {
                type $t = u32;
                $body
            }
            kiln_program::DType::U64 => {
                type $t = u64;
                $body
            }
            kiln_program::DType::F32 => {
                type $t = f32;
                $body
            }
            kiln_program::DType::F64 => {
                type $t = f64;
                $body
            }
        }
    };
}

/// As [`with_type`], with one type for each size: for code that only moves elements.
macro_rules! with_size {
    ($dtype:expr, $t:ident => $body:expr) => {
        match $dtype.size() {
            1 => {
                type $t = u8;
                $body
            }
            2 => {
                type $t = u16;
                $body
            }
            4 => {
                type $t = u32;
                $body
            }
            _ => {
                type $t = u64;
                $body
            }
        }
    };
}

/// As [`with_type`], with signed integers for unsigned ones of the same size: for sums and products, which
/// wrap to the same bits.
macro_rules! with_signed_type {
    ($dtype:expr, $t:ident => $body:expr) => {
        match $dtype {
            kiln_program::DType::Bool | kiln_program::DType::U8 | kiln_program::DType::I8 => {
                type $t = i8;
                $body
            }
            kiln_program::DType::I16 | kiln_program::DType::U16 => {
                type $t = i16;
                $body
            }
            kiln_program::DType::I32 | kiln_program::DType::U32 => {
                type $t = i32;
                $body
            }
            kiln_program::DType::I64 | kiln_program::DType::U64 => {
                type $t = i64;
                $body
            }
            kiln_program::DType::F32 => {
                type $t = f32;
                $body
            }
            kiln_program::DType::F64 => {
                type $t = f64;
                $body
            }
        }
    };
}

pub(crate) use {with_signed_type, with_size, with_type};
