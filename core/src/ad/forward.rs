//! Forward mode: makes the program of a program's tangents.
//!
//! The walker reads the program once, and returns each equation's results and their tangents. The rule of a
//! plain op is the transpose of its reverse rule ([`tangents`]). Ops that hold programs have their rules
//! here. A tangent that is zero everywhere is `None`.

use super::backward::backward;
use super::plain::tangents;
use super::{chosen, spread, zeros};
use crate::array::Array;
use crate::depend::{branches_depend, scan_given, while_given};
use crate::transform::{Derived, How, bind_strong, derived, trace_program};
use kiln_backends::program::sister::{quiet, with_zeros};
use kiln_backends::program::{ArrayType, Custom, CustomRule, Op, Program, Reduction, Scan, While};
use std::sync::Arc;

/// Returns the program of outputs and all tangents.
fn forward(program: &Arc<Program>, given: &[bool]) -> Derived {
    forward_of(program, given, program.outputs().len(), false)
}

/// Returns the program of outputs and tangents: see [`How::Forward`]. If `apart` is set, an op that holds
/// programs runs once for its values, and once more where its tangents need them.
pub(crate) fn forward_of(program: &Arc<Program>, given: &[bool], results: usize, apart: bool) -> Derived {
    let types = || {
        let mut types = program.input_types();
        types.extend(chosen(&program.input_types(), given));
        types
    };
    let how = How::Forward {
        given: given.to_vec(),
        results,
        apart,
    };
    derived(program, how, types, |program, arrays| {
        let (inputs, moving) = arrays.split_at(program.inputs().len());
        let inputs: Vec<Dual> = inputs
            .iter()
            .cloned()
            .zip(spread(given, moving.iter().cloned()))
            .collect();
        let mut duals = crate::transform::read(program, &inputs, |equation, operands| {
            if !apart || equation.op.programs().is_empty() {
                return rule(&equation.op, operands);
            }
            let values: Vec<Array> = operands.iter().map(|(value, _)| value.clone()).collect();
            let values = bind_strong(equation.op.clone(), &values);
            // Only the run for the values has effects.
            let tangents = rule(&quiet(&equation.op), operands);
            values
                .into_iter()
                .zip(tangents)
                .map(|(value, (_, tangent))| (value, tangent))
                .collect()
        });
        duals[results..]
            .iter_mut()
            .for_each(|(_, tangent)| *tangent = None);
        let present = duals.iter().map(|(_, tangent)| tangent.is_some()).collect();
        let (outputs, tangents): (Vec<_>, Vec<_>) = duals.into_iter().unzip();
        let all = outputs.into_iter().chain(tangents.into_iter().flatten());
        (all.collect(), present)
    })
}

/// A value and its tangent.
type Dual = (Array, Option<Array>);

fn rule(op: &Op, operands: &[Dual]) -> Vec<Dual> {
    let (values, moving): (Vec<Array>, Vec<Option<Array>>) = operands.iter().cloned().unzip();
    let given: Vec<bool> = moving.iter().map(Option::is_some).collect();
    let still = |results: Vec<Array>| results.into_iter().map(|x| (x, None)).collect();
    if !given.contains(&true) {
        return still(bind_strong(op.clone(), &values).into_vec());
    }
    match op {
        Op::StopGradient | Op::Effect(_) => still(bind_strong(op.clone(), &values).into_vec()),
        Op::Call(program) => {
            let derived = forward(program, &given);
            let all = bind_strong(Op::Call(derived.program), &with(&values, &moving));
            paired(all.into_vec(), &derived.present)
        }
        Op::Checkpoint(program) => {
            let derived = forward(program, &given);
            let all = bind_strong(Op::Checkpoint(derived.program), &with(&values, &moving));
            paired(all.into_vec(), &derived.present)
        }
        Op::Cond(branches) => cond(branches, &values, &moving, &given[1..]),
        Op::Scan(scan) => looped(scan, &values, &moving, &given),
        Op::While(w) => repeated(w, &values, &moving, &given),
        Op::Custom(custom) => customised(custom, &values, &moving),
        // A sum is linear. A sum over no axes has this rule too, because the transpose of its gradient has no
        // equation.
        Op::Reduce {
            kind: Reduction::Sum, ..
        } => {
            let [x, t] = [&values[..], &with(&[], &moving)].map(|x| bind_strong(op.clone(), x).remove(0));
            vec![(x, Some(t))]
        }
        op => {
            let results = bind_strong(op.clone(), &values);
            let tangents = tangents(op, &values, &moving);
            results.into_iter().zip(tangents).collect()
        }
    }
}

/// Returns the values, followed by the tangents that are not `None`.
fn with(values: &[Array], moving: &[Option<Array>]) -> Vec<Array> {
    values.iter().chain(moving.iter().flatten()).cloned().collect()
}

/// Pairs outputs with their tangents. `all` holds the outputs first, then the tangents.
fn paired(mut all: Vec<Array>, present: &[bool]) -> Vec<Dual> {
    let tangents = all.split_off(present.len());
    all.into_iter().zip(spread(present, tangents)).collect()
}

/// Returns the program of `(outputs, tangents)`, with a tangent for each output marked in `wanted`. A missing
/// tangent is zeros.
fn with_tangents(program: &Arc<Program>, given: &[bool], wanted: &[bool]) -> Arc<Program> {
    let derived = forward(program, given);
    let outputs = program.output_types();
    let all = [outputs.clone(), outputs].concat();
    let mark = |tangents: &[bool]| [&vec![true; program.outputs().len()], tangents].concat();
    with_zeros(&derived.program, &mark(&derived.present), &mark(wanted), &all)
}

fn cond(branches: &[Arc<Program>], values: &[Array], moving: &[Option<Array>], given: &[bool]) -> Vec<Dual> {
    let present = branches_depend(branches, given);
    let branches = branches
        .iter()
        .map(|branch| with_tangents(branch, given, &present))
        .collect();
    paired(
        bind_strong(Op::Cond(branches), &with(values, moving)).into_vec(),
        &present,
    )
}

/// The order of operands for the body of a loop that also carries tangents. Each group (constants, carries,
/// slices) has its values first, then its tangents.
struct Groups {
    /// The inputs of the body that have a tangent.
    given: Vec<bool>,
    consts: usize,
    carries: usize,
}

impl Groups {
    /// Returns the values and the tangents of each group in turn.
    fn joined(&self, values: &[Array], moving: &[Option<Array>]) -> Vec<Array> {
        self.by_group(values, |i| {
            let tangent = moving[i].clone();
            tangent.unwrap_or_else(|| zeros(&values[i].array_type()))
        })
    }

    /// Returns the types of [`joined`](Self::joined) operands within the body.
    fn types(&self, of: &[ArrayType]) -> Vec<ArrayType> {
        self.by_group(of, |i| of[i].clone())
    }

    /// Returns each group of `items`, followed by the items for its tangents.
    fn by_group<T: Clone>(&self, items: &[T], tangent: impl Fn(usize) -> T) -> Vec<T> {
        let fixed = self.consts + self.carries;
        let mut joined = vec![];
        for range in [0..self.consts, self.consts..fixed, fixed..items.len()] {
            joined.extend_from_slice(&items[range.clone()]);
            joined.extend(range.filter(|&i| self.given[i]).map(&tangent));
        }
        joined
    }

    fn count(&self, range: std::ops::Range<usize>) -> usize {
        self.given[range].iter().filter(|given| **given).count()
    }

    fn consts(&self) -> usize {
        self.consts + self.count(0..self.consts)
    }

    fn carries(&self) -> usize {
        self.carries + self.count(self.consts..self.consts + self.carries)
    }

    /// Undoes [`joined`](Self::joined): returns all values, then all tangents.
    fn separated(&self, inputs: &[Array]) -> Vec<Array> {
        let fixed = self.consts + self.carries;
        let n = self.given.len();
        let (mut values, mut tangents, mut at) = (vec![], vec![], 0);
        for range in [0..self.consts, self.consts..fixed, fixed..n] {
            let middle = at + range.len();
            let end = middle + self.count(range);
            values.extend_from_slice(&inputs[at..middle]);
            tangents.extend_from_slice(&inputs[middle..end]);
            at = end;
        }
        values.extend(tangents);
        values
    }
}

fn looped(scan: &Scan, values: &[Array], moving: &[Option<Array>], given: &[bool]) -> Vec<Dual> {
    let groups = Groups {
        given: scan_given(scan, given),
        consts: scan.consts,
        carries: scan.carries,
    };
    let derived = forward(&scan.body, &groups.given);
    let carried = &groups.given[scan.consts..scan.consts + scan.carries];
    let present = [carried, &derived.present[scan.carries..]].concat();
    let body = with_tangents(&scan.body, &groups.given, &present);
    let (outputs, ys) = (present.len(), present.len() - scan.carries);
    let body = trace_program(&groups.types(&scan.body.input_types()), |inputs| {
        let results = crate::transform::evaluate(&body, &groups.separated(inputs));
        let (values, tangents) = results.split_at(outputs);
        let of_carries = groups.carries() - scan.carries;
        [
            &values[..scan.carries],
            &tangents[..of_carries],
            &values[scan.carries..],
            &tangents[of_carries..],
        ]
        .concat()
    });
    let op = Op::Scan(Scan {
        body: Arc::new(body),
        consts: groups.consts(),
        carries: groups.carries(),
        ..scan.clone()
    });
    let all = bind_strong(op, &groups.joined(values, moving)).into_vec();
    let (carries, rest) = all.split_at(scan.carries);
    let (of_carries, rest) = rest.split_at(groups.carries() - scan.carries);
    let (ys, of_ys) = rest.split_at(ys);
    paired([carries, ys, of_carries, of_ys].concat(), &present)
}

fn repeated(w: &While, values: &[Array], moving: &[Option<Array>], given: &[bool]) -> Vec<Dual> {
    let carries = values.len() - w.consts;
    let groups = Groups {
        given: while_given(w, given),
        consts: w.consts,
        carries,
    };
    let present = groups.given[w.consts..].to_vec();
    let body = with_tangents(&w.body, &groups.given, &present);
    let types = groups.types(&w.body.input_types());
    let consts = groups.consts();
    let op = Op::While(While {
        condition: Arc::new(trace_program(&types, |inputs| {
            crate::transform::evaluate(&w.condition, &groups.separated(inputs)[..values.len()])
        })),
        body: Arc::new(trace_program(&types, |inputs| {
            crate::transform::evaluate(&body, &groups.separated(inputs))
        })),
        consts,
    });
    let all = bind_strong(op, &groups.joined(values, moving)).into_vec();
    paired(all, &present)
}

fn customised(custom: &Custom, values: &[Array], moving: &[Option<Array>]) -> Vec<Dual> {
    let outputs = custom.program.output_types();
    let floats: Vec<bool> = outputs.iter().map(|of| of.dtype.is_float()).collect();
    let instantiated = |marked: &dyn Fn(&Array) -> bool| -> Vec<Array> {
        let inputs = values
            .iter()
            .zip(moving)
            .skip(custom.consts)
            .filter(|(x, _)| marked(x));
        inputs
            .map(|(x, tangent)| tangent.clone().unwrap_or_else(|| zeros(&x.array_type())))
            .collect()
    };
    match &custom.rule {
        CustomRule::Jvp(rule) => {
            let arguments = [values, &instantiated(&|_| true)].concat();
            let mut all = bind_strong(Op::Call(rule.clone()), &arguments).into_vec();
            let tangents = all.split_off(outputs.len());
            let tangents = tangents
                .into_iter()
                .zip(&floats)
                .map(|(x, &float)| float.then_some(x));
            all.into_iter().zip(tangents).collect()
        }
        // The rule is linear in the cotangents. The transpose at cotangents of zero maps tangents.
        CustomRule::Vjp {
            forward,
            backward: rule,
        } => {
            let mut all = bind_strong(Op::Call(forward.clone()), values).into_vec();
            let residuals = all.split_off(outputs.len());
            let fixed = custom.consts + residuals.len();
            let wanted: Vec<bool> = std::iter::repeat_n(false, fixed).chain(floats).collect();
            let given: Vec<bool> = values[custom.consts..]
                .iter()
                .map(|x| x.dtype().is_float())
                .collect();
            let transposed = backward(rule, &wanted, &given, false);
            let cotangents: Vec<Array> = outputs.iter().map(zeros).collect();
            let moving = instantiated(&|x| x.dtype().is_float());
            let arguments = [&values[..custom.consts], &residuals, &cotangents, &moving].concat();
            let found = bind_strong(Op::Call(transposed.program), &arguments);
            let tangents = spread(&transposed.present, found).split_off(fixed);
            all.into_iter().zip(tangents).collect()
        }
    }
}
