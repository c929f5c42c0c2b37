//! The cotangents of decompositions, in terms of matrix products.
//!
//! Formulas: M. B. Giles, "An extended collection of matrix derivative results for forward and reverse mode
//! algorithmic differentiation" (2008).

use crate::array::Array;
use crate::primitive::{binary, broadcast_along, compare, iota, number_like, select, transpose, unary};
use crate::transform::bind_strong;
use kiln_backends::program::{Axes, Binary, Compare, DType, Dot, Linalg, Op, Unary};

pub(super) fn linalg(
    f: Linalg,
    operands: &[Array],
    wanted: &[bool],
    given: &[Option<Array>],
) -> Vec<Option<Array>> {
    match f {
        // a x = b: the cotangent of b solves a^T y = g, and that of a is -y x^T.
        Linalg::Solve => {
            let [a, b] = operands else {
                unreachable!("a matrix and right-hand sides")
            };
            let cotangent = given[0].clone().expect("the only result has one");
            let solve = |a: Array, b: Array| bind_strong(Op::Linalg(Linalg::Solve), &[a, b]).remove(0);
            let y = solve(transposed(a), cotangent);
            let of_a = wanted[0].then(|| {
                let x = solve(a.clone(), b.clone());
                unary(Unary::Neg, &product(&y, &transposed(&x)))
            });
            vec![of_a, wanted[1].then_some(y)]
        }
        // a v = v diag(w): v (diag(gw) + (v^T gv) / (w_j - w_i)) v^T.
        Linalg::Eigh => {
            let decomposed = bind_strong(Op::Linalg(Linalg::Eigh), operands);
            let (values, vectors) = (&decomposed[0], &decomposed[1]);
            let rank = vectors.ndim();
            let shape = vectors.shape();
            let along = |x: &Array, axis: usize| {
                let axes: Axes = (0..rank - 2).chain([axis]).collect();
                broadcast_along(x, shape, axes)
            };
            let diagonal = compare(
                Compare::Eq,
                &iota(DType::I32, shape.clone(), rank - 2),
                &iota(DType::I32, shape.clone(), rank - 1),
            );
            let zero = number_like(vectors, 0.0);
            let mut inner = match &given[0] {
                Some(cotangent) => select(&diagonal, &along(cotangent, rank - 1), &zero),
                None => zero.clone(),
            };
            if let Some(cotangent) = &given[1] {
                let gap = binary(Binary::Sub, &along(values, rank - 1), &along(values, rank - 2));
                let turned = product(&transposed(vectors), cotangent);
                let one = number_like(vectors, 1.0);
                let scaled = binary(Binary::Div, &turned, &select(&diagonal, &one, &gap));
                inner = binary(Binary::Add, &inner, &select(&diagonal, &zero, &scaled));
            }
            vec![Some(product(&product(vectors, &inner), &transposed(vectors)))]
        }
    }
}

fn transposed(x: &Array) -> Array {
    let mut axes: Axes = (0..x.ndim()).collect();
    axes.swap(x.ndim() - 1, x.ndim() - 2);
    transpose(x, &axes)
}

/// Computes products of matrices with equal leading axes.
fn product(x: &Array, y: &Array) -> Array {
    let rank = x.ndim();
    let batch: Axes = (0..rank - 2).collect();
    let op = Op::Dot(Dot {
        lhs_contract: [rank - 1].into_iter().collect(),
        rhs_contract: [rank - 2].into_iter().collect(),
        lhs_batch: batch.clone(),
        rhs_batch: batch,
    });
    bind_strong(op, &[x.clone(), y.clone()]).remove(0)
}
