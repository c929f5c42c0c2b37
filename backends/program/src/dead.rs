//! Dropping what nobody reads.

use crate::op::{Op, Scan};
use crate::{Builder, Program, Var, Vars};
use std::sync::Arc;

/// The program without the equations whose results nobody reads, and with its loops trimmed to what is read of them.
pub(crate) fn without_dead_code(program: &Program) -> Program {
    trimmed(
        program,
        &vec![true; program.inputs().len()],
        &vec![true; program.outputs().len()],
    )
}

/// The program with some of its inputs and results only.
fn trimmed(program: &Program, inputs: &[bool], results: &[bool]) -> Program {
    let live = live(program, results);
    let mut builder = Builder::new();
    let mut map: Vec<Option<Var>> = vec![None; program.variables()];
    for (var, _) in program.inputs().zip(inputs).filter(|(_, kept)| **kept) {
        map[var.index()] = Some(builder.input(program.type_of(var).clone()));
    }
    for equation in program.equations() {
        let read: Vec<bool> = equation.outputs.iter().map(|var| live[var.index()]).collect();
        if !read.contains(&true) && !equation.op.has_effect() {
            continue;
        }
        let everything = || {
            (
                vec![true; equation.inputs.len()],
                vec![true; equation.outputs.len()],
            )
        };
        let (op, (operands, kept)) = match &equation.op {
            Op::Scan(scan) if read.contains(&false) => {
                let needed = needed(scan, &read);
                (Op::Scan(only(scan, &needed.0, &needed.1)), needed)
            }
            op => (op.clone(), everything()),
        };
        let operands: Vars = keep(&equation.inputs, &operands)
            .map(|var| map[var.index()].expect("what is live is defined"))
            .collect();
        let outputs = builder.push(op, &operands).expect("an equation kept as it was");
        for (var, output) in keep(&equation.outputs, &kept).zip(outputs) {
            map[var.index()] = Some(output);
        }
    }
    let outputs: Vec<Var> = keep(program.outputs(), results)
        .map(|var| map[var.index()].expect("what is live is defined"))
        .collect();
    builder.finish(&outputs)
}

fn keep<'a>(vars: &'a [Var], kept: &'a [bool]) -> impl Iterator<Item = Var> + 'a {
    vars.iter()
        .zip(kept)
        .filter(|(_, kept)| **kept)
        .map(|(var, _)| *var)
}

/// For each variable, whether some of these results depend on it.
fn live(program: &Program, results: &[bool]) -> Vec<bool> {
    let mut live = vec![false; program.variables()];
    keep(program.outputs(), results).for_each(|var| live[var.index()] = true);
    for equation in program.equations().iter().rev() {
        let read: Vec<bool> = equation.outputs.iter().map(|var| live[var.index()]).collect();
        if !read.contains(&true) && !equation.op.has_effect() {
            continue;
        }
        let operands = match &equation.op {
            Op::Scan(scan) if read.contains(&false) => needed(scan, &read).0,
            _ => vec![true; equation.inputs.len()],
        };
        keep(&equation.inputs, &operands).for_each(|var| live[var.index()] = true);
    }
    live
}

/// Which operands and results of a loop there must be, to have these results: a carry that another reads goes around with it.
fn needed(scan: &Scan, wanted: &[bool]) -> (Vec<bool>, Vec<bool>) {
    let mut results = wanted.to_vec();
    let carries = scan.consts..scan.consts + scan.carries;
    loop {
        let live = live(&scan.body, &results);
        let mut operands = live[..scan.body.inputs().len()].to_vec();
        let before = results.clone();
        for (result, operand) in results.iter_mut().zip(&mut operands[carries.clone()]) {
            *result |= *operand;
            *operand = *result;
        }
        if results == before {
            return (operands, results);
        }
    }
}

/// The loop with some of its operands and results.
fn only(scan: &Scan, operands: &[bool], results: &[bool]) -> Scan {
    let count = |kept: &[bool]| kept.iter().filter(|kept| **kept).count();
    Scan {
        body: Arc::new(trimmed(&scan.body, operands, results)),
        length: scan.length,
        consts: count(&operands[..scan.consts]),
        carries: count(&results[..scan.carries]),
        reverse: scan.reverse,
    }
}
