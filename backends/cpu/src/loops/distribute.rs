//! Loop distribution: a small loop is split into parts that run for all iterations at once and parts that
//! iterate.
//!
//! [`distribute`] moves the part of a loop body that does not depend on the carry out of the loop: the
//! equations that read slices alone run before it, for all iterations at once, and the equations that no
//! carry reads run after it. Carries that do not read the other carries iterate in a loop of their own. The
//! equations between two such loops, such as draws from keys that are split one after the other, also run for
//! all iterations at once.

use crate::loops::small::is_small;
use crate::plan::fuse::LARGE;
use kiln_program::sister::{Rewrite, simplify_around};
use kiln_program::{Builder, Class, Equation, Op, Program, Scan, TypeError, Var, Vars};
use rustc_hash::FxHashMap;
use std::borrow::Cow;
use std::sync::Arc;

/// Loops of fewer iterations stay whole.
const TRIPS: usize = 64;
/// Loops whose body has more equations or carries stay whole.
const EQUATIONS: usize = 512;
const CARRIES: usize = 32;

/// Returns the program with its small loops distributed.
pub(crate) fn distribute(program: &Program) -> Cow<'_, Program> {
    if !program
        .equations()
        .iter()
        .any(|equation| loop_of(equation).is_some())
    {
        return Cow::Borrowed(program);
    }
    let written = program.rewritten(|builder, equation, inputs| match loop_of(equation) {
        Some(scan) => apart(builder, scan, inputs).map(Vars::from),
        None => builder.push(equation.op.clone(), inputs),
    });
    Cow::Owned(simplify_around(
        &written.expect("the parts of a loop type as the whole did"),
    ))
}

/// Returns the loop of an equation, if it is a loop that may be distributed.
fn loop_of(equation: &Equation) -> Option<&Scan> {
    match &equation.op {
        Op::Scan(scan)
            if scan.length >= TRIPS
                && scan.carries <= CARRIES
                && scan.body.equations().len() <= EQUATIONS
                && !scan.body.has_effect()
                && is_small(&scan.body) =>
        {
            // Larger carries may have a loop in the tile.
            let carries = scan.body.inputs().skip(scan.consts).take(scan.carries);
            let are_few = |var: Var| scan.body.type_of(var).shape.size() < LARGE;
            carries.into_iter().all(are_few).then_some(scan)
        }
        _ => None,
    }
}

/// The time at which an equation is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum When {
    /// Once: the equation is the same in each iteration.
    Always,
    /// For all iterations, before the loop.
    Before,
    /// In the loop.
    Within,
    /// For all iterations, after the loop.
    After,
}

/// A variable of the body in the program around the loop.
#[derive(Clone, Copy)]
struct Outer {
    var: Var,
    /// True if the variable has an axis of all iterations before its own axes.
    stacked: bool,
}

/// Writes a loop in parts, or whole; returns the results of the loop.
fn apart(builder: &mut Builder, scan: &Scan, operands: &[Var]) -> Result<Vec<Var>, TypeError> {
    let whole = |builder: &mut Builder| Ok(builder.push(Op::Scan(scan.clone()), operands)?.into_vec());
    let body = &*scan.body;
    let fixed = scan.consts + scan.carries;
    let when = schedule(scan);
    let (exported, imported) = boundary(scan, &when);
    let leaves = |(equation, when): (&Equation, &When)| match when {
        When::Always => equation.op.number().is_none(),
        When::Within => false,
        When::Before | When::After => true,
    };
    let peels = body.equations().iter().zip(&when).any(leaves);
    let first = if peels { None } else { closed(scan) };
    if !(peels || first.is_some()) || !is_affordable(scan, &exported, &imported) {
        return whole(builder);
    }

    let mut outer: FxHashMap<Var, Outer> = FxHashMap::default();
    for (input, var) in body
        .inputs()
        .enumerate()
        .filter(|(i, _)| *i < scan.consts || *i >= fixed)
    {
        let (var, stacked) = (var, input >= fixed);
        outer.insert(
            var,
            Outer {
                var: operands[input],
                stacked,
            },
        );
    }
    let scheduled = |wanted: When| {
        body.equations()
            .iter()
            .zip(&when)
            .filter(move |(_, when)| **when == wanted)
    };
    for when in [When::Always, When::Before] {
        for (equation, _) in scheduled(when) {
            all_trips(builder, equation, scan.length, &mut outer)?;
        }
    }
    let within: Vec<&Equation> = scheduled(When::Within).map(|(equation, _)| equation).collect();
    let mut parts = Parts {
        scan,
        init: &operands[scan.consts..fixed],
        outer,
        last: vec![None; scan.carries],
    };
    match first {
        None => parts.write(
            builder,
            &within,
            &(0..scan.carries).collect::<Vec<_>>(),
            &exported,
        )?,
        Some(first) => {
            let second: Vec<usize> = (0..scan.carries).filter(|i| !first.contains(i)).collect();
            let mut read = needed(scan, &first);
            first.iter().for_each(|i| read[scan.consts + i] = true);
            let is_first = |var: &Var| read[var.index()];
            let (one, two): (Vec<&Equation>, Vec<&Equation>) = within
                .into_iter()
                .partition(|equation| is_first(&equation.outputs[0]));
            let mut between: Vec<Var> = two
                .iter()
                .flat_map(|equation| equation.inputs.iter())
                .chain(second.iter().map(|&i| &body.outputs()[i]))
                .chain(&exported)
                .filter(|var| is_first(var) && !parts.outer.contains_key(var))
                .copied()
                .collect();
            between.sort();
            between.dedup();
            parts.write(builder, &one, &first, &between)?;
            let rest: Vec<Var> = exported.into_iter().filter(|var| !is_first(var)).collect();
            parts.write(builder, &two, &second, &rest)?;
        }
    }
    let Parts { mut outer, last, .. } = parts;
    for (equation, _) in scheduled(When::After) {
        all_trips(builder, equation, scan.length, &mut outer)?;
    }
    let mut results: Vec<Var> = last
        .into_iter()
        .map(|last| last.expect("every carry is in one part"))
        .collect();
    for var in &body.outputs()[scan.carries..] {
        let Outer { var: value, stacked } = outer[var];
        results.push(match stacked {
            true => value,
            false => repeated(builder, value, scan.length)?,
        });
    }
    Ok(results)
}

/// A loop that is being split into parts.
struct Parts<'s> {
    scan: &'s Scan,
    init: &'s [Var],
    outer: FxHashMap<Var, Outer>,
    /// The final value of each carry.
    last: Vec<Option<Var>>,
}

impl Parts<'_> {
    /// Writes the loop of some equations over some of the carries. The loop stacks the variables `exported`.
    fn write(
        &mut self,
        builder: &mut Builder,
        equations: &[&Equation],
        carries: &[usize],
        exported: &[Var],
    ) -> Result<(), TypeError> {
        let Parts {
            scan,
            init,
            outer,
            last,
        } = self;
        let body = &*scan.body;
        let next: Vec<Var> = carries.iter().map(|&i| body.outputs()[i]).collect();
        let mut read: Vec<Var> = equations
            .iter()
            .flat_map(|equation| equation.inputs.iter())
            .chain(&next)
            .filter(|var| outer.contains_key(var))
            .copied()
            .collect();
        read.sort();
        read.dedup();
        let (slices, consts): (Vec<Var>, Vec<Var>) = read.into_iter().partition(|var| outer[var].stacked);
        if slices.is_empty() && carries.is_empty() && exported.is_empty() {
            return Ok(());
        }
        let carried = carries
            .iter()
            .map(|&i| Var::clone(&body.inputs().nth(scan.consts + i).expect("a carry")));
        let carried: Vec<Var> = carried.collect();
        let inputs = consts.iter().chain(&carried).chain(&slices);
        let mut iteration = Rewrite::with_inputs(body, inputs.copied());
        equations.iter().for_each(|equation| iteration.copy(equation));
        let outputs: Vec<Var> = next.iter().chain(exported).copied().collect();
        let part = Scan {
            body: Arc::new(simplify_around(&iteration.finish(&outputs))),
            length: scan.length,
            consts: consts.len(),
            carries: carries.len(),
            reverse: scan.reverse,
        };
        let operands: Vec<Var> = consts
            .iter()
            .map(|var| outer[var].var)
            .chain(carries.iter().map(|&i| init[i]))
            .chain(slices.iter().map(|var| outer[var].var))
            .collect();
        // The part may split further.
        let results = apart(builder, &part, &operands)?;
        let (ends, stacked) = results.split_at(carries.len());
        carries
            .iter()
            .zip(ends)
            .for_each(|(&carry, &end)| last[carry] = Some(end));
        outer.extend(
            exported
                .iter()
                .copied()
                .zip(stacked.iter().map(|&var| Outer { var, stacked: true })),
        );
        Ok(())
    }
}

/// Returns the time of each equation.
fn schedule(scan: &Scan) -> Vec<When> {
    let body = &*scan.body;
    let fixed = scan.consts + scan.carries;
    // For each variable of the body: true if it depends on the previous iteration, and true if it depends on
    // the iteration at all.
    let (mut waits, mut varies) = (vec![false; body.variables()], vec![false; body.variables()]);
    for (i, var) in body.inputs().enumerate() {
        waits[var.index()] = i >= scan.consts && i < fixed;
        varies[var.index()] = i >= scan.consts;
    }
    let mut when = vec![When::Within; body.equations().len()];
    for (equation, when) in body.equations().iter().zip(&mut when) {
        let any = |of: &[bool]| equation.inputs.iter().any(|x| of[x.index()]);
        *when = match (any(&varies), any(&waits)) {
            (false, _) => When::Always,
            (true, false) if is_movable(equation) => When::Before,
            // An equation that cannot leave the loop keeps its readers there.
            _ => When::Within,
        };
        for y in &equation.outputs {
            waits[y.index()] = *when == When::Within;
            varies[y.index()] = *when != When::Always;
        }
    }
    let mut feeds = vec![false; body.variables()];
    body.outputs()[..scan.carries]
        .iter()
        .for_each(|var| feeds[var.index()] = true);
    let within = body
        .equations()
        .iter()
        .zip(&mut when)
        .rev()
        .filter(|(_, when)| **when == When::Within);
    for (equation, when) in within {
        if equation.outputs.iter().any(|y| feeds[y.index()]) || !is_movable(equation) {
            equation.inputs.iter().for_each(|x| feeds[x.index()] = true);
        } else {
            *when = When::After;
        }
    }
    when
}

/// Returns the variables that the loop stacks for the equations after it, and the variables that it reads
/// from the equations before it.
fn boundary(scan: &Scan, when: &[When]) -> (Vec<Var>, Vec<Var>) {
    let body = &*scan.body;
    let mut place = vec![When::Always; body.variables()];
    for (i, var) in body.inputs().enumerate() {
        if i >= scan.consts && i < scan.consts + scan.carries {
            place[var.index()] = When::Within;
        }
    }
    let (mut exported, mut imported) = (vec![], vec![]);
    for (equation, when) in body.equations().iter().zip(when) {
        equation.outputs.iter().for_each(|y| place[y.index()] = *when);
        for x in &equation.inputs {
            match (place[x.index()], when) {
                (When::Within, When::After) => exported.push(*x),
                (When::Before, When::Within) => imported.push(*x),
                _ => {}
            }
        }
    }
    exported.extend(
        body.outputs()[scan.carries..]
            .iter()
            .filter(|var| place[var.index()] == When::Within),
    );
    for list in [&mut exported, &mut imported] {
        list.sort();
        list.dedup();
    }
    (exported, imported)
}

/// Returns true if the stacks between the parts are not much larger than the slices that the loop reads
/// and writes anyway.
fn is_affordable(scan: &Scan, exported: &[Var], imported: &[Var]) -> bool {
    const FREE: usize = 1 << 20;
    let body = &scan.body;
    let bytes = |vars: &[Var]| -> usize { vars.iter().map(|var| body.type_of(*var).bytes()).sum() };
    let xs: Vec<Var> = body.inputs().skip(scan.consts + scan.carries).collect();
    let anyhow = bytes(&xs) + bytes(&body.outputs()[scan.carries..]);
    let between = bytes(exported) + bytes(imported);
    between.saturating_mul(scan.length) <= FREE.saturating_add(anyhow.saturating_mul(4 * scan.length))
}

/// Returns the least proper subset of the carries whose next values depend on no other carries, if there is
/// one.
fn closed(scan: &Scan) -> Option<Vec<usize>> {
    let sets = (0..scan.carries).map(|carry| {
        let mut set = vec![carry];
        loop {
            let read = needed(scan, &set);
            let grown: Vec<usize> = (0..scan.carries)
                .filter(|&i| set.contains(&i) || read[scan.consts + i])
                .collect();
            if grown == set {
                return set;
            }
            set = grown;
        }
    });
    let least = sets.min_by_key(Vec::len)?;
    (least.len() < scan.carries).then_some(least)
}

/// Returns the variables that the next values of some carries are computed from.
fn needed(scan: &Scan, carries: &[usize]) -> Vec<bool> {
    let body = &*scan.body;
    let mut needed = vec![false; body.variables()];
    carries
        .iter()
        .for_each(|&i| needed[body.outputs()[i].index()] = true);
    for equation in body.equations().iter().rev() {
        if equation.outputs.iter().any(|y| needed[y.index()]) {
            equation.inputs.iter().for_each(|x| needed[x.index()] = true);
            equation.outputs.iter().for_each(|y| needed[y.index()] = true);
        }
    }
    needed
}

/// Returns true if the op can be computed for all iterations at once with the same bits.
fn is_movable(equation: &Equation) -> bool {
    // The order of a reduction depends on the reduced axes alone.
    matches!(
        equation.op.class(),
        Class::Source | Class::Elementwise | Class::Move | Class::Concatenate | Class::Reduce | Class::Random
    )
}

/// Writes an equation for all iterations at once, or once if it is the same in each.
fn all_trips(
    builder: &mut Builder,
    equation: &Equation,
    iterations: usize,
    outer: &mut FxHashMap<Var, Outer>,
) -> Result<(), TypeError> {
    let operands: Vec<Outer> = equation.inputs.iter().map(|var| outer[var]).collect();
    let stacked = operands.iter().any(|x| x.stacked);
    let mut vars: Vars = Vars::new();
    for x in operands {
        vars.push(match stacked && !x.stacked {
            true => repeated(builder, x.var, iterations)?,
            false => x.var,
        });
    }
    let op = if stacked {
        let op = equation.op.with_leading_axis(iterations);
        op.expect("an op that is moved out of a loop")
    } else {
        equation.op.clone()
    };
    let results = builder
        .push(op, &vars)?
        .into_iter()
        .map(|var| Outer { var, stacked });
    outer.extend(equation.outputs.iter().copied().zip(results));
    Ok(())
}

/// Repeats a value for each iteration.
fn repeated(builder: &mut Builder, var: Var, iterations: usize) -> Result<Var, TypeError> {
    let shape = builder.type_of(var).shape.clone();
    let op = Op::Broadcast {
        axes: (1..=shape.rank()).collect(),
        shape: shape.stacked(iterations),
    };
    Ok(builder.push(op, &[var])?[0])
}
