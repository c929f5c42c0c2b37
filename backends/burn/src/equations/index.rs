//! Slices, and indices in arrays.

use crate::recording::Recording;
use burn_backend::Slice;
use burn_backend::tensor::IndexingUpdateOp;
use kiln_program::{Axes, Op, OutOfBounds, Scalar, Shape, Update, Var};

/// Returns a read at indices for `axes`. Burn's indices are within the array.
pub(super) fn gather(axes: Axes, batch: usize) -> Op {
    let mode = OutOfBounds::Clip;
    Op::Gather { axes, batch, mode }
}

/// Returns a write at indices for `axes`.
pub(super) fn scatter(update: IndexingUpdateOp, axes: Axes, batch: usize) -> Op {
    let kind = match update {
        IndexingUpdateOp::Assign => Update::Set,
        IndexingUpdateOp::Add => Update::Add,
        IndexingUpdateOp::Mul => Update::Mul,
        IndexingUpdateOp::Min => Update::Min,
        IndexingUpdateOp::Max => Update::Max,
    };
    let mode = OutOfBounds::Clip;
    Op::Scatter {
        kind,
        axes,
        batch,
        mode,
    }
}

/// Moves one axis to another position. The other axes stay in order.
pub(super) fn moved(r: &mut Recording, x: Var, from: usize, to: usize) -> Var {
    if from == to {
        return x;
    }
    let mut axes: Axes = (0..r.shape(x).rank()).collect();
    let axis = axes.remove(from);
    axes.insert(to, axis);
    r.push(Op::Transpose(axes), &[x])
}

/// Start, stop and step of slices that run forwards, and the axes whose slices run backwards. Slices of the
/// last axes may be missing.
fn ranges(slices: &[Slice], shape: &[usize]) -> (Axes, Axes, Axes, Axes) {
    let (mut start, mut stop, mut step, mut backwards) = (Axes::new(), Axes::new(), Axes::new(), Axes::new());
    for (axis, &n) in shape.iter().enumerate() {
        let slice = slices.get(axis).copied().unwrap_or(Slice::full());
        let (range, by) = slice.to_range_and_step(n);
        let by_size = by.unsigned_abs();
        let range = range.start.min(range.end)..range.end;
        // A backward slice starts at the last element.
        let first = match by < 0 && !range.is_empty() {
            true => range.start + (range.len() - 1) % by_size,
            false => range.start,
        };
        if by < 0 {
            backwards.push(axis);
        }
        start.push(first);
        stop.push(range.end);
        step.push(by_size);
    }
    (start, stop, step, backwards)
}

pub(super) fn slice(r: &mut Recording, x: Var, slices: &[Slice]) -> Var {
    let (start, stop, step, backwards) = ranges(slices, &r.shape(x));
    let y = r.push(Op::Slice { start, stop, step }, &[x]);
    if backwards.is_empty() {
        y
    } else {
        r.push(Op::Reverse(backwards), &[y])
    }
}

pub(super) fn slice_assign(r: &mut Recording, x: Var, value: Var, slices: &[Slice]) -> Var {
    let shape = r.shape(x);
    let (start, stop, step, backwards) = ranges(slices, &shape);
    let places: Vec<usize> = (0..shape.rank())
        .map(|i| (stop[i] - start[i]).div_ceil(step[i]))
        .collect();
    if places.contains(&0) {
        return x;
    }
    let mut value = r.fit(value, &places);
    if !backwards.is_empty() {
        value = r.push(Op::Reverse(backwards), &[value]);
    }
    match r.constant_of(x) {
        Some(number) => placed(r, value, &shape, &start, &step, number),
        None => {
            let here = flags(r, value, &shape, &start, &step);
            let spread = Op::Pad { shape, start, step };
            let value = r.push(spread, &[value]);
            r.push(Op::Select, &[here, value, x])
        }
    }
}

/// Puts an array into one that is the same number elsewhere.
pub(super) fn placed(
    r: &mut Recording,
    x: Var,
    shape: &[usize],
    start: &Axes,
    step: &Axes,
    number: Scalar,
) -> Var {
    let spread = Op::Pad {
        shape: Shape::from(shape),
        start: start.clone(),
        step: step.clone(),
    };
    let y = r.push(spread, &[x]);
    if number == Scalar::from_i64(number.dtype(), 0) {
        return y;
    }
    let here = flags(r, x, shape, start, step);
    let elsewhere = r.constant(number, shape);
    r.push(Op::Select, &[here, y, elsewhere])
}

/// Returns true at the elements that a pad writes.
fn flags(r: &mut Recording, x: Var, shape: &[usize], start: &Axes, step: &Axes) -> Var {
    let ones = r.shape(x);
    let here = r.constant(Scalar::from_bool(true), &ones);
    let spread = Op::Pad {
        shape: Shape::from(shape),
        start: start.clone(),
        step: step.clone(),
    };
    r.push(spread, &[here])
}

/// Returns the axes, batch and arrays of indices of a gather for indices of the array's rank along one axis.
/// Leading axes with equal lengths in both are a batch. Along the other axes, the position of an index is its
/// own.
pub(super) fn along(r: &mut Recording, x: Var, indices: Var, dim: usize) -> (Axes, usize, Vec<Var>) {
    let (shape, at) = (r.shape(x), r.shape(indices));
    let batch = (0..dim).take_while(|&axis| shape[axis] == at[axis]).count();
    let dtype = r.dtype(indices);
    let axes: Axes = (batch..shape.rank()).collect();
    let operands = axes
        .iter()
        .map(|&axis| match axis == dim {
            true => indices,
            false => r.push(
                Op::Iota {
                    dtype,
                    shape: at.clone(),
                    axis,
                },
                &[],
            ),
        })
        .collect();
    (axes, batch, operands)
}

/// Returns the columns along the last axis.
pub(super) fn columns(r: &mut Recording, x: Var) -> Vec<Var> {
    let shape = r.shape(x);
    let (&width, rest) = shape.split_last().expect("indices have a last axis");
    (0..width)
        .map(|column| {
            let mut start = Axes::from_elem(0, shape.rank());
            let mut stop = Axes::from(&shape[..]);
            start[rest.len()] = column;
            stop[rest.len()] = column + 1;
            let step = Axes::from_elem(1, shape.rank());
            let column = r.push(Op::Slice { start, stop, step }, &[x]);
            r.reshape(column, rest)
        })
        .collect()
}
