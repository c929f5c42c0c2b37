//! Generates an equation of a random op.

use super::maker::Maker;
use crate::every::OpKind;
use kiln_program::{Op, Vars};

impl Maker<'_> {
    /// Adds an equation, and equations for its operands.
    pub(super) fn equation(&mut self) {
        for _ in 0..20 {
            let kind = *self.dice.pick(OpKind::ALL);
            if self.make(kind).is_some() {
                return;
            }
        }
    }

    fn make(&mut self, kind: OpKind) -> Option<Vars> {
        match kind {
            // The compiler lifts float literals. So a lifted literal begins as a constant.
            OpKind::Constant | OpKind::Lifted => self.literal(),
            OpKind::Iota => self.iota(),
            OpKind::Unary => self.unary(),
            OpKind::Binary => self.binary(),
            OpKind::Compare => self.compare(),
            OpKind::Select => self.select(),
            OpKind::MulAdd => self.mul_add(),
            OpKind::Cast => self.cast_any(),
            OpKind::Reshape => self.reshape(),
            OpKind::Transpose => self.transpose(),
            OpKind::Broadcast => self.broadcast(),
            OpKind::Slice => self.slice(),
            OpKind::Pad => self.pad(),
            OpKind::Reverse => self.reverse(),
            OpKind::Concatenate => self.concatenate(),
            OpKind::Gather => self.gather(),
            OpKind::Scatter => self.scatter(),
            OpKind::Reduce => self.reduce(),
            OpKind::ArgReduce => self.arg_reduce(),
            OpKind::Cumulative => self.cumulative(),
            OpKind::Sort => self.sort(),
            OpKind::Dot => self.dot(),
            OpKind::Linalg => self.linalg(),
            OpKind::RandomBits => self.random_bits(),
            OpKind::Uniform => self.uniform(),
            OpKind::Call => self.call(Op::Call),
            OpKind::Checkpoint => self.call(Op::Checkpoint),
            OpKind::Scan => self.scan(),
            OpKind::While => self.repeat(),
            OpKind::Cond => self.cond(),
            OpKind::StopGradient => {
                let x = self.any();
                self.push(Op::StopGradient, &[x])
            }
            OpKind::Custom => self.custom(),
            OpKind::Effect => self.effect(),
        }
    }
}
