//! Dead code elimination.

use crate::op::{Op, Scan};
use crate::program::{Builder, Equation, Program, Var};
use rustc_hash::FxHashMap;
use std::sync::Arc;

/// Returns the program without the equations whose results nobody reads. Loops keep only the operands and
/// results that are needed.
pub(crate) fn without_dead_code(program: Program) -> Program {
    let (inputs, results) = (
        vec![true; program.inputs().len()],
        vec![true; program.outputs().len()],
    );
    trimmed(program, &inputs, &results, &mut Needs::default())
}

/// The results of the pass for each loop. Without this table, the time would double with every level of
/// loops.
#[derive(Default)]
struct Needs {
    of: FxHashMap<Wanted, Marks>,
    bodies: FxHashMap<(Arc<Program>, Marks), Arc<Program>>,
}

/// The key of a loop: its body, its numbers of consts and carries, and the results that are wanted.
type Wanted = (Arc<Program>, [usize; 2], Vec<bool>);

/// Marks of the operands and of the results that a loop must have.
type Marks = (Vec<bool>, Vec<bool>);

/// Returns the program with only some of its inputs and results.
fn trimmed(program: Program, inputs: &[bool], results: &[bool], needs: &mut Needs) -> Program {
    let live = live(&program, results, needs);
    let is_live = |var: &Var| live[var.index()];
    let all_live = |equation: &Equation| equation.outputs.iter().all(is_live);
    let whole = inputs.iter().chain(results).all(|kept| *kept);
    // An equation without results is there for its effect, or for nothing.
    let is_there = |equation: &Equation| !equation.outputs.is_empty() || equation.op.has_effect();
    let stays = |equation: &Equation| is_there(equation) && all_live(equation);
    if whole && program.equations().iter().all(stays) {
        return program;
    }
    let mut builder = Builder::new();
    let mut map: Vec<Option<Var>> = vec![None; program.variables()];
    for (var, _) in program.inputs().zip(inputs).filter(|(_, kept)| **kept) {
        map[var.index()] = Some(builder.input(program.type_of(var).clone()));
    }
    let outputs: Vec<Var> = keep(program.outputs(), results).collect();
    let (mut equations, types) = program.into_equations();
    // In place: a long program is large.
    equations.retain_mut(|equation| {
        if !(equation.outputs.iter().any(is_live) || equation.op.has_effect()) {
            return false;
        }
        if let Op::Scan(scan) = &equation.op
            && !all_live(equation)
        {
            let read: Vec<bool> = equation.outputs.iter().map(is_live).collect();
            let (operands, kept) = needed(scan, &read, needs);
            *equation = Equation {
                op: Op::Scan(only(scan, &operands, &kept, needs)),
                inputs: keep(&equation.inputs, &operands).collect(),
                outputs: keep(&equation.outputs, &kept).collect(),
            };
        }
        for var in &mut equation.inputs {
            *var = map[var.index()].expect("what is live is defined");
        }
        for var in &mut equation.outputs {
            let old = var.index();
            *var = builder.define(types[old].clone());
            map[old] = Some(*var);
        }
        true
    });
    drop(types);
    let outputs: Vec<Var> = outputs
        .into_iter()
        .map(|var| map[var.index()].expect("what is live is defined"))
        .collect();
    builder.with_equations(equations).finish(&outputs)
}

fn keep<'a>(vars: &'a [Var], kept: &'a [bool]) -> impl Iterator<Item = Var> + 'a {
    vars.iter()
        .zip(kept)
        .filter(|(_, kept)| **kept)
        .map(|(var, _)| *var)
}

/// Returns, for each variable, true if some of these results depend on it.
fn live(program: &Program, results: &[bool], needs: &mut Needs) -> Vec<bool> {
    let mut live = vec![false; program.variables()];
    keep(program.outputs(), results).for_each(|var| live[var.index()] = true);
    for equation in program.equations().iter().rev() {
        let outputs = &equation.outputs;
        if !outputs.iter().any(|var| live[var.index()]) && !equation.op.has_effect() {
            continue;
        }
        match &equation.op {
            Op::Scan(scan) if !outputs.iter().all(|var| live[var.index()]) => {
                let read: Vec<bool> = outputs.iter().map(|var| live[var.index()]).collect();
                let operands = needed(scan, &read, needs).0;
                keep(&equation.inputs, &operands).for_each(|var| live[var.index()] = true);
            }
            _ => equation.inputs.iter().for_each(|var| live[var.index()] = true),
        }
    }
    live
}

/// Marks the operands and results that a loop must have for the wanted results. A carry stays if a carry that
/// stays reads it.
fn needed(scan: &Scan, wanted: &[bool], needs: &mut Needs) -> Marks {
    let key = (scan.body.clone(), [scan.consts, scan.carries], wanted.to_vec());
    if let Some(known) = needs.of.get(&key) {
        return known.clone();
    }
    let mut results = wanted.to_vec();
    let carries = scan.consts..scan.consts + scan.carries;
    loop {
        let live = live(&scan.body, &results, needs);
        let mut operands = live[..scan.body.inputs().len()].to_vec();
        let before = results.clone();
        for (result, operand) in results.iter_mut().zip(&mut operands[carries.clone()]) {
            *result |= *operand;
            *operand = *result;
        }
        if results == before {
            needs.of.insert(key, (operands.clone(), results.clone()));
            return (operands, results);
        }
    }
}

/// Returns the loop with some of its operands and results.
fn only(scan: &Scan, operands: &[bool], results: &[bool], needs: &mut Needs) -> Scan {
    let count = |kept: &[bool]| kept.iter().filter(|kept| **kept).count();
    let key = (scan.body.clone(), (operands.to_vec(), results.to_vec()));
    let body = match needs.bodies.get(&key) {
        Some(body) => body.clone(),
        None => {
            let body = Arc::new(trimmed((*scan.body).clone(), operands, results, needs));
            needs.bodies.insert(key, body.clone());
            body
        }
    };
    Scan {
        body,
        length: scan.length,
        consts: count(&operands[..scan.consts]),
        carries: count(&results[..scan.carries]),
        reverse: scan.reverse,
    }
}
