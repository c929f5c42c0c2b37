//! Compiles a program: picks the kernel or the single op for each equation, and puts them in order.

use super::{Executable, Loop, Step, Work};
use crate::loops::distribute::distribute;
use crate::loops::recurrence::Recurrence;
use crate::loops::small::Small;
use crate::loops::split::split;
use crate::plan::cluster::Clusters;
use crate::plan::fuse::is_fusable;
use crate::single::contract::{SmallDot, products};
use crate::slots;
use crate::tile::kernel;
use kiln_program::{Equation, Op, Program, Scan, simplify};
use rustc_hash::FxHashMap;
use std::sync::Arc;

impl Executable {
    /// Compiles a program.
    pub fn compile(program: &Program) -> Executable {
        Compiler::default().compile(&simplify(program))
    }
}

/// Compiles a program and the programs within it. A shared program is compiled once: exponentially many
/// paths can lead to it.
#[derive(Default)]
struct Compiler {
    made: FxHashMap<Arc<Program>, Arc<Executable>>,
}

impl Compiler {
    fn within(&mut self, program: &Arc<Program>) -> Arc<Executable> {
        if let Some(made) = self.made.get(program) {
            return made.clone();
        }
        let made = Arc::new(self.compile(program));
        self.made.insert(program.clone(), made.clone());
        made
    }

    /// Compiles a program that is simple, as are the programs within it.
    fn compile(&mut self, program: &Program) -> Executable {
        let program = &*distribute(program);
        let program = &*split(program);
        let program = &*products(program);
        let mut clusters = Clusters::find(program);
        let mut steps = vec![];
        for (number, kernel) in kernel::build(program, &mut clusters).into_iter().enumerate() {
            if kernel.outputs.is_empty() {
                continue;
            }
            let outputs = kernel.outputs.iter().map(|output| output.var.index()).collect();
            let order = (clusters.order_of_kernel(number), 0);
            let inputs = kernel.inputs.clone();
            steps.push((order, Step::new(Work::Kernel(Box::new(kernel)), &inputs, outputs)));
        }
        for (place, equation) in program.equations().iter().enumerate() {
            let alias = clusters.is_alias(equation);
            if !alias && is_fusable(&equation.op) {
                continue;
            }
            let work = self.work(program, equation);
            let outputs = equation.outputs.iter().map(|var| var.index()).collect();
            let order = (clusters.order_of_equation(place), place);
            steps.push((order, Step::new(work, &equation.inputs, outputs)));
        }
        steps.sort_by_key(|(order, _)| *order);
        let mut steps: Vec<Step> = steps.into_iter().map(|(_, step)| step).collect();
        let mut outputs: Vec<(usize, bool)> =
            program.outputs().iter().map(|var| (var.index(), false)).collect();
        let slots = slots::assign(
            program.inputs().len(),
            program.variables(),
            &mut steps,
            &mut outputs,
        );
        Executable {
            inputs: program.input_types(),
            slots,
            steps,
            outputs,
        }
    }

    /// Returns the work of an equation that is no part of a kernel.
    fn work(&mut self, program: &Program, equation: &Equation) -> Work {
        match &equation.op {
            Op::Reshape(shape) => Work::Reshape(shape.clone()),
            Op::Pad { start, step, .. } => Work::Pad {
                of: program.type_of(equation.outputs[0]).clone(),
                start: start.clone(),
                step: step.clone(),
            },
            Op::Dot(dot) => {
                let [x, y] = [0, 1].map(|i| program.type_of(equation.inputs[i]));
                match SmallDot::of(dot, x, y) {
                    Some(dot) => Work::Dot {
                        dot,
                        of: program.type_of(equation.outputs[0]).clone(),
                    },
                    None => Work::Single(equation.op.clone()),
                }
            }
            Op::Scan(scan) => self.scan(scan),
            Op::While(w) => match Small::repeat(w) {
                Some(small) => Work::Small(Box::new(small)),
                None => Work::While {
                    condition: self.within(&w.condition),
                    body: self.within(&w.body),
                    consts: w.consts,
                },
            },
            Op::Cond(branches) => Work::Cond(branches.iter().map(|branch| self.within(branch)).collect()),
            Op::Checkpoint(program) => Work::Apart(self.within(program)),
            Op::Effect(effect) => Work::Effect(effect.clone()),
            op => Work::Single(op.clone()),
        }
    }

    /// Returns the quickest way to run a loop.
    fn scan(&mut self, scan: &Scan) -> Work {
        if let Some(recurrence) = Recurrence::of(scan) {
            return Work::Recurrence(Box::new(recurrence));
        }
        if let Some(small) = Small::scan(scan) {
            return Work::Small(Box::new(small));
        }
        Work::Scan(Box::new(Loop {
            scan: scan.clone(),
            body: self.within(&scan.body),
            settles: scan.settles(),
        }))
    }
}
