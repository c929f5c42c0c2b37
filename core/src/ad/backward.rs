//! Reverse mode: makes the program of a program's cotangents.
//!
//! The walker reads the program forwards, then its equations backwards, and applies the rule of each. The
//! backward pass is a program like any other, and can be differentiated again. A cotangent that is zero
//! everywhere is `None`.

use super::{chosen, rules};
use crate::array::Array;
use crate::debug::nans::{derivative, made_for};
use crate::depend::live;
use crate::primitive::binary;
use crate::transform::{Derived, How, bind_strong, derived};
use kiln_backends::program::sister::{tidy, without_effects};
use kiln_backends::program::{ArrayType, Binary, Equation, Few, Program, Var};
use std::sync::Arc;

/// Returns the program of cotangents, which [`How::Backward`] describes.
pub(crate) fn backward(program: &Arc<Program>, wanted: &[bool], given: &[bool], outputs: bool) -> Derived {
    let how = How::Backward {
        wanted: wanted.to_vec(),
        given: given.to_vec(),
        outputs,
    };
    let types = || {
        let mut types = program.input_types();
        types.extend(chosen(&program.output_types(), given));
        types
    };
    derived(program, how, types, |program, arrays| {
        let (inputs, cotangents) = arrays.split_at(program.inputs().len());
        let program = &match outputs {
            true => tidy(program),
            false => tidy(&without_effects(program)),
        };
        let tape = Tape::forward(program, inputs, wanted, given);
        let mut cotangents = cotangents.iter().cloned();
        let given = given
            .iter()
            .map(|&given| given.then(|| cotangents.next().expect("one for each given output")));
        let found = tape.backward(given.collect());
        let present = found.iter().map(Option::is_some).collect();
        let mut results = if outputs { tape.outputs() } else { Vec::new() };
        results.extend(found.into_iter().flatten());
        (results, present)
    })
}

/// The values of a forward pass that the backward pass reads.
pub(super) struct Tape<'p> {
    program: &'p Program,
    wanted: &'p [bool],
    /// Marks each variable whose cotangent the backward pass needs: the variable depends on the wanted
    /// inputs, and the given outputs depend on it.
    live: Vec<bool>,
    values: Vec<Array>,
    /// The residuals of each equation, from its forward rule.
    residuals: Vec<Vec<Array>>,
}

/// One equation, with all values that its rule may read.
pub(super) struct RuleInputs<'t> {
    pub(super) equation: &'t Equation,
    pub(super) operands: Few<Array, 4>,
    /// The types of the equation's results.
    pub(super) results: Few<ArrayType, 2>,
    /// Marks the operands whose cotangents are wanted.
    pub(super) wanted: Vec<bool>,
    /// Marks the results that may have a cotangent, as far as the forward pass knows.
    pub(super) live: Vec<bool>,
    /// Marks the results that have a cotangent.
    pub(super) given: Vec<bool>,
}

impl<'p> Tape<'p> {
    pub(super) fn forward(
        program: &'p Program,
        inputs: &[Array],
        wanted: &'p [bool],
        given: &[bool],
    ) -> Tape<'p> {
        let mut tape = Tape {
            program,
            wanted,
            live: live(program, wanted, given),
            values: inputs.to_vec(),
            residuals: Vec::with_capacity(program.equations().len()),
        };
        for equation in program.equations() {
            let rule = tape.rule(equation);
            let (results, residuals) = if rule.is_live() {
                rules::forward(&rule)
            } else {
                (
                    bind_strong(equation.op.clone(), &rule.operands).into_vec(),
                    Vec::new(),
                )
            };
            tape.values.extend(results);
            tape.residuals.push(residuals);
        }
        tape
    }

    fn rule(&self, equation: &'p Equation) -> RuleInputs<'p> {
        let flags = |vars: &[Var]| -> Vec<bool> { vars.iter().map(|var| self.live[var.index()]).collect() };
        RuleInputs {
            equation,
            operands: equation
                .inputs
                .iter()
                .map(|var| self.values[var.index()].clone())
                .collect(),
            results: equation
                .outputs
                .iter()
                .map(|&var| self.program.type_of(var).clone())
                .collect(),
            wanted: flags(&equation.inputs),
            live: flags(&equation.outputs),
            given: Vec::new(),
        }
    }

    fn outputs(&self) -> Vec<Array> {
        let outputs = self.program.outputs().iter();
        outputs.map(|var| self.values[var.index()].clone()).collect()
    }

    /// Returns the cotangents of the wanted inputs, given those of the outputs.
    pub(super) fn backward(&self, given: Vec<Option<Array>>) -> Vec<Option<Array>> {
        let mut cotangents: Vec<Option<Array>> = vec![None; self.program.variables()];
        for (var, cotangent) in self.program.outputs().iter().zip(given) {
            if self.live[var.index()] {
                accumulate(&mut cotangents[var.index()], cotangent);
            }
        }
        for (i, (equation, residuals)) in self
            .program
            .equations()
            .iter()
            .zip(&self.residuals)
            .enumerate()
            .rev()
        {
            let _made_for = made_for(self.program, i);
            let _derivative = derivative();
            let given: Vec<Option<Array>> = equation
                .outputs
                .iter()
                .map(|var| cotangents[var.index()].take())
                .collect();
            if given.iter().all(Option::is_none) {
                continue;
            }
            let mut rule = self.rule(equation);
            rule.given = given.iter().map(Option::is_some).collect();
            let found = rules::backward(&rule, residuals, given);
            for ((var, cotangent), &wanted) in equation.inputs.iter().zip(found).zip(&rule.wanted) {
                if wanted {
                    accumulate(&mut cotangents[var.index()], cotangent);
                }
            }
        }
        cotangents.truncate(self.wanted.len());
        let wanted = cotangents.into_iter().zip(self.wanted);
        wanted
            .map(|(cotangent, &wanted)| cotangent.filter(|_| wanted))
            .collect()
    }
}

impl RuleInputs<'_> {
    fn is_live(&self) -> bool {
        self.live.contains(&true)
    }

    pub(super) fn types(&self) -> Vec<ArrayType> {
        self.operands.iter().map(Array::array_type).collect()
    }
}

fn accumulate(sum: &mut Option<Array>, term: Option<Array>) {
    *sum = match (sum.take(), term) {
        (Some(sum), Some(term)) => Some(binary(Binary::Add, &sum, &term)),
        (sum, term) => sum.or(term),
    };
}
