//! Runs a program by its definition: one equation after another, each as a program of its own, and loops
//! iteration by iteration.

use crate::values::{buffer, row, stacked};
use kiln::{Array, call};
use kiln_program::{Builder, Equation, Op, Program, Scan};
use std::sync::Arc;

/// Returns the results of a program for these arrays.
pub fn run(program: &Program, inputs: &[Array]) -> Vec<Array> {
    let values = variables(program, inputs);
    program
        .outputs()
        .iter()
        .map(|var| values[var.index()].clone())
        .collect()
}

/// Returns the values of all variables of a program.
pub fn variables(program: &Program, inputs: &[Array]) -> Vec<Array> {
    let mut values = inputs.to_vec();
    for equation in program.equations() {
        let operands: Vec<Array> = equation
            .inputs
            .iter()
            .map(|var| values[var.index()].clone())
            .collect();
        values.extend(results(equation, &operands));
    }
    values
}

fn results(equation: &Equation, operands: &[Array]) -> Vec<Array> {
    match &equation.op {
        Op::Call(program) | Op::Checkpoint(program) => run(program, operands),
        Op::Custom(custom) => run(&custom.program, operands),
        Op::Scan(scan) => iterations(scan, operands),
        Op::While(w) => {
            let mut inputs = operands.to_vec();
            while buffer(&run(&w.condition, &inputs)[0]).as_slice::<bool>()[0] {
                let carry = run(&w.body, &inputs);
                inputs.splice(w.consts.., carry);
            }
            inputs.split_off(w.consts)
        }
        Op::Cond(branches) => {
            let number = buffer(&operands[0]).as_slice::<i32>()[0];
            let nearest = usize::try_from(number).unwrap_or(0).min(branches.len() - 1);
            run(&branches[nearest], &operands[1..])
        }
        op => alone(op, operands),
    }
}

fn iterations(scan: &Scan, operands: &[Array]) -> Vec<Array> {
    let (consts, rest) = operands.split_at(scan.consts);
    let (carry, xs) = rest.split_at(scan.carries);
    let mut carry = carry.to_vec();
    let types = scan.body.output_types();
    let mut ys: Vec<Vec<Array>> = vec![vec![]; types.len() - scan.carries];
    for iteration in 0..scan.length {
        let i = match scan.reverse {
            true => scan.length - 1 - iteration,
            false => iteration,
        };
        let inputs: Vec<Array> = consts
            .iter()
            .chain(&carry)
            .cloned()
            .chain(xs.iter().map(|x| row(x, i)))
            .collect();
        carry = run(&scan.body, &inputs);
        for (y, rows) in carry.split_off(scan.carries).into_iter().zip(&mut ys) {
            rows.push(y);
        }
    }
    for (mut rows, of) in ys.into_iter().zip(&types[scan.carries..]) {
        if scan.reverse {
            rows.reverse();
        }
        carry.push(stacked(of, &rows));
    }
    carry
}

/// Runs one op as a program of its own, and returns its results.
fn alone(op: &Op, operands: &[Array]) -> Vec<Array> {
    let mut builder = Builder::new();
    let inputs: Vec<_> = operands.iter().map(|x| builder.input(x.array_type())).collect();
    let outputs = builder.push(op.clone(), &inputs).expect("an op of a program");
    call(&Arc::new(builder.finish(&outputs)), operands.to_vec())
}
