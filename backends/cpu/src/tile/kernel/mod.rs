//! Writes a kernel: the instructions that compute tiles of the results from tiles of stored variables.

mod equation;
mod finish;
mod tile_loop;
mod writer;

use crate::plan::cluster::Clusters;
use crate::tile::instruction::Kernel;
use kiln_program::Program;
use std::cell::RefCell;
use std::rc::Rc;
use writer::{MAIN, Scope, Writer};

/// Returns all kernels of a program, by the numbers that `clusters` gave them.
pub(crate) fn build(program: &Program, clusters: &mut Clusters) -> Vec<Kernel> {
    let views = Rc::new(RefCell::new(std::mem::take(&mut clusters.views)));
    let mut writers: Vec<Writer> = clusters
        .spaces()
        .map(|space| Writer::new(space.clone(), views.clone()))
        .collect();
    let main = Scope {
        program,
        number: MAIN,
    };
    for (i, equation) in program.equations().iter().enumerate() {
        let root = clusters.root(i);
        for &(kernel, seen) in clusters.demands(i) {
            let writer = &mut writers[kernel as usize];
            writer.equation(&main, equation, seen);
            if root == Some(kernel) {
                writer.store(program, equation, seen);
                writer.cost += clusters.cost(equation.outputs[0]);
            }
        }
    }
    writers.into_iter().map(Writer::finish).collect()
}
