//! Runs a program under `vmap`, and in a loop over the rows.

use super::outcome::{Outcome, fault, shown};
use crate::dice::Dice;
use crate::find::contains;
use crate::generate::{Case, inputs};
use crate::values::{numbers, row, same, shaken, stacked};
use kiln::{Array, call, debug, vmap_in_axes};
use kiln_program::{DType, Op, Program};
use std::sync::Arc;

pub(super) fn mapped(case: &Case, dice: &mut Dice) -> Outcome {
    let types = case.program.input_types();
    if types.is_empty() {
        return Outcome::Unusable;
    }
    let size = *dice.pick(&[1, 2, 3, 5]);
    let mut along: Vec<bool> = types.iter().map(|_| dice.chance(65)).collect();
    if !along.contains(&true) {
        along[dice.below(types.len())] = true;
    }
    let mut rows: Vec<Vec<Array>> = vec![case.inputs.clone()];
    while rows.len() < size {
        let fresh = inputs(dice, &case.program, case.smooth);
        let row = fresh.into_iter().zip(&case.inputs).zip(&along);
        rows.push(
            row.map(|((fresh, x), &along)| if along { fresh } else { x.clone() })
                .collect(),
        );
    }
    let mut axes: Vec<Option<isize>> = vec![];
    let mut batch = vec![];
    for (i, of) in types.iter().enumerate() {
        if !along[i] {
            axes.push(None);
            batch.push(case.inputs[i].clone());
            continue;
        }
        let column: Vec<Array> = rows.iter().map(|row| row[i].clone()).collect();
        let stack = stacked(of, &column);
        let axis = if dice.chance(70) {
            0
        } else {
            dice.between(0, of.shape.rank())
        };
        axes.push(Some(axis as isize));
        batch.push(kiln::numpy::moveaxis(&stack, 0, axis as isize));
    }
    let whole = |inputs: Vec<Array>| call(&case.program, inputs);
    let ((each, all), _) = debug::capture(|| {
        let each: Vec<Vec<Array>> = rows.iter().cloned().map(whole).collect();
        (each, vmap_in_axes(whole, axes.clone())(batch.clone()))
    });
    let exact = exact(&case.program, &along);
    for (i, all) in all.iter().enumerate() {
        for (k, each) in each.iter().enumerate() {
            let got = row(all, k);
            let agree = same(&got, &each[i])
                || (!exact[i]
                    && got.array_type() == each[i].array_type()
                    && (!case.smooth || near(&case.program, &rows[k], i, &got, &each[i], dice)));
            if !agree {
                let facts = format!(
                    "axes {axes:?} of {size}, row {k} of result {i}: loop {}\n          vmap {}",
                    shown(&each[i]),
                    shown(&got)
                );
                return fault("vmap", facts);
            }
        }
    }
    Outcome::Agrees
}

/// Returns true if two values of result `i` of a smooth program differ by rounding alone. The bound is the
/// rounding of some hundred operations relative to the greatest element, and the effect of changing the
/// inputs by some units in the last place.
fn near(program: &Arc<Program>, inputs: &[Array], i: usize, x: &Array, y: &Array, dice: &mut Dice) -> bool {
    // An integer that is computed from such floats may differ by more.
    if !x.dtype().is_float() {
        return true;
    }
    let (x, y) = (numbers(x), numbers(y));
    // NaN and infinities have no rounding error.
    let alike = |x: &f64, y: &f64| x.is_finite() && y.is_finite() || x == y || x.is_nan() && y.is_nan();
    if !x.iter().zip(&y).all(|(x, y)| alike(x, y)) {
        return false;
    }
    let gap = |x: &[f64]| {
        let gaps = x.iter().zip(&y).map(|(x, y)| (x - y).abs());
        gaps.filter(|gap| gap.is_finite()).fold(0.0, f64::max)
    };
    let sizes = y.iter().map(|y| y.abs()).filter(|size| size.is_finite());
    let mut bound = 1e3 * f64::EPSILON * sizes.fold(0.0, f64::max);
    let found = gap(&x);
    for _ in 0..3 {
        if found <= bound {
            return true;
        }
        let floats = inputs.iter().map(|x| match x.dtype() {
            DType::F64 => shaken(dice, std::slice::from_ref(x)).remove(0),
            _ => x.clone(),
        });
        let (moved, _) = debug::capture(|| call(program, floats.collect::<Vec<_>>()));
        bound += 4.0 * gap(&numbers(&moved[i]));
    }
    found <= bound
}

/// Returns for each result of a program, mapped over these inputs, if it must have the bits of a loop over
/// the rows. Sums add the elements of a row in the order of a row alone. Two kinds of results need not have
/// these bits. The product of a mapped matrix and an unmapped one is one larger product, whose order may
/// differ. Decompositions have an order of their own.
fn exact(program: &Program, mapped: &[bool]) -> Vec<bool> {
    let mut exact = vec![true; mapped.len()];
    // `may` is true for variables that may have the new axis, `must` for those that have it in any case. The
    // results of inner programs may be the same in all rows, so they are never in `must`.
    let [mut may, mut must] = [mapped.to_vec(), mapped.to_vec()];
    for equation in program.equations() {
        let operands = || equation.inputs.iter().map(|var| var.index());
        let float = |i: usize| program.type_of(equation.inputs[i]).dtype.is_float();
        let own = match &equation.op {
            Op::Dot(_) => !float(0) || operands().all(|i| must[i]) || !operands().any(|i| may[i]),
            Op::Linalg(_) => false,
            op => op.programs().iter().all(|inner| !has_products(inner)),
        };
        let all = own && operands().all(|i| exact[i]);
        let plain = equation.op.programs().is_empty();
        let [may_be, must_be] = [operands().any(|i| may[i]), plain && operands().any(|i| must[i])];
        for _ in &equation.outputs {
            exact.push(all);
            may.push(may_be);
            must.push(must_be);
        }
    }
    program.outputs().iter().map(|var| exact[var.index()]).collect()
}

/// Returns true if a program multiplies or decomposes matrices.
fn has_products(program: &Program) -> bool {
    contains(program, &|op| matches!(op, Op::Dot(_) | Op::Linalg(_)))
}
