//! The elements that arrays of indices select, and reads of them.

use super::PARALLEL;
use crate::kernels::with_size;
use bytemuck::{Pod, cast_slice, cast_slice_mut};
use kiln_math::simd::{Kernel, dispatch};
use kiln_program::{ArrayType, Axes, DType, OutOfBounds, Scalar, with_integer};
use rayon::prelude::*;

/// The number of indices whose offsets are computed at a time.
pub(super) const BLOCK: usize = 256;
/// The offset of an index that is out of bounds, under `Fill` or along an axis without elements.
const OUTSIDE: usize = usize::MAX;

/// The elements that a gather reads, or a scatter writes.
#[derive(Clone, Debug)]
pub(crate) struct Selection {
    pub(super) dtype: DType,
    /// Length and stride of each indexed axis, and the dtype of its indices.
    axes: Vec<(usize, usize, DType)>,
    mode: OutOfBounds,
    /// The offset of each batch.
    batch: Vec<usize>,
    /// The number of indices in a batch.
    each: usize,
    /// The offsets of the rows that one index selects.
    pub(super) starts: Vec<usize>,
    /// The length of a row.
    pub(super) row: usize,
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
        let is_empty = none || rest.iter().any(|&axis| x.shape[axis] == 0);
        // The last axes that are not indexed are one row.
        let after = axes.iter().max().map_or(batch, |axis| axis + 1);
        let before: Axes = rest.iter().copied().filter(|&axis| axis < after).collect();
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
            starts: if is_empty { vec![] } else { offsets(x, &before) },
            row: if is_empty {
                1
            } else {
                x.shape[after..].iter().product()
            },
        }
    }

    /// Returns the bytes that [`Selection::new`] allocates at most at a time.
    pub(crate) fn scratch(x: &ArrayType, indices: &ArrayType, axes: &Axes, batch: usize) -> usize {
        if indices.shape.size() == 0 || x.shape.size() == 0 {
            return 0;
        }
        let product =
            |axes: &mut dyn Iterator<Item = usize>| axes.map(|axis| x.shape[axis]).product::<usize>();
        let after = axes.iter().max().map_or(batch, |axis| axis + 1);
        let starts = product(&mut (batch..after).filter(|axis| !axes.contains(axis)));
        2 * size_of::<usize>() * (product(&mut (0..batch)) + starts)
    }

    pub(crate) fn dtype(&self) -> DType {
        self.dtype
    }

    /// Returns true if there are elements to select, and at most so many indices.
    pub(crate) fn is_few(&self, most: usize) -> bool {
        let n = self.batch.len() * self.each;
        (1..=most).contains(&n) && self.axes.iter().all(|(length, ..)| *length > 0)
    }

    /// Returns the number of elements that one index selects.
    pub(crate) fn width(&self) -> usize {
        self.starts.len() * self.row
    }

    /// Returns the offset of an element among those that one index selects.
    pub(crate) fn offset_within(&self, i: usize) -> usize {
        self.starts[i / self.row] + i % self.row
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
    pub(super) fn offsets(&self, first: usize, indices: &[&[u8]], out: &mut [usize]) {
        let mut done = 0;
        while done < out.len() {
            let (batch, within) = ((first + done) / self.each, (first + done) % self.each);
            let next = out.len().min(done + self.each - within);
            out[done..next].fill(self.batch[batch]);
            done = next;
        }
        for (&(length, stride, dtype), indices) in self.axes.iter().zip(indices) {
            if length == 0 {
                return out.fill(OUTSIDE);
            }
            with_integer!(dtype, T => dispatch(Along {
                indices: &cast_slice::<u8, T>(indices)[first..][..out.len()],
                length: length as i64,
                stride,
                mode: self.mode,
                out,
            }));
        }
    }

    pub(crate) fn gather(&self, x: &[u8], indices: &[&[u8]], out: &mut [u8]) {
        let fill = Scalar::outside(self.dtype).to_le_bytes();
        with_size!(self.dtype, T => {
            let fill = bytemuck::pod_read_unaligned(&fill[..size_of::<T>()]);
            let (x, out): (&[T], &mut [T]) = (cast_slice(x), cast_slice_mut(out));
            let n = self.width();
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
        let n = self.width();
        let mut block = [0; BLOCK];
        for (i, out) in out.chunks_mut(BLOCK * n).enumerate() {
            let block = &mut block[..out.len() / n];
            self.offsets(first + i * BLOCK, indices, block);
            if n == 1 {
                // Nothing is at `OUTSIDE`.
                for (out, &at) in out.iter_mut().zip(&*block) {
                    *out = x.get(at).copied().unwrap_or(fill);
                }
                continue;
            }
            for (out, &at) in out.chunks_mut(n).zip(&*block) {
                if at == OUTSIDE {
                    out.fill(fill);
                } else if self.row == 1 {
                    let elements = out.iter_mut().zip(&self.starts);
                    elements.for_each(|(out, start)| *out = x[at + start]);
                } else {
                    let rows = out.chunks_mut(self.row).zip(&self.starts);
                    rows.for_each(|(out, start)| out.copy_from_slice(&x[at + start..][..self.row]));
                }
            }
        }
    }
}

/// Adds the offsets along one axis.
struct Along<'a, T> {
    indices: &'a [T],
    length: i64,
    stride: usize,
    mode: OutOfBounds,
    out: &'a mut [usize],
}

impl<T: Copy> Kernel for Along<'_, T>
where
    i64: TryFrom<T>,
{
    type Out = ();
    #[inline(always)]
    fn run(self) {
        let Along {
            indices,
            length,
            stride,
            mode,
            out,
        } = self;
        // The greatest unsigned indices are as far out of bounds as the greatest signed one.
        let indices = indices
            .iter()
            .map(|&index| i64::try_from(index).unwrap_or(i64::MAX));
        let offset = |index: i64| (index as usize).wrapping_mul(stride);
        match mode {
            OutOfBounds::Clip => {
                for (at, index) in out.iter_mut().zip(indices) {
                    *at = at.wrapping_add(offset(index.max(0).min(length - 1)));
                }
            }
            OutOfBounds::Fill => {
                for (at, index) in out.iter_mut().zip(indices) {
                    let is_inside = (index >= 0) & (index < length) & (*at != OUTSIDE);
                    let moved = at.wrapping_add(offset(index));
                    *at = if is_inside { moved } else { OUTSIDE };
                }
            }
        }
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
