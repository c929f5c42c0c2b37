//! Generates the ops that make arrays: constants, counts and random bits.

use super::maker::Maker;
use crate::values;
use kiln_program::{ArrayType, DType, Op, Vars};

impl Maker<'_> {
    pub(super) fn literal(&mut self) -> Option<Vars> {
        let of = self.array_type();
        let wild = self.wild();
        let value = values::scalar(self.dice, of.dtype, wild);
        let shape = of.shape;
        self.push(Op::Constant { value, shape }, &[])
    }

    pub(super) fn iota(&mut self) -> Option<Vars> {
        let of = self.array_type();
        if of.dtype == DType::Bool || of.shape.rank() == 0 {
            return None;
        }
        let axis = self.dice.below(of.shape.rank());
        let ArrayType { dtype, shape } = of;
        self.push(Op::Iota { dtype, shape, axis }, &[])
    }

    pub(super) fn random_bits(&mut self) -> Option<Vars> {
        let batch: Vec<usize> = (0..self.dice.below(2)).map(|_| self.dice.between(0, 3)).collect();
        let keys: Vec<usize> = batch.iter().copied().chain([2]).collect();
        let of = ArrayType::new(DType::U32, keys);
        let (key, first) = (self.like(&of), self.like(&of));
        let shape = self.shape_below(self.style.class.limit() / 4);
        self.push(Op::RandomBits { shape: shape.into() }, &[key, first])
    }
}
