//! Makes a program shorter. Every bit of its results stays.
//!
//! One forward pass drops equations that do nothing, folds constants and shares common subexpressions. One
//! backward pass drops dead code. Floats are never reassociated or contracted.

use crate::dead::without_dead_code;
use crate::formula::Formula;
use crate::functions::{Binary, Compare, Unary};
use crate::hoist::{Hoisted, hoisted};
use crate::op::{Op, Scan, While};
use crate::{Axes, Builder, DType, Equation, Program, Scalar, Shape, Var, Vars};
use rustc_hash::{FxBuildHasher, FxHashMap};
use std::collections::HashMap;
use std::hash::BuildHasher;
use std::sync::Arc;

/// Returns the same function with fewer equations, for a device. Ops that only transformations distinguish
/// are inlined: calls, functions with a derivative of their own, `stop_gradient`. Inputs, outputs and every
/// bit of the results stay: floats are never reassociated. The compiler simplifies every function; this
/// function shows the result.
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

/// As [`simplify`], but programs within loops, branches and other ops stay as they are: they are simple
/// already.
pub fn simplify_around(program: &Program) -> Program {
    shorter(program, INLINE)
}

/// As [`simplify`], but the ops that transformations distinguish stay: for a program that is to be
/// transformed again.
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
        builder: Builder::new(),
        known: FxHashMap::default(),
        alike: vec![],
        definition: vec![],
    };
    let inputs: Vec<Var> = program
        .input_types()
        .into_iter()
        .map(|of| forward.builder.input(of))
        .collect();
    let outputs = forward.inline(program, &inputs);
    // Frees large tables that the copy below does not need.
    let Forward { builder, .. } = forward;
    let program = without_dead_code(builder.finish(&outputs));
    if how == WITHIN {
        program.mark_tidy();
    }
    program
}

struct Forward<'a> {
    how: u8,
    shorter: &'a mut Shorter,
    builder: Builder,
    /// The last equation written with each hash of op and operands.
    known: FxHashMap<u64, u32>,
    /// For each equation, the previous one of the same hash.
    alike: Vec<u32>,
    /// For each variable, the equation whose only result it is.
    definition: Vec<u32>,
}

/// No equation.
const NONE: u32 = u32::MAX;

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
                Op::Cond(branches) if self.constant(inputs[0]).is_some() => {
                    let which = self.constant(inputs[0]).map_or(0, Scalar::as_i64);
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
        if let Some(same) = self.nothing(&op, &inputs) {
            return [same].into_iter().collect();
        }
        if let Some(constant) = self.fold(&op, &inputs) {
            return self.write(constant, Vars::new());
        }
        if let Some((op, inputs)) = self.compose(&op, &inputs) {
            return self.rewrite(op, inputs);
        }
        if let Some((x, factor)) = self.negative_product(&op, &inputs) {
            let constant = Op::everywhere(factor.negated(), self.shape(x).clone());
            let factor = self.write(constant, Vars::new())[0];
            return self.rewrite(Op::Binary(Binary::Mul), [x, factor].into_iter().collect());
        }
        if let Op::Scan(scan) = &op
            && let Some(hoisted) = hoisted(scan)
        {
            return self.hoist(hoisted, inputs);
        }
        self.write(op, inputs)
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

    fn write(&mut self, op: Op, inputs: Vars) -> Vars {
        if op.has_effect() {
            return self
                .builder
                .push(op, &inputs)
                .expect("an equation kept as it was");
        }
        let hash = FxBuildHasher.hash_one((&op, &inputs));
        let equations = self.builder.equations();
        let before = self.known.get(&hash).copied().unwrap_or(NONE);
        let mut alike = before;
        while alike != NONE {
            let equation = &equations[alike as usize];
            if equation.op == op && equation.inputs == inputs {
                return equation.outputs.clone();
            }
            alike = self.alike[alike as usize];
        }
        let number = equations.len();
        self.known.insert(hash, number as u32);
        self.alike.resize(number + 1, NONE);
        self.alike[number] = before;
        let outputs = self
            .builder
            .push(op, &inputs)
            .expect("a rewritten equation keeps its types");
        if let [output] = outputs[..] {
            self.definition.resize(output.index() + 1, NONE);
            self.definition[output.index()] = number as u32;
        }
        outputs
    }

    /// The equation whose only result is `var`.
    fn defined(&self, var: Var) -> Option<&Equation> {
        let number = *self.definition.get(var.index())?;
        self.builder.equations().get(number as usize)
    }

    fn shape(&self, var: Var) -> &Shape {
        &self.builder.type_of(var).shape
    }

    fn constant(&self, var: Var) -> Option<Scalar> {
        match self.defined(var)?.op {
            Op::Constant { value, .. } => Some(value),
            _ => None,
        }
    }

    /// The number that a variable is everywhere, known now or passed later.
    fn number(&self, var: Var) -> Option<Formula> {
        self.defined(var)?.op.number()
    }

    /// The op with the programs inside it made shorter.
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

    /// The operand that equals the result of an equation, if one does.
    fn nothing(&self, op: &Op, inputs: &[Var]) -> Option<Var> {
        let x = *inputs.first()?;
        let shape = self.shape(x);
        let dtype = self.builder.type_of(x).dtype;
        let right = || self.constant(inputs[1]);
        let is = |value: Option<Scalar>, number: i64| value == Some(Scalar::from_i64(dtype, number));
        let same = match op {
            Op::Cast(to) => *to == dtype,
            Op::Reshape(to) | Op::Broadcast { shape: to, .. } => to == shape,
            Op::Transpose(permutation) => permutation.windows(2).all(|pair| pair[0] < pair[1]),
            Op::Slice { start, stop, step } => {
                let padded = self.defined(x).filter(
                    |Equation {
                         op: inner,
                         inputs: from,
                         ..
                     }| {
                        // The slice takes exactly the elements that a pad spread out.
                        matches!(inner, Op::Pad { start: at, step: by, .. } if at == start && by == step)
                            && (0..shape.rank())
                                .all(|i| (stop[i] - start[i]).div_ceil(step[i]) == self.shape(from[0])[i])
                    },
                );
                if let Some(pad) = padded {
                    return Some(pad.inputs[0]);
                }
                (0..shape.rank())
                    .all(|i| start[i] == 0 && stop[i] == shape[i] && (step[i] == 1 || shape[i] <= 1))
            }
            Op::Reverse(axes) => {
                if let Some(twice) = self.inner(x, |inner| inner == op) {
                    return Some(twice);
                }
                axes.iter().all(|&axis| shape[axis] <= 1)
            }
            Op::Reduce { axes, .. } => axes.is_empty(),
            Op::Concatenate { .. } => inputs.len() == 1,
            Op::Binary(Binary::Mul) if dtype != DType::Bool => {
                if is(self.constant(x), 1) {
                    return Some(inputs[1]);
                }
                is(right(), 1)
            }
            Op::Binary(Binary::Div) => is(right(), 1),
            // x + 0.0 would turn -0.0 into 0.0; x - 0.0 does not.
            Op::Binary(Binary::Add) if dtype.is_integer() => {
                if is(self.constant(x), 0) {
                    return Some(inputs[1]);
                }
                is(right(), 0)
            }
            Op::Binary(Binary::Sub) => is(right(), 0),
            Op::Binary(f @ (Binary::And | Binary::Or)) if dtype == DType::Bool => {
                // True does nothing to a conjunction and decides a disjunction. False does nothing to a
                // disjunction and decides a conjunction.
                let decide = |constant: Option<Scalar>, it: Var, other: Var| {
                    constant.map(|value| {
                        if is(Some(value), i64::from(*f == Binary::And)) {
                            other
                        } else {
                            it
                        }
                    })
                };
                return decide(self.constant(x), x, inputs[1]).or_else(|| decide(right(), inputs[1], x));
            }
            Op::Unary(f @ (Unary::Neg | Unary::Not)) => {
                return self.inner(x, |inner| *inner == Op::Unary(*f));
            }
            Op::Pad { shape: to, .. } => to == shape,
            Op::Select => {
                return match self.constant(x) {
                    Some(predicate) => Some(inputs[if predicate.as_i64() != 0 { 1 } else { 2 }]),
                    None => (inputs[1] == inputs[2]).then_some(inputs[1]),
                };
            }
            _ => false,
        };
        same.then_some(x)
    }

    /// Simplifies a float product with -1, or a float sum or difference with something negated, to an equal
    /// op with less work.
    fn sign(&self, f: Binary, x: Var, y: Var) -> Option<(Op, Vars)> {
        let dtype = self.builder.type_of(x).dtype;
        if !dtype.is_float() {
            return None;
        }
        let is_minus_one = |var: Var| self.constant(var) == Some(Scalar::from_i64(dtype, -1));
        let negated = |var: Var| self.inner(var, |inner| *inner == Op::Unary(Unary::Neg));
        let pair = |f: Binary, x: Var, y: Var| (Op::Binary(f), [x, y].into_iter().collect());
        let negative = |x: Var| (Op::Unary(Unary::Neg), [x].into_iter().collect());
        match f {
            Binary::Mul if is_minus_one(x) => Some(negative(y)),
            Binary::Mul if is_minus_one(y) => Some(negative(x)),
            Binary::Add => negated(y)
                .map(|y| pair(Binary::Sub, x, y))
                .or_else(|| negated(x).map(|x| pair(Binary::Sub, y, x))),
            Binary::Sub => negated(y).map(|y| pair(Binary::Add, x, y)),
            _ => None,
        }
    }

    /// The factors of a float product with a constant that is negated before or after: the variable, and the
    /// constant.
    fn negative_product(&self, op: &Op, inputs: &[Var]) -> Option<(Var, Formula)> {
        let product = |x: Var, y: Var| {
            self.number(y)
                .map(|y| (x, y))
                .or_else(|| self.number(x).map(|x| (y, x)))
        };
        let (x, factor) = match op {
            Op::Unary(Unary::Neg) => {
                let inner = self.defined(inputs[0])?;
                if inner.op != Op::Binary(Binary::Mul) {
                    return None;
                }
                product(inner.inputs[0], inner.inputs[1])?
            }
            Op::Binary(Binary::Mul) => {
                let (x, factor) = product(inputs[0], inputs[1])?;
                (self.inner(x, |inner| *inner == Op::Unary(Unary::Neg))?, factor)
            }
            _ => return None,
        };
        factor.dtype().is_float().then_some((x, factor))
    }

    /// The operand of the equation that defines a variable, if the equation has one operand and an op that
    /// `such` accepts.
    fn inner(&self, var: Var, such: impl Fn(&Op) -> bool) -> Option<Var> {
        let inner = self.defined(var)?;
        (inner.inputs.len() == 1 && such(&inner.op)).then(|| inner.inputs[0])
    }

    /// The constant that an equation over constants returns.
    fn fold(&self, op: &Op, inputs: &[Var]) -> Option<Op> {
        let x = self.number(*inputs.first()?)?;
        let known = |i: usize| self.constant(inputs[i]);
        let shape = || self.shape(inputs[0]).clone();
        let (number, shape) = match op {
            Op::Reshape(shape) | Op::Broadcast { shape, .. } => (x, shape.clone()),
            Op::Transpose(_) | Op::Slice { .. } | Op::Reverse(_) => {
                let types = crate::infer(op, &[self.builder.type_of(inputs[0])]).ok()?;
                (x, types[0].shape.clone())
            }
            Op::Cast(dtype) => (x.cast(*dtype)?, shape()),
            Op::Unary(Unary::Neg) => (x.negated(), shape()),
            Op::Unary(Unary::Not) if x.dtype() == DType::Bool => {
                let not = Scalar::from_bool(x.known()?.as_i64() == 0);
                (Formula::Known(not), shape())
            }
            Op::Compare(f) => (Formula::Known(compared(*f, known(0)?, known(1)?)), shape()),
            Op::Binary(f) => (Formula::binary(*f, x, self.number(inputs[1])?)?, shape()),
            _ => return None,
        };
        Some(Op::everywhere(number, shape))
    }

    /// Merges an equation with the one that defines its operand.
    fn compose(&self, op: &Op, inputs: &[Var]) -> Option<(Op, Vars)> {
        let x = *inputs.first()?;
        if let Op::Transpose(permutation) = op
            && let shape = self.shape(x)
            && let long = permutation.iter().copied().filter(|&axis| shape[axis] != 1)
            && long
                .clone()
                .zip(long.skip(1))
                .all(|(before, after)| before < after)
        {
            // The transpose moves only axes of length 1.
            let shape = permutation.iter().map(|&axis| shape[axis]).collect();
            return Some((Op::Reshape(shape), [x].into_iter().collect()));
        }
        if let Op::Binary(f) = op
            && let Some(signed) = self.sign(*f, x, inputs[1])
        {
            return Some(signed);
        }
        let Equation {
            op: inner,
            inputs: from,
            ..
        } = self.defined(x)?;
        let op = match (op, inner) {
            (Op::Reshape(shape), Op::Reshape(_)) => Op::Reshape(shape.clone()),
            (Op::Transpose(outer), Op::Transpose(inner)) => {
                Op::Transpose(outer.iter().map(|&axis| inner[axis]).collect::<Axes>())
            }
            (Op::Broadcast { shape, axes }, Op::Broadcast { axes: inner, .. }) => Op::Broadcast {
                shape: shape.clone(),
                axes: inner.iter().map(|&axis| axes[axis]).collect(),
            },
            (Op::Broadcast { shape, axes }, Op::Reshape(through)) => {
                let places = same_but_for_ones(self.shape(from[0]), through)?;
                Op::Broadcast {
                    shape: shape.clone(),
                    axes: spread(self.shape(from[0]), &places, axes, shape)?,
                }
            }
            (Op::Reshape(shape), Op::Broadcast { shape: through, axes }) => {
                let places = same_but_for_ones(through, shape)?;
                let axes: Vec<Option<usize>> = axes.iter().map(|&axis| places[axis]).collect();
                let identity: Vec<usize> = (0..shape.rank()).collect();
                Op::Broadcast {
                    shape: shape.clone(),
                    axes: spread(self.shape(from[0]), &axes, &identity, shape)?,
                }
            }
            (Op::Transpose(permutation), Op::Broadcast { axes, .. }) => {
                let mut back = vec![0; permutation.len()];
                permutation
                    .iter()
                    .enumerate()
                    .for_each(|(i, &axis)| back[axis] = i);
                let axes: Axes = axes.iter().map(|&axis| back[axis]).collect();
                if !axes.windows(2).all(|pair| pair[0] < pair[1]) {
                    return None;
                }
                let shape = crate::infer(op, &[self.builder.type_of(x)]).ok()?.remove(0).shape;
                Op::Broadcast { shape, axes }
            }
            (Op::Reverse(axes), Op::Cumulative { kind, axis, reverse }) if axes[..] == [*axis] => {
                let reversed = self.inner(from[0], |inner| inner == op)?;
                let op = Op::Cumulative {
                    kind: *kind,
                    axis: *axis,
                    reverse: !reverse,
                };
                return Some((op, [reversed].into_iter().collect()));
            }
            _ => return None,
        };
        Some((op, from.clone()))
    }
}

/// Maps each axis of the first shape to its axis in the second, if the shapes differ only by axes of
/// length 1.
fn same_but_for_ones(from: &[usize], to: &[usize]) -> Option<Vec<Option<usize>>> {
    let long = |shape: &[usize]| (0..shape.len()).filter(|&i| shape[i] != 1).collect::<Vec<_>>();
    let (before, after) = (long(from), long(to));
    let equal = before.len() == after.len() && before.iter().zip(&after).all(|(&i, &j)| from[i] == to[j]);
    let mut places = vec![None; from.len()];
    before.iter().zip(after).for_each(|(&i, j)| places[i] = Some(j));
    equal.then_some(places)
}

/// Axes of a broadcast from `from` to `shape`. An axis with a place goes to `axes[place]`. An axis of length
/// 1 without a place goes anywhere between its neighbours.
fn spread(from: &[usize], places: &[Option<usize>], axes: &[usize], shape: &[usize]) -> Option<Axes> {
    let mut out = Axes::new();
    let mut next = 0;
    for (i, &n) in from.iter().enumerate() {
        let axis = match places[i] {
            Some(place) => axes[place],
            None if n == 1 => next,
            None => return None,
        };
        if axis < next || axis >= shape.len() {
            return None;
        }
        out.push(axis);
        next = axis + 1;
    }
    Some(out)
}

fn compared(f: Compare, x: Scalar, y: Scalar) -> Scalar {
    let order = match x.dtype() {
        DType::F32 | DType::F64 => x.as_f64().partial_cmp(&y.as_f64()),
        DType::U64 => Some((x.as_i64() as u64).cmp(&(y.as_i64() as u64))),
        _ => Some(x.as_i64().cmp(&y.as_i64())),
    };
    Scalar::from_bool(match f {
        Compare::Eq => order.is_some_and(|order| order.is_eq()),
        Compare::Ne => order.is_none_or(|order| order.is_ne()),
        Compare::Lt => order.is_some_and(|order| order.is_lt()),
        Compare::Le => order.is_some_and(|order| order.is_le()),
        Compare::Gt => order.is_some_and(|order| order.is_gt()),
        Compare::Ge => order.is_some_and(|order| order.is_ge()),
    })
}
