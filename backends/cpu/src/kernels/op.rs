//! Elementwise ops as values.

use super::cast::cast;
use super::elementwise::{Loop1, Loop2, Loop3, Splat, binary, compare, mul_add, select, unary};
use kiln_program::{Binary, Compare, DType, Few, Op, Scalar, Unary};

/// An elementwise function, and the dtype of its last operand.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Elementwise {
    pub(crate) f: Function,
    pub(crate) dtype: DType,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Function {
    Unary(Unary),
    Cast(DType),
    Binary(Binary),
    Compare(Compare),
    Select,
    MulAdd,
    /// The floats from the first bound to the second that two random words make.
    Uniform([Scalar; 2]),
}

impl Elementwise {
    /// Returns the function of an op, if the op is elementwise; `dtype` is that of its last operand.
    pub(crate) fn of(op: &Op, dtype: DType) -> Option<Elementwise> {
        let f = match op {
            Op::Unary(f) => Function::Unary(*f),
            Op::Cast(to) => Function::Cast(*to),
            Op::Binary(f) => Function::Binary(*f),
            Op::Compare(f) => Function::Compare(*f),
            Op::Select => Function::Select,
            Op::MulAdd => Function::MulAdd,
            Op::Uniform { low, high } => Function::Uniform([*low, *high]),
            _ => return None,
        };
        Some(Elementwise { f, dtype })
    }

    /// Returns the dtypes of the operands.
    pub(crate) fn operands(&self) -> Few<DType, 3> {
        let dtype = self.dtype;
        match self.f {
            Function::Unary(_) | Function::Cast(_) => [dtype].into(),
            Function::Binary(_) | Function::Compare(_) | Function::Uniform(_) => [dtype; 2].into(),
            Function::Select => [DType::Bool, dtype, dtype].into(),
            Function::MulAdd => [dtype; 3].into(),
        }
    }

    /// Returns the dtype of the results.
    pub(crate) fn result(&self) -> DType {
        match self.f {
            Function::Cast(to) => to,
            Function::Compare(_) => DType::Bool,
            Function::Uniform([low, _]) => low.dtype(),
            _ => self.dtype,
        }
    }

    /// Returns the loop over slices.
    pub(crate) fn slices(&self) -> Slices {
        let dtype = self.dtype;
        match self.f {
            Function::Unary(f) => Slices::One(unary(f, dtype)),
            Function::Cast(to) => Slices::One(cast(dtype, to)),
            Function::Binary(f) => Slices::Two(binary(f, dtype, Splat::Neither)),
            Function::Compare(f) => Slices::Two(compare(f, dtype)),
            Function::Select => Slices::Three(select(dtype)),
            Function::MulAdd => Slices::Three(mul_add(dtype)),
            Function::Uniform(bounds) => Slices::Uniform(bounds),
        }
    }
}

/// The loop of an elementwise function.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Slices {
    One(Loop1),
    Two(Loop2),
    Three(Loop3),
    Uniform([Scalar; 2]),
}
