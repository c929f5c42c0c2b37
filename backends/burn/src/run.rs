//! An interpreter: runs a program's equations in order, and drops each value at its last use.

use crate::frames::{Frames, long, together};
use crate::lower::{Context, lower_with};
use crate::tensor::bool_store;
use crate::value::{FEW, Value};
use crate::{Kernels, Route, Tensor};
use burn_flex::Flex;
use kiln_program::{ArrayType, Binary, Equation, Op, Program, Scan, Var, While};

/// Runs a program on a backend. Scalars have shape `[1]`, as everywhere in this crate.
///
/// ```
/// use burn_backend::{Backend, TensorData};
/// use burn_flex::Flex;
/// use kiln_burn::{Tensor, run};
/// use kiln_program::{ArrayType, Binary, Builder, DType, Op};
///
/// let mut b = Builder::new();
/// let x = b.input(ArrayType::new(DType::F32, [3]));
/// let y = b.push(Op::Binary(Binary::Mul), &[x, x])?[0];
/// let square = b.finish(&[y]);
///
/// let device = Default::default();
/// let x = Tensor::<Flex>::from_data(TensorData::from([1.0f32, 2.0, 3.0]), &device);
/// let y = run(&square, vec![x], &device).remove(0).into_data();
/// println!("{y}");
/// assert_eq!(y.as_slice::<f32>().unwrap(), [1.0, 4.0, 9.0]);
/// # Ok::<(), kiln_program::TypeError>(())
/// ```
///
/// # Panics
/// When the inputs are not of the program's types, and when the device fails.
pub fn run<B: Kernels>(program: &Program, inputs: Vec<Tensor<B>>, device: &B::Device) -> Vec<Tensor<B>> {
    Interpreter::new(program, Route::of::<B>(device)).run(inputs, device)
}

/// A program with the analysis that a run needs, to run it many times.
pub(crate) struct Interpreter<'a> {
    program: &'a Program,
    route: Route,
    /// For each equation, the variables that it is the last to read, and results that nobody reads.
    dead: Vec<Vec<Var>>,
    /// The alignment of axes, on devices.
    frames: Option<Frames>,
}

impl<'a> Interpreter<'a> {
    pub(crate) fn new(program: &'a Program, route: Route) -> Interpreter<'a> {
        Interpreter::of_loop(program, route, 0, (0, 0))
    }

    /// `slices`: the number of inputs at the end that are slices along an axis; they have this axis.
    /// `carries`: the number of the first carry among the inputs, and the number of carries.
    fn of_loop(
        program: &'a Program,
        route: Route,
        slices: usize,
        carries: (usize, usize),
    ) -> Interpreter<'a> {
        let mut seen = vec![false; program.variables()];
        for var in program.outputs() {
            seen[var.index()] = true;
        }
        let mut dead = Vec::with_capacity(program.equations().len());
        for equation in program.equations().iter().rev() {
            let vars = equation.outputs.iter().chain(&equation.inputs);
            dead.push(
                vars.copied()
                    .filter(|var| !std::mem::replace(&mut seen[var.index()], true))
                    .collect(),
            );
        }
        dead.reverse();
        Interpreter {
            program,
            route,
            dead,
            frames: (route == Route::Device).then(|| Frames::new(program, slices, carries)),
        }
    }

    pub(crate) fn run<B: Kernels>(&self, inputs: Vec<Tensor<B>>, device: &B::Device) -> Vec<Tensor<B>> {
        let program = self.program;
        assert_eq!(
            inputs.len(),
            program.inputs().len(),
            "the program takes another number of inputs"
        );
        for (var, x) in program.inputs().zip(&inputs) {
            let of = program.type_of(var);
            let fits = x.dtype() == of.dtype && (of.shape.is_empty() || x.shape()[..] == of.shape[..]);
            assert!(
                fits,
                "input {} is {of}, got {} of shape {:?}",
                var.index(),
                x.dtype(),
                x.shape()
            );
        }
        let results = self.values(inputs.into_iter().map(Value::There).collect(), device);
        let types = program.outputs().iter().map(|&var| program.type_of(var));
        let results = results.into_iter().zip(types);
        results
            .map(|(x, of)| x.whole(of, device).reshape(&of.shape))
            .collect()
    }

    /// As [`run`](Interpreter::run), but values on the host may stay there, and may have axes of
    /// length 1 that repeat.
    pub(crate) fn values<B: Kernels>(&self, inputs: Vec<Value<B>>, device: &B::Device) -> Vec<Value<B>> {
        let inputs = self.program.inputs().zip(inputs);
        let outputs = self.trip(inputs.map(|(var, x)| self.aligned(var, x)).collect(), device);
        let vars = self.program.outputs().iter();
        vars.zip(outputs).map(|(&var, x)| self.own(var, x)).collect()
    }

    /// Runs the equations. Inputs and outputs are aligned.
    fn trip<B: Kernels>(&self, inputs: Vec<Value<B>>, device: &B::Device) -> Vec<Value<B>> {
        let program = self.program;
        let mut values: Vec<Option<Value<B>>> = inputs.into_iter().map(Some).collect();
        values.resize_with(program.variables(), || None);
        for (equation, dead) in program.equations().iter().zip(&self.dead) {
            let mut left = equation.inputs.iter().enumerate();
            let operands = left
                .by_ref()
                .map(|(i, var)| {
                    let value = &mut values[var.index()];
                    // The last use moves the value, so that its memory can be written to.
                    let last = dead.contains(var) && !equation.inputs[i + 1..].contains(var);
                    if last { value.take() } else { value.clone() }.expect("defined before its use")
                })
                .collect();
            let results = match &self.frames {
                Some(frames) => self.on_device(frames, equation, operands, device),
                None => self.plain(equation, operands, device),
            };
            for (var, result) in equation.outputs.iter().zip(results) {
                if !dead.contains(var) {
                    values[var.index()] = Some(result);
                }
            }
        }
        let outputs = program.outputs();
        let result = outputs.iter().enumerate().map(|(i, &var)| {
            let value = &mut values[var.index()];
            let again = outputs[i + 1..].contains(&var);
            if again { value.clone() } else { value.take() }.expect("defined")
        });
        result.collect()
    }

    /// Runs an equation by its lowering.
    fn plain<B: Kernels>(
        &self,
        equation: &Equation,
        operands: Vec<Value<B>>,
        device: &B::Device,
    ) -> Vec<Value<B>> {
        let types: Vec<&ArrayType> = equation
            .inputs
            .iter()
            .map(|&var| self.program.type_of(var))
            .collect();
        let operands = operands
            .into_iter()
            .zip(&types)
            .map(|(x, of)| x.whole(of, device));
        let results = lower_with(self.route, &equation.op, operands.collect(), &types, device);
        results.into_iter().map(Value::There).collect()
    }

    /// Runs an equation on aligned values.
    fn on_device<B: Kernels>(
        &self,
        frames: &Frames,
        equation: &Equation,
        operands: Vec<Value<B>>,
        device: &B::Device,
    ) -> Vec<Value<B>> {
        let program = self.program;
        let (op, inputs, outputs) = (&equation.op, &equation.inputs, &equation.outputs);
        let empty = |var: &Var| program.type_of(*var).shape.size() == 0;
        let few = |var: &Var| program.type_of(*var).shape.size() <= FEW;
        let cx = Context::<B> {
            device,
            route: self.route,
        };
        if let Op::Effect(effect) = op {
            let types: Vec<&ArrayType> = inputs.iter().map(|&var| program.type_of(var)).collect();
            let own = inputs.iter().zip(operands).map(|(&var, x)| self.own(var, x));
            let here = own.zip(&types).map(|(x, of)| x.here(of));
            crate::effects::happen(effect, here.collect(), &types);
            return vec![];
        }
        if op.programs().is_empty() && outputs.iter().all(empty) {
            let results = outputs
                .iter()
                .map(|&var| self.aligned(var, Value::There(Tensor::empty(program.type_of(var), device))));
            return results.collect();
        }
        let one = match op {
            op if op.is_elementwise() => match frames.grid(outputs[0]) {
                Some(grid) => cx.elementwise(op, spread(grid, inputs, operands, device)),
                None => cx.elementwise(op, operands),
            },
            Op::Constant { value, .. } => Value::number(*value, frames.of(outputs[0]).rank),
            Op::Reshape(_) if frames.together(inputs[0], outputs[0]) => first(operands),
            Op::Broadcast { axes, .. } => {
                let x = first(operands);
                let shape = frames.broadcast(program, inputs[0], outputs[0], axes, &x.shape());
                x.reshape(&shape)
            }
            Op::Reshape(_) | Op::Transpose(_) | Op::Reverse(_) | Op::Slice { .. }
                if operands[0].shape().iter().all(|&length| length == 1) =>
            {
                first(operands).reshape(&vec![1; frames.of(outputs[0]).rank])
            }
            _ => {
                let own = inputs.iter().zip(operands).map(|(&var, x)| self.own(var, x));
                let own: Vec<Value<B>> = own.collect();
                let types: Vec<&ArrayType> = inputs.iter().map(|&var| program.type_of(var)).collect();
                let results = if !op.programs().is_empty() {
                    structure(op, own, &types, self.route, device)
                } else if own.iter().all(Value::is_here) && outputs.iter().all(few) {
                    let own = own.into_iter().zip(&types).map(|(x, of)| x.here(of));
                    let results = lower_with(Route::Host, op, own.collect(), &types, &Default::default());
                    results.into_iter().map(Value::Here).collect()
                } else {
                    let own = own.into_iter().zip(&types).map(|(x, of)| x.whole(of, device));
                    let results = lower_with(self.route, op, own.collect(), &types, device);
                    results.into_iter().map(Value::There).collect()
                };
                let aligned = outputs.iter().zip(results);
                return aligned.map(|(&var, x)| self.aligned(var, x)).collect();
            }
        };
        vec![one]
    }

    /// The type of a variable's value in memory if no axis is left to repeat.
    fn held(&self, var: Var) -> ArrayType {
        let of = self.program.type_of(var);
        match &self.frames {
            Some(frames) => ArrayType::new(of.dtype, frames.whole(self.program, var)),
            None => of.clone(),
        }
    }

    /// Aligns a value with its own axes to its frame.
    fn aligned<B: Kernels>(&self, var: Var, x: Value<B>) -> Value<B> {
        let Some(frames) = &self.frames else { return x };
        let shape = x.shape();
        // A slice still has the axis that it was cut along.
        let own = self.program.type_of(var).shape.rank();
        let before = shape.len().saturating_sub(own.max(1));
        let lengths = long(&self.program.type_of(var).shape)
            .into_iter()
            .map(|axis| shape[before + axis]);
        x.reshape(&frames.of(var).shape(lengths))
    }

    /// The value with its own axes, of which repeated ones may have length 1.
    fn own<B: Kernels>(&self, var: Var, x: Value<B>) -> Value<B> {
        let Some(frames) = &self.frames else { return x };
        let of = &self.program.type_of(var).shape;
        let held = x.shape();
        let mut shape = vec![1; of.rank()];
        for (axis, &place) in long(of).into_iter().zip(&frames.of(var).places) {
            shape[axis] = held[place];
        }
        x.reshape(&shape)
    }
}

/// Expands operands on the device to the size of a grid, by a choice between an operand and itself: Burn
/// fuses a choice, but not an expansion.
fn spread<B: Kernels>(
    grid: &[usize],
    vars: &[Var],
    operands: Vec<Value<B>>,
    device: &B::Device,
) -> Vec<Value<B>> {
    let mut done: Vec<Value<B>> = Vec::with_capacity(operands.len());
    for (i, x) in operands.into_iter().enumerate() {
        let same = vars[..i].iter().position(|var| *var == vars[i]);
        done.push(match (same, x) {
            (Some(same), _) => done[same].clone(),
            (None, Value::There(x)) if x.shape() != grid => {
                let everywhere = B::bool_ones(grid.to_vec().into(), device, bool_store::<B>(device));
                Value::There(x.clone().mask_where(everywhere, x))
            }
            (None, x) => x,
        });
    }
    done
}

fn first<T>(operands: Vec<T>) -> T {
    operands.into_iter().next().expect("an operand")
}

impl<B: Kernels> Context<'_, B> {
    /// Runs an elementwise op on operands of one rank, which broadcast. An op on few numbers of
    /// the host stays there.
    fn elementwise(&self, op: &Op, operands: Vec<Value<B>>) -> Value<B> {
        let shape = together(&operands.iter().map(Value::shape).collect::<Vec<_>>());
        let types = |operands: &[Value<B>]| -> Vec<ArrayType> {
            operands
                .iter()
                .map(|x| ArrayType::new(x.dtype(), shape.clone()))
                .collect()
        };
        let here = operands.iter().all(Value::is_here) && shape.iter().product::<usize>() <= FEW;
        if here {
            let types = types(&operands);
            let types: Vec<&ArrayType> = types.iter().collect();
            let operands = operands.into_iter().zip(&types).map(|(x, of)| x.here(of));
            let results =
                lower_with::<Flex>(Route::Host, op, operands.collect(), &types, &Default::default());
            return Value::Here(first(results));
        }
        if *op == Op::MulAdd {
            let [x, y, z] = operands.try_into().unwrap_or_else(|_| panic!("three operands"));
            let product = self.elementwise(&Op::Binary(Binary::Mul), vec![x, y]);
            return self.elementwise(&Op::Binary(Binary::Add), vec![product, z]);
        }
        let operands = match self.with_number(op, operands) {
            Ok(result) => return Value::There(result),
            Err(operands) => operands,
        };
        let types = types(&operands);
        let types: Vec<&ArrayType> = types.iter().collect();
        let operands = operands.into_iter().map(|x| match op {
            Op::Uniform { .. } => x.there(self).expand(&shape),
            _ => x.there(self),
        });
        Value::There(first(lower_with(
            self.route,
            op,
            operands.collect(),
            &types,
            self.device,
        )))
    }
}

/// Runs an op that holds programs.
pub(crate) fn structure<B: Kernels>(
    op: &Op,
    operands: Vec<Value<B>>,
    types: &[&ArrayType],
    route: Route,
    device: &B::Device,
) -> Vec<Value<B>> {
    let run = |program, operands| Interpreter::new(program, route).values(operands, device);
    match op {
        Op::Call(program) | Op::Checkpoint(program) => run(program, operands),
        Op::Custom(custom) => run(&custom.program, operands),
        Op::Scan(op) => scan(op, operands, types, route, device),
        Op::While(op) => repeat(op, operands, types, route, device),
        Op::Cond(branches) => {
            let mut operands = operands;
            let which = operands.remove(0).into_data();
            let nearest = usize::try_from(crate::host::view::<i32>(&which)[0])
                .unwrap_or(0)
                .min(branches.len() - 1);
            run(&branches[nearest], operands)
        }
        _ => panic!("{} has no program", op.name()),
    }
}

/// Marks the carries that are on the host in every iteration: few integers that depend only on other such
/// values. One read of them before a loop, of a key above all, is better than a kernel for each op on them. A
/// loop that counts needs no other read at all.
fn carries_here<B: Kernels>(
    body: &Program,
    consts: &[Value<B>],
    carry: &[Value<B>],
    types: &[&ArrayType],
) -> Vec<bool> {
    let few = |of: &ArrayType| of.shape.size() <= FEW;
    let mut stays: Vec<bool> = carry
        .iter()
        .zip(&types[consts.len()..])
        .map(|(x, of)| few(of) && (x.is_here() || !of.dtype.is_float()))
        .collect();
    loop {
        let mut here = vec![false; body.variables()];
        let inputs = consts.iter().map(Value::is_here).chain(stays.iter().copied());
        for (var, stays) in body.inputs().zip(inputs) {
            here[var.index()] = stays;
        }
        for equation in body.equations() {
            let stays = equation.op.programs().is_empty()
                && equation.inputs.iter().all(|var| here[var.index()])
                && equation.outputs.iter().all(|&var| few(body.type_of(var)));
            equation.outputs.iter().for_each(|var| here[var.index()] = stays);
        }
        let next: Vec<bool> = stays
            .iter()
            .zip(body.outputs())
            .map(|(&stays, var)| stays && here[var.index()])
            .collect();
        if next == stays {
            return stays;
        }
        stays = next;
    }
}

/// Moves the carries to the host or the device. Integers that an inner loop left on the host may stay there.
fn place_carries<B: Kernels>(
    carry: Vec<Value<B>>,
    here: &[bool],
    types: &[ArrayType],
    device: &B::Device,
) -> Vec<Value<B>> {
    let placed = carry.into_iter().zip(here).zip(types);
    placed
        .map(|((x, &here), of)| {
            if here || x.is_here() && !of.dtype.is_float() && of.shape.size() <= FEW {
                Value::Here(x.here(of))
            } else {
                Value::There(x.whole(of, device))
            }
        })
        .collect()
}

/// A loop with a fixed number of iterations.
fn scan<B: Kernels>(
    scan: &Scan,
    operands: Vec<Value<B>>,
    types: &[&ArrayType],
    route: Route,
    device: &B::Device,
) -> Vec<Value<B>> {
    let slices = types.len() - scan.consts - scan.carries;
    let body = Interpreter::of_loop(&scan.body, route, slices, (scan.consts, scan.carries));
    let vars: Vec<Var> = scan.body.inputs().collect();
    let (carried, given) = scan.body.outputs().split_at(scan.carries);
    let mut operands = vars.iter().zip(operands);
    let consts: Vec<Value<B>> = operands
        .by_ref()
        .take(scan.consts)
        .map(|(&var, x)| body.aligned(var, x))
        .collect();
    let carry: Vec<Value<B>> = operands
        .by_ref()
        .take(scan.carries)
        .map(|(&var, x)| body.aligned(var, x))
        .collect();
    let xs_types = &types[scan.consts + scan.carries..];
    let xs: Vec<Tensor<B>> = operands
        .zip(xs_types)
        .map(|((_, x), of)| x.whole(of, device))
        .collect();
    let here = match route {
        Route::Device if scan.length > 0 => carries_here(&scan.body, &consts, &carry, types),
        _ => vec![false; scan.carries],
    };
    let held: Vec<ArrayType> = vars[scan.consts..][..scan.carries]
        .iter()
        .map(|&var| body.held(var))
        .collect();
    let mut carry = place_carries(carry, &here, &held, device);
    let mut ys: Vec<Rows<B>> = given.iter().map(|_| Rows::new(scan.reverse)).collect();
    for trip in 0..scan.length {
        let at = if scan.reverse {
            scan.length - 1 - trip
        } else {
            trip
        };
        let mut inputs = consts.clone();
        inputs.append(&mut carry);
        let rows = xs
            .iter()
            .zip(xs_types)
            .map(|(x, of)| Value::There(row(x, at, of, route, device)));
        inputs.extend(
            vars[scan.consts + scan.carries..]
                .iter()
                .zip(rows)
                .map(|(&var, x)| body.aligned(var, x)),
        );
        let mut results = body.trip(inputs, device).into_iter();
        carry = place_carries(
            results.by_ref().take(scan.carries).collect(),
            &here,
            &held,
            device,
        );
        for ((ys, y), &var) in ys.iter_mut().zip(results).zip(given) {
            ys.push(&body, var, y, device);
        }
    }
    let mut results: Vec<Value<B>> = carried
        .iter()
        .zip(carry)
        .map(|(&var, x)| body.own(var, x))
        .collect();
    for (ys, &var) in ys.into_iter().zip(given) {
        let of = scan.body.type_of(var);
        let mut shape = vec![scan.length];
        shape.extend_from_slice(&of.shape);
        let stacked = ArrayType::new(of.dtype, shape);
        results.push(Value::There(match stacked.shape.size() {
            0 => Tensor::empty(&stacked, device),
            _ => ys.finish(&body, var, device),
        }));
    }
    results
}

/// The results of the iterations of a loop, as rows of one array.
struct Rows<B: Kernels> {
    reverse: bool,
    last: Vec<Value<B>>,
    blocks: Vec<Tensor<B>>,
}

impl<B: Kernels> Rows<B> {
    fn new(reverse: bool) -> Rows<B> {
        let (last, blocks) = (vec![], vec![]);
        Rows {
            reverse,
            last,
            blocks,
        }
    }

    /// Adds the next row. On a device rows are soon joined: its memory takes longer to manage
    /// with each live array.
    fn push(&mut self, body: &Interpreter<'_>, var: Var, y: Value<B>, device: &B::Device) {
        self.last.push(y);
        if self.last.len() == 64 && body.route == Route::Device && body.program.type_of(var).shape.size() > 0
        {
            self.gather(body, var, device);
        }
    }

    fn gather(&mut self, body: &Interpreter<'_>, var: Var, device: &B::Device) {
        let of = body.program.type_of(var);
        let mut row = vec![1];
        row.extend_from_slice(&of.shape);
        let ys = self.last.drain(..).map(|y| body.own(var, y));
        let mut rows: Vec<Tensor<B>> = ys.map(|y| y.whole(of, device).reshape(&row)).collect();
        if self.reverse {
            rows.reverse();
        }
        self.blocks.push(stack(rows, body.route));
    }

    fn finish(mut self, body: &Interpreter<'_>, var: Var, device: &B::Device) -> Tensor<B> {
        if !self.last.is_empty() {
            self.gather(body, var, device);
        }
        if self.reverse {
            self.blocks.reverse();
        }
        stack(self.blocks, body.route)
    }
}

/// Concatenates arrays. On a device one kernel writes each array, unless they are so few that one fused
/// kernel writes all. So a group is concatenated at a time.
fn stack<B: Kernels>(arrays: Vec<Tensor<B>>, route: Route) -> Tensor<B> {
    // With the result and a buffer of lengths this is the number of buffers that every device binds to a
    // kernel.
    const GROUP: usize = 6;
    if route != Route::Device || arrays.len() <= GROUP {
        return Tensor::concatenate(arrays, 0);
    }
    let mut arrays = arrays.into_iter();
    let mut groups = vec![];
    while arrays.len() > 0 {
        groups.push(Tensor::concatenate(arrays.by_ref().take(GROUP).collect(), 0));
    }
    Tensor::concatenate(groups, 0)
}

/// The slice of an array at an index of its first axis: without this axis, but with it (of
/// length 1) on a device.
fn row<B: Kernels>(x: &Tensor<B>, at: usize, of: &ArrayType, route: Route, device: &B::Device) -> Tensor<B> {
    let mut shape = of.shape.to_vec();
    shape[0] = 1;
    if route == Route::Device {
        if shape.contains(&0) {
            return Tensor::empty(&ArrayType::new(of.dtype, shape), device);
        }
        return crate::lower::row(x.clone(), 0, at, device);
    }
    shape.remove(0);
    if shape.contains(&0) {
        return Tensor::empty(&ArrayType::new(of.dtype, shape), device);
    }
    x.clone().narrow(0, at, at + 1).reshape(&shape)
}

/// Runs a loop on a condition. The host reads the condition before each iteration, unless it is on the host.
fn repeat<B: Kernels>(
    w: &While,
    operands: Vec<Value<B>>,
    types: &[&ArrayType],
    route: Route,
    device: &B::Device,
) -> Vec<Value<B>> {
    let condition = Interpreter::new(&w.condition, route);
    let body = Interpreter::of_loop(&w.body, route, 0, (w.consts, types.len() - w.consts));
    let vars: Vec<Var> = w.body.inputs().collect();
    let mut operands = vars.iter().zip(operands).map(|(&var, x)| body.aligned(var, x));
    let consts: Vec<Value<B>> = operands.by_ref().take(w.consts).collect();
    let carry: Vec<Value<B>> = operands.collect();
    let here = match route {
        Route::Device => carries_here(&w.body, &consts, &carry, types),
        _ => vec![false; carry.len()],
    };
    let held: Vec<ArrayType> = vars[w.consts..].iter().map(|&var| body.held(var)).collect();
    let own = |values: Vec<Value<B>>, vars: &[Var]| {
        let values = vars.iter().zip(values);
        values.map(|(&var, x)| body.own(var, x)).collect::<Vec<_>>()
    };
    let with = |carry: Vec<Value<B>>| consts.iter().cloned().chain(carry).collect::<Vec<_>>();
    let mut carry = place_carries(carry, &here, &held, device);
    loop {
        let flag = condition
            .values(own(with(carry.clone()), &vars), device)
            .remove(0)
            .into_data();
        if !crate::host::view::<bool>(&flag)[0] {
            return own(carry, &vars[w.consts..]);
        }
        carry = place_carries(body.trip(with(carry), device), &here, &held, device);
    }
}
