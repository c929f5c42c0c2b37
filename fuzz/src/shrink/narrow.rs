//! Takes one result or one operand from an equation.

use super::dead::{alive, is_read, with_outputs};
use kiln_program::sister::Rewrite;
use kiln_program::{Op, Program, Scan, Var};
use std::sync::Arc;

/// Returns programs in which one equation has one result less that nobody reads, or one operand less.
pub(super) fn narrower(program: &Program) -> Vec<Program> {
    let mut found = vec![];
    for (i, equation) in program.equations().iter().enumerate() {
        let unused = |k: &usize| !is_read(program, equation.outputs[*k]);
        let results = (0..equation.outputs.len())
            .filter(unused)
            .map(|k| (Some(k), None));
        let operands = (0..equation.inputs.len()).map(|k| (None, Some(k)));
        for (result, operand) in results.chain(operands) {
            if let Some((op, operand)) = narrowed(&equation.op, result, operand) {
                found.extend(with_narrower(program, i, &op, result, operand));
            }
        }
    }
    found
}

/// Returns the op without one result or one operand, and the operand that goes, if the op can do without
/// them.
fn narrowed(op: &Op, result: Option<usize>, operand: Option<usize>) -> Option<(Op, Option<usize>)> {
    let less = |program: &Arc<Program>, input: Option<usize>| {
        let outputs = program.outputs().iter().enumerate();
        let outputs: Vec<Var> = outputs
            .filter(|(k, _)| Some(*k) != result)
            .map(|(_, &var)| var)
            .collect();
        let program = alive(&with_outputs(program, &outputs));
        match input {
            Some(input) => without_input(&program, input).map(Arc::new),
            None => Some(Arc::new(program)),
        }
    };
    let op = match op {
        Op::Call(program) => Op::Call(less(program, operand)?),
        Op::Checkpoint(program) => Op::Checkpoint(less(program, operand)?),
        Op::Cond(branches) => {
            let input = match operand {
                Some(operand) => Some(operand.checked_sub(1)?),
                None => None,
            };
            Op::Cond(
                branches
                    .iter()
                    .map(|branch| less(branch, input))
                    .collect::<Option<_>>()?,
            )
        }
        Op::Scan(scan) => {
            let (mut consts, mut carries) = (scan.consts, scan.carries);
            // A carry goes with its result.
            let input = match (result, operand) {
                (Some(result), _) if result < carries => {
                    carries -= 1;
                    Some(consts + result)
                }
                (None, Some(operand)) if operand < consts => {
                    consts -= 1;
                    Some(operand)
                }
                (None, Some(operand)) if operand < consts + carries => return None,
                (_, operand) => operand,
            };
            let scan = Scan {
                body: less(&scan.body, input)?,
                consts,
                carries,
                ..scan.clone()
            };
            return Some((Op::Scan(scan), input));
        }
        _ => return None,
    };
    Some((op, operand))
}

fn without_input(program: &Program, gone: usize) -> Option<Program> {
    if is_read(program, program.inputs().nth(gone)?) {
        return None;
    }
    let mut new = Rewrite::with_inputs(program, program.inputs().filter(|var| var.index() != gone));
    program.equations().iter().for_each(|equation| new.copy(equation));
    Some(new.finish(program.outputs()))
}

/// Returns the program with another op for an equation. The op lacks one result or one operand.
fn with_narrower(
    program: &Program,
    changed: usize,
    op: &Op,
    result: Option<usize>,
    operand: Option<usize>,
) -> Option<Program> {
    let mut new = Rewrite::of(program);
    for (i, equation) in program.equations().iter().enumerate() {
        if i != changed {
            new.write(equation, equation.op.clone()).ok()?;
            continue;
        }
        let mut operands = new.operands(equation);
        if let Some(operand) = operand {
            operands.remove(operand);
        }
        let mut outputs = equation.outputs.clone();
        if let Some(result) = result {
            outputs.remove(result);
        }
        let made = new.builder.push(op.clone(), &operands).ok()?;
        new.define(&outputs, made);
    }
    Some(new.finish(program.outputs()))
}
