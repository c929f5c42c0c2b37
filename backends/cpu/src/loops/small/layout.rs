//! Lays a small loop out: a place in the block for each variable, and the steps between the places.

use super::{Each, Loop, Moves, OnScalars, Place, Slices, Small, Step, WORDS, stacked_types};
use crate::kernels::{self, Elementwise, Pattern};
use crate::plan::space::{KernelKind, Space};
use crate::plan::view::{Affine, View, pull};
use crate::single::contract::SmallDot;
use crate::single::index::Selection;
use kiln_program::{
    ArrayType, Axes, DType, Equation, Formula, Op, Program, Reduction, Scan, Shape, Update, Var, While,
};

/// The place of a variable, and the number of loops around it that change it.
#[derive(Clone, Debug)]
pub(super) struct Value {
    pub(super) place: Place,
    depth: usize,
}

/// Lays a loop out in the block.
pub(super) struct Layout {
    /// The number of bytes in use so far.
    next: usize,
    /// All places, in order, and the dtypes of their elements.
    places: Vec<(Place, DType)>,
    constants: Vec<(Formula, Place)>,
    /// The steps by depth: before the loop, in the loop, in a loop within it.
    blocks: Vec<Vec<Step>>,
    /// The least depth of a step: nothing moves out of a branch.
    least: usize,
}

impl Layout {
    pub(super) fn new() -> Layout {
        Layout {
            next: 0,
            places: vec![],
            constants: vec![],
            blocks: vec![vec![]],
            least: 0,
        }
    }

    pub(super) fn finish(
        mut self,
        fixed: &[Value],
        carry: &[Value],
        types: &[ArrayType],
        slices: usize,
        stacked: Vec<ArrayType>,
        length: Option<usize>,
    ) -> Option<Small> {
        // A single element is read as a word, with the bytes after it.
        let words = self.next / 8 + 1;
        (words <= WORDS).then_some(())?;
        let carries = carry
            .iter()
            .zip(types)
            .map(|(x, of)| (x.place.clone(), of.clone()));
        let small = Small {
            words,
            constants: self.constants,
            fixed: fixed.iter().map(|value| value.place.clone()).collect(),
            steps: self.blocks.remove(0),
            carries: carries.collect(),
            stacked,
            length,
            #[cfg(feature = "native")]
            native: None,
        };
        Some(small.with_native(&self.places, slices))
    }

    fn place(&mut self, of: &ArrayType) -> Place {
        self.bytes(of.dtype, of.bytes())
    }

    fn bytes(&mut self, dtype: DType, bytes: usize) -> Place {
        let at = self.next;
        self.next = (at + bytes).next_multiple_of(8);
        self.places.push((at..at + bytes, dtype));
        at..at + bytes
    }

    /// Returns the dtype of the element at an offset.
    fn dtype_at(&self, at: usize) -> DType {
        let after = self.places.partition_point(|(place, _)| place.start <= at);
        self.places[after - 1].1
    }

    pub(super) fn values(&mut self, types: &[ArrayType]) -> Vec<Value> {
        let depth = self.blocks.len() - 1;
        let value = |of: &ArrayType| Value {
            place: self.place(of),
            depth,
        };
        types.iter().map(value).collect()
    }

    /// Lays out the equations of a program whose inputs have places; returns the places of its results.
    fn program(&mut self, program: &Program, inputs: Vec<Value>) -> Vec<Value> {
        // `finish` refuses a block of this size. A shared program is laid out at each of its uses: without
        // this check, that could take exponentially long.
        if self.next / 8 >= WORDS {
            return self.values(&program.output_types());
        }
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
        let types = |first: usize| -> Vec<&ArrayType> { equation.inputs[first..].iter().map(of).collect() };
        let same_bits = |to: DType| {
            to == dtype(0) || (to.is_integer() && dtype(0).is_integer() && to.size() == dtype(0).size())
        };
        match equation.op {
            Op::Reshape(_) | Op::StopGradient => return vec![x[0].clone()],
            Op::Cast(to) if same_bits(to) => return vec![x[0].clone()],
            _ => {}
        }
        let last = equation.inputs.last().map(of);
        if let Some(op) = last.and_then(|last| Elementwise::of(&equation.op, last.dtype)) {
            let place = self.place(result);
            self.elementwise(op, x, result.shape.size(), place.clone(), depth);
            return vec![Value { place, depth }];
        }
        let step = match &equation.op {
            Op::Constant { .. } | Op::Lifted { .. } => {
                let number = equation.op.number().expect("the same number everywhere");
                let place = self.place(result);
                self.constants.push((number, place.clone()));
                return vec![Value { place, depth: 0 }];
            }
            Op::Transpose(_) | Op::Broadcast { .. } | Op::Slice { .. } | Op::Reverse(_) => {
                return vec![self.moved(equation, &x[0], of(&equation.inputs[0]), result, depth)];
            }
            Op::Iota { dtype, shape, axis } => {
                let pattern =
                    Pattern::new(shape.iter().enumerate().map(|(i, &n)| (n, i64::from(i == *axis))));
                let (dtype, out) = (*dtype, self.place(result));
                Step::Iota { dtype, pattern, out }
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
                // The rest of the block is 0 from the start.
                let out = self.place(result);
                Step::Put {
                    dtype: result.dtype,
                    x: place(0),
                    offset,
                    pattern,
                    out,
                }
            }
            Op::Concatenate { axis } => {
                let out = self.place(result);
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
                let out = [self.place(result), self.place(result)];
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
            Op::Gather { axes, batch, mode } => {
                let places = Selection::new(of(&equation.inputs[0]), &types(1), axes, *batch, *mode);
                Step::Gather(
                    places,
                    x.iter().map(|x| x.place.clone()).collect(),
                    self.place(result),
                )
            }
            Op::Scatter {
                kind,
                axes,
                batch,
                mode,
            } if *kind == Update::Set || result.dtype != DType::Bool => {
                let places = Selection::new(result, &types(2), axes, *batch, *mode);
                Step::Scatter(
                    places,
                    *kind,
                    x.iter().map(|x| x.place.clone()).collect(),
                    self.place(result),
                )
            }
            Op::Dot(dot)
                if let Some(dot) = SmallDot::of(dot, of(&equation.inputs[0]), of(&equation.inputs[1])) =>
            {
                Step::Dot(dot, [place(0), place(1)], self.place(result))
            }
            op => {
                let operands = x
                    .iter()
                    .zip(&equation.inputs)
                    .map(|(x, var)| (x.place.clone(), of(var).clone()));
                let operands = operands.collect();
                let results: Vec<Place> = equation.outputs.iter().map(|var| self.place(of(var))).collect();
                self.blocks[depth].push(Step::Other(op.clone(), operands, results.clone()));
                return results.into_iter().map(|place| Value { place, depth }).collect();
            }
        };
        let out = match &step {
            Step::Put { out, .. } | Step::Iota { out, .. } => out.clone(),
            Step::Dot(.., out) | Step::Gather(.., out) | Step::Scatter(.., out) => out.clone(),
            _ => unreachable!("everything else has returned"),
        };
        self.blocks[depth].push(step);
        vec![Value { place: out, depth }]
    }

    /// Lays out an elementwise op.
    fn elementwise(&mut self, op: Elementwise, x: &[Value], n: usize, out: Place, depth: usize) {
        let steps = &mut self.blocks[depth];
        match kernels::scalar(op) {
            Some(f) if n == 1 => {
                let operand = |i: usize| x.get(i).map_or(0, |x| x.place.start);
                let (operands, out) = ([operand(0), operand(1), operand(2)], out.start);
                let scalars = OnScalars { op, f, operands, out };
                match steps.last_mut() {
                    Some(Step::Scalars(list)) => list.push(scalars),
                    _ => steps.push(Step::Scalars(vec![scalars])),
                }
            }
            _ => steps.push(Step::Each(Each {
                op,
                run: op.slices(),
                operands: x.iter().map(|x| x.place.clone()).collect(),
                out,
            })),
        }
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

    /// Gives a carry places of its own, and copies the initial values there.
    fn carried(&mut self, types: &[ArrayType], init: &[Value]) -> Vec<Value> {
        let carry = self.values(&types[..init.len()]);
        let moves = self.moves(init, &carry);
        self.innermost().push(Step::Copy(moves));
        carry
    }

    /// Lays out a loop whose constants and carry have places.
    pub(super) fn scan(
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
        let step = Step::Loop(Box::new(Loop {
            length: scan.length,
            reverse: scan.reverse,
            settles: scan.settles(),
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

    pub(super) fn repeat(&mut self, w: &While, consts: &[Value], carry: &[Value]) {
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
                let aside = self.bytes(self.dtype_at(into.start), from.len());
                moves.aside.push((from, aside.clone()));
                from = aside;
            }
            moves.into.push((from, into));
        }
        moves
    }

    /// Lays out an op that only moves elements. Its result is the operand itself if the elements
    /// stay neighbours.
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

    /// Copies the elements of `x` at an affine position, for each point of a box.
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
        let out = self.bytes(dtype, n * size);
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

    /// Lays out a reduction. Elements that are reduced together become neighbours, in a row or in a column.
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
        let each = space.kind != KernelKind::Columns;
        let scratch = self.bytes(of.dtype, if each { 0 } else { ordered.place.len() });
        let out = self.place(to);
        self.blocks[depth].push(Step::Reduce {
            kind,
            dtype: of.dtype,
            rows: space.outer.size(),
            each,
            x: ordered.place,
            scratch,
            out: out.clone(),
        });
        Value { place: out, depth }
    }
}

/// Returns the values of a carry within the iterations of a loop.
fn changing(carry: &[Value], depth: usize) -> impl Iterator<Item = Value> {
    carry.iter().map(move |x| Value {
        place: x.place.clone(),
        depth,
    })
}
