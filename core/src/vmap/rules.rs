//! The batching rule of every op.

use super::batch::{Batched, arrays, bind_batched, shifted, spread, values, with_axis};
use super::{contract, control, index};
use crate::transform::bind_strong;
use kiln_backends::program::{Axes, Effect, Linalg, Op};

/// Returns the results of an op for a batch of operands: for each element of the batch, the results of the op
/// for it.
///
/// An op without batched operands is computed once. Most ops take the batch axis as one more leading axis,
/// and operands without it are broadcast.
pub(super) fn rule(op: &Op, operands: &[Batched], size: usize) -> Vec<Batched> {
    if operands.iter().all(|x| !x.batched) {
        return values(bind_strong(op.clone(), &arrays(operands)), false);
    }
    let with_batch = |op: Op| bind_batched(op, &spread(operands, size));
    let (zero, one) = (|axes: &Axes| prefixed(0, axes), |axes: &Axes| prefixed(1, axes));
    match op {
        Op::Constant { .. } | Op::Lifted { .. } | Op::Iota { .. } => unreachable!("no operands, no batch"),

        Op::Unary(_)
        | Op::Binary(_)
        | Op::Compare(_)
        | Op::Select
        | Op::MulAdd
        | Op::Cast(_)
        | Op::Uniform { .. }
        | Op::StopGradient => with_batch(op.clone()),

        Op::Reshape(shape) => with_batch(Op::Reshape(with_axis(shape, size))),
        Op::Transpose(permutation) => with_batch(Op::Transpose(zero(&shifted(permutation)))),
        Op::Broadcast { shape, axes } => with_batch(Op::Broadcast {
            shape: with_axis(shape, size),
            axes: zero(&shifted(axes)),
        }),
        Op::Slice { start, stop, step } => with_batch(Op::Slice {
            start: zero(start),
            stop: prefixed(size, stop),
            step: one(step),
        }),
        Op::Pad { shape, start, step } => with_batch(Op::Pad {
            shape: with_axis(shape, size),
            start: zero(start),
            step: one(step),
        }),
        Op::Reverse(axes) => with_batch(Op::Reverse(shifted(axes))),
        Op::Concatenate { axis } => with_batch(Op::Concatenate { axis: axis + 1 }),

        Op::Gather { axes, batch, mode } => index::gather(operands, axes, *batch, *mode, size),
        // Each element of the batch writes into a copy of an array that lacks the batch axis.
        Op::Scatter {
            kind,
            axes,
            batch,
            mode,
        } => with_batch(Op::Scatter {
            kind: *kind,
            axes: shifted(axes),
            batch: batch + 1,
            mode: *mode,
        }),

        Op::Reduce { kind, axes } => with_batch(Op::Reduce {
            kind: *kind,
            axes: shifted(axes),
        }),
        Op::ArgReduce { kind, axis, dtype } => with_batch(Op::ArgReduce {
            kind: *kind,
            axis: axis + 1,
            dtype: *dtype,
        }),
        Op::Cumulative { kind, axis, reverse } => with_batch(Op::Cumulative {
            kind: *kind,
            axis: axis + 1,
            reverse: *reverse,
        }),
        Op::Sort { axis } => with_batch(Op::Sort { axis: axis + 1 }),

        Op::Dot(dot) => contract::dot(dot, operands),
        Op::Linalg(Linalg::Solve) if !operands[0].batched => contract::solve_columns(operands),
        Op::Linalg(Linalg::Solve | Linalg::Eigh) => with_batch(op.clone()),

        Op::RandomBits { .. } => with_batch(op.clone()),

        Op::Call(program) => control::call(Op::Call, program, operands, size),
        Op::Checkpoint(program) => control::call(Op::Checkpoint, program, operands, size),
        Op::Scan(scan) => control::scan(scan, operands, size),
        Op::While(w) => control::repeat(w, operands, size),
        Op::Cond(branches) => control::cond(branches, operands, size),
        Op::Custom(custom) => control::custom(custom, operands, size),
        // One text for each element, in order.
        Op::Effect(Effect::Print(_)) => control::in_turn(op, operands, size),
        Op::Effect(Effect::CheckNan { .. }) => bind_batched(op.clone(), &arrays(operands)),
    }
}

/// Returns the parameter of the batch axis, followed by those of the other axes.
fn prefixed(first: usize, others: &[usize]) -> Axes {
    std::iter::once(first).chain(others.iter().copied()).collect()
}
