//! The batch of a program, and the values of its rules.

use super::rules::rule;
use crate::array::Array;
use crate::primitive::{broadcast, transpose};
use crate::transform::{Derived, How, bind_strong, derived, evaluate, read, trace_program};
use crate::tree::Arrays;
use kiln_backends::program::{ArrayType, Axes, Op, Program};
use std::sync::Arc;

/// A value of a program that is being batched: one array for all elements of the batch, or one for each along
/// a new first axis.
#[derive(Clone)]
pub(super) struct Batched {
    pub(super) array: Array,
    pub(super) batched: bool,
}

impl Batched {
    /// Returns the array with the batch axis. A value without it is broadcast.
    pub(super) fn spread(&self, size: usize) -> Array {
        match self.batched {
            true => self.array.clone(),
            false => broadcast(&self.array, &self.array.shape().stacked(size)),
        }
    }

    /// Returns the type of one element of the batch.
    pub(super) fn element_type(&self) -> ArrayType {
        let of = self.array.array_type();
        match self.batched {
            true => ArrayType::new(of.dtype, &of.shape[1..]),
            false => of,
        }
    }
}

/// Returns the program for a batch: `inputs -> outputs`. The given inputs have a new first axis of length
/// `size`, as do the outputs that depend on them.
pub(crate) fn batch(program: &Arc<Program>, given: &[bool], size: usize) -> Derived {
    if !given.contains(&true) {
        let outputs = vec![false; program.outputs().len()];
        return Derived {
            program: program.clone(),
            present: outputs.into(),
        };
    }
    let how = How::Batch {
        given: given.into(),
        size,
    };
    derived(
        program,
        how,
        || batched_types(&program.input_types(), given, size),
        |program, inputs| {
            let values: Vec<Batched> = inputs
                .iter()
                .zip(given)
                .map(|(x, &batched)| Batched {
                    array: x.clone(),
                    batched,
                })
                .collect();
            let outputs = read(program, &values, |equation, operands| {
                rule(&equation.op, operands, size)
            });
            outputs.into_iter().map(|x| (x.array, x.batched)).unzip()
        },
    )
}

/// Returns [`batch`] of a program with the new axis on the wanted outputs as well.
pub(super) fn batch_wanted(
    program: &Arc<Program>,
    given: &[bool],
    wanted: &[bool],
    size: usize,
) -> Arc<Program> {
    let Derived {
        program: batched,
        present,
    } = batch(program, given, size);
    if present
        .iter()
        .zip(wanted)
        .all(|(present, wanted)| present >= wanted)
    {
        return batched;
    }
    made(&batched.input_types(), |inputs| {
        let outputs = evaluate(&batched, inputs);
        let spread = outputs.into_iter().zip(&*present).zip(wanted);
        spread
            .map(|((array, &batched), &wanted)| match wanted {
                true => Batched { array, batched }.spread(size),
                false => array,
            })
            .collect()
    })
}

/// Traces a function that reads its inputs only.
pub(super) fn made(types: &[ArrayType], make: impl FnOnce(&[Array]) -> Vec<Array>) -> Arc<Program> {
    Arc::new(trace_program(types, make))
}

/// Returns the types of values, some of which are batched.
pub(super) fn batched_types(types: &[ArrayType], batched: &[bool], size: usize) -> Vec<ArrayType> {
    let types = types.iter().zip(batched);
    types
        .map(|(of, &batched)| match batched {
            true => of.stacked(size),
            false => of.clone(),
        })
        .collect()
}

/// Returns axes after a batch axis was added before them.
pub(super) fn shifted(axes: &[usize]) -> Axes {
    axes.iter().map(|axis| axis + 1).collect()
}

/// Moves one axis. The others keep their order.
pub(super) fn moved(x: &Array, from: usize, to: usize) -> Array {
    let mut order: Axes = (0..x.ndim()).filter(|&axis| axis != from).collect();
    order.insert(to, from);
    transpose(x, &order)
}

pub(super) fn arrays(values: &[Batched]) -> Arrays {
    values.iter().map(|x| x.array.clone()).collect()
}

pub(super) fn flags(values: &[Batched]) -> Vec<bool> {
    values.iter().map(|x| x.batched).collect()
}

/// Returns all values with the batch axis.
pub(super) fn spread(values: &[Batched], size: usize) -> Arrays {
    values.iter().map(|x| x.spread(size)).collect()
}

/// Makes results of which all have the batch axis, or none.
pub(super) fn values(arrays: impl IntoIterator<Item = Array>, batched: bool) -> Vec<Batched> {
    let value = |array| Batched { array, batched };
    arrays.into_iter().map(value).collect()
}

/// Makes results of which some have the batch axis.
pub(super) fn flagged(arrays: impl IntoIterator<Item = Array>, batched: &[bool]) -> Vec<Batched> {
    let value = |(array, &batched)| Batched { array, batched };
    arrays.into_iter().zip(batched).map(value).collect()
}

/// Binds an op whose results all have the batch axis.
pub(super) fn bind_batched(op: Op, operands: &[Array]) -> Vec<Batched> {
    values(bind_strong(op, operands), true)
}
