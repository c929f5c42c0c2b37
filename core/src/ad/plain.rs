//! The derivatives of one op in both modes, as cached programs.

use super::backward::{Tape, backward};
use super::{chosen, spread, zeros};
use crate::array::Array;
use crate::cache::Cache;
use crate::debug::nans::derivative;
use crate::transform::{evaluate, trace_program};
use kiln_backends::program::{ArrayType, Builder, Op, Program};
use rustc_hash::FxBuildHasher;
use std::hash::BuildHasher;
use std::sync::{Arc, LazyLock};

/// A derivative of an op: its program, and a mark for each cotangent or tangent that is among the results.
pub(crate) type Rule = Arc<(Program, Vec<bool>)>;

#[derive(Clone, PartialEq, Eq, Hash)]
struct Question {
    forward: bool,
    op: Op,
    types: Vec<ArrayType>,
    /// Marks the operands whose cotangents are wanted, or whose tangents are given.
    operands: Vec<bool>,
    /// Marks the results that have a cotangent.
    results: Vec<bool>,
}

fn answered(question: Question, answer: impl FnOnce(&Question) -> (Program, Vec<bool>)) -> Rule {
    static RULES: LazyLock<Cache<(Arc<Question>, Rule)>> = LazyLock::new(Cache::new);
    let hash = FxBuildHasher.hash_one(&question);
    if let Some((_, rule)) = RULES.find(hash, |(known, _)| **known == question) {
        return rule;
    }
    let rule = Arc::new(answer(&question));
    let bytes = size_of::<Question>() + rule.0.bytes();
    RULES.insert(hash, (Arc::new(question), rule.clone()), bytes);
    rule
}

/// Returns `(operands, cotangents of the given results) -> cotangents` of those wanted operands that have
/// one. The program comes from Burn's autodiff, or from a formula.
pub(crate) fn vjp_of(op: &Op, types: Vec<ArrayType>, wanted: &[bool], given: &[bool]) -> Rule {
    let question = Question {
        forward: false,
        op: op.clone(),
        types,
        operands: wanted.to_vec(),
        results: given.to_vec(),
    };
    answered(question, |asked| {
        let gradient = kiln_backends::vjp(&asked.op, &asked.types, &asked.operands, &asked.results)
            .unwrap_or_else(|error| panic!("the gradient of {}: {error}", asked.op.name()));
        (gradient.program, gradient.has)
    })
}

/// Returns the tangents of an op's results, given those of some operands.
///
/// A vector-Jacobian product is linear in its cotangent. Its own backward pass with respect to the cotangent
/// is the Jacobian-vector product. The value of the cotangent does not matter, so it is zero.
pub(crate) fn tangents(op: &Op, operands: &[Array], given: &[Option<Array>]) -> Vec<Option<Array>> {
    let types: Vec<ArrayType> = operands.iter().map(Array::array_type).collect();
    let moving: Vec<bool> = given.iter().map(Option::is_some).collect();
    let question = Question {
        forward: true,
        op: op.clone(),
        types,
        operands: moving,
        results: Vec::new(),
    };
    let rule = answered(question, transposed);
    let inputs: Vec<Array> = operands.iter().chain(given.iter().flatten()).cloned().collect();
    let _derivative = derivative();
    spread(&rule.1, evaluate(&rule.0, &inputs))
}

fn transposed(asked: &Question) -> (Program, Vec<bool>) {
    let mut single = Builder::new();
    let operands: Vec<_> = asked.types.iter().map(|of| single.input(of.clone())).collect();
    let results = single
        .push(asked.op.clone(), &operands)
        .expect("an op of a program");
    let single = Arc::new(single.finish(&results));
    let outputs = single.output_types();
    let differentiable = crate::depend::dependent_outputs(&single, &asked.operands);
    let pullback = backward(&single, &asked.operands, &differentiable, false);

    let moving = chosen(&asked.types, &asked.operands);
    let types: Vec<ArrayType> = asked.types.iter().chain(&moving).cloned().collect();
    let mut present = vec![];
    let program = trace_program(&types, |arrays| {
        let (operands, tangents) = arrays.split_at(asked.types.len());
        let placeholders = chosen(&outputs, &differentiable);
        let mut inputs = operands.to_vec();
        inputs.extend(placeholders.iter().map(zeros));
        let mut wanted = vec![false; operands.len()];
        wanted.resize(inputs.len(), true);
        let given = chosen(&pullback.present, &asked.operands);
        let tape = Tape::forward(
            &pullback.program,
            &inputs,
            &wanted,
            &vec![true; pullback.program.outputs().len()],
        );
        // The tangents of operands without a cotangent are dropped.
        let tangents = chosen(tangents, &given).into_iter().map(Some).collect();
        let mut found = tape.backward(tangents).split_off(operands.len()).into_iter();
        let found: Vec<Option<Array>> = differentiable
            .iter()
            .map(|&differentiable| {
                if differentiable {
                    found.next().flatten()
                } else {
                    None
                }
            })
            .collect();
        present = found.iter().map(Option::is_some).collect();
        found.into_iter().flatten().collect::<Vec<Array>>()
    });
    (program, present)
}
