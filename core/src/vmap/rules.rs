//! The batching rule of every op.

use super::batch::{Batched, arrays, bind_batched, spread, values};
use super::{contract, control, index};
use crate::transform::bind_strong;
use kiln_backends::program::{Effect, Linalg, Op};

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
    match op {
        Op::Constant { .. } | Op::Lifted { .. } | Op::Iota { .. } => unreachable!("no operands, no batch"),

        Op::Gather { axes, batch, mode } => index::gather(operands, axes, *batch, *mode, size),
        Op::Dot(dot) => contract::dot(dot, operands),
        Op::Linalg(Linalg::Solve) if !operands[0].batched => contract::solve_columns(operands),
        Op::Call(program) => control::call(Op::Call, program, operands, size),
        Op::Checkpoint(program) => control::call(Op::Checkpoint, program, operands, size),
        Op::Scan(scan) => control::scan(scan, operands, size),
        Op::While(w) => control::repeat(w, operands, size),
        Op::Cond(branches) => control::cond(branches, operands, size),
        Op::Custom(custom) => control::custom(custom, operands, size),
        // One text for each element, in order.
        Op::Effect(Effect::Print(_)) => control::in_turn(op, operands, size),
        Op::Effect(Effect::CheckNan { .. }) => bind_batched(op.clone(), &arrays(operands)),

        op => with_batch(
            op.with_leading_axis(size)
                .expect("the other ops have a rule above"),
        ),
    }
}
