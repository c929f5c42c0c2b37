//! Generates random programs: well-typed equations over every op.

use crate::dice::Dice;
use crate::every::{EffectKind, OpKind, RuleKind};
use crate::fault::caught;
use crate::values::{self, Wild};
use kiln::{Array, call, jvp, program, vjp};
use kiln_program::{
    ArgReduction, ArrayType, Axes, Binary, Builder, Compare, Custom, CustomRule, DType, Dot, Effect, Linalg,
    Op, OutOfBounds, Program, Reduction, Scalar, Scan, Shape, Unary, Update, Var, Vars, While, infer,
};
use std::collections::BTreeSet;
use std::sync::Arc;

/// A program, and arrays for its inputs.
#[derive(Clone, Debug)]
pub struct Case {
    /// The program.
    pub program: Arc<Program>,
    /// The inputs of the program.
    pub inputs: Vec<Array>,
    /// True if the program is differentiable almost everywhere. Its floats then have 64 bits and moderate
    /// size.
    pub smooth: bool,
}

/// Returns the case of a seed.
pub fn case(seed: u64) -> Case {
    let mut dice = Dice::new(seed);
    let smooth = dice.chance(40);
    let style = Style {
        smooth,
        class: match dice.below(200) {
            0..150 => Class::Few,
            150..186 => Class::Registers,
            186..198 => Class::Tiles,
            _ => Class::Chunks,
        },
        depth: 2,
    };
    let equations = 1 + dice.below(if smooth { 7 } else { 10 });
    let mut maker = Maker::new(&mut dice, style, true);
    for _ in 0..equations {
        maker.equation();
    }
    let outputs = maker.outputs();
    let program = Arc::new(maker.builder.finish(&outputs));
    let inputs = inputs(&mut dice, &program, smooth);
    Case {
        program,
        inputs,
        smooth,
    }
}

/// Returns the number of elements, as if axes of length 0 had length 1.
fn span(shape: &Shape) -> usize {
    shape.iter().map(|&n| n.max(1)).product()
}

/// Returns random arrays for a program's inputs.
pub fn inputs(dice: &mut Dice, program: &Program, smooth: bool) -> Vec<Array> {
    program
        .input_types()
        .iter()
        .map(|of| {
            let wild = match smooth {
                true => Wild::Smooth,
                false if dice.chance(40) => Wild::Special,
                false => Wild::Tame,
            };
            values::array(dice, of, wild)
        })
        .collect()
}

/// The size of arrays. The engine works in another way beyond each of the bounds, so sizes lie around them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Class {
    Few,
    Registers,
    Tiles,
    Chunks,
}

impl Class {
    /// The most elements that a variable has.
    fn limit(self) -> usize {
        match self {
            Class::Few => 256,
            Class::Registers => 5_000,
            Class::Tiles => 20_000,
            Class::Chunks => 200_000,
        }
    }

    fn lengths(self) -> &'static [usize] {
        match self {
            Class::Few => &[1, 1, 2, 2, 3, 3, 4, 5, 7, 8],
            Class::Registers => &[1, 2, 3, 5, 8, 16, 31, 32, 33, 63, 64, 65, 127, 128, 257],
            Class::Tiles => &[1, 2, 3, 7, 64, 511, 1023, 1024, 1025, 2048, 4097],
            Class::Chunks => &[
                1, 2, 3, 128, 1024, 16_383, 16_384, 16_385, 32_769, 65_537, 131_071,
            ],
        }
    }
}

#[derive(Clone, Copy, Debug)]
struct Style {
    smooth: bool,
    class: Class,
    /// The number of levels that programs may still be nested by.
    depth: usize,
}

/// A program that is being generated.
struct Maker<'d> {
    dice: &'d mut Dice,
    builder: Builder,
    /// The variables from which operands are taken.
    vars: Vec<Var>,
    style: Style,
    /// True if the program may have any number of inputs.
    open: bool,
}

impl Maker<'_> {
    fn new(dice: &mut Dice, style: Style, open: bool) -> Maker<'_> {
        Maker {
            dice,
            builder: Builder::new(),
            vars: vec![],
            style,
            open,
        }
    }

    /// Picks some of the variables, mostly the last ones.
    fn outputs(&mut self) -> Vec<Var> {
        if self.vars.is_empty() {
            let of = self.array_type();
            self.leaf(of);
        }
        let n = 1 + self.dice.below(3);
        (0..n).map(|_| self.recent(&self.vars.clone())).collect()
    }

    // Types.

    fn of(&self, var: Var) -> ArrayType {
        self.builder.type_of(var).clone()
    }

    fn dtype(&mut self) -> DType {
        match self.style.smooth {
            true => *self.dice.pick(&[
                DType::F64,
                DType::F64,
                DType::F64,
                DType::F64,
                DType::I32,
                DType::Bool,
            ]),
            false if self.dice.chance(75) => {
                *self
                    .dice
                    .pick(&[DType::F32, DType::F32, DType::F64, DType::I32, DType::Bool])
            }
            false => *self.dice.pick(&DType::ALL),
        }
    }

    fn float(&mut self) -> DType {
        match self.style.smooth {
            true => DType::F64,
            false => *self.dice.pick(&[DType::F32, DType::F32, DType::F64]),
        }
    }

    fn integer(&mut self) -> DType {
        match self.style.smooth {
            true => DType::I32,
            false => *self.dice.pick(&[
                DType::I32,
                DType::I32,
                DType::I8,
                DType::I16,
                DType::I64,
                DType::U8,
                DType::U16,
                DType::U32,
                DType::U64,
            ]),
        }
    }

    fn length(&mut self) -> usize {
        match self.dice.chance(3) {
            true => 0,
            false => *self.dice.pick(self.style.class.lengths()),
        }
    }

    /// A shape of at most `limit` elements.
    fn shape_below(&mut self, limit: usize) -> Vec<usize> {
        let rank = *self.dice.pick(&[0, 0, 1, 1, 1, 1, 2, 2, 2, 3, 3, 4]);
        let mut shape = vec![];
        let mut size = 1;
        for _ in 0..rank {
            let n = self.length();
            let n = if size * n > limit {
                1 + self.dice.below(2)
            } else {
                n
            };
            let n = if size * n > limit { 1 } else { n };
            // The axis of length 0 may go later. So the size of an empty array counts too.
            size *= n.max(1);
            shape.push(n);
        }
        for i in (1..shape.len()).rev() {
            shape.swap(i, self.dice.below(i + 1));
        }
        shape
    }

    fn shape(&mut self) -> Vec<usize> {
        self.shape_below(self.style.class.limit())
    }

    fn array_type(&mut self) -> ArrayType {
        ArrayType::new(self.dtype(), self.shape())
    }

    // Operands.

    fn recent(&mut self, vars: &[Var]) -> Var {
        match self.dice.chance(60) {
            true => vars[vars.len() - 1 - self.dice.below(vars.len().min(3))],
            false => *self.dice.pick(vars),
        }
    }

    /// Adds a variable of a type that depends on no other: an input if there may be one more, else a
    /// constant.
    fn leaf(&mut self, of: ArrayType) -> Var {
        let var = match self.open && self.builder.inputs().len() < 6 {
            true => self.builder.input(of),
            false => self.constant(&of),
        };
        self.vars.push(var);
        var
    }

    fn wild(&mut self) -> Wild {
        match self.style.smooth {
            true => Wild::Smooth,
            false if self.dice.chance(30) => Wild::Special,
            false => Wild::Tame,
        }
    }

    fn constant(&mut self, of: &ArrayType) -> Var {
        let wild = self.wild();
        let value = values::scalar(self.dice, of.dtype, wild);
        self.number(value, &of.shape)
    }

    fn number(&mut self, value: Scalar, shape: &Shape) -> Var {
        let shape = shape.clone();
        self.builder
            .push(Op::Constant { value, shape }, &[])
            .expect("a constant")[0]
    }

    /// Returns a variable that exists, or a new one.
    fn any(&mut self) -> Var {
        if self.vars.is_empty() || (self.open && self.dice.chance(12)) {
            let of = self.array_type();
            return self.leaf(of);
        }
        self.recent(&self.vars.clone())
    }

    /// Returns a variable whose type fits, if there is one.
    fn which(&mut self, fits: impl Fn(&ArrayType) -> bool) -> Option<Var> {
        let vars: Vec<Var> = self
            .vars
            .iter()
            .copied()
            .filter(|&var| fits(self.builder.type_of(var)))
            .collect();
        (!vars.is_empty()).then(|| self.recent(&vars))
    }

    /// Returns a variable with at least `least` axes.
    fn with_axes(&mut self, least: usize) -> Option<Var> {
        match self.which(|of| of.shape.rank() >= least) {
            Some(var) => Some(var),
            None => {
                let of = ArrayType::new(self.dtype(), self.shape());
                (of.shape.rank() >= least).then(|| self.leaf(of))
            }
        }
    }

    /// Returns a variable of a dtype that an op takes for all its operands.
    fn taken_by(&mut self, op: &Op, operands: usize) -> Option<Var> {
        let fits = |dtype: DType| {
            let scalar = ArrayType::new(dtype, []);
            infer(op, &vec![&scalar; operands]).is_ok()
        };
        let x = self.any();
        if fits(self.of(x).dtype) {
            return Some(x);
        }
        if let (true, Some(x)) = (self.dice.chance(50), self.which(|of| fits(of.dtype))) {
            return Some(x);
        }
        let dtypes: Vec<DType> = (0..8)
            .map(|_| self.dtype())
            .filter(|&dtype| fits(dtype))
            .collect();
        let dtype = *dtypes.first()?;
        Some(self.cast(x, dtype))
    }

    fn cast(&mut self, x: Var, dtype: DType) -> Var {
        match self.of(x).dtype == dtype {
            true => x,
            false => self.builder.push(Op::Cast(dtype), &[x]).expect("any cast")[0],
        }
    }

    /// Returns a variable of a type: one that exists, one made from another, or a new one.
    fn like(&mut self, of: &ArrayType) -> Var {
        if let (true, Some(var)) = (self.dice.chance(75), self.which(|other| other == of)) {
            return var;
        }
        if self.vars.is_empty() || self.dice.chance(if self.open { 40 } else { 15 }) {
            return self.leaf(of.clone());
        }
        let x = self.recent(&self.vars.clone());
        self.fitted(x, of)
    }

    /// Returns a variable of a type, made from `x`.
    fn fitted(&mut self, x: Var, of: &ArrayType) -> Var {
        let x = self.cast(x, of.dtype);
        let shape = self.of(x).shape;
        let (from, to) = (shape.size(), of.shape.size());
        if shape == of.shape {
            return x;
        }
        let mut push = |op: Op, x: Var| self.builder.push(op, &[x]).expect("a fitted shape")[0];
        if from == to {
            return push(Op::Reshape(of.shape.clone()), x);
        }
        if from > to {
            let flat = push(Op::Reshape([from].into()), x);
            let part = push(
                Op::Slice {
                    start: [0].as_slice().into(),
                    stop: [to].as_slice().into(),
                    step: [1].as_slice().into(),
                },
                flat,
            );
            return push(Op::Reshape(of.shape.clone()), part);
        }
        if from == 0 {
            return self.constant(of);
        }
        let axes: Axes = (0..shape.rank()).collect();
        let one = push(
            Op::Reduce {
                kind: Reduction::Max,
                axes,
            },
            x,
        );
        push(
            Op::Broadcast {
                shape: of.shape.clone(),
                axes: Axes::new(),
            },
            one,
        )
    }

    /// Returns indices that are mostly below `n`.
    fn indices(&mut self, dtype: DType, shape: &[usize], n: usize) -> Var {
        let of = ArrayType::new(dtype, shape);
        let raw = match self.dice.chance(20) {
            true if of.shape.rank() > 0 => {
                let axis = self.dice.below(of.shape.rank());
                let shape = of.shape.clone();
                self.builder
                    .push(Op::Iota { dtype, shape, axis }, &[])
                    .expect("an iota")[0]
            }
            _ => self.like(&of),
        };
        if n == 0 || n > 100 || self.dice.chance(40) {
            return raw;
        }
        let modulus = self.number(Scalar::from_i64(dtype, n as i64), &of.shape);
        self.builder
            .push(Op::Binary(Binary::Rem), &[raw, modulus])
            .expect("integers")[0]
    }

    // Equations.

    fn push(&mut self, op: Op, operands: &[Var]) -> Option<Vars> {
        let types: Vec<&ArrayType> = operands.iter().map(|&var| self.builder.type_of(var)).collect();
        let results = infer(&op, &types)
            .unwrap_or_else(|error| panic!("the generator made an op that does not type: {error}"));
        let limit = self.style.class.limit();
        if results.iter().any(|of| span(&of.shape) > limit) {
            return None;
        }
        let made = self.builder.push(op, operands).expect("a type that was inferred");
        self.vars.extend(&made);
        Some(made)
    }

    /// Adds an equation, and equations for its operands.
    fn equation(&mut self) {
        for _ in 0..20 {
            let kind = *self.dice.pick(OpKind::ALL);
            if self.make(kind).is_some() {
                return;
            }
        }
    }

    fn make(&mut self, kind: OpKind) -> Option<Vars> {
        match kind {
            // The compiler lifts float literals. So a lifted literal begins as a constant.
            OpKind::Constant | OpKind::Lifted => {
                let of = self.array_type();
                let wild = self.wild();
                let value = values::scalar(self.dice, of.dtype, wild);
                self.push(
                    Op::Constant {
                        value,
                        shape: of.shape,
                    },
                    &[],
                )
            }
            OpKind::Iota => {
                let of = self.array_type();
                if of.dtype == DType::Bool || of.shape.rank() == 0 {
                    return None;
                }
                let axis = self.dice.below(of.shape.rank());
                let ArrayType { dtype, shape } = of;
                self.push(Op::Iota { dtype, shape, axis }, &[])
            }
            OpKind::Unary => {
                let f = *self.dice.pick(Unary::ALL);
                let x = self.taken_by(&Op::Unary(f), 1)?;
                let x = self.in_domain(f, x);
                self.push(Op::Unary(f), &[x])
            }
            OpKind::Binary => {
                let f = *self.dice.pick(Binary::ALL);
                let x = self.taken_by(&Op::Binary(f), 2)?;
                let (of, base) = (self.of(x), f == Binary::Pow && self.style.smooth);
                let y = self.like(&of);
                let x = match base && of.dtype.is_float() {
                    true => self.push(Op::Unary(Unary::Logistic), &[x])?[0],
                    false => x,
                };
                let operands = if self.dice.chance(50) || base {
                    [x, y]
                } else {
                    [y, x]
                };
                self.push(Op::Binary(f), &operands)
            }
            OpKind::Compare => {
                let x = self.any();
                let y = self.like(&self.of(x));
                let f = *self.dice.pick(Compare::ALL);
                self.push(Op::Compare(f), &[x, y])
            }
            OpKind::Select => {
                let x = self.any();
                let of = self.of(x);
                let y = self.like(&of);
                let predicate = self.like(&ArrayType::new(DType::Bool, of.shape));
                self.push(Op::Select, &[predicate, x, y])
            }
            OpKind::MulAdd => {
                let x = self.taken_by(&Op::MulAdd, 3)?;
                let of = self.of(x);
                let (y, z) = (self.like(&of), self.like(&of));
                self.push(Op::MulAdd, &[x, y, z])
            }
            OpKind::Cast => {
                let (x, dtype) = (self.any(), self.dtype());
                self.push(Op::Cast(dtype), &[x])
            }
            OpKind::Reshape => {
                let x = self.any();
                let shape = self.reshaped(&self.of(x).shape);
                self.push(Op::Reshape(shape.into()), &[x])
            }
            OpKind::Transpose => {
                let x = self.with_axes(1)?;
                let rank = self.of(x).shape.rank();
                let order = self.dice.permutation(rank);
                self.push(Op::Transpose(order.into()), &[x])
            }
            OpKind::Broadcast => self.broadcast(),
            OpKind::Slice => {
                let x = self.any();
                let (mut start, mut stop, mut step) = (Axes::new(), Axes::new(), Axes::new());
                for &n in self.of(x).shape.iter() {
                    let (a, b) = match self.dice.chance(30) {
                        true => (0, n),
                        false => (self.dice.between(0, n), self.dice.between(0, n)),
                    };
                    // Most slices are not empty.
                    let (a, b) = if a == b && n > 0 && self.dice.chance(80) {
                        (0, n)
                    } else {
                        (a, b)
                    };
                    start.push(a.min(b));
                    stop.push(a.max(b));
                    step.push(*self.dice.pick(&[1, 1, 1, 2, 2, 3, 5]));
                }
                self.push(Op::Slice { start, stop, step }, &[x])
            }
            OpKind::Pad => {
                let x = self.any();
                let (mut shape, mut start, mut step) = (vec![], Axes::new(), Axes::new());
                for &n in self.of(x).shape.iter() {
                    let (before, by, after) = (
                        self.dice.below(3),
                        *self.dice.pick(&[1, 1, 2, 3]),
                        self.dice.below(3),
                    );
                    let taken = if n == 0 { 0 } else { (n - 1) * by + 1 };
                    shape.push(before + taken + after);
                    start.push(before);
                    step.push(by);
                }
                let shape = shape.into();
                self.push(Op::Pad { shape, start, step }, &[x])
            }
            OpKind::Reverse => {
                let x = self.with_axes(1)?;
                let axes = self.dice.subset(self.of(x).shape.rank());
                self.push(Op::Reverse(axes.into()), &[x])
            }
            OpKind::Concatenate => {
                let x = self.with_axes(1)?;
                let of = self.of(x);
                let axis = self.dice.below(of.shape.rank());
                let mut operands = vec![x];
                for _ in 0..self.dice.below(4) {
                    let mut shape = of.shape.to_vec();
                    if self.dice.chance(40) {
                        shape[axis] = self.length();
                    }
                    let other = ArrayType::new(of.dtype, shape);
                    if span(&other.shape) <= self.style.class.limit() {
                        operands.push(self.like(&other));
                    }
                }
                self.push(Op::Concatenate { axis }, &operands)
            }
            OpKind::Gather => {
                let x = self.with_axes(1)?;
                let place = self.place(x);
                let operands: Vec<Var> = [x].into_iter().chain(place.indices).collect();
                let (axes, batch, mode) = (place.axes, place.batch, place.mode);
                self.push(Op::Gather { axes, batch, mode }, &operands)
            }
            OpKind::Scatter => {
                let x = self.with_axes(1)?;
                let place = self.place(x);
                let of = self.of(x);
                let (axes, batch, mode) = (place.axes, place.batch, place.mode);
                let read = Op::Gather {
                    axes: axes.clone(),
                    batch,
                    mode,
                };
                let types: Vec<ArrayType> = [of]
                    .into_iter()
                    .chain(place.indices.iter().map(|&var| self.of(var)))
                    .collect();
                let written = infer(&read, &types.iter().collect::<Vec<_>>()).expect("a place")[0].clone();
                if span(&written.shape) > self.style.class.limit() {
                    return None;
                }
                let updates = self.like(&written);
                let operands: Vec<Var> = [x, updates].into_iter().chain(place.indices).collect();
                let kind = *self.dice.pick(Update::ALL);
                self.push(
                    Op::Scatter {
                        kind,
                        axes,
                        batch,
                        mode,
                    },
                    &operands,
                )
            }
            OpKind::Reduce => {
                let x = self.any();
                let axes = self.dice.subset(self.of(x).shape.rank()).into();
                let kind = *self.dice.pick(Reduction::ALL);
                self.push(Op::Reduce { kind, axes }, &[x])
            }
            OpKind::ArgReduce => {
                let x = self.with_axes(1)?;
                let shape = self.of(x).shape;
                let axis = self.dice.below(shape.rank());
                if shape[axis] == 0 {
                    return None;
                }
                let (kind, dtype) = (*self.dice.pick(ArgReduction::ALL), self.integer());
                self.push(Op::ArgReduce { kind, axis, dtype }, &[x])
            }
            OpKind::Cumulative => {
                let x = self.with_axes(1)?;
                let axis = self.dice.below(self.of(x).shape.rank());
                let (kind, reverse) = (*self.dice.pick(Reduction::ALL), self.dice.chance(50));
                self.push(Op::Cumulative { kind, axis, reverse }, &[x])
            }
            OpKind::Sort => {
                let x = self.with_axes(1)?;
                let shape = self.of(x).shape;
                let axis = self.dice.below(shape.rank());
                let mut operands = vec![x];
                for _ in 0..self.dice.below(3) {
                    let of = ArrayType::new(self.dtype(), shape.clone());
                    operands.push(self.like(&of));
                }
                self.push(Op::Sort { axis }, &operands)
            }
            OpKind::Dot => self.dot(),
            OpKind::Linalg => self.linalg(),
            OpKind::RandomBits => {
                let batch: Vec<usize> = (0..self.dice.below(2)).map(|_| self.dice.between(0, 3)).collect();
                let keys: Vec<usize> = batch.iter().copied().chain([2]).collect();
                let of = ArrayType::new(DType::U32, keys);
                let (key, first) = (self.like(&of), self.like(&of));
                let shape = self.shape_below(self.style.class.limit() / 4);
                self.push(Op::RandomBits { shape: shape.into() }, &[key, first])
            }
            OpKind::Uniform => {
                let shape = self.shape();
                let of = ArrayType::new(DType::U32, shape);
                let (x, y, dtype) = (self.like(&of), self.like(&of), self.float());
                let low = self.dice.unit() * 4.0 - 2.0;
                let [low, high] =
                    [low, low + self.dice.unit() * 3.0].map(|bound| Scalar::from_f64(dtype, bound));
                self.push(Op::Uniform { low, high }, &[x, y])
            }
            OpKind::Call | OpKind::Checkpoint => {
                let operands = self.some();
                let outputs = self.result_types();
                let program = self.within(operands.iter().map(|&var| self.of(var)).collect(), &outputs)?;
                let op = if kind == OpKind::Call {
                    Op::Call
                } else {
                    Op::Checkpoint
                };
                self.push(op(Arc::new(program)), &operands)
            }
            OpKind::Scan => self.scan(),
            OpKind::While => self.repeat(),
            OpKind::Cond => {
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
            OpKind::StopGradient => {
                let x = self.any();
                self.push(Op::StopGradient, &[x])
            }
            OpKind::Custom => self.custom(),
            OpKind::Effect => {
                let operands: Vec<Var> = self
                    .some()
                    .into_iter()
                    .filter(|&var| self.of(var).shape.size() < 100)
                    .collect();
                let effect = match *self.dice.pick(EffectKind::ALL) {
                    EffectKind::Print => Effect::Print(format!("shown{}", " {}".repeat(operands.len()))),
                    // A check of floats fails if one of them is NaN. So no floats are checked.
                    EffectKind::CheckNan if operands.iter().any(|&var| self.of(var).dtype.is_float()) => {
                        return None;
                    }
                    EffectKind::CheckNan => Effect::CheckNan {
                        op: "fuzz".into(),
                        at: "here".into(),
                    },
                };
                self.push(Op::Effect(effect), &operands)
            }
        }
    }

    /// Returns an operand at which the function is smooth, if the program must be smooth.
    fn in_domain(&mut self, f: Unary, x: Var) -> Var {
        if !self.style.smooth || !self.of(x).dtype.is_float() {
            return x;
        }
        let mut through = |f: Unary, x: Var| self.builder.push(Op::Unary(f), &[x]).expect("floats")[0];
        match f {
            Unary::Sqrt | Unary::Rsqrt | Unary::Log | Unary::Log2 | Unary::Log10 | Unary::Log1p => {
                through(Unary::Logistic, x)
            }
            Unary::Asin | Unary::Acos | Unary::Atanh | Unary::ErfInv => {
                let x = through(Unary::Logistic, x);
                let of = self.of(x);
                let most = self.number(Scalar::from_f64(DType::F64, 0.9), &of.shape);
                self.builder
                    .push(Op::Binary(Binary::Mul), &[x, most])
                    .expect("floats")[0]
            }
            Unary::Acosh | Unary::Lgamma | Unary::Digamma => {
                let x = through(Unary::Logistic, x);
                let of = self.of(x);
                let least = self.number(Scalar::from_f64(DType::F64, 1.2), &of.shape);
                self.builder
                    .push(Op::Binary(Binary::Add), &[x, least])
                    .expect("floats")[0]
            }
            Unary::Exp | Unary::Exp2 | Unary::Expm1 | Unary::Sinh | Unary::Cosh | Unary::Tan => {
                through(Unary::Tanh, x)
            }
            _ => x,
        }
    }

    fn reshaped(&mut self, shape: &Shape) -> Vec<usize> {
        let mut lengths = shape.to_vec();
        for _ in 0..self.dice.between(1, 3) {
            let at = self.dice.between(0, lengths.len());
            match self.dice.below(4) {
                0 => lengths.insert(at, 1),
                1 if at + 1 < lengths.len() => {
                    let n = lengths.remove(at);
                    lengths[at] *= n;
                }
                2 if at < lengths.len() => {
                    let divisors: Vec<usize> = (1..=lengths[at].min(64))
                        .filter(|d| lengths[at].is_multiple_of(*d))
                        .collect();
                    if !divisors.is_empty() {
                        let d = *self.dice.pick(&divisors);
                        lengths[at] /= d;
                        lengths.insert(at + self.dice.below(2), d);
                    }
                }
                3 if at < lengths.len() && lengths[at] == 1 => {
                    lengths.remove(at);
                }
                _ => {}
            }
        }
        lengths
    }

    fn broadcast(&mut self) -> Option<Vars> {
        let x = self.any();
        let of = self.of(x).shape;
        let limit = self.style.class.limit();
        let (mut shape, mut axes) = (vec![], Axes::new());
        let mut size = of.size().max(1);
        for i in 0..=of.rank() {
            while self.dice.chance(25) {
                let n = self.length();
                let n = if size * n > limit { 1 } else { n };
                size *= n.max(1);
                shape.push(n);
            }
            if i < of.rank() {
                axes.push(shape.len());
                let wider = if of[i] == 1 && self.dice.chance(60) {
                    self.length()
                } else {
                    of[i]
                };
                let n = if of[i] == 1 && size * wider > limit {
                    1
                } else {
                    wider
                };
                if of[i] == 1 {
                    size *= n.max(1);
                }
                shape.push(n);
            }
        }
        let shape = shape.into();
        self.push(Op::Broadcast { shape, axes }, &[x])
    }

    /// Picks some elements of an array with axes, for a gather or a scatter.
    fn place(&mut self, x: Var) -> Indexing {
        let shape = self.of(x).shape;
        let batch = if self.dice.chance(30) {
            self.dice.below(shape.rank())
        } else {
            0
        };
        let mut axes: Axes = (batch..shape.rank()).filter(|_| self.dice.chance(50)).collect();
        if axes.is_empty() {
            axes.push(self.dice.between(batch, shape.rank() - 1));
        }
        let mut places = shape[..batch].to_vec();
        for _ in 0..self.dice.below(3) {
            places.push(*self.dice.pick(&[0, 1, 1, 2, 3, 5]));
        }
        let dtype = self.integer();
        let indices = axes.iter().map(|&axis| {
            let dtype = if self.dice.chance(80) {
                dtype
            } else {
                self.integer()
            };
            self.indices(dtype, &places, shape[axis])
        });
        let indices = indices.collect();
        let mode = *self.dice.pick(OutOfBounds::ALL);
        Indexing {
            axes,
            batch,
            mode,
            indices,
        }
    }

    fn dot(&mut self) -> Option<Vars> {
        let x = self.any();
        let of = self.of(x);
        let order = self.dice.permutation(of.shape.rank());
        let batch = if self.dice.chance(40) {
            self.dice.below(order.len() + 1)
        } else {
            0
        };
        let contract = self.dice.below(order.len() - batch + 1).min(2);
        let (lhs_batch, lhs_contract): (Axes, Axes) =
            (order[..batch].into(), order[batch..batch + contract].into());
        // The axes of the other operand, in random order.
        let mut axes: Vec<(Option<usize>, usize)> = order[..batch + contract]
            .iter()
            .map(|&i| (Some(i), of.shape[i]))
            .collect();
        for _ in 0..self.dice.below(3) {
            axes.push((None, self.length()));
        }
        let axes: Vec<(Option<usize>, usize)> = self
            .dice
            .permutation(axes.len())
            .into_iter()
            .map(|i| axes[i])
            .collect();
        let place = |i: &usize| {
            axes.iter()
                .position(|(axis, _)| *axis == Some(*i))
                .expect("it is there")
        };
        let (rhs_batch, rhs_contract) = (
            lhs_batch.iter().map(place).collect(),
            lhs_contract.iter().map(place).collect(),
        );
        let shape: Shape = axes.iter().map(|&(_, n)| n).collect();
        if shape.checked_size()? > self.style.class.limit() {
            return None;
        }
        let y = self.like(&ArrayType::new(of.dtype, shape));
        let dot = Dot {
            lhs_contract,
            rhs_contract,
            lhs_batch,
            rhs_batch,
        };
        // The limit is on the number of products, not only on the elements of the result.
        let result = infer(&Op::Dot(dot.clone()), &[&of, &self.of(y)]).ok()?;
        let terms: usize = dot.lhs_contract.iter().map(|&i| of.shape[i]).product();
        (result[0].shape.size() * terms < 2_000_000).then_some(())?;
        self.push(Op::Dot(dot), &[x, y])
    }

    fn linalg(&mut self) -> Option<Vars> {
        let mut shape: Vec<usize> = (0..self.dice.below(3)).map(|_| self.dice.between(0, 3)).collect();
        let n = self.dice.between(0, 6);
        shape.extend([n, n]);
        let of = ArrayType::new(self.float(), shape.clone());
        let raw = self.like(&of);
        let f = *self.dice.pick(Linalg::ALL);
        // A derivative has no right digit if a system is nearly singular. So 8 is added to the diagonal,
        // which dominates rows of at most 6 numbers below 1.
        let dominant = self.style.smooth && f == Linalg::Solve;
        // Most matrices are far from singular.
        let a = match self.dice.chance(70) || dominant {
            true => {
                let rank = shape.len();
                let [i, j] = [rank - 2, rank - 1].map(|axis| Op::Iota {
                    dtype: DType::I32,
                    shape: of.shape.clone(),
                    axis,
                });
                let i = self.builder.push(i, &[]).expect("an iota")[0];
                let j = self.builder.push(j, &[]).expect("an iota")[0];
                let diagonal = self
                    .builder
                    .push(Op::Compare(Compare::Eq), &[i, j])
                    .expect("integers")[0];
                let far = if dominant { 8.0 } else { 5.0 };
                let (far, zero) = (Scalar::from_f64(of.dtype, far), Scalar::from_f64(of.dtype, 0.0));
                let (far, zero) = (self.number(far, &of.shape), self.number(zero, &of.shape));
                let far = match self.dice.chance(50) && !dominant {
                    true => self.cast(i, of.dtype),
                    false => far,
                };
                let eye = self
                    .builder
                    .push(Op::Select, &[diagonal, far, zero])
                    .expect("floats")[0];
                let raw = match self.style.smooth {
                    true => self.builder.push(Op::Unary(Unary::Tanh), &[raw]).expect("floats")[0],
                    false => raw,
                };
                self.builder
                    .push(Op::Binary(Binary::Add), &[raw, eye])
                    .expect("floats")[0]
            }
            false => raw,
        };
        match f {
            // The derivative of eigh is that along symmetric matrices. So the matrix is made symmetric.
            Linalg::Eigh if self.style.smooth => {
                let mut order: Axes = (0..shape.len()).collect();
                order.swap(shape.len() - 2, shape.len() - 1);
                let turned = self
                    .builder
                    .push(Op::Transpose(order), &[a])
                    .expect("a permutation")[0];
                let a = self
                    .builder
                    .push(Op::Binary(Binary::Add), &[a, turned])
                    .expect("floats")[0];
                self.push(Op::Linalg(f), &[a])
            }
            Linalg::Eigh => self.push(Op::Linalg(f), &[a]),
            Linalg::Solve => {
                let last = shape.len() - 1;
                shape[last] = self.dice.between(0, 4);
                let b = self.like(&ArrayType::new(of.dtype, shape));
                self.push(Op::Linalg(f), &[a, b])
            }
        }
    }

    // Programs within programs.

    /// Picks a few variables.
    fn some(&mut self) -> Vec<Var> {
        (0..self.dice.below(4)).map(|_| self.any()).collect()
    }

    /// Picks a few types: those of variables, or new ones.
    fn result_types(&mut self) -> Vec<ArrayType> {
        (0..self.dice.between(1, 3))
            .map(|_| match self.dice.chance(60) && !self.vars.is_empty() {
                true => {
                    let var = self.recent(&self.vars.clone());
                    self.of(var)
                }
                false => self.array_type(),
            })
            .collect()
    }

    /// Generates a program of these types. Often it returns its inputs, swaps them or drops them.
    fn within(&mut self, inputs: Vec<ArrayType>, outputs: &[ArrayType]) -> Option<Program> {
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

    /// Returns a scalar that counts.
    fn counter(&mut self) -> Var {
        let start = Scalar::from_i64(DType::I32, self.dice.below(3) as i64);
        self.number(start, &Shape::scalar())
    }

    /// Returns a body whose first carry, after its consts, counts up.
    fn counting(&mut self, body: Program, consts: usize) -> Program {
        let mut builder = Builder::new();
        let types = body.input_types();
        let inputs: Vec<Var> = types.into_iter().map(|of| builder.input(of)).collect();
        let mut results = body.inline(&mut builder, &inputs).expect("its own inputs");
        let one = Op::Constant {
            value: Scalar::from_i64(DType::I32, 1),
            shape: Shape::scalar(),
        };
        let one = builder.push(one, &[]).expect("a constant")[0];
        results[0] = builder
            .push(Op::Binary(Binary::Add), &[inputs[consts], one])
            .expect("integers")[0];
        builder.finish(&results)
    }

    fn scan(&mut self) -> Option<Vars> {
        self.style.depth.checked_sub(1)?;
        let mut length = *self.dice.pick(&[0, 1, 1, 2, 2, 3, 3, 4, 5, 8, 13, 40]);
        let mut xs = vec![];
        for _ in 0..self.dice.below(3) {
            // A variable whose first axis gives the length of the loop.
            let along = self.which(|of| of.shape.first().is_some_and(|&n| n <= 40));
            if let (true, true, Some(var)) = (xs.is_empty(), self.dice.chance(70), along) {
                length = self.of(var).shape[0];
                xs.push(var);
                continue;
            }
            let mut shape = self.shape_below(self.style.class.limit() / length.max(1));
            shape.insert(0, length);
            let of = ArrayType::new(self.dtype(), shape);
            xs.push(self.like(&of));
        }
        let (consts, mut init) = (self.some(), self.some());
        let counts = self.dice.chance(35);
        if counts {
            init.insert(0, self.counter());
        }
        let carry: Vec<ArrayType> = init.iter().map(|&var| self.of(var)).collect();
        let mut outputs = carry.clone();
        for _ in 0..self.dice.below(3) {
            let of = self.result_types().remove(0);
            if of.shape.size() * length <= self.style.class.limit() {
                outputs.push(of);
            }
        }
        let inputs = consts
            .iter()
            .map(|&var| self.of(var))
            .chain(carry)
            .chain(xs.iter().map(|&x| {
                let of = self.of(x);
                ArrayType::new(of.dtype, &of.shape[1..])
            }));
        let body = self.within(inputs.collect(), &outputs)?;
        let body = match counts {
            true => self.counting(body, consts.len()),
            false => body,
        };
        let scan = Scan {
            body: Arc::new(body),
            length,
            consts: consts.len(),
            carries: init.len(),
            reverse: self.dice.chance(30),
        };
        let operands: Vec<Var> = consts.into_iter().chain(init).chain(xs).collect();
        self.push(Op::Scan(scan), &operands)
    }

    /// Adds a loop that ends when a counter reaches its end, or when a condition of its own fails.
    fn repeat(&mut self) -> Option<Vars> {
        self.style.depth.checked_sub(1)?;
        let (consts, mut init) = (self.some(), self.some());
        init.insert(0, self.counter());
        let types: Vec<ArrayType> = consts.iter().chain(&init).map(|&var| self.of(var)).collect();
        let body = self.within(types.clone(), &types[consts.len()..])?;
        let body = self.counting(body, consts.len());
        let goes_on = self.within(types.clone(), &[ArrayType::new(DType::Bool, [])])?;
        let goes_on = match self.dice.chance(40) {
            true => Some(goes_on),
            false => None,
        };
        let mut builder = Builder::new();
        let inputs: Vec<Var> = types.into_iter().map(|of| builder.input(of)).collect();
        let end = Op::Constant {
            value: Scalar::from_i64(DType::I32, *self.dice.pick(&[0, 1, 2, 3, 5, 9])),
            shape: Shape::scalar(),
        };
        let end = builder.push(end, &[]).expect("a constant")[0];
        let mut flag = builder
            .push(Op::Compare(Compare::Lt), &[inputs[consts.len()], end])
            .expect("integers")[0];
        if let Some(goes_on) = goes_on {
            let other = goes_on.inline(&mut builder, &inputs).expect("its own inputs")[0];
            flag = builder
                .push(Op::Binary(Binary::And), &[flag, other])
                .expect("bools")[0];
        }
        let w = While {
            condition: Arc::new(builder.finish(&[flag])),
            body: Arc::new(body),
            consts: consts.len(),
        };
        let operands: Vec<Var> = consts.into_iter().chain(init).collect();
        self.push(Op::While(w), &operands)
    }

    /// Adds a function of floats with a custom rule. The rule is the derivative that the function has anyway.
    fn custom(&mut self) -> Option<Vars> {
        let floats = |vars: Vec<Var>, maker: &Self| -> Vec<Var> {
            vars.into_iter()
                .filter(|&var| maker.of(var).dtype.is_float())
                .collect()
        };
        let inputs = floats(self.some(), self);
        let outputs: Vec<ArrayType> = self
            .result_types()
            .into_iter()
            .filter(|of| of.dtype.is_float())
            .collect();
        let types: Vec<ArrayType> = inputs.iter().map(|&var| self.of(var)).collect();
        let whole = Arc::new(self.within(types.clone(), &outputs)?);
        // A loop on a condition has no reverse mode. An effect would happen twice.
        if inputs.is_empty()
            || outputs.is_empty()
            || contains(&whole, &|op| matches!(op, Op::While(_) | Op::Effect(_)))
        {
            return None;
        }
        let zeros = |types: &[ArrayType]| -> Vec<Array> {
            types
                .iter()
                .map(|of| values::filled(of, |_| Scalar::from_i64(of.dtype, 0)))
                .collect()
        };
        let f = |x: Vec<Array>| call(&whole, x);
        let n = types.len();
        let kind = *self.dice.pick(RuleKind::ALL);
        // `Check::Modes` finds the faults of these transformations in programs with the same equations. So
        // they are not reported here.
        let rule = caught(|| match kind {
            RuleKind::Vjp => {
                let residuals = |x: Vec<Array>| -> Vec<Array> { f(x.clone()).into_iter().chain(x).collect() };
                let pull = |mut x: Vec<Array>| -> Vec<Array> {
                    let cotangents = x.split_off(n);
                    vjp(f, x).1(cotangents)
                };
                CustomRule::Vjp {
                    forward: Arc::new(program(residuals, zeros(&types))),
                    backward: Arc::new(program(pull, zeros(&[types.as_slice(), &outputs].concat()))),
                }
            }
            RuleKind::Jvp => {
                let push = |mut x: Vec<Array>| -> Vec<Array> {
                    let tangents = x.split_off(n);
                    let (y, t) = jvp(f, x, tangents);
                    y.into_iter().chain(t).collect()
                };
                CustomRule::Jvp(Arc::new(program(
                    push,
                    zeros(&[types.as_slice(), &types].concat()),
                )))
            }
        });
        let custom = Custom {
            program: whole,
            consts: 0,
            rule: rule.ok()?,
        };
        self.push(Op::Custom(Arc::new(custom)), &inputs)
    }
}

/// The axes and indices at which a gather reads or a scatter writes.
struct Indexing {
    axes: Axes,
    batch: usize,
    mode: OutOfBounds,
    indices: Vec<Var>,
}

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
