//! Reads and writes of elements that arrays of indices select.

use super::PARALLEL;
use crate::kernels::{with_size, with_type};
use bytemuck::{Pod, cast_slice, cast_slice_mut};
use kiln_math::Number;
use kiln_program::{ArrayType, Axes, DType, OutOfBounds, Scalar, Update};
use rayon::prelude::*;

/// The number of indices whose offsets are computed at a time.
const BLOCK: usize = 256;
/// The offset of an index that is out of bounds, under `Fill` or along an axis without elements.
const OUTSIDE: usize = usize::MAX;

/// The elements that a gather reads, or a scatter writes.
#[derive(Clone, Debug)]
pub(crate) struct Selection {
    dtype: DType,
    /// Length and stride of each indexed axis, and the dtype of its indices.
    axes: Vec<(usize, usize, DType)>,
    mode: OutOfBounds,
    /// The offset of each batch.
    batch: Vec<usize>,
    /// The number of indices in a batch.
    each: usize,
    rest: Rest,
}

/// The offsets of the elements that one index selects.
#[derive(Clone, Debug)]
enum Rest {
    /// That many elements in a row.
    Row(usize),
    At(Vec<usize>),
}

/// One index along each indexed axis.
pub(crate) struct Index<'a> {
    /// Its number in the arrays of indices.
    pub(crate) number: usize,
    /// The offset of the index 0.
    pub(crate) start: usize,
    /// Length and stride of each indexed axis, and the dtype of its indices.
    pub(crate) axes: &'a [(usize, usize, DType)],
    pub(crate) mode: OutOfBounds,
}

impl Rest {
    fn len(&self) -> usize {
        match self {
            Rest::Row(n) => *n,
            Rest::At(offsets) => offsets.len(),
        }
    }
}

impl Selection {
    pub(crate) fn new(
        x: &ArrayType,
        indices: &[&ArrayType],
        axes: &Axes,
        batch: usize,
        mode: OutOfBounds,
    ) -> Selection {
        let strides = x.shape.strides();
        let shape = &indices[0].shape;
        let rest: Axes = (batch..x.shape.rank())
            .filter(|axis| !axes.contains(axis))
            .collect();
        let batches: Axes = (0..batch).collect();
        let none = shape.size() == 0;
        let are_last = rest
            .iter()
            .rev()
            .zip((0..x.shape.rank()).rev())
            .all(|(&axis, last)| axis == last);
        Selection {
            dtype: x.dtype,
            axes: axes
                .iter()
                .zip(indices)
                .map(|(&axis, of)| (x.shape[axis], strides[axis], of.dtype))
                .collect(),
            mode,
            batch: if none { vec![] } else { offsets(x, &batches) },
            each: shape[batch..].iter().product(),
            rest: match (none, are_last) {
                (true, _) => Rest::Row(0),
                (_, true) => Rest::Row(rest.iter().map(|&axis| x.shape[axis]).product()),
                _ => Rest::At(offsets(x, &rest)),
            },
        }
    }

    pub(crate) fn dtype(&self) -> DType {
        self.dtype
    }

    /// Returns true if there are elements to select, and few of them.
    pub(crate) fn is_few(&self) -> bool {
        const FEW: usize = 16;
        let n = self.batch.len() * self.each;
        (1..=FEW).contains(&n) && self.axes.iter().all(|(length, ..)| *length > 0)
    }

    /// Returns the number of elements that one index selects.
    pub(crate) fn width(&self) -> usize {
        self.rest.len()
    }

    /// Returns the offset of an element among those that one index selects.
    pub(crate) fn offset_within(&self, i: usize) -> usize {
        match &self.rest {
            Rest::Row(_) => i,
            Rest::At(offsets) => offsets[i],
        }
    }

    /// Returns the indices in order.
    pub(crate) fn each_index(&self) -> impl Iterator<Item = Index<'_>> {
        (0..self.batch.len() * self.each).map(|number| Index {
            number,
            start: self.batch[number / self.each],
            axes: &self.axes,
            mode: self.mode,
        })
    }

    /// Writes the offsets for the indices from number `first` on, in row-major order of the indices.
    fn offsets(&self, first: usize, indices: &[&[u8]], out: &mut [usize]) {
        match self.batch[..] {
            [batch] => out.fill(batch),
            _ => (first..)
                .zip(&mut *out)
                .for_each(|(i, at)| *at = self.batch[i / self.each]),
        }
        for (&(length, stride, dtype), indices) in self.axes.iter().zip(indices) {
            if length == 0 {
                return out.fill(OUTSIDE);
            }
            let last = length as i64 - 1;
            with_type!(dtype, T => {
                for (at, &index) in out.iter_mut().zip(&cast_slice::<u8, T>(indices)[first..]) {
                    // The greatest unsigned indices are as far out of bounds as the greatest signed one.
                    let index = (index as i128).min(i64::MAX.into()) as i64;
                    let nearest = index.clamp(0, last);
                    let outside = self.mode == OutOfBounds::Fill && (nearest != index || *at == OUTSIDE);
                    *at = if outside { OUTSIDE } else { *at + nearest as usize * stride };
                }
            });
        }
    }

    /// Calls `f` with the offset of each index, in row-major order of the indices.
    fn for_each(&self, indices: &[&[u8]], mut f: impl FnMut(usize)) {
        let mut block = [0; BLOCK];
        let count = self.batch.len() * self.each;
        for first in (0..count).step_by(BLOCK) {
            let block = &mut block[..BLOCK.min(count - first)];
            self.offsets(first, indices, block);
            block.iter().for_each(|&at| f(at));
        }
    }

    pub(crate) fn gather(&self, x: &[u8], indices: &[&[u8]], out: &mut [u8]) {
        let fill = Scalar::outside(self.dtype).to_le_bytes();
        with_size!(self.dtype, T => {
            let fill = bytemuck::pod_read_unaligned(&fill[..size_of::<T>()]);
            let (x, out): (&[T], &mut [T]) = (cast_slice(x), cast_slice_mut(out));
            let n = self.rest.len();
            if out.is_empty() {
                return;
            }
            if out.len() < PARALLEL {
                return self.gather_from(0, x, indices, fill, out);
            }
            // Blocks of whole results of indices.
            let many = (PARALLEL / 4 / n).max(1);
            out.par_chunks_mut(many * n)
                .enumerate()
                .for_each(|(i, out)| self.gather_from(i * many, x, indices, fill, out));
        });
    }

    /// Writes the results of the indices from number `first` on, as many as there is room for.
    fn gather_from<T: Pod>(&self, first: usize, x: &[T], indices: &[&[u8]], fill: T, out: &mut [T]) {
        let n = self.rest.len();
        let mut block = [0; BLOCK];
        for (i, out) in out.chunks_mut(BLOCK * n).enumerate() {
            let block = &mut block[..out.len() / n];
            self.offsets(first + i * BLOCK, indices, block);
            match &self.rest {
                Rest::Row(1) => {
                    for (out, &at) in out.iter_mut().zip(&*block) {
                        *out = if at == OUTSIDE { fill } else { x[at] };
                    }
                }
                Rest::Row(n) => {
                    for (out, &at) in out.chunks_mut(*n).zip(&*block) {
                        match at {
                            OUTSIDE => out.fill(fill),
                            _ => out.copy_from_slice(&x[at..at + n]),
                        }
                    }
                }
                Rest::At(rest) => {
                    for (out, &at) in out.chunks_mut(n).zip(&*block) {
                        match at {
                            OUTSIDE => out.fill(fill),
                            _ => out
                                .iter_mut()
                                .zip(rest)
                                .for_each(|(out, rest)| *out = x[at + rest]),
                        }
                    }
                }
            }
        }
    }

    /// Combines updates with the elements in `out`.
    pub(crate) fn scatter(&self, kind: Update, updates: &[u8], indices: &[&[u8]], out: &mut [u8]) {
        if kind == Update::Set {
            return with_size!(self.dtype, T => {
                self.scatter_typed::<T>(cast_slice(updates), indices, cast_slice_mut(out), |_, new| new)
            });
        }
        with_type!(self.dtype, T => {
            let (updates, out) = (cast_slice(updates), cast_slice_mut(out));
            match kind {
                Update::Set => self.scatter_typed::<T>(updates, indices, out, |_, new| new),
                Update::Add => self.scatter_typed::<T>(updates, indices, out, Number::add),
                Update::Mul => self.scatter_typed::<T>(updates, indices, out, Number::mul),
                Update::Min => self.scatter_typed::<T>(updates, indices, out, Number::min),
                Update::Max => self.scatter_typed::<T>(updates, indices, out, Number::max),
            }
        });
    }

    fn scatter_typed<T: Pod>(
        &self,
        updates: &[T],
        indices: &[&[u8]],
        out: &mut [T],
        combine: impl Fn(T, T) -> T,
    ) {
        let n = self.rest.len();
        let mut rows = updates.chunks(n.max(1));
        self.for_each(indices, |at| {
            let row = rows.next().unwrap_or_default();
            let mut put = |(to, &new): (usize, &T)| out[at + to] = combine(out[at + to], new);
            match &self.rest {
                _ if at == OUTSIDE => {}
                Rest::Row(_) => row.iter().enumerate().for_each(|(i, new)| put((i, new))),
                Rest::At(rest) => rest.iter().copied().zip(row).for_each(put),
            }
        });
    }
}

/// Returns the positions of the elements along some axes, in row-major order.
pub(crate) fn offsets(of: &ArrayType, axes: &Axes) -> Vec<usize> {
    let strides = of.shape.strides();
    // An empty axis leaves nothing to list, however long the other axes are.
    if axes.iter().any(|&axis| of.shape[axis] == 0) {
        return vec![];
    }
    let mut offsets = vec![0];
    for &axis in axes {
        let stride = strides[axis];
        let along = |&offset: &usize| (0..of.shape[axis]).map(move |i| offset + i * stride);
        offsets = offsets.iter().flat_map(along).collect();
    }
    offsets
}
