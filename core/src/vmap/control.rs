//! The batching rules of ops that hold programs.

use super::batch::{
    Batched, arrays, batch, batch_wanted, bind_batched, flagged, flags, made, moved, spread, values,
};
use super::guarded;
use crate::array::Array;
use crate::depend::around;
use crate::primitive::{broadcast_along, compare, filled, reduce, select};
use crate::transform::{Derived, bind_strong, evaluate};
use crate::tree::Arrays;
use kiln_backends::program::sister::{Found, once};
use kiln_backends::program::{
    ArrayType, Compare, Custom, CustomRule, DType, Op, Program, Reduction, Scalar, Scan, While,
};
use std::sync::Arc;

/// Batches the program of a call.
pub(super) fn call(
    op: fn(Arc<Program>) -> Op,
    program: &Arc<Program>,
    operands: &[Batched],
    size: usize,
) -> Vec<Batched> {
    let Derived { program, present } = batch(program, &flags(operands), size);
    flagged(bind_strong(op(program), &arrays(operands)), &present)
}

/// Batches a loop: all elements of the batch run in the same iterations. A carry is batched if its initial
/// value or the body's result is.
pub(super) fn scan(scan: &Scan, operands: &[Batched], size: usize) -> Vec<Batched> {
    let (consts, rest) = operands.split_at(scan.consts);
    let (init, xs) = rest.split_at(scan.carries);
    let carried = carried(&scan.body, &flags(consts), flags(init), &flags(xs));
    let given = [flags(consts), carried.clone(), flags(xs)].concat();
    let mut wanted = batch(&scan.body, &given, size).present.to_vec();
    wanted[..scan.carries].copy_from_slice(&carried);
    let body = batch_wanted(&scan.body, &given, &wanted, size);
    // A scan slices along the first axis, so this axis comes before the batch.
    let swapped = |x: Batched| match x.batched {
        true => moved(&x.array, 1, 0),
        false => x.array,
    };
    let inputs: Arrays = arrays(consts)
        .into_iter()
        .chain(carries(init, &carried, size))
        .chain(xs.iter().cloned().map(swapped))
        .collect();
    let op = Op::Scan(Scan { body, ..scan.clone() });
    let mut results = flagged(bind_strong(op, &inputs), &wanted);
    for y in &mut results[scan.carries..] {
        y.array = swapped(y.clone());
    }
    results
}

/// Batches a `while` loop. If the condition is the same for the whole batch, the result is one loop.
/// Otherwise the loop runs until the condition fails for all elements, and an element whose condition has
/// failed keeps its carry.
pub(super) fn repeat(w: &While, operands: &[Batched], size: usize) -> Vec<Batched> {
    let (consts, init) = operands.split_at(w.consts);
    let n = init.len();
    let carry = carried(&w.body, &flags(consts), flags(init), &[]);
    let given = [flags(consts), carry.clone()].concat();
    let condition = batch(&w.condition, &given, size);
    if !condition.present[0] {
        let op = Op::While(While {
            condition: condition.program,
            body: batch_wanted(&w.body, &given, &carry, size),
            consts: w.consts,
        });
        let inputs: Arrays = arrays(consts)
            .into_iter()
            .chain(carries(init, &carry, size))
            .collect();
        return flagged(bind_strong(op, &inputs), &carry);
    }
    if w.body.has_effect() || w.condition.has_effect() {
        return in_turn(&Op::While(w.clone()), operands, size);
    }
    let all = vec![true; n];
    let given = [flags(consts), all.clone()].concat();
    let goes_on = batch_wanted(&w.condition, &given, &[true], size);
    let step = batch_wanted(&w.body, &given, &all, size);
    // The first carry marks the elements for which the loop goes on.
    let mut types = step.input_types();
    types.insert(w.consts, ArrayType::new(DType::Bool, [size]));
    let condition = made(&types, |inputs| {
        vec![reduce(
            Reduction::Max,
            &inputs[w.consts],
            [0].into_iter().collect(),
        )]
    });
    let body = made(&types, |inputs| {
        let (consts, [active, carry @ ..]) = inputs.split_at(w.consts) else {
            unreachable!("the flags are carried")
        };
        let with = |carry: &[Array]| [consts, carry].concat();
        let next: Vec<Array> = evaluate(&step, &with(carry))
            .iter()
            .zip(carry)
            .map(|(next, carry)| choose(active, next, carry))
            .collect();
        let active = evaluate(&goes_on, &with(&next));
        active.into_iter().chain(next).collect()
    });
    let consts = arrays(consts);
    let carry = spread(init, size);
    let active = evaluate(&goes_on, &[consts.to_vec(), carry.to_vec()].concat());
    let inputs: Arrays = consts.into_iter().chain(active).chain(carry).collect();
    let op = Op::While(While {
        condition,
        body,
        consts: w.consts,
    });
    bind_batched(op, &inputs).split_off(1)
}

/// Returns the batched carries of a loop as a fixed point: with these, the body's carries are batched no
/// further.
fn carried(body: &Program, consts: &[bool], carry: Vec<bool>, xs: &[bool]) -> Vec<bool> {
    let carries = consts.len()..consts.len() + carry.len();
    let given = [consts, &carry, xs].concat();
    around(&given, carries.clone(), |given| batched_outputs(body, given))[carries].to_vec()
}

/// Returns the batched outputs of a program whose given inputs are batched: the flags of [`batch`], without
/// its program.
fn batched_outputs(program: &Program, given: &[bool]) -> Vec<bool> {
    thread_local! {
        static FOUND: Found<Vec<bool>, Vec<bool>> = const { Found::new(None) };
    }
    once(&FOUND, program, given.to_vec(), || {
        find_batched_outputs(program, given)
    })
}

fn find_batched_outputs(program: &Program, given: &[bool]) -> Vec<bool> {
    let mut batched = given.to_vec();
    for equation in program.equations() {
        let given: Vec<bool> = equation.inputs.iter().map(|var| batched[var.index()]).collect();
        let all = vec![true; equation.outputs.len()];
        batched.extend(match &equation.op {
            _ if !given.contains(&true) => vec![false; all.len()],
            Op::Call(program) | Op::Checkpoint(program) => batched_outputs(program, &given),
            Op::Cond(branches) if !given[0] => {
                let each = branches.iter().map(|branch| batched_outputs(branch, &given[1..]));
                each.fold(vec![false; all.len()], either)
            }
            Op::Scan(scan) => {
                let (consts, rest) = given.split_at(scan.consts);
                let (carry, xs) = rest.split_at(scan.carries);
                let carry = carried(&scan.body, consts, carry.to_vec(), xs);
                let mut outputs = batched_outputs(&scan.body, &[consts, &carry, xs].concat());
                outputs[..scan.carries].copy_from_slice(&carry);
                outputs
            }
            Op::While(w) => {
                let (consts, carry) = given.split_at(w.consts);
                let carry = carried(&w.body, consts, carry.to_vec(), &[]);
                match batched_outputs(&w.condition, &[consts, &carry].concat())[0] {
                    true => all,
                    false => carry,
                }
            }
            _ => all,
        });
    }
    let outputs = program.outputs().iter();
    outputs.map(|var| batched[var.index()]).collect()
}

fn either(flags: Vec<bool>, others: Vec<bool>) -> Vec<bool> {
    flags
        .into_iter()
        .zip(others)
        .map(|(flag, other)| flag | other)
        .collect()
}

fn carries<'a>(init: &'a [Batched], batched: &'a [bool], size: usize) -> impl Iterator<Item = Array> + 'a {
    init.iter().zip(batched).map(move |(x, &batched)| match batched {
        true => x.spread(size),
        false => x.array.clone(),
    })
}

/// Batches a `cond`. If the index is the same for the whole batch, one branch runs. Otherwise all branches
/// run, and each element takes the results of its own.
pub(super) fn cond(branches: &[Arc<Program>], operands: &[Batched], size: usize) -> Vec<Batched> {
    let (which, inputs) = operands.split_first().expect("the number of a branch");
    let given = flags(inputs);
    // The only branch runs for every index.
    if let [branch] = branches {
        return call(Op::Call, branch, inputs, size);
    }
    if which.batched {
        let op = Op::Cond(branches.to_vec());
        return match op.has_effect() {
            true => in_turn(&op, operands, size),
            false => select_branch(branches, &which.array, inputs, size),
        };
    }
    let present = branches
        .iter()
        .map(|branch| batch(branch, &given, size).present.to_vec());
    let wanted = present.fold(vec![false; branches[0].outputs().len()], either);
    let branches = branches
        .iter()
        .map(|branch| batch_wanted(branch, &given, &wanted, size))
        .collect();
    flagged(bind_strong(Op::Cond(branches), &arrays(operands)), &wanted)
}

fn select_branch(branches: &[Arc<Program>], which: &Array, inputs: &[Batched], size: usize) -> Vec<Batched> {
    let last = branches.len() - 1;
    let is = |f: Compare, i: usize| {
        let number = Scalar::from_i64(DType::I32, i as i64);
        compare(f, which, &filled(number, which.shape(), false))
    };
    let mut results: Option<Vec<Array>> = None;
    // The last branch also stands for all greater indices, the first for all lesser ones.
    for (i, branch) in branches.iter().enumerate().rev() {
        let order = match i {
            0 => Compare::Le,
            _ if i == last => Compare::Ge,
            _ => Compare::Eq,
        };
        let taken = is(order, i);
        let here = spread(&guarded::branch(branch, &taken, inputs, size), size);
        results = Some(match results {
            None => here.to_vec(),
            Some(others) => {
                let chosen = is(Compare::Le, i);
                let pairs = here.iter().zip(&others);
                pairs.map(|(here, other)| choose(&chosen, here, other)).collect()
            }
        });
    }
    values(results.expect("a branch"), true)
}

/// Returns `x` for the elements of the batch for which a predicate holds, else `y`.
pub(super) fn choose(predicate: &Array, x: &Array, y: &Array) -> Array {
    let axes = [0].into_iter().collect();
    select(&broadcast_along(predicate, x.shape(), axes), x, y)
}

/// Batches a function with a rule by the user. The rule is for one element: all inputs and all results of the
/// function and its rules take the batch axis. The cotangents of an input that had none are then summed by
/// the rule of its broadcast. Constants have no derivative, and stay as they are.
pub(super) fn custom(custom: &Custom, operands: &[Batched], size: usize) -> Vec<Batched> {
    let (consts, inputs) = operands.split_at(custom.consts);
    let fixed = flags(consts);
    let n = inputs.len();
    let all = |program: &Arc<Program>, given: &[bool]| {
        batch_wanted(program, given, &vec![true; program.outputs().len()], size)
    };
    let given = [fixed.clone(), vec![true; n]].concat();
    let rule = match &custom.rule {
        CustomRule::Vjp { forward, backward } => {
            let outputs = custom.program.outputs().len();
            let mut kept = batch(forward, &given, size).present.to_vec();
            kept[..outputs].fill(true);
            let residuals = &kept[outputs..];
            CustomRule::Vjp {
                backward: all(backward, &[&fixed, residuals, &vec![true; outputs]].concat()),
                forward: batch_wanted(forward, &given, &kept, size),
            }
        }
        CustomRule::Jvp(rule) => CustomRule::Jvp(all(rule, &[fixed.clone(), vec![true; 2 * n]].concat())),
    };
    let op = Op::Custom(Arc::new(Custom {
        program: all(&custom.program, &given),
        consts: custom.consts,
        rule,
    }));
    let inputs: Arrays = arrays(consts).into_iter().chain(spread(inputs, size)).collect();
    bind_batched(op, &inputs)
}

/// Binds a loop that runs an op for one element of the batch after the other.
pub(super) fn in_turn(op: &Op, operands: &[Batched], size: usize) -> Vec<Batched> {
    let types: Vec<ArrayType> = operands.iter().map(Batched::element_type).collect();
    // The loop takes operands without the batch axis first.
    let mut order: Vec<usize> = (0..operands.len()).collect();
    order.sort_by_key(|&i| operands[i].batched);
    let types: Vec<ArrayType> = order.iter().map(|&i| types[i].clone()).collect();
    let body = made(&types, |inputs| {
        let mut ordered = inputs.to_vec();
        order
            .iter()
            .zip(inputs)
            .for_each(|(&i, x)| ordered[i] = x.clone());
        bind_strong(op.clone(), &ordered).into_vec()
    });
    let scan = Op::Scan(Scan {
        body,
        length: size,
        consts: operands.iter().filter(|x| !x.batched).count(),
        carries: 0,
        reverse: false,
    });
    let inputs: Arrays = order.iter().map(|&i| operands[i].array.clone()).collect();
    bind_batched(scan, &inputs)
}
