//! Puts an array into one of zeros by plain copies. Large copies use all threads.

use crate::buffer::Buffer;
use crate::kernels::{self, Pattern};
use crate::memory::OutOfMemory;
use kiln_program::ArrayType;
use kiln_program::sister::Stop;
use rayon::prelude::*;

/// The number of bytes that are worth waking other threads for.
const PARALLEL: usize = 1 << 20;

/// Returns the elements of `x` at `start, start + step, ...` along each axis of an array of type `of` that is
/// 0 elsewhere.
pub(crate) fn pad(
    x: &Buffer,
    of: &ArrayType,
    start: &[usize],
    step: &[usize],
) -> Result<Buffer, OutOfMemory> {
    let mut out = Buffer::try_zeros(of.clone())?;
    let (dtype, from, strides) = (of.dtype, x.array_type().shape.clone(), of.shape.strides());
    if from.size() == 0 {
        return Ok(out);
    }
    // The offset and pattern of the elements, along the axes from `first` on.
    let places = |first: usize| {
        let axes = first..from.rank();
        let pattern = Pattern::new(axes.clone().map(|i| (from[i], (step[i] * strides[i]) as i64)));
        let offset: usize = axes.map(|i| start[i] * strides[i]).sum();
        (offset as i64, pattern)
    };
    let bytes = out.bytes_mut().expect("a new buffer");
    if from.rank() > 1 && x.bytes().len() >= PARALLEL {
        let (offset, pattern) = places(1);
        let rows = bytes
            .par_chunks_mut(strides[0] * dtype.size())
            .skip(start[0])
            .step_by(step[0]);
        let pieces = x.bytes().par_chunks(x.bytes().len() / from[0]);
        let store = |(row, piece): (&mut [u8], &[u8])| kernels::store(dtype, piece, offset, &pattern, row);
        Stop::aside(|| rows.zip(pieces).for_each(store));
    } else {
        let (offset, pattern) = places(0);
        kernels::store(dtype, x.bytes(), offset, &pattern, bytes);
    }
    Ok(out)
}
