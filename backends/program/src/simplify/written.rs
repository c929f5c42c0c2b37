//! The program that the forward pass has written so far. Each equation is written once.

use crate::formula::Formula;
use crate::op::Op;
use crate::program::{Builder, Equation, Program, Var, Vars};
use crate::scalar::Scalar;
use crate::shape::Shape;
use rustc_hash::{FxBuildHasher, FxHashMap};
use std::hash::BuildHasher;

/// The program so far, with tables of its equations.
#[derive(Default)]
pub(super) struct Written {
    pub(super) builder: Builder,
    /// The last equation written with each hash of op and operands.
    known: FxHashMap<u64, u32>,
    /// For each equation, the previous one of the same hash.
    alike: Vec<u32>,
    /// For each variable, the equation whose only result it is.
    definition: Vec<u32>,
}

/// No equation.
const NONE: u32 = u32::MAX;

impl Written {
    /// Writes an equation, unless it was written already. Returns its results.
    pub(super) fn write(&mut self, op: Op, inputs: Vars) -> Vars {
        if op.has_effect() {
            return self
                .builder
                .push(op, &inputs)
                .expect("an equation kept as it was");
        }
        let hash = FxBuildHasher.hash_one((&op, &inputs));
        let equations = self.builder.equations();
        let before = self.known.get(&hash).copied().unwrap_or(NONE);
        let mut alike = before;
        while alike != NONE {
            let equation = &equations[alike as usize];
            if equation.op == op && equation.inputs == inputs {
                return equation.outputs.clone();
            }
            alike = self.alike[alike as usize];
        }
        let number = equations.len();
        self.known.insert(hash, number as u32);
        self.alike.resize(number + 1, NONE);
        self.alike[number] = before;
        let outputs = self
            .builder
            .push(op, &inputs)
            .expect("a rewritten equation keeps its types");
        if let [output] = outputs[..] {
            self.definition.resize(output.index() + 1, NONE);
            self.definition[output.index()] = number as u32;
        }
        outputs
    }

    /// Returns the equation whose only result is `var`.
    pub(super) fn defined(&self, var: Var) -> Option<&Equation> {
        let number = *self.definition.get(var.index())?;
        self.builder.equations().get(number as usize)
    }

    /// Returns the operand of the equation that defines a variable, if the equation has one operand and an op
    /// that `such` accepts.
    pub(super) fn inner(&self, var: Var, such: impl Fn(&Op) -> bool) -> Option<Var> {
        let inner = self.defined(var)?;
        (inner.inputs.len() == 1 && such(&inner.op)).then(|| inner.inputs[0])
    }

    pub(super) fn shape(&self, var: Var) -> &Shape {
        &self.builder.type_of(var).shape
    }

    pub(super) fn constant(&self, var: Var) -> Option<Scalar> {
        match self.defined(var)?.op {
            Op::Constant { value, .. } => Some(value),
            _ => None,
        }
    }

    /// Returns the number that a variable is everywhere, known now or passed later.
    pub(super) fn number(&self, var: Var) -> Option<Formula> {
        self.defined(var)?.op.number()
    }

    /// Returns the program, and frees the tables.
    pub(super) fn finish(self, outputs: &[Var]) -> Program {
        self.builder.finish(outputs)
    }
}
