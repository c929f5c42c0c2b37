//! Makes a case smaller: fewer results, equations and inputs, shorter axes, plainer elements.

use super::dead::{alive, is_read, with_outputs};
use super::resize::{cropped, resized};
use super::simpler::less;
use crate::fault::caught;
use crate::generate::Case;
use crate::{one_by_one, values};
use kiln::Array;
use kiln_program::sister::Rewrite;
use kiln_program::{Program, Scalar, Var};
use std::sync::Arc;

/// Returns cases with one of the results alone.
pub(super) fn fewer_results(case: &Case) -> Vec<Case> {
    let outputs = case.program.outputs();
    if outputs.len() < 2 {
        return vec![];
    }
    let one = outputs.iter().map(|&var| with_outputs(&case.program, &[var]));
    one.map(|program| trimmed(case, &program, &case.inputs)).collect()
}

/// Returns cases in which the results of one equation become inputs. The inputs have the values that the
/// equation gave.
pub(super) fn cut(case: &Case) -> Vec<Case> {
    let Ok(values) = caught(|| one_by_one::variables(&case.program, &case.inputs)) else {
        return vec![];
    };
    let program = &case.program;
    let last_first = (0..program.equations().len()).rev();
    last_first
        .map(|cut| {
            let mut new = Rewrite::of(program);
            let mut inputs = case.inputs.clone();
            for (i, equation) in program.equations().iter().enumerate() {
                if i != cut {
                    new.copy(equation);
                    continue;
                }
                for &var in &equation.outputs {
                    let input = new.builder.input(program.type_of(var).clone());
                    new.define(&[var], [input]);
                    inputs.push(values[var.index()].clone());
                }
            }
            trimmed(case, &new.finish(program.outputs()), &inputs)
        })
        .collect()
}

/// Returns cases whose programs have the same type and do less.
pub(super) fn simpler(case: &Case) -> Vec<Case> {
    let programs = less(&case.program);
    programs
        .into_iter()
        .map(|program| trimmed(case, &program, &case.inputs))
        .collect()
}

/// Returns cases in which axes have other lengths.
pub(super) fn shorter(case: &Case) -> Vec<Case> {
    let program = &case.program;
    let results = program.equations().iter().flat_map(|equation| &equation.outputs);
    let vars = program.inputs().chain(results.copied());
    let mut lengths: Vec<usize> = vars.flat_map(|var| program.type_of(var).shape.to_vec()).collect();
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
pub(super) fn plainer(case: &Case) -> Vec<Case> {
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

/// Drops equations that no result needs, and inputs that nothing reads.
fn trimmed(case: &Case, program: &Program, inputs: &[Array]) -> Case {
    let program = alive(program);
    let (kept, inputs): (Vec<Var>, Vec<Array>) = program
        .inputs()
        .zip(inputs.iter().cloned())
        .filter(|&(var, _)| is_read(&program, var))
        .unzip();
    let mut new = Rewrite::with_inputs(&program, kept);
    program.equations().iter().for_each(|equation| new.copy(equation));
    replaced(case, new.finish(program.outputs()), inputs)
}

/// Returns a case with another program and other inputs.
fn replaced(case: &Case, program: Program, inputs: Vec<Array>) -> Case {
    Case {
        program: Arc::new(program),
        inputs,
        smooth: case.smooth,
    }
}
