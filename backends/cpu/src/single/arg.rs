//! Arg-reductions.

use super::{PARALLEL, each_piece};
use crate::buffer::Buffer;
use crate::kernels::{Lanes, RESULTS, Search, search, with_size};
use crate::memory::OutOfMemory;
use bytemuck::{cast_slice, cast_slice_mut};
use kiln_program::{ArgReduction, ArrayType, DType, with_integer};
use rayon::prelude::*;

/// The elements that one thread searches at a time.
const PIECE: usize = PARALLEL / 4;

/// Returns the indices of the first greatest or least elements along an axis.
pub(super) fn arg_reduce(
    kind: ArgReduction,
    axis: usize,
    to: DType,
    x: &Buffer,
) -> Result<Buffer, OutOfMemory> {
    let of = x.array_type();
    let lanes = Lanes {
        length: of.shape[axis],
        inner: of.shape[axis + 1..].iter().product(),
    };
    let mut out = Buffer::unwritten(ArrayType::new(to, of.shape.without(&[axis])))?;
    let count = out.array_type().shape.size();
    if count == 0 {
        return Ok(out);
    }
    let search = search(kind, of.dtype);
    let bytes = out.bytes_mut().expect("nobody else holds a new buffer");
    // An array so long is worth several threads.
    if lanes.inner == 1 && lanes.length >= 2 * PARALLEL {
        let rows = x.bytes().chunks(lanes.length * of.dtype.size());
        with_integer!(to, T => for (out, row) in cast_slice_mut(bytes).iter_mut().zip(rows) {
            *out = first_best(row, of.dtype, search) as T;
        });
        return Ok(out);
    }
    let n = match lanes.inner {
        1 => (PIECE / lanes.length).clamp(1, RESULTS),
        _ => RESULTS,
    };
    let n = n.min(count);
    with_integer!(to, T => each_piece(cast_slice_mut(bytes), n, n * lanes.length, |(i, out): (usize, &mut [T])| {
        let found = &mut [0; RESULTS][..out.len()];
        search(x.bytes(), lanes, i * n, found);
        for (out, &index) in out.iter_mut().zip(&*found) {
            *out = index as T;
        }
    }));
    Ok(out)
}

/// Returns the index of the best element of a long row: the best of the best of its pieces.
fn first_best(row: &[u8], dtype: DType, search: Search) -> usize {
    let best = |row: &[u8]| {
        let length = row.len() / dtype.size();
        let mut found = [0];
        search(row, Lanes { length, inner: 1 }, 0, &mut found);
        found[0]
    };
    let pieces = row.par_chunks(PIECE * dtype.size()).enumerate();
    let candidates: Vec<usize> = pieces.map(|(i, piece)| i * PIECE + best(piece)).collect();
    with_size!(dtype, T => {
        let row: &[T] = cast_slice(row);
        let values: Vec<T> = candidates.iter().map(|&at| row[at]).collect();
        candidates[best(cast_slice(&values))]
    })
}
