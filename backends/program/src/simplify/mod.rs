//! Makes a program shorter. Every bit of its results stays.
//!
//! One forward pass drops equations that do nothing, folds constants and shares common subexpressions. One
//! backward pass drops dead code. Floats are never reassociated or contracted.

mod compose;
mod fold;
mod identity;
mod written;

use crate::dead::without_dead_code;
use crate::functions::Binary;
use crate::hoist::{Hoisted, hoisted};
use crate::op::{Op, Scan, While};
use crate::program::{Program, Var, Vars};
use crate::scalar::Scalar;
use rustc_hash::FxHashMap;
use std::collections::HashMap;
use std::sync::Arc;
use written::Written;

/// Returns the same function with fewer equations, for a device. Ops that only transformations distinguish
/// are inlined: calls, functions with a derivative by the user, and `stop_gradient`. Inputs, outputs and
/// every bit of the results stay: floats are never reassociated. The compiler simplifies every function, and
/// this function shows the result.
///
/// ```
/// use kiln_program::{ArrayType, Binary, Builder, DType, Op, Unary, simplify};
/// let mut b = Builder::new();
/// let x = b.input(ArrayType::new(DType::F32, [3]));
/// let mut unary = |f| b.push(Op::Unary(f), &[x]).unwrap()[0];
/// let (_unused, y, z) = (unary(Unary::Cos), unary(Unary::Sin), unary(Unary::Sin));
/// let product = b.push(Op::Binary(Binary::Mul), &[y, z])?;
/// let traced = b.finish(&product);
/// assert_eq!(traced.equations().len(), 4);
/// assert_eq!(simplify(&traced).equations().len(), 2);
/// # Ok::<(), kiln_program::TypeError>(())
/// ```
pub fn simplify(program: &Program) -> Program {
    shorter(program, INLINE | WITHIN)
}

/// Returns the same function with fewer equations, for a device. Programs within loops, branches and other
/// ops are simple already, and stay as they are.
pub fn simplify_around(program: &Program) -> Program {
    shorter(program, INLINE)
}

/// Returns the same function with fewer equations, for a program that is transformed again. The ops that
/// transformations distinguish stay.
pub fn tidy(program: &Program) -> Program {
    match program.is_tidy() {
        true => program.clone(),
        false => shorter(program, WITHIN),
    }
}

/// Inlines the ops that only transformations distinguish.
const INLINE: u8 = 1;
/// Makes the programs within a program shorter too.
const WITHIN: u8 = 2;

fn shorter(program: &Program, how: u8) -> Program {
    shorter_within(program, how, &mut Shorter::default())
}

/// The programs that were made shorter: each shared program once.
type Shorter = FxHashMap<Arc<Program>, Arc<Program>>;

fn shorter_within(program: &Program, how: u8, shorter: &mut Shorter) -> Program {
    let mut forward = Forward {
        how,
        shorter,
        new: Written::default(),
    };
    let inputs: Vec<Var> = program
        .input_types()
        .into_iter()
        .map(|of| forward.new.builder.input(of))
        .collect();
    let outputs = forward.inline(program, &inputs);
    let program = without_dead_code(forward.new.finish(&outputs));
    if how == WITHIN {
        program.mark_tidy();
    }
    program
}

struct Forward<'a> {
    how: u8,
    shorter: &'a mut Shorter,
    new: Written,
}

impl Forward<'_> {
    fn inline(&mut self, program: &Program, arguments: &[Var]) -> Vec<Var> {
        let inline = self.how & INLINE != 0;
        let mut map = arguments.to_vec();
        for equation in program.equations() {
            let inputs: Vars = equation.inputs.iter().map(|var| map[var.index()]).collect();
            match &equation.op {
                Op::Call(callee) if inline => map.extend(self.inline(callee, &inputs)),
                Op::Custom(custom) if inline => map.extend(self.inline(&custom.program, &inputs)),
                Op::StopGradient if inline => map.push(inputs[0]),
                Op::Cond(branches) if self.new.constant(inputs[0]).is_some() => {
                    let which = self.new.constant(inputs[0]).map_or(0, Scalar::as_i64);
                    let nearest = usize::try_from(which).unwrap_or(0).min(branches.len() - 1);
                    map.extend(self.inline(&branches[nearest], &inputs[1..]));
                }
                op => {
                    let op = self.within(op);
                    map.extend(self.rewrite(op, inputs));
                }
            }
        }
        program.outputs().iter().map(|var| map[var.index()]).collect()
    }

    /// Writes an equation in its simplest form and returns its results.
    fn rewrite(&mut self, op: Op, inputs: Vars) -> Vars {
        if let Some(same) = self.new.nothing(&op, &inputs) {
            return [same].into_iter().collect();
        }
        if let Some(constant) = self.new.fold(&op, &inputs) {
            return self.new.write(constant, Vars::new());
        }
        if let Some((op, inputs)) = self.new.compose(&op, &inputs) {
            return self.rewrite(op, inputs);
        }
        if let Some((x, factor)) = self.new.negative_product(&op, &inputs) {
            let constant = Op::everywhere(factor.negated(), self.new.shape(x).clone());
            let factor = self.new.write(constant, Vars::new())[0];
            return self.rewrite(Op::Binary(Binary::Mul), [x, factor].into_iter().collect());
        }
        if let Op::Scan(scan) = &op
            && let Some(hoisted) = hoisted(scan)
        {
            return self.hoist(hoisted, inputs);
        }
        self.new.write(op, inputs)
    }

    /// Writes the equations that left a loop, and then the loop.
    fn hoist(&mut self, hoisted: Hoisted, inputs: Vars) -> Vars {
        let consts = hoisted.consts.len();
        let mut map: HashMap<Var, Var> = hoisted.consts.into_iter().zip(inputs.iter().copied()).collect();
        for equation in hoisted.equations {
            let operands = equation.inputs.iter().map(|var| map[var]).collect();
            let outputs = self.rewrite(equation.op, operands);
            map.extend(equation.outputs.into_iter().zip(outputs));
        }
        let mut operands: Vars = inputs[..consts].into();
        operands.extend(hoisted.results.iter().map(|var| map[var]));
        operands.extend(inputs[consts..].iter().copied());
        self.rewrite(Op::Scan(hoisted.scan), operands)
    }

    /// Returns the op with the programs inside it made shorter.
    fn within(&mut self, op: &Op) -> Op {
        let mut inner = |program: &Arc<Program>| {
            if self.how == WITHIN && program.is_tidy() {
                return program.clone();
            }
            if let Some(known) = self.shorter.get(program) {
                return known.clone();
            }
            let made = Arc::new(shorter_within(program, self.how, self.shorter));
            self.shorter.insert(program.clone(), made.clone());
            made
        };
        match op {
            op if self.how & WITHIN == 0 => op.clone(),
            Op::Scan(scan) => Op::Scan(Scan {
                body: inner(&scan.body),
                ..scan.clone()
            }),
            Op::While(w) => Op::While(While {
                condition: inner(&w.condition),
                body: inner(&w.body),
                consts: w.consts,
            }),
            Op::Cond(branches) => Op::Cond(branches.iter().map(inner).collect()),
            Op::Checkpoint(program) => Op::Checkpoint(inner(program)),
            op => op.clone(),
        }
    }
}
