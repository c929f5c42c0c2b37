//! Picks dtypes, lengths, shapes and types.

use super::maker::Maker;
use kiln_program::{ArrayType, DType, Var};

impl Maker<'_> {
    pub(super) fn of(&self, var: Var) -> ArrayType {
        self.builder.type_of(var).clone()
    }

    pub(super) fn dtype(&mut self) -> DType {
        match self.style.smooth {
            true => *self.dice.pick(&[
                DType::F64,
                DType::F64,
                DType::F64,
                DType::F64,
                DType::I32,
                DType::Bool,
            ]),
            false if self.dice.chance(75) => {
                *self
                    .dice
                    .pick(&[DType::F32, DType::F32, DType::F64, DType::I32, DType::Bool])
            }
            false => *self.dice.pick(&DType::ALL),
        }
    }

    pub(super) fn float(&mut self) -> DType {
        match self.style.smooth {
            true => DType::F64,
            false => *self.dice.pick(&[DType::F32, DType::F32, DType::F64]),
        }
    }

    pub(super) fn integer(&mut self) -> DType {
        match self.style.smooth {
            true => DType::I32,
            false => *self.dice.pick(&[
                DType::I32,
                DType::I32,
                DType::I8,
                DType::I16,
                DType::I64,
                DType::U8,
                DType::U16,
                DType::U32,
                DType::U64,
            ]),
        }
    }

    pub(super) fn length(&mut self) -> usize {
        match self.dice.chance(3) {
            true => 0,
            false => *self.dice.pick(self.style.class.lengths()),
        }
    }

    /// A shape of at most `limit` elements.
    pub(super) fn shape_below(&mut self, limit: usize) -> Vec<usize> {
        let rank = *self.dice.pick(&[0, 0, 1, 1, 1, 1, 2, 2, 2, 3, 3, 4]);
        let mut shape = vec![];
        let mut size = 1;
        for _ in 0..rank {
            let n = self.length();
            let n = if size * n > limit {
                1 + self.dice.below(2)
            } else {
                n
            };
            let n = if size * n > limit { 1 } else { n };
            // The axis of length 0 may go later. So the size of an empty array counts too.
            size *= n.max(1);
            shape.push(n);
        }
        for i in (1..shape.len()).rev() {
            shape.swap(i, self.dice.below(i + 1));
        }
        shape
    }

    pub(super) fn shape(&mut self) -> Vec<usize> {
        self.shape_below(self.style.class.limit())
    }

    pub(super) fn array_type(&mut self) -> ArrayType {
        ArrayType::new(self.dtype(), self.shape())
    }

    /// Picks a few types: those of variables, or new ones.
    pub(super) fn result_types(&mut self) -> Vec<ArrayType> {
        (0..self.dice.between(1, 3))
            .map(|_| match self.dice.chance(60) && !self.vars.is_empty() {
                true => {
                    let var = self.recent(&self.vars.clone());
                    self.of(var)
                }
                false => self.array_type(),
            })
            .collect()
    }
}
