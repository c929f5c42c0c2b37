//! Computes equations over constants.

use super::written::Written;
use crate::dtype::DType;
use crate::formula::Formula;
use crate::functions::{Compare, Unary};
use crate::op::Op;
use crate::program::Var;
use crate::scalar::Scalar;

impl Written {
    /// Returns the constant that an equation over constants returns.
    pub(super) fn fold(&self, op: &Op, inputs: &[Var]) -> Option<Op> {
        let x = self.number(*inputs.first()?)?;
        let known = |i: usize| self.constant(inputs[i]);
        let shape = || self.shape(inputs[0]).clone();
        let (number, shape) = match op {
            Op::Reshape(shape) | Op::Broadcast { shape, .. } => (x, shape.clone()),
            Op::Transpose(_) | Op::Slice { .. } | Op::Reverse(_) => {
                let types = crate::infer::infer(op, &[self.builder.type_of(inputs[0])]).ok()?;
                (x, types[0].shape.clone())
            }
            Op::Cast(dtype) => (x.cast(*dtype)?, shape()),
            Op::Unary(Unary::Neg) => (x.negated(), shape()),
            Op::Unary(Unary::Not) if x.dtype() == DType::Bool => {
                let not = Scalar::from_bool(x.known()?.as_i64() == 0);
                (Formula::Known(not), shape())
            }
            Op::Compare(f) => (Formula::Known(compared(*f, known(0)?, known(1)?)), shape()),
            Op::Binary(f) => (Formula::binary(*f, x, self.number(inputs[1])?)?, shape()),
            _ => return None,
        };
        Some(Op::everywhere(number, shape))
    }
}

fn compared(f: Compare, x: Scalar, y: Scalar) -> Scalar {
    let order = match x.dtype() {
        DType::F32 | DType::F64 => x.as_f64().partial_cmp(&y.as_f64()),
        DType::U64 => Some((x.as_i64() as u64).cmp(&(y.as_i64() as u64))),
        _ => Some(x.as_i64().cmp(&y.as_i64())),
    };
    Scalar::from_bool(match f {
        Compare::Eq => order.is_some_and(|order| order.is_eq()),
        Compare::Ne => order.is_none_or(|order| order.is_ne()),
        Compare::Lt => order.is_some_and(|order| order.is_lt()),
        Compare::Le => order.is_some_and(|order| order.is_le()),
        Compare::Gt => order.is_some_and(|order| order.is_gt()),
        Compare::Ge => order.is_some_and(|order| order.is_ge()),
    })
}
