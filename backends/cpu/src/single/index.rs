//! Reads and writes at the indices in arrays.

use crate::kernels::{Number, with_size, with_type};
use bytemuck::{Pod, cast_slice, cast_slice_mut};
use kiln_program::{ArrayType, Axes, DType, OutOfBounds, Scalar, Update};

/// The offsets of a gather or scatter: from indices to offsets in the array.
#[derive(Debug)]
pub(crate) struct Places {
    dtype: DType,
    /// Length and stride of each indexed axis, and the dtype of its indices.
    axes: Vec<(usize, usize, DType)>,
    mode: OutOfBounds,
    /// The offset of each batch.
    batch: Vec<usize>,
    /// The number of indices in a batch.
    each: usize,
    /// The offsets of the elements that one index reads or writes.
    rest: Vec<usize>,
}

impl Places {
    pub(crate) fn new(
        x: &ArrayType,
        indices: &[&ArrayType],
        axes: &Axes,
        batch: usize,
        mode: OutOfBounds,
    ) -> Places {
        let strides = x.shape.strides();
        let shape = &indices[0].shape;
        let rest: Axes = (batch..x.shape.rank())
            .filter(|axis| !axes.contains(axis))
            .collect();
        let batches: Axes = (0..batch).collect();
        let none = shape.size() == 0;
        Places {
            dtype: x.dtype,
            axes: axes
                .iter()
                .zip(indices)
                .map(|(&axis, of)| (x.shape[axis], strides[axis], of.dtype))
                .collect(),
            mode,
            batch: if none { vec![] } else { offsets(x, &batches) },
            each: shape[batch..].iter().product(),
            rest: if none { vec![] } else { offsets(x, &rest) },
        }
    }

    /// The offset for index `number`. `None` if the index is out of bounds under `Fill`, or the axis is
    /// empty.
    fn at(&self, batch: usize, number: usize, indices: &[&[u8]]) -> Option<usize> {
        let mut at = batch;
        for (&(length, stride, dtype), indices) in self.axes.iter().zip(indices) {
            let index = with_type!(dtype, T => cast_slice::<u8, T>(indices)[number] as i128);
            let nearest = index.clamp(0, (length as i128 - 1).max(0));
            if length == 0 || (nearest != index && self.mode == OutOfBounds::Fill) {
                return None;
            }
            at += nearest as usize * stride;
        }
        Some(at)
    }

    /// All offsets in row-major order of the indices.
    fn all<'a>(&'a self, indices: &'a [&'a [u8]]) -> impl Iterator<Item = Option<usize>> + 'a {
        let batches = self.batch.iter().enumerate();
        batches.flat_map(move |(i, &batch)| {
            (0..self.each).map(move |j| self.at(batch, i * self.each + j, indices))
        })
    }

    pub(crate) fn gather(&self, x: &[u8], indices: &[&[u8]], out: &mut [u8]) {
        let fill = fill(self.dtype).to_le_bytes();
        with_size!(self.dtype, T => {
            let fill = bytemuck::pod_read_unaligned(&fill[..size_of::<T>()]);
            self.gather_typed::<T>(cast_slice(x), indices, fill, cast_slice_mut(out));
        });
    }

    fn gather_typed<T: Pod>(&self, x: &[T], indices: &[&[u8]], fill: T, out: &mut [T]) {
        let mut out = out.iter_mut();
        for at in self.all(indices) {
            for (&rest, out) in self.rest.iter().zip(&mut out) {
                *out = at.map_or(fill, |at| x[at + rest]);
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
        let mut updates = updates.iter();
        for at in self.all(indices) {
            for (&rest, &new) in self.rest.iter().zip(&mut updates) {
                if let Some(at) = at {
                    let old = &mut out[at + rest];
                    *old = combine(*old, new);
                }
            }
        }
    }
}

/// The result of a read out of bounds.
fn fill(dtype: DType) -> Scalar {
    match dtype {
        DType::Bool => Scalar::from_bool(true),
        DType::F32 | DType::F64 => Scalar::from_f64(dtype, f64::NAN),
        DType::U8 | DType::U16 | DType::U32 | DType::U64 => Scalar::from_i64(dtype, -1),
        DType::I8 | DType::I16 | DType::I32 | DType::I64 => {
            Scalar::from_i64(dtype, i64::MIN >> (64 - 8 * dtype.size()))
        }
    }
}

/// The positions of the elements along some axes, in row-major order.
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
