//! Generates programs within programs: calls, branches and the bodies of loops.

use super::maker::Maker;
use super::style::Style;
use kiln_program::{ArrayType, DType, Op, Program, Var, Vars};
use std::sync::Arc;

impl Maker<'_> {
    /// Generates a program of these types. Often it returns its inputs, swaps them or drops them.
    pub(super) fn within(&mut self, inputs: Vec<ArrayType>, outputs: &[ArrayType]) -> Option<Program> {
        let depth = self.style.depth.checked_sub(1)?;
        let style = Style { depth, ..self.style };
        let mut maker = Maker::new(self.dice, style, false);
        for of in inputs {
            let input = maker.builder.input(of);
            maker.vars.push(input);
        }
        let given = maker.vars.clone();
        for _ in 0..maker.dice.below(5) {
            maker.equation();
        }
        let results: Vec<Var> = outputs
            .iter()
            .map(|of| {
                let passed: Vec<Var> = given
                    .iter()
                    .copied()
                    .filter(|&var| maker.of(var) == *of)
                    .collect();
                match maker.dice.below(10) {
                    0..3 if !passed.is_empty() => *maker.dice.pick(&passed),
                    3 => maker.constant(of),
                    _ => maker.like(of),
                }
            })
            .collect();
        Some(maker.builder.finish(&results))
    }

    pub(super) fn call(&mut self) -> Option<Vars> {
        self.called(Op::Call)
    }

    pub(super) fn checkpoint(&mut self) -> Option<Vars> {
        self.called(Op::Checkpoint)
    }

    fn called(&mut self, op: fn(Arc<Program>) -> Op) -> Option<Vars> {
        let operands = self.some();
        let outputs = self.result_types();
        let program = self.within(operands.iter().map(|&var| self.of(var)).collect(), &outputs)?;
        self.push(op(Arc::new(program)), &operands)
    }

    pub(super) fn cond(&mut self) -> Option<Vars> {
        let which = self.like(&ArrayType::new(DType::I32, []));
        let operands = self.some();
        let types: Vec<ArrayType> = operands.iter().map(|&var| self.of(var)).collect();
        let outputs = self.result_types();
        let mut branches = vec![];
        for _ in 0..self.dice.between(1, 3) {
            branches.push(Arc::new(self.within(types.clone(), &outputs)?));
        }
        let operands: Vec<Var> = [which].into_iter().chain(operands).collect();
        self.push(Op::Cond(branches), &operands)
    }
}
