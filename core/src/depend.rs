//! What can have a derivative: which values of a program depend, through floats, on some of its inputs.

use kiln_backends::program::{Equation, Op, Program, Scan, Unary, While};

/// For each variable, whether it has a derivative with respect to the given inputs that is not zero everywhere.
pub(crate) fn dependent(program: &Program, given: &[bool]) -> Vec<bool> {
    let mut depends = given.to_vec();
    for equation in program.equations() {
        let inputs: Vec<bool> = equation.inputs.iter().map(|var| depends[var.index()]).collect();
        let results = if inputs.contains(&true) {
            through(&equation.op, &inputs)
        } else {
            Through::Flat
        };
        for (i, var) in equation.outputs.iter().enumerate() {
            let float = program.type_of(*var).dtype.is_float();
            depends.push(float && results.of(i));
        }
    }
    depends
}

/// For each result, whether it depends on the given inputs.
pub(crate) fn dependent_outputs(program: &Program, given: &[bool]) -> Vec<bool> {
    let depends = dependent(program, given);
    program.outputs().iter().map(|var| depends[var.index()]).collect()
}

/// For each variable, whether one of these results depends on it.
pub(crate) fn needed(program: &Program, results: &[bool]) -> Vec<bool> {
    let mut needed = vec![false; program.variables()];
    for (var, &wanted) in program.outputs().iter().zip(results) {
        needed[var.index()] |= wanted;
    }
    for equation in program.equations().iter().rev() {
        if equation.outputs.iter().any(|var| needed[var.index()]) {
            equation.inputs.iter().for_each(|var| needed[var.index()] = true);
        }
    }
    needed
}

/// Which results of an op depend on an operand of which something is known.
enum Through {
    /// None: the op is constant but for jumps.
    Flat,
    All,
    Some(Vec<bool>),
}

impl Through {
    fn of(&self, i: usize) -> bool {
        match self {
            Through::Flat => false,
            Through::All => true,
            Through::Some(results) => results[i],
        }
    }
}

fn through(op: &Op, given: &[bool]) -> Through {
    match op {
        Op::StopGradient
        | Op::Effect(_)
        | Op::RandomBits { .. }
        | Op::Uniform { .. }
        | Op::Compare(_)
        | Op::ArgReduce { .. }
        | Op::Constant { .. }
        | Op::Iota { .. } => Through::Flat,
        Op::Unary(Unary::Sign | Unary::Floor | Unary::Ceil | Unary::Round | Unary::Trunc) => Through::Flat,
        Op::Sort { .. } => Through::Some(given.to_vec()),
        Op::Call(program) | Op::Checkpoint(program) => Through::Some(dependent_outputs(program, given)),
        Op::Cond(branches) => Through::Some(branches_depend(branches, &given[1..])),
        Op::Scan(scan) => Through::Some(dependent_outputs(&scan.body, &scan_given(scan, given))),
        Op::While(w) => Through::Some(while_given(w, given)[w.consts..].to_vec()),
        // The rule may know of more than the program shows.
        Op::Custom(_) => Through::All,
        Op::Unary(_)
        | Op::Binary(_)
        | Op::Select
        | Op::MulAdd
        | Op::Cast(_)
        | Op::Reshape(_)
        | Op::Transpose(_)
        | Op::Broadcast { .. }
        | Op::Slice { .. }
        | Op::Pad { .. }
        | Op::Reverse(_)
        | Op::Concatenate { .. }
        | Op::Gather { .. }
        | Op::Scatter { .. }
        | Op::Reduce { .. }
        | Op::Cumulative { .. }
        | Op::Dot(_)
        | Op::Linalg(_) => Through::All,
    }
}

/// For each result of a choice, whether it depends on the given inputs in one of the branches.
pub(crate) fn branches_depend(branches: &[std::sync::Arc<Program>], given: &[bool]) -> Vec<bool> {
    let mut any = vec![false; branches[0].outputs().len()];
    for branch in branches {
        either(&mut any, &dependent_outputs(branch, given));
    }
    any
}

/// For each input of a loop's body, whether it depends on the given operands in some trip.
pub(crate) fn scan_given(scan: &Scan, given: &[bool]) -> Vec<bool> {
    let carries = scan.consts..scan.consts + scan.carries;
    around(given, carries, |given| dependent_outputs(&scan.body, given))
}

/// As [`scan_given`], for a loop on a condition.
pub(crate) fn while_given(w: &While, given: &[bool]) -> Vec<bool> {
    around(given, w.consts..given.len(), |given| {
        dependent_outputs(&w.body, given)
    })
}

/// What is given of the inputs of a loop's body, in the first trip or because the last one gave it.
pub(crate) fn around(
    given: &[bool],
    carries: std::ops::Range<usize>,
    results: impl Fn(&[bool]) -> Vec<bool>,
) -> Vec<bool> {
    let mut given = given.to_vec();
    loop {
        let before = given.clone();
        let carried = results(&given);
        either(&mut given[carries.clone()], &carried[..carries.len()]);
        if given == before {
            return given;
        }
    }
}

fn either(flags: &mut [bool], others: &[bool]) {
    for (flag, other) in flags.iter_mut().zip(others) {
        *flag |= other;
    }
}

/// The first op within a program that a mode cannot go through, if one is in the way of these inputs.
pub(crate) fn obstacle(program: &Program, given: &[bool], mode: Mode) -> Option<String> {
    let depends = dependent(program, given);
    program.equations().iter().find_map(|equation| {
        let flags: Vec<bool> = equation.inputs.iter().map(|var| depends[var.index()]).collect();
        let relevant = equation.outputs.iter().any(|var| depends[var.index()]);
        relevant.then(|| blocked(equation, &flags, mode)).flatten()
    })
}

/// Which way derivatives go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    Reverse,
    Forward,
}

fn blocked(equation: &Equation, given: &[bool], mode: Mode) -> Option<String> {
    match &equation.op {
        Op::While(w) => match mode {
            Mode::Reverse => Some(
                "a while_loop has no reverse mode, nor has a fori_loop whose bounds are recorded arrays: the number of trips is not known; use \
                 while_loop_bounded, scan, or fori_loop with plain numbers as bounds"
                    .into(),
            ),
            Mode::Forward => obstacle(&w.body, &while_given(w, given), mode),
        },
        Op::Call(program) | Op::Checkpoint(program) => obstacle(program, given, mode),
        Op::Cond(branches) => branches
            .iter()
            .find_map(|branch| obstacle(branch, &given[1..], mode)),
        Op::Scan(scan) => obstacle(&scan.body, &scan_given(scan, given), mode),
        Op::Custom(custom) if given[..custom.consts].contains(&true) => Some(
            "a function with a rule of its own captures an array that is differentiated: make it an argument".into(),
        ),
        _ => None,
    }
}
