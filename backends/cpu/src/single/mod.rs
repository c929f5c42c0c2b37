//! Ops that run on their own.

mod arg;
pub(crate) mod contract;
mod flex;
pub(crate) mod index;
pub(crate) mod pad;
mod scatter;
pub(crate) mod transpose;

use crate::buffer::Buffer;
use crate::kernels::{self, Lanes};
use crate::memory::{self, OutOfMemory};
use index::Selection;
use kiln_program::{ArrayType, Axes, Op, Reduction, Shape, Update};
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
    if let Op::Scatter { kind, .. } = op {
        return Ok(vec![scatter(*kind, op, operands)?]);
    }
    match (op, operands.as_slice()) {
        (Op::ArgReduce { kind, axis, dtype }, [x]) => Ok(vec![arg::arg_reduce(*kind, *axis, *dtype, x)?]),
        (Op::Cumulative { kind, axis, reverse }, [x]) => Ok(vec![cumulative(*kind, *axis, *reverse, x)?]),
        (Op::Dot(dot), [x, y]) => Ok(vec![contract::run(dot, x.clone(), y.clone())?]),
        (Op::Gather { axes, batch, .. }, [x, indices @ ..]) => {
            Ok(vec![gather(op, x, indices, axes, *batch)?])
        }
        _ => flex::run(op, operands),
    }
}

/// Returns the elements that a gather or a scatter selects. Their offsets take memory, too.
fn selection(op: &Op, of: &ArrayType, indices: &[Buffer], out: &ArrayType) -> Result<Selection, OutOfMemory> {
    let (Op::Gather { axes, batch, mode }
    | Op::Scatter {
        axes, batch, mode, ..
    }) = op
    else {
        unreachable!("an op that has indices")
    };
    let types: Vec<&ArrayType> = indices.iter().map(Buffer::array_type).collect();
    let scratch = Selection::scratch(of, types[0], axes, *batch);
    if !memory::reserve(scratch) {
        return Err(OutOfMemory::new(out.clone(), scratch));
    }
    Ok(Selection::new(of, &types, axes, *batch, *mode))
}

fn gather(op: &Op, x: &Buffer, indices: &[Buffer], axes: &Axes, batch: usize) -> Result<Buffer, OutOfMemory> {
    let of = x.array_type();
    let rest = (batch..of.shape.rank()).filter(|axis| !axes.contains(axis));
    let shape: Shape = indices[0]
        .array_type()
        .shape
        .iter()
        .copied()
        .chain(rest.map(|axis| of.shape[axis]))
        .collect();
    let mut out = Buffer::unwritten(ArrayType::new(of.dtype, shape))?;
    let selection = selection(op, of, indices, out.array_type())?;
    let indices: Vec<&[u8]> = indices.iter().map(Buffer::bytes).collect();
    selection.gather(
        x.bytes(),
        &indices,
        out.bytes_mut().expect("nobody else holds a new buffer"),
    );
    Ok(out)
}

/// Updates the first operand, or a copy if somebody else holds it.
fn scatter(kind: Update, op: &Op, operands: Vec<Buffer>) -> Result<Buffer, OutOfMemory> {
    let mut operands = operands.into_iter();
    let mut next = || operands.next().expect("a scatter has an array and updates");
    let (mut x, updates) = (next(), next());
    let indices: Vec<Buffer> = operands.collect();
    if x.bytes_mut().is_none() {
        let mut copy = Buffer::unwritten(x.array_type().clone())?;
        let to = copy.bytes_mut().expect("nobody else holds a new buffer");
        const PIECE: usize = 4 * PARALLEL;
        each_piece(to, PIECE, PIECE, |(i, to)| {
            to.copy_from_slice(&x.bytes()[i * PIECE..][..to.len()]);
        });
        x = copy;
    }
    let selection = selection(op, x.array_type(), &indices, x.array_type())?;
    let indices: Vec<&[u8]> = indices.iter().map(Buffer::bytes).collect();
    let bytes = x.bytes_mut().expect("nobody else holds it");
    selection.scatter(kind, updates.bytes(), &indices, bytes);
    Ok(x)
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
