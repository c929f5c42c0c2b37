//! Programs without their effects.

use crate::once::{Found, once};
use crate::op::{CustomRule, Op};
use crate::program::Program;
use crate::rewrite::Rewrite;
use std::sync::Arc;

/// Returns the program without its effects: for a part of a computation that runs a second time.
pub fn without_effects(program: &Arc<Program>) -> Arc<Program> {
    thread_local! {
        static FOUND: Found<(), Arc<Program>> = const { Found::new(None) };
    }
    match program.has_effect() {
        true => once(&FOUND, program, (), || drop_effects(program)),
        false => program.clone(),
    }
}

fn drop_effects(program: &Program) -> Arc<Program> {
    let mut new = Rewrite::of(program);
    for equation in program.equations() {
        if !matches!(equation.op, Op::Effect(_)) {
            new.write(equation, quiet(&equation.op))
                .expect("an equation but for effects");
        }
    }
    Arc::new(new.finish(program.outputs()))
}

/// Returns the op without the effects of the programs that it runs. The op itself is no effect.
pub fn quiet(op: &Op) -> Op {
    let mut op = op.clone();
    match &mut op {
        Op::Call(program) | Op::Checkpoint(program) => *program = without_effects(program),
        Op::Cond(branches) => *branches = branches.iter().map(without_effects).collect(),
        Op::Scan(scan) => scan.body = without_effects(&scan.body),
        Op::While(w) => {
            w.condition = without_effects(&w.condition);
            w.body = without_effects(&w.body);
        }
        Op::Custom(custom) => {
            let custom = Arc::make_mut(custom);
            custom.program = without_effects(&custom.program);
            if let CustomRule::Vjp { forward, .. } = &mut custom.rule {
                *forward = without_effects(forward);
            }
        }
        _ => {}
    }
    op
}
