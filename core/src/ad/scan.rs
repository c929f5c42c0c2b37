//! Reverse mode of a loop with a fixed number of iterations: a loop in the opposite direction.
//!
//! The forward loop also stacks the residuals of each iteration: the carries on entry, and the values that
//! are not cheap to compute again ([`split`]). The backward loop sums the cotangents of constants in its
//! carry.

use super::backward::RuleInputs;
use super::partial::{Split, split};
use super::rules::instantiated;
use super::{chosen, spread, zeros};
use crate::array::Array;
use crate::depend::{around, scan_given};
use crate::primitive::binary;
use crate::transform::{bind_strong, trace_program};
use kiln_backends::program::{ArrayType, Binary, Op, Scan};
use std::sync::Arc;

/// The parts of a differentiated loop.
struct Partition {
    /// Marks the inputs of the body that have cotangents.
    wanted: Vec<bool>,
    /// Marks the results of the body that have cotangents.
    given: Vec<bool>,
    parts: Split,
}

fn partition(scan: &Scan, rule: &RuleInputs) -> Partition {
    let wanted = scan_given(scan, &rule.wanted);
    let carries = scan.consts..scan.consts + scan.carries;
    // A carry whose final cotangent is zero may get a cotangent from the next iteration.
    let given = around(&rule.live, 0..scan.carries, |given| {
        split(&scan.body, &wanted, given).present[carries.clone()].to_vec()
    });
    let parts = split(&scan.body, &wanted, &given);
    Partition { wanted, given, parts }
}

/// Returns the residuals that change with the iteration and are not among the operands: the carries on entry.
fn stacked_carries<'a>(scan: &'a Scan, parts: &'a Split) -> impl Iterator<Item = usize> + 'a {
    let carries = scan.consts..scan.consts + scan.carries;
    parts
        .residuals
        .iter()
        .copied()
        .filter(move |i| carries.contains(i))
}

/// Returns the loop's results, and the stacked residuals for the backward loop.
pub(super) fn forward(scan: &Scan, rule: &RuleInputs) -> (Vec<Array>, Vec<Array>) {
    let parts = partition(scan, rule).parts;
    let body = trace_program(&scan.body.input_types(), |inputs| {
        let mut results = crate::transform::evaluate(&parts.forward, inputs);
        results.extend(stacked_carries(scan, &parts).map(|i| inputs[i].clone()));
        results
    });
    let op = Op::Scan(Scan {
        body: Arc::new(body),
        ..scan.clone()
    });
    let mut results = bind_strong(op, &rule.operands).into_vec();
    let residuals = results.split_off(scan.body.outputs().len());
    (results, residuals)
}

/// Returns the cotangents of the loop's operands.
pub(super) fn backward(
    scan: &Scan,
    rule: &RuleInputs,
    residuals: &[Array],
    cotangents: Vec<Option<Array>>,
) -> Vec<Option<Array>> {
    let Partition { wanted, given, parts } = partition(scan, rule);
    let inputs = scan.body.input_types();
    let fixed = scan.consts + scan.carries;
    let kinds = |range: std::ops::Range<usize>| -> Vec<(usize, ArrayType)> {
        range
            .filter(|&i| parts.present[i])
            .map(|i| (i, inputs[i].clone()))
            .collect()
    };
    let (of_consts, of_xs) = (kinds(0..scan.consts), kinds(fixed..inputs.len()));
    let going: Vec<usize> = (0..scan.carries).filter(|&i| given[i]).collect();
    let read =
        |range: std::ops::Range<usize>| parts.residuals.iter().copied().filter(move |i| range.contains(i));

    // Operands of the backward loop: constants; cotangents of carries and sums of those of constants; slices.
    let consts: Vec<Array> = read(0..scan.consts).map(|i| rule.operands[i].clone()).collect();
    let cotangents = instantiated(&cotangents, &rule.results);
    let mut carry: Vec<Array> = going.iter().map(|&i| cotangents[i].clone()).collect();
    carry.extend(of_consts.iter().map(|(_, of)| zeros(of)));
    let mut slices: Vec<Array> = read(fixed..inputs.len())
        .map(|i| rule.operands[i].clone())
        .collect();
    let of_ys = chosen(&cotangents[scan.carries..], &given[scan.carries..]);
    slices.extend(residuals.iter().cloned().chain(of_ys));
    let (n_consts, n_carries) = (consts.len(), carry.len());
    let operands: Vec<Array> = [consts, carry, slices].concat();
    let types = types_within(&operands, n_consts + n_carries);

    let kept = parts.forward.outputs().len() - scan.body.outputs().len();
    let body = trace_program(&types, |inputs_now| {
        let (consts, rest) = inputs_now.split_at(n_consts);
        let (carry, slices) = rest.split_at(n_carries);
        let (xs, rest) = slices.split_at(read(fixed..inputs.len()).count());
        let (kept, rest) = rest.split_at(kept);
        let (carries, of_ys) = rest.split_at(stacked_carries(scan, &parts).count());
        let (of_carries, sums) = carry.split_at(going.len());
        // Residuals are in the order of the body's inputs.
        let arguments: Vec<Array> = [consts, carries, xs, kept, of_carries, of_ys].concat();
        let found = spread(
            &parts.present,
            crate::transform::evaluate(&parts.backward, &arguments),
        );
        let next = going.iter().map(|&i| {
            let at = scan.consts + i;
            found[at]
                .clone()
                .unwrap_or_else(|| zeros(&scan.body.input_types()[at]))
        });
        let sums = of_consts.iter().zip(sums).map(|((i, _), sum)| {
            let term = found[*i].as_ref().expect("marked as present");
            binary(Binary::Add, sum, term)
        });
        let of_xs = of_xs
            .iter()
            .map(|(i, _)| found[*i].clone().expect("marked as present"));
        next.chain(sums).chain(of_xs).collect()
    });
    let op = Op::Scan(Scan {
        body: Arc::new(body),
        length: scan.length,
        consts: n_consts,
        carries: n_carries,
        reverse: !scan.reverse,
    });
    let mut found = bind_strong(op, &operands).into_iter();
    let mut all: Vec<Option<Array>> = vec![None; inputs.len()];
    for i in going {
        all[scan.consts + i] = found.next().filter(|_| wanted[scan.consts + i]);
    }
    for (i, _) in of_consts.into_iter().chain(of_xs) {
        all[i] = found.next();
    }
    all
}

/// Returns the types of the body's inputs for these operands of a loop. The operands from `fixed` on are
/// slices.
fn types_within(operands: &[Array], fixed: usize) -> Vec<ArrayType> {
    operands
        .iter()
        .enumerate()
        .map(|(i, x)| {
            let of = x.array_type();
            if i < fixed {
                of
            } else {
                ArrayType::new(of.dtype, &of.shape[1..])
            }
        })
        .collect()
}
