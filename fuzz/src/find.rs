//! Finds ops in a program and in the programs that it holds.

use crate::generate::OpKind;
use kiln_program::{Op, Program};
use std::collections::BTreeSet;

/// Returns true if a program, or one that it holds, has an op for which `is` returns true.
pub fn contains(program: &Program, is: &impl Fn(&Op) -> bool) -> bool {
    program
        .equations()
        .iter()
        .any(|equation| is(&equation.op) || equation.op.programs().iter().any(|inner| contains(inner, is)))
}

/// Returns the kinds of the ops in a program and in the programs that it holds.
pub fn kinds(program: &Program) -> BTreeSet<OpKind> {
    let mut found = BTreeSet::new();
    for equation in program.equations() {
        found.insert(OpKind::of(&equation.op));
        for inner in equation.op.programs() {
            found.extend(kinds(inner));
        }
    }
    found
}
