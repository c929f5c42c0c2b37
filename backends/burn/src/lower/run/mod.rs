//! An interpreter: runs a program's equations in order, and drops each value at its last use.

mod alignment;
mod carries;
mod elementwise;
mod rows;

use crate::frames::Frames;
use crate::kernels::Kernels;
use crate::lower::{Context, Route, lower_with};
use crate::tensor::Tensor;
use crate::value::{FEW, Value};
use alignment::Alignment;
use carries::{carries_here, place_carries};
use elementwise::{first, spread};
use kiln_program::sister::{Stop, Task as Progress};
use kiln_program::{ArrayType, Equation, Op, Program, Scan, Var, While};
use rows::{Rows, row};

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
    axes: Alignment<'a>,
    route: Route,
    /// For each equation, the variables that it is the last to read, and results that nobody reads.
    dead: Vec<Vec<Var>>,
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
            axes: Alignment {
                program,
                frames: (route == Route::Device).then(|| Frames::new(program, slices, carries)),
            },
            route,
            dead,
        }
    }

    pub(crate) fn run<B: Kernels>(&self, inputs: Vec<Tensor<B>>, device: &B::Device) -> Vec<Tensor<B>> {
        let program = self.axes.program;
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

    /// Runs the program. Values on the host may stay there, and may have axes of length 1 that repeat.
    pub(crate) fn values<B: Kernels>(&self, inputs: Vec<Value<B>>, device: &B::Device) -> Vec<Value<B>> {
        let inputs = self.axes.program.inputs().zip(inputs);
        let outputs = self.iterate(inputs.map(|(var, x)| self.axes.aligned(var, x)).collect(), device);
        let vars = self.axes.program.outputs().iter();
        vars.zip(outputs).map(|(&var, x)| self.axes.own(var, x)).collect()
    }

    /// Runs the equations. Inputs and outputs are aligned.
    fn iterate<B: Kernels>(&self, inputs: Vec<Value<B>>, device: &B::Device) -> Vec<Value<B>> {
        let program = self.axes.program;
        let mut values: Vec<Option<Value<B>>> = inputs.into_iter().map(Some).collect();
        values.resize_with(program.variables(), || None);
        for (equation, dead) in program.equations().iter().zip(&self.dead) {
            Stop::check_here();
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
            let results = match &self.axes.frames {
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
            .map(|&var| self.axes.program.type_of(var))
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
        let program = self.axes.program;
        let (op, inputs, outputs) = (&equation.op, &equation.inputs, &equation.outputs);
        let empty = |var: &Var| program.type_of(*var).shape.size() == 0;
        let few = |var: &Var| program.type_of(*var).shape.size() <= FEW;
        let cx = Context::<B> {
            device,
            route: self.route,
        };
        if let Op::Effect(effect) = op {
            let types: Vec<&ArrayType> = inputs.iter().map(|&var| program.type_of(var)).collect();
            let own = inputs.iter().zip(operands).map(|(&var, x)| self.axes.own(var, x));
            let here = own.zip(&types).map(|(x, of)| x.here(of));
            crate::effects::happen(effect, here.collect(), &types);
            return vec![];
        }
        if op.programs().is_empty() && outputs.iter().all(empty) {
            let results = outputs.iter().map(|&var| {
                self.axes
                    .aligned(var, Value::There(Tensor::empty(program.type_of(var), device)))
            });
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
                let own = inputs.iter().zip(operands).map(|(&var, x)| self.axes.own(var, x));
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
                return aligned.map(|(&var, x)| self.axes.aligned(var, x)).collect();
            }
        };
        vec![one]
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

/// Runs a loop with a fixed number of iterations.
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
        .map(|(&var, x)| body.axes.aligned(var, x))
        .collect();
    let carry: Vec<Value<B>> = operands
        .by_ref()
        .take(scan.carries)
        .map(|(&var, x)| body.axes.aligned(var, x))
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
        .map(|&var| body.axes.held(var))
        .collect();
    let mut carry = place_carries(carry, &here, &held, device);
    let mut ys: Vec<Rows<B>> = given.iter().map(|_| Rows::new(scan.reverse, route)).collect();
    let progress = Progress::begin(Some(scan.length as u64));
    for iteration in 0..scan.length {
        Stop::check_here();
        progress.at(iteration);
        let at = if scan.reverse {
            scan.length - 1 - iteration
        } else {
            iteration
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
                .map(|(&var, x)| body.axes.aligned(var, x)),
        );
        let mut results = body.iterate(inputs, device).into_iter();
        carry = place_carries(
            results.by_ref().take(scan.carries).collect(),
            &here,
            &held,
            device,
        );
        for ((ys, y), &var) in ys.iter_mut().zip(results).zip(given) {
            ys.push(&body.axes, var, y, device);
        }
    }
    progress.finish();
    let mut results: Vec<Value<B>> = carried
        .iter()
        .zip(carry)
        .map(|(&var, x)| body.axes.own(var, x))
        .collect();
    for (ys, &var) in ys.into_iter().zip(given) {
        results.push(Value::There(ys.finish(scan.length, &body.axes, var, device)));
    }
    results
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
    let mut operands = vars
        .iter()
        .zip(operands)
        .map(|(&var, x)| body.axes.aligned(var, x));
    let consts: Vec<Value<B>> = operands.by_ref().take(w.consts).collect();
    let carry: Vec<Value<B>> = operands.collect();
    let here = match route {
        Route::Device => carries_here(&w.body, &consts, &carry, types),
        _ => vec![false; carry.len()],
    };
    let held: Vec<ArrayType> = vars[w.consts..].iter().map(|&var| body.axes.held(var)).collect();
    let own = |values: Vec<Value<B>>, vars: &[Var]| {
        let values = vars.iter().zip(values);
        values.map(|(&var, x)| body.axes.own(var, x)).collect::<Vec<_>>()
    };
    let with = |carry: Vec<Value<B>>| consts.iter().cloned().chain(carry).collect::<Vec<_>>();
    let mut carry = place_carries(carry, &here, &held, device);
    let progress = Progress::begin(None);
    for iteration in 0.. {
        Stop::check_here();
        progress.at(iteration);
        let flag = condition
            .values(own(with(carry.clone()), &vars), device)
            .remove(0)
            .into_data();
        if !crate::host::view::<bool>(&flag)[0] {
            break;
        }
        carry = place_carries(body.iterate(with(carry), device), &here, &held, device);
    }
    own(carry, &vars[w.consts..])
}
