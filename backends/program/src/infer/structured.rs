//! The rules of the ops that hold programs.

use super::check::{Types, check};
use crate::dtype::DType;
use crate::op::{Custom, CustomRule, Scan, While};
use crate::program::Program;
use crate::shape::ArrayType;
use std::sync::Arc;

pub(super) fn called(program: &Program, operands: &[&ArrayType]) -> Result<Types, String> {
    passed("the program", &program.input_types(), operands)?;
    Ok(program.output_types().into())
}

pub(super) fn cond(branches: &[Arc<Program>], operands: &[&ArrayType]) -> Result<Types, String> {
    let (which, inputs) = operands.split_first().ok_or("needs the number of a branch")?;
    check(**which == ArrayType::new(DType::I32, []), || {
        format!("the number of a branch is {which}, not i32[]")
    })?;
    let types = called(branches.first().ok_or("needs a branch")?, inputs)?;
    for branch in &branches[1..] {
        let others = called(branch, inputs)?;
        check(others == types, || {
            format!("branches give {types:?} and {others:?}")
        })?;
    }
    Ok(types)
}

pub(super) fn scanned(scan: &Scan, operands: &[&ArrayType]) -> Result<Types, String> {
    let fixed = scan.consts.saturating_add(scan.carries);
    check(operands.len() >= fixed, || {
        format!("takes at least {fixed} operands, got {}", operands.len())
    })?;
    let mut inputs: Vec<ArrayType> = operands[..fixed].iter().map(|&x| x.clone()).collect();
    for x in &operands[fixed..] {
        check(x.shape.first() == Some(&scan.length), || {
            format!("{x} cannot be scanned in {} iterations", scan.length)
        })?;
        inputs.push(ArrayType::new(x.dtype, &x.shape[1..]));
    }
    passed(
        "the body",
        &scan.body.input_types(),
        &inputs.iter().collect::<Vec<_>>(),
    )?;
    let mut outputs = scan.body.output_types();
    carried(&outputs, &operands[scan.consts..fixed])?;
    for y in &mut outputs[scan.carries..] {
        *y = y.stacked(scan.length);
        check(y.checked_bytes().is_some(), || {
            format!("shape {} has too many elements", y.shape)
        })?;
    }
    Ok(outputs.into())
}

pub(super) fn looped(w: &While, operands: &[&ArrayType]) -> Result<Types, String> {
    check(operands.len() >= w.consts, || {
        format!("takes at least {} operands, got {}", w.consts, operands.len())
    })?;
    passed("the condition", &w.condition.input_types(), operands)?;
    passed("the body", &w.body.input_types(), operands)?;
    let flag = w.condition.output_types();
    check(flag == [ArrayType::new(DType::Bool, [])], || {
        "the condition does not give one scalar bool".into()
    })?;
    let carry = &operands[w.consts..];
    carried(&w.body.output_types(), carry)?;
    check(w.body.output_types().len() == carry.len(), || {
        "the body gives more than the carry".into()
    })?;
    Ok(carry.iter().map(|&x| x.clone()).collect())
}

pub(super) fn customised(custom: &Custom, operands: &[&ArrayType]) -> Result<Types, String> {
    let outputs = called(&custom.program, operands)?;
    check(custom.consts <= operands.len(), || {
        format!("{} consts among {} operands", custom.consts, operands.len())
    })?;
    let (consts, inputs) = operands.split_at(custom.consts);
    let twice = |gives: &str, results: &[ArrayType], first: &[ArrayType], second: &[&ArrayType]| {
        let fits = results.len() == first.len() + second.len()
            && results
                .iter()
                .zip(first.iter().chain(second.iter().copied()))
                .all(|(x, y)| x == y);
        check(fits, || format!("{gives} gives {results:?}"))
    };
    match &custom.rule {
        CustomRule::Vjp { forward, backward } => {
            passed("the forward rule", &forward.input_types(), operands)?;
            let results = forward.output_types();
            check(results.starts_with(&outputs), || {
                format!("the forward rule gives {results:?}, the function {outputs:?}")
            })?;
            let residuals = results[outputs.len()..].iter().chain(&outputs);
            let given: Vec<&ArrayType> = consts.iter().copied().chain(residuals).collect();
            passed("the backward rule", &backward.input_types(), &given)?;
            twice("the backward rule", &backward.output_types(), &[], inputs)?;
        }
        CustomRule::Jvp(rule) => {
            let given: Vec<&ArrayType> = operands.iter().chain(inputs).copied().collect();
            passed("the rule", &rule.input_types(), &given)?;
            twice(
                "the rule",
                &rule.output_types(),
                &outputs,
                &outputs.iter().collect::<Vec<_>>(),
            )?;
        }
    }
    Ok(outputs)
}

fn passed(whom: &str, wanted: &[ArrayType], got: &[&ArrayType]) -> Result<(), String> {
    check(wanted.len() == got.len(), || {
        format!("{whom} takes {} inputs, got {}", wanted.len(), got.len())
    })?;
    for (i, (wanted, got)) in wanted.iter().zip(got).enumerate() {
        check(wanted == *got, || {
            format!("input {i} of {whom} is {wanted}, got {got}")
        })?;
    }
    Ok(())
}

fn carried(outputs: &[ArrayType], carry: &[&ArrayType]) -> Result<(), String> {
    check(outputs.len() >= carry.len(), || {
        format!("{} carries, {} results", carry.len(), outputs.len())
    })?;
    for (i, (after, before)) in outputs.iter().zip(carry).enumerate() {
        check(after == *before, || {
            format!("carry {i} goes in as {before} and comes out as {after}")
        })?;
    }
    Ok(())
}
