//! The class of an op: the only classification that passes over programs use.
//!
//! [`Op::class`] puts every op in one class. A pass that treats all ops of a class alike asks for the class.
//! A pass that has a rule for each op matches on the op.

use crate::functions::Unary;
use crate::op::Op;

/// The kinds of ops.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// The op has no operands: constants, lifted literals, `iota`.
    Source,
    /// An element of the result depends on the operands' elements at the same index.
    Elementwise,
    /// An element of the result is one element of the operand, or 0.
    Move,
    /// The result is the operands one after the other.
    Concatenate,
    /// Arrays of indices say which elements the op reads or writes.
    Index,
    /// The op combines the elements along axes to one element.
    Reduce,
    /// An element of the result depends on all elements along one axis: `argmax`, running reductions, sorts.
    Along,
    /// Contractions and decompositions.
    Linear,
    /// Random bits.
    Random,
    /// The op runs programs.
    Nested,
    /// The op is there for its effect.
    Effect,
}

impl Op {
    /// The class of the op.
    ///
    /// ```
    /// use kiln_program::{Class, Op, Unary};
    /// assert_eq!(Op::Unary(Unary::Exp).class(), Class::Elementwise);
    /// assert_eq!(Op::Reshape([6].into()).class(), Class::Move);
    /// ```
    pub fn class(&self) -> Class {
        match self {
            Op::Constant { .. } | Op::Lifted { .. } | Op::Iota { .. } => Class::Source,
            Op::Unary(_) | Op::Binary(_) | Op::Compare(_) | Op::Select | Op::MulAdd => Class::Elementwise,
            Op::Cast(_) | Op::Uniform { .. } | Op::StopGradient => Class::Elementwise,
            Op::Reshape(_) | Op::Transpose(_) | Op::Broadcast { .. } => Class::Move,
            Op::Slice { .. } | Op::Pad { .. } | Op::Reverse(_) => Class::Move,
            Op::Concatenate { .. } => Class::Concatenate,
            Op::Gather { .. } | Op::Scatter { .. } => Class::Index,
            Op::Reduce { .. } => Class::Reduce,
            Op::ArgReduce { .. } | Op::Cumulative { .. } | Op::Sort { .. } => Class::Along,
            Op::Dot(_) | Op::Linalg(_) => Class::Linear,
            Op::RandomBits { .. } => Class::Random,
            Op::Call(_) | Op::Checkpoint(_) | Op::Custom(_) => Class::Nested,
            Op::Scan(_) | Op::While(_) | Op::Cond(_) => Class::Nested,
            Op::Effect(_) => Class::Effect,
        }
    }

    /// Returns true if an element of the result depends only on the operands' elements at the same index.
    pub fn is_elementwise(&self) -> bool {
        self.class() == Class::Elementwise
    }

    /// Returns true if the derivative is 0 everywhere that it exists.
    ///
    /// ```
    /// use kiln_program::{Op, Unary};
    /// assert!(Op::Unary(Unary::Floor).is_flat());
    /// assert!(!Op::Unary(Unary::Abs).is_flat());
    /// ```
    pub fn is_flat(&self) -> bool {
        match self {
            Op::Unary(f) => matches!(
                f,
                Unary::Sign | Unary::Floor | Unary::Ceil | Unary::Round | Unary::Trunc | Unary::Not
            ),
            Op::Cast(to) => !to.is_float(),
            Op::Compare(_) | Op::Uniform { .. } | Op::StopGradient | Op::ArgReduce { .. } => true,
            op => matches!(op.class(), Class::Source | Class::Random | Class::Effect),
        }
    }
}
