//! Generates an equation of a random op.

use super::maker::Maker;
use crate::every::kinds;
use kiln_program::{Op, Vars};

/// Makes [`OpKind`] and [`Maker::make`] from a row for each variant of [`Op`]: the method that generates it.
macro_rules! ops {
    ($($kind:ident $method:ident)*) => {
        kinds! {
            /// The kinds of ops.
            OpKind: Op = $($kind)*
        }

        impl Maker<'_> {
            fn make(&mut self, kind: OpKind) -> Option<Vars> {
                match kind { $(OpKind::$kind => self.$method()),* }
            }
        }
    };
}

// The compiler lifts float literals. So a lifted literal begins as a constant.
ops! {
    Constant literal
    Lifted literal
    Iota iota
    Unary unary
    Binary binary
    Compare compare
    Select select
    MulAdd mul_add
    Cast cast_any
    Reshape reshape
    Transpose transpose
    Broadcast broadcast
    Slice slice
    Pad pad
    Reverse reverse
    Concatenate concatenate
    Gather gather
    Scatter scatter
    Reduce reduce
    ArgReduce arg_reduce
    Cumulative cumulative
    Sort sort
    Dot dot
    Linalg linalg
    RandomBits random_bits
    Uniform uniform
    Call call
    Scan scan
    While repeat
    Cond cond
    StopGradient stop_gradient
    Checkpoint checkpoint
    Custom custom
    Effect effect
}

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

    fn stop_gradient(&mut self) -> Option<Vars> {
        let x = self.any();
        self.push(Op::StopGradient, &[x])
    }
}
