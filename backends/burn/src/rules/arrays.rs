//! The derivatives of broadcasts, extremes, sorts and contractions.

use super::rule::{Cotangents, Rule};
use kiln_program::sister::inverse;
use kiln_program::{ArrayType, Axes, Compare, DType, Dot, Op, Reduction, Shape, Var};

impl Rule<'_> {
    /// Returns the sum over the repeated axes.
    pub(super) fn broadcast(&mut self, g: Var, shape: &Shape, axes: &Axes) -> Var {
        let from = self.builder.type_of(self.operands[0]).shape.clone();
        let kept = |axis: usize| {
            axes.iter()
                .position(|&a| a == axis)
                .is_some_and(|i| from[i] == shape[axis])
        };
        let repeated: Axes = (0..shape.rank()).filter(|&axis| !kept(axis)).collect();
        let sum = if repeated.is_empty() {
            g
        } else {
            let kind = Reduction::Sum;
            self.push(Op::Reduce { kind, axes: repeated }, &[g])
        };
        self.reshape(sum, &from)
    }

    /// All elements that attain the extreme share the cotangent.
    pub(super) fn extreme(&mut self, op: &Op, g: Var, axes: &Axes) -> Var {
        let x = self.operands[0];
        let ArrayType { dtype, shape } = self.builder.type_of(x).clone();
        let best = self.push(op.clone(), &[x]);
        let best = self.spread(best, &shape, axes);
        let attains = self.compare(Compare::Eq, x, best);
        let attains = self.push(Op::Cast(dtype), &[attains]);
        let sum = Op::Reduce {
            kind: Reduction::Sum,
            axes: axes.clone(),
        };
        let count = self.push(sum, &[attains]);
        let share = self.div(g, count);
        let share = self.spread(share, &shape, axes);
        self.mul(share, attains)
    }

    /// Moves the cotangents of a sort to the original positions of the elements.
    pub(super) fn sort(&mut self, given: &[Option<Var>], axis: usize) -> Cotangents {
        let shape = self.builder.type_of(self.operands[0]).shape.clone();
        let dtype = match i32::try_from(shape[axis]) {
            Ok(_) => DType::I32,
            Err(_) => DType::I64,
        };
        let places = self.push(Op::Iota { dtype, shape, axis }, &[]);
        let key = self.operands[0];
        let order = self
            .builder
            .push(Op::Sort { axis }, &[key, places])
            .expect("a key and its places")[1];
        let back: Vec<Var> = [order]
            .into_iter()
            .chain(given.iter().copied().flatten())
            .collect();
        let back = self
            .builder
            .push(Op::Sort { axis }, &back)
            .expect("cotangents of the results");
        let mut back = back.into_iter().skip(1);
        given.iter().map(|g| g.and_then(|_| back.next())).collect()
    }

    /// Each operand's cotangent is the contraction of the other operand with the result's cotangent, over the
    /// other operand's free axes.
    pub(super) fn dot(&mut self, dot: &Dot, g: Var) -> Cotangents {
        let (x, y) = (self.operands[0], self.operands[1]);
        let free = |rule: &Self, var: Var, batch: &Axes, contract: &Axes| -> Axes {
            let rank = rule.builder.type_of(var).shape.rank();
            (0..rank)
                .filter(|axis| !batch.contains(axis) && !contract.contains(axis))
                .collect()
        };
        let left = free(self, x, &dot.lhs_batch, &dot.lhs_contract);
        let right = free(self, y, &dot.rhs_batch, &dot.rhs_contract);
        let batch: Axes = (0..dot.lhs_batch.len()).collect();
        let first: Axes = (batch.len()..batch.len() + left.len()).collect();
        let second: Axes = (batch.len() + left.len()..batch.len() + left.len() + right.len()).collect();
        let mut cotangents = vec![None, None];
        if self.wanted[0] {
            let product = Dot {
                lhs_contract: second,
                rhs_contract: right.clone(),
                lhs_batch: batch.clone(),
                rhs_batch: dot.rhs_batch.clone(),
            };
            let z = self.push(Op::Dot(product), &[g, y]);
            // Its axes: the batch, the free axes of x, and the contracted axes of y, in y's order.
            let order = dot.lhs_batch.iter().chain(&left).copied();
            cotangents[0] = Some(self.back(z, order, &dot.rhs_contract, &dot.lhs_contract));
        }
        if self.wanted[1] {
            let product = Dot {
                lhs_contract: first,
                rhs_contract: left,
                lhs_batch: batch,
                rhs_batch: dot.lhs_batch.clone(),
            };
            let z = self.push(Op::Dot(product), &[g, x]);
            let order = dot.rhs_batch.iter().chain(&right).copied();
            cotangents[1] = Some(self.back(z, order, &dot.lhs_contract, &dot.rhs_contract));
        }
        cotangents
    }

    /// Permutes a product's axes to the operand's order: first `order`, then the axes contracted with
    /// `theirs`, in their order.
    fn back(&mut self, z: Var, order: impl Iterator<Item = usize>, theirs: &Axes, ours: &Axes) -> Var {
        let mut pairs: Vec<(usize, usize)> = theirs.iter().copied().zip(ours.iter().copied()).collect();
        pairs.sort_unstable();
        let axes: Axes = order.chain(pairs.into_iter().map(|(_, axis)| axis)).collect();
        self.push(Op::Transpose(inverse(&axes)), &[z])
    }
}
