//! Generates reductions, running reductions and sorts.

use super::maker::Maker;
use kiln_program::{ArgReduction, ArrayType, Op, Reduction, Vars};

impl Maker<'_> {
    pub(super) fn reduce(&mut self) -> Option<Vars> {
        let x = self.any();
        let axes = self.dice.subset(self.of(x).shape.rank()).into();
        let kind = *self.dice.pick(Reduction::ALL);
        self.push(Op::Reduce { kind, axes }, &[x])
    }

    pub(super) fn arg_reduce(&mut self) -> Option<Vars> {
        let x = self.with_axes(1)?;
        let shape = self.of(x).shape;
        let axis = self.dice.below(shape.rank());
        if shape[axis] == 0 {
            return None;
        }
        let (kind, dtype) = (*self.dice.pick(ArgReduction::ALL), self.integer());
        self.push(Op::ArgReduce { kind, axis, dtype }, &[x])
    }

    pub(super) fn cumulative(&mut self) -> Option<Vars> {
        let x = self.with_axes(1)?;
        let axis = self.dice.below(self.of(x).shape.rank());
        let (kind, reverse) = (*self.dice.pick(Reduction::ALL), self.dice.chance(50));
        self.push(Op::Cumulative { kind, axis, reverse }, &[x])
    }

    pub(super) fn sort(&mut self) -> Option<Vars> {
        let x = self.with_axes(1)?;
        let shape = self.of(x).shape;
        let axis = self.dice.below(shape.rank());
        let mut operands = vec![x];
        for _ in 0..self.dice.below(3) {
            let of = ArrayType::new(self.dtype(), shape.clone());
            operands.push(self.like(&of));
        }
        self.push(Op::Sort { axis }, &operands)
    }
}
