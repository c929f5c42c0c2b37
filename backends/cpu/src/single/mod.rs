//! Ops that run on their own.

pub(crate) mod contract;
mod flex;
pub(crate) mod index;
pub(crate) mod pad;
pub(crate) mod transpose;

use crate::buffer::Buffer;
use crate::kernels::{self, Lanes};
use crate::memory::{self, OutOfMemory};
use index::Selection;
use kiln_program::{ArrayType, Axes, Op, OutOfBounds, Reduction, Shape};
use rayon::prelude::*;

/// The number of elements, or products, that are worth waking another thread for.
const PARALLEL: usize = 1 << 16;

/// Calls `f` with each piece of `n` elements, on several threads if the steps for all pieces are many. A
/// piece takes `work` steps.
fn each_piece<T: Send>(out: &mut [T], n: usize, work: usize, f: impl Fn((usize, &mut [T])) + Send + Sync) {
    if out.len() / n * work < PARALLEL {
        out.chunks_mut(n).enumerate().for_each(f);
    } else {
        let pieces = out.par_chunks_mut(n).enumerate();
        pieces.with_min_len(PARALLEL / 8 / work + 1).for_each(f);
    }
}

/// Runs one op that is not fused: by a loop of the engine, or on Flex.
pub(crate) fn run(op: &Op, operands: Vec<Buffer>) -> Result<Vec<Buffer>, OutOfMemory> {
    match (op, operands.as_slice()) {
        (Op::Cumulative { kind, axis, reverse }, [x]) => Ok(vec![cumulative(*kind, *axis, *reverse, x)?]),
        (Op::Dot(dot), [x, y]) => Ok(vec![contract::run(dot, x.clone(), y.clone())?]),
        (Op::Gather { axes, batch, mode }, [x, indices @ ..]) => {
            Ok(vec![gather(x, indices, axes, *batch, *mode)?])
        }
        _ => flex::run(op, operands),
    }
}

fn gather(
    x: &Buffer,
    indices: &[Buffer],
    axes: &Axes,
    batch: usize,
    mode: OutOfBounds,
) -> Result<Buffer, OutOfMemory> {
    let of = x.array_type();
    let types: Vec<&ArrayType> = indices.iter().map(Buffer::array_type).collect();
    let rest = (batch..of.shape.rank()).filter(|axis| !axes.contains(axis));
    let shape: Shape = types[0]
        .shape
        .iter()
        .copied()
        .chain(rest.map(|axis| of.shape[axis]))
        .collect();
    let mut out = Buffer::unwritten(ArrayType::new(of.dtype, shape))?;
    let indices: Vec<&[u8]> = indices.iter().map(Buffer::bytes).collect();
    let selection = Selection::new(of, &types, axes, batch, mode);
    selection.gather(
        x.bytes(),
        &indices,
        out.bytes_mut().expect("nobody else holds a new buffer"),
    );
    Ok(out)
}

fn cumulative(kind: Reduction, axis: usize, reverse: bool, x: &Buffer) -> Result<Buffer, OutOfMemory> {
    let of = x.array_type();
    let lanes = Lanes {
        length: of.shape[axis],
        inner: of.shape[axis + 1..].iter().product(),
    };
    let mut out = Buffer::unwritten(of.clone())?;
    let totals = kernels::cumulative_scratch(of.dtype, lanes, of.shape.size());
    if !memory::reserve(totals) {
        return Err(OutOfMemory::new(of.clone(), totals));
    }
    let bytes = out.bytes_mut().expect("nobody else holds a new buffer");
    kernels::cumulative(kind, of.dtype, reverse, lanes, x.bytes(), bytes);
    Ok(out)
}
