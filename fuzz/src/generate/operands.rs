//! Picks operands: variables that exist, and new ones of a type that fits.

use super::maker::Maker;
use crate::values::{self, Wild};
use kiln_program::{ArrayType, Axes, DType, Op, Reduction, Scalar, Shape, Var, infer};

impl Maker<'_> {
    pub(super) fn recent(&mut self, vars: &[Var]) -> Var {
        match self.dice.chance(60) {
            true => vars[vars.len() - 1 - self.dice.below(vars.len().min(3))],
            false => *self.dice.pick(vars),
        }
    }

    /// Adds a variable of a type that depends on no other: an input if there may be one more, else a
    /// constant.
    pub(super) fn leaf(&mut self, of: ArrayType) -> Var {
        let var = match self.open && self.builder.inputs().len() < 6 {
            true => self.builder.input(of),
            false => self.constant(&of),
        };
        self.vars.push(var);
        var
    }

    pub(super) fn wild(&mut self) -> Wild {
        match self.style.smooth {
            true => Wild::Smooth,
            false if self.dice.chance(30) => Wild::Special,
            false => Wild::Tame,
        }
    }

    pub(super) fn constant(&mut self, of: &ArrayType) -> Var {
        let wild = self.wild();
        let value = values::scalar(self.dice, of.dtype, wild);
        self.number(value, &of.shape)
    }

    pub(super) fn number(&mut self, value: Scalar, shape: &Shape) -> Var {
        let shape = shape.clone();
        self.made(Op::Constant { value, shape }, &[])
    }

    /// Returns a variable that exists, or a new one.
    pub(super) fn any(&mut self) -> Var {
        if self.vars.is_empty() || (self.open && self.dice.chance(12)) {
            let of = self.array_type();
            return self.leaf(of);
        }
        self.recent(&self.vars.clone())
    }

    /// Picks a few variables.
    pub(super) fn some(&mut self) -> Vec<Var> {
        (0..self.dice.below(4)).map(|_| self.any()).collect()
    }

    /// Returns a variable whose type fits, if there is one.
    pub(super) fn which(&mut self, fits: impl Fn(&ArrayType) -> bool) -> Option<Var> {
        let vars: Vec<Var> = self
            .vars
            .iter()
            .copied()
            .filter(|&var| fits(self.builder.type_of(var)))
            .collect();
        (!vars.is_empty()).then(|| self.recent(&vars))
    }

    /// Returns a variable with at least `least` axes.
    pub(super) fn with_axes(&mut self, least: usize) -> Option<Var> {
        match self.which(|of| of.shape.rank() >= least) {
            Some(var) => Some(var),
            None => {
                let of = ArrayType::new(self.dtype(), self.shape());
                (of.shape.rank() >= least).then(|| self.leaf(of))
            }
        }
    }

    /// Returns a variable of a dtype that an op takes for all its operands.
    pub(super) fn taken_by(&mut self, op: &Op, operands: usize) -> Option<Var> {
        let fits = |dtype: DType| {
            let scalar = ArrayType::new(dtype, []);
            infer(op, &vec![&scalar; operands]).is_ok()
        };
        let x = self.any();
        if fits(self.of(x).dtype) {
            return Some(x);
        }
        if let (true, Some(x)) = (self.dice.chance(50), self.which(|of| fits(of.dtype))) {
            return Some(x);
        }
        let dtypes: Vec<DType> = (0..8)
            .map(|_| self.dtype())
            .filter(|&dtype| fits(dtype))
            .collect();
        let dtype = *dtypes.first()?;
        Some(self.cast(x, dtype))
    }

    pub(super) fn cast(&mut self, x: Var, dtype: DType) -> Var {
        match self.of(x).dtype == dtype {
            true => x,
            false => self.made(Op::Cast(dtype), &[x]),
        }
    }

    /// Returns a variable of a type: one that exists, one made from another, or a new one.
    pub(super) fn like(&mut self, of: &ArrayType) -> Var {
        if let (true, Some(var)) = (self.dice.chance(75), self.which(|other| other == of)) {
            return var;
        }
        if self.vars.is_empty() || self.dice.chance(if self.open { 40 } else { 15 }) {
            return self.leaf(of.clone());
        }
        let x = self.recent(&self.vars.clone());
        self.fitted(x, of)
    }

    /// Returns a variable of a type, made from `x`.
    fn fitted(&mut self, x: Var, of: &ArrayType) -> Var {
        let x = self.cast(x, of.dtype);
        let shape = self.of(x).shape;
        let (from, to) = (shape.size(), of.shape.size());
        if shape == of.shape {
            return x;
        }
        let mut push = |op: Op, x: Var| self.made(op, &[x]);
        if from == to {
            return push(Op::Reshape(of.shape.clone()), x);
        }
        if from > to {
            let flat = push(Op::Reshape([from].into()), x);
            let (start, stop, step) = ([0].into(), [to].into(), [1].into());
            let part = push(Op::Slice { start, stop, step }, flat);
            return push(Op::Reshape(of.shape.clone()), part);
        }
        if from == 0 {
            return self.constant(of);
        }
        let axes: Axes = (0..shape.rank()).collect();
        let kind = Reduction::Max;
        let one = push(Op::Reduce { kind, axes }, x);
        let (shape, axes) = (of.shape.clone(), Axes::new());
        push(Op::Broadcast { shape, axes }, one)
    }
}
