//! Finds the values of a program that depend on some of its inputs through floats. Only these can have a
//! derivative.

use kiln_backends::program::sister::{Found, once, remembering};
use kiln_backends::program::{ArrayType, Custom, CustomRule, Equation, Op, Program, Scan, Var, While};

thread_local! {
    static DEPENDENT: Found<Vec<bool>, Vec<bool>> = const { Found::new(None) };
    static LIVE: Found<[Vec<bool>; 2], Vec<bool>> = const { Found::new(None) };
    static OBSTACLE: Found<(Vec<bool>, Vec<bool>, Mode), Option<String>> = const { Found::new(None) };
}

/// Returns, for each variable, true if its derivative with respect to the given inputs may be other than
/// zero.
pub(crate) fn dependent(program: &Program, given: &[bool]) -> Vec<bool> {
    once(&DEPENDENT, program, given.to_vec(), || {
        find_dependent(program, given)
    })
}

fn find_dependent(program: &Program, given: &[bool]) -> Vec<bool> {
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

/// Returns, for each result, true if it depends on the given inputs.
pub(crate) fn dependent_outputs(program: &Program, given: &[bool]) -> Vec<bool> {
    let depends = dependent(program, given);
    program.outputs().iter().map(|var| depends[var.index()]).collect()
}

/// Returns, for each variable, true if a cotangent may reach it: the variable depends on the given inputs,
/// and one of these results depends on the variable.
pub(crate) fn live(program: &Program, given: &[bool], results: &[bool]) -> Vec<bool> {
    let asked = [given.to_vec(), results.to_vec()];
    remembering(&DEPENDENT, || {
        once(&LIVE, program, asked, || find_live(program, given, results))
    })
}

fn find_live(program: &Program, given: &[bool], results: &[bool]) -> Vec<bool> {
    let depends = dependent(program, given);
    let mut live = vec![false; depends.len()];
    for (var, &wanted) in program.outputs().iter().zip(results) {
        live[var.index()] |= wanted && depends[var.index()];
    }
    let flags = |of: &[bool], vars: &[Var]| -> Vec<bool> { vars.iter().map(|var| of[var.index()]).collect() };
    for equation in program.equations().iter().rev() {
        let results = flags(&live, &equation.outputs);
        if results.contains(&true) {
            let needed = needed(&equation.op, &flags(&depends, &equation.inputs), &results);
            for (var, needed) in equation.inputs.iter().zip(needed) {
                live[var.index()] |= needed && depends[var.index()];
            }
        }
    }
    live
}

/// Returns, for each of the given operands of an op, true if one of these results depends on it.
fn needed(op: &Op, given: &[bool], results: &[bool]) -> Vec<bool> {
    let of = |program: &Program, given: &[bool], results: &[bool]| {
        live(program, given, results)[..given.len()].to_vec()
    };
    match op {
        Op::Call(program) | Op::Checkpoint(program) => of(program, given, results),
        Op::Cond(branches) => {
            let mut needed = vec![false; given.len()];
            for branch in branches {
                either(&mut needed[1..], &of(branch, &given[1..], results));
            }
            needed
        }
        // The loop has no iterations, so each carry is returned unchanged.
        Op::Scan(scan) if scan.length == 0 => {
            let mut needed = vec![false; given.len()];
            needed[scan.consts..][..scan.carries].copy_from_slice(&results[..scan.carries]);
            needed
        }
        Op::Scan(scan) => of(
            &scan.body,
            &scan_given(scan, given),
            &scan_results(scan, given, results),
        ),
        _ => given.to_vec(),
    }
}

/// Returns, for each result of a loop's body, true if one of the loop's results depends on it in some
/// iteration.
fn scan_results(scan: &Scan, given: &[bool], results: &[bool]) -> Vec<bool> {
    let given = scan_given(scan, given);
    around(results, 0..scan.carries, |results| {
        live(&scan.body, &given, results)[scan.consts..][..scan.carries].to_vec()
    })
}

/// The results of an op that depend on the given operands.
enum Through {
    /// None: the op is constant except for jumps.
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
        op if op.is_flat() => Through::Flat,
        Op::Sort { .. } => Through::Some(given.to_vec()),
        Op::Call(program) | Op::Checkpoint(program) => Through::Some(dependent_outputs(program, given)),
        Op::Cond(branches) => Through::Some(branches_depend(branches, &given[1..])),
        Op::Scan(scan) => Through::Some(scan_dependent(scan, given)),
        Op::While(w) => Through::Some(while_given(w, given)[w.consts..].to_vec()),
        // A user's rule may use more operands than its program shows.
        _ => Through::All,
    }
}

/// Returns, for each result of a `cond`, true if it depends on the given inputs in one of the branches.
pub(crate) fn branches_depend(branches: &[std::sync::Arc<Program>], given: &[bool]) -> Vec<bool> {
    let mut any = vec![false; branches[0].outputs().len()];
    for branch in branches {
        either(&mut any, &dependent_outputs(branch, given));
    }
    any
}

/// Returns, for each result of a loop, true if it depends on the given operands.
fn scan_dependent(scan: &Scan, given: &[bool]) -> Vec<bool> {
    if scan.length > 0 {
        return dependent_outputs(&scan.body, &scan_given(scan, given));
    }
    // The loop has no iterations, so each carry is returned unchanged, and nothing is stacked.
    let mut depends = given[scan.consts..][..scan.carries].to_vec();
    depends.resize(scan.body.outputs().len(), false);
    depends
}

/// Returns, for each input of a loop's body, true if it depends on the given operands in some iteration.
pub(crate) fn scan_given(scan: &Scan, given: &[bool]) -> Vec<bool> {
    let carries = scan.consts..scan.consts + scan.carries;
    around(given, carries, |given| dependent_outputs(&scan.body, given))
}

/// Returns, for each input of a `while` loop's body, true if it depends on the given operands in some
/// iteration.
pub(crate) fn while_given(w: &While, given: &[bool]) -> Vec<bool> {
    around(given, w.consts..given.len(), |given| {
        dependent_outputs(&w.body, given)
    })
}

/// Returns the flags of a loop's body as a fixed point: a carry is marked if it is in `given`, or if the
/// previous iteration marks it.
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

/// Returns the reason of the first op in a program that `mode` cannot differentiate, between these inputs and
/// these results.
pub(crate) fn obstacle(program: &Program, given: &[bool], results: &[bool], mode: Mode) -> Option<String> {
    let asked = (given.to_vec(), results.to_vec(), mode);
    let find = || {
        once(&OBSTACLE, program, asked, || {
            find_obstacle(program, given, results, mode)
        })
    };
    remembering(&DEPENDENT, || remembering(&LIVE, find))
}

fn find_obstacle(program: &Program, given: &[bool], results: &[bool], mode: Mode) -> Option<String> {
    let depends = dependent(program, given);
    let relevant = match mode {
        Mode::Reverse => live(program, given, results),
        Mode::Forward => depends.clone(),
    };
    program.equations().iter().find_map(|equation| {
        let of = |flags: &[bool], vars: &[Var]| -> Vec<bool> {
            vars.iter().map(|var| flags[var.index()]).collect()
        };
        let results = of(&relevant, &equation.outputs);
        let is_relevant = results.contains(&true);
        is_relevant
            .then(|| blocked(equation, &of(&depends, &equation.inputs), &results, mode))
            .flatten()
    })
}

/// The mode of differentiation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Mode {
    Reverse,
    Forward,
}

fn blocked(equation: &Equation, given: &[bool], results: &[bool], mode: Mode) -> Option<String> {
    match &equation.op {
        Op::While(w) => match mode {
            Mode::Reverse => Some(
                "a while_loop has no reverse mode, nor has a fori_loop whose bounds are traced arrays: the number of iterations is not known; use \
                 while_loop_bounded, scan, or fori_loop with plain numbers as bounds"
                    .into(),
            ),
            Mode::Forward => obstacle(&w.body, &while_given(w, given), &[], mode),
        },
        Op::Call(program) | Op::Checkpoint(program) => obstacle(program, given, results, mode),
        Op::Cond(branches) => branches
            .iter()
            .find_map(|branch| obstacle(branch, &given[1..], results, mode)),
        Op::Scan(scan) => obstacle(
            &scan.body,
            &scan_given(scan, given),
            &scan_results(scan, given, results),
            mode,
        ),
        Op::Custom(custom) if given[..custom.consts].contains(&true) => Some(
            "a function with a rule of its own captures an array that is differentiated: make it an argument".into(),
        ),
        Op::Custom(custom) => transposition(custom, mode),
        _ => None,
    }
}

/// Returns the reason why a user's rule cannot be transposed for the other mode.
fn transposition(custom: &Custom, mode: Mode) -> Option<String> {
    let floats = |types: &[ArrayType]| types.iter().map(|of| of.dtype.is_float()).collect::<Vec<bool>>();
    let outputs = custom.program.output_types();
    let (name, rule, results) = match (&custom.rule, mode) {
        (CustomRule::Jvp(rule), Mode::Reverse) => {
            let results = [vec![false; outputs.len()], floats(&outputs)].concat();
            ("custom_jvp", rule, results)
        }
        (CustomRule::Vjp { backward, .. }, Mode::Forward) => {
            ("custom_vjp", backward, floats(&backward.output_types()))
        }
        _ => return None,
    };
    // The tangents or the cotangents are the last inputs.
    let types = rule.input_types();
    let moving = match mode {
        Mode::Reverse => custom.program.inputs().len() - custom.consts,
        Mode::Forward => outputs.len(),
    };
    let (fixed, moving) = types.split_at(types.len() - moving);
    let given = [vec![false; fixed.len()], floats(moving)].concat();
    let reason = obstacle(rule, &given, &results, Mode::Reverse)?;
    Some(format!("the rule of a {name} is to be transposed: {reason}"))
}
