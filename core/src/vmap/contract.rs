//! Contractions, and linear systems.

use super::batch::{Batched, bind_batched, moved, shifted, values};
use crate::array::Array;
use crate::primitive::reshape;
use crate::transform::bind_strong;
use kiln_backends::program::{Dot, Linalg, Op, Shape};

/// Batches a contraction. If both operands are batched, the batch is a batch axis of the contraction. If one
/// is, the batch is a free axis of that operand, and the product stays a single one.
pub(super) fn dot(dot: &Dot, operands: &[Batched]) -> Vec<Batched> {
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
    let (x_array, y_array) = (x.array.clone(), y.array.clone());
    let used = dot.rhs_batch.len() + dot.rhs_contract.len();
    let (operands, place) = match (x.batched, y.batched) {
        (true, true) => {
            op.lhs_batch.insert(0, 0);
            op.rhs_batch.insert(0, 0);
            return bind_batched(Op::Dot(op), &[x_array, y_array]);
        }
        (true, false) => ([x_array, y_array], dot.lhs_batch.len()),
        // A matrix times the vector of each element. With the vectors on the left, the rows of the result are
        // the batch.
        (false, _) if y.array.ndim() == 1 + used => {
            op = Dot {
                lhs_contract: op.rhs_contract,
                rhs_contract: op.lhs_contract,
                lhs_batch: op.rhs_batch,
                rhs_batch: op.lhs_batch,
            };
            ([y_array, x_array], dot.lhs_batch.len())
        }
        (false, _) => {
            let place = x_array.ndim() - dot.lhs_contract.len();
            ([x_array, y_array], place)
        }
    };
    let result = bind_strong(Op::Dot(op), &operands).remove(0);
    values([moved(&result, place, 0)], true)
}

/// Solves systems with one matrix for the whole batch. The right-hand sides become columns of one system, so
/// the matrix is factored once.
pub(super) fn solve_columns(operands: &[Batched]) -> Vec<Batched> {
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
