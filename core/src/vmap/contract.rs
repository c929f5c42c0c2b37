//! Contractions, and linear systems.

use super::batch::{Value, bind_batched, moved, shifted, values};
use crate::Array;
use crate::ops::primitive::reshape;
use crate::transform::bind_strong;
use kiln_backends::program::{Dot, Linalg, Op, Shape};

/// Where both operands are batched, the batch is a batch axis of the contraction; where one is, it is one more of its free axes,
/// and the product stays a single one.
pub(super) fn dot(dot: &Dot, operands: &[Value]) -> Vec<Value> {
    let [x, y] = operands else {
        unreachable!("a contraction has two operands")
    };
    let mut op = dot.clone();
    if x.batched {
        op.lhs_contract = shifted(&dot.lhs_contract);
        op.lhs_batch = shifted(&dot.lhs_batch);
    }
    if y.batched {
        op.rhs_contract = shifted(&dot.rhs_contract);
        op.rhs_batch = shifted(&dot.rhs_batch);
    }
    let arrays = [x.array.clone(), y.array.clone()];
    let batch = dot.lhs_batch.len();
    let place = match (x.batched, y.batched) {
        (true, true) => {
            op.lhs_batch.insert(0, 0);
            op.rhs_batch.insert(0, 0);
            return bind_batched(Op::Dot(op), &arrays);
        }
        (true, false) => batch,
        (false, _) => x.array.ndim() - dot.lhs_contract.len(),
    };
    let result = bind_strong(Op::Dot(op), &arrays).remove(0);
    values([moved(&result, place, 0)], true)
}

/// Systems with one matrix for the whole batch: the right-hand sides are columns of one, and the matrix is factored once.
pub(super) fn solve_columns(operands: &[Value]) -> Vec<Value> {
    let [a, b] = [0, 1].map(|i| &operands[i].array);
    let last = b.ndim() - 1;
    let beside = moved(b, 0, last - 1);
    let (leading, columns) = beside.shape().split_at(last - 1);
    let flat: Shape = leading
        .iter()
        .copied()
        .chain([columns.iter().product()])
        .collect();
    let x: Array = bind_strong(Op::Linalg(Linalg::Solve), &[a.clone(), reshape(&beside, &flat)]).remove(0);
    let x = reshape(&x, beside.shape());
    values([moved(&x, last - 1, 0)], true)
}
