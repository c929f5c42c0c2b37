//! Makes a program one step simpler: an equation goes, or does less.

use super::dead::{alive, with_outputs};
use super::narrow::narrower;
use kiln_program::sister::Rewrite;
use kiln_program::{Binary, Compare, Custom, Op, Program, Scalar, Scan, TypeError, Var, Vars, While};
use std::sync::Arc;

/// Returns programs of the same inputs and types of results. Each is one step simpler.
pub(super) fn less(program: &Program) -> Vec<Program> {
    let mut found = vec![];
    for (i, equation) in program.equations().iter().enumerate() {
        // An earlier variable or a constant takes the place of each result.
        if equation.outputs.len() == 1 && !matches!(equation.op, Op::Constant { .. }) {
            let of = program.type_of(equation.outputs[0]);
            let first = equation.outputs[0].index();
            let alike = equation
                .inputs
                .iter()
                .copied()
                .chain(program.inputs())
                .find(|&var| var.index() < first && program.type_of(var) == of);
            if let Some(var) = alike {
                found.extend(rebuilt(program, i, |new, _| {
                    Ok([new.get(var)].into_iter().collect())
                }));
            }
            let zero = Op::Constant {
                value: Scalar::from_i64(of.dtype, 0),
                shape: of.shape.clone(),
            };
            found.extend(rebuilt(program, i, |new, _| new.builder.push(zero.clone(), &[])));
        }
        for op in less_of(&equation.op) {
            found.extend(rebuilt(program, i, |new, operands| {
                new.builder.push(op.clone(), operands)
            }));
        }
        for inner in equation.op.programs() {
            // The inner program takes the place of the equation that runs it.
            let skipped = usize::from(matches!(equation.op, Op::Cond(_)));
            found.extend(rebuilt(program, i, |new, operands| {
                Ok(inner.inline(&mut new.builder, &operands[skipped..])?.into())
            }));
        }
    }
    found.extend(narrower(program));
    let shorter = found.into_iter().map(|program| alive(&program));
    shorter.collect()
}

/// Returns the program in which one equation's results are made in another way, if it is well-typed.
fn rebuilt(
    program: &Program,
    changed: usize,
    make: impl Fn(&mut Rewrite, &[Var]) -> Result<Vars, TypeError>,
) -> Option<Program> {
    let mut new = Rewrite::of(program);
    for (i, equation) in program.equations().iter().enumerate() {
        let operands = new.operands(equation);
        let made = match i == changed {
            true => make(&mut new, &operands).ok()?,
            false => new.builder.push(equation.op.clone(), &operands).ok()?,
        };
        let same = made.len() == equation.outputs.len()
            && made
                .iter()
                .zip(&equation.outputs)
                .all(|(&x, &y)| new.builder.type_of(x) == program.type_of(y));
        if !same {
            return None;
        }
        new.define(&equation.outputs, made);
    }
    Some(new.finish(program.outputs()))
}

/// Returns ops of the same type that run less.
fn less_of(op: &Op) -> Vec<Op> {
    match op {
        Op::Call(program) => within(program).into_iter().map(Op::Call).collect(),
        Op::Checkpoint(program) => within(program).into_iter().map(Op::Checkpoint).collect(),
        Op::Scan(scan) => {
            let bodies = within(&scan.body).into_iter();
            let mut found: Vec<Scan> = bodies.map(|body| Scan { body, ..scan.clone() }).collect();
            let scans = scan.body.inputs().len() > scan.consts + scan.carries;
            if !scans && scan.body.outputs().len() == scan.carries {
                for length in [0, 1, 2, 3] {
                    if length < scan.length {
                        found.push(Scan {
                            length,
                            ..scan.clone()
                        });
                    }
                }
            }
            if scan.reverse {
                found.push(Scan {
                    reverse: false,
                    ..scan.clone()
                });
            }
            found.into_iter().map(Op::Scan).collect()
        }
        // The body must count on and the condition must compare, or the loop may not end.
        Op::While(w) => {
            let bodies = within(&w.body)
                .into_iter()
                .filter(|body| counts_on(body, w.consts));
            let bodies = bodies.map(|body| While { body, ..w.clone() });
            let conditions = within(&w.condition)
                .into_iter()
                .filter(|condition| compares(condition, w.consts));
            let conditions = conditions.map(|condition| While {
                condition,
                ..w.clone()
            });
            bodies.chain(conditions).map(Op::While).collect()
        }
        Op::Cond(branches) => {
            let mut found: Vec<Vec<Arc<Program>>> = vec![];
            for i in 0..branches.len() {
                if branches.len() > 1 {
                    let mut fewer = branches.clone();
                    fewer.remove(i);
                    found.push(fewer);
                }
                for branch in within(&branches[i]) {
                    let mut other = branches.clone();
                    other[i] = branch;
                    found.push(other);
                }
            }
            found.into_iter().map(Op::Cond).collect()
        }
        Op::Custom(custom) => within(&custom.program)
            .into_iter()
            .map(|program| {
                Op::Custom(Arc::new(Custom {
                    program,
                    ..(**custom).clone()
                }))
            })
            .collect(),
        _ => vec![],
    }
}

/// Returns programs that are one step simpler, for an op that holds this one.
fn within(program: &Arc<Program>) -> Vec<Arc<Program>> {
    let mut found = less(program);
    // A body may also return one of its inputs instead of a result.
    let types = program.input_types();
    for (i, var) in program.outputs().iter().enumerate() {
        let same = program
            .inputs()
            .find(|&input| types[input.index()] == *program.type_of(*var));
        if let (Some(input), false) = (same, var.index() < types.len()) {
            let mut outputs = program.outputs().to_vec();
            outputs[i] = input;
            found.push(alive(&with_outputs(program, &outputs)));
        }
    }
    found.into_iter().map(Arc::new).collect()
}

/// Returns true if a body's first result is a sum with its first carry. The generator makes bodies so.
fn counts_on(body: &Program, consts: usize) -> bool {
    let counter = body.inputs().nth(consts);
    let sum = body
        .equations()
        .iter()
        .find(|equation| equation.outputs.contains(&body.outputs()[0]));
    sum.is_some_and(|sum| {
        matches!(sum.op, Op::Binary(Binary::Add)) && counter.is_some_and(|var| sum.inputs.contains(&var))
    })
}

/// Returns true if a condition still compares the counter with its end.
fn compares(condition: &Program, consts: usize) -> bool {
    let counter = condition.inputs().nth(consts);
    let last = condition
        .equations()
        .iter()
        .find(|equation| equation.outputs.contains(&condition.outputs()[0]));
    last.is_some_and(|last| match &last.op {
        Op::Compare(Compare::Lt) => counter.is_some_and(|var| last.inputs.contains(&var)),
        Op::Binary(Binary::And) => condition.equations().iter().any(|equation| {
            matches!(equation.op, Op::Compare(Compare::Lt))
                && last.inputs.contains(&equation.outputs[0])
                && counter.is_some_and(|var| equation.inputs.contains(&var))
        }),
        _ => false,
    })
}
