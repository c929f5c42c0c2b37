//! Runs a branch, which only some elements of a batch take, for all of them.
//!
//! The results for the other elements are dropped, so their cotangents are zero. But if the branch has no
//! finite derivative (a root of a negative number), zero times the derivative is NaN. So the inputs of these
//! elements are constants for derivatives: `select(taken, x, stop_gradient(x))`. Without derivatives both are
//! the same, and the device chooses nothing.
//!
//! An operand that is the same for all elements stays one array. The array is guarded at the op that combines
//! it with the batch.

use super::batch::Batched;
use super::control::choose;
use super::rules::rule;
use crate::array::Array;
use crate::bind::bind_one;
use crate::depend::dependent;
use crate::primitive::{broadcast, reduce, select};
use crate::transform::{read, zeros_like};
use kiln_backends::program::{Linalg, Op, Program, Reduction};

/// Returns the results of a branch for all elements. `taken` marks the elements that take it.
pub(super) fn branch(program: &Program, taken: &Array, inputs: &[Batched], size: usize) -> Vec<Batched> {
    let any = reduce(Reduction::Max, taken, [0].into_iter().collect());
    let guard = Guard { taken, size };
    let inputs: Vec<Batched> = inputs
        .iter()
        .map(|x| match (x.array.dtype().is_float(), x.batched) {
            (false, _) => x.clone(),
            (true, true) => guard.hold(x),
            (true, false) => Batched {
                array: select(&broadcast(&any, x.array.shape()), &x.array, &constant(&x.array)),
                batched: false,
            },
        })
        .collect();
    let moving: Vec<bool> = inputs.iter().map(|x| x.array.dtype().is_float()).collect();
    guard.read(program, &inputs, &moving)
}

struct Guard<'a> {
    taken: &'a Array,
    size: usize,
}

impl Guard<'_> {
    /// Reads a program, some inputs of which may have derivatives.
    fn read(&self, program: &Program, inputs: &[Batched], moving: &[bool]) -> Vec<Batched> {
        let depends = dependent(program, moving);
        read(program, inputs, |equation, operands| {
            let moving: Vec<bool> = equation.inputs.iter().map(|var| depends[var.index()]).collect();
            self.apply(&equation.op, operands, &moving)
        })
    }

    fn apply(&self, op: &Op, operands: &[Batched], moving: &[bool]) -> Vec<Batched> {
        // Marks operands that are the same for all elements, and may have derivatives.
        let meets = |i: usize| !operands[i].batched && moving[i];
        let is_met = operands.iter().any(|x| x.batched) && (0..operands.len()).any(meets);
        match op {
            op if !is_met => rule(op, operands, self.size),
            Op::Call(program) => self.read(program, operands, moving),
            // The derivative of a gather with respect to the array is 1 at the elements read.
            Op::Gather { .. } if meets(0) => {
                let results = rule(op, operands, self.size);
                results.iter().map(|x| self.hold(x)).collect()
            }
            // The derivative is the other operand, which may be zero here.
            Op::Dot(_) => self.with_zeros(op, operands),
            Op::Linalg(Linalg::Solve) if meets(0) => self.with_zeros(op, operands),
            op => {
                let held: Vec<Batched> = (0..operands.len())
                    .map(|i| match meets(i) {
                        true => self.hold(&operands[i]),
                        false => operands[i].clone(),
                    })
                    .collect();
                rule(op, &held, self.size)
            }
        }
    }

    /// Makes a value constant for derivatives, except for the elements that take the branch.
    fn hold(&self, x: &Batched) -> Batched {
        let still = Batched {
            array: constant(&x.array),
            batched: x.batched,
        };
        Batched {
            array: choose(self.taken, &x.spread(self.size), &still.spread(self.size)),
            batched: true,
        }
    }

    /// Applies an op with zeros for the elements that do not take the branch.
    fn with_zeros(&self, op: &Op, operands: &[Batched]) -> Vec<Batched> {
        let zeroed: Vec<Batched> = operands
            .iter()
            .map(|x| match x.batched {
                true => Batched {
                    array: choose(self.taken, &x.array, &zeros_like(&x.array)),
                    batched: true,
                },
                false => x.clone(),
            })
            .collect();
        rule(op, &zeroed, self.size)
    }
}

fn constant(x: &Array) -> Array {
    bind_one(Op::StopGradient, &[x], false)
}
