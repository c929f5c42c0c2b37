//! The shape and dtype rule of every op.

mod check;
mod elementwise;
mod index;
mod linear;
mod reduce;
mod shape;
mod structured;

pub use check::Types;

use crate::dtype::DType;
use crate::few::Few;
use crate::op::Op;
use crate::shape::{ArrayType, Shape};
use check::{axes_of, axis_of, check, one, take};
use std::fmt;

/// The error that an op does not take its operands: the op, and the reason.
#[derive(Clone, PartialEq, Eq)]
pub struct TypeError {
    op: String,
    message: String,
}

impl fmt::Display for TypeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.op, self.message)
    }
}

debug_by_display!(TypeError);

impl std::error::Error for TypeError {}

/// Returns the types of an op's results for operands of these types.
///
/// # Errors
/// When the op does not take the operands. The error names the op, and the number of operands, the shape, the
/// dtype or the axis that does not fit.
pub fn infer(op: &Op, operands: &[&ArrayType]) -> Result<Types, TypeError> {
    rule(op, operands).map_err(|message| TypeError {
        op: op.name(),
        message,
    })
}

fn rule(op: &Op, operands: &[&ArrayType]) -> Result<Types, String> {
    match op {
        Op::Constant { value, shape } => {
            let [] = take(operands)?;
            one(value.dtype(), shape.clone())
        }
        Op::Lifted { number, shape } => {
            let [] = take(operands)?;
            one(number.dtype(), shape.clone())
        }
        Op::Iota { dtype, shape, axis } => {
            let [] = take(operands)?;
            axis_of(*axis, shape)?;
            check(*dtype != DType::Bool, || "cannot count in bool".into())?;
            one(*dtype, shape.clone())
        }
        Op::Unary(f) => elementwise::unary(*f, operands),
        Op::Binary(f) => elementwise::binary(*f, operands),
        Op::Compare(_) => elementwise::compare(operands),
        Op::Select => elementwise::select(operands),
        Op::MulAdd => elementwise::mul_add(operands),
        Op::Uniform { low, high } => elementwise::uniform(*low, *high, operands),
        Op::Cast(dtype) => {
            let [x] = take(operands)?;
            one(*dtype, x.shape.clone())
        }
        Op::Reshape(shape) => shape::reshape(shape, operands),
        Op::Transpose(permutation) => shape::transpose(permutation, operands),
        Op::Broadcast { shape, axes } => shape::broadcast(shape, axes, operands),
        Op::Slice { start, stop, step } => shape::slice(start, stop, step, operands),
        Op::Pad { shape, start, step } => shape::pad(shape, start, step, operands),
        Op::Reverse(axes) => {
            let [x] = take(operands)?;
            axes_of(axes, &x.shape)?;
            one(x.dtype, x.shape.clone())
        }
        Op::Concatenate { axis } => shape::concatenate(*axis, operands),
        Op::Gather { axes, batch, mode: _ } => index::gather(axes, *batch, operands),
        Op::Scatter {
            kind: _,
            axes,
            batch,
            mode: _,
        } => index::scatter(axes, *batch, operands),
        Op::Reduce { kind: _, axes } => reduce::reduce(axes, operands),
        Op::ArgReduce { kind: _, axis, dtype } => reduce::arg_reduce(*axis, *dtype, operands),
        Op::Cumulative {
            kind: _,
            axis,
            reverse: _,
        } => reduce::cumulative(*axis, operands),
        Op::Sort { axis } => reduce::sort(*axis, operands),
        Op::Dot(dot) => linear::dot(dot, operands),
        Op::Linalg(f) => linear::linalg(*f, operands),
        Op::RandomBits { shape } => random_bits(shape, operands),
        Op::Call(program) | Op::Checkpoint(program) => structured::called(program, operands),
        Op::Scan(scan) => structured::scanned(scan, operands),
        Op::While(w) => structured::looped(w, operands),
        Op::Cond(branches) => structured::cond(branches, operands),
        Op::StopGradient => {
            let [x] = take(operands)?;
            Ok([x.clone()].into())
        }
        Op::Custom(custom) => structured::customised(custom, operands),
        Op::Effect(_) => Ok(Few::new()),
    }
}

fn random_bits(shape: &Shape, operands: &[&ArrayType]) -> Result<Types, String> {
    let [key, first] = take(operands)?;
    let (batch, words) = key.shape.split_at(key.shape.rank().saturating_sub(1));
    check(key.dtype == DType::U32 && words == [2], || {
        format!("a key is u32[..,2], got {key}")
    })?;
    check(first == key, || {
        format!("counters start at {first} for keys {key}")
    })?;
    let bits = one(DType::U32, batch.iter().chain(shape.iter()).copied().collect())?;
    Ok([bits[0].clone(), bits[0].clone()].into())
}
