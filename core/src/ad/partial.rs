//! Splits a program in two parts: the equations that need only the known inputs, and the rest.
//!
//! The second part is a backward pass that runs later (in a later iteration of a loop, or when the user calls
//! it). This pass may read values of the first part. Cheap elementwise values and random bits are computed
//! again, all others are kept.

use super::backward::backward;
use super::forward::forward_of;
use crate::transform::{Derived, How, OfLifted, derived_as};
use kiln_backends::program::sister::{Rewrite, put_back, tidy};
use kiln_backends::program::{Class, Op, Program, Scalar, Var};
use std::collections::BTreeSet;
use std::sync::Arc;

/// The forward and the backward pass of a program.
#[derive(Clone)]
pub(crate) struct Split {
    /// `inputs -> (outputs, kept)`.
    pub(crate) forward: Arc<Program>,
    /// `(inputs of these numbers, kept, cotangents of the given outputs) -> cotangents` of the inputs marked
    /// in `present`.
    pub(crate) backward: Arc<Program>,
    pub(crate) residuals: Vec<usize>,
    pub(crate) present: Arc<[bool]>,
}

impl OfLifted for Split {
    fn put_back(self, numbers: &Arc<[Scalar]>) -> Split {
        Split {
            forward: put_back(&self.forward, numbers),
            backward: put_back(&self.backward, numbers),
            ..self
        }
    }

    fn bytes(&self) -> usize {
        self.forward.bytes() + self.backward.bytes()
    }
}

/// Returns the two passes of a program, with cotangents for the given outputs and of the wanted inputs.
pub(crate) fn split(program: &Arc<Program>, wanted: &[bool], given: &[bool]) -> Split {
    let how = How::Split {
        wanted: wanted.to_vec(),
        given: given.to_vec(),
    };
    derived_as(program, how, |program| {
        Split::of(backward(program, wanted, given, true), program)
    })
}

/// Returns a program's outputs, and the tangents of the first `results` outputs for the tangents of some
/// inputs, in two parts.
pub(crate) fn linearized(program: &Arc<Program>, given: &[bool], results: usize) -> Split {
    let how = How::Linearized {
        given: given.to_vec(),
        results,
    };
    derived_as(program, how, |program| {
        Split::of(forward_of(program, given, results, true), program)
    })
}

impl Split {
    /// Splits the program that a transformation made of `program`.
    fn of(joint: Derived, program: &Program) -> Split {
        let parts = partition(&joint.program, program.inputs().len(), program.outputs().len());
        Split {
            forward: Arc::new(parts.known),
            backward: Arc::new(parts.unknown),
            residuals: parts.residuals,
            present: joint.present,
        }
    }
}

pub(crate) struct Partition {
    /// `known inputs -> (first outputs, kept)`.
    pub(crate) known: Program,
    /// `(known inputs of these numbers, kept, unknown inputs) -> other outputs`.
    pub(crate) unknown: Program,
    pub(crate) residuals: Vec<usize>,
}

/// Splits a program whose first `inputs` inputs are known before the others. Its first `outputs` outputs must
/// depend on these only.
pub(crate) fn partition(program: &Program, inputs: usize, outputs: usize) -> Partition {
    let equations = program.equations();
    let mut known = vec![false; program.variables()];
    known[..inputs].fill(true);
    let mut definition = vec![usize::MAX; program.variables()];
    for (i, equation) in equations.iter().enumerate() {
        let all = equation.inputs.iter().all(|var| known[var.index()]);
        for var in &equation.outputs {
            known[var.index()] = all;
            definition[var.index()] = i;
        }
    }
    let (first, rest) = program.outputs().split_at(outputs);
    let is_known = |i: usize| equations[i].inputs.iter().all(|var| known[var.index()]);

    // The second part reads inputs, cheap values that it computes again, and kept values of the first part.
    let mut again = vec![false; equations.len()];
    let (mut residuals, mut kept) = (BTreeSet::new(), BTreeSet::new());
    let later = (0..equations.len()).filter(|&i| !is_known(i));
    let mut needed: Vec<Var> = later
        .flat_map(|i| equations[i].inputs.iter().copied())
        .chain(rest.iter().copied())
        .filter(|var| known[var.index()])
        .collect();
    while let Some(var) = needed.pop() {
        if var.index() < inputs {
            residuals.insert(var.index());
            continue;
        }
        let i = definition[var.index()];
        if !is_cheap(&equations[i].op) {
            kept.insert(var);
        } else if !std::mem::replace(&mut again[i], true) {
            needed.extend(&equations[i].inputs);
        }
    }

    let write = |of: &[Var], which: &dyn Fn(usize) -> bool, results: &[Var]| {
        let mut new = Rewrite::with_inputs(program, of.iter().copied());
        let written = (0..equations.len()).filter(|&i| which(i));
        written.for_each(|i| new.copy(&equations[i]));
        tidy(&new.finish(results))
    };
    let all: Vec<Var> = program.inputs().collect();
    let results: Vec<Var> = first.iter().chain(&kept).copied().collect();
    let known_part = write(&all[..inputs], &is_known, &results);
    let read: Vec<Var> = residuals
        .iter()
        .map(|&i| all[i])
        .chain(kept)
        .chain(all[inputs..].iter().copied())
        .collect();
    let unknown_part = write(&read, &|i| again[i] || !is_known(i), rest);
    Partition {
        known: known_part,
        unknown: unknown_part,
        residuals: residuals.into_iter().collect(),
    }
}

/// Returns true if computing the op again costs less than memory, because the op is fused into its readers.
pub(crate) fn is_cheap(op: &Op) -> bool {
    matches!(
        op.class(),
        Class::Source | Class::Elementwise | Class::Move | Class::Random
    )
}
