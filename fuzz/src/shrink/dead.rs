//! Drops what no result of a program needs.

use kiln_program::sister::Rewrite;
use kiln_program::{Program, Var};

/// Drops equations that no result and no effect needs.
pub(super) fn alive(program: &Program) -> Program {
    let mut live = vec![false; program.variables()];
    let mut kept = vec![false; program.equations().len()];
    for &var in program.outputs() {
        live[var.index()] = true;
    }
    for (i, equation) in program.equations().iter().enumerate().rev() {
        kept[i] = equation.op.has_effect() || equation.outputs.iter().any(|var| live[var.index()]);
        if kept[i] {
            for &var in &equation.inputs {
                live[var.index()] = true;
            }
        }
    }
    let mut new = Rewrite::of(program);
    for (equation, _) in program.equations().iter().zip(kept).filter(|(_, kept)| *kept) {
        new.copy(equation);
    }
    new.finish(program.outputs())
}

/// Returns true if an equation reads a variable, or if it is a result.
pub(super) fn is_read(program: &Program, var: Var) -> bool {
    program.outputs().contains(&var)
        || program
            .equations()
            .iter()
            .any(|equation| equation.inputs.contains(&var))
}

/// Returns the program with other results.
pub(super) fn with_outputs(program: &Program, outputs: &[Var]) -> Program {
    let mut new = Rewrite::of(program);
    program.equations().iter().for_each(|equation| new.copy(equation));
    new.finish(outputs)
}
