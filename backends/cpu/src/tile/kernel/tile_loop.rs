//! Writes a loop that runs inside a tile.

use super::writer::{KernelValue, MAIN, Scope, Writer};
use crate::plan::fuse::loop_views;
use crate::plan::view::{Affine, Seen, View};
use crate::tile::instruction::{Apply, Instruction, Source, Target};
use kiln_program::{Equation, Few, Scan, Var};
use rustc_hash::FxHashSet;

impl Writer {
    /// Writes a loop whose results are seen through `whole`.
    pub(super) fn tile_loop(&mut self, outside: &Scope, scan: &Scan, equation: &Equation, whole: Seen) {
        let view = &*self.views.borrow().get(whole);
        let (program, body) = (outside.program, &*scan.body);
        let scope = Scope {
            program: body,
            number: self.scopes,
        };
        let number = scope.number;
        self.scopes += 1;
        let step = self.loops;
        self.loops += 1;
        self.lengths.push(scan.length);
        let views = loop_views(scan, view, &self.lengths).expect("a view that the clusters were cut for");

        let inputs: Vec<Var> = body.inputs().collect();
        let carry = |i: usize| inputs[scan.consts + i];
        let init: Vec<((Source, usize), usize)> = (0..scan.carries)
            .map(|i| {
                let start = self.operand(outside, equation.inputs[scan.consts + i], view);
                ((start.source, start.size), self.register(start.size))
            })
            .collect();
        self.blocks.push(vec![]);
        let depth = self.blocks.len() - 1;
        for (i, &((_, size), register)) in init.iter().enumerate() {
            let value = KernelValue::in_register(register, size, depth, false);
            self.values.insert((number, carry(i), whole), value);
        }
        self.loop_operands(outside, &scope, scan, equation, &views);
        self.loop_body(&scope, &views);
        let registers: Vec<usize> = init.iter().map(|(_, register)| *register).collect();
        let swap = self.next_carries(&scope, &registers, whole);
        let block = self.blocks.pop().expect("pushed above");
        let outer = self.blocks.len() - 1;
        self.blocks[outer.max(1)].push(Instruction::Loop {
            length: scan.length,
            reverse: scan.reverse,
            step,
            init,
            body: block,
            swap,
        });
        for (register, output) in registers.into_iter().zip(&equation.outputs) {
            let size = program.type_of(*output).dtype.size();
            let value = KernelValue::in_register(register, size, outer.max(1), false);
            self.values.insert((MAIN, *output, whole), value);
        }
    }

    /// Gives values to the consts and slices of a loop: elements in memory.
    fn loop_operands(
        &mut self,
        outside: &Scope,
        scope: &Scope,
        scan: &Scan,
        equation: &Equation,
        views: &[Few<View, 1>],
    ) {
        // The dim of the loop is the last one.
        let dim = self.lengths.len() - 1;
        let fixed = scan.consts + scan.carries;
        for (input, var) in scope
            .program
            .inputs()
            .enumerate()
            .filter(|(i, _)| *i < scan.consts || *i >= fixed)
        {
            let operand = equation.inputs[input];
            let of = outside.program.type_of(operand);
            for seen in &views[var.index()] {
                let whole = if input < scan.consts {
                    seen.clone()
                } else {
                    // Iteration t reads slice t.
                    View(
                        std::iter::once(Affine::coordinate(dim))
                            .chain(seen.0.iter().cloned())
                            .collect(),
                    )
                };
                let value = self.memory(operand, of.dtype, whole.position(&of.shape));
                let seen = self.number(seen.clone());
                self.values.insert((scope.number, var, seen), value);
            }
        }
    }

    /// Writes the equations of a loop's body, each once for every view of its results.
    fn loop_body(&mut self, scope: &Scope, views: &[Few<View, 1>]) {
        for inner in scope.program.equations() {
            let mut written: Few<&View, 1> = Few::new();
            for output in &inner.outputs {
                for seen in &views[output.index()] {
                    if !written.contains(&seen) {
                        let number = self.number(seen.clone());
                        self.equation(scope, inner, number);
                        written.push(seen);
                    }
                }
            }
        }
    }

    /// Writes the next value of each carry to a register of its own, and pairs it with the carry's register.
    fn next_carries(&mut self, scope: &Scope, carries: &[usize], whole: Seen) -> Vec<(usize, usize)> {
        let (body, depth) = (scope.program, self.blocks.len() - 1);
        let size = |var: Var| body.type_of(var).dtype.size();
        // Each carry's next value has a register of its own, which is swapped with the carry's.
        let mut swap: Vec<(usize, usize)> = vec![];
        let mut own = written_in(&self.blocks[depth]);
        for (i, output) in body.outputs().iter().enumerate() {
            let next = self.values[&(scope.number, *output, whole)];
            let fresh = match next.source {
                Source::Register(register)
                    if next.depth == depth
                        && body.outputs().iter().filter(|var| *var == output).count() == 1
                        && output.index() >= body.inputs().len()
                        && own.remove(&register) =>
                {
                    register
                }
                source => {
                    let out = self.register(size(*output));
                    self.blocks[depth].push(Instruction::Apply {
                        apply: Apply::Copy,
                        inputs: [(source, size(*output))].into_iter().collect(),
                        size: size(*output),
                        out: Target::Register(out),
                    });
                    out
                }
            };
            swap.push((carries[i], fresh));
        }
        swap
    }
}

/// Returns the registers that a block writes itself and that hold one value. If elements are only moved,
/// several variables share one register.
fn written_in(block: &[Instruction]) -> FxHashSet<usize> {
    let mut written = FxHashSet::default();
    for instruction in block {
        match instruction {
            Instruction::Apply {
                out: Target::Register(out),
                ..
            } => {
                written.insert(*out);
            }
            Instruction::Random { draw, .. } => written.extend(draw.clone().outs().iter()),
            _ => {}
        }
    }
    written
}
