//! The writer of a rule: its operands, and functions that add an equation each.

use kiln_program::{ArrayType, Axes, Binary, Builder, Compare, Op, Scalar, Shape, Unary, Var};

/// The result of a rule: a cotangent for each operand.
pub(crate) type Cotangents = Vec<Option<Var>>;

/// A rule's operands, and the builder that it writes to.
pub(crate) struct Rule<'a> {
    pub(crate) builder: &'a mut Builder,
    pub(crate) operands: &'a [Var],
    /// Marks the operands that want a cotangent.
    pub(crate) wanted: &'a [bool],
}

impl Rule<'_> {
    pub(super) fn push(&mut self, op: Op, inputs: &[Var]) -> Var {
        self.builder.push(op, inputs).expect("a rule's equations type")[0]
    }

    pub(super) fn map(&mut self, f: Unary, x: Var) -> Var {
        self.push(Op::Unary(f), &[x])
    }

    pub(super) fn add(&mut self, x: Var, y: Var) -> Var {
        self.push(Op::Binary(Binary::Add), &[x, y])
    }

    pub(super) fn sub(&mut self, x: Var, y: Var) -> Var {
        self.push(Op::Binary(Binary::Sub), &[x, y])
    }

    pub(super) fn mul(&mut self, x: Var, y: Var) -> Var {
        self.push(Op::Binary(Binary::Mul), &[x, y])
    }

    pub(super) fn div(&mut self, x: Var, y: Var) -> Var {
        self.push(Op::Binary(Binary::Div), &[x, y])
    }

    pub(super) fn compare(&mut self, f: Compare, x: Var, y: Var) -> Var {
        self.push(Op::Compare(f), &[x, y])
    }

    pub(super) fn select(&mut self, predicate: Var, x: Var, y: Var) -> Var {
        self.push(Op::Select, &[predicate, x, y])
    }

    pub(super) fn number(&mut self, like: Var, value: f64) -> Var {
        let ArrayType { dtype, shape } = self.builder.type_of(like).clone();
        let value = Scalar::from_f64(dtype, value);
        self.push(Op::Constant { value, shape }, &[])
    }

    pub(super) fn reciprocal_square(&mut self, x: Var) -> Var {
        let one = self.number(x, 1.0);
        let inverse = self.div(one, x);
        self.mul(inverse, inverse)
    }

    pub(super) fn reshape(&mut self, x: Var, shape: &Shape) -> Var {
        self.push(Op::Reshape(shape.clone()), &[x])
    }

    /// Repeats the result of a reduction along the reduced axes.
    pub(super) fn spread(&mut self, x: Var, shape: &Shape, reduced: &Axes) -> Var {
        let axes = (0..shape.rank()).filter(|axis| !reduced.contains(axis)).collect();
        let shape = shape.clone();
        self.push(Op::Broadcast { shape, axes }, &[x])
    }
}
