//! The reverse rule of every op: the forward pass with its residuals, and the backward pass.

use super::backward::{RuleInputs, backward as program_of_cotangents};
use super::partial::{is_cheap, split};
use super::{chosen, indexing, linalg, plain, scan, spread, zeros};
use crate::array::Array;
use crate::transform::{bind_strong, evaluate};
use kiln_backends::program::sister::{Found, once, with_zeros};
use kiln_backends::program::{ArrayType, Custom, CustomRule, Op, Program};
use std::sync::Arc;

/// Returns an op's results, and the residuals that its backward rule needs beside its operands.
pub(super) fn forward(rule: &RuleInputs) -> (Vec<Array>, Vec<Array>) {
    let op = &rule.equation.op;
    let results = |op: &Op| bind_strong(op.clone(), &rule.operands).into_vec();
    match op {
        Op::Call(program) if keeps(program) => {
            let parts = split(program, &rule.wanted, &rule.live);
            let mut results = results(&Op::Call(parts.forward));
            let kept = results.split_off(program.outputs().len());
            (results, kept)
        }
        Op::Scan(op) => scan::forward(op, rule),
        Op::Custom(custom) => match &custom.rule {
            CustomRule::Vjp { forward, .. } => {
                let mut results = results(&Op::Call(forward.clone()));
                let residuals = results.split_off(custom.program.outputs().len());
                (results, residuals)
            }
            CustomRule::Jvp(_) => (results(op), vec![]),
        },
        op => (results(op), vec![]),
    }
}

/// Returns true if a program computes a value that is better kept for the backward pass than computed again.
/// The backward pass may be in another program, or in another iteration of a loop.
fn keeps(program: &Program) -> bool {
    thread_local! {
        static FOUND: Found<(), bool> = const { Found::new(None) };
    }
    once(&FOUND, program, (), || {
        program.equations().iter().any(|equation| match &equation.op {
            Op::Call(program) => keeps(program),
            op => !is_cheap(op),
        })
    })
}

/// Returns the cotangents of an op's operands. At least one of its results has a cotangent.
pub(super) fn backward(
    rule: &RuleInputs,
    residuals: &[Array],
    given: Vec<Option<Array>>,
) -> Vec<Option<Array>> {
    let op = &rule.equation.op;
    let operands = &rule.operands[..];
    let cotangents = || given.iter().flatten().cloned();
    match op {
        Op::Call(program) if keeps(program) => {
            // The forward pass assumed a cotangent for every result that may have one.
            let parts = split(program, &rule.wanted, &rule.live);
            let given = chosen(&instantiated(&given, &rule.results), &rule.live);
            let inputs = parts.residuals.iter().map(|&i| operands[i].clone());
            let inputs: Vec<Array> = inputs.chain(residuals.iter().cloned()).chain(given).collect();
            spread(&parts.present, bind_strong(Op::Call(parts.backward), &inputs))
        }
        Op::Call(program) => {
            let derived = program_of_cotangents(program, &rule.wanted, &rule.given, false);
            let inputs: Vec<Array> = operands.iter().cloned().chain(cotangents()).collect();
            spread(&derived.present, bind_strong(Op::Call(derived.program), &inputs))
        }
        Op::Checkpoint(program) => {
            let derived = program_of_cotangents(program, &rule.wanted, &rule.given, false);
            let inputs: Vec<Array> = operands.iter().cloned().chain(cotangents()).collect();
            spread(
                &derived.present,
                bind_strong(Op::Checkpoint(derived.program), &inputs),
            )
        }
        Op::Cond(branches) => cond(branches, rule, cotangents()),
        Op::Scan(op) => scan::backward(op, rule, residuals, given),
        Op::Custom(user) => custom(user, rule, residuals, given),
        Op::Gather { axes, batch, mode } => indexing::gather(operands, axes, *batch, *mode, &given[0]),
        Op::Scatter {
            kind,
            axes,
            batch,
            mode,
        } => {
            let index = indexing::Index::of(operands[0].array_type(), &operands[2..], axes, *batch, *mode);
            indexing::scatter(*kind, &index, operands, &rule.wanted, &given[0])
        }
        Op::Linalg(f) => linalg::linalg(*f, operands, &rule.wanted, &given),
        Op::While(_) | Op::StopGradient | Op::Effect(_) => unreachable!("no cotangent reaches {}", op.name()),
        // The table of derivatives has a row for each other op.
        op => {
            let rule = plain::vjp_of(op, rule.types(), &rule.wanted, &rule.given);
            let inputs: Vec<Array> = operands.iter().cloned().chain(cotangents()).collect();
            spread(&rule.1, evaluate(&rule.0, &inputs))
        }
    }
}

/// Binds the derivative that a user gave.
fn custom(
    custom: &Custom,
    rule: &RuleInputs,
    residuals: &[Array],
    given: Vec<Option<Array>>,
) -> Vec<Option<Array>> {
    let operands = &rule.operands[..];
    let cotangents = || given.iter().flatten().cloned();
    let (consts, inputs) = operands.split_at(custom.consts);
    let outputs = &rule.results;
    let found = match &custom.rule {
        CustomRule::Vjp { backward, .. } => {
            let given = instantiated(&given, outputs);
            let arguments: Vec<Array> = [consts, residuals, &given].concat();
            let found = bind_strong(Op::Call(backward.clone()), &arguments);
            found.into_iter().map(Some).collect()
        }
        CustomRule::Jvp(tangents_of) => {
            // The rule is linear in the tangents, so they may be zero.
            let types: Vec<ArrayType> = inputs.iter().map(Array::array_type).collect();
            let mut wanted = vec![false; operands.len()];
            wanted.extend(types.iter().map(|of| of.dtype.is_float()));
            let mut marks = vec![false; outputs.len()];
            marks.extend(&rule.given);
            let derived = program_of_cotangents(tangents_of, &wanted, &marks, false);
            let tangents = types.iter().map(zeros);
            let arguments: Vec<Array> = operands
                .iter()
                .cloned()
                .chain(tangents)
                .chain(cotangents())
                .collect();
            let found = bind_strong(Op::Call(derived.program), &arguments);
            spread(&derived.present, found).split_off(operands.len())
        }
    };
    consts.iter().map(|_| None).chain(found).collect()
}

/// Returns the cotangents, with zeros for missing ones.
pub(super) fn instantiated(given: &[Option<Array>], types: &[ArrayType]) -> Vec<Array> {
    let pairs = given.iter().zip(types);
    pairs
        .map(|(given, of)| given.clone().unwrap_or_else(|| zeros(of)))
        .collect()
}

/// Binds the choice between the branches' cotangents. Each branch computes its residuals again.
fn cond(
    branches: &[Arc<Program>],
    rule: &RuleInputs,
    cotangents: impl Iterator<Item = Array>,
) -> Vec<Option<Array>> {
    let (which, operands) = rule.operands.split_first().expect("the number of a branch");
    let wanted = &rule.wanted[1..];
    let derived: Vec<_> = branches
        .iter()
        .map(|branch| program_of_cotangents(branch, wanted, &rule.given, false))
        .collect();
    let present: Vec<bool> = (0..wanted.len())
        .map(|i| derived.iter().any(|derived| derived.present[i]))
        .collect();
    let types: Vec<ArrayType> = operands.iter().map(Array::array_type).collect();
    let arguments: Vec<Array> = operands.iter().cloned().chain(cotangents).collect();
    let alike = derived
        .iter()
        .map(|derived| with_zeros(&derived.program, &derived.present, &present, &types))
        .collect();
    let arguments: Vec<Array> = std::iter::once(which.clone()).chain(arguments).collect();
    let found = spread(&present, bind_strong(Op::Cond(alike), &arguments));
    std::iter::once(None).chain(found).collect()
}
