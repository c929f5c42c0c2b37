//! Finds the smallest case that still fails.

use crate::checks::{Check, Outcome, replaced};
use crate::fault::caught;
use crate::generate::Case;
use crate::one_by_one;
use crate::values;
use kiln::Array;
use kiln_program::{
    ArrayType, Axes, Binary, Builder, Compare, Custom, Op, Program, Rewrite, Scalar, Scan, Shape, TypeError,
    Var, Vars, While,
};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The longest time that shrinking takes.
const PATIENCE: Duration = Duration::from_secs(20);

/// Returns the smallest case found that fails in the same way.
pub fn shrunk(case: &Case, check: Check, seed: u64, kind: &str) -> Case {
    let begun = Instant::now();
    let fails = |case: &Case| match check.run(case, seed) {
        Outcome::Fault(fault) => fault.kind == kind,
        _ => false,
    };
    let mut best = case.clone();
    'smaller: loop {
        for candidate in candidates(&best) {
            if begun.elapsed() > PATIENCE {
                return best;
            }
            if fails(&candidate) {
                best = candidate;
                continue 'smaller;
            }
        }
        return best;
    }
}

/// Returns smaller cases. Those that leave out most come first.
fn candidates(case: &Case) -> impl Iterator<Item = Case> + use<> {
    let parts: [fn(&Case) -> Vec<Case>; 5] = [fewer_results, cut, simpler, shorter, plainer];
    let case = case.clone();
    parts.into_iter().flat_map(move |part| part(&case))
}

fn with_outputs(program: &Program, outputs: &[Var]) -> Program {
    let mut new = Rewrite::of(program);
    program.equations().iter().for_each(|equation| new.copy(equation));
    new.finish(outputs)
}

/// Returns cases with one of the results alone.
fn fewer_results(case: &Case) -> Vec<Case> {
    let outputs = case.program.outputs();
    if outputs.len() < 2 {
        return vec![];
    }
    let one = outputs.iter().map(|&var| with_outputs(&case.program, &[var]));
    one.map(|program| trimmed(case, &program, &case.inputs)).collect()
}

/// Returns cases in which the results of one equation become inputs. The inputs have the values that the
/// equation gave.
fn cut(case: &Case) -> Vec<Case> {
    let Ok(values) = caught(|| one_by_one::variables(&case.program, &case.inputs)) else {
        return vec![];
    };
    let program = &case.program;
    let last_first = (0..program.equations().len()).rev();
    last_first
        .map(|cut| {
            let mut builder = Builder::new();
            let mut map: Vec<Var> = program
                .input_types()
                .into_iter()
                .map(|of| builder.input(of))
                .collect();
            let mut inputs = case.inputs.clone();
            for (i, equation) in program.equations().iter().enumerate() {
                if i == cut {
                    for &var in &equation.outputs {
                        map.push(builder.input(program.type_of(var).clone()));
                        inputs.push(values[var.index()].clone());
                    }
                    continue;
                }
                let operands: Vars = equation.inputs.iter().map(|var| map[var.index()]).collect();
                map.extend(
                    builder
                        .push(equation.op.clone(), &operands)
                        .expect("its own equations"),
                );
            }
            let outputs: Vec<Var> = program.outputs().iter().map(|var| map[var.index()]).collect();
            trimmed(case, &builder.finish(&outputs), &inputs)
        })
        .collect()
}

/// Returns cases whose programs have the same type and do less.
fn simpler(case: &Case) -> Vec<Case> {
    let programs = less(&case.program);
    programs
        .into_iter()
        .map(|program| trimmed(case, &program, &case.inputs))
        .collect()
}

/// Returns cases in which axes have other lengths.
fn shorter(case: &Case) -> Vec<Case> {
    let mut lengths: Vec<usize> = vec![];
    for index in 0..case.program.variables() {
        let types = all_types(&case.program);
        lengths.extend(types[index].shape.iter());
    }
    lengths.sort_unstable();
    lengths.dedup();
    let mut found = vec![];
    for &n in lengths.iter().rev() {
        for m in [1, 2, n / 2, n.saturating_sub(1)] {
            if m >= n || m == 0 {
                continue;
            }
            let Ok(program) = resized(&case.program, n, m) else {
                continue;
            };
            let types = program.input_types();
            let inputs = case.inputs.iter().zip(&types).map(|(x, of)| cropped(x, of));
            found.push(replaced(case, program.clone(), inputs.collect()));
        }
    }
    found
}

/// Returns cases in which an input counts or is all ones.
fn plainer(case: &Case) -> Vec<Case> {
    let mut found = vec![];
    for i in 0..case.inputs.len() {
        let of = case.inputs[i].array_type();
        let ones = values::filled(&of, |_| Scalar::from_i64(of.dtype, 1));
        let counting = values::filled(&of, |i| Scalar::from_i64(of.dtype, i as i64));
        if values::same(&case.inputs[i], &ones) {
            continue;
        }
        let simple = if values::same(&case.inputs[i], &counting) {
            vec![ones]
        } else {
            vec![ones, counting]
        };
        for x in simple {
            let mut inputs = case.inputs.clone();
            inputs[i] = x;
            found.push(replaced(case, (*case.program).clone(), inputs));
        }
    }
    found
}

fn all_types(program: &Program) -> Vec<ArrayType> {
    let inputs = program.inputs();
    let results = program
        .equations()
        .iter()
        .flat_map(|equation| equation.outputs.iter().copied());
    inputs
        .chain(results)
        .map(|var| program.type_of(var).clone())
        .collect()
}

fn cropped(x: &Array, of: &ArrayType) -> Array {
    let buffer = values::buffer(x);
    let (strides, size) = (x.shape().strides(), of.dtype.size());
    let own = of.shape.strides();
    values::filled(of, |i| {
        let place: usize = (0..own.len())
            .map(|axis| i / own[axis] % of.shape[axis] * strides[axis])
            .sum();
        let mut bytes = [0; 8];
        bytes[..size].copy_from_slice(&buffer.bytes()[place * size..][..size]);
        Scalar::from_le_bytes(of.dtype, bytes)
    })
}

/// Drops equations that no result needs, and inputs that nothing reads.
fn trimmed(case: &Case, program: &Program, inputs: &[Array]) -> Case {
    let program = alive(program);
    let read = |var: Var| {
        program.outputs().contains(&var)
            || program
                .equations()
                .iter()
                .any(|equation| equation.inputs.contains(&var))
    };
    let kept: Vec<bool> = program.inputs().map(read).collect();
    let mut builder = Builder::new();
    let mut unused = None;
    let mut map: Vec<Var> = vec![];
    let mut fewer = vec![];
    for ((of, kept), x) in program.input_types().into_iter().zip(kept).zip(inputs) {
        match kept {
            true => {
                map.push(builder.input(of));
                fewer.push(x.clone());
            }
            // Nothing reads this input, so any variable stands for it.
            false => {
                let nothing = || Op::Constant {
                    value: Scalar::from_bool(false),
                    shape: Shape::scalar(),
                };
                map.push(*unused.get_or_insert_with(|| builder.push(nothing(), &[]).expect("a constant")[0]));
            }
        }
    }
    for equation in program.equations() {
        let operands: Vars = equation.inputs.iter().map(|var| map[var.index()]).collect();
        map.extend(
            builder
                .push(equation.op.clone(), &operands)
                .expect("its own equations"),
        );
    }
    let outputs: Vec<Var> = program.outputs().iter().map(|var| map[var.index()]).collect();
    let program = alive(&builder.finish(&outputs));
    replaced(case, program, fewer)
}

/// Drops equations that no result and no effect needs.
fn alive(program: &Program) -> Program {
    let mut live = vec![false; program.variables()];
    let mut kept = vec![false; program.equations().len()];
    for &var in program.outputs() {
        live[var.index()] = true;
    }
    for (i, equation) in program.equations().iter().enumerate().rev() {
        kept[i] = equation.op.has_effect() || equation.outputs.iter().any(|var| live[var.index()]);
        if kept[i] {
            for &var in &equation.inputs {
                live[var.index()] = true;
            }
        }
    }
    let mut builder = Builder::new();
    let mut map: Vec<Option<Var>> = program
        .input_types()
        .into_iter()
        .map(|of| Some(builder.input(of)))
        .collect();
    for (equation, kept) in program.equations().iter().zip(kept) {
        if !kept {
            map.extend(equation.outputs.iter().map(|_| None));
            continue;
        }
        let operands: Vars = equation
            .inputs
            .iter()
            .map(|var| map[var.index()].expect("it is live"))
            .collect();
        let made = builder
            .push(equation.op.clone(), &operands)
            .expect("its own equations");
        map.extend(made.into_iter().map(Some));
    }
    let outputs: Vec<Var> = program
        .outputs()
        .iter()
        .map(|var| map[var.index()].expect("a result"))
        .collect();
    builder.finish(&outputs)
}

/// Returns programs of the same inputs and types of results. Each is one step simpler.
fn less(program: &Program) -> Vec<Program> {
    let mut found = vec![];
    for (i, equation) in program.equations().iter().enumerate() {
        // An earlier variable or a constant takes the place of each result.
        if equation.outputs.len() == 1 && !matches!(equation.op, Op::Constant { .. }) {
            let of = program.type_of(equation.outputs[0]);
            let first = equation.outputs[0].index();
            let types = all_types(program);
            let alike = equation
                .inputs
                .iter()
                .map(|var| var.index())
                .chain(0..program.inputs().len())
                .find(|&var| var < first && types[var] == *of);
            if let Some(var) = alike {
                found.extend(rebuilt(program, i, |_, map, _| Ok([map[var]].as_slice().into())));
            }
            let zero = Op::Constant {
                value: Scalar::from_i64(of.dtype, 0),
                shape: of.shape.clone(),
            };
            found.extend(rebuilt(program, i, |builder, _, _| {
                builder.push(zero.clone(), &[])
            }));
        }
        for op in less_of(&equation.op) {
            found.extend(rebuilt(program, i, |builder, _, operands| {
                builder.push(op.clone(), operands)
            }));
        }
        for inner in equation.op.programs() {
            // The inner program takes the place of the equation that runs it.
            let skipped = usize::from(matches!(equation.op, Op::Cond(_)));
            found.extend(rebuilt(program, i, |builder, _, operands| {
                Ok(inner.inline(builder, &operands[skipped..])?.into())
            }));
        }
    }
    found.extend(narrower(program));
    let shorter = found.into_iter().map(|program| alive(&program));
    shorter.collect()
}

/// Returns programs in which one equation has one result less that nobody reads, or one operand less.
fn narrower(program: &Program) -> Vec<Program> {
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
    let mut builder = Builder::new();
    let types = program.input_types().into_iter().enumerate();
    let mut map: Vec<Option<Var>> = types
        .map(|(i, of)| (i != gone).then(|| builder.input(of)))
        .collect();
    for equation in program.equations() {
        let operands: Vars = equation
            .inputs
            .iter()
            .map(|var| map[var.index()].expect("it is read"))
            .collect();
        let made = builder
            .push(equation.op.clone(), &operands)
            .expect("its own equations");
        map.extend(made.into_iter().map(Some));
    }
    let outputs: Vec<Var> = program
        .outputs()
        .iter()
        .map(|var| map[var.index()].expect("it is read"))
        .collect();
    Some(builder.finish(&outputs))
}

fn is_read(program: &Program, var: Var) -> bool {
    program.outputs().contains(&var)
        || program
            .equations()
            .iter()
            .any(|equation| equation.inputs.contains(&var))
}

/// Returns the program with another op for an equation. The op lacks one result or one operand.
fn with_narrower(
    program: &Program,
    changed: usize,
    op: &Op,
    result: Option<usize>,
    operand: Option<usize>,
) -> Option<Program> {
    let mut builder = Builder::new();
    let mut map: Vec<Option<Var>> = program
        .input_types()
        .into_iter()
        .map(|of| Some(builder.input(of)))
        .collect();
    for (i, equation) in program.equations().iter().enumerate() {
        let mut operands: Vars = equation
            .inputs
            .iter()
            .map(|var| map[var.index()].expect("it is read"))
            .collect();
        if i != changed {
            let made = builder.push(equation.op.clone(), &operands).ok()?;
            map.extend(made.into_iter().map(Some));
            continue;
        }
        if let Some(operand) = operand {
            operands.remove(operand);
        }
        let mut made = builder.push(op.clone(), &operands).ok()?.into_iter();
        for k in 0..equation.outputs.len() {
            map.push(if Some(k) == result { None } else { made.next() });
        }
    }
    let outputs: Vec<Var> = program
        .outputs()
        .iter()
        .map(|var| map[var.index()].expect("it is read"))
        .collect();
    Some(builder.finish(&outputs))
}

/// Returns the program in which one equation's results are made in another way, if it is well-typed.
fn rebuilt(
    program: &Program,
    changed: usize,
    make: impl Fn(&mut Builder, &[Var], &[Var]) -> Result<Vars, TypeError>,
) -> Option<Program> {
    let mut builder = Builder::new();
    let mut map: Vec<Var> = program
        .input_types()
        .into_iter()
        .map(|of| builder.input(of))
        .collect();
    for (i, equation) in program.equations().iter().enumerate() {
        let operands: Vec<Var> = equation.inputs.iter().map(|var| map[var.index()]).collect();
        let fits = operands.len() == equation.inputs.len();
        let made = match fits && i == changed {
            true => make(&mut builder, &map, &operands).ok()?,
            false => builder.push(equation.op.clone(), &operands).ok()?,
        };
        let same = made.len() == equation.outputs.len()
            && made
                .iter()
                .zip(&equation.outputs)
                .all(|(&x, &y)| builder.type_of(x) == program.type_of(y));
        if !same {
            return None;
        }
        map.extend(made);
    }
    let outputs: Vec<Var> = program.outputs().iter().map(|var| map[var.index()]).collect();
    Some(builder.finish(&outputs))
}

/// Returns ops of the same type that run less.
fn less_of(op: &Op) -> Vec<Op> {
    // A body may also return one of its inputs instead of a result.
    let within = |program: &Arc<Program>| -> Vec<Arc<Program>> {
        let mut found = less(program);
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
    };
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

/// Returns the program in which all axes of length `from` have length `to`.
fn resized(program: &Program, from: usize, to: usize) -> Result<Program, TypeError> {
    let length = |n: usize| if n == from { to } else { n };
    let shape_of = |shape: &Shape| -> Shape { shape.iter().map(|&n| length(n)).collect() };
    let axes_of = |axes: &Axes| -> Axes { axes.iter().map(|&n| length(n)).collect() };
    let mut builder = Builder::new();
    let mut map: Vec<Var> = program
        .input_types()
        .iter()
        .map(|of| builder.input(ArrayType::new(of.dtype, shape_of(&of.shape))))
        .collect();
    for equation in program.equations() {
        let inner = |program: &Arc<Program>| resized(program, from, to).map(Arc::new);
        let op = match &equation.op {
            Op::Constant { value, shape } => Op::Constant {
                value: *value,
                shape: shape_of(shape),
            },
            Op::Iota { dtype, shape, axis } => Op::Iota {
                dtype: *dtype,
                shape: shape_of(shape),
                axis: *axis,
            },
            Op::Reshape(shape) => Op::Reshape(shape_of(shape)),
            Op::Broadcast { shape, axes } => Op::Broadcast {
                shape: shape_of(shape),
                axes: axes.clone(),
            },
            Op::Slice { start, stop, step } => Op::Slice {
                start: start.clone(),
                stop: axes_of(stop),
                step: step.clone(),
            },
            Op::Pad { shape, start, step } => Op::Pad {
                shape: shape_of(shape),
                start: start.clone(),
                step: step.clone(),
            },
            Op::RandomBits { shape } => Op::RandomBits {
                shape: shape_of(shape),
            },
            Op::Call(program) => Op::Call(inner(program)?),
            Op::Checkpoint(program) => Op::Checkpoint(inner(program)?),
            Op::Scan(scan) => Op::Scan(Scan {
                body: inner(&scan.body)?,
                length: length(scan.length),
                ..scan.clone()
            }),
            Op::While(w) => Op::While(While {
                condition: inner(&w.condition)?,
                body: inner(&w.body)?,
                consts: w.consts,
            }),
            Op::Cond(branches) => Op::Cond(branches.iter().map(inner).collect::<Result<_, _>>()?),
            op => op.clone(),
        };
        let operands: Vars = equation.inputs.iter().map(|var| map[var.index()]).collect();
        map.extend(builder.push(op, &operands)?);
    }
    let outputs: Vec<Var> = program.outputs().iter().map(|var| map[var.index()]).collect();
    Ok(builder.finish(&outputs))
}
