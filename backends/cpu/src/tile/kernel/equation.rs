//! Writes the instructions of one equation.

use super::writer::{KernelValue, MAIN, Scope, Writer};
use crate::kernels::{self, Splat};
use crate::plan::view::{Affine, Seen, View, operand_views};
use crate::tile::instruction::{Apply, Draw, Instruction, Output, Target};
use kiln_program::{ArrayType, DType, Equation, Few, Formula, Op, Program, Scalar};

impl Writer {
    /// Writes the instructions that compute the results of an equation, seen through `seen`.
    pub(super) fn equation(&mut self, scope: &Scope, equation: &Equation, seen: Seen) {
        let program = scope.program;
        let view = &*self.views.borrow().get(seen);
        if let Op::Scan(scan) = &equation.op {
            return self.tile_loop(scope, scan, equation, seen);
        }
        let result = program.type_of(equation.outputs[0]);
        let mut operands: Few<KernelValue, 3> = Few::new();
        for (input, &x) in equation.inputs.iter().enumerate() {
            for seen in operand_views(program, equation, input, view, &self.lengths) {
                let seen = seen.expect("a view that the clusters were cut for");
                operands.push(self.operand(scope, x, &seen));
            }
        }
        let dtype = || program.type_of(equation.inputs[0]).dtype;
        let value = match &equation.op {
            op if let Some(number) = op.number() => self.constant(number),
            Op::Iota { dtype, axis, .. } => self.iota(*dtype, &view.0[*axis]),
            Op::Unary(f) => self.apply(Apply::One(kernels::unary(*f, dtype())), &operands, result),
            Op::Binary(f) => {
                let splat = match (operands[0].splat, operands[1].splat) {
                    (_, true) => Splat::Right,
                    (true, false) => Splat::Left,
                    (false, false) => Splat::Neither,
                };
                let (f, dtype) = (*f, dtype());
                let run = kernels::binary(f, dtype, splat);
                let apply = match kernels::is_arithmetic(f, dtype, splat) {
                    true => Apply::Arithmetic { f, dtype, splat, run },
                    false => Apply::Two(run),
                };
                self.apply(apply, &operands, result)
            }
            Op::Compare(f) => self.apply(Apply::Two(kernels::compare(*f, dtype())), &operands, result),
            Op::Uniform { low, high } => self.apply(Apply::Uniform(*low, *high), &operands, result),
            Op::Select => self.apply(Apply::Three(kernels::select(result.dtype)), &operands, result),
            Op::MulAdd => self.apply(Apply::Three(kernels::mul_add(result.dtype)), &operands, result),
            // Both dtypes have the same bits.
            Op::Cast(to) if dtype().is_integer() && to.is_integer() && dtype().size() == to.size() => {
                operands[0]
            }
            Op::Cast(to) => self.apply(Apply::One(kernels::cast(dtype(), *to)), &operands, result),
            Op::RandomBits { shape } => {
                let drawn = &view.0[view.0.len() - shape.rank()..];
                let counter = View(drawn.into()).position(shape);
                return self.random(scope, equation, seen, &operands, counter);
            }
            // A view does all moves of elements. A reduction happens when it is stored.
            _ => operands[0],
        };
        self.values
            .insert((scope.number, equation.outputs[0], seen), value);
    }

    fn apply(&mut self, apply: Apply, operands: &[KernelValue], of: &ArrayType) -> KernelValue {
        let depth = operands.iter().map(|value| value.depth).max().unwrap_or(0);
        let splat = operands.iter().all(|value| value.splat);
        let out = self.register(of.dtype.size());
        self.blocks[depth].push(Instruction::Apply {
            apply,
            inputs: operands.iter().map(|value| (value.source, value.size)).collect(),
            size: of.dtype.size(),
            out: Target::Register(out),
        });
        KernelValue::in_register(out, of.dtype.size(), depth, splat)
    }

    fn random(
        &mut self,
        scope: &Scope,
        equation: &Equation,
        seen: Seen,
        words: &[KernelValue],
        counter: Affine,
    ) {
        let (key, first) = words.split_at(2);
        let zero = self
            .constants
            .get(&Formula::Known(Scalar::from_i64(DType::U32, 0)))
            .copied();
        let is_zero = |word: &KernelValue| zero.is_some_and(|zero| zero.source == word.source);
        let counter = self.leaf(None, DType::U64, &counter);
        let place = self.place(counter);
        let depth = words
            .iter()
            .chain([&place])
            .map(|value| value.depth)
            .max()
            .unwrap_or(0);
        let out = [self.register(4), self.register(4)];
        self.blocks[depth].push(Instruction::Random {
            key: [key[0].source, key[1].source],
            first: (!first.iter().all(is_zero)).then_some([first[0].source, first[1].source]),
            counter,
            splat: key.iter().all(|value| value.splat),
            draw: Draw::Words(out),
        });
        let splat = words.iter().chain([&place]).all(|value| value.splat);
        for (register, output) in out.into_iter().zip(&equation.outputs) {
            let value = KernelValue::in_register(register, 4, depth, splat);
            self.values.insert((scope.number, *output, seen), value);
        }
    }

    /// Stores the results of an equation, or reduces into the outputs.
    pub(super) fn store(&mut self, program: &Program, equation: &Equation, seen: Seen) {
        for &var in &equation.outputs {
            let output = self.outputs.len();
            let input = self.values[&(MAIN, var, seen)].source;
            let reduction = match &equation.op {
                Op::Reduce { kind, .. } => Some(*kind),
                _ => None,
            };
            self.outputs.push(Output {
                var,
                of: program.type_of(var).clone(),
                reduction,
                reuse: None,
            });
            self.blocks[1].push(match reduction {
                Some(_) => Instruction::Reduce { input, output },
                None => Instruction::Store { input, output },
            });
        }
    }
}
