//! The rules of products and decompositions of matrices.

use super::check::{Types, axes_of, axis_of, check, one, take};
use crate::functions::Linalg;
use crate::op::Dot;
use crate::shape::{ArrayType, Axes, Shape};

pub(super) fn dot(dot: &Dot, operands: &[&ArrayType]) -> Result<Types, String> {
    let [x, y] = take(operands)?;
    check(x.dtype == y.dtype, || {
        format!("dtypes {} and {}", x.dtype, y.dtype)
    })?;
    one(x.dtype, contracted(dot, &x.shape, &y.shape)?)
}

fn contracted(dot: &Dot, x: &Shape, y: &Shape) -> Result<Shape, String> {
    let pairs = [
        (&dot.lhs_contract, &dot.rhs_contract),
        (&dot.lhs_batch, &dot.rhs_batch),
    ];
    for (left, right) in pairs {
        check(left.len() == right.len(), || {
            format!("axes {left:?} paired with {right:?}")
        })?;
        for (&i, &j) in left.iter().zip(right) {
            axis_of(i, x)?;
            axis_of(j, y)?;
            check(x[i] == y[j], || {
                format!(
                    "axis {i} of shape {x} is {}, axis {j} of shape {y} is {}",
                    x[i], y[j]
                )
            })?;
        }
    }
    let free = |shape: &Shape, contract: &Axes, batch: &Axes| -> Result<Vec<usize>, String> {
        let mut used: Axes = contract.iter().chain(batch).copied().collect();
        used.sort_unstable();
        axes_of(&used, shape)?;
        Ok(shape.without(&used).to_vec())
    };
    let mut shape: Vec<usize> = dot.lhs_batch.iter().map(|&axis| x[axis]).collect();
    shape.extend(free(x, &dot.lhs_contract, &dot.lhs_batch)?);
    shape.extend(free(y, &dot.rhs_contract, &dot.rhs_batch)?);
    Ok(shape.into())
}

pub(super) fn linalg(f: Linalg, operands: &[&ArrayType]) -> Result<Types, String> {
    let a = operands.first().ok_or("needs a matrix")?;
    let rank = a.shape.rank();
    check(a.dtype.is_float(), || format!("needs floats, got {}", a.dtype))?;
    check(rank >= 2 && a.shape[rank - 1] == a.shape[rank - 2], || {
        format!("shape {} is not square", a.shape)
    })?;
    match f {
        Linalg::Solve => {
            let [a, b] = take(operands)?;
            let fits =
                b.dtype == a.dtype && b.shape.rank() == rank && b.shape[..rank - 1] == a.shape[..rank - 1];
            check(fits, || format!("right-hand side {b} for matrix {a}"))?;
            Ok([b.clone()].into())
        }
        Linalg::Eigh => {
            let [a] = take(operands)?;
            let values = ArrayType::new(a.dtype, &a.shape[..rank - 1]);
            Ok([values, a.clone()].into())
        }
    }
}
