//! Finds equations that do nothing: their result is one of their operands.

use super::written::Written;
use crate::dtype::DType;
use crate::functions::{Binary, Unary};
use crate::op::Op;
use crate::program::{Equation, Var};
use crate::scalar::Scalar;

impl Written {
    /// Returns the operand that equals the result of an equation, if one does.
    pub(super) fn nothing(&self, op: &Op, inputs: &[Var]) -> Option<Var> {
        let x = *inputs.first()?;
        let shape = self.shape(x);
        let dtype = self.builder.type_of(x).dtype;
        let right = || self.constant(inputs[1]);
        let is = |value: Option<Scalar>, number: i64| value == Some(Scalar::from_i64(dtype, number));
        let same = match op {
            Op::Cast(to) => *to == dtype,
            Op::Reshape(to) | Op::Broadcast { shape: to, .. } => to == shape,
            Op::Transpose(permutation) => permutation.windows(2).all(|pair| pair[0] < pair[1]),
            Op::Slice { start, stop, step } => {
                let padded = self.defined(x).filter(
                    |Equation {
                         op: inner,
                         inputs: from,
                         ..
                     }| {
                        // The slice takes exactly the elements that a pad spread out.
                        matches!(inner, Op::Pad { start: at, step: by, .. } if at == start && by == step)
                            && (0..shape.rank())
                                .all(|i| (stop[i] - start[i]).div_ceil(step[i]) == self.shape(from[0])[i])
                    },
                );
                if let Some(pad) = padded {
                    return Some(pad.inputs[0]);
                }
                (0..shape.rank())
                    .all(|i| start[i] == 0 && stop[i] == shape[i] && (step[i] == 1 || shape[i] <= 1))
            }
            Op::Reverse(axes) => {
                if let Some(twice) = self.inner(x, |inner| inner == op) {
                    return Some(twice);
                }
                axes.iter().all(|&axis| shape[axis] <= 1)
            }
            Op::Reduce { axes, .. } => axes.is_empty(),
            Op::Concatenate { .. } => inputs.len() == 1,
            Op::Binary(Binary::Mul) if dtype != DType::Bool => {
                if is(self.constant(x), 1) {
                    return Some(inputs[1]);
                }
                is(right(), 1)
            }
            Op::Binary(Binary::Div) => is(right(), 1),
            // x + 0.0 would turn -0.0 into 0.0; x - 0.0 does not.
            Op::Binary(Binary::Add) if dtype.is_integer() => {
                if is(self.constant(x), 0) {
                    return Some(inputs[1]);
                }
                is(right(), 0)
            }
            Op::Binary(Binary::Sub) => is(right(), 0),
            Op::Binary(f @ (Binary::And | Binary::Or)) if dtype == DType::Bool => {
                // True does nothing to a conjunction and decides a disjunction. False does nothing to a
                // disjunction and decides a conjunction.
                let decide = |constant: Option<Scalar>, it: Var, other: Var| {
                    constant.map(|value| {
                        if is(Some(value), i64::from(*f == Binary::And)) {
                            other
                        } else {
                            it
                        }
                    })
                };
                return decide(self.constant(x), x, inputs[1]).or_else(|| decide(right(), inputs[1], x));
            }
            Op::Unary(f @ (Unary::Neg | Unary::Not)) => {
                return self.inner(x, |inner| *inner == Op::Unary(*f));
            }
            Op::Pad { shape: to, .. } => to == shape,
            Op::Select => {
                return match self.constant(x) {
                    Some(predicate) => Some(inputs[if predicate.as_i64() != 0 { 1 } else { 2 }]),
                    None => (inputs[1] == inputs[2]).then_some(inputs[1]),
                };
            }
            _ => false,
        };
        same.then_some(x)
    }
}
