//! The recording of Burn's operations as equations.

use burn_ir::{TensorId, TensorIr};
use kiln_program::{Axes, Builder, Op, Program, Scalar, Shape, Var};
use std::collections::HashMap;
use std::fmt;

/// An operation of Burn that has no form as equations. It prints as a sentence.
///
/// ```
/// let refused = kiln::burn::Refused { operation: "Dropout".into(), reason: "draws random numbers".into() };
/// assert_eq!(refused.to_string(), "Burn's operation Dropout draws random numbers");
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Refused {
    /// The operation, as Burn names it.
    pub operation: String,
    /// The reason.
    pub reason: String,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Burn's operation {} {}", self.operation, self.reason)
    }
}

kiln_program::debug_by_display!(Refused);

impl std::error::Error for Refused {}

/// A recording: the equations so far, and the variables of Burn's tensors.
#[derive(Default)]
pub struct Recording {
    /// The equations so far.
    pub builder: Builder,
    vars: HashMap<TensorId, Var>,
    /// Variables known to be the same number everywhere.
    constants: HashMap<Var, Scalar>,
    tensors: u64,
    pub(crate) refused: Option<Refused>,
}

impl Recording {
    /// Returns the finished program.
    pub fn finish(self, outputs: &[Var]) -> Program {
        self.builder.finish(outputs)
    }

    pub(crate) fn id(&mut self) -> TensorId {
        self.tensors += 1;
        TensorId::new(self.tensors)
    }

    /// Sets the variable of a tensor.
    pub fn define(&mut self, id: TensorId, var: Var) {
        self.vars.insert(id, var);
    }

    /// Returns the variable of a tensor.
    pub fn var(&self, id: TensorId) -> Var {
        self.vars[&id]
    }

    /// Returns the variable of a tensor, if it has one. After an operation was refused it may have none.
    pub(crate) fn find(&self, id: TensorId) -> Option<Var> {
        self.vars.get(&id).copied()
    }

    /// Returns the variable of a tensor.
    pub(crate) fn get(&self, x: &TensorIr) -> Var {
        self.vars[&x.id]
    }

    /// Sets the variable of a result.
    pub(crate) fn set(&mut self, out: &TensorIr, var: Var) {
        debug_assert_eq!(
            self.builder.type_of(var).shape[..],
            out.shape[..],
            "the shape that Burn infers"
        );
        self.vars.insert(out.id, var);
    }

    /// Adds an equation with one result.
    pub fn push(&mut self, op: Op, inputs: &[Var]) -> Var {
        let outputs = self.builder.push(op, inputs);
        outputs.unwrap_or_else(|error| panic!("an operation of Burn's as an equation: {error}"))[0]
    }

    pub(crate) fn shape(&self, var: Var) -> Shape {
        self.builder.type_of(var).shape.clone()
    }

    pub(crate) fn dtype(&self, var: Var) -> kiln_program::DType {
        self.builder.type_of(var).dtype
    }

    /// Returns a constant: the same number everywhere.
    pub(crate) fn constant(&mut self, value: Scalar, shape: &[usize]) -> Var {
        let shape = Shape::from(shape);
        let var = self.push(Op::Constant { value, shape }, &[]);
        self.constants.insert(var, value);
        var
    }

    /// Returns the number that a variable is everywhere, if it is known.
    pub(crate) fn constant_of(&self, var: Var) -> Option<Scalar> {
        self.constants.get(&var).copied()
    }

    /// Repeats an array to a shape; axes are aligned at the end.
    pub(crate) fn fit(&mut self, var: Var, shape: &[usize]) -> Var {
        let rank = self.builder.type_of(var).shape.rank();
        if self.builder.type_of(var).shape[..] == *shape {
            return var;
        }
        if let Some(value) = self.constant_of(var) {
            return self.constant(value, shape);
        }
        let axes: Axes = (shape.len() - rank..shape.len()).collect();
        let shape = Shape::from(shape);
        self.push(Op::Broadcast { shape, axes }, &[var])
    }

    pub(crate) fn reshape(&mut self, var: Var, shape: &[usize]) -> Var {
        if self.builder.type_of(var).shape[..] == *shape {
            return var;
        }
        if let Some(value) = self.constant_of(var) {
            return self.constant(value, shape);
        }
        self.push(Op::Reshape(Shape::from(shape)), &[var])
    }
}
