//! Programs without their effects.

use crate::once::{Found, once};
use crate::op::{Custom, CustomRule, Op, Scan, While};
use crate::program::Program;
use crate::rewrite::Rewrite;
use std::sync::Arc;

/// The program without its effects: for a part of a computation that runs a second time.
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

/// The op without the effects of the programs that it runs. The op itself is no effect.
pub fn quiet(op: &Op) -> Op {
    match op {
        Op::Call(program) => Op::Call(without_effects(program)),
        Op::Checkpoint(program) => Op::Checkpoint(without_effects(program)),
        Op::Cond(branches) => Op::Cond(branches.iter().map(without_effects).collect()),
        Op::Scan(scan) => Op::Scan(Scan {
            body: without_effects(&scan.body),
            ..scan.clone()
        }),
        Op::While(w) => Op::While(While {
            condition: without_effects(&w.condition),
            body: without_effects(&w.body),
            ..w.clone()
        }),
        Op::Custom(custom) => Op::Custom(Arc::new(Custom {
            program: without_effects(&custom.program),
            consts: custom.consts,
            rule: match &custom.rule {
                CustomRule::Vjp { forward, backward } => CustomRule::Vjp {
                    forward: without_effects(forward),
                    backward: backward.clone(),
                },
                CustomRule::Jvp(rule) => CustomRule::Jvp(rule.clone()),
            },
        })),
        op => op.clone(),
    }
}
