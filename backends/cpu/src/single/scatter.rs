//! Writes of elements that arrays of indices select.

use super::PARALLEL;
use super::index::{BLOCK, Selection};
use crate::kernels::{with_size, with_type};
use bytemuck::{Pod, cast_slice, cast_slice_mut};
use kiln_math::Number;
use kiln_program::{DType, Update};
use rayon::prelude::*;

/// The most threads that share a scatter. Each of them reads all indices.
const PARTS: usize = 8;
/// The bytes that a thread's own cache holds.
const CACHE: usize = 1 << 20;

impl Selection {
    /// Combines updates with the elements in `out`, those of one element in row-major order.
    pub(crate) fn scatter(&self, kind: Update, updates: &[u8], indices: &[&[u8]], out: &mut [u8]) {
        // Nothing is combined in a `Set`, so elements of one size have one loop.
        if kind == Update::Set {
            return with_size!(self.dtype, T => {
                self.scatter_typed::<T>(cast_slice(updates), indices, cast_slice_mut(out), |_, new| new)
            });
        }
        with_type!(self.dtype, T => {
            let (updates, out) = (cast_slice(updates), cast_slice_mut(out));
            match kind {
                // The sum of bools is `or`.
                Update::Add if self.dtype != DType::Bool => {
                    self.scatter_typed::<T>(updates, indices, out, Number::add)
                }
                Update::Set => self.scatter_typed::<T>(updates, indices, out, |_, new| new),
                Update::Mul => self.scatter_typed::<T>(updates, indices, out, Number::mul),
                Update::Min => self.scatter_typed::<T>(updates, indices, out, Number::min),
                Update::Add | Update::Max => self.scatter_typed::<T>(updates, indices, out, Number::max),
            }
        });
    }

    /// Gives each thread a part of `out`. So the order of the updates of an element does not depend on the
    /// number of threads.
    fn scatter_typed<T: Pod + Send + Sync>(
        &self,
        updates: &[T],
        indices: &[&[u8]],
        out: &mut [T],
        combine: impl Fn(T, T) -> T + Sync,
    ) {
        if updates.is_empty() || out.is_empty() {
            return;
        }
        // A thread waits for memory most of the time, unless the elements stay in its cache. The rows of one
        // index are in several parts, unless it has one row.
        let is_parallel = updates.len() >= PARALLEL && size_of_val(out) > CACHE && self.starts.len() == 1;
        let parts = match is_parallel {
            true => rayon::current_num_threads().min(PARTS),
            false => 1,
        };
        if parts == 1 {
            return self.scatter_part(None, updates, indices, out, &combine);
        }
        let part = (out.len() / self.row).div_ceil(parts) * self.row;
        out.par_chunks_mut(part)
            .enumerate()
            .for_each(|(i, out)| self.scatter_part(Some(i * part), updates, indices, out, &combine));
    }

    /// Combines updates with the elements in `out`: with all, or with a part that begins at number `base`.
    fn scatter_part<T: Pod>(
        &self,
        base: Option<usize>,
        updates: &[T],
        indices: &[&[u8]],
        out: &mut [T],
        combine: &impl Fn(T, T) -> T,
    ) {
        let (n, row) = (self.width(), self.row);
        let mut block = [0; BLOCK];
        for (number, updates) in updates.chunks(BLOCK * n).enumerate() {
            let block = &mut block[..updates.len() / n];
            self.offsets(number * BLOCK, indices, block);
            // `OUTSIDE` is in no part.
            match base {
                None if n == 1 => {
                    for (&at, &new) in block.iter().zip(updates) {
                        if let Some(x) = out.get_mut(at) {
                            *x = combine(*x, new);
                        }
                    }
                }
                Some(base) if n == 1 => {
                    // Keeps the updates within the part. A branch would be mispredicted at every second
                    // random index.
                    let (mut places, mut kept) = ([0; BLOCK], [T::zeroed(); BLOCK]);
                    let mut within = 0;
                    for (&at, &new) in block.iter().zip(updates) {
                        let at = at.wrapping_sub(base);
                        (places[within % BLOCK], kept[within % BLOCK]) = (at, new);
                        within += usize::from(at < out.len());
                    }
                    for (&at, &new) in places[..within].iter().zip(&kept) {
                        out[at] = combine(out[at], new);
                    }
                }
                base => {
                    let base = base.unwrap_or(0);
                    for (&at, updates) in block.iter().zip(updates.chunks(n)) {
                        let at = at.wrapping_sub(base);
                        if at >= out.len() {
                            continue;
                        }
                        for (row_of, start) in updates.chunks(row).zip(&self.starts) {
                            let elements = out[at + start..][..row].iter_mut().zip(row_of);
                            elements.for_each(|(x, &new)| *x = combine(*x, new));
                        }
                    }
                }
            }
        }
    }
}
