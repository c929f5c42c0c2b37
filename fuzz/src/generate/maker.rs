//! A program that is being generated.

use super::style::{Style, span};
use crate::dice::Dice;
use kiln_program::{ArrayType, Builder, Op, Var, Vars, infer};

/// A program that is being generated.
pub(super) struct Maker<'d> {
    pub(super) dice: &'d mut Dice,
    pub(super) builder: Builder,
    /// The variables from which operands are taken.
    pub(super) vars: Vec<Var>,
    pub(super) style: Style,
    /// True if the program may have any number of inputs.
    pub(super) open: bool,
}

impl Maker<'_> {
    pub(super) fn new(dice: &mut Dice, style: Style, open: bool) -> Maker<'_> {
        Maker {
            dice,
            builder: Builder::new(),
            vars: vec![],
            style,
            open,
        }
    }

    /// Picks some of the variables, mostly the last ones.
    pub(super) fn outputs(&mut self) -> Vec<Var> {
        if self.vars.is_empty() {
            let of = self.array_type();
            self.leaf(of);
        }
        let n = 1 + self.dice.below(3);
        (0..n).map(|_| self.recent(&self.vars.clone())).collect()
    }

    /// Adds an equation, unless its results are too large.
    pub(super) fn push(&mut self, op: Op, operands: &[Var]) -> Option<Vars> {
        let types: Vec<&ArrayType> = operands.iter().map(|&var| self.builder.type_of(var)).collect();
        let results = infer(&op, &types)
            .unwrap_or_else(|error| panic!("the generator made an op that does not type: {error}"));
        let limit = self.style.class.limit();
        if results.iter().any(|of| span(&of.shape) > limit) {
            return None;
        }
        let made = self.builder.push(op, operands).expect("a type that was inferred");
        self.vars.extend(&made);
        Some(made)
    }

    /// The result of an op that types, which does not become an operand by itself.
    pub(super) fn made(&mut self, op: Op, operands: &[Var]) -> Var {
        self.builder.push(op, operands).expect("an op that types")[0]
    }
}
