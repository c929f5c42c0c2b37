//! Gathers.

use super::batch::{Batched, bind_batched, moved, shifted, spread, values};
use crate::transform::bind_strong;
use crate::tree::Arrays;
use kiln_backends::program::{Axes, Op, OutOfBounds};

/// Batches a gather as one gather. The array is never repeated. If only the array is batched, the indices are
/// not repeated either.
pub(super) fn gather(
    operands: &[Batched],
    axes: &Axes,
    batch: usize,
    mode: OutOfBounds,
    size: usize,
) -> Vec<Batched> {
    let (x, indices) = operands.split_first().expect("an array and its indices");
    let is_indexed = indices.iter().any(|index| index.batched);
    match (x.batched, is_indexed) {
        // The batch is one more axis of the array that is not indexed. In the result it is the first such
        // axis, after the indices'.
        (true, false) if batch == 0 => {
            let inputs: Arrays = operands.iter().map(|x| x.array.clone()).collect();
            let op = Op::Gather {
                axes: shifted(axes),
                batch,
                mode,
            };
            let rank = indices[0].array.ndim();
            let result = bind_strong(op, &inputs).remove(0);
            values([moved(&result, rank, 0)], true)
        }
        // The batch is one more axis of the indices: the first after those that they share with the array.
        (false, _) => {
            let indices = spread(indices, size);
            let indices = indices.iter().map(|index| moved(index, 0, batch));
            let inputs: Arrays = std::iter::once(x.array.clone()).chain(indices).collect();
            let op = Op::Gather {
                axes: axes.clone(),
                batch,
                mode,
            };
            let result = bind_strong(op, &inputs).remove(0);
            values([moved(&result, batch, 0)], true)
        }
        // The array and the indices share the batch. (Indices are smaller than the array, so they are
        // repeated, and the array is not moved.)
        (true, _) => {
            let op = Op::Gather {
                axes: shifted(axes),
                batch: batch + 1,
                mode,
            };
            bind_batched(op, &spread(operands, size))
        }
    }
}
