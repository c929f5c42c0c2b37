//! A copy of an array with its axes in another order.

use super::each_piece;
use crate::buffer::Buffer;
use crate::kernels::with_size;
use crate::memory::OutOfMemory;
use bytemuck::{Pod, cast_slice, cast_slice_mut};
use kiln_program::{ArrayType, Axes, Shape};

/// Returns the array whose axis `i` is axis `order[i]` of `x`.
pub(crate) fn transpose(x: &Buffer, order: &Axes) -> Result<Buffer, OutOfMemory> {
    let of = x.array_type();
    let strides = of.shape.strides();
    let axes: Vec<(usize, usize)> = order
        .iter()
        .map(|&axis| (of.shape[axis], strides[axis]))
        .collect();
    let shape: Shape = axes.iter().map(|axis| axis.0).collect();
    let mut out = Buffer::unwritten(ArrayType::new(of.dtype, shape))?;
    let bytes = out.bytes_mut().expect("nobody else holds a new buffer");
    if let Some((&last, outer)) = axes.split_last()
        && !bytes.is_empty()
    {
        with_size!(of.dtype, T => rows::<T>(cast_slice(x.bytes()), outer, last, cast_slice_mut(bytes)));
    }
    Ok(out)
}

/// Copies the rows along the last axis of the result. Axes are lengths and strides in `x`.
fn rows<T: Pod + Send + Sync>(
    x: &[T],
    outer: &[(usize, usize)],
    (length, stride): (usize, usize),
    out: &mut [T],
) {
    let copy = |(number, out): (usize, &mut [T])| {
        let mut number = number;
        let mut start = 0;
        for &(length, stride) in outer.iter().rev() {
            start += number % length * stride;
            number /= length;
        }
        match stride {
            1 => out.copy_from_slice(&x[start..start + length]),
            _ => out
                .iter_mut()
                .zip(x[start..].iter().step_by(stride))
                .for_each(|(out, x)| *out = *x),
        }
    };
    each_piece(out, length, length, copy);
}
