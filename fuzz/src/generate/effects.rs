//! Generates effects: lines that a program prints, and checks.

use super::maker::Maker;
use crate::every::EffectKind;
use kiln_program::{Effect, Op, Var, Vars};

impl Maker<'_> {
    pub(super) fn effect(&mut self) -> Option<Vars> {
        let operands: Vec<Var> = self
            .some()
            .into_iter()
            .filter(|&var| self.of(var).shape.size() < 100)
            .collect();
        let effect = match *self.dice.pick(EffectKind::ALL) {
            EffectKind::Print => Effect::Print(format!("shown{}", " {}".repeat(operands.len()))),
            // A check of floats fails if one of them is NaN. So no floats are checked.
            EffectKind::CheckNan if operands.iter().any(|&var| self.of(var).dtype.is_float()) => {
                return None;
            }
            EffectKind::CheckNan => Effect::CheckNan {
                op: "fuzz".into(),
                at: "here".into(),
            },
        };
        self.push(Op::Effect(effect), &operands)
    }
}
