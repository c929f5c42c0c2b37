//! Small loops: few elements a trip, in one block of memory.
//!
//! A loop over a small carry spends its time on what is around its arithmetic: buffers, kernels, threads. Here every variable has
//! a place in one block, laid out when the loop is compiled; a trip goes through a list of steps from place to place, allocates nothing and
//! asks no other thread. What does not change from trip to trip is computed before the loop. Steps use the loops that tiles run with, and
//! so give the same bits.

use crate::cluster::{Kind, Space};
use crate::kernels::{self, Counters, LANES, Loop1, Loop2, Loop3, Pattern, ScalarFn, Splat};
use crate::view::{Affine, View, pull};
use crate::{Buffer, effects, flex};
use bytemuck::{cast_slice, cast_slice_mut};
use kiln_program::{
    ArrayType, Axes, DType, Effect, Equation, Op, Program, Reduction, Scalar, Scan, Shape, Var, While,
    threefry2x32,
};
use std::ops::Range;

/// The most elements of a variable.
const ELEMENTS: usize = 1024;
/// The most words of all of them together.
const WORDS: usize = 1 << 16;

/// Bytes of the block. Those of a result come after those of its operands.
type Place = Range<usize>;

/// A small loop, ready to run.
#[derive(Debug)]
pub(crate) struct Small {
    words: usize,
    constants: Vec<(Scalar, Place)>,
    /// Where the operands go that are no slices.
    fixed: Vec<Place>,
    steps: Vec<Step>,
    carries: Vec<(Place, ArrayType)>,
    stacked: Vec<ArrayType>,
}

#[derive(Debug)]
enum Step {
    /// On single elements; where they start.
    Scalar(ScalarFn, [usize; 3], usize),
    One(Loop1, Place, Place),
    Two(Loop2, [Place; 2], Place),
    Three(Loop3, [Place; 3], Place),
    Uniform([Scalar; 2], [Place; 2], Place),
    /// `out[i] = x[offset + pattern(i)]`.
    Take {
        dtype: DType,
        x: Place,
        offset: i64,
        pattern: Pattern,
        out: Place,
    },
    /// `out[offset + pattern(i)] = x[i]`.
    Put {
        dtype: DType,
        x: Place,
        offset: i64,
        pattern: Pattern,
        out: Place,
    },
    Iota {
        dtype: DType,
        pattern: Pattern,
        out: Place,
    },
    /// Rows one after the other, each to an element, or all into one.
    Reduce {
        kind: Reduction,
        dtype: DType,
        rows: usize,
        each: bool,
        x: Place,
        lanes: Place,
        out: Place,
    },
    /// For each key a row of pairs of words.
    Random {
        key: Place,
        first: Place,
        out: [Place; 2],
    },
    /// What the tiles have no loop for.
    Other(Op, Vec<(Place, ArrayType)>, Vec<Place>),
    Loop(Box<Loop>),
    While {
        condition: Vec<Step>,
        flag: Place,
        body: Vec<Step>,
        next: Moves,
    },
    /// Each branch with what its results become.
    Cond(Place, Vec<(Vec<Step>, Moves)>),
    Effect(Effect, Vec<(Place, ArrayType)>),
    Copy(Moves),
}

#[derive(Debug)]
struct Loop {
    length: usize,
    reverse: bool,
    body: Vec<Step>,
    slices: Vec<(Slices, Place)>,
    stacked: Vec<(Place, Slices)>,
    next: Moves,
    /// Whether a trip that leaves the carry as it is may be the last that does anything.
    settles: bool,
}

/// Where the slices of an array are, one for each trip.
#[derive(Debug)]
enum Slices {
    /// In an operand or result of the whole loop.
    Outside(usize),
    /// In the block, from there on.
    Within(usize),
}

/// Copies that happen at once: first those to the side, of what others overwrite.
#[derive(Debug, Default)]
struct Moves {
    aside: Vec<(Place, Place)>,
    into: Vec<(Place, Place)>,
}

impl Small {
    /// A loop with a fixed number of trips, if it is small.
    pub(crate) fn scan(scan: &Scan) -> Option<Small> {
        let body = &scan.body;
        is_small(body).then_some(())?;
        let mut layout = Layout::new();
        let types = body.input_types();
        let fixed = layout.values(&types[..scan.consts + scan.carries]);
        let slices = (0..types.len() - fixed.len()).map(Slices::Outside).collect();
        let stacked = (0..body.outputs().len() - scan.carries)
            .map(Slices::Outside)
            .collect();
        let (consts, carry) = fixed.split_at(scan.consts);
        layout.scan(scan, consts, carry, slices, stacked);
        let stacked = stacked_types(scan);
        layout.finish(&fixed, carry, &types[scan.consts..], stacked)
    }

    /// A loop on a condition, if it is small.
    pub(crate) fn repeat(w: &While) -> Option<Small> {
        (is_small(&w.condition) && is_small(&w.body)).then_some(())?;
        let mut layout = Layout::new();
        let types = w.body.input_types();
        let fixed = layout.values(&types);
        let (consts, carry) = fixed.split_at(w.consts);
        layout.repeat(w, consts, carry);
        layout.finish(&fixed, carry, &types[w.consts..], vec![])
    }

    /// Runs it.
    pub(crate) fn run(&self, operands: &[Buffer]) -> Vec<Buffer> {
        let mut block = vec![0u64; self.words];
        let memory: &mut [u8] = cast_slice_mut(&mut block);
        for (value, place) in &self.constants {
            kernels::fill(value.dtype(), value.to_le_bytes(), &mut memory[place.clone()]);
        }
        for (place, operand) in self.fixed.iter().zip(operands) {
            memory[place.clone()].copy_from_slice(operand.bytes());
        }
        let mut ys: Vec<Buffer> = self.stacked.iter().map(|of| Buffer::zeros(of.clone())).collect();
        let mut outside = Outside {
            xs: operands[self.fixed.len()..].iter().map(Buffer::bytes).collect(),
            ys: ys
                .iter_mut()
                .map(|y| y.bytes_mut().expect("a new buffer"))
                .collect(),
        };
        run(&self.steps, memory, &mut outside);
        let carries = self.carries.iter().map(|(place, of)| buffer(memory, place, of));
        carries.chain(ys).collect()
    }
}

fn stacked_types(scan: &Scan) -> Vec<ArrayType> {
    let stack = |of: ArrayType| {
        let shape: Shape = std::iter::once(scan.length)
            .chain(of.shape.iter().copied())
            .collect();
        ArrayType::new(of.dtype, shape)
    };
    scan.body
        .output_types()
        .into_iter()
        .skip(scan.carries)
        .map(stack)
        .collect()
}

pub(crate) fn is_small(program: &Program) -> bool {
    let mut results = program.equations().iter().flat_map(|equation| &equation.outputs);
    program.input_types().iter().all(|of| of.shape.size() <= ELEMENTS)
        && results.all(|var| program.type_of(*var).shape.size() <= ELEMENTS)
        && program
            .equations()
            .iter()
            .flat_map(|equation| equation.op.programs())
            .all(|inner| is_small(inner))
}

fn buffer(memory: &[u8], place: &Place, of: &ArrayType) -> Buffer {
    let mut buffer = Buffer::zeros(of.clone());
    buffer
        .bytes_mut()
        .expect("a new buffer")
        .copy_from_slice(&memory[place.clone()]);
    buffer
}

/// Where a variable is, and how many loops around it change it.
#[derive(Clone, Debug)]
struct Value {
    place: Place,
    depth: usize,
}

/// Lays a loop out in the block.
struct Layout {
    /// Bytes given away so far.
    next: usize,
    constants: Vec<(Scalar, Place)>,
    /// Steps by depth: before the loop, in it, in a loop within.
    blocks: Vec<Vec<Step>>,
    /// Nothing moves out of a branch.
    least: usize,
}

impl Layout {
    fn new() -> Layout {
        Layout {
            next: 0,
            constants: vec![],
            blocks: vec![vec![]],
            least: 0,
        }
    }

    fn finish(
        mut self,
        fixed: &[Value],
        carry: &[Value],
        types: &[ArrayType],
        stacked: Vec<ArrayType>,
    ) -> Option<Small> {
        // A single element is read with what follows, as a word.
        let words = self.next / 8 + 1;
        (words <= WORDS).then(|| Small {
            words,
            constants: self.constants,
            fixed: fixed.iter().map(|value| value.place.clone()).collect(),
            steps: self.blocks.remove(0),
            carries: carry
                .iter()
                .zip(types)
                .map(|(x, of)| (x.place.clone(), of.clone()))
                .collect(),
            stacked,
        })
    }

    fn bytes(&mut self, bytes: usize) -> Place {
        let at = self.next;
        self.next = (at + bytes).next_multiple_of(8);
        at..at + bytes
    }

    fn values(&mut self, types: &[ArrayType]) -> Vec<Value> {
        let depth = self.blocks.len() - 1;
        let value = |of: &ArrayType| Value {
            place: self.bytes(of.bytes()),
            depth,
        };
        types.iter().map(value).collect()
    }

    /// Lays out the equations of a program whose inputs have places already; gives its results.
    fn program(&mut self, program: &Program, inputs: Vec<Value>) -> Vec<Value> {
        let mut values = inputs;
        for equation in program.equations() {
            let operands: Vec<Value> = equation
                .inputs
                .iter()
                .map(|var| values[var.index()].clone())
                .collect();
            values.extend(self.equation(program, equation, &operands));
        }
        program
            .outputs()
            .iter()
            .map(|var| values[var.index()].clone())
            .collect()
    }

    fn equation(&mut self, program: &Program, equation: &Equation, x: &[Value]) -> Vec<Value> {
        let of = |var: &Var| program.type_of(*var);
        let innermost = self.blocks.len() - 1;
        let depth = x.iter().map(|x| x.depth).max().unwrap_or(0).max(self.least);
        let place = |i: usize| x[i].place.clone();
        let dtype = |i: usize| of(&equation.inputs[i]).dtype;
        let Some(result) = equation.outputs.first().map(of) else {
            // An effect.
            let operands = x
                .iter()
                .zip(&equation.inputs)
                .map(|(x, var)| (x.place.clone(), of(var).clone()));
            if let Op::Effect(effect) = &equation.op {
                let step = Step::Effect(effect.clone(), operands.collect());
                self.blocks[innermost].push(step);
            } else {
                self.structure(equation, x);
            }
            return vec![];
        };
        let last = equation.inputs.last().map(of);
        if let (Some(last), 1) = (last, result.shape.size())
            && let Some(f) = kernels::scalar(&equation.op, last.dtype)
        {
            let operand = |i: usize| x.get(i).map_or(0, |x| x.place.start);
            let place = self.bytes(result.bytes());
            self.blocks[depth].push(Step::Scalar(f, [operand(0), operand(1), operand(2)], place.start));
            return vec![Value { place, depth }];
        }
        let step = match &equation.op {
            Op::Constant { value, .. } => {
                let place = self.bytes(result.bytes());
                self.constants.push((*value, place.clone()));
                return vec![Value { place, depth: 0 }];
            }
            Op::Reshape(_) | Op::StopGradient => return vec![x[0].clone()],
            // The same bits.
            Op::Cast(to)
                if *to == dtype(0)
                    || (to.is_integer() && dtype(0).is_integer() && to.size() == dtype(0).size()) =>
            {
                return vec![x[0].clone()];
            }
            Op::Transpose(_) | Op::Broadcast { .. } | Op::Slice { .. } | Op::Reverse(_) => {
                return vec![self.moved(equation, &x[0], of(&equation.inputs[0]), result, depth)];
            }
            Op::Iota { dtype, shape, axis } => {
                let pattern =
                    Pattern::new(shape.iter().enumerate().map(|(i, &n)| (n, i64::from(i == *axis))));
                let (dtype, out) = (*dtype, self.bytes(result.bytes()));
                Step::Iota { dtype, pattern, out }
            }
            Op::Unary(f) => Step::One(kernels::unary(*f, dtype(0)), place(0), self.bytes(result.bytes())),
            Op::Cast(to) => Step::One(kernels::cast(dtype(0), *to), place(0), self.bytes(result.bytes())),
            Op::Binary(f) => {
                let run = kernels::binary(*f, dtype(0), Splat::Neither);
                Step::Two(run, [place(0), place(1)], self.bytes(result.bytes()))
            }
            Op::Compare(f) => {
                let run = kernels::compare(*f, dtype(0));
                Step::Two(run, [place(0), place(1)], self.bytes(result.bytes()))
            }
            Op::Select => {
                let run = kernels::select(result.dtype);
                Step::Three(run, [place(0), place(1), place(2)], self.bytes(result.bytes()))
            }
            Op::MulAdd => {
                let run = kernels::mul_add(result.dtype);
                Step::Three(run, [place(0), place(1), place(2)], self.bytes(result.bytes()))
            }
            Op::Uniform { low, high } => {
                Step::Uniform([*low, *high], [place(0), place(1)], self.bytes(result.bytes()))
            }
            Op::Pad { start, step, .. } => {
                let strides = result.shape.strides();
                let axes = of(&equation.inputs[0]).shape.iter().enumerate();
                let pattern = Pattern::new(axes.map(|(i, &n)| (n, (step[i] * strides[i]) as i64)));
                let offset = start
                    .iter()
                    .zip(&strides)
                    .map(|(start, stride)| (start * stride) as i64)
                    .sum();
                // Elsewhere the block is 0 from the start.
                let out = self.bytes(result.bytes());
                Step::Put {
                    dtype: result.dtype,
                    x: place(0),
                    offset,
                    pattern,
                    out,
                }
            }
            Op::Concatenate { axis } => {
                let out = self.bytes(result.bytes());
                let strides = result.shape.strides();
                let mut before = 0;
                for (x, var) in x.iter().zip(&equation.inputs) {
                    let shape = &of(var).shape;
                    let pattern =
                        Pattern::new(shape.iter().zip(&strides).map(|(&n, &stride)| (n, stride as i64)));
                    let offset = (before * strides[*axis]) as i64;
                    before += shape[*axis];
                    let (dtype, x, out) = (result.dtype, x.place.clone(), out.clone());
                    self.blocks[depth].push(Step::Put {
                        dtype,
                        x,
                        offset,
                        pattern,
                        out,
                    });
                }
                return vec![Value { place: out, depth }];
            }
            Op::Reduce { kind, axes } => {
                let x = (&x[0], of(&equation.inputs[0]));
                return vec![self.reduced(*kind, axes, x, result, depth)];
            }
            Op::RandomBits { .. } => {
                let out = [self.bytes(result.bytes()), self.bytes(result.bytes())];
                let step = Step::Random {
                    key: place(0),
                    first: place(1),
                    out: out.clone(),
                };
                self.blocks[depth].push(step);
                return out.map(|place| Value { place, depth }).into();
            }
            Op::Call(_) | Op::Custom(_) | Op::Checkpoint(_) | Op::Scan(_) | Op::While(_) | Op::Cond(_) => {
                return self.structure(equation, x);
            }
            op @ (Op::Gather { .. }
            | Op::Scatter { .. }
            | Op::ArgReduce { .. }
            | Op::Cumulative { .. }
            | Op::Sort { .. }
            | Op::Dot(_)
            | Op::Linalg(_)
            | Op::Effect(_)) => {
                let operands = x
                    .iter()
                    .zip(&equation.inputs)
                    .map(|(x, var)| (x.place.clone(), of(var).clone()));
                let operands = operands.collect();
                let results: Vec<Place> = equation
                    .outputs
                    .iter()
                    .map(|var| self.bytes(of(var).bytes()))
                    .collect();
                self.blocks[depth].push(Step::Other(op.clone(), operands, results.clone()));
                return results.into_iter().map(|place| Value { place, depth }).collect();
            }
        };
        let out = match &step {
            Step::One(.., out) | Step::Two(.., out) | Step::Three(.., out) | Step::Uniform(.., out) => {
                out.clone()
            }
            Step::Put { out, .. } | Step::Iota { out, .. } => out.clone(),
            _ => unreachable!("everything else has returned"),
        };
        self.blocks[depth].push(step);
        vec![Value { place: out, depth }]
    }

    /// Ops that hold programs.
    fn structure(&mut self, equation: &Equation, x: &[Value]) -> Vec<Value> {
        match &equation.op {
            Op::Call(program) | Op::Checkpoint(program) => self.program(program, x.to_vec()),
            Op::Custom(custom) => self.program(&custom.program, x.to_vec()),
            Op::Scan(scan) => {
                let (consts, rest) = x.split_at(scan.consts);
                let (init, xs) = rest.split_at(scan.carries);
                let carry = self.carried(&scan.body.input_types()[scan.consts..], init);
                let ys = self.values(&stacked_types(scan));
                let slices = xs.iter().map(|x| Slices::Within(x.place.start)).collect();
                let stacked = ys.iter().map(|y| Slices::Within(y.place.start)).collect();
                self.scan(scan, consts, &carry, slices, stacked);
                carry.into_iter().chain(ys).collect()
            }
            Op::While(w) => {
                let (consts, init) = x.split_at(w.consts);
                let carry = self.carried(&w.body.input_types()[w.consts..], init);
                self.repeat(w, consts, &carry);
                carry
            }
            Op::Cond(branches) => {
                let results = self.values(&branches[0].output_types());
                let before = std::mem::replace(&mut self.least, self.blocks.len());
                let mut laid_out = vec![];
                for branch in branches {
                    self.blocks.push(vec![]);
                    let outputs = self.program(branch, x[1..].to_vec());
                    let moves = self.moves(&outputs, &results);
                    laid_out.push((self.blocks.pop().expect("pushed above"), moves));
                }
                self.least = before;
                self.innermost().push(Step::Cond(x[0].place.clone(), laid_out));
                results
            }
            _ => unreachable!("an op without programs"),
        }
    }

    fn innermost(&mut self) -> &mut Vec<Step> {
        self.blocks.last_mut().expect("there is always a block")
    }

    /// Places of its own for a carry, which start as copies.
    fn carried(&mut self, types: &[ArrayType], init: &[Value]) -> Vec<Value> {
        let carry = self.values(&types[..init.len()]);
        let moves = self.moves(init, &carry);
        self.innermost().push(Step::Copy(moves));
        carry
    }

    /// A loop whose constants and carry are in place.
    fn scan(
        &mut self,
        scan: &Scan,
        consts: &[Value],
        carry: &[Value],
        slices: Vec<Slices>,
        stacked: Vec<Slices>,
    ) {
        let body = &scan.body;
        self.blocks.push(vec![]);
        let depth = self.blocks.len() - 1;
        let pieces = self.values(&body.input_types()[scan.consts + scan.carries..]);
        let inputs = consts
            .iter()
            .cloned()
            .chain(changing(carry, depth))
            .chain(pieces.iter().cloned());
        let outputs = self.program(body, inputs.collect());
        let (next, ys) = outputs.split_at(scan.carries);
        let next = self.moves(next, carry);
        let chooses = body
            .equations()
            .iter()
            .any(|equation| matches!(equation.op, Op::Cond(_)));
        let step = Step::Loop(Box::new(Loop {
            length: scan.length,
            reverse: scan.reverse,
            settles: chooses && slices.is_empty() && !body.has_effect(),
            slices: slices
                .into_iter()
                .zip(pieces)
                .map(|(from, to)| (from, to.place))
                .collect(),
            stacked: ys.iter().map(|y| y.place.clone()).zip(stacked).collect(),
            next,
            body: self.blocks.pop().expect("pushed above"),
        }));
        self.innermost().push(step);
    }

    fn repeat(&mut self, w: &While, consts: &[Value], carry: &[Value]) {
        let block = |program: &Program, layout: &mut Layout| {
            layout.blocks.push(vec![]);
            let depth = layout.blocks.len() - 1;
            let inputs = consts.iter().cloned().chain(changing(carry, depth));
            let outputs = layout.program(program, inputs.collect());
            (layout.blocks.pop().expect("pushed above"), outputs)
        };
        let (condition, flag) = block(&w.condition, self);
        let (body, outputs) = block(&w.body, self);
        let next = self.moves(&outputs, carry);
        let flag = flag[0].place.clone();
        self.innermost().push(Step::While {
            condition,
            flag,
            body,
            next,
        });
    }

    fn moves(&mut self, from: &[Value], to: &[Value]) -> Moves {
        let mut moves = Moves::default();
        for (from, into) in from.iter().zip(to) {
            let (mut from, into) = (from.place.clone(), into.place.clone());
            if from == into {
                continue;
            }
            let overlaps = |other: &Value| from.start < other.place.end && other.place.start < from.end;
            if to.iter().any(overlaps) {
                let aside = self.bytes(from.len());
                moves.aside.push((from, aside.clone()));
                from = aside;
            }
            moves.into.push((from, into));
        }
        moves
    }

    /// The result of an op that only moves elements: the operand itself where they stay neighbours.
    fn moved(
        &mut self,
        equation: &Equation,
        x: &Value,
        from: &ArrayType,
        to: &ArrayType,
        depth: usize,
    ) -> Value {
        let view = View::along(&to.shape, 0..);
        let view = pull(&equation.op, &view, &from.shape, &to.shape, &to.shape).expect("one move is affine");
        self.taken(x, from.dtype, &to.shape, view.position(&from.shape), depth)
    }

    /// Elements of `x` at an affine position, for each point of a box.
    fn taken(&mut self, x: &Value, dtype: DType, lengths: &Shape, position: Affine, depth: usize) -> Value {
        let pattern = Pattern::new(
            lengths
                .iter()
                .enumerate()
                .map(|(dim, &n)| (n, position.coefficient(dim))),
        );
        let (n, size, offset) = (lengths.size(), dtype.size(), position.offset);
        if n <= 1 || pattern.is_contiguous() {
            let start = x.place.start + if n == 0 { 0 } else { offset as usize * size };
            return Value {
                place: start..start + n * size,
                depth: x.depth,
            };
        }
        let out = self.bytes(n * size);
        let x = x.place.clone();
        let step = Step::Take {
            dtype,
            x,
            offset,
            pattern,
            out: out.clone(),
        };
        self.blocks[depth].push(step);
        Value { place: out, depth }
    }

    /// The order is that of the kernels, which depends on the space.
    fn reduced(
        &mut self,
        kind: Reduction,
        axes: &Axes,
        (x, of): (&Value, &ArrayType),
        to: &ArrayType,
        depth: usize,
    ) -> Value {
        let (space, dims) = Space::reduction(&of.shape, axes);
        let lengths: Shape = space.lengths().into();
        let ordered = self.taken(
            x,
            of.dtype,
            &lengths,
            View::along(&of.shape, dims).position(&of.shape),
            depth,
        );
        let lanes = self.bytes(LANES * 8);
        let out = self.bytes(to.bytes());
        self.blocks[depth].push(Step::Reduce {
            kind,
            dtype: of.dtype,
            rows: space.outer.size(),
            each: space.kind != Kind::Columns,
            x: ordered.place,
            lanes,
            out: out.clone(),
        });
        Value { place: out, depth }
    }
}

/// A carry as the trips of a loop see it.
fn changing(carry: &[Value], depth: usize) -> impl Iterator<Item = Value> {
    carry.iter().map(move |x| Value {
        place: x.place.clone(),
        depth,
    })
}

/// The slices of the operands and results of the whole loop.
struct Outside<'a> {
    xs: Vec<&'a [u8]>,
    ys: Vec<&'a mut [u8]>,
}

fn run(steps: &[Step], memory: &mut [u8], outside: &mut Outside) {
    for step in steps {
        match step {
            Step::Scalar(f, [x, y, z], out) => {
                let word =
                    |at: usize| u64::from_le_bytes(memory[at..at + 8].try_into().expect("eight bytes"));
                let result = f(word(*x), word(*y), word(*z));
                memory[*out..out + 8].copy_from_slice(&result.to_le_bytes());
            }
            Step::One(run, x, out) => {
                let (before, out) = result(memory, out);
                run(&before[x.clone()], out);
            }
            Step::Two(run, [x, y], out) => {
                let (before, out) = result(memory, out);
                run(&before[x.clone()], &before[y.clone()], out);
            }
            Step::Three(run, [x, y, z], out) => {
                let (before, out) = result(memory, out);
                run(&before[x.clone()], &before[y.clone()], &before[z.clone()], out);
            }
            Step::Uniform([low, high], [x, y], out) => {
                let (before, out) = result(memory, out);
                kernels::uniform(
                    *low,
                    *high,
                    cast_slice(&before[x.clone()]),
                    cast_slice(&before[y.clone()]),
                    out,
                );
            }
            Step::Take {
                dtype,
                x,
                offset,
                pattern,
                out,
            } => {
                let (before, out) = result(memory, out);
                let n = out.len() / dtype.size();
                kernels::load(*dtype, &before[x.clone()], *offset, pattern, 0, n, out);
            }
            Step::Put {
                dtype,
                x,
                offset,
                pattern,
                out,
            } => {
                let (before, out) = result(memory, out);
                kernels::store(*dtype, &before[x.clone()], *offset, pattern, out);
            }
            Step::Iota { dtype, pattern, out } => {
                let out = &mut memory[out.clone()];
                kernels::iota(*dtype, 0, pattern, 0, out.len() / dtype.size(), out);
            }
            Step::Reduce {
                kind,
                dtype,
                rows,
                each,
                x,
                lanes,
                out,
            } => {
                let (before, after) = memory.split_at_mut(lanes.start);
                let (lanes, after) = after.split_at_mut(LANES * 8);
                let out = &mut after[..out.len()];
                reduce(*kind, *dtype, *rows, *each, &before[x.clone()], lanes, out);
            }
            Step::Random {
                key,
                first,
                out: [high, low],
            } => {
                let (before, after) = memory.split_at_mut(high.start);
                let (words, after) = after.split_at_mut(low.start - high.start);
                let (key, first) = (
                    cast_slice(&before[key.clone()]),
                    cast_slice(&before[first.clone()]),
                );
                random(key, first, &mut words[..high.len()], &mut after[..low.len()]);
            }
            Step::Other(op, operands, results) => {
                let operands = operands
                    .iter()
                    .map(|(place, of)| buffer(memory, place, of))
                    .collect();
                for (place, result) in results.iter().zip(flex::run(op, operands)) {
                    memory[place.clone()].copy_from_slice(result.bytes());
                }
            }
            Step::Loop(inner) => inner.run(memory, outside),
            Step::While {
                condition,
                flag,
                body,
                next,
            } => loop {
                run(condition, memory, outside);
                if memory[flag.start] == 0 {
                    break;
                }
                run(body, memory, outside);
                next.happen(memory);
            },
            Step::Cond(which, branches) => {
                let which: i32 = bytemuck::pod_read_unaligned(&memory[which.clone()]);
                let nearest = usize::try_from(which).unwrap_or(0).min(branches.len() - 1);
                let (steps, moves) = &branches[nearest];
                run(steps, memory, outside);
                moves.happen(memory);
            }
            Step::Effect(effect, operands) => {
                let operands: Vec<Buffer> = operands
                    .iter()
                    .map(|(place, of)| buffer(memory, place, of))
                    .collect();
                effects::happen(effect, &operands);
            }
            Step::Copy(moves) => moves.happen(memory),
        }
    }
}

/// What comes before a result, and its own bytes.
fn result<'m>(memory: &'m mut [u8], out: &Place) -> (&'m [u8], &'m mut [u8]) {
    let (before, after) = memory.split_at_mut(out.start);
    (before, &mut after[..out.len()])
}

fn reduce(
    kind: Reduction,
    dtype: DType,
    rows: usize,
    each: bool,
    x: &[u8],
    lanes: &mut [u8],
    out: &mut [u8],
) {
    let size = dtype.size();
    if !each {
        kernels::identity(kind, dtype, out);
        for row in 0..rows {
            let n = out.len();
            kernels::combine(kind, dtype, &x[row * n..(row + 1) * n], out);
        }
        return;
    }
    let lanes = &mut lanes[..LANES * size];
    let n = x.len() / rows.max(1);
    for (row, out) in out.chunks_exact_mut(size).enumerate() {
        kernels::identity(kind, dtype, lanes);
        kernels::reduce(kind, dtype, &x[row * n..(row + 1) * n], lanes);
        kernels::finish(kind, dtype, lanes);
        out.copy_from_slice(&lanes[..size]);
    }
}

/// The words for the counters from `first` on, a row for each key.
fn random(keys: &[u32], first: &[u32], high: &mut [u8], low: &mut [u8]) {
    // Fewer are not worth a vector.
    const FEW: usize = 8;
    let (high, low): (&mut [u32], &mut [u32]) = (cast_slice_mut(high), cast_slice_mut(low));
    if first.is_empty() {
        return;
    }
    let n = high.len() / first.len();
    for (row, &first) in first.iter().enumerate() {
        let key = [keys[2 * row], keys[2 * row + 1]];
        let (high, low) = (
            &mut high[row * n..(row + 1) * n],
            &mut low[row * n..(row + 1) * n],
        );
        if n >= FEW && first.checked_add(n as u32).is_some() {
            let counters = Counters::Run { key, hi: 0, first, n };
            kernels::random_bits(counters, high, low);
            continue;
        }
        for i in 0..n {
            let counter = u64::from(first) + i as u64;
            [high[i], low[i]] = threefry2x32(key, [(counter >> 32) as u32, counter as u32]);
        }
    }
}

impl Loop {
    fn run(&self, memory: &mut [u8], outside: &mut Outside) {
        for trip in 0..self.length {
            let at = |trip: usize| {
                if self.reverse {
                    self.length - 1 - trip
                } else {
                    trip
                }
            };
            for (from, to) in &self.slices {
                let (slice, n) = (at(trip), to.len());
                match from {
                    Slices::Outside(i) => {
                        memory[to.clone()].copy_from_slice(&outside.xs[*i][slice * n..(slice + 1) * n])
                    }
                    Slices::Within(base) => {
                        memory.copy_within(base + slice * n..base + (slice + 1) * n, to.start)
                    }
                }
            }
            run(&self.body, memory, outside);
            self.stack(memory, outside, at(trip));
            self.next.set_aside(memory);
            if self.settles && self.next.change_nothing(memory) {
                (trip + 1..self.length).for_each(|trip| self.stack(memory, outside, at(trip)));
                return;
            }
            self.next.copy(memory);
        }
    }

    fn stack(&self, memory: &mut [u8], outside: &mut Outside, slice: usize) {
        for (from, to) in &self.stacked {
            let n = from.len();
            match to {
                Slices::Outside(i) => {
                    outside.ys[*i][slice * n..(slice + 1) * n].copy_from_slice(&memory[from.clone()])
                }
                Slices::Within(base) => memory.copy_within(from.clone(), base + slice * n),
            }
        }
    }
}

impl Moves {
    fn happen(&self, memory: &mut [u8]) {
        self.set_aside(memory);
        self.copy(memory);
    }

    fn set_aside(&self, memory: &mut [u8]) {
        self.aside
            .iter()
            .for_each(|(from, to)| memory.copy_within(from.clone(), to.start));
    }

    fn copy(&self, memory: &mut [u8]) {
        self.into
            .iter()
            .for_each(|(from, to)| memory.copy_within(from.clone(), to.start));
    }

    fn change_nothing(&self, memory: &[u8]) -> bool {
        self.into
            .iter()
            .all(|(from, to)| memory[from.clone()] == memory[to.clone()])
    }
}
